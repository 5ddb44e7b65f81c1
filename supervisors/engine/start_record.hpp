#pragma once

#include <pyactor/supervisors/error.hpp>

#include <mutex>
#include <optional>

namespace pyactor::supervisors::engine {

/// Why a supervisor could not start. It outlives the supervisor, which may have
/// ended before anybody could ask it.
/// @thread any
class start_record {
public:
  void set(sup_error what);

  [[nodiscard]] std::optional<sup_error> get() const;

private:
  mutable std::mutex mutex_;
  std::optional<sup_error> failure_;
};

} // namespace pyactor::supervisors::engine
