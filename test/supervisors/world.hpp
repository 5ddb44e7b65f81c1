#pragma once

#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A message that makes a test child end with `reason`.
struct die {
  caf::error reason;
};

/// A message that makes a test child throw.
struct fail {};

/// A request that a test child answers with its incarnation.
struct who_are_you {};

/// A request that a test child never answers: it keeps the promise.
struct keep_me_waiting {};

/// Makes `silent_until_open` answer.
struct open_gate {};

PYACTOR_LOCAL_MESSAGE(die)
PYACTOR_LOCAL_MESSAGE(fail)
PYACTOR_LOCAL_MESSAGE(who_are_you)
PYACTOR_LOCAL_MESSAGE(keep_me_waiting)
PYACTOR_LOCAL_MESSAGE(open_gate)

/// @returns the reason of a child that failed
inline caf::error crash(std::string text = "crashed") {
  return caf::make_error(caf::sec::runtime_error, std::move(text));
}

/// Answers an int with another, but only when it is told to. Whoever awaits its
/// answer takes no other message meanwhile, not even a kill.
caf::behavior silent_until_open(caf::event_based_actor* self);

/// How a test child behaves.
struct child_manners {
  enum class start_mode {
    spawn,
    manual_ack,
    ignore,
    refuse,
    raise,
    throw_init,
    /// Its initialization finds nothing to do.
    decline
  };

  start_mode start = start_mode::spawn;
  /// Ignores requests to stop for ever.
  bool deaf = false;
  /// Ends with this when it is asked to stop.
  std::optional<caf::error> last_words;
  /// How long that takes, from the request on.
  std::chrono::nanoseconds farewell{0};
  /// What its start function tells whoever has ordered the start.
  caf::message told;
};

/// What the test wants of one child, and what has become of it.
struct child_control : child_manners {
  int starts = 0;
  std::vector<pyactor::supervisors::init_ack> acks;
  std::vector<caf::actor_addr> handles;
  /// By incarnation in order of their starts; none while it lives.
  std::vector<std::optional<caf::error>> ends;
};

/// An actor system on virtual time: nothing moves unless told to.
class world {
public:
  using duration = std::chrono::nanoseconds;

  world();

  ~world();

  world(const world&) = delete;
  world& operator=(const world&) = delete;

  /// @returns a spec whose child does what `child(id)` says at each moment
  pyactor::supervisors::child_spec
  spec(const std::string& id, pyactor::supervisors::restart_type restart
                              = pyactor::supervisors::restart_type::permanent);

  child_control& child(const std::string& id);

  /// Starts the one supervisor under test, and runs.
  void start(pyactor::supervisors::supervisor_flags flags,
             std::vector<pyactor::supervisors::child_spec> specs);

  /// @returns the journal since the last call, in one line
  std::string happened();

  /// Runs everything that can run now.
  void run();

  void advance(duration by);

  /// @returns since when the world exists, on its clock
  duration now();

  /// @returns whether the clock holds any timeout, and so whoever waits for it
  bool has_timer();

  /// Advances to the next timeout.
  /// @returns whether there was one
  bool advance_to_next();

  /// Sends `what` to the last incarnation of a child, and runs.
  template <class T>
  void tell(const std::string& id, T what) {
    tell_later(id, std::move(what));
    run();
  }

  template <class T>
  void tell_later(const std::string& id, T what) {
    caf::anon_send(last_handle(id), std::move(what));
  }

  /// Kills the last incarnation of a child from outside, and runs.
  void kill(const std::string& id);

  template <class Reply, class Message>
  std::shared_ptr<std::optional<Reply>> ask(Message what) {
    return ask_actor<Reply>(supervisor, std::move(what));
  }

  template <class Reply, class Message>
  std::shared_ptr<std::optional<Reply>> ask_actor(caf::actor to, Message what) {
    auto result = std::make_shared<std::optional<Reply>>();
    system.spawn([=](caf::event_based_actor* self) {
      self->request(to, caf::infinite, what)
        .then([=](const Reply& reply) { *result = reply; },
              [](const caf::error&) {});
    });
    return result;
  }

  using reply
    = pyactor::supervisors::sup_expected<pyactor::supervisors::incarnation_id>;

  /// An order that has been sent, and its answer once there is one.
  struct pending {
    std::shared_ptr<std::optional<pyactor::supervisors::order_reply>> slot;

    bool answered() const {
      return slot->has_value();
    }

    bool ok() const {
      return answered() && slot->value().result.has_value();
    }

    pyactor::supervisors::incarnation_id value() const {
      return slot->value().result.value();
    }

    const std::string& id() const {
      return slot->value().id;
    }

    const caf::message& told() const {
      return slot->value().told;
    }

    pyactor::supervisors::sup_error error() const {
      return slot->value().result.error();
    }

    bool failed_with(pyactor::supervisors::sup_errc code) const {
      return answered() && !ok() && error().code == code;
    }
  };

  /// Gives an order without running anything.
  template <class Message>
  pending order_later(Message what) {
    return {ask<pyactor::supervisors::order_reply>(std::move(what))};
  }

  /// Gives an order, and runs.
  template <class Message>
  pending order(Message what) {
    auto result = order_later(std::move(what));
    run();
    return result;
  }

  /// Gives an order to another supervisor, and runs.
  template <class Message>
  pending order_to(const caf::actor& whom, Message what) {
    pending result{
      ask_actor<pyactor::supervisors::order_reply>(whom, std::move(what))};
    run();
    return result;
  }

  using reload_answer
    = std::shared_ptr<std::optional<pyactor::supervisors::reload_reply>>;

  /// Orders a reload, and runs. The events go where they went.
  reload_answer reload(pyactor::supervisors::supervisor_flags flags,
                       std::vector<pyactor::supervisors::child_spec> specs,
                       pyactor::supervisors::reload_mode mode);

  std::vector<pyactor::supervisors::child_info> children();

  /// "c2:running c1:stopped", newest first.
  std::string which();

  pyactor::supervisors::child_counts count();

  pyactor::supervisors::supervisor_statistics statistics();

  /// @returns what `which_child` answers
  pyactor::supervisors::sup_expected<pyactor::supervisors::child_info>
  find(const std::string& id);

  /// @returns what `get_child_spec` answers
  pyactor::supervisors::sup_expected<pyactor::supervisors::child_spec>
  spec_of(const std::string& id);

  /// The child of this id, which there is.
  pyactor::supervisors::child_info info(const std::string& id);

  /// @returns whether the last incarnation of a child has ended with `reason`
  bool ended_with(const std::string& id, const caf::error& reason);

  /// Tells the supervisor to stop, and runs.
  void stop(pyactor::supervisors::stop_supervisor::urgency how
            = pyactor::supervisors::stop_supervisor::orderly);

  bool alive(const std::string& id);

  caf::actor last_handle(const std::string& id);

  struct config : caf::actor_system_config {
    config();
  };

  config settings;
  caf::actor_system system;
  /// "start a", "end a", in the order in which it happened.
  std::vector<std::string> journal;
  /// Of supervisors that have no other one; without a bound, as nobody reads it
  /// while they run.
  pyactor::supervisors::event_stream news{std::numeric_limits<size_t>::max()};
  /// What was read of it, after each run.
  std::vector<pyactor::supervisors::supervision_event> events;
  std::optional<pyactor::supervisors::supervisor_ref> ref;
  caf::actor supervisor;
  /// How the supervisor ended.
  std::optional<caf::error> supervisor_end;
  /// Actors to be killed at the end.
  std::vector<caf::actor> clients;
  /// What the start came to.
  std::shared_ptr<std::optional<pyactor::supervisors::await_start_reply>>
    started;

private:
  pyactor::supervisors::start_result
  start_child(const std::string& id,
              const pyactor::supervisors::start_context& context);

  std::map<std::string, child_control> controls_;
};
