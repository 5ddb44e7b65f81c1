// How the time that a child takes to start and to stop grows with the number of
// its siblings, from 1000 to 100 000, all from the one spec of a supervisor.
// The floor is an actor that does it by hand: spawn, monitor, wait for the
// acknowledgement, ask to end, wait for the end.

#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/plain_counter.hpp>
#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

using namespace pyactor::bench;
namespace supervisors = pyactor::supervisors;

namespace {

/// An order for so many children, and for their end.
struct raise_children {
  int64_t count = 0;
};

/// A child has started.
struct ready {};

} // namespace

PYACTOR_LOCAL_MESSAGE(raise_children)
PYACTOR_LOCAL_MESSAGE(ready)

namespace {

using clock_type = std::chrono::steady_clock;

int64_t nanoseconds_since(clock_type::time_point start) {
  return std::chrono::nanoseconds{clock_type::now() - start}.count();
}

/// Has a supervisor start children and stop. Answers with the nanoseconds.
class client : public caf::event_based_actor {
public:
  client(caf::actor_config& config, supervisors::supervisor_ref supervisor)
    : event_based_actor(config), supervisor_(std::move(supervisor)) {
    set_down_handler([this](const caf::down_msg&) {
      reply_.deliver(nanoseconds_since(start_));
    });
  }

  caf::behavior make_behavior() override {
    return {
      [this](const raise_children& order) {
        reply_ = make_response_promise();
        start_ = clock_type::now();
        unready_ = order.count;
        // Without requests, among which CAF searches one by one.
        for (int64_t i = 0; i < order.count; ++i)
          send(supervisor_.handle(), supervisors::start_child_with{});
        return reply_;
      },
      [this](const supervisors::order_reply& answer) {
        if (!answer.result)
          fail(supervisors::to_caf_error(answer.result.error()));
        if (--unready_ > 0)
          return;
        monitor(supervisor_.handle());
        send(supervisor_.handle(), supervisors::stop_supervisor{});
      },
    };
  }

private:
  supervisors::supervisor_ref supervisor_;
  caf::response_promise reply_;
  clock_type::time_point start_;
  int64_t unready_ = 0;
};

/// Does by hand what a supervisor does for `client`.
class by_hand : public caf::event_based_actor {
public:
  explicit by_hand(caf::actor_config& config) : event_based_actor(config) {
    set_down_handler([this](const caf::down_msg&) {
      if (--living_ == 0)
        reply_.deliver(nanoseconds_since(start_));
    });
  }

  caf::behavior make_behavior() override {
    return {
      [this](const raise_children& order) {
        reply_ = make_response_promise();
        start_ = clock_type::now();
        unready_ = order.count;
        living_ = order.count;
        for (int64_t i = 0; i < order.count; ++i) {
          children_.push_back(spawn(
            [](caf::event_based_actor* self, const caf::actor& parent) {
              self->send(parent, ready{});
              return plain_counter();
            },
            caf::actor{this}));
          monitor(children_.back());
        }
        return reply_;
      },
      [this](ready) {
        if (--unready_ > 0)
          return;
        for (auto& child : std::exchange(children_, {}))
          send_exit(child, caf::exit_reason::user_shutdown);
      },
    };
  }

private:
  std::vector<caf::actor> children_;
  caf::response_promise reply_;
  clock_type::time_point start_;
  int64_t unready_ = 0;
  int64_t living_ = 0;
};

class crowded_world {
public:
  crowded_world() : system_(configured()) {
  }

  /// @returns the nanoseconds of so many children by hand
  int64_t floor_of(int64_t count) {
    return ask(system_.spawn<by_hand>(), count);
  }

  /// @returns the nanoseconds of one supervisor with so many children
  int64_t life_of(int64_t count) {
    supervisors::supervisor_flags flags;
    flags.strategy = supervisors::restart_strategy::simple_one_for_one;
    supervisors::child_spec spec;
    spec.id = "child";
    spec.start = supervisors::start_function(plain_counter);
    auto supervisor
      = supervisors::start_supervisor(system_, flags, {spec}).value();
    return ask(system_.spawn<client>(std::move(supervisor)), count);
  }

private:
  /// A worker that steals looks for the tail of a queue from its head: the
  /// floor, which puts 100 000 jobs into one, takes minutes now and then.
  caf::actor_system_config& configured() {
    config_.set("scheduler.policy", caf::atom("sharing"));
    return config_;
  }

  int64_t ask(const caf::actor& whom, int64_t count) {
    caf::scoped_actor self{system_};
    int64_t result = 0;
    self->request(whom, caf::infinite, raise_children{count})
      .receive([&](int64_t ns) { result = ns; }, fail);
    self->send_exit(whom, caf::exit_reason::user_shutdown);
    self->wait_for(whom);
    return result;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

/// @param life  gives the nanoseconds of so many children
template <class F>
double growth(F life) {
  constexpr int64_t few = 1'000;
  constexpr int64_t times = 100;
  int64_t one_after_another = 0;
  for (int64_t i = 0; i < times; ++i)
    one_after_another += life(few);
  return static_cast<double>(life(few * times))
         / static_cast<double>(one_after_another);
}

} // namespace

int main(int argc, char** argv) {
  crowded_world world;
  auto add = [](const char* name, auto quotient) {
    auto run = [quotient](benchmark::State& state) {
      constexpr double thousandth = 1e-9; // shows as one nanosecond
      for (auto _ : state)
        state.SetIterationTime(quotient() * 1000 * thousandth);
      state.SetItemsProcessed(state.iterations());
    };
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1);
  };
  add("floor",
      [&] { return growth([&](int64_t n) { return world.floor_of(n); }); });
  add("pyactor",
      [&] { return growth([&](int64_t n) { return world.life_of(n); }); });
  return run_benchmarks(argc, argv);
}
