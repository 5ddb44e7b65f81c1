#pragma once

#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// What one actor owns in Python. Outlives the actor where its context gets to
/// the release later.
struct python_state {
  /// Its environment, once it has used Python.
  std::optional<environment> env;
  /// The instance, of an actor written in Python.
  std::optional<actor_object> instance;
};

/// What an actor that has ended leaves to its context.
struct departure {
  /// To be released.
  std::unique_ptr<python_state> state;
  /// Why it ended, for its `on_exit`.
  std::string reason;
  /// Whether that was a crash: it was not asked to end, and did not by itself.
  bool crashed = false;
  /// Its id.
  uint64_t actor = 0;
  /// How long its `on_exit` may take; 0 for any time.
  std::chrono::nanoseconds limit{0};
  /// Has the watchdog look after that; null where it does in any case.
  std::shared_ptr<void> watched = {};
};

} // namespace runtime
} // namespace pyactor
