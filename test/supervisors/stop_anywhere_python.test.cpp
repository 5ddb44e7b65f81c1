// What a supervisor of Python children leaves behind: no environment, no actor,
// no thread. In real time.

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace stop_anywhere_python_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using Catch::Generators::from_range;
using pyactor::test::kinds;
using pyactor::test::patience;
using pyactor::test::runtime_world;

namespace {

constexpr auto source = R"(
import pyactor, sys, threading

class Main(pyactor.Actor):
    def __init__(self):
        if sys.__dict__.pop("fails_to_start", False):
            raise RuntimeError("no start")

    def break_next_start(self):
        sys.fails_to_start = True

    def answer(self):
        return 42

    def fail(self):
        raise ValueError("no 42")

    def start_thread(self):
        threading.Thread(target=threading.get_ident).start()

    def spin(self):
        while True:
            pass
)";

const std::vector<std::string> ids{"a", "b", "c"};

/// Of each child. A call that is in the way is interrupted after 10 ms; the
/// rest is for a busy machine.
constexpr stop_policy steps{
  .timeout = 10ms, .kill_grace = pyactor::test::instrumented ? 10s : 3s};

/// @returns the bound on the stop of a supervisor whose children, with the one
///          below, stop one after another
std::chrono::nanoseconds longest_stop() {
  return (ids.size() + 1) * (steps.timeout + 2 * steps.kill_grace);
}

/// A supervisor with Python children, one of them below another supervisor, in
/// a run of random operations.
class python_run {
public:
  python_run(runtime_world& world, unsigned seed)
    : world_(world), random_(seed) {
    using enum restart_strategy;
    flags_ = {.strategy
              = std::vector{one_for_one, one_for_all, rest_for_one}[roll(3)],
              .intensity = 100};
    // What a run has broken last, in each of two contexts, ends a start.
    for (int starts = 0; !supervisor_ && starts < 3; ++starts)
      if (auto started = start_supervisor(world_.system(), flags_, specs()))
        supervisor_ = *started;
    REQUIRE(supervisor_);
  }

  void operate() {
    for (auto left = roll(20); left > 0; --left)
      step(ids[roll(static_cast<unsigned>(ids.size()))]);
  }

  /// Has a child, if it runs, in a call that does not return.
  void hang() {
    tell(ids.back(), "spin");
  }

  void stop() {
    end_in([&] {
      CHECK(supervisor_->stop(longest_stop(), roll(2) == 0
                                                ? stop_supervisor::orderly //
                                                : stop_supervisor::forced));
    });
  }

  /// Kills the supervisor, or lets go of it.
  void lose() {
    end_in([&] {
      if (roll(2) == 0)
        caf::anon_send_exit(supervisor_->handle(), caf::exit_reason::kill);
    });
  }

private:
  template <class End>
  void end_in(End end) {
    auto handle = supervisor_->handle();
    auto begin = std::chrono::steady_clock::now();
    end();
    supervisor_.reset();
    world_.await_exit(handle);
    CHECK(std::chrono::steady_clock::now() - begin <= longest_stop());
  }

  unsigned roll(unsigned sides) {
    return static_cast<unsigned>(random_() % sides);
  }

  child_spec spec(const std::string& id) {
    return {.id = id,
            .start
            = start_python(world_.python(),
                           pyactor::actor_class::from_source(source, "Main")),
            .shutdown = steps,
            .max_handler_time = 20ms};
  }

  std::vector<child_spec> specs() {
    std::vector<child_spec> result;
    for (const auto& id : ids)
      result.push_back(spec(id));
    result.push_back(
      {.id = "inner",
       .start = supervise({.intensity = 100}, {spec("inner child")}),
       .type = child_type::supervisor});
    return result;
  }

  /// Whatever comes of it.
  void step(const std::string& id) {
    switch (roll(8)) {
      case 0:
        static_cast<void>(supervisor_->terminate_child(id, patience));
        break;
      case 1:
        static_cast<void>(supervisor_->restart_child(id, patience));
        break;
      case 2:
        static_cast<void>(supervisor_->cycle_child(id, patience));
        break;
      case 3:
        static_cast<void>(supervisor_->reload(
          flags_, specs(),
          std::vector{reload_mode::otp, reload_mode::converge}[roll(2)]));
        break;
      case 4:
        if (auto inner = supervisor_->child("inner").current())
          caf::anon_send_exit(*inner, caf::exit_reason::kill);
        break;
      default:
        tell(id, std::vector{"answer", "fail", "start_thread", "spin",
                             "break_next_start"}[roll(5)]);
    }
  }

  void tell(const std::string& id, std::string method) {
    if (auto child = supervisor_->child(id).current())
      caf::anon_send(*child, runtime_world::make_call(std::move(method)));
  }

  runtime_world& world_;
  std::mt19937 random_;
  supervisor_flags flags_;
  std::optional<supervisor_ref> supervisor_;
};

} // namespace

// Of all kinds together, 200 points of a stop, and 50 where the supervisor is
// lost.
TEST_CASE("supervisors of Python children that end at any point of a run do so "
          "within their bound, and leave no environment, no actor and no "
          "thread",
          "[stop_anywhere_python]") {
  auto kind = GENERATE(from_range(kinds()));
  auto options = pyactor::test::one_pool(kind, 2);
  options.log_level = "off"; // it warns of each call that is interrupted
  runtime_world world{options};
  // Threads that the runtime makes once, when they are first needed.
  constexpr unsigned first = 5;
  const auto seeds = pyactor::test::instrumented ? 10 : 250 / kinds().size();
  int64_t threads = 0;
  auto& registry = world.system().registry();
  auto actors = registry.running();
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    python_run run{world, seed};
    run.operate();
    if (seed % 10 < 2)
      run.hang();
    if (seed % 5 == 0)
      run.lose();
    else
      run.stop();
    CHECK(world.await_environments(0, 0));
    CHECK(world.await_environments(0, 1));
    CHECK(world.eventually([&] { return registry.running() == actors; }));
    if (seed == first)
      threads = pyactor::test::measure().threads;
    else if (seed > first)
      CHECK(pyactor::test::await_threads(threads));
  }
}

} // namespace stop_anywhere_python_test
