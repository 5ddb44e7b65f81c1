#include <pyactor/runtime/pinned_base.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/log.hpp>
#include <pyactor/runtime/pending_reply.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace pyactor::runtime {

namespace {

bool is_crash(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown
         && reason != caf::exit_reason::unreachable
         && from_caf(reason).exit_code != 0;
}

} // namespace

pinned_base::pinned_base(caf::execution_unit* unit, bool detached) {
  auto* guests = dynamic_cast<guest_unit*>(unit);
  if (!guests)
    throw std::logic_error{"a pinned actor belongs to a context: spawn it with "
                           "runtime::spawn, not with actor_system::spawn"};
  if (detached)
    throw std::logic_error{"a pinned actor cannot be detached: it runs on its "
                           "context's thread"};
  home_ = guests->owner().shared_from_this();
}

pinned_base::~pinned_base() = default;

void pinned_base::max_handler_time(context::clock::duration limit) {
  const auto& expect = home_->config().expect_limit;
  auto watched = limit > limit.zero() && expect ? expect(limit) : nullptr;
  own_limit_ = std::make_unique<own_limit>(limit, std::move(watched));
}

uint64_t pinned_base::running_call() const noexcept {
  auto now = std::as_const(*home_).running().read();
  return now.in_python && now.actor == address().id() ? now.turn : 0;
}

bool pinned_base::interrupt(error why) {
  auto call = running_call();
  return call != 0 && home_->interrupt(call, std::move(why));
}

pinned_base* pinned_base::behind(const caf::strong_actor_ptr& who) {
  return dynamic_cast<pinned_base*>(caf::actor_cast<caf::abstract_actor*>(who));
}

caf::result<caf::message>
pinned_base::unexpected_message(caf::scheduled_actor* self,
                                caf::message_view&) {
  if (self->current_mailbox_element()->mid.is_request())
    return caf::sec::unexpected_message;
  log().warn("{} (actor {}) got a message that it has no handler for",
             self->name(), self->id());
  return caf::delegated<caf::message>{};
}

python_state& pinned_base::state() {
  if (!state_)
    state_ = std::make_unique<python_state>();
  return *state_;
}

python_scope pinned_base::python() {
  auto& py = home_->python().attach();
  auto& env = state().env;
  if (!env) {
    env.emplace(value_or_throw(home_->make_environment()));
  }
  return python_scope{*home_, py, *env};
}

std::shared_ptr<pending_reply>
pinned_base::track(std::unique_ptr<pending_reply> reply) {
  if (!replies_)
    replies_ = std::make_unique<owed_replies>();
  auto on_last_reference = [this](pending_reply* raw) {
    std::unique_ptr<pending_reply> owned{raw};
    auto* here = context::current();
    // `this` is only compared unless it is the actor that runs here.
    if (owned->pending() && here && here->running_actor() == this
        && (std::uncaught_exceptions() > 0 || ending()))
      try {
        replies_->keep(std::move(owned));
      } catch (const std::bad_alloc&) {
        // It has been answered with `reply_lost`.
      }
  };
  std::shared_ptr<pending_reply> result{reply.release(), on_last_reference};
  replies_->add(result);
  return result;
}

void pinned_base::fail_replies(const caf::error& why) {
  if (replies_)
    replies_->fail(why);
}

void pinned_base::release_python(const caf::error& reason) {
  if (state_)
    home_->release(*this,
                   {.state = std::move(state_),
                    .reason = describe(reason),
                    .crashed = is_crash(reason),
                    .actor = address().id(),
                    .limit = max_handler_time(),
                    .watched = own_limit_ ? own_limit_->watched : nullptr});
  own_limit_.reset();
}

} // namespace pyactor::runtime
