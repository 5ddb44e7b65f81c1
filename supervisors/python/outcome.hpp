#pragma once

#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/messages.hpp>
#include <pyactor/supervisors/reload.hpp>

#include <string>

namespace pyactor::supervisors::python {

/// What became of an order or a request of Python code.
struct outcome {
  /// The child's id; may be empty.
  std::string child = {};
  /// What was started, or has left a request behind; may be 0.
  incarnation_id incarnation = 0;
  /// The name of an error; empty where all is well.
  std::string error = {};
  /// For a person.
  std::string message = {};
  /// What only outcomes of this kind have.
  value::mapping more = {};
};

/// @returns the outcome of an order
[[nodiscard]] outcome of_order(const order_reply& reply);

/// @returns the outcome of an order that failed
[[nodiscard]] outcome of_failure(const sup_error& why);

/// @returns the outcome of a request to that child
[[nodiscard]] outcome of_answer(const std::string& id, const value& answer);
[[nodiscard]] outcome of_failure(const std::string& id, const caf::error& why);

/// @returns the outcome of a reload
[[nodiscard]] outcome of_reload(const reload_summary& what);

/// Who is told of an outcome: a method of the actor that runs while this is
/// made.
/// @thread any; a value
class listener {
public:
  /// @param method  empty, and what fails goes to the log
  /// @param order   what the outcome will be one of, for the log
  listener(std::string method, std::string order);

  void hear(const outcome& what) const;

  /// @returns whether an outcome goes to an actor
  [[nodiscard]] bool is_somebody() const noexcept {
    return !method_.empty();
  }

private:
  std::string method_;
  std::string order_;
  caf::actor_addr whom_;
};

/// @returns the actor that the calling thread runs, or null
[[nodiscard]] caf::actor running_actor();

} // namespace pyactor::supervisors::python
