#pragma once

#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/python/refs.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

/// Requests to a supervisor on behalf of Python code. An actor of its own makes
/// each of them, because an actor written in Python cannot await a response.
namespace pyactor::supervisors::python {

/// Where an answer that Python code waits for is put.
/// @thread any
class question final : public opaque_ref {
public:
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
  whom.home_system().spawn([=](caf::event_based_actor* self) {
    self->request(whom, timeout, what)
      .then([=](const Reply& reply) { on_reply(reply); },
            [=](const caf::error& why) {
              on_failure(why == caf::sec::request_timeout
                           ? sup_errc::timed_out
                           : sup_errc::supervisor_down);
            });
  });
  runtime::let_go_of_logger();
}

/// Whom the outcome of an order goes to.
/// @thread any; a value
class order_outcome {
public:
  /// @param method  of the running actor; empty, and what fails goes to the log
  /// @param order   its name, for the log
  order_outcome(std::string method, std::string order);

  /// @param id  the child's
  void operator()(const sup_expected<incarnation_id>& result,
                  const std::string& id) const;

private:
  std::string method_;
  std::string order_;
  caf::actor_addr whom_;
};

/// @returns the actor that the calling thread runs, or null
[[nodiscard]] caf::actor running_actor();

} // namespace pyactor::supervisors::python
