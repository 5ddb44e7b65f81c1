#pragma once

#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/caf.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Names one explicit environment of one context.
struct environment_id {
  /// Id of the context.
  uint32_t context = 0;
  /// Unique within the context.
  uint64_t number = 0;

  friend bool operator==(const environment_id&, const environment_id&)
    = default;
};

// The messages that every Python-backed actor and every context speaks. A
// request with one is answered with a `value` (`exec`: with none) or an error.

/// Calls a method of a Python actor, or a function by name.
struct call {
  /// Name of the method, or of a function as `environment::call` takes it.
  std::string function;
  /// What it is called with.
  arguments args = {};
  /// For a context: the environment; else the sender's own.
  std::optional<environment_id> where = std::nullopt;
};

/// Evaluates one expression.
struct eval {
  /// UTF-8.
  std::string expression;
  /// Seen by the expression before the environment's own.
  overlay names = {};
  /// As in `call`.
  std::optional<environment_id> where = std::nullopt;
};

/// Runs statements.
struct exec {
  /// UTF-8.
  std::string code;
  /// Shown in tracebacks; may be empty.
  std::string file = {};
  /// As in `call`.
  std::optional<environment_id> where = std::nullopt;
};

/// Calls a method of a Python actor to learn how it is, as a health check does:
/// whatever the method raises is the answer, and ends nobody.
struct inquire {
  /// Name of the method.
  std::string method;
  /// What it is called with.
  arguments args = {};
};

/// Asks a context for one more environment, owned by `owner`, or by the sender
/// where that is null; answered with its `environment_id`.
struct make_environment {
  /// Its end releases the environment; null for the sender.
  caf::actor_addr owner;
};

/// Asks a context to release an explicit environment now.
struct drop_environment {
  /// As `make_environment` was answered.
  environment_id which;
};

} // namespace runtime
} // namespace pyactor

PYACTOR_LOCAL_MESSAGE(pyactor::value)
PYACTOR_LOCAL_MESSAGE(pyactor::error)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::environment_id)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::call)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::eval)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::exec)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::inquire)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::make_environment)
PYACTOR_LOCAL_MESSAGE(pyactor::runtime::drop_environment)
