#include <pyactor/test/storm/storm.hpp>

#include <pyactor/test/support/footprint.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <random>
#include <set>

using namespace pyactor::test;

namespace {

/// A seed that no run had before; it is printed, so that one can have it again.
uint64_t new_seed() {
  uint64_t result = std::random_device{}();
  WARN("seed " << result);
  return result;
}

/// @returns one line for each fault; empty if all is well
std::string text_of(uint64_t seed, const std::vector<std::string>& faults) {
  std::string result;
  for (auto& fault : faults)
    result += "seed " + std::to_string(seed) + ": " + fault + '\n';
  return result;
}

/// Runs one storm in a world of its own, and looks that the process then is as
/// it was before.
storm_report run_in_own_world(uint64_t seed, interruption how) {
  auto before = measure();
  storm_report result;
  {
    storm_world world;
    result = world.run(seed, how);
    CHECK(text_of(seed, world.stop()) == "");
  }
  CHECK(await_threads(before.threads));
  CHECK(measure().files == before.files);
  CHECK(text_of(seed, result.faults) == "");
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

TEST_CASE("in a storm each request has one outcome, and nothing is left of it",
          "[storm]") {
  auto seed = GENERATE(uint64_t{1}, 2, 3, new_seed());
  auto report = run_in_own_world(seed, interruption::none);
  for (auto* outcome :
       {"value", "actor_dead", "python_exception", "wrong_interpreter"})
    CHECK(report.outcomes[outcome] > 0);
}

TEST_CASE("a context that stops amid a storm costs no request its outcome",
          "[storm]") {
  // The seed says which of the contexts.
  auto seed = GENERATE(uint64_t{1}, 2, 3, 4, new_seed());
  run_in_own_world(seed, interruption::stop_context);
}

TEST_CASE("a runtime that stops amid a storm costs no request its outcome",
          "[storm]") {
  auto seed = GENERATE(uint64_t{1}, 2, 3, new_seed());
  run_in_own_world(seed, interruption::stop_runtime);
}

TEST_CASE("storms leave the interpreters of a runtime as they were",
          "[storm]") {
  storm_world world;
  // Actors and environments that live in one storm, at least.
  constexpr int64_t lives = 400;
  constexpr uint64_t storms = 10;
  uint64_t seed = 0;
  auto run_some = [&] {
    for (uint64_t i = 0; i < storms; ++i, ++seed)
      REQUIRE(text_of(seed, world.run(seed, interruption::none).faults) == "");
    return world.allocated_blocks();
  };
  auto before = run_some(); // caches and free lists fill up
  auto after = run_some();
  for (size_t i = 0; i < before.size(); ++i) {
    CAPTURE(i, before[i], after[i]);
    // Free lists go on to fill for long, by fewer and fewer blocks.
    CHECK(after[i] - before[i] < lives * static_cast<int64_t>(storms) / 2);
  }
}
