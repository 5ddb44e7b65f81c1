#pragma once

#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <optional>

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

} // namespace runtime
} // namespace pyactor
