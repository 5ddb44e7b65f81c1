#pragma once

#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/operation.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pyactor::supervisors::engine {

/// The one spec of a supervisor of `simple_one_for_one`, and the ids of the
/// children that come from it.
/// @thread one at a time
class child_template {
public:
  /// @param spec its defaults are filled in
  explicit child_template(child_spec spec);

  /// Of the supervisor's children, all but their ids.
  [[nodiscard]] const std::shared_ptr<const child_spec>& spec() const noexcept {
    return spec_;
  }

  /// Replaces the spec for children to come.
  /// @param spec of the same id, its defaults filled in
  void change(child_spec spec);

  /// @returns an id that was never given out before
  [[nodiscard]] std::string next_id();

  /// @returns whether `id` was given out
  [[nodiscard]] bool has_given(std::string_view id) const noexcept;

private:
  std::shared_ptr<const child_spec> spec_;
  std::string prefix_;
  uint64_t last_ = 0;
};

/// @param restart of the spec
/// @returns whether an order goes with children that come from one spec. They
///          are gone when they have ended, and of temporary ones nothing is
///          kept that could start them again.
[[nodiscard]] constexpr bool goes_with_template(operation what,
                                                restart_type restart) noexcept {
  switch (what) {
    case operation::start_child:
    case operation::restart_child:
    case operation::delete_child:
      return false;
    case operation::cycle_child:
      return restart != restart_type::temporary;
    case operation::retry_now:
    case operation::terminate_child:
      break;
  }
  return true;
}

} // namespace pyactor::supervisors::engine
