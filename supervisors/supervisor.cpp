#include <pyactor/supervisors/supervisor.hpp>

#include <pyactor/supervisors/engine/flag_check.hpp>
#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/engine/supervisor_actor.hpp>
#include <pyactor/supervisors/engine/supervisor_proxy.hpp>

namespace pyactor::supervisors {

namespace {

using std::chrono::nanoseconds;

/// @returns `timeout` as CAF wants it
caf::duration caf_timeout(nanoseconds timeout) {
  return timeout == forever ? caf::duration{caf::infinite}
                            : caf::duration{timeout};
}

sup_expected<void> drop_value(const sup_expected<started_child>& result) {
  if (!result)
    return std::unexpected{result.error()};
  return {};
}

} // namespace

/// The supervisor's strong handle, shared by all copies of a `supervisor_ref`.
struct PYACTOR_HIDDEN supervisor_ref::ownership {
  ownership(caf::actor actor, std::shared_ptr<engine::child_directory> children,
            std::shared_ptr<engine::start_record> start)
    : supervisor(std::move(actor)), directory(std::move(children)),
      record(std::move(start)) {
    // nop
  }

  ~ownership() {
    runtime::send_urgently(caf::actor_cast<caf::strong_actor_ptr>(supervisor),
                           nullptr, engine::owners_gone{});
  }

  ownership(const ownership&) = delete;
  ownership& operator=(const ownership&) = delete;

  const caf::actor supervisor;
  const std::shared_ptr<engine::child_directory> directory;
  const std::shared_ptr<engine::start_record> record;
};

/// What leads to a supervisor that is a child.
struct PYACTOR_HIDDEN supervisor_ref::nesting {
  std::shared_ptr<engine::child_slot> slot;
  std::shared_ptr<engine::child_directory> directory;
  std::string path;
  caf::actor proxy;
};

supervisor_ref::supervisor_ref(std::shared_ptr<const ownership> owner,
                               std::shared_ptr<const nesting> nested)
  : owner_(std::move(owner)), nested_(std::move(nested)) {
  // nop
}

child_ref supervisor_ref::child(const std::string& id) const {
  const auto& from = nested_ ? nested_->directory : owner_->directory;
  return child_ref{from->slot(id)};
}

supervisor_ref supervisor_ref::below(const std::string& id) const {
  const auto& from = nested_ ? nested_->directory : owner_->directory;
  auto slot = from->slot(id);
  auto name = path().empty() ? id : path() + '/' + id;
  auto proxy = engine::make_supervisor_proxy(owner_->supervisor.home_system(),
                                             slot, name);
  return supervisor_ref{
    owner_, std::make_shared<const nesting>(
              nesting{slot, slot->below(), std::move(name), std::move(proxy)})};
}

std::optional<child_ref> supervisor_ref::as_child() const {
  if (!nested_)
    return std::nullopt;
  return child_ref{nested_->slot};
}

const std::string& supervisor_ref::path() const noexcept {
  static const std::string none;
  return nested_ ? nested_->path : none;
}

const caf::actor& supervisor_ref::handle() const noexcept {
  return nested_ ? nested_->proxy : owner_->supervisor;
}

template <class Reply, class Message>
sup_expected<Reply> supervisor_ref::ask(Message what, duration timeout) const {
  sup_expected<Reply> result;
  caf::scoped_actor self{handle().home_system()};
  self->request(handle(), caf_timeout(timeout), std::move(what))
    .receive([&](const Reply& reply) { result = reply; },
             [&](const caf::error& error) {
               result = std::unexpected{from_caf_error(error)};
             });
  return result;
}

template <class Message>
sup_expected<started_child> supervisor_ref::give_order(Message what,
                                                       duration timeout) const {
  auto reply = ask<order_reply>(std::move(what), timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  if (!reply->result)
    return std::unexpected{std::move(reply->result).error()};
  return started_child{std::move(reply->id), *reply->result,
                       std::move(reply->told)};
}

sup_expected<started_child>
supervisor_ref::start_child(child_spec spec, duration timeout) const {
  return give_order(supervisors::start_child{std::move(spec)}, timeout);
}

sup_expected<started_child>
supervisor_ref::start_child_with(caf::message arguments,
                                 duration timeout) const {
  return give_order(supervisors::start_child_with{std::move(arguments)},
                    timeout);
}

sup_expected<started_child>
supervisor_ref::restart_child(std::string id, duration timeout) const {
  return give_order(supervisors::restart_child{std::move(id)}, timeout);
}

sup_expected<started_child>
supervisor_ref::cycle_child(std::string id, duration timeout) const {
  return give_order(supervisors::cycle_child{std::move(id)}, timeout);
}

sup_expected<started_child> supervisor_ref::retry_now(std::string id,
                                                      duration timeout) const {
  return give_order(supervisors::retry_now{std::move(id)}, timeout);
}

sup_expected<void> supervisor_ref::terminate_child(std::string id,
                                                   duration timeout) const {
  return drop_value(
    give_order(supervisors::terminate_child{std::move(id)}, timeout));
}

sup_expected<void> supervisor_ref::delete_child(std::string id,
                                                duration timeout) const {
  return drop_value(
    give_order(supervisors::delete_child{std::move(id)}, timeout));
}

sup_expected<reload_summary>
supervisor_ref::reload(supervisor_flags flags, std::vector<child_spec> specs,
                       reload_mode mode, duration timeout) const {
  auto reply = ask<reload_reply>(
    supervisors::reload{std::move(flags), std::move(specs), mode}, timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  return std::move(reply->result);
}

sup_expected<std::vector<child_info>>
supervisor_ref::which_children(duration timeout) const {
  auto reply
    = ask<which_children_reply>(supervisors::which_children{}, timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  return std::move(reply->children);
}

sup_expected<child_info> supervisor_ref::which_child(std::string id,
                                                     duration timeout) const {
  auto reply
    = ask<which_child_reply>(supervisors::which_child{std::move(id)}, timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  return std::move(reply->result);
}

sup_expected<child_counts>
supervisor_ref::count_children(duration timeout) const {
  auto reply
    = ask<count_children_reply>(supervisors::count_children{}, timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  return reply->counts;
}

sup_expected<child_spec>
supervisor_ref::get_child_spec(std::string id, duration timeout) const {
  auto reply = ask<get_child_spec_reply>(
    supervisors::get_child_spec{std::move(id)}, timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  return std::move(reply->result);
}

sup_expected<supervisor_statistics>
supervisor_ref::statistics(duration timeout) const {
  auto reply = ask<get_statistics_reply>(get_statistics{}, timeout);
  if (!reply)
    return std::unexpected{std::move(reply).error()};
  return std::move(reply->statistics);
}

sup_expected<void> supervisor_ref::await_start(duration timeout) const {
  auto reply = ask<await_start_reply>(supervisors::await_start{}, timeout);
  if (reply)
    return std::move(reply->result);
  return std::unexpected{start_failure().value_or(std::move(reply).error())};
}

std::optional<sup_error> supervisor_ref::start_failure() const {
  return nested_ ? std::nullopt : owner_->record->get();
}

sup_expected<void> supervisor_ref::stop(duration timeout,
                                        stop_supervisor::urgency how) const {
  if (nested_)
    return std::unexpected{
      sup_error{.code = sup_errc::supervised,
                .id = path(),
                .message = "the supervisor above stops it: terminate_child"}};
  caf::scoped_actor self{handle().home_system()};
  self->monitor(handle());
  runtime::send_urgently(caf::actor_cast<caf::strong_actor_ptr>(handle()),
                         nullptr, stop_supervisor{how});
  auto ended = false;
  auto on_down = [&](const caf::down_msg&) { ended = true; };
  if (timeout == forever)
    self->receive(on_down);
  else
    self->receive(on_down, caf::after(timeout) >> [] {});
  if (!ended)
    return std::unexpected{sup_error{.code = sup_errc::timed_out}};
  return {};
}

sup_expected<supervisor_ref> spawn_supervisor(caf::actor_system& system,
                                              supervisor_flags flags,
                                              std::vector<child_spec> specs,
                                              const caf::actor& parent) {
  if (auto valid = check_supervisor(flags, specs); !valid)
    return std::unexpected{std::move(valid).error()};
  auto directory = std::make_shared<engine::child_directory>();
  auto record = std::make_shared<engine::start_record>();
  caf::actor_addr parent_address;
  if (parent)
    parent_address = parent.address();
  auto supervisor
    = system.spawn<engine::supervisor_actor>(engine::supervisor_setup{
      std::move(flags), std::move(specs), directory, record,
      std::move(parent_address), std::nullopt, start_throttle{}});
  return supervisor_ref{std::make_shared<const supervisor_ref::ownership>(
    std::move(supervisor), std::move(directory), std::move(record))};
}

sup_expected<supervisor_ref> start_supervisor(caf::actor_system& system,
                                              supervisor_flags flags,
                                              std::vector<child_spec> specs,
                                              nanoseconds timeout) {
  auto result = spawn_supervisor(system, std::move(flags), std::move(specs));
  if (!result)
    return result;
  auto started = result->await_start(timeout);
  if (!started)
    return std::unexpected{std::move(started).error()};
  return result;
}

start_fn supervise(supervisor_flags flags, std::vector<child_spec> specs) {
  return [flags = std::move(flags), specs = std::move(specs)](
           const start_context& context) -> start_result {
    if (auto valid = check_supervisor(flags, specs); !valid)
      return to_caf_error(valid.error());
    auto children = std::make_shared<engine::child_directory>();
    context.shows_children_in(children);
    return context.spawn_class<engine::supervisor_actor>(
      engine::supervisor_setup{flags, specs, std::move(children),
                               std::make_shared<engine::start_record>(),
                               context.supervisor(), context.ack(),
                               context.throttle()});
  };
}

} // namespace pyactor::supervisors
