#include <pyactor/runtime/pending_reply.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>

#include <utility>

namespace pyactor::runtime {

pending_reply::pending_reply(const caf::response_promise& request)
  : source_(request.source()), stages_(request.stages()), id_(request.id()) {
}

pending_reply::~pending_reply() {
  if (!pending())
    return;
  deliver(caf::make_message(to_caf(
    error{.code = errc::reply_lost,
          .message = "the actor dropped the request without an answer"})));
}

bool pending_reply::pending() const noexcept {
  std::unique_lock guard{mtx_};
  return static_cast<bool>(source_) || !stages_.empty();
}

bool pending_reply::deliver(caf::message content) {
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
    next->enqueue(caf::make_mailbox_element(std::move(source), id_,
                                            std::move(stages),
                                            std::move(content)),
                  unit);
    return true;
  }
  source->enqueue(
    caf::make_mailbox_element(nullptr, id_.response_id(),
                              caf::mailbox_element::forwarding_stack{},
                              std::move(content)),
    unit);
  return true;
}

} // namespace pyactor::runtime
