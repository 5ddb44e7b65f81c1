#include <pyactor/test/supervisors/child_states.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <vector>

namespace child_state_test {

using namespace pyactor::supervisors;
using namespace child_events;
using namespace states;
using enum child_effect;

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
    for (const child_event& event :
         {child_event{down{6, exit_class::abnormal}},
          child_event{down{8, exit_class::normal}}, child_event{init_failed{6}},
          child_event{init_ignored{6}}}) {
      auto result = step(state, permanent, event);
      CHECK(result.next == state);
      CHECK(result.effects == effect_list{});
      CHECK(result.outcome == outcome::stale);
    }
}

TEST_CASE("an event in a state that does not expect it changes nothing",
          "[child_state]") {
  struct row {
    child_event event;
    std::vector<phase> expected_in;
  };

  const row table[] = {
    {child_events::start_ignored{}, {phase::starting}},
    {start_refused{}, {phase::starting}},
    {ready{7}, {phase::starting, phase::stopping}},
    {init_failed{7}, {phase::starting, phase::stopping}},
    {init_ignored{7}, {phase::starting, phase::stopping}},
    {unhealthy{7}, {phase::running}},
    {down{7, exit_class::abnormal},
     {phase::starting, phase::running, phase::stopping}},
    {overdue{}, {phase::starting, phase::stopping, phase::restarting}},
  };
  for (const auto& [event, expected_in] : table)
    for (const auto& state : all_states()) {
      INFO("event " << event.index() << ", " << to_string(status_of(state)));
      auto result = step(state, permanent, event);
      if (std::ranges::count(expected_in, state.phase) > 0)
        CHECK(result.outcome != outcome::stale);
      else
        CHECK(result == child_transition{state, {}, outcome::stale});
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
    auto result
      = step(starting(cause), permanent, child_events::start_ignored{});
    CHECK(result.next.phase == phase::stopped);
    CHECK(result.outcome == outcome::ignored);
  }
}

TEST_CASE("a child that has nothing to do is asked to end, and then is stopped",
          "[child_state]") {
  for (auto cause : {from::init, from::request, from::automatic})
    for (const auto& rules :
         {permanent, temporary, patient, brutal, absorbing}) {
      auto said = step(starting(cause), rules, init_ignored{7});
      CHECK(said
            == child_transition{
              stopping(to::start_ignored, stop_step::asked, cause),
              {ask, arm_stop}});
      auto ended = step(said.next, rules, down{7, exit_class::abnormal});
      CHECK(ended.next.phase == phase::stopped);
      CHECK(ended.effects == effect_list{disarm, release});
      CHECK(ended.outcome == outcome::ignored);
    }
}

TEST_CASE("a child that has nothing to do and does not end is given up as any "
          "other is",
          "[child_state]") {
  auto state = stopping(to::start_ignored);
  for (auto next : {stop_step::killed, stop_step::checked}) {
    state = step(state, permanent, overdue{}).next;
    CHECK(state == stopping(to::start_ignored, next));
  }
  auto lost = step(state, permanent, overdue{});
  CHECK(lost.next.phase == phase::stopped);
  CHECK(lost.effects == effect_list{disarm, abandon});
  CHECK(lost.outcome == outcome::ignored);
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

} // namespace child_state_test
