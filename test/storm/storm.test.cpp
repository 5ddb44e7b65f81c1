#include <pyactor/test/storm/storm.hpp>

#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/storm/judge.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace storm_test {

using namespace pyactor;
using namespace pyactor::test;
using Catch::Generators::from_range;

namespace {

/// @returns the one seed of PYACTOR_STORM_SEED where it is set; else those that
///          every run has, and one that none had before
std::vector<uint64_t> seeds() {
  if (auto* text = std::getenv("PYACTOR_STORM_SEED"))
    return {std::stoull(text)};
  return {1, 2, 3, 4, std::random_device{}()};
}

/// @returns one line for each fault, and how to have it again; empty if all is
///          well
std::string text_of(const std::vector<std::string>& faults, uint64_t seed,
                    interruption how) {
  std::string result;
  for (auto& fault : faults)
    result += fault + '\n';
  return result.empty() ? result : result + replay_of(seed, how);
}

/// Runs one storm in a world of its own, and looks that the process then is as
/// it was before.
storm_report run_in_own_world(uint64_t seed, interruption how) {
  WARN(replay_of(seed, how)); // first, because a storm may crash or hang
  auto before = measure();
  storm_report result;
  {
    storm_world world;
    result = world.run(seed, how);
    CHECK(text_of(world.stop(), seed, how) == "");
  }
  CHECK(await_threads(before.threads));
  CHECK(measure().files == before.files);
  CHECK(text_of(result.faults, seed, how) == "");
  return result;
}

} // namespace

TEST_CASE("a plan depends on the seed and the client, and on nothing else",
          "[storm]") {
  auto plan = [](uint64_t seed, size_t client) {
    return make_plan(seed, client, {}, 4);
  };
  CHECK(plan(7, 0).size() == storm_size{}.steps);
  CHECK(plan(7, 0) == plan(7, 0));
  CHECK(plan(7, 0) != plan(7, 1));
  CHECK(plan(7, 0) != plan(8, 0));
  CHECK(plan(7, 0) != plan(7 + (uint64_t{1} << 32), 0));
}

TEST_CASE("every interruption has seeds of its own", "[storm]") {
  std::set<interruption> seen;
  for (uint64_t seed = 0; seed < 100; ++seed)
    seen.insert(interruption_of(seed));
  CHECK(seen.size() == 3);
}

TEST_CASE("a storm is replayed by its seed and the tag of its test case",
          "[storm]") {
  CHECK(replay_of(7, interruption::none)
        == "PYACTOR_STORM_SEED=7 test_storm '[calm]'");
  CHECK(replay_of(8, interruption::stop_context)
        == "PYACTOR_STORM_SEED=8 test_storm '[stop_context]'");
  CHECK(replay_of(9, interruption::stop_runtime)
        == "PYACTOR_STORM_SEED=9 test_storm '[stop_runtime]'");
}

TEST_CASE("in a storm each request has one outcome, and nothing is left of it",
          "[storm][calm]") {
  auto seed = GENERATE(from_range(seeds()));
  auto report = run_in_own_world(seed, interruption::none);
  for (auto* outcome :
       {"value", "actor_dead", "python_exception", "wrong_interpreter"})
    CHECK(report.outcomes[outcome] > 0);
  // Those of CAF actors, plain threads and Python threads.
  CHECK(std::ranges::count(report.outcomes_by_client, size_t{0}) == 0);
}

TEST_CASE("a context that stops amid a storm costs no request its outcome",
          "[storm][stop_context]") {
  // The seed says which of the contexts.
  run_in_own_world(GENERATE(from_range(seeds())), interruption::stop_context);
}

TEST_CASE("a runtime that stops amid a storm costs no request its outcome",
          "[storm][stop_runtime]") {
  run_in_own_world(GENERATE(from_range(seeds())), interruption::stop_runtime);
}

TEST_CASE("storms leave the interpreters of a runtime as they were",
          "[storm]") {
  need_ledger();
  storm_world world;
  auto hold = [&] {
    std::map<int64_t, holdings> result; // by interpreter
    world.visit_contexts(
      [&](attach_scope& py) { result[py.owner().id()] = count_holdings(py); });
    return result;
  };
  // A sanitizer has CPython take its memory from the C library: no blocks are
  // counted then.
  constexpr uint64_t storms = instrumented ? 3 : 10;
  uint64_t seed = 0;
  auto run_some = [&] {
    for (auto end = seed + storms; seed < end; ++seed)
      REQUIRE(text_of(world.run(seed, interruption::none).faults, seed,
                      interruption::none)
              == "");
    return hold();
  };
  // What a rare operation loads may first come late.
  run_some();
  auto before = run_some();
  auto after = run_some();
  REQUIRE(after.size() == before.size());
  for (auto& [id, then] : before) {
    INFO("interpreter " << id);
    CHECK(after[id].objects == then.objects);
    // Less than one for each storm, in which hundreds of actors and
    // environments end.
    CHECK(after[id].blocks < then.blocks + storms);
  }
}

TEST_CASE("blocks that storms leave in an interpreter make them fail",
          "[storm]") {
  if (instrumented)
    SKIP("a sanitizer: CPython takes its memory from the C library");
  storm_world world{{.actor_clients = 2, .thread_clients = 1, .steps = 60},
                    "kept = []\n"
                    "Member.increment = lambda self: kept.append([])\n"};
  std::vector<sample> samples;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    CHECK(text_of(world.run(seed, interruption::none).faults, seed,
                  interruption::none)
          == "");
    samples.push_back({.at = std::chrono::seconds{seed},
                       .process = {},
                       .blocks = world.count_blocks()});
  }
  auto trends = judge(samples);
  REQUIRE(trends);
  for (auto& each : *trends) {
    INFO(each.what << " by " << each.rate << " a minute");
    CHECK(each.grows() == (each.what == "blocks"));
  }
}

} // namespace storm_test
