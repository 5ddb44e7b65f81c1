#include <pyactor/supervisors/reload_plan.hpp>

#include <catch2/catch_test_macros.hpp>

namespace reload_plan_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(what) TEST_CASE(what, "[reload_plan]")

namespace {

using ids = std::vector<std::string>;
using enum reload_mode;

/// @returns one spec for each letter
std::vector<child_spec> list(std::string_view letters) {
  std::vector<child_spec> result;
  for (auto letter : letters)
    result.push_back(
      with_defaults({.id = std::string(1, letter),
                     .start = [](const start_context&) -> start_result {
                       return start_ignored{};
                     }}));
  return result;
}

reload_plan plan(const std::vector<child_spec>& before,
                 const std::vector<child_spec>& after, reload_mode mode) {
  return plan_reload({before.begin(), before.end()}, after, mode);
}

} // namespace

TEST("a new list comes first in the start order, and what only the old one has "
     "behind it") {
  for (auto mode : {otp, converge}) {
    CHECK(plan(list("abcd"), list("xcay"), mode).order
          == ids{"x", "c", "a", "y", "b", "d"});
    CHECK(plan(list("ab"), list(""), mode).order == ids{"a", "b"});
    CHECK(plan(list(""), list("ba"), mode).order == ids{"b", "a"});
    CHECK(plan(list(""), list(""), mode).order == ids{});
  }
}

TEST("what only the new list has is added, in its order") {
  for (auto mode : {otp, converge}) {
    CHECK(plan(list("ab"), list("yax"), mode).summary.added == ids{"y", "x"});
    CHECK(plan(list("ab"), list("ba"), mode).summary.added.empty());
  }
}

TEST("what only the old list has is kept by otp, and removed by converge, "
     "newest first") {
  auto as_otp = plan(list("abcd"), list("xc"), otp).summary;
  CHECK(as_otp.kept == ids{"a", "b", "d"});
  CHECK(as_otp.removed.empty());
  auto converged = plan(list("abcd"), list("xc"), converge).summary;
  CHECK(converged.kept.empty());
  CHECK(converged.removed == ids{"d", "b", "a"});
}

TEST("a spec has changed if any of its data has") {
  using change = void (*)(child_spec&);
  const change changes[] = {
    [](child_spec& s) { s.restart = restart_type::transient; },
    [](child_spec& s) { s.significant = true; },
    [](child_spec& s) { s.type = child_type::supervisor; },
    [](child_spec& s) { s.shutdown->mode = stop_mode::brutal_kill; },
    [](child_spec& s) { s.shutdown->timeout = 1s; },
    [](child_spec& s) { s.shutdown->kill_grace = 2s; },
    [](child_spec& s) { s.start_timeout = 1s; },
    [](child_spec& s) { s.backoff = restart_backoff{}; },
    [](child_spec& s) { s.limit = restart_limit{}; },
    [](child_spec& s) { s.max_total_restarts = 0; },
    [](child_spec& s) { s.poison_threshold = 3; },
    [](child_spec& s) { s.tags = {"new"}; },
    [](child_spec& s) { s.startup.reset(); },
    [](child_spec& s) { s.liveness.reset(); },
    [](child_spec& s) { s.readiness.reset(); },
    [](child_spec& s) { s.startup->period = 1s; },
    [](child_spec& s) { s.liveness->timeout = 2s; },
    [](child_spec& s) { s.readiness->initial_delay = 1s; },
    [](child_spec& s) { s.liveness->failure_threshold = 1; },
    [](child_spec& s) { s.readiness->success_threshold = 2; },
  };
  auto before = list("ab");
  before[1].startup = before[1].liveness = before[1].readiness = probe{};
  for (auto change : changes) {
    auto after = before;
    change(after[1]);
    for (auto mode : {otp, converge})
      CHECK(plan(before, after, mode).summary.changed == ids{"b"});
  }
}

TEST("another place in the list, or another function or question, is no change "
     "of a spec") {
  auto after = list("ba");
  after[0].start = [](const start_context&) -> start_result {
    return caf::make_error(caf::sec::runtime_error);
  };
  after[0].liveness = probe{.question = caf::make_message(1)};
  auto before = list("ab");
  before[1].liveness = probe{.question = caf::make_message(2)};
  after[1].classify = [](const exit_info& what) { return what.cls; };
  auto summary = plan(before, after, converge).summary;
  CHECK(summary.changed.empty());
  CHECK(summary.added.empty());
  CHECK(summary.removed.empty());
}

} // namespace reload_plan_test
