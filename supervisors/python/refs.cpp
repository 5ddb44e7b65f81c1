#include <pyactor/supervisors/python/refs.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/messages.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace pyactor::supervisors {

namespace python {

namespace {

/// Apart from the ids of CAF's actors, which count up from 1.
constexpr uint64_t not_of_caf = uint64_t{1} << 63;

/// What a client may send to: whichever incarnation runs.
class child_handle final : public actor_ref {
public:
  child_handle(const child_ref& child, std::string id)
    : child_(child), name_("child '" + std::move(id) + "'") {
  }

  uint64_t id() const noexcept override {
    return not_of_caf | reinterpret_cast<uintptr_t>(child_.identity());
  }

  std::string describe() const override {
    return name_;
  }

  bool alive() const noexcept override {
    return child_.current().has_value();
  }

  expected<void> send(std::string_view method, arguments args) const override {
    auto who = child_.current();
    if (!who)
      return fail(errc::actor_dead, explain(who.error()));
    auto* here = runtime::context::current();
    // Without a sender, as `ActorRef.send` does it.
    caf::actor_cast<caf::strong_actor_ptr>(*who)->enqueue(
      nullptr, caf::make_message_id(),
      caf::make_message(runtime::call{std::string{method}, std::move(args)}),
      here ? &here->guests_unit() : nullptr);
    return {};
  }

private:
  [[nodiscard]] std::string explain(const caf::error& what) const {
    auto why = child_unavailable::from_error(what);
    if (why && why->status == child_status::running)
      return name_ + " is not ready";
    auto status = why ? why->status : child_status::unknown;
    return name_ + " does not run: " + std::string{to_string(status)};
  }

  child_ref child_;
  std::string name_;
};

uint64_t next_id() {
  static std::atomic<uint64_t> last = 0;
  // Odd, where addresses are even.
  return not_of_caf | (last.fetch_add(2) + 1);
}

} // namespace

opaque_ref::opaque_ref() : id_(next_id()) {
}

expected<void> opaque_ref::send(std::string_view, arguments) const {
  return fail(errc::invalid_argument, describe() + " has no methods");
}

std::string supervisor_handle::describe() const {
  return "supervisor#" + std::to_string(id());
}

bool supervisor_handle::alive() const noexcept {
  return !runtime::is_dead(
    caf::actor_cast<caf::strong_actor_ptr>(top_.handle()));
}

std::string declaration_handle::describe() const {
  return "declaration of " + std::to_string(what_.specs.size()) + " children";
}

} // namespace python

value as_value(const supervisor_ref& top) {
  return value::actor(std::make_shared<python::supervisor_handle>(top));
}

std::optional<supervisor_ref> as_supervisor(const value& x) {
  auto found = python::handle_in<python::supervisor_handle>(x);
  if (!found)
    return std::nullopt;
  return (*found)->top();
}

value as_value(const child_ref& child, std::string id) {
  return value::actor(
    std::make_shared<python::child_handle>(child, std::move(id)));
}

} // namespace pyactor::supervisors
