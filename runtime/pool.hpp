#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/options.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// A named set of contexts of one kind.
/// @thread any
class pool {
public:
  /// @param name that a placement uses
  /// @param options what the contexts were made with
  /// @param contexts by index, as a placement names them
  /// @pre there is at least one context
  pool(std::string name, pool_options options,
       std::vector<std::shared_ptr<context>> contexts);

  /// @returns the name that a placement uses
  [[nodiscard]] const std::string& name() const noexcept {
    return name_;
  }

  /// @returns what it was made with
  [[nodiscard]] const pool_options& options() const noexcept {
    return options_;
  }

  /// @returns its contexts by index, as a placement names them
  [[nodiscard]] std::vector<std::shared_ptr<context>> contexts() const;

  /// Puts another context in the place of one that was given up, or poisoned.
  /// @param lost where it is none of the pool's, nothing happens
  /// @param fresh runs already; not null
  void replace(const context& lost, std::shared_ptr<context> fresh);

  /// Picks the context of a new actor; one that was given up is passed over.
  /// @param scheduler id of the CAF worker that asks, if one does
  /// @param policy overrules the pool's own
  /// @returns null where all were given up
  [[nodiscard]] context* pick(std::optional<size_t> scheduler,
                              std::optional<routing_policy> policy = {});

private:
  std::string name_;
  pool_options options_;
  mutable std::mutex mtx_;
  std::vector<std::shared_ptr<context>> contexts_; // guarded by mtx_
  std::atomic<size_t> turn_ = 0;
};

} // namespace runtime
} // namespace pyactor
