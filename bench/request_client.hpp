#pragma once

#include <pyactor/bench/failure.hpp>
#include <pyactor/runtime/caf.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace pyactor::bench {

/// Tells a client to send so many requests.
struct go {
  int64_t requests = 0;
  /// Requests in flight at any time.
  int64_t window = 1;
};

} // namespace pyactor::bench

PYACTOR_LOCAL_MESSAGE(pyactor::bench::go)

namespace pyactor::bench {

/// A plain CAF actor that sends requests to one server, some at a time, and
/// answers `go` with the nanoseconds that all of them took. The floor of a
/// workload and the workload itself share it.
/// @tparam Answer type of the server's answer
template <class Answer, class MakeRequest>
class request_client : public caf::event_based_actor {
public:
  request_client(caf::actor_config& config, caf::actor server,
                 MakeRequest make_request)
    : event_based_actor(config), server_(std::move(server)),
      make_request_(std::move(make_request)) {
  }

  caf::behavior make_behavior() override {
    return {
      [this](const go& order) {
        reply_ = make_response_promise();
        to_send_ = to_receive_ = order.requests;
        start_ = std::chrono::steady_clock::now();
        for (int64_t i = 0; i < order.window; ++i)
          send_next();
        return reply_;
      },
    };
  }

private:
  void send_next() {
    if (to_send_-- <= 0)
      return;
    request(server_, caf::infinite, make_request_())
      .then(
        [this](const Answer&) {
          if (--to_receive_ > 0) {
            send_next();
            return;
          }
          auto taken = std::chrono::steady_clock::now() - start_;
          reply_.deliver(std::chrono::nanoseconds{taken}.count());
        },
        fail);
  }

  caf::actor server_;
  MakeRequest make_request_;
  caf::response_promise reply_;
  int64_t to_send_ = 0;
  int64_t to_receive_ = 0;
  std::chrono::steady_clock::time_point start_;
};

} // namespace pyactor::bench
