#include <pyactor/supervisors/python_child.hpp>

#include <cstdint>
#include <functional>
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

  bool has_wedged_gil(const caf::actor& who) const override {
    auto* actor = pinned(who);
    return actor && actor->home().has_wedged_gil();
  }

  last_notes look_back(const caf::actor& who) const override {
    auto* actor = pinned(who);
    if (!actor)
      return {};
    return {actor->lost_messages(), actor->home().was_replaced()};
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

/// @returns equal numbers, and not 0, for equal calls
uint64_t digest(const runtime::call& what) {
  auto result = std::hash<std::string>{}(what.function);
  auto add = [&](size_t next) { // as in FNV-1, word by word
    result = result * 0x100000001b3 ^ next;
  };
  for (const auto& arg : what.args.positional)
    add(arg.hash());
  for (const auto& [name, arg] : what.args.keyword) {
    add(std::hash<std::string>{}(name));
    add(arg.hash());
  }
  return result != 0 ? result : 1;
}

class breaking_guard final : public runtime::call_guard {
public:
  explicit breaking_guard(const start_context& context)
    : breaker_(context.breaker()), incarnation_(context.incarnation()) {
    // nop
  }

  caf::error admit(const runtime::call& what,
                   const caf::strong_actor_ptr& sender) override {
    auto breaker = breaker_.lock();
    if (!breaker || breaker->admit(incarnation_, digest(what)))
      return {};
    return breaker->refuse(sender, caf::make_message(what));
  }

  void survived() noexcept override {
    if (auto breaker = breaker_.lock())
      breaker->settle(incarnation_);
  }

private:
  /// The child's: gone with its supervisor.
  std::weak_ptr<message_breaker> breaker_;
  incarnation_id incarnation_;
};

} // namespace

std::shared_ptr<runtime::call_guard> guard_calls(const start_context& context) {
  return context.breaker() ? std::make_shared<breaking_guard>(context)
                           : nullptr;
}

expected<std::shared_ptr<runtime::context>>
place_child(const start_context& context, const runtime::weak_runtime& python,
            const runtime::placement& where) {
  auto is_alone = context.isolation() == isolation::subinterpreter;
  auto result = is_alone ? python.place_dedicated(where) : python.place(where);
  if (!result)
    return result;
  context.runs_in((*result)->name());
  if (is_alone)
    context.is_isolated();
  return result;
}

std::shared_ptr<const child_calls> calls_in(runtime::weak_runtime python) {
  return std::make_shared<pinned_calls>(std::move(python));
}

} // namespace pyactor::supervisors
