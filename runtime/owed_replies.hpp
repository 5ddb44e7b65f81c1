#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/pending_reply.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// What an actor has promised to answer and has not answered yet, so that it
/// can be answered with an error when the actor ends.
/// @thread the actor's
class owed_replies {
public:
  /// A reply that somebody holds.
  /// @param reply not kept alive here
  void add(const std::shared_ptr<pending_reply>& reply);

  /// A reply whose last reference died while the handler threw, or while CAF
  /// cleared the handlers of an actor that ends: its client gets the reason.
  /// @param reply kept alive until `drop_kept` or `fail`
  void keep(std::unique_ptr<pending_reply> reply);

  /// Gives up what was kept: the exception did not leave the handler.
  void drop_kept() noexcept {
    kept_.clear();
  }

  /// Answers all.
  /// @param why none for an actor that ended normally
  void fail(const caf::error& why);

private:
  std::vector<std::unique_ptr<pending_reply>> kept_;
  /// Those that are gone are swept out when there are `sweep_at_`.
  std::vector<std::weak_ptr<pending_reply>> held_;
  size_t sweep_at_ = 16;
};

} // namespace runtime
} // namespace pyactor
