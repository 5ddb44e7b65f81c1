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

void message_breaker::change(size_t threshold, while_down policy) {
  std::unique_lock guard{mutex_};
  threshold_ = threshold;
  std::swap(policy_, policy); // the old one goes after the lock
}

void message_breaker::begin(incarnation_id incarnation) {
  std::unique_lock guard{mutex_};
  incarnation_ = incarnation;
  handled_ = 0;
}

bool message_breaker::admit(incarnation_id incarnation, uint64_t digest) {
  std::unique_lock guard{mutex_};
  if (incarnation != incarnation_)
    return true;
  auto known = crashes_.find(digest);
  if (threshold_ != 0 && known != crashes_.end() && known->second >= threshold_)
    return false;
  handled_ = digest;
  return true;
}

void message_breaker::settle(incarnation_id incarnation) noexcept {
  std::unique_lock guard{mutex_};
  if (incarnation == incarnation_)
    handled_ = 0;
}

bool message_breaker::note_crash() {
  std::unique_lock guard{mutex_};
  auto digest = std::exchange(handled_, 0);
  if (digest == 0)
    return false;
  auto [place, is_new] = crashes_.try_emplace(digest, 0);
  auto crashes = ++place->second;
  if (is_new)
    order_.push_back(digest);
  if (order_.size() > capacity) {
    crashes_.erase(order_.front());
    order_.pop_front();
  }
  return crashes == threshold_;
}

caf::error message_breaker::refuse(caf::strong_actor_ptr sender,
                                   caf::message content) const {
  std::unique_lock guard{mutex_};
  auto threshold = std::to_string(threshold_);
  auto policy = policy_;
  guard.unlock();
  log(layer::supervisors)
    .warn("'{}' does not handle a message that it has crashed on {} times "
          "or more",
          child_, threshold);
  if (const auto* letters = std::get_if<to_dead_letters>(&policy))
    caf::anon_send(letters->to,
                   dead_letter{child_, child_status::running, std::move(sender),
                               std::move(content)});
  return caf::make_error(sup_errc::poison_message, "'" + child_
                                                     + "' has crashed on it "
                                                     + threshold + " times");
}

} // namespace pyactor::supervisors
