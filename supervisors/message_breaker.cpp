#include <pyactor/supervisors/message_breaker.hpp>

#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/error.hpp>

#include <utility>
#include <variant>

namespace pyactor::supervisors {

message_breaker::message_breaker(std::string child, size_t threshold,
                                 while_down policy)
  : child_(std::move(child)), threshold_(threshold),
    policy_(std::move(policy)) {
  // nop
}

bool message_breaker::admit(uint64_t digest) {
  std::unique_lock guard{mutex_};
  auto known = crashes_.find(digest);
  if (known != crashes_.end() && known->second >= threshold_)
    return false;
  handled_ = digest;
  return true;
}

void message_breaker::settle() noexcept {
  std::unique_lock guard{mutex_};
  handled_ = 0;
}

bool message_breaker::note_crash() {
  std::unique_lock guard{mutex_};
  auto digest = std::exchange(handled_, 0);
  if (digest == 0)
    return false;
  if (crashes_.size() >= capacity)
    std::erase_if(crashes_, [&](const auto& known) {
      return known.second < threshold_ && known.first != digest;
    });
  return ++crashes_[digest] == threshold_;
}

caf::error message_breaker::refuse(caf::strong_actor_ptr sender,
                                   caf::message content) const {
  log(layer::supervisors)
    .warn("'{}' does not handle a message that it has crashed on {} times",
          child_, threshold_);
  if (const auto* letters = std::get_if<to_dead_letters>(&policy_))
    caf::anon_send(letters->to,
                   dead_letter{child_, child_status::running, std::move(sender),
                               std::move(content)});
  return caf::make_error(sup_errc::poison_message,
                         "'" + child_ + "' has crashed on it "
                           + std::to_string(threshold_) + " times");
}

} // namespace pyactor::supervisors
