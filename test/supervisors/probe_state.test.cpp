#include <pyactor/supervisors/probe_state.hpp>

#include <catch2/catch_test_macros.hpp>

namespace probe_state_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using time_point = probe_state::time_point;

#define TEST(what) TEST_CASE(what, "[probe_state]")

namespace {

constexpr auto start = time_point{1000s};
constexpr auto forever = std::chrono::nanoseconds::max();

/// @returns a verdict for each outcome: "n", "p" or "f" for each "+" or "-"
std::string verdicts(probe_state state, const probe& policy,
                     std::string_view outcomes) {
  std::string result;
  for (auto outcome : outcomes) {
    auto [next, verdict] = heard(state, policy, outcome == '+');
    state = next;
    result += "npf"[static_cast<size_t>(verdict)];
  }
  return result;
}

} // namespace

TEST("the first question comes after the initial delay, the others a period "
     "after the one before") {
  const probe policy{.period = 10s, .timeout = 1s, .initial_delay = 3s};
  probe_state state{.since = start};
  CHECK(due(state, policy) == start + 3s);
  state = asked(state, 7, start + 3s);
  CHECK(state.number == 7);
  CHECK(due(state, policy) == start + 4s);
  state = heard(state, policy, true).next;
  CHECK(due(state, policy) == start + 13s);
}

TEST("after an answer that takes longer than the period, the next question is "
     "due") {
  const probe policy{.period = 1s, .timeout = 5s};
  auto state = asked({.since = start}, 1, start);
  CHECK(due(state, policy) == start + 5s);
  CHECK(due(heard(state, policy, false).next, policy) == start + 1s);
}

TEST("a time without end is never over") {
  probe policy{.period = forever, .timeout = forever, .initial_delay = forever};
  probe_state state{.since = start};
  CHECK(due(state, policy) == time_point::max());
  state = asked(state, 1, start);
  CHECK(due(state, policy) == time_point::max());
  state = heard(state, policy, true).next;
  CHECK(due(state, policy) == time_point::max());
}

TEST("a probe fails with as many misses in a row as its threshold, and with "
     "each one more") {
  const probe policy{.failure_threshold = 3};
  CHECK(verdicts({.passing = true}, policy, "--") == "nn");
  CHECK(verdicts({.passing = true}, policy, "---") == "nnf");
  CHECK(verdicts({.passing = true}, policy, "-----") == "nnfff");
  CHECK(verdicts({.passing = true}, policy, "--+--+---") == "nnnnnnnnf");
  CHECK(verdicts({.passing = true}, {.failure_threshold = 1}, "-+-") == "fpf");
}

TEST("a probe passes with as many successes in a row as its threshold, once") {
  const probe policy{.failure_threshold = 2, .success_threshold = 3};
  CHECK(verdicts({}, policy, "++") == "nn");
  CHECK(verdicts({}, policy, "+++++") == "nnpnn");
  CHECK(verdicts({}, policy, "++-++-+++") == "nnnnnnnnp");
  CHECK(verdicts({}, policy, "--+++") == "nfnnp");
  CHECK(verdicts({}, policy, "+++-+--++") == "nnpnnnfnn");
  CHECK(verdicts({}, policy, "+++--+++") == "nnpnfnnp");
}

TEST("counts do not go beyond the thresholds") {
  const probe policy{.failure_threshold = 2, .success_threshold = 3};
  probe_state state;
  for (int i = 0; i < 10; ++i)
    state = heard(state, policy, true).next;
  CHECK(state.successes == 3);
  for (int i = 0; i < 10; ++i)
    state = heard(state, policy, false).next;
  CHECK(state.misses == 2);
  CHECK(state.successes == 0);
}

TEST("a threshold that is lowered meanwhile holds for the next miss") {
  probe_state state{.passing = true};
  for (int i = 0; i < 5; ++i)
    state = heard(state, {.failure_threshold = 9}, false).next;
  CHECK(heard(state, {.failure_threshold = 2}, false).verdict
        == probe_verdict::failed);
}

} // namespace probe_state_test
