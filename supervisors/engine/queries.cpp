#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/supervisor_actor.hpp>

#include <algorithm>
#include <new>
#include <ranges>

namespace pyactor::supervisors::engine {

caf::message_handler supervisor_actor::query_handlers() {
  return {
    [this](which_children) { return list_children(); },
    [this](const which_child& what) { return find_child(what.id); },
    [this](count_children) { return count(); },
    [this](const get_child_spec& what) { return spec_of(what.id); },
    [this](get_statistics) { return statistics(); },
    [this](get_level) { return level(); },
    [this](const get_tree& what) {
      return delegate(spawn_tree_collector(system(), address()), what);
    },
  };
}

which_children_reply supervisor_actor::list_children() const {
  which_children_reply result;
  for (const auto& [position, who] : roster_.children() | std::views::reverse)
    result.children.push_back(info_about(who));
  return result;
}

which_child_reply supervisor_actor::find_child(const std::string& id) {
  auto fail = [&](sup_errc code) -> which_child_reply {
    return {std::unexpected{sup_error{.code = code, .id = id}}};
  };
  if (template_ && id == template_->spec()->id)
    return fail(sup_errc::simple_one_for_one);
  if (auto* who = roster_.find(id))
    return {info_about(*who)};
  return fail(sup_errc::not_found);
}

child_info supervisor_actor::info_about(const child& who) const {
  child_info result{who.id,
                    who.spec->type,
                    who.spec->restart,
                    status_of(who.state),
                    who.state.incarnation,
                    who.starts,
                    who.restarts,
                    last_exit_of(who)};
  if (result.status == child_status::running)
    result.uptime = clock().now() - who.running_since;
  if (who.handle)
    result.context = who.notes.place;
  result.given_up = who.given_up;
  result.consecutive_failures = who.consecutive_failures;
  result.next_start_in = until_start_of(who);
  result.ready = is_ready(who);
  result.throttled = who.ticket.waits();
  result.tags = who.spec->tags;
  return result;
}

std::optional<std::chrono::nanoseconds>
supervisor_actor::until_start_of(const child& who) const {
  auto due = deadlines_.find(who.position);
  if (who.state.phase != child_phase::restarting || !due)
    return std::nullopt;
  return std::max(*due - clock().now(), std::chrono::nanoseconds::zero());
}

count_children_reply supervisor_actor::count() const {
  auto all = roster_.children().size();
  const auto& totals = roster_.totals();
  return {{.specs = template_ ? 1 : all,
           .active = totals.active,
           .supervisors = totals.supervisors,
           .workers = all - totals.supervisors}};
}

get_child_spec_reply supervisor_actor::spec_of(const std::string& id) {
  if (template_ && id == template_->spec()->id)
    return {*template_->spec()};
  if (auto* who = roster_.find(id)) {
    auto result = *who->spec;
    result.id = who->id;
    return {std::move(result)};
  }
  return {std::unexpected{sup_error{.code = sup_errc::not_found, .id = id}}};
}

get_statistics_reply supervisor_actor::statistics() const {
  auto result = seen_;
  result.window_used = intensity_.used(clock().now());
  result.throttled = roster_.totals().throttled;
  result.queue_length = held_orders_.size() + roster_.totals().orders;
  result.lost_requests = *lost_requests_;
  for (const auto& [incarnation, zombie] : zombies_)
    result.zombies.push_back(zombie);
  return {std::move(result)};
}

namespace {

/// An exit reaches whoever monitors or asks; only what nobody else is told is a
/// warning.
spdlog::level::level_enum log_level(supervision_event::kind what) noexcept {
  switch (what) {
    case supervision_event::kind::starting:
    case supervision_event::kind::started:
    case supervision_event::kind::restart_scheduled:
      return spdlog::level::debug;
    case supervision_event::kind::stop_stalled:
    case supervision_event::kind::abandoned:
    case supervision_event::kind::hung:
    case supervision_event::kind::poisoned:
    case supervision_event::kind::child_given_up:
    case supervision_event::kind::poison_message:
      return spdlog::level::warn;
    case supervision_event::kind::gil_wedged:
      return spdlog::level::critical;
    default:
      return spdlog::level::info;
  }
}

bool is_about_context(supervision_event::kind what) noexcept {
  using enum supervision_event::kind;
  return what == hung || what == poisoned || what == gil_wedged;
}

} // namespace

/// Tells whoever listens, and the log. What there is no memory for they do not
/// hear; nothing else depends on it.
/// @param time  as `latency` or `pause` of the event
void supervisor_actor::report(supervision_event::kind what, const child& who,
                              std::chrono::nanoseconds time,
                              std::vector<std::string> others) {
  auto& log = pyactor::log(layer::supervisors);
  auto level = log_level(what);
  if (!flags_.events && !log.should_log(level))
    return;
  try {
    auto event = event_about(what, who, time);
    event.others = std::move(others);
    if (log.should_log(level))
      log.log(level, "supervisor {}: {}", id(), to_string(event));
    if (flags_.events)
      flags_.events->publish(std::move(event));
  } catch (const std::bad_alloc&) {
    log.error("supervisor {}: no memory to report {}", id(), to_string(what));
    if (flags_.events)
      flags_.events->drop();
  }
}

supervision_event supervisor_actor::event_about(supervision_event::kind what,
                                                const child& who,
                                                std::chrono::nanoseconds time) {
  using enum supervision_event::kind;
  supervision_event event{.what = what,
                          .id = who.id,
                          .incarnation = who.state.incarnation,
                          .exit = {},
                          .latency = what == restarted ? time : time.zero(),
                          .pause
                          = what == restart_scheduled ? time : time.zero()};
  if (what == start_failed)
    event.exit = who.failure->exit;
  else if (what != starting && what != started && what != restarted
           && !is_about_context(what))
    event.exit = last_exit_of(who);
  if (is_about_context(what))
    event.context = who.notes.place;
  return event;
}

} // namespace pyactor::supervisors::engine
