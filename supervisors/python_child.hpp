#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/runtime.hpp>
#include <pyactor/supervisors/child_start.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>

/// @file
/// @thread any, to make a start function; it runs on its supervisor's

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// @returns what a supervisor can do about pinned actors whose Python code does
///          not return, for a start function of your own
/// @param python where they live
[[nodiscard]] std::shared_ptr<const child_calls>
calls_in(runtime::weak_runtime python);

/// @returns what has an actor written in Python ask the breaker of its child
///          before each call; null where there is none
/// @param context of the start
[[nodiscard]] std::shared_ptr<runtime::call_guard>
guard_calls(const start_context& context);

/// Finds the context of a pinned actor that a start function is about to
/// spawn, and says that the child runs there. With `isolation::subinterpreter`,
/// it is a fresh one, which ends with the actor.
/// @param context of the start
/// @param python once it has ended, this fails with `interpreter_lost`
/// @param where as for `weak_runtime::place`; for a fresh one the pool that it
///              is like, and no index
/// @returns as `weak_runtime::place`, or as `place_dedicated`: spawn the actor
///          before the result goes
[[nodiscard]] expected<std::shared_ptr<runtime::context>>
place_child(const start_context& context, const runtime::weak_runtime& python,
            const runtime::placement& where);

/// Starts an actor that is written in Python; it is ready once its `__init__`
/// has returned, and one whose `__init__` raises is a failed start, with the
/// Python traceback in its reason; `pyactor.StartIgnored` is none, but
/// `start_ignored`.
/// @param python once it has ended, starts fail with `interpreter_lost`
/// @param what,args captured here: each incarnation starts with the same
/// @param where see `place_child`; picked afresh for each incarnation
/// @returns a start function for `child_spec::start`
[[nodiscard]] inline start_fn start_python(runtime::weak_runtime python,
                                           actor_class what,
                                           arguments args = {},
                                           runtime::placement where = {}) {
  return [python, calls = calls_in(python), what = std::move(what),
          args = std::move(args), where = std::move(where)](
           const start_context& context) -> start_result {
    auto started = [ack = context.ack()](const caf::error& outcome) {
      // Of an actor that ends without a start: on any thread.
      auto* here = runtime::context::current();
      auto* host = here ? &here->guests_unit() : nullptr;
      if (!outcome)
        ack(host);
      else if (runtime::is_error(outcome, errc::start_ignored))
        ack(start_ignored{}, host);
      else
        ack(outcome, host);
    };
    auto home = place_child(context, python, where);
    if (!home)
      return runtime::to_caf(std::move(home).error());
    context.may_interrupt(calls);
    return runtime::spawn_on<runtime::python_class_actor>(
      **home, what, args, started, context.max_handler_time(),
      guard_calls(context));
  };
}

/// The question of a `probe` for an actor that `start_python` starts: the
/// method is called, and has to return `True`. What it raises is a miss, and
/// ends nobody. It runs on the thread of the context, as any method does.
/// @param name,args as in `runtime::inquire`
/// @returns what `probe::question` is to be
[[nodiscard]] inline caf::message probe_method(std::string name,
                                               arguments args = {}) {
  return caf::make_message(runtime::inquire{std::move(name), std::move(args)});
}

/// Starts a pinned actor of class `Impl`; it is ready once its `make_behavior`
/// has returned; it may throw `start_ignored`. The arguments are copied for
/// each incarnation.
/// @param python once it has ended, starts fail with `interpreter_lost`
/// @param where see `place_child`; picked afresh for each incarnation
/// @param xs for the constructor
/// @returns a start function for `child_spec::start`
template <class Impl, class... Ts>
start_fn start_pinned(runtime::weak_runtime python, runtime::placement where,
                      Ts... xs) {
  class acknowledging : public Impl {
  public:
    acknowledging(caf::actor_config& config, init_ack ack,
                  std::chrono::nanoseconds limit, const Ts&... args)
      : Impl(config, args...), ack_(std::move(ack)), limit_(limit) {
    }

    caf::behavior make_behavior() override {
      try {
        auto result = Impl::make_behavior();
        if (limit_ > limit_.zero())
          this->max_handler_time(limit_);
        if (!runtime::is_quitting(this))
          ack_(this->context());
        return result;
      } catch (start_ignored nothing) {
        ack_(nothing, this->context());
        this->quit();
        return {};
      } catch (...) {
        // Not `acknowledge`: a Python traceback is to survive.
        auto why = runtime::to_caf(std::current_exception());
        ack_(why, this->context());
        this->quit(std::move(why));
        return {};
      }
    }

  private:
    init_ack ack_;
    std::chrono::nanoseconds limit_;
  };

  return [python, calls = calls_in(python), where = std::move(where),
          xs...](const start_context& context) -> start_result {
    auto home = place_child(context, python, where);
    if (!home)
      return runtime::to_caf(std::move(home).error());
    context.may_interrupt(calls);
    return runtime::spawn_on<acknowledging>(**home, context.ack(),
                                            context.max_handler_time(), xs...);
  };
}

} // namespace supervisors
} // namespace pyactor
