#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_calls.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/message_breaker.hpp>
#include <pyactor/supervisors/start_throttle.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

/// @file
/// @thread any, to make a start function; that, and what it is made of, runs on
///         its supervisor's

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

namespace engine {

class child_directory;

} // namespace engine

/// There is nothing to run this time: the child counts as stopped.
struct start_ignored {};

/// How a child tells its supervisor that it is ready, or why it is not. Bound
/// to one incarnation: a late one, or a second one, has no effect.
/// @thread any; copies are equal
class init_ack {
public:
  init_ack() = default;

  /// Bound to one incarnation; supervisors make them.
  /// @param supervisor   who is told, if it is still there
  /// @param incarnation  whose start this is about
  init_ack(caf::actor_addr supervisor, incarnation_id incarnation);

  /// The child is ready.
  /// @param host  the execution unit of the calling actor, if there is one: the
  ///              supervisor then wakes up on it, which saves a trip through
  ///              the scheduler
  void operator()(caf::execution_unit* host = nullptr) const;

  /// The child cannot start. The supervisor sees to it that it ends.
  /// @param reason  its rendered text is what people get to read
  /// @param host    as above
  void operator()(caf::error reason, caf::execution_unit* host = nullptr) const;

  /// The child has found nothing to do, which is no failure. It is to end by
  /// itself; the supervisor asks it to, too.
  /// @param ignored  says just that
  /// @param host     as above
  void operator()(start_ignored ignored,
                  caf::execution_unit* host = nullptr) const;

private:
  caf::actor_addr supervisor_;
  incarnation_id incarnation_ = 0;
};

/// What is new in each incarnation of a child, as far as Python goes.
enum class isolation : uint8_t {
  /// The object, or the environment; modules and threads are as they were.
  instance,
  /// All of an interpreter, which the child shares with nobody and which ends
  /// with it; it has a thread and a GIL of its own. For `start_python` and
  /// `start_pinned`; takes CPython 3.14, and modules that such interpreters can
  /// import.
  subinterpreter,
  /// A process. Refused: there are no contexts in processes of their own yet.
  host_process,
};

/// What a supervisor has to say about one start.
struct start_terms {
  /// Of the child's spec.
  const std::string& id;
  /// Which start of the child it is.
  incarnation_id incarnation;
  /// See `start_context::arguments`.
  const caf::message& arguments;
  /// As in the child's spec.
  std::chrono::nanoseconds max_handler_time;
  /// As in the child's spec.
  supervisors::isolation isolation;
  /// See `start_context::throttle`.
  const start_throttle& throttle;
  /// See `start_context::breaker`.
  const std::shared_ptr<message_breaker>& breaker;
};

/// What a start function says of the incarnation that it has started.
struct start_notes {
  /// As `start_context::runs_in` was told.
  std::string place{};
  /// Whether `start_context::is_isolated` was called.
  bool is_isolated = false;
  /// As `start_context::may_interrupt` was told; may be null.
  std::shared_ptr<const child_calls> calls{};
  /// As `start_context::tell` was told.
  caf::message told{};
  /// As `start_context::shows_children_in` was told; null for a worker.
  std::shared_ptr<engine::child_directory> children{};
};

/// What a start function gets to work with.
/// @thread the supervisor's, for the duration of the call; `ack` may be copied
///         and kept
class start_context {
public:
  /// What a supervisor gives to a start function.
  /// @param supervisor  outlives this
  /// @param terms       what they refer to outlives this
  /// @param notes       what the start function says goes here; outlives this
  start_context(caf::event_based_actor& supervisor, const start_terms& terms,
                start_notes& notes);

  /// @param arguments  must outlive the result
  /// @returns the same with other arguments
  [[nodiscard]] start_context with(const caf::message& arguments) const;

  /// @returns the id of the child's spec
  [[nodiscard]] const std::string& id() const noexcept {
    return terms_.id;
  }

  /// @returns which start of the child this is
  [[nodiscard]] incarnation_id incarnation() const noexcept {
    return terms_.incarnation;
  }

  /// @returns what `start_child_with` has been given for this child; empty for
  ///          others. The same for each incarnation: whoever changes a copy of
  ///          it changes that copy alone.
  [[nodiscard]] const caf::message& arguments() const noexcept {
    return terms_.arguments;
  }

  /// @returns how long one message may take, as the child's spec has it; 0
  ///          where that leaves it to others
  [[nodiscard]] std::chrono::nanoseconds max_handler_time() const noexcept {
    return terms_.max_handler_time;
  }

  /// @returns what each incarnation is to have for itself, as the child's spec
  ///          has it; see `is_isolated`
  [[nodiscard]] supervisors::isolation isolation() const noexcept {
    return terms_.isolation;
  }

  /// @returns limits on starts for what is below the child; see `supervise`
  [[nodiscard]] const start_throttle& throttle() const noexcept {
    return terms_.throttle;
  }

  /// @returns what the child is to ask before each message, and to tell after
  ///          it; null where its spec has no `poison_threshold`
  [[nodiscard]] const std::shared_ptr<message_breaker>&
  breaker() const noexcept {
    return terms_.breaker;
  }

  /// @returns how the child says that it is ready
  [[nodiscard]] const init_ack& ack() const noexcept {
    return ack_;
  }

  /// @returns the supervisor's actor system
  [[nodiscard]] caf::actor_system& system() const noexcept {
    return supervisor_->system();
  }

  /// @returns who will ask the child to stop
  [[nodiscard]] caf::actor_addr supervisor() const noexcept {
    return supervisor_->address();
  }

  /// Says where this incarnation runs, for people who look at the tree. Only
  /// for children that do not run just anywhere.
  /// @param place  for example `default/0`
  void runs_in(std::string place) const;

  /// Says that this incarnation has all that its spec's `isolation` asks for.
  /// Without that, anything but `instance` is a failed start.
  void is_isolated() const;

  /// Says how to get at code of this incarnation that does not return. Without
  /// that, a stop can only wait for it.
  /// @param calls not null
  void may_interrupt(std::shared_ptr<const child_calls> calls) const;

  /// Says something to whoever has ordered this start: `started_child::told`.
  /// Of a restart that nobody has ordered it goes nowhere.
  /// @param what  for example on which port the child listens; Python code
  ///              hears it where it is one `value`
  void tell(caf::message what) const;

  /// Says that this incarnation is a supervisor. What `supervise` makes says
  /// so; no other start function has a use for it.
  /// @param children  what clients see of its children
  void
  shows_children_in(std::shared_ptr<engine::child_directory> children) const;

  /// Spawns an actor next to the supervisor, on the same execution unit.
  /// @param fun  as `caf::actor_system::spawn` takes it
  /// @param xs   for `fun`
  /// @returns its handle
  template <caf::spawn_options Os = caf::no_spawn_options, class F, class... Ts>
  caf::actor spawn(F fun, Ts&&... xs) const {
    return supervisor_->spawn<Os>(std::move(fun), std::forward<Ts>(xs)...);
  }

  /// The same for a class of actors.
  /// @param xs  for the constructor, after CAF's own argument
  /// @returns its handle
  template <class Impl, caf::spawn_options Os = caf::no_spawn_options,
            class... Ts>
  caf::actor spawn_class(Ts&&... xs) const {
    return caf::actor_cast<caf::actor>(
      supervisor_->spawn<Impl, Os>(std::forward<Ts>(xs)...));
  }

private:
  caf::event_based_actor* supervisor_;
  start_terms terms_;
  init_ack ack_;
  start_notes* notes_;
};

/// What a start function comes to: the child, nothing to run, or a failure.
using start_result = std::variant<caf::actor, start_ignored, caf::error>;

/// Starts one incarnation of a child: spawns it and returns its handle at once.
/// The child, or whoever knows, calls `ack` when it is ready. Runs on the
/// supervisor's thread and must not block. What the child gets to start with is
/// captured here by value, so that each incarnation starts with the same.
using start_fn = std::function<start_result(const start_context&)>;

/// Runs the initialization of an actor and acknowledges it.
/// @param self  the child, which is being initialized
/// @param ack   as `start_context::ack` gave it
/// @param init  callable as `caf::behavior ()`; may throw `start_ignored`
/// @returns what `init` returns; an empty behavior if it throws, after the
///          text of the exception, or that there is nothing to start, went to
///          the supervisor and `self` has quit
/// @thread that of `self`
template <class Init>
caf::behavior acknowledge(caf::event_based_actor* self, const init_ack& ack,
                          Init init) {
  try {
    caf::behavior result = init();
    if (!runtime::is_quitting(self))
      ack(self->context());
    return result;
  } catch (start_ignored nothing) {
    ack(nothing, self->context());
    self->quit();
    return {};
  } catch (const std::exception& what) {
    auto reason = caf::make_error(caf::sec::runtime_error, what.what());
    ack(reason, self->context());
    self->quit(std::move(reason));
    return {};
  }
}

/// Starts a function-based event-based actor that is ready once its function
/// has returned: `start_function(counter, 0)` for
/// `behavior counter(event_based_actor*, int)`. The arguments are copied for
/// each incarnation.
/// @param fun  takes `caf::event_based_actor*` first, if it wants that, then
///             `xs`
/// @param xs   further arguments
/// @returns a start function for `child_spec::start`
template <class F, class... Ts>
start_fn start_function(F fun, Ts... xs) {
  return [fun, xs...](const start_context& context) -> start_result {
    return context.spawn(
      [ack = context.ack(), fun, xs...](caf::event_based_actor* self) {
        return acknowledge(self, ack, [&]() -> caf::behavior {
          if constexpr (std::is_invocable_v<const F&, caf::event_based_actor*,
                                            const Ts&...>)
            return fun(self, xs...);
          else
            return fun(xs...);
        });
      });
  };
}

/// Starts a class-based event-based actor that is ready once its
/// `make_behavior` has returned. The arguments are copied for each incarnation.
/// @param xs  for the constructor, after CAF's own argument
/// @returns a start function for `child_spec::start`
template <class Impl, class... Ts>
start_fn start_class(Ts... xs) {
  class acknowledging : public Impl {
  public:
    acknowledging(caf::actor_config& config, init_ack ack, const Ts&... args)
      : Impl(config, args...), ack_(std::move(ack)) {
      // nop
    }

    caf::behavior make_behavior() override {
      return acknowledge(this, ack_, [&] { return Impl::make_behavior(); });
    }

  private:
    init_ack ack_;
  };

  return [xs...](const start_context& context) -> start_result {
    return context.spawn_class<acknowledging>(context.ack(), xs...);
  };
}

/// @param context  of the start
/// @returns a failure: `with_arguments` has been given something else
[[nodiscard]] caf::error wrong_arguments(const start_context& context);

/// The start function of children that differ in their arguments, for the one
/// spec of a supervisor of `simple_one_for_one`: makes of the arguments what
/// starts a child that has no others. Arguments of other types are a failed
/// start.
///
///     with_arguments<int>([](int n) { return start_function(counter, n); })
/// @param make  callable as `start_fn (const Ts&...)`; runs for each
///              incarnation, on the supervisor's thread
/// @returns a start function for `child_spec::start`
template <class... Ts, class Make>
start_fn with_arguments(Make make) {
  return
    [make = std::move(make)](const start_context& context) -> start_result {
      const auto& given = context.arguments();
      if (!given.template match_elements<Ts...>())
        return wrong_arguments(context);
      auto unpack = [&]<size_t... Is>(std::index_sequence<Is...>) -> start_fn {
        return make(given.template get_as<Ts>(Is)...);
      };
      return unpack(std::index_sequence_for<Ts...>{})(context);
    };
}

/// Starts whatever `fun` spawns and takes it for ready at once. A failure of
/// its initialization then counts as an exit, not as a failed start.
/// @param fun  callable as `caf::actor (const start_context&)`
/// @returns a start function for `child_spec::start`
template <class F>
start_fn started_on_spawn(F fun) {
  return [fun = std::move(fun)](const start_context& context) -> start_result {
    caf::actor result = fun(context);
    context.ack()();
    return result;
  };
}

} // namespace supervisors
} // namespace pyactor
