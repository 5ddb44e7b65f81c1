#include <pyactor/supervisors/engine/reception.hpp>

#include <pyactor/libpyactor/insist.hpp>
#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// Takes the answer to one request in the place of whoever has sent it, who
/// hears of one outcome, whatever becomes of the child.
class courier : public caf::monitorable_actor {
public:
  courier(caf::actor_config& config, caf::strong_actor_ptr client,
          caf::message_id response, incarnation_id incarnation)
    : caf::monitorable_actor(config), client_(std::move(client)),
      response_(response), incarnation_(incarnation) {
    // nop
  }

  /// Nobody is left who could answer.
  ~courier() override {
    if (!brought_)
      insist([this] {
        bring(caf::make_message(child_down{incarnation_}.to_error()), nullptr);
      });
    if (lost_ && ticket_)
      ticket_->lose();
  }

  /// @pre nobody else knows this actor yet
  void keep(std::shared_ptr<in_flight::ticket> ticket) {
    ticket_ = std::move(ticket);
  }

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    if (what->mid.is_response())
      bring(what->move_content_to_message(), host);
    else // to the sender of the request, as the child sees it
      client_->enqueue(std::move(what), host);
  }

  void on_destroy() override {
    insist([this] { cleanup(caf::exit_reason::unreachable, nullptr); });
  }

private:
  void bring(caf::message answer, caf::execution_unit* host) {
    if (brought_)
      return;
    // What takes memory comes first: nobody else brings what this one has
    // begun.
    auto lost = false;
    caf::mailbox_element_ptr reply;
    insist([&] {
      if (answer.match_elements<caf::error>()) {
        const auto& what = answer.get_as<caf::error>(0);
        // The second is what a promise gets that the incarnation still owed.
        if (what == caf::sec::request_receiver_down
            || what.category() == runtime::exit_category)
          answer = caf::make_message(child_down{incarnation_}.to_error());
        lost = child_down::from_error(answer.get_as<caf::error>(0)).has_value();
      }
      reply = caf::make_mailbox_element(nullptr, response_, {}, answer);
    });
    if (brought_.exchange(true))
      return;
    lost_ = lost;
    client_->enqueue(std::move(reply), host);
  }

  const caf::strong_actor_ptr client_;
  const caf::message_id response_;
  const incarnation_id incarnation_;
  std::atomic<bool> brought_ = false;
  /// Whether that was `child_down`.
  bool lost_ = false;
  std::shared_ptr<in_flight::ticket> ticket_;
};

/// @returns whether no incarnation of the child comes any more
bool is_final(child_status status) {
  return status == child_status::unknown
         || status == child_status::supervisor_down;
}

} // namespace

void pass_on(const child_view& view, caf::mailbox_element_ptr what,
             caf::execution_unit* host) {
  auto* child = caf::actor_cast<caf::abstract_actor*>(view.handle);
  if (!what->mid.is_request()) {
    child->enqueue(std::move(what), host);
    return;
  }
  auto& system = child->home_system();
  caf::actor_config config{host};
  auto response = what->mid.response_id();
  auto sender = caf::make_actor<courier, caf::strong_actor_ptr>(
    system.next_actor_id(), system.node(), &system, config,
    std::move(what->sender), response, view.requests->incarnation());
  auto ticket = view.requests->enter(
    {caf::actor_cast<caf::actor_addr>(sender), response});
  if (!ticket)
    return; // it has failed the request
  static_cast<courier*>(sender->get())->keep(std::move(ticket));
  auto content = what->move_content_to_message();
  child->enqueue(caf::make_mailbox_element(std::move(sender), what->mid,
                                           std::move(what->stages),
                                           std::move(content)),
                 host);
}

void refuse(const child_unavailable& why, const caf::mailbox_element& what,
            caf::execution_unit* host) {
  if (what.mid.is_request())
    runtime::respond_with_error(what.sender, host, what.mid.response_id(),
                                why.to_error());
}

reception::reception(std::string child, while_down policy)
  : child_(std::move(child)), policy_(std::move(policy)),
    view_(std::make_shared<const child_view>()) {
  // nop
}

void reception::take(caf::mailbox_element_ptr what, caf::abstract_actor& proxy,
                     caf::execution_unit* host) {
  std::unique_lock guard{mutex_};
  if (view_->handle) {
    pass_on(*view_, std::move(what), host);
    return;
  }
  const auto* room = std::get_if<buffer>(&policy_);
  if (room && !is_final(view_->status) && visitors_.size() < room->capacity) {
    crowded_.store(true, std::memory_order_release);
    auto now = proxy.home_system().clock().now();
    auto waits_for_ever = room->ttl >= time_point::max() - now;
    visitors_.push_back(
      {std::move(what), waits_for_ever ? time_point::max() : now + room->ttl});
    if (!alarm_ && !waits_for_ever)
      set_alarm(proxy);
    return;
  }
  auto why = obstacle();
  guard.unlock();
  refuse(why, *what, host);
  if (const auto* letters = std::get_if<to_dead_letters>(&policy_)) {
    auto sender = what->sender;
    caf::anon_send(letters->to,
                   dead_letter{child_, why.status, std::move(sender),
                               what->move_content_to_message()});
  } else if (!what->mid.is_request()) {
    log(layer::supervisors)
      .debug("'{}' is {}: a message for it is lost", child_,
             to_string(why.status));
  }
}

void reception::expire(caf::abstract_actor& proxy, caf::execution_unit* host) {
  auto now = proxy.home_system().clock().now();
  std::deque<visitor> late;
  child_unavailable why;
  {
    std::unique_lock guard{mutex_};
    if (!alarm_ || now < alarm_->when)
      return; // it was called off too late
    while (!visitors_.empty() && visitors_.front().until <= now) {
      late.push_back(std::move(visitors_.front()));
      visitors_.pop_front();
    }
    if (visitors_.empty()) {
      crowded_.store(false, std::memory_order_release);
      alarm_ = std::nullopt;
    } else {
      set_alarm(proxy);
    }
    why = obstacle();
  }
  size_t lost = 0;
  for (const auto& [what, until] : late) {
    refuse(why, *what, host);
    lost += !what->mid.is_request();
  }
  if (lost > 0)
    log(layer::supervisors)
      .warn("'{}' did not come back in time: {} messages for it are lost",
            child_, lost);
}

void reception::show(const child_view& view, caf::execution_unit* host) {
  caf::strong_actor_ptr idle; // let go of outside of the lock
  std::unique_lock guard{mutex_};
  view_ = std::make_shared<const child_view>(child_view{
    view.status, view.handle, view.requests, view.retry_after, nullptr});
  if (!view_->handle && !is_final(view_->status))
    return;
  // Under the lock, so that nobody overtakes those who have waited.
  for (auto& [what, until] : std::exchange(visitors_, {}))
    if (view_->handle)
      pass_on(*view_, std::move(what), host);
    else
      refuse(obstacle(), *what, host);
  crowded_.store(false, std::memory_order_release);
  idle = call_off_alarm();
}

/// The clock holds `proxy` until then.
void reception::set_alarm(caf::abstract_actor& proxy) {
  alarm_ = alarm{visitors_.front().until, proxy.address()};
  runtime::set_timeout(proxy, alarm_->when);
}

/// @returns who need not call any more, and may have been held by the clock
///          only
caf::strong_actor_ptr reception::call_off_alarm() {
  auto off = std::exchange(alarm_, std::nullopt);
  auto proxy = off ? runtime::upgrade(off->proxy) : nullptr;
  if (proxy)
    runtime::clear_timeout(*proxy->get());
  return proxy;
}

child_unavailable reception::obstacle() const noexcept {
  return {view_->status, view_->retry_after};
}

} // namespace pyactor::supervisors::engine
