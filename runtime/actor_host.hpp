#pragma once

#include <pyactor/libpyactor/extension.hpp>
#include <pyactor/libpyactor/host.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/name_registry.hpp>
#include <pyactor/runtime/router.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pyactor::runtime {

/// A CAF actor as Python code holds it.
/// @param strong whether the reference keeps the actor alive
[[nodiscard]] actor_ref_ptr make_actor_ref(const caf::strong_actor_ptr& who,
                                           bool strong);

/// @returns the CAF actor behind `who`; null where it is being destroyed, or is
///          no actor of this runtime
[[nodiscard]] caf::strong_actor_ptr actor_behind(const actor_ref_ptr& who);

/// What the package `pyactor` offers inside Python code, with CAF behind it.
/// @thread any
class actor_host final : public host {
public:
  actor_host(caf::actor_system& system, std::shared_ptr<router> routes,
             std::shared_ptr<name_registry> names,
             std::vector<extension> extensions);

  expected<actor_ref_ptr> self() override;
  expected<actor_ref_ptr> spawn(std::string_view target,
                                arguments args) override;
  expected<void> register_name(std::string name, actor_ref_ptr who) override;
  actor_ref_ptr whereis(std::string_view name) override;
  expected<void> extend(std::chrono::nanoseconds time) override;
  expected<void> poison(std::string reason) override;
  std::span<const extension> extensions() const noexcept override;

private:
  caf::actor_system& system_;
  std::shared_ptr<router> router_;
  std::shared_ptr<name_registry> names_;
  const std::vector<extension> extensions_;
};

} // namespace pyactor::runtime
