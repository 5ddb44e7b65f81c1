#include <pyactor/runtime/owed_replies.hpp>

#include <pyactor/libpyactor/insist.hpp>
#include <pyactor/runtime/error_mapping.hpp>

#include <algorithm>
#include <utility>

namespace pyactor::runtime {

void owed_replies::add(const std::shared_ptr<pending_reply>& reply) {
  if (held_.size() >= sweep_at_) {
    std::erase_if(held_, [](auto& one) { return one.expired(); });
    sweep_at_ = std::max<size_t>(16, 2 * held_.size());
  }
  held_.push_back(reply);
}

void owed_replies::keep(std::unique_ptr<pending_reply> reply) {
  kept_.push_back(std::move(reply));
}

void owed_replies::fail(const caf::error& why) {
  if (kept_.empty() && held_.empty())
    return;
  caf::message answer;
  insist([&] {
    answer = caf::make_message(
      why ? why
          : to_caf(error{.code = errc::reply_lost,
                         .message = "the actor ended before it had answered"}));
  });
  for (auto& reply : std::exchange(kept_, {}))
    insist([&] { reply->deliver(answer); });
  for (auto& one : std::exchange(held_, {}))
    if (auto reply = one.lock())
      insist([&] { reply->deliver(answer); });
}

} // namespace pyactor::runtime
