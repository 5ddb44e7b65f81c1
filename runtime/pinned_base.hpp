#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/fwd.hpp>
#include <pyactor/runtime/owed_replies.hpp>
#include <pyactor/runtime/pending_reply.hpp>
#include <pyactor/runtime/python_scope.hpp>
#include <pyactor/runtime/python_state.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// What every pinned actor is, whatever its CAF base class: an actor with a
/// home context and, once it has used Python, an environment there.
/// @thread the context's, but for what says otherwise
class pinned_base {
public:
  pinned_base(const pinned_base&) = delete;
  pinned_base& operator=(const pinned_base&) = delete;

  virtual ~pinned_base();

  /// @returns its context, which outlives it
  /// @thread any
  [[nodiscard]] context& home() const noexcept {
    return *home_;
  }

  /// @returns this actor's Python: attached, with an environment that is
  ///          created at the first use, valid until the handler returns
  /// @throws python_error where the pool's preload fails
  [[nodiscard]] python_scope python();

  /// @returns how long one message may take once the actor has started; 0 for
  ///          any time. An actor whose Python code takes longer is hung: the
  ///          code is interrupted by a Python exception, and if it does not
  ///          come back, given up with the context. C++ code is never
  ///          interrupted. By default as its pool has it
  [[nodiscard]] context::clock::duration max_handler_time() const noexcept {
    return own_limit_ ? own_limit_->time : home_->config().max_handler_time;
  }

  /// Sets that for each message from the actor's next slice on.
  /// @param limit 0 for any time
  void max_handler_time(context::clock::duration limit);

  /// @returns whether that was set
  [[nodiscard]] bool has_own_limit() const noexcept {
    return own_limit_ != nullptr;
  }

  /// Interrupts the Python code that this actor runs at this moment, if it
  /// does, by the exception `pyactor.Interrupted`; waits for nothing.
  /// @param why what the request comes to, and the actor, if it is written in
  ///            Python
  /// @returns false where it runs none, or is being interrupted already
  /// @thread any
  bool interrupt(error why);

  /// The turn of the context in which this actor runs Python code at this
  /// moment: what `context::interrupt` and `runtime::give_up` aim at.
  /// @returns 0 where it runs none
  /// @thread any
  [[nodiscard]] uint64_t running_call() const noexcept;

  /// @returns how many messages it has never handled, because it has ended:
  ///          those that were waiting then, and that were no requests, which
  ///          get an error. 0 before
  /// @thread any
  [[nodiscard]] uint64_t lost_messages() const noexcept {
    return lost_messages_.load(std::memory_order_relaxed);
  }

  /// @returns its address, which keeps nothing alive
  /// @thread any
  [[nodiscard]] virtual caf::actor_addr address() const noexcept = 0;

  /// @param who any actor; not null
  /// @returns the pinned actor that this is; null where it is none
  [[nodiscard]] static pinned_base* behind(const caf::strong_actor_ptr& who);

  /// Ends this actor from outside, while its thread is stuck in Python and will
  /// touch it no more. Does nothing where another thread does so.
  /// @param why it ends, and what the request that it was handling gets
  /// @thread any
  void abandon(const caf::error& why) {
    if (!abandoned_.test_and_set())
      end_abandoned(why);
  }

  /// Kills this actor, between slices.
  /// @returns false where it has not started yet
  virtual bool end_at_rest() = 0;

protected:
  /// For an actor that is being spawned.
  /// @param unit the one that it is spawned on
  /// @param detached whether CAF is to give it a thread
  /// @throws std::logic_error where that belongs to no context, or `detached`
  ///         is set
  pinned_base(caf::execution_unit* unit, bool detached);

  /// What comes of a message that no handler takes. A plain message goes to the
  /// log; an error would end its sender.
  /// @param self the actor
  /// @param what the message
  /// @returns an error for who asked
  static caf::result<caf::message>
  unexpected_message(caf::scheduled_actor* self, caf::message_view& what);

  /// What `abandon` does, once.
  /// @param why as there
  virtual void end_abandoned(const caf::error& why) = 0;

  /// @returns whether this actor has been told to end, and why is known
  [[nodiscard]] virtual bool ending() const noexcept = 0;

  /// @returns what this actor owns in Python, made at the first use
  [[nodiscard]] python_state& state();

  /// Hands what this actor owns in Python to the context; idempotent.
  /// @param reason why the actor ends, for its `on_exit`
  /// @thread any
  void release_python(const caf::error& reason);

  /// Shares a reply that is answered with an error when this actor ends. Its
  /// last reference may die while the handler throws, or while CAF clears the
  /// handlers of an actor that ends: then it is kept, so that its client gets
  /// the reason.
  /// @param reply of the current request; not null
  /// @returns the reply, for whoever is to deliver it
  [[nodiscard]] std::shared_ptr<pending_reply>
  track(std::unique_ptr<pending_reply> reply);

  /// Answers all replies that are still owed.
  /// @param why none for an actor that ended normally
  void fail_replies(const caf::error& why);

  /// @param messages further ones for `lost_messages`
  void count_lost(uint64_t messages) noexcept {
    lost_messages_.fetch_add(static_cast<uint32_t>(messages),
                             std::memory_order_relaxed);
  }

  /// Gives up the kept replies: the exception did not leave the handler.
  void drop_replies() noexcept {
    if (replies_ && !ending())
      replies_->drop_kept();
  }

private:
  friend resident_list;

  struct own_limit {
    context::clock::duration time;
    /// Has the watchdog look after it; null where there is nothing to look
    /// after.
    std::shared_ptr<void> watched;
  };

  std::shared_ptr<context> home_;
  std::unique_ptr<python_state> state_;
  /// None before the first promise: most actors make none.
  std::unique_ptr<owed_replies> replies_;
  /// None where the limit is the pool's, as that of most actors is.
  std::unique_ptr<own_limit> own_limit_;

  // guarded by the resident list's lock
  pinned_base* next_ = nullptr;
  pinned_base* previous_ = nullptr;
  bool listed_ = false;

  std::atomic_flag abandoned_;
  /// Small, so that actors are no larger for it.
  std::atomic<uint32_t> lost_messages_ = 0;
};

} // namespace runtime
} // namespace pyactor
