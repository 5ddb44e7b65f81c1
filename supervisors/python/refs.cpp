#include <pyactor/supervisors/python/refs.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/messages.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace pyactor::supervisors {

namespace python {

namespace {

/// Apart from the ids of CAF's actors, which count up from 1. The lowest bits
/// say what has the id: 0 a child, 1 something opaque, 2 the children of a
/// child. Of the first and the last, the rest is an address.
constexpr uint64_t not_of_caf = uint64_t{1} << 63;
constexpr uint64_t is_opaque = 1;
constexpr uint64_t is_supervisor = 2;

uint64_t id_of(const child_ref& child) {
  return not_of_caf | reinterpret_cast<uintptr_t>(child.identity());
}

/// What a client may send to: whichever incarnation runs.
class child_handle final : public actor_ref {
public:
  child_handle(caf::actor_system& system, const child_ref& child,
               std::string id)
    : system_(system), child_(child), id_(std::move(id)) {
  }

  uint64_t id() const noexcept override {
    return id_of(child_);
  }

  std::string describe() const override {
    return "child '" + id_ + "'";
  }

  bool alive() const noexcept override {
    return child_.current().has_value();
  }

  expected<void> send(std::string_view method, arguments args) const override {
    auto who = receiver();
    if (!who)
      return fail(errc::actor_dead, explain(id_, who.error()));
    auto* here = runtime::context::current();
    // Without a sender, as `ActorRef.send` does it.
    caf::actor_cast<caf::strong_actor_ptr>(*who)->enqueue(
      nullptr, caf::make_message_id(),
      caf::make_message(runtime::call{std::string{method}, std::move(args)}),
      here ? &here->guests_unit() : nullptr);
    return {};
  }

private:
  [[nodiscard]] std::expected<caf::actor, caf::error> receiver() const {
    if (child_.is_relayed())
      return child_.proxy(system_);
    return child_.current();
  }

  caf::actor_system& system_;
  child_ref child_;
  std::string id_;
};

uint64_t next_id() {
  static std::atomic<uint64_t> last = 0;
  return not_of_caf | last.fetch_add(4) | is_opaque;
}

} // namespace

std::string explain(const std::string& id, const caf::error& what) {
  auto name = "child '" + id + "'";
  if (auto down = child_down::from_error(what))
    return name + ": incarnation " + std::to_string(down->incarnation)
           + " ended before it had answered";
  auto why = child_unavailable::from_error(what);
  if (!why) { // something that the child itself has to say
    auto code = to_string(static_cast<sup_errc>(what.code()));
    return what.context().match_elements<std::string>()
             ? name + ": " + what.context().get_as<std::string>(0)
             : name + ": " + code;
  }
  if (why->status == child_status::running)
    return name + " is not ready";
  return name + " does not run: " + std::string{to_string(why->status)};
}

opaque_ref::opaque_ref() : id_(next_id()) {
}

expected<void> opaque_ref::send(std::string_view, arguments) const {
  return fail(errc::invalid_argument, describe() + " has no methods");
}

uint64_t supervisor_handle::id() const noexcept {
  auto child = top_.as_child();
  return child ? id_of(*child) | is_supervisor : top_.handle().id();
}

std::string supervisor_handle::describe() const {
  return top_.path().empty() ? "supervisor#" + std::to_string(id())
                             : "supervisor '" + top_.path() + "'";
}

bool supervisor_handle::alive() const noexcept {
  if (auto child = top_.as_child())
    return child->current().has_value();
  return !runtime::is_dead(
    caf::actor_cast<caf::strong_actor_ptr>(top_.handle()));
}

std::string declaration_handle::describe() const {
  return "declaration of " + std::to_string(what().specs.size()) + " children";
}

std::string throttle_handle::describe() const {
  return "limits on starts";
}

std::string events_handle::describe() const {
  return "stream of events";
}

std::string partitions_handle::describe() const {
  return "partitions of " + supervisor_handle{what().supervisor()}.describe();
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

value as_value(const partition_supervisor& group) {
  return value::actor(std::make_shared<python::partitions_handle>(group));
}

std::optional<partition_supervisor> as_partitions(const value& x) {
  auto found = python::handle_in<python::partitions_handle>(x);
  if (!found)
    return std::nullopt;
  return (*found)->what();
}

value as_value(caf::actor_system& system, const child_ref& child,
               std::string id) {
  return value::actor(
    std::make_shared<python::child_handle>(system, child, std::move(id)));
}

} // namespace pyactor::supervisors
