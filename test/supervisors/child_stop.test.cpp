#include <pyactor/test/supervisors/child_states.hpp>

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace child_stop_test {

using namespace pyactor::supervisors;
using namespace child_events;
using namespace states;
using enum child_effect;

TEST_CASE("a reset starts the child again once it has ended", "[child_stop]") {
  auto result
    = step(stopping(to::cycle), temporary, down{7, exit_class::abnormal});
  CHECK(result.next.phase == phase::stopped);
  CHECK(result.outcome == outcome::stopped_restart);
  auto next = step(result.next, temporary, start{8, from::request});
  CHECK(next.next == child_state{phase::starting, 8, from::request});
  CHECK(next.outcome == outcome::spawn);
}

TEST_CASE("a timed stop asks, kills, checks and then gives up",
          "[child_stop]") {
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
          "[child_stop]") {
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
          "[child_stop]") {
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
          "[child_stop]") {
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

TEST_CASE("a brutal stop begins with the kill", "[child_stop]") {
  auto result = step(running(), brutal, stop{to::request});
  CHECK(result.next == stopping(to::request, stop_step::killed));
  CHECK(result.effects == effect_list{kill, arm_grace});
}

TEST_CASE("a stop without limit is reported and goes on, until it is forced",
          "[child_stop]") {
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

TEST_CASE("a stop during a start kills and stays a stop", "[child_stop]") {
  for (auto cause : {from::init, from::request, from::automatic}) {
    auto result = step(starting(cause), permanent, stop{to::request});
    CHECK(result.next.phase == phase::stopping);
    CHECK(result.effects == effect_list{kill, arm_grace});
    auto ended = step(result.next, permanent, down{7, exit_class::abnormal});
    CHECK(ended.next.phase == phase::stopped);
    CHECK(ended.outcome == outcome::stopped);
  }
}

TEST_CASE("a stop without limit asks during a start, too", "[child_stop]") {
  auto result = step(starting(from::request), patient, stop{to::request});
  CHECK(result.next == stopping(to::request, stop_step::asked, from::request));
  CHECK(result.effects == effect_list{ask, arm_stop});
}

TEST_CASE("nothing starts any more once the supervisor stops", "[child_stop]") {
  auto last = permanent;
  last.absorb_exits = true;
  auto cycled = step(stopping(to::cycle), last, down{7, exit_class::shutdown});
  CHECK(cycled.next.phase == phase::stopped);
  CHECK(cycled.outcome == outcome::stopped);
  auto paused = step(restarting, last, overdue{});
  CHECK(paused.next.phase == phase::stopped);
  CHECK(paused.outcome == outcome::stopped);
}

TEST_CASE("only the running incarnation can be unhealthy, and is killed at "
          "once",
          "[child_stop]") {
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
          "[child_stop]") {
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

TEST_CASE("a stop cancels a pending restart", "[child_stop]") {
  auto result = step(restarting, permanent, stop{to::request});
  CHECK(result.next.phase == phase::stopped);
  CHECK(result.effects == effect_list{disarm});
  CHECK(result.outcome == outcome::stopped);
}

TEST_CASE("a second stop decides what follows the first", "[child_stop]") {
  struct row {
    to first, second;
    child_outcome expected;
  };

  const row table[] = {
    {to::request, to::request, outcome::stopped},
    {to::cycle, to::request, outcome::stopped},
    {to::failed_start, to::request, outcome::stopped},
    {to::start_ignored, to::request, outcome::stopped},
    {to::start_ignored, to::cycle, outcome::stopped_restart},
    {to::start_ignored, to::supervisor, outcome::stopped},
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

TEST_CASE("once the supervisor stops, a failed restart is not tried again",
          "[child_stop]") {
  auto result
    = step(starting(from::automatic), absorbing, down{7, exit_class::abnormal});
  CHECK(result.next.phase == phase::stopped);
  CHECK(result.outcome == outcome::start_failed);
}

TEST_CASE("an end that a last check brings to light completes the stop",
          "[child_stop]") {
  auto result = step(stopping(to::request, stop_step::checked), permanent,
                     down{7, exit_class::abnormal});
  CHECK(result.effects == effect_list{disarm, release});
  CHECK(result.outcome == outcome::stopped);
}

} // namespace child_stop_test
