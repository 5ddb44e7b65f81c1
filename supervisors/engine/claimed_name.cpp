#include <pyactor/supervisors/engine/claimed_name.hpp>

#include <pyactor/supervisors/child_names.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// The names of all actor systems of this process. A supervisor gives its names
/// back before its system ends, so that no entry outlives its system.
struct name_table {
  using key = std::pair<const caf::actor_system*, std::string>;

  std::mutex mutex;
  std::map<key, std::weak_ptr<child_slot>> slots;
};

name_table& names() {
  static name_table result;
  return result;
}

} // namespace

std::unique_ptr<claimed_name>
claimed_name::claim(const caf::actor_system& system, std::string name,
                    const std::shared_ptr<child_slot>& slot) {
  std::unique_ptr<claimed_name> result;
  std::unique_lock guard{names().mutex};
  if (names().slots.try_emplace({&system, name}, slot).second)
    result.reset(new claimed_name{system, std::move(name)});
  return result;
}

std::shared_ptr<child_slot> claimed_name::find(const caf::actor_system& system,
                                               std::string_view name) {
  std::unique_lock guard{names().mutex};
  auto known = names().slots.find({&system, std::string{name}});
  return known == names().slots.end() ? nullptr : known->second.lock();
}

claimed_name::claimed_name(const caf::actor_system& system, std::string text)
  : system_(system), text_(std::move(text)) {
  // nop
}

claimed_name::~claimed_name() {
  std::unique_lock guard{names().mutex};
  names().slots.erase({&system_, text_});
}

} // namespace pyactor::supervisors::engine

namespace pyactor::supervisors {

std::optional<child_ref> whereis(const caf::actor_system& system,
                                 std::string_view name) {
  if (auto slot = engine::claimed_name::find(system, name))
    return child_ref{std::move(slot)};
  return std::nullopt;
}

} // namespace pyactor::supervisors
