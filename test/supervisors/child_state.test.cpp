#include <pyactor/supervisors/child_state.hpp>

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace pyactor::supervisors;
using namespace child_events;

namespace {

using phase = child_phase;
using from = start_cause;
using to = stop_cause;
using enum child_effect;
using outcome = child_outcome;

constexpr child_rules permanent{restart_type::permanent, stop_mode::timed};
constexpr child_rules transient{restart_type::transient, stop_mode::timed};
constexpr child_rules temporary{restart_type::temporary, stop_mode::timed};
constexpr child_rules brutal{restart_type::permanent, stop_mode::brutal_kill};
constexpr child_rules patient{restart_type::permanent, stop_mode::infinity};
constexpr child_rules absorbing{restart_type::permanent, stop_mode::timed,
                                true};

child_state starting(from cause, incarnation_id id = 7) {
  return {phase::starting, id, cause};
}

child_state running(incarnation_id id = 7) {
  return {phase::running, id, from::init};
}

child_state stopping(to cause, stop_step step = stop_step::asked,
                     from started = from::init) {
  return {phase::stopping, 7, started, cause, step};
}

const child_state stopped{phase::stopped, 7, from::init};
const child_state restarting{phase::restarting, 7, from::automatic};

std::vector<child_state> all_states() {
  return {stopped,
          restarting,
          starting(from::init),
          starting(from::request),
          starting(from::automatic),
          running(),
          stopping(to::request),
          stopping(to::cycle),
          stopping(to::failed_start),
          stopping(to::unhealthy),
          stopping(to::supervisor)};
}

} // namespace

TEST_CASE("a start is acknowledged once, and only by its own incarnation",
          "[child_state]") {
  auto ready7 = step(starting(from::init), permanent, ready{7});
  CHECK(ready7.next.phase == phase::running);
  CHECK(ready7.effects == effect_list{disarm});
  CHECK(ready7.outcome == outcome::started);

  auto old = step(starting(from::init), permanent, ready{6});
  CHECK(old.next == starting(from::init));
  CHECK(old.outcome == outcome::stale);

  auto twice = step(running(), permanent, ready{7});
  CHECK(twice == child_transition{running(), {}, outcome::stale});

  auto late = step(stopping(to::request), permanent, ready{7});
  CHECK(late == child_transition{stopping(to::request), {}, outcome::none});
}

TEST_CASE("an end of another incarnation changes nothing in any state",
          "[child_state]") {
  for (const auto& state : all_states())
    for (const child_event& event : {child_event{down{6, exit_class::abnormal}},
                                     child_event{down{8, exit_class::normal}},
                                     child_event{init_failed{6}}}) {
      auto result = step(state, permanent, event);
      CHECK(result.next == state);
      CHECK(result.effects == effect_list{});
      CHECK(result.outcome == outcome::stale);
    }
}

TEST_CASE("an end that is heard twice is one end", "[child_state]") {
  auto once = step(running(), permanent, down{7, exit_class::abnormal});
  auto twice = step(once.next, permanent, down{7, exit_class::abnormal});
  CHECK(twice == child_transition{once.next, {}, outcome::stale});
}

TEST_CASE("an end before the acknowledgement is a failed start, whatever the "
          "reason",
          "[child_state]") {
  for (auto cls :
       {exit_class::normal, exit_class::shutdown, exit_class::abnormal}) {
    for (auto cause : {from::init, from::request}) {
      auto result = step(starting(cause), permanent, down{7, cls});
      CHECK(result.next.phase == phase::stopped);
      CHECK(result.effects == effect_list{disarm, release});
      CHECK(result.outcome == outcome::start_failed);
    }
    auto result = step(starting(from::automatic), temporary, down{7, cls});
    CHECK(result.next.phase == phase::restarting);
    CHECK(result.outcome == outcome::start_failed);
  }
}

TEST_CASE("an end of its own accord leads where the restart type says",
          "[child_state]") {
  struct row {
    child_rules rules;
    exit_class cls;
    phase next;
    child_outcome expected;
  };

  const row table[] = {
    {permanent, exit_class::normal, phase::restarting, outcome::exited_restart},
    {permanent, exit_class::abnormal, phase::restarting,
     outcome::exited_restart},
    {permanent, exit_class::fatal, phase::stopped, outcome::exited_keep},
    {transient, exit_class::normal, phase::stopped, outcome::exited_keep},
    {transient, exit_class::shutdown, phase::stopped, outcome::exited_keep},
    {transient, exit_class::abnormal, phase::restarting,
     outcome::exited_restart},
    {temporary, exit_class::normal, phase::stopped, outcome::exited_forget},
    {temporary, exit_class::abnormal, phase::stopped, outcome::exited_forget},
    {absorbing, exit_class::abnormal, phase::stopped, outcome::exited_keep},
  };
  for (const auto& [rules, cls, next, expected] : table) {
    auto result = step(running(), rules, down{7, cls});
    CHECK(result.next.phase == next);
    CHECK(result.effects == effect_list{release});
    CHECK(result.outcome == expected);
  }
}

TEST_CASE("the end of a child that is being stopped is never a restart",
          "[child_state]") {
  for (auto cls :
       {exit_class::normal, exit_class::shutdown, exit_class::abnormal})
    for (auto cause : {to::request, to::supervisor})
      for (const auto& rules : {permanent, transient, temporary}) {
        auto result = step(stopping(cause), rules, down{7, cls});
        CHECK(result.next.phase == phase::stopped);
        CHECK(result.effects == effect_list{disarm, release});
        CHECK(result.outcome == outcome::stopped);
      }
}

TEST_CASE("a reset starts the child again once it has ended", "[child_state]") {
  auto result
    = step(stopping(to::cycle), temporary, down{7, exit_class::abnormal});
  CHECK(result.next.phase == phase::stopped);
  CHECK(result.outcome == outcome::stopped_restart);
  auto next = step(result.next, temporary, start{8, from::request});
  CHECK(next.next == child_state{phase::starting, 8, from::request});
  CHECK(next.outcome == outcome::spawn);
}

TEST_CASE("a timed stop asks, kills, checks and then gives up",
          "[child_state]") {
  auto asked = step(running(), permanent, stop{to::request});
  CHECK(asked.next == stopping(to::request));
  CHECK(asked.effects == effect_list{ask, arm_stop});
  auto killed = step(asked.next, permanent, overdue{});
  CHECK(killed.next.step == stop_step::killed);
  CHECK(killed.effects == effect_list{kill, arm_grace});
  auto checked = step(killed.next, permanent, overdue{});
  CHECK(checked.next.step == stop_step::checked);
  CHECK(checked.effects == effect_list{watch_again, kill, arm_grace});
  auto abandoned = step(checked.next, permanent, overdue{});
  CHECK(abandoned.next.phase == phase::stopped);
  CHECK(abandoned.effects == effect_list{disarm, abandon});
  CHECK(abandoned.outcome == outcome::stopped);
}

TEST_CASE("each step of a stop leads to one other, which depends on whether a "
          "call is in the way",
          "[child_state]") {
  using enum stop_step;

  struct row {
    stop_step before;
    bool in_call;
    stop_step after;
    effect_list expected;
  };

  const row table[] = {
    {asked, false, killed, {kill, arm_grace}},
    {asked, true, interrupted, {interrupt, arm_grace}},
    {interrupted, false, checked, {watch_again, kill, arm_grace}},
    {interrupted, true, checked, {watch_again, kill, arm_grace}},
    {killed, false, checked, {watch_again, kill, arm_grace}},
    {killed, true, checked, {watch_again, kill, arm_grace}},
    {checked, true, given_up, {give_up_context, arm_grace}},
  };
  for (const auto& [before, in_call, after, expected] : table) {
    auto rules = permanent;
    rules.in_call = in_call;
    CAPTURE(static_cast<int>(before), in_call);
    CHECK(step(stopping(to::request, before), rules, overdue{})
          == child_transition{stopping(to::request, after), expected});
  }
}

TEST_CASE("a child whose context was given up ends, or is abandoned at last",
          "[child_state]") {
  auto lost = stopping(to::cycle, stop_step::given_up);
  auto ended = step(lost, permanent, down{7, exit_class::abnormal});
  CHECK(ended.effects == effect_list{disarm, release});
  CHECK(ended.outcome == outcome::stopped_restart);
  for (auto in_call : {false, true}) {
    auto rules = permanent;
    rules.in_call = in_call;
    auto abandoned = step(lost, rules, overdue{});
    CHECK(abandoned.effects == effect_list{disarm, abandon});
    CHECK(abandoned.outcome == outcome::stopped_restart);
  }
}

TEST_CASE("a stop without limit interrupts nothing, and a forced one kills at "
          "every step before the kill",
          "[child_state]") {
  auto rules = patient;
  rules.in_call = true;
  CHECK(step(stopping(to::request), rules, overdue{}).effects
        == effect_list{ask, arm_stop});
  for (auto before : {stop_step::asked, stop_step::interrupted})
    CHECK(step(stopping(to::request, before), rules, stop_harder{})
          == child_transition{stopping(to::request, stop_step::killed),
                              effect_list{kill, arm_grace}});
  for (auto before :
       {stop_step::killed, stop_step::checked, stop_step::given_up})
    CHECK(step(stopping(to::request, before), rules, stop_harder{})
          == child_transition{stopping(to::request, before), {}});
}

TEST_CASE("a brutal stop begins with the kill", "[child_state]") {
  auto result = step(running(), brutal, stop{to::request});
  CHECK(result.next == stopping(to::request, stop_step::killed));
  CHECK(result.effects == effect_list{kill, arm_grace});
}

TEST_CASE("a stop without limit is reported and goes on, until it is forced",
          "[child_state]") {
  auto state = step(running(), patient, stop{to::request}).next;
  for (int i = 0; i < 3; ++i) {
    auto result = step(state, patient, overdue{});
    CHECK(
      result
      == child_transition{state, effect_list{ask, arm_stop}, outcome::stalled});
  }
  auto forced = step(state, patient, stop_harder{});
  CHECK(forced.next.step == stop_step::killed);
  CHECK(forced.effects == effect_list{kill, arm_grace});
  CHECK(step(forced.next, patient, stop_harder{}).effects == effect_list{});
}

TEST_CASE("a stop during a start kills and stays a stop", "[child_state]") {
  for (auto cause : {from::init, from::request, from::automatic}) {
    auto result = step(starting(cause), permanent, stop{to::request});
    CHECK(result.next.phase == phase::stopping);
    CHECK(result.effects == effect_list{kill, arm_grace});
    auto ended = step(result.next, permanent, down{7, exit_class::abnormal});
    CHECK(ended.next.phase == phase::stopped);
    CHECK(ended.outcome == outcome::stopped);
  }
}

TEST_CASE("a stop without limit asks during a start, too", "[child_state]") {
  auto result = step(starting(from::request), patient, stop{to::request});
  CHECK(result.next == stopping(to::request, stop_step::asked, from::request));
  CHECK(result.effects == effect_list{ask, arm_stop});
}

TEST_CASE("nothing starts any more once the supervisor stops",
          "[child_state]") {
  auto last = permanent;
  last.absorb_exits = true;
  auto cycled = step(stopping(to::cycle), last, down{7, exit_class::shutdown});
  CHECK(cycled.next.phase == phase::stopped);
  CHECK(cycled.outcome == outcome::stopped);
  auto paused = step(restarting, last, overdue{});
  CHECK(paused.next.phase == phase::stopped);
  CHECK(paused.outcome == outcome::stopped);
}

TEST_CASE("a start that fails or is late is killed before it is over",
          "[child_state]") {
  for (const child_event& event :
       {child_event{init_failed{7}}, child_event{overdue{}}}) {
    auto result = step(starting(from::automatic), permanent, event);
    CHECK(result.next
          == stopping(to::failed_start, stop_step::killed, from::automatic));
    CHECK(result.effects == effect_list{kill, arm_grace});
    CHECK(result.outcome == outcome::none);
    auto ended = step(result.next, permanent, down{7, exit_class::abnormal});
    CHECK(ended.next.phase == phase::restarting);
    CHECK(ended.outcome == outcome::start_failed);
  }
}

TEST_CASE("only the running incarnation can be unhealthy, and is killed at "
          "once",
          "[child_state]") {
  for (const auto& state : all_states()) {
    auto result = step(state, patient, unhealthy{7});
    if (state.phase == phase::running)
      CHECK(result
            == child_transition{stopping(to::unhealthy, stop_step::killed),
                                effect_list{kill, arm_grace}, outcome::none});
    else
      CHECK(result == child_transition{state, {}, outcome::stale});
    CHECK(step(state, patient, unhealthy{6}).outcome == outcome::stale);
  }
}

TEST_CASE("the end of an unhealthy child, or that it does not end, is an end "
          "of its own accord",
          "[child_state]") {
  struct row {
    child_rules rules;
    exit_class meaning;
    child_outcome expected;
  };

  using enum exit_class;
  const row table[] = {
    {permanent, abnormal, outcome::exited_restart},
    {permanent, fatal, outcome::exited_keep},
    {transient, abnormal, outcome::exited_restart},
    {transient, normal, outcome::exited_keep},
    {temporary, abnormal, outcome::exited_forget},
    {absorbing, abnormal, outcome::exited_keep},
  };
  for (auto [rules, meaning, expected] : table) {
    rules.unhealthy = meaning;
    // What ended it in the end does not matter.
    for (auto how : {normal, abnormal}) {
      auto ended
        = step(stopping(to::unhealthy, stop_step::killed), rules, down{7, how});
      CHECK(ended.outcome == expected);
      CHECK(ended.effects == effect_list{disarm, release});
    }
    auto lost
      = step(stopping(to::unhealthy, stop_step::checked), rules, overdue{});
    CHECK(lost.outcome == expected);
    CHECK(lost.effects == effect_list{disarm, abandon});
    CHECK(lost.next.phase
          == (expected == outcome::exited_restart ? phase::restarting
                                                  : phase::stopped));
  }
}

TEST_CASE("a stop cancels a pending restart", "[child_state]") {
  auto result = step(restarting, permanent, stop{to::request});
  CHECK(result.next.phase == phase::stopped);
  CHECK(result.effects == effect_list{disarm});
  CHECK(result.outcome == outcome::stopped);
}

TEST_CASE("a second stop decides what follows the first", "[child_state]") {
  struct row {
    to first, second;
    child_outcome expected;
  };

  const row table[] = {
    {to::request, to::request, outcome::stopped},
    {to::cycle, to::request, outcome::stopped},
    {to::failed_start, to::request, outcome::stopped},
    {to::unhealthy, to::request, outcome::stopped},
    {to::unhealthy, to::cycle, outcome::stopped_restart},
    {to::unhealthy, to::supervisor, outcome::stopped},
    {to::request, to::supervisor, outcome::stopped},
    {to::cycle, to::supervisor, outcome::stopped},
    {to::supervisor, to::cycle, outcome::stopped},
  };
  for (const auto& [first, second, expected] : table) {
    auto joined = step(stopping(first), permanent, stop{second});
    CHECK(joined.effects == effect_list{});
    CHECK(step(joined.next, permanent, down{7, exit_class::shutdown}).outcome
          == expected);
  }
}

TEST_CASE("a child starts only from rest", "[child_state]") {
  for (const auto& state : all_states()) {
    auto result = step(state, permanent, start{8, from::automatic});
    auto rests
      = state.phase == phase::stopped || state.phase == phase::restarting;
    CHECK((result.outcome == outcome::spawn) == rests);
    CHECK((result.next == starting(from::automatic, 8)) == rests);
  }
}

TEST_CASE("a start function that has nothing to start leaves the child stopped",
          "[child_state]") {
  for (auto cause : {from::init, from::request, from::automatic}) {
    auto result = step(starting(cause), permanent, start_ignored{});
    CHECK(result.next.phase == phase::stopped);
    CHECK(result.outcome == outcome::ignored);
  }
}

TEST_CASE("once the supervisor stops, a failed restart is not tried again",
          "[child_state]") {
  auto result
    = step(starting(from::automatic), absorbing, down{7, exit_class::abnormal});
  CHECK(result.next.phase == phase::stopped);
  CHECK(result.outcome == outcome::start_failed);
}

TEST_CASE("an end that a last check brings to light completes the stop",
          "[child_state]") {
  auto result = step(stopping(to::request, stop_step::checked), permanent,
                     down{7, exit_class::abnormal});
  CHECK(result.effects == effect_list{disarm, release});
  CHECK(result.outcome == outcome::stopped);
}

TEST_CASE("a restart that failed fatally is not tried again", "[child_state]") {
  auto fatal = permanent;
  fatal.failed_fatally = true;
  for (const auto& [state, event] :
       {std::pair{starting(from::automatic), child_event{start_refused{}}},
        std::pair{
          stopping(to::failed_start, stop_step::killed, from::automatic),
          child_event{down{7, exit_class::abnormal}}}}) {
    auto result = step(state, fatal, event);
    CHECK(result.next.phase == phase::stopped);
    CHECK(result.outcome == outcome::start_failed);
  }
}

TEST_CASE("giving up ends the wait for a restart, and nothing else",
          "[child_state]") {
  for (const auto& state : all_states()) {
    auto result = step(state, permanent, give_up{});
    CHECK(result.outcome == outcome::none);
    if (state.phase == phase::restarting) {
      CHECK(result.next.phase == phase::stopped);
      CHECK(result.effects == effect_list{disarm});
    } else {
      CHECK(result.next == state);
      CHECK(result.effects == effect_list{});
    }
  }
}
