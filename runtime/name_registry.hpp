#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/runtime/caf.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pyactor::runtime {

/// Names of live actors. A name goes with its actor, and never leads to a dead
/// one; it does not keep its actor alive.
/// @thread any
class name_registry : public std::enable_shared_from_this<name_registry> {
public:
  /// @returns `already_exists` where another live actor has the name,
  ///          `actor_dead` where `who` is dead, `invalid_argument` for an empty
  ///          name
  expected<void> put(std::string name, const caf::strong_actor_ptr& who);

  /// @returns null where no live actor has the name
  [[nodiscard]] caf::strong_actor_ptr find(std::string_view name) const;

  /// Frees a name; idempotent.
  void erase(std::string_view name);

  [[nodiscard]] size_t size() const;

private:
  struct text_hash {
    using is_transparent = void;

    size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  void forget(const std::string& name, const caf::actor_addr& who);

  mutable std::mutex mtx_;
  std::unordered_map<std::string, caf::actor_addr, text_hash, std::equal_to<>>
    names_;
};

} // namespace pyactor::runtime
