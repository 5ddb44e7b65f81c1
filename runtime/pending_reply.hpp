#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// The answer that one request still waits for. Delivered at most once; a
/// request that nobody answered before the last reference was gone is answered
/// with `reply_lost`, so that it gets exactly one outcome.
///
/// Plain CAF promises leave such a request unanswered for ever. This one also
/// holds no reference to its own actor, so that an actor that keeps a promise
/// can still be dropped; the response therefore names no sender.
/// @thread any
class pending_reply {
public:
  /// For no request yet: made first, so that a request that CAF has let go of
  /// is never without a reply for want of memory.
  pending_reply() = default;

  pending_reply(const pending_reply&) = delete;
  pending_reply& operator=(const pending_reply&) = delete;

  /// Answers with `reply_lost` where nothing was delivered.
  ~pending_reply();

  /// Takes on a request.
  /// @param request what `make_response_promise` gave for the current message
  /// @pre this is for no request yet, and nobody else has it
  void take(const caf::response_promise& request);

  /// @param content the answer, or one `caf::error`
  /// @throws std::bad_alloc and is still pending then
  /// @returns false where the reply was delivered before, or none is expected
  bool deliver(caf::message content);

  /// @returns whether a reply is expected and was not delivered
  [[nodiscard]] bool pending() const noexcept;

private:
  mutable std::mutex mtx_;
  // guarded by mtx_
  caf::strong_actor_ptr source_;
  std::vector<caf::strong_actor_ptr> stages_;

  caf::message_id id_;
};

/// A handler's promise to answer its request later, with `Ts...`.
///
/// A client gets exactly one outcome, whichever comes first: what is delivered,
/// the error with which the actor ends, a handler's exception above all, or
/// `reply_lost` when the last copy is gone.
/// @thread any; copies share the reply
template <class... Ts>
class promise {
public:
  promise() = default;

  /// A promise to answer a request.
  /// @param reply of the request, see pinned_actor::make_promise; null delivers
  ///              nothing
  explicit promise(std::shared_ptr<pending_reply> reply)
    : reply_(std::move(reply)) {
  }

  /// @param xs the answer
  /// @returns false where an outcome was delivered before
  bool deliver(Ts... xs) {
    return reply_ && reply_->deliver(caf::make_message(std::move(xs)...));
  }

  /// @param why in place of the answer
  /// @returns false where an outcome was delivered before
  bool fail(caf::error why) {
    return reply_ && reply_->deliver(caf::make_message(std::move(why)));
  }

  /// @returns whether an outcome is expected and was not delivered
  [[nodiscard]] bool pending() const noexcept {
    return reply_ && reply_->pending();
  }

  /// @returns what a handler returns that has taken a promise
  [[nodiscard]] caf::delegated<Ts...> later() const noexcept {
    return {};
  }

private:
  std::shared_ptr<pending_reply> reply_;
};

} // namespace runtime
} // namespace pyactor
