#include <pyactor/supervisors/engine/escalating.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

namespace escalating_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(what) TEST_CASE(what, "[escalating]")

namespace {

engine::escalation_verdict verdict_of(const limit_policy& policy) {
  return engine::ask(policy, [] {
    return limit_exceeded{.id = "c", .last_exit = {}, .statistics = {}};
  });
}

} // namespace

TEST("a policy that is no function says what it is, and nothing is gathered "
     "for it") {
  for (auto what : {escalation::shutdown_self, escalation::stop_child,
                    escalation::keep_backoff, escalation::abort_process}) {
    auto verdict = engine::ask(what, []() -> limit_exceeded {
      throw std::logic_error{"nobody wants to know"};
    });
    CHECK(verdict.what == what);
    CHECK_FALSE(verdict.complaint);
  }
}

TEST("a function decides by what it is told") {
  limit_policy policy = [](const limit_exceeded& what) {
    return what.id == "c" ? escalation::stop_child : escalation::keep_backoff;
  };
  CHECK(verdict_of(policy).what == escalation::stop_child);
}

TEST("a function that throws is a shutdown, whatever it throws") {
  auto verdict = verdict_of([](const limit_exceeded&) -> escalation {
    throw std::runtime_error{"undecided"};
  });
  CHECK(verdict.what == escalation::shutdown_self);
  CHECK(verdict.complaint == "undecided");
  verdict = verdict_of([](const limit_exceeded&) -> escalation { throw 1; });
  CHECK(verdict.what == escalation::shutdown_self);
  CHECK(verdict.complaint == "no std::exception");
}

TEST("the longest pause is the backoff's, or the longer one of the flags") {
  using engine::longest_pause;
  CHECK(longest_pause(restart_backoff{.max = 7s}, 1h, 1h) == 7s);
  CHECK(longest_pause({}, 10ms, 5s) == 5s);
  CHECK(longest_pause({}, 10s, 5s) == 10s);
}

} // namespace escalating_test
