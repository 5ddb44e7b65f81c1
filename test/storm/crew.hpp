#pragma once

#include <pyactor/runtime/runtime.hpp>

#include <cstddef>
#include <mutex>
#include <vector>

namespace pyactor::test {

/// The module `crew`: the members that are written in Python, and the clients
/// that are Python threads and write to `post`.
extern const char* const crew_source;

/// A member in C++. It answers the requests of `operation` as those of `crew`
/// do, but keeps its promise where it is to answer later. Asked to `stop_home`,
/// it has its context stop, and counts.
caf::behavior pinned_member(runtime::python_actor* self);

/// Asks the actors of a context to end, and then the context itself. Waits for
/// neither.
/// @thread any
void ask_to_stop(runtime::context& where);

/// The actors that all clients of a storm share. A member goes when it is
/// replaced, unless somebody else holds it.
/// @thread any
class crowd {
public:
  explicit crowd(size_t size) : members_(size) {
  }

  /// @returns an invalid handle where nobody has that number
  [[nodiscard]] caf::actor at(size_t number) const {
    std::unique_lock guard{mtx_};
    return members_[number];
  }

  void put(size_t number, caf::actor who) {
    std::unique_lock guard{mtx_};
    members_[number].swap(who);
    guard.unlock(); // a last handle goes now, with all that its end brings
  }

  void clear() {
    for (size_t i = 0; i < members_.size(); ++i)
      put(i, {});
  }

private:
  mutable std::mutex mtx_;
  // guarded by mtx_
  std::vector<caf::actor> members_;
};

} // namespace pyactor::test
