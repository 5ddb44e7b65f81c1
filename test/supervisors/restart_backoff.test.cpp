#include <pyactor/supervisors/restart_backoff.hpp>

#include <catch2/catch_test_macros.hpp>

#include <limits>

namespace restart_backoff_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

constexpr auto longest = std::chrono::nanoseconds::max();
constexpr auto most_failures = std::numeric_limits<uint64_t>::max();

} // namespace

TEST_CASE("each pause is longer by the factor, up to the longest",
          "[restart_backoff]") {
  restart_backoff policy{.initial = 100ms, .max = 1s, .factor = 2, .jitter = 0};
  CHECK(pause_after(policy, 1, 0) == 100ms);
  CHECK(pause_after(policy, 2, 0) == 200ms);
  CHECK(pause_after(policy, 3, 0) == 400ms);
  CHECK(pause_after(policy, 4, 0) == 800ms);
  CHECK(pause_after(policy, 5, 0) == 1s);
  CHECK(pause_after(policy, 6, 0) == 1s);
}

TEST_CASE("with factor 1 all pauses are the same", "[restart_backoff]") {
  restart_backoff policy{.initial = 7ms, .factor = 1, .jitter = 0};
  for (auto failures : {uint64_t{1}, uint64_t{2}, most_failures})
    CHECK(pause_after(policy, failures, 1) == 7ms);
}

TEST_CASE("jitter lengthens a pause by its share of it, and never shortens it",
          "[restart_backoff]") {
  restart_backoff policy{.initial = 100ms, .max = 1h, .jitter = 0.5};
  CHECK(pause_after(policy, 1, 0) == 100ms);
  CHECK(pause_after(policy, 1, 0.5) == 125ms);
  CHECK(pause_after(policy, 1, 1) == 150ms);
  CHECK(pause_after(policy, 2, 1) == 300ms);
}

TEST_CASE("not even jitter makes a pause longer than the longest",
          "[restart_backoff]") {
  restart_backoff policy{.initial = 900ms, .max = 1s, .jitter = 1};
  CHECK(pause_after(policy, 1, 0) == 900ms);
  CHECK(pause_after(policy, 1, 1) == 1s);
  CHECK(pause_after(policy, 2, 1) == 1s);
}

TEST_CASE("no number of failures overflows a pause", "[restart_backoff]") {
  for (auto factor : {1.0, 1.001, 2.0, 1e308})
    for (auto max : {std::chrono::nanoseconds{1s}, longest - 1ns, longest})
      for (auto random : {0.0, 1.0}) {
        restart_backoff policy{
          .initial = 1ns, .max = max, .factor = factor, .jitter = 1};
        REQUIRE(is_valid(policy));
        auto last = 0ns;
        for (uint64_t n = 1; n != 0; n *= 2) {
          auto pause = pause_after(policy, n, random);
          CHECK(pause >= last);
          CHECK(pause <= max);
          last = pause;
        }
        auto pause = pause_after(policy, most_failures, random);
        CHECK(pause == (factor == 1 ? (random == 0 ? 1ns : 2ns) : max));
      }
}

TEST_CASE("no pause is 0", "[restart_backoff]") {
  restart_backoff policy{.initial = 1ns, .max = 1ns, .jitter = 0};
  CHECK(pause_after(policy, 1, 0) == 1ns);
  CHECK(pause_after(policy, most_failures, 0) == 1ns);
}

TEST_CASE("a policy is valid exactly within its bounds", "[restart_backoff]") {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(is_valid(restart_backoff{}));
  CHECK(is_valid(restart_backoff{.initial = 30s, .max = 30s}));
  CHECK(is_valid(restart_backoff{.factor = 1, .jitter = 0}));
  CHECK(is_valid(restart_backoff{.jitter = 1, .reset_after = 1ns}));
  CHECK(is_valid(restart_backoff{.max = longest, .reset_after = longest}));
  CHECK_FALSE(is_valid(restart_backoff{.initial = 0ns}));
  CHECK_FALSE(is_valid(restart_backoff{.initial = -1ns}));
  CHECK_FALSE(is_valid(restart_backoff{.initial = 30s + 1ns, .max = 30s}));
  CHECK_FALSE(is_valid(restart_backoff{.max = 0ns}));
  for (auto factor : {0.999, 0.0, -2.0, nan, infinity, -infinity})
    CHECK_FALSE(is_valid(restart_backoff{.factor = factor}));
  for (auto jitter : {-0.001, 1.001, nan, infinity, -infinity})
    CHECK_FALSE(is_valid(restart_backoff{.jitter = jitter}));
  CHECK_FALSE(is_valid(restart_backoff{.reset_after = 0ns}));
  CHECK_FALSE(is_valid(restart_backoff{.reset_after = -1ns}));
}

TEST_CASE("failures add up until one comes after a long run",
          "[restart_backoff]") {
  CHECK(failures_in_a_row(0, 0s, 60s) == 1);
  CHECK(failures_in_a_row(1, 0s, 60s) == 2);
  CHECK(failures_in_a_row(7, 60s - 1ns, 60s) == 8);
  CHECK(failures_in_a_row(7, 60s, 60s) == 1);
  CHECK(failures_in_a_row(7, 1h, 60s) == 1);
  CHECK(failures_in_a_row(7, 10'000h, longest) == 8);
}

} // namespace restart_backoff_test
