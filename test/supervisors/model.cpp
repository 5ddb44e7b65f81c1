#include <pyactor/test/supervisors/model.hpp>

#include <algorithm>
#include <utility>

using namespace pyactor::supervisors;

supervisor_model::iterator supervisor_model::find(const std::string& id) {
  return std::ranges::find(children_, id, &child::id);
}

bool supervisor_model::is_simple() const {
  return flags_.strategy == restart_strategy::simple_one_for_one;
}

bool supervisor_model::is_full() const {
  auto live = std::ranges::count_if(
    children_, [](const child& who) { return who.now != status::stopped; });
  return flags_.max_children
         && static_cast<size_t>(live) >= *flags_.max_children;
}

bool supervisor_model::leaves_nothing(const child& who) const {
  return is_simple() || who.restart == restart_type::temporary;
}

bool supervisor_model::try_start(child& who, bool automatic) {
  ++who.starts;
  who.restarts += automatic;
  who.waits = false;
  if (broken.contains(who.id))
    return false;
  who.now = status::running;
  return true;
}

void supervisor_model::stop_all(cause why) {
  ended_ = why;
  children_.clear();
}

bool supervisor_model::within_intensity() {
  ++restarts_;
  while (!window_.empty() && window_.front() < now_ - flags_.period)
    window_.pop_front();
  window_.push_back(now_);
  if (window_.size() <= flags_.intensity)
    return true;
  stop_all(cause::give_up);
  return false;
}

// -- orders -------------------------------------------------------------------

std::optional<sup_errc> supervisor_model::start(const child& what) {
  if (auto known = find(what.id); known != children_.end())
    return known->now == status::running ? errc::already_started
                                         : errc::already_present;
  if (is_full())
    return errc::max_children;
  auto& added = children_.emplace_back(what);
  if (try_start(added, false))
    return std::nullopt;
  children_.pop_back();
  return errc::start_failed;
}

std::optional<sup_errc> supervisor_model::start_with() {
  if (is_full())
    return errc::max_children;
  return start({.id = "c-" + std::to_string(++given_), .restart = one_type});
}

std::optional<sup_errc> supervisor_model::terminate(const std::string& id) {
  auto who = find(id);
  if (who == children_.end() && is_simple()
      && std::stoull(id.substr(2)) <= given_)
    return std::nullopt;
  if (who == children_.end())
    return errc::not_found;
  if (who->now == status::restarting)
    for (auto [i, last] = covered_by(who); i < last; ++i)
      children_[static_cast<size_t>(i)].waits = false;
  who->waits = false;
  who->now = status::stopped;
  if (leaves_nothing(*who))
    children_.erase(who);
  return std::nullopt;
}

/// @returns what is wrong about a child that has to be there, at rest
std::optional<sup_errc> supervisor_model::objection_to(iterator who) const {
  if (is_simple())
    return errc::simple_one_for_one;
  if (who == children_.end())
    return errc::not_found;
  if (who->now == status::running)
    return errc::running;
  if (who->now == status::restarting)
    return errc::restarting;
  return std::nullopt;
}

std::optional<sup_errc> supervisor_model::restart(const std::string& id) {
  auto who = find(id);
  if (auto wrong = objection_to(who))
    return wrong;
  if (is_full())
    return errc::max_children;
  if (try_start(*who, false))
    return std::nullopt;
  if (who->restart == restart_type::temporary)
    children_.erase(who);
  return errc::start_failed;
}

std::optional<sup_errc> supervisor_model::cycle(const std::string& id) {
  if (is_simple() && one_type == restart_type::temporary)
    return errc::simple_one_for_one;
  auto who = find(id);
  if (who == children_.end())
    return errc::not_found;
  if (who->now == status::restarting)
    return errc::restarting;
  if (who->now == status::stopped && is_full())
    return errc::max_children;
  who->now = status::stopped;
  if (try_start(*who, false))
    return std::nullopt;
  if (leaves_nothing(*who))
    children_.erase(who);
  return errc::start_failed;
}

std::optional<sup_errc> supervisor_model::erase(const std::string& id) {
  auto who = find(id);
  if (auto wrong = objection_to(who))
    return wrong;
  children_.erase(who);
  return std::nullopt;
}

void supervisor_model::reload_one(restart_type type) {
  one_type = type;
  for (auto& who : children_)
    if (who.restart != restart_type::temporary)
      who.restart = type;
}

std::optional<sup_errc> supervisor_model::reload(const flags_type& flags,
                                                 const std::vector<child>& list,
                                                 reload_mode mode) {
  flags_ = flags;
  std::erase_if(window_,
                [&](clock_time at) { return at < now_ - flags.period; });
  auto converges = mode == reload_mode::converge;
  std::set<std::string> starts;
  std::vector<child> fresh;
  for (const auto& what : list) {
    auto known = find(what.id);
    if (known == children_.end() && converges)
      starts.insert(what.id);
    auto& next = fresh.emplace_back(known == children_.end() ? what : *known);
    next.restart = what.restart;
    next.significant = what.significant;
  }
  for (const auto& old : children_)
    if (!converges
        && std::ranges::find(fresh, old.id, &child::id) == fresh.end())
      fresh.push_back(old);
  children_ = std::move(fresh);
  for (auto who = children_.begin(); who != children_.end(); ++who)
    if (is_stranded(who))
      starts.insert(who->id);
  auto order = children_;
  for (const auto& [id, restart, significant, now, waits, due, n, m] : order) {
    if (!starts.contains(id))
      continue;
    auto who = find(id);
    auto is_new = who->starts == 0;
    if (try_start(*who, !is_new))
      continue;
    if (is_new && restart == restart_type::temporary)
      children_.erase(who);
    else if (!is_new && !try_again(*who))
      return errc::shutting_down;
  }
  return std::nullopt;
}

// -- what happens -------------------------------------------------------------

void supervisor_model::end(const std::string& id, exit_class how) {
  auto who = find(id);
  auto comes_back = who->restart == restart_type::permanent
                    || (who->restart == restart_type::transient
                        && how == exit_class::abnormal);
  if (comes_back) {
    who->now = status::restarting;
    if (within_intensity())
      bring_back(id);
    return;
  }
  auto was_significant = who->significant;
  who->now = status::stopped;
  if (leaves_nothing(*who))
    children_.erase(who);
  auto is_alive = [](const child& other) {
    return other.significant && other.now != status::stopped;
  };
  if (was_significant
      && (flags_.auto_shutdown == auto_shutdown::any_significant
          || (flags_.auto_shutdown == auto_shutdown::all_significant
              && std::ranges::none_of(children_, is_alive))))
    stop_all(cause::auto_shutdown);
}

/// Starts a child that restarts, and whatever its strategy takes along.
void supervisor_model::bring_back(const std::string& id) {
  auto [first, last] = covered_by(find(id));
  for (auto i = last; i-- > first;) {
    auto& member = children_[static_cast<size_t>(i)];
    member.waits |= member.now != status::stopped;
    member.now = status::stopped;
    if (member.id != id && member.restart == restart_type::temporary) {
      children_.erase(children_.begin() + i);
      --last;
    }
  }
  for (auto i = first; i < last; ++i) {
    auto& member = children_[static_cast<size_t>(i)];
    if (try_start(member, true))
      continue;
    auto failed = find(id);
    auto is_gone = failed->restart == restart_type::temporary
                   && failed->now == status::stopped && failed->id != member.id;
    if (try_again(member) && is_gone)
      children_.erase(failed);
    return;
  }
}

/// The start of a child that comes back has failed.
/// @returns whether the supervisor goes on
bool supervisor_model::try_again(child& who) {
  if (!within_intensity())
    return false;
  who.now = status::restarting;
  who.due = now_ + flags_.min_retry_delay;
  return true;
}

std::pair<ptrdiff_t, ptrdiff_t> supervisor_model::covered_by(iterator who) {
  auto at = who - children_.begin();
  auto size = static_cast<ptrdiff_t>(children_.size());
  switch (flags_.strategy) {
    case restart_strategy::one_for_all:
      return {0, size};
    case restart_strategy::rest_for_one:
      return {at, size};
    default:
      return {at, at + 1};
  }
}

/// @returns whether `who` waits for somebody who no longer takes it along
bool supervisor_model::is_stranded(iterator who) {
  if (!who->waits)
    return false;
  for (auto other = children_.begin(); other != children_.end(); ++other)
    if (auto [first, last] = covered_by(other);
        other->now == status::restarting && first <= who - children_.begin()
        && who - children_.begin() < last)
      return false;
  return true;
}

void supervisor_model::advance(clock_time by) {
  now_ += by;
  // What is tried again now gets a new time, which is in the future.
  for (;;) {
    auto due = [&](const child& who) {
      return who.now == status::restarting && who.due <= now_;
    };
    auto next = children_.end();
    for (auto who = children_.begin(); who != children_.end(); ++who)
      if (due(*who) && (next == children_.end() || who->due < next->due))
        next = who;
    if (next == children_.end())
      return;
    bring_back(std::string{next->id});
  }
}

size_t supervisor_model::window_used() const {
  return static_cast<size_t>(
    std::ranges::count_if(window_, [this](clock_time at) { //
      return at >= now_ - flags_.period;
    }));
}

child_counts supervisor_model::count() const {
  auto active = std::ranges::count(children_, status::running, &child::now);
  return {.specs = is_simple() ? 1 : children_.size(),
          .active = static_cast<size_t>(active),
          .supervisors = 0,
          .workers = children_.size()};
}

std::string supervisor_model::which() const {
  std::string result;
  for (auto who = children_.rbegin(); who != children_.rend(); ++who)
    result += (result.empty() ? "" : " ") + who->id + ':'
              + std::string{to_string(who->now)};
  return result;
}
