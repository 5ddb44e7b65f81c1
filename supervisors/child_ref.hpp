#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>
#include <pyactor/supervisors/error.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What became of a request at the moment it was made.
/// @thread the requesting actor's
struct request_fate {
  /// The incarnation it was sent to; 0 if it was not sent.
  incarnation_id incarnation = 0;
  /// Why it was not sent.
  child_unavailable obstacle;
  /// Whether it may wait: who passes it on says what comes of it.
  bool is_relayed = false;

  /// @param what  as CAF gave it to the client
  /// @returns CAF's error in terms of supervision
  [[nodiscard]] caf::error translate(const caf::error& what) const;

  /// Counts a request that was lost with its incarnation, once.
  /// @param outcome  as `translate` has it
  /// @param ticket   of the request; null where somebody else counts
  void count(const caf::error& outcome,
             engine::in_flight::ticket* ticket) const;
};

/// The outcome of a request to a supervised child, yet to come. Use it once,
/// as CAF's own: `then` or `await` in an event-based actor, `receive` in a
/// blocking or scoped one. Exactly one of the two functions is called.
/// @thread the requesting actor's
template <class Handle>
class child_response {
public:
  /// What `child_ref::request` returns; users make none.
  /// @param handle  CAF's own
  /// @param fate    of the request
  /// @param ticket  null where the request has its outcome, or somebody else
  ///                sees to it
  child_response(Handle handle, request_fate fate,
                 std::shared_ptr<engine::in_flight::ticket> ticket)
    : handle_(std::move(handle)), fate_(fate), ticket_(std::move(ticket)) {
    // nop
  }

  /// Calls one of the two functions; other messages are handled meanwhile.
  /// @param f         takes the response
  /// @param on_error  takes a `caf::error`
  template <class F, class OnError>
  void then(F f, OnError on_error) && {
    handle_.then(std::move(f), guarded(std::move(on_error)));
  }

  /// As `then`, but the actor handles no other message until that.
  /// @param f         takes the response
  /// @param on_error  takes a `caf::error`
  template <class F, class OnError>
  void await(F f, OnError on_error) && {
    handle_.await(std::move(f), guarded(std::move(on_error)));
  }

  /// Blocks until there is an outcome, and calls one of the two functions.
  /// @param f         takes the response
  /// @param on_error  takes a `caf::error`
  template <class F, class OnError>
  void receive(F f, OnError on_error) && {
    auto last = fate_.incarnation == 0; // also of what is relayed
    handle_.receive(std::move(f), [&](caf::error& what) {
      last = last || child_down::from_error(what);
      auto translated = fate_.translate(what);
      fate_.count(translated, ticket_.get());
      on_error(translated);
    });
    // A blocking actor keeps what nobody waits for. If the incarnation ended
    // after this outcome, its second one is on the way: take it out, too.
    if (!last && !(ticket_ && ticket_->settle()))
      handle_.receive([] {}, [](caf::error&) {});
  }

private:
  /// The handler holds the ticket, so CAF gives it back with the handler.
  template <class OnError>
  auto guarded(OnError on_error) {
    return [fate = fate_, ticket = std::move(ticket_),
            on_error = std::move(on_error)](caf::error& what) mutable {
      auto translated = fate.translate(what);
      fate.count(translated, ticket.get());
      on_error(translated);
    };
  }

  Handle handle_;
  request_fate fate_;
  std::shared_ptr<engine::in_flight::ticket> ticket_;
};

/// A client's handle to a supervised child: leads to the incarnation that runs
/// at the moment of each use. While none does, or it is not ready, the spec's
/// `while_down` says what becomes of messages; by default they fail at once. It
/// keeps no incarnation and no supervisor alive.
/// @thread any; a value, cheap to copy
class child_ref {
public:
  /// What `supervisor_ref::child` returns; users make none.
  /// @param slot  where the supervisor shows the child; not null
  explicit child_ref(std::shared_ptr<engine::child_slot> slot);

  /// @returns the handle of the running incarnation, or `child_unavailable`.
  ///          Let go of it soon: a raw handle stays with its incarnation.
  [[nodiscard]] std::expected<caf::actor, caf::error> current() const;

  /// @returns the running incarnation, or `child_unavailable`
  [[nodiscard]] std::expected<incarnation_id, caf::error> incarnation() const;

  /// @returns what is known of the child at this moment
  [[nodiscard]] child_status status() const noexcept;

  /// @returns whether what is sent now does not go to an incarnation, but where
  ///          the spec's `while_down` has it: it waits, or is collected
  [[nodiscard]] bool is_relayed() const noexcept;

  /// @returns what is equal for all handles to this child that lead there by
  ///          the same ids, and for no other handle that exists
  [[nodiscard]] const void* identity() const noexcept {
    return slot_.get();
  }

  /// Sends a request to the running incarnation. It has exactly one outcome:
  /// - the response, or the error that the child answered with
  /// - `sup_errc::child_unavailable`: it was not sent, or waited for too long
  /// - `sup_errc::child_down`: the incarnation ended first; whether it had
  ///   handled the request is not known, and nobody sends it again
  /// - `sec::request_timeout`: a late response is dropped. What waits for the
  ///   child may reach it after that.
  /// @param self     the requesting actor: an event-based actor's pointer or a
  ///                 `scoped_actor`
  /// @param timeout  a duration, or `caf::infinite`
  /// @param xs       the message
  /// @returns the outcome, yet to come: a `child_response`
  template <class Self, class Timeout, class... Ts>
  [[nodiscard]] auto request(Self&& self, Timeout timeout, Ts&&... xs) const {
    auto view = slot_->look();
    request_fate fate{
      0, {view->status, view->retry_after}, view->takes_detour()};
    auto to = fate.is_relayed ? proxy(self->home_system()) : view->handle;
    auto sent = self->request(to, timeout, std::forward<Ts>(xs)...);
    std::shared_ptr<engine::in_flight::ticket> ticket;
    if (!fate.is_relayed && view->handle) {
      fate.incarnation = view->requests->incarnation();
      ticket = view->requests->enter({self->address(), sent.id()});
    }
    return child_response{std::move(sent), fate, std::move(ticket)};
  }

  /// @param system  the supervisor's
  /// @returns an actor that stands for the child: it passes all that it is sent
  ///          on, as this reference would, for those who need a handle. It does
  ///          so on the sender's thread, without a turn of its own. Exit
  ///          messages do nothing to it.
  [[nodiscard]] caf::actor proxy(caf::actor_system& system) const;

private:
  std::shared_ptr<engine::child_slot> slot_;
};

} // namespace supervisors
} // namespace pyactor
