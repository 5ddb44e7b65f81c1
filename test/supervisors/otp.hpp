#pragma once

#include <pyactor/test/supervisors/otp_world.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the cases of OTP's own test suite have in common; README.md lists them.
namespace otp {

inline const caf::error normal;
inline const auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);
inline const auto killed = caf::make_error(caf::exit_reason::kill);

/// @returns whether a supervisor has ended as OTP's do that give up
inline bool is_give_up(const std::optional<caf::error>& end) {
  return end == shutdown && to_string(*end).contains("give_up");
}

/// Those that OTP's cases have where they do not say otherwise.
inline pyactor::supervisors::supervisor_flags
flags(pyactor::supervisors::restart_strategy strategy
      = pyactor::supervisors::restart_strategy::one_for_one,
      uint32_t intensity = 2) {
  return as_otp(
    pyactor::supervisors::supervisor_flags{.strategy = strategy,
                                           .intensity = intensity,
                                           .period = std::chrono::hours{1}});
}

/// A supervisor of c1, c2 ..., all of one type.
struct numbered : otp_world {
  numbered(const pyactor::supervisors::supervisor_flags& how, int children,
           pyactor::supervisors::restart_type restart
           = pyactor::supervisors::restart_type::permanent) {
    std::vector<pyactor::supervisors::child_spec> specs;
    for (int i = 1; i <= children; ++i)
      specs.push_back(spec("c" + std::to_string(i), restart));
    start(how, std::move(specs));
    journal.clear();
  }

  void crash_child(const std::string& id) {
    tell(id, die{crash()});
  }

  bool gave_up() {
    return is_give_up(supervisor_end);
  }
};

/// What ends a child: itself in several ways, or an order.
enum class ending { kill, normal, abnormal, shutdown, order };

inline constexpr ending all_endings[]
  = {ending::kill, ending::normal, ending::abnormal, ending::shutdown,
     ending::order};

/// @returns whether OTP counts it among the ends after which a transient child
///          is not needed any more
inline bool is_orderly(ending how) {
  return how == ending::normal || how == ending::shutdown;
}

inline void end_child(world& w, const std::string& id, ending how) {
  switch (how) {
    case ending::kill:
      w.kill(id);
      break;
    case ending::normal:
      w.tell(id, die{normal});
      break;
    case ending::abnormal:
      w.tell(id, die{crash()});
      break;
    case ending::shutdown:
      w.tell(id, die{shutdown});
      break;
    case ending::order:
      w.order(pyactor::supervisors::terminate_child{id});
      break;
  }
}

/// @returns how `who` ends, once it has
inline std::shared_ptr<std::optional<caf::error>>
end_of(const caf::actor& who) {
  auto result = std::make_shared<std::optional<caf::error>>();
  who->attach_functor([result](const caf::error& reason) { *result = reason; });
  return result;
}

/// Children that not even a kill ends while this exists: a handler that never
/// returns cannot be had on one thread, but an actor that awaits a response
/// takes nothing else either.
class hung_children {
public:
  explicit hung_children(world& w)
    : world_(w), silent_(w.system.spawn(silent_until_open)) {
    // nop
  }

  ~hung_children() {
    caf::anon_send(silent_, open_gate{});
    world_.run();
    world_.clients.push_back(std::move(silent_));
  }

  hung_children(const hung_children&) = delete;
  hung_children& operator=(const hung_children&) = delete;

  /// @returns what starts one of them
  pyactor::supervisors::start_fn start() const {
    return
      [silent = silent_](const pyactor::supervisors::start_context& context)
        -> pyactor::supervisors::start_result {
        return context.spawn(
          [silent, ack = context.ack()](caf::event_based_actor* self) {
            self->request(silent, caf::infinite, 1).await([](int) {});
            ack(self->context());
            return caf::behavior{[](int) {}};
          });
      };
  }

private:
  world& world_;
  caf::actor silent_;
};

} // namespace otp
