#include <pyactor/runtime/pending_reply.hpp>

#include <pyactor/libpyactor/insist.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>

#include <utility>

namespace pyactor::runtime {

pending_reply::~pending_reply() {
  if (!pending())
    return;
  insist([this] {
    deliver(caf::make_message(to_caf(
      error{.code = errc::reply_lost,
            .message = "the actor dropped the request without an answer"})));
  });
}

bool pending_reply::pending() const noexcept {
  std::unique_lock guard{mtx_};
  return static_cast<bool>(source_) || !stages_.empty();
}

void pending_reply::take(const caf::response_promise& request) {
  id_ = request.id();
  source_ = request.source();
  stages_ = request.stages();
}

bool pending_reply::deliver(caf::message content) {
  // First, because what follows must not fail.
  auto envelope = caf::make_mailbox_element(
    nullptr, caf::make_message_id(), caf::mailbox_element::forwarding_stack{},
    std::move(content));
  std::unique_lock guard{mtx_};
  auto stages = std::exchange(stages_, {});
  auto source = std::exchange(source_, nullptr);
  guard.unlock();
  if (!source && stages.empty())
    return false;
  if (id_.is_async()) // a plain message: nobody waits
    return true;
  auto* here = context::current();
  auto* unit = here ? &here->guests_unit() : nullptr;
  if (!stages.empty()) {
    auto next = std::move(stages.back());
    stages.pop_back();
    envelope->sender = std::move(source);
    envelope->mid = id_;
    envelope->stages = std::move(stages);
    next->enqueue(std::move(envelope), unit);
    return true;
  }
  envelope->mid = id_.response_id();
  source->enqueue(std::move(envelope), unit);
  return true;
}

} // namespace pyactor::runtime
