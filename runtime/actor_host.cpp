#include <pyactor/runtime/actor_host.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/pinned_base.hpp>
#include <pyactor/runtime/python_class.hpp>
#include <pyactor/runtime/spawn.hpp>

#include <utility>

namespace pyactor::runtime {

namespace {

/// The actor that the calling thread runs, or null.
caf::strong_actor_ptr running_actor() {
  auto* here = context::current();
  auto* who = here ? here->running_actor() : nullptr;
  return who ? upgrade(who->address()) : nullptr;
}

class caf_actor_ref final : public actor_ref {
public:
  caf_actor_ref(const caf::strong_actor_ptr& who, bool strong)
    : address_(who->address()), strong_(strong ? who : nullptr) {
  }

  uint64_t id() const noexcept override {
    return address_.id();
  }

  std::string describe() const override {
    auto who = target();
    auto* actor = who ? dynamic_cast<caf::local_actor*>(who->get()) : nullptr;
    return std::string{actor ? actor->name() : "actor"} + '#'
           + std::to_string(id());
  }

  bool alive() const noexcept override {
    return !is_dead(target());
  }

  expected<void> send(std::string_view method, arguments args) const override {
    auto who = target();
    if (is_dead(who))
      return fail(errc::actor_dead, describe() + " has ended");
    auto* here = context::current();
    // Without a sender: CAF sends it what the receiver returns, and an error
    // that nobody asked for would end it.
    who->enqueue(nullptr, caf::make_message_id(),
                 caf::make_message(call{std::string{method}, std::move(args)}),
                 here ? &here->guests_unit() : nullptr);
    return {};
  }

  caf::strong_actor_ptr target() const {
    return strong_ ? strong_ : upgrade(address_);
  }

private:
  caf::actor_addr address_;
  caf::strong_actor_ptr strong_;
};

} // namespace

actor_ref_ptr make_actor_ref(const caf::strong_actor_ptr& who, bool strong) {
  return std::make_shared<caf_actor_ref>(who, strong);
}

caf::strong_actor_ptr actor_behind(const actor_ref_ptr& who) {
  auto* ours = dynamic_cast<const caf_actor_ref*>(who.get());
  return ours ? ours->target() : nullptr;
}

actor_host::actor_host(caf::actor_system& system,
                       std::shared_ptr<router> routes,
                       std::shared_ptr<name_registry> names,
                       std::vector<extension> extensions)
  : system_(system), router_(std::move(routes)), names_(std::move(names)),
    extensions_(std::move(extensions)) {
}

expected<actor_ref_ptr> actor_host::self() {
  auto who = running_actor();
  if (!who)
    return fail(errc::not_found, "no actor is running on this thread");
  return make_actor_ref(who, false);
}

expected<actor_ref_ptr> actor_host::spawn(std::string_view target,
                                          arguments args) {
  placement where;
  if (auto* here = context::current())
    where.pool = here->config().pool;
  auto home = router_->place(where);
  if (!home)
    return unexpected{std::move(home).error()};
  auto who = spawn_on<python_class_actor>(
    **home, actor_class::from_module(std::string{target}), std::move(args),
    on_started{});
  let_go_of_logger(); // the code that spawns goes on, perhaps for ever
  return make_actor_ref(caf::actor_cast<caf::strong_actor_ptr>(who), true);
}

expected<void> actor_host::register_name(std::string name, actor_ref_ptr who) {
  auto actor = actor_behind(who);
  if (!actor && who && who->alive())
    return fail(errc::invalid_argument,
                who->describe() + " cannot have a name: it is no actor");
  return names_->put(std::move(name), actor);
}

actor_ref_ptr actor_host::whereis(std::string_view name) {
  auto who = names_->find(name);
  return who ? make_actor_ref(who, false) : nullptr;
}

expected<void> actor_host::extend(std::chrono::nanoseconds time) {
  auto* here = context::current();
  if (!here || !here->running_actor())
    return fail(errc::not_found, "no actor is running on this thread");
  here->python().extend(time);
  return {};
}

expected<void> actor_host::poison(std::string reason) {
  auto* here = context::current();
  if (!here || !here->running_actor())
    return fail(errc::not_found, "no actor is running on this thread");
  return here->poison(std::move(reason)).get();
}

std::span<const extension> actor_host::extensions() const noexcept {
  return extensions_;
}

} // namespace pyactor::runtime
