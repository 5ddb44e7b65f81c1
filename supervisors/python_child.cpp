#include <pyactor/supervisors/python_child.hpp>

#include <utility>

namespace pyactor::supervisors {

namespace {

class pinned_calls final : public child_calls {
public:
  explicit pinned_calls(runtime::weak_runtime python)
    : python_(std::move(python)) {
    // nop
  }

  uint64_t running(const caf::actor& who) const override {
    auto* actor = pinned(who);
    return actor ? actor->running_call() : 0;
  }

  void interrupt(const caf::actor& who, uint64_t call) const override {
    auto& home = pinned(who)->home();
    // False where it has come back, or an attempt is under way already.
    static_cast<void>(
      home.interrupt(call, error{.code = errc::interrupted,
                                 .message = text(who)
                                            + "was interrupted, because its "
                                              "supervisor stops the actor"}));
  }

  bool give_up(const caf::actor& who, uint64_t call) const override {
    return python_.give_up(
      pinned(who)->home(), call,
      error{.code = errc::abandoned,
            .message = text(who)
                       + "did not come back when its supervisor "
                         "stopped the actor"});
  }

  bool has_lost_context(const caf::actor& who) const override {
    auto* actor = pinned(who);
    return actor && actor->home().is_given_up();
  }

  bool has_poisoned_context(const caf::actor& who) const override {
    auto* actor = pinned(who);
    return actor && actor->home().is_retired() && !actor->home().is_given_up();
  }

  bool has_wedged_gil(const caf::actor& who) const override {
    auto* actor = pinned(who);
    return actor && actor->home().has_wedged_gil();
  }

private:
  /// Not null for one that runs a call.
  static runtime::pinned_base* pinned(const caf::actor& who) {
    return runtime::pinned_base::behind(
      caf::actor_cast<caf::strong_actor_ptr>(who));
  }

  static std::string text(const caf::actor& who) {
    return pinned(who)->home().name() + ": a call of actor "
           + std::to_string(who.id()) + ' ';
  }

  runtime::weak_runtime python_;
};

} // namespace

std::shared_ptr<const child_calls> calls_in(runtime::weak_runtime python) {
  return std::make_shared<pinned_calls>(std::move(python));
}

} // namespace pyactor::supervisors
