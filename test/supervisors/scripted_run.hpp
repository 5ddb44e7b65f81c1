#pragma once

#include <pyactor/test/supervisors/outcome.hpp>
#include <pyactor/test/supervisors/probed_world.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

/// A supervisor with children of all sorts, in a run of random operations and
/// faults that is the same for the same seed: children that ignore requests to
/// stop, that cannot be killed, or run a call that does not return; a
/// supervisor among them, which is killed at times; probes, a throttle,
/// messages that wait, and `auto_shutdown`.
class scripted_run {
public:
  using duration = std::chrono::nanoseconds;

  /// What the first starts of its children come to.
  enum class beginning { plain, disturbed };

  /// How the supervisor is brought to its end.
  enum class ending { order, force, call, let_go, kill };

  scripted_run(unsigned seed, beginning how);

  /// Up to 60 operations, or until the supervisor ends.
  void operate();

  /// @returns whether the supervisor has started, and not begun to end
  bool is_operating();

  /// @returns how long what runs now may take to stop, by its specs
  duration longest_stop();

  /// Begins to end the supervisor.
  void stop();

  /// @returns whether all have ended but those whom nothing could stop
  bool only_the_stuck_live();

  /// Lets these go on.
  void release_the_stuck();

  /// Lets go of all that this test holds.
  void let_go();

  /// @returns the addresses of all incarnations that there were
  std::vector<caf::actor_addr> incarnations();

  unsigned roll(unsigned sides) {
    return static_cast<unsigned>(random_() % sides);
  }

  const ending how_it_ends;
  probed_world w;
  /// Of the requests that were sent.
  std::vector<outcome_ptr> outcomes;
  /// Whether children may have lost a supervisor below.
  bool may_have_orphans = false;

private:
  template <class T>
  T one_of(std::initializer_list<T> what) {
    return what.begin()[roll(static_cast<unsigned>(what.size()))];
  }

  [[nodiscard]] bool is_on_demand() const {
    return strategy_
           == pyactor::supervisors::restart_strategy::simple_one_for_one;
  }

  void step();
  void give_order(const std::string& id);
  void hurt(const std::string& id);
  void load(const std::string& id);
  void kill_inner();
  void reload();
  std::string any_id();
  void disturb(const std::string& id);
  pyactor::supervisors::supervisor_flags any_flags();
  pyactor::supervisors::child_spec any_spec(const std::string& id);
  pyactor::supervisors::child_spec inner_spec();
  pyactor::supervisors::child_spec hanging_spec();
  pyactor::supervisors::stop_policy any_policy();
  pyactor::supervisors::start_result
  start_hanging(const pyactor::supervisors::start_context& context);
  void note(const std::string& id, const caf::actor& handle);
  std::vector<std::string> all_ids() const;
  duration longest_stop(const pyactor::supervisors::child_spec& spec);

  std::mt19937 random_;
  pyactor::supervisors::restart_strategy strategy_{};
  pyactor::supervisors::auto_shutdown auto_shutdown_{};
  pyactor::supervisors::start_throttle throttle_;
  bool at_once_ = false;
  /// Children that were ordered, on demand.
  unsigned given_ = 0;
};
