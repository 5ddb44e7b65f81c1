#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/pending_reply.hpp>
#include <pyactor/runtime/pinned_base.hpp>
#include <pyactor/runtime/slice.hpp>

#include <exception>
#include <limits>
#include <memory>
#include <utility>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// A CAF actor that runs on its context's thread: an ordinary event-based actor
/// whose messages wake that context instead of CAF's scheduler, so that a
/// message to it costs a CAF message and the Python call, and no more.
///
/// Everything that depends on CAF's signatures of `enqueue`, `launch`, `resume`
/// and `cleanup` is in this template.
/// @tparam Base `caf::event_based_actor` or `caf::typed_event_based_actor<...>`
/// @thread handlers, `make_behavior` and `on_exit` run on the context's thread;
///         the destructor on whichever thread drops the last handle, and so
///         does `on_exit` of an actor that has not ended by then: it must not
///         call `python`
template <class Base>
class pinned_actor : public Base, public pinned_base {
public:
  /// As CAF's own actors call their base class.
  using super = Base;

  /// @param config its `host` is the `guests_unit` of a context
  /// @throws std::logic_error where the unit that it is spawned on belongs to
  ///         no context, or the actor is to be `detached`
  explicit pinned_actor(caf::actor_config& config)
    : Base(config),
      pinned_base(config.host,
                  config.flags & caf::abstract_actor::is_detached_flag) {
    this->set_default_handler(unexpected_message); // CAF's own prints it
    this->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  }

  /// Promises an answer to the current request, for later. The handler then
  /// returns `later()` of it.
  /// @returns what delivers the answer, from any thread
  template <class... Ts>
  [[nodiscard]] promise<Ts...> make_promise() {
    auto reply = std::make_unique<pending_reply>();
    reply->take(Base::make_response_promise());
    return promise<Ts...>{track(std::move(reply))};
  }

  /// Not for pinned actors: CAF's promise leaves its request without an outcome
  /// where the handler throws or the actor is killed. See make_promise.
  template <class...>
  void make_response_promise() = delete;

  caf::actor_addr address() const noexcept override {
    return Base::address();
  }

  // -- CAF's side -------------------------------------------------------------

  /// Delivers a message, and wakes up the context.
  /// @param what a request, an answer, or any message; not null
  /// @thread any
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (context::current() != &home())
      what = shape_as_answer(std::move(what));
    Base::enqueue(std::move(what), &home().residents_unit());
  }

  /// Joins the residents of its context. Ends the actor at once where its
  /// context has ended.
  /// @param lazy whether it first runs when a message comes
  /// @param hide whether CAF does not count it as running
  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    if (!home().residents().add(*this)) {
      this->cleanup(home().lost(), nullptr);
      return;
    }
    Base::launch(&home().residents_unit(), lazy, hide);
  }

  /// One slice, as caf::scheduled_actor::resume, but for two things: how long
  /// it lasts is decided between messages, and there are no streams.
  /// @param unit what it runs on: its context's `guests_unit`
  /// @returns whether it is to run again, waits for messages, or has ended
  caf::resumable::resume_result resume(caf::execution_unit* unit,
                                       size_t) override {
    auto starts = !this->getf(caf::abstract_actor::is_initialized_flag);
    slice turn{home(), *this, this->id(),
               starts ? context::clock::duration{0} : max_handler_time()};
    if (!this->activate(unit))
      return caf::resumable::done;
    if (starts)
      turn.begin_messages();
    size_t handled = 0;
    consumer consume{
      {this, handled, std::numeric_limits<size_t>::max()}, *this, turn};
    do {
      if (!this->mailbox().new_round(messages_per_round, consume).consumed_items
          && block(handled))
        return caf::resumable::awaiting_message;
      if (this->finalize())
        return caf::resumable::done;
    } while (!turn.over());
    return block(handled) ? caf::resumable::awaiting_message
                          : caf::resumable::resume_later;
  }

  /// Releases what the actor owns in Python, then answers what it owes.
  /// @param reason why it ends; none for a normal end
  /// @param unit that runs it; null from outside
  /// @returns whether this was the first call
  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    // First what Python holds, then the down messages: a replacement that is
    // started on one finds the old state gone, or queued before its own start.
    release_python(reason);
    home().forget(*this);
    fail_replies(reason);
    count_lost(close_mailbox(*this, reason));
    if (may_have_timeouts())
      return Base::cleanup(std::move(reason), unit);
    return cleanup_without_clock(std::move(reason), unit);
  }

  bool end_at_rest() override {
    if (!this->getf(caf::abstract_actor::is_initialized_flag))
      return false;
    slice turn{home(), *this, this->id(), max_handler_time()};
    this->quit(caf::exit_reason::kill);
    this->finalize();
    return true;
  }

protected:
  bool ending() const noexcept override {
    return is_quitting(this);
  }

  /// What `abandon` does.
  /// @param why as there
  void end_abandoned(const caf::error& why) override {
    if (auto* current = this->current_mailbox_element())
      if (current->mid.is_request() && !current->mid.is_answered())
        Base::make_response_promise().deliver(why);
    fail_replies(why);
    this->cleanup(caf::error{why}, nullptr);
  }

private:
  /// Messages of one priority that are handled in a row, as in CAF.
  static constexpr size_t messages_per_round = 3;

  /// Hands one message to CAF, then looks whether the slice is over.
  struct consumer {
    caf::scheduled_actor::mailbox_visitor handle;
    pinned_actor& self;
    slice& turn;

    template <class... Ts>
    caf::intrusive::task_result operator()(Ts&&... xs) {
      using caf::intrusive::task_result;
      turn.count_message();
      auto result = handle(std::forward<Ts>(xs)...);
      // CAF leaves it dangling, and `end_abandoned` looks at it.
      self.current_mailbox_element(nullptr);
      self.drop_replies();
      auto go_on = turn.next_message();
      // A skipped message goes back to its queue, a dead actor stops anyway.
      return go_on || result != task_result::resume ? result
                                                    : task_result::stop_all;
    }
  };

  /// @returns whether CAF's clock may hold a timeout of this actor: a request
  ///          of its own or a behavior has set it
  bool may_have_timeouts() const noexcept {
    return this->last_request_id_ != caf::message_id{} || this->timeout_id_ != 0
           || !this->stream_managers_.empty()
           || !this->pending_stream_managers_.empty();
  }

  /// CAF's own cleanup of an actor, with an empty mailbox, that has neither
  /// responses to wait for nor streams nor timeouts, short of its last step,
  /// which wakes the thread of CAF's clock to have timeouts removed: that is a
  /// quarter of a short life.
  bool cleanup_without_clock(caf::error&& reason, caf::execution_unit* unit) {
    this->unregister_from_system();
    return caf::monitorable_actor::cleanup(std::move(reason), unit);
  }

  /// @returns whether the mailbox is empty; the next message then wakes up
  bool block(size_t handled) {
    if (handled > 0)
      this->set_receive_timeout();
    return this->mailbox().try_block();
  }
};

/// A pinned actor with dynamically typed messages.
using python_actor = pinned_actor<caf::event_based_actor>;

/// A pinned actor with a typed interface.
template <class... Signatures>
using typed_python_actor
  = pinned_actor<caf::typed_event_based_actor<Signatures...>>;

} // namespace runtime
} // namespace pyactor
