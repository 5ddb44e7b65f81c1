#include <pyactor/runtime/thread_roll.hpp>

#include <pyactor/runtime/log.hpp>

#include <algorithm>
#include <new>

namespace pyactor::runtime {

void thread_roll::add(const interpreter& where, attach_scope& py,
                      uint64_t actor) noexcept {
  try {
    auto running = where.thread_ids(py);
    forget_ended(running);
    for (auto id : running)
      if (id > newest_ && actor != 0)
        entries_.push_back({id, actor, std::nullopt});
  } catch (const std::bad_alloc&) {
    log().warn("actor {} has started threads that nobody looks after: there is "
               "no memory to note them",
               actor);
  }
  newest_ = where.newest_thread(py);
}

void thread_roll::forget_ended(const std::vector<uint64_t>& running) noexcept {
  std::erase_if(entries_, [&](const entry& each) {
    return std::ranges::find(running, each.thread) == running.end();
  });
}

void thread_roll::end(uint64_t actor, bool crashed,
                      clock::time_point now) noexcept {
  if (!crashed)
    std::erase_if(entries_,
                  [&](const entry& each) { return each.actor == actor; });
  for (auto& each : entries_)
    if (each.actor == actor)
      each.ends_by = now + longest_grace;
}

void thread_roll::rest(clock::time_point now) noexcept {
  for (auto& each : entries_)
    if (each.ends_by)
      each.ends_by = std::min<clock::time_point>(*each.ends_by, now + grace);
}

std::optional<thread_roll::clock::time_point>
thread_roll::due() const noexcept {
  std::optional<clock::time_point> result;
  for (auto& each : entries_)
    if (each.ends_by && (!result || *each.ends_by < *result))
      result = each.ends_by;
  return result;
}

std::optional<std::string> thread_roll::left_behind(const interpreter& where,
                                                    attach_scope& py,
                                                    clock::time_point now) {
  forget_ended(where.thread_ids(py));
  auto late = std::ranges::find_if(entries_, [&](const entry& each) {
    return each.ends_by && *each.ends_by <= now;
  });
  if (late == entries_.end())
    return std::nullopt;
  auto whose = late->actor;
  // Where there is no memory for the rest, that is the time of the next try.
  for (auto& each : entries_)
    if (each.actor == whose)
      each.ends_by = now + grace;
  std::vector<uint64_t> threads;
  for (auto& each : entries_)
    if (each.actor == whose)
      threads.push_back(each.thread);
  auto result = "actor " + std::to_string(whose)
                + " has crashed and left Python threads behind: "
                + pyactor::runtime::join(where.thread_names(py, threads));
  end(whose, false, now);
  return result;
}

} // namespace pyactor::runtime
