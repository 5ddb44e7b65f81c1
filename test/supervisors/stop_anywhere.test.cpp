#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <random>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const std::vector<std::string> ids{"a", "b", "c", "d", "e"};
constexpr auto most_steps = 60u;

/// A supervisor with children of all sorts, in a run of random operations and
/// faults that is the same for the same seed.
class scripted_run {
public:
  explicit scripted_run(unsigned seed) : random_(seed) {
    for (auto& id : ids)
      disturb(id);
    std::vector<child_spec> specs;
    for (auto& id : ids)
      specs.push_back(spec(id));
    auto flags = any_flags();
    if (flags.strategy == restart_strategy::one_for_one && roll(2) == 0) {
      flags.stop_order = stop_order::at_once;
      longest_stop = 1;
    }
    w.start(flags, specs);
  }

  void step() {
    auto& id = ids[roll(static_cast<unsigned>(ids.size()))];
    disturb(id);
    switch (roll(11)) {
      case 0:
        w.order(start_child{spec(id)});
        break;
      case 1:
        w.order(terminate_child{id});
        break;
      case 2:
        w.order(restart_child{id});
        break;
      case 3:
        w.order(cycle_child{id});
        break;
      case 4:
        w.order(delete_child{id});
        break;
      case 5:
        if (!w.child(id).acks.empty())
          w.child(id).acks.back()();
        w.run();
        break;
      case 6:
        w.advance(std::chrono::milliseconds{roll(3000)});
        break;
      case 7:
        if (w.alive(id))
          w.kill(id);
        break;
      case 8:
        w.order(retry_now{id});
        break;
      case 9:
        reload();
        break;
      default:
        if (w.alive(id))
          w.tell(id, die{crash()});
    }
  }

  void reload() {
    longest_stop = ids.size();
    std::vector<child_spec> specs;
    for (auto& id : ids)
      if (roll(3) > 0)
        specs.push_back(spec(id));
    std::shuffle(specs.begin(), specs.end(), random_);
    w.reload(any_flags(), specs,
             roll(4) == 0 ? reload_mode::otp : reload_mode::converge);
  }

  unsigned roll(unsigned sides) {
    return static_cast<unsigned>(random_() % sides);
  }

  world w;
  /// In so many times what the stop policy of one child allows.
  size_t longest_stop = ids.size();

private:
  supervisor_flags any_flags() {
    return {.strategy = std::vector{restart_strategy::one_for_one,
                                    restart_strategy::one_for_all,
                                    restart_strategy::rest_for_one}[roll(3)],
            .intensity = 1000};
  }

  child_spec spec(const std::string& id) {
    auto result
      = w.spec(id, std::vector{restart_type::permanent, restart_type::transient,
                               restart_type::temporary}[roll(3)]);
    result.shutdown = stop_policy{.mode = roll(4) == 0 ? stop_mode::brutal_kill
                                                       : stop_mode::timed,
                                  .timeout = 2s,
                                  .kill_grace = 1s};
    if (roll(3) == 0)
      result.backoff = restart_backoff{.initial = 500ms};
    if (roll(4) == 0)
      result.max_total_restarts = roll(4);
    return result;
  }

  /// Decides how the next incarnation behaves.
  void disturb(const std::string& id) {
    auto& control = w.child(id);
    control.deaf = roll(3) == 0;
    control.start = std::vector{mode::spawn,      mode::spawn,     mode::spawn,
                                mode::manual_ack, mode::ignore,    mode::refuse,
                                mode::raise,      mode::throw_init}[roll(8)];
  }

  std::mt19937 random_;
};

} // namespace

TEST_CASE("a stop at any point of a run ends all within its bound, and leaves "
          "no actor",
          "[stop_anywhere]") {
  auto seed = GENERATE(range(1u, 201u));
  CAPTURE(seed);
  scripted_run run{seed};
  auto& w = run.w;
  for (auto steps = run.roll(most_steps); steps > 0 && !w.supervisor_end;
       --steps)
    run.step();
  w.stop();
  // What a stop policy allows: timeout + 2 * kill_grace.
  w.advance(std::chrono::nanoseconds::zero());
  for (size_t i = 0; i < run.longest_stop && !w.supervisor_end; ++i)
    for (auto step : {2s, 1s, 1s})
      w.advance(step);
  REQUIRE(w.supervisor_end);
  for (auto& id : ids)
    CHECK_FALSE(w.alive(id));
  w.run();
  CHECK(w.system.registry().running() == 0);
}
