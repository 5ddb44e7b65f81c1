#pragma once

#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/plain_counter.hpp>
#include <pyactor/runtime/caf.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace pyactor::bench {

/// Tells a `life_giver` how many lives to watch, one after the other.
struct live {
  int64_t times = 0;
};

} // namespace pyactor::bench

PYACTOR_LOCAL_MESSAGE(pyactor::bench::live)

namespace pyactor::bench {

/// A plain CAF actor that spawns an actor, sends it one request, ends it, waits
/// for its end, and begins again; answers `live` with the nanoseconds of all.
/// @tparam Answer type of the actor's answer
template <class Answer, class Request>
class life_giver : public caf::event_based_actor {
public:
  /// Spawns an actor, from a handler of this one.
  using spawner = std::function<caf::actor(caf::event_based_actor&)>;

  life_giver(caf::actor_config& config, spawner spawn_one, Request request)
    : event_based_actor(config), spawn_one_(std::move(spawn_one)),
      request_(std::move(request)) {
    set_down_handler([this](const caf::down_msg&) {
      if (--left_ > 0)
        next();
      else
        reply_.deliver(
          std::chrono::nanoseconds{std::chrono::steady_clock::now() - start_}
            .count());
    });
  }

  caf::behavior make_behavior() override {
    return {
      [this](const live& order) {
        reply_ = make_response_promise();
        left_ = order.times;
        start_ = std::chrono::steady_clock::now();
        next();
        return reply_;
      },
    };
  }

private:
  void next() {
    auto mortal = spawn_one_(*this);
    monitor(mortal);
    request(mortal, caf::infinite, request_)
      .then(
        [this, mortal](const Answer&) {
          send_exit(mortal, caf::exit_reason::user_shutdown);
        },
        fail);
  }

  spawner spawn_one_;
  Request request_;
  caf::response_promise reply_;
  int64_t left_ = 0;
  std::chrono::steady_clock::time_point start_;
};

} // namespace pyactor::bench
