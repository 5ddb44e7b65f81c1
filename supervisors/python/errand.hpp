#pragma once

#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_ref.hpp>
#include <pyactor/supervisors/python/refs.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

/// Requests to supervisors and children on behalf of Python code. An actor of
/// its own makes each of them, because an actor written in Python cannot await
/// a response. It is spawned with an argument: CAF 0.17 binds a reference to
/// null where there is none.
namespace pyactor::supervisors::python {

/// Where an answer that Python code waits for is put.
/// @thread any
class question final : public opaque_ref {
public:
  static constexpr std::string_view kind = "a question";

  std::string describe() const override {
    return "question";
  }

  /// Puts the answer; only the first one counts.
  void answer(value what) const;

  /// @returns none where there is no answer within `limit`
  [[nodiscard]] std::optional<value> wait(std::chrono::nanoseconds limit) const;

private:
  mutable std::mutex mtx_;
  mutable std::condition_variable answered_;
  // guarded by mtx_
  mutable std::optional<value> answer_;
};

/// Sends `what` to `whom`, and calls one of the two functions, on the thread of
/// whoever runs the errand: with the reply, or with why there is none.
/// @thread one that runs Python code, which goes on, perhaps for ever
template <class Reply, class Message, class F, class G>
void run_errand(const caf::actor& whom, Message what, caf::duration timeout,
                F on_reply, G on_failure) {
  whom.home_system().spawn(
    [=](caf::event_based_actor* self, const caf::actor& addressee) {
      self->request(addressee, timeout, what)
        .then([=](const Reply& reply) { on_reply(reply); },
              [=](const caf::error& why) { on_failure(from_caf_error(why)); });
    },
    whom);
  runtime::let_go_of_logger();
}

/// Sends a request to `child`, and calls one of the two functions, as above:
/// with the answer, or with the error that `child_ref::request` ends with.
/// @thread as above
template <class Message, class F, class G>
void run_errand(caf::actor_system& system, const child_ref& child, Message what,
                caf::duration timeout, F on_answer, G on_failure) {
  system.spawn(
    [=](caf::event_based_actor* self, const child_ref& addressee) {
      // Kept until there is an outcome: an incarnation may end with the last
      // handle.
      caf::strong_actor_ptr kept{self->ctrl()};
      addressee.request(self, timeout, what)
        .then([=](const value& answer) { on_answer(answer); },
              [=, kept = std::move(kept)](const caf::error& why) {
                on_failure(why);
              });
    },
    child);
  runtime::let_go_of_logger();
}

/// @returns the limit of a request
[[nodiscard]] inline caf::duration to_timeout(std::chrono::nanoseconds limit) {
  return limit == forever ? caf::duration{caf::infinite} : caf::duration{limit};
}

} // namespace pyactor::supervisors::python
