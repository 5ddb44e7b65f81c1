#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What a reload does about children that only one of the lists has. In both
/// modes a child that is in both goes on as it is, with its new spec.
enum class reload_mode : uint8_t {
  /// As OTP: new ones are added, but not started; old ones are kept, behind all
  /// others in the start order.
  otp,
  /// Old ones are stopped, newest first, and dropped; then new ones are
  /// started, in list order, each when the one before is ready or has failed.
  /// One that fails is not tried again: it stays stopped, as after
  /// `restart_child`, and the others are started all the same.
  converge,
};

/// What a reload did, by child ids.
struct reload_summary {
  /// In list order.
  std::vector<std::string> added{};
  /// In list order. Specs count as changed by all but their functions, which
  /// cannot be compared; new functions are taken over in any case.
  std::vector<std::string> changed{};
  /// In the order of their stops; with `reload_mode::converge`.
  std::vector<std::string> removed{};
  /// In start order: those that the new list does not have; with
  /// `reload_mode::otp`.
  std::vector<std::string> kept{};
  /// Children that were to be started and could not; each error is that of
  /// `supervisor_ref::restart_child`.
  std::vector<sup_error> failed{};
};

} // namespace supervisors
} // namespace pyactor
