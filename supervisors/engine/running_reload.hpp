#pragma once

#include <pyactor/supervisors/messages.hpp>
#include <pyactor/supervisors/reload.hpp>

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

namespace pyactor::supervisors::engine {

/// Somebody's order to reload, and where the answer goes.
struct reload_order {
  reload what;
  caf::response_promise promise;
};

/// A reload that has taken effect, except that children have yet to stop or to
/// start.
struct running_reload {
  caf::response_promise promise;
  reload_summary summary;
  /// In start order.
  std::vector<std::string> to_start{};
  /// How many of `summary.removed`, and of `to_start`, are done.
  size_t stopped = 0;
  size_t started = 0;
  /// Whether the next of `to_start` was told to start.
  bool begun = false;
  /// Those that leave or start: orders for them wait until all is done.
  std::unordered_set<std::string> ids{};
};

} // namespace pyactor::supervisors::engine
