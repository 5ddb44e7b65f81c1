#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace pyactor::supervisors::engine {

/// A name that one child of an actor system has, until this is destroyed.
/// @thread any
class claimed_name {
public:
  /// @returns null where another child has the name
  [[nodiscard]] static std::unique_ptr<claimed_name>
  claim(const caf::actor_system& system, std::string name,
        const std::shared_ptr<child_slot>& slot);

  /// @returns the child that has `name`; null if none has
  [[nodiscard]] static std::shared_ptr<child_slot>
  find(const caf::actor_system& system, std::string_view name);

  ~claimed_name();

  claimed_name(const claimed_name&) = delete;
  claimed_name& operator=(const claimed_name&) = delete;

  [[nodiscard]] const std::string& text() const noexcept {
    return text_;
  }

private:
  claimed_name(const caf::actor_system& system, std::string text);

  const caf::actor_system& system_;
  const std::string text_;
};

} // namespace pyactor::supervisors::engine
