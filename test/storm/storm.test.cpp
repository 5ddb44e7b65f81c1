#include <pyactor/test/storm/storm.hpp>

#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/storm/judge.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace storm_test {

using namespace pyactor;
using namespace pyactor::test;
using Catch::Generators::from_range;
using Catch::Matchers::ContainsSubstring;

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

/// @returns whether `book` takes that for a right outcome
bool is_right(ledger& book, operation what, std::optional<size_t> context,
              const expected<value>& outcome) {
  auto before = book.faults().size();
  book.open({0, 0}, what, context, {}, {});
  book.settle({0, 0}, outcome);
  return book.faults().size() == before;
}

constexpr storm_size small{
  .actor_clients = 2, .thread_clients = 1, .steps = 60};

/// To be planted: what calls it leaves a list in its interpreter.
constexpr auto leaking_increment
  = "kept = []\n"
    "Member.increment = lambda self: kept.append([]) or 1\n";

/// Runs some storms, several times over.
/// @returns what the last ones left in each interpreter; empty where it is
///          nothing. What a rare operation loads comes late, but once; what a
///          storm leaves comes each time.
std::string steady_growth(storm_world& world, uint64_t storms) {
  uint64_t seed = 0;
  auto run_some = [&] {
    for (auto end = seed + storms; seed < end; ++seed)
      REQUIRE(text_of(world.run(seed, interruption::none).faults, seed,
                      interruption::none)
              == "");
    std::map<int64_t, holdings> result; // by interpreter
    world.visit_contexts(
      [&](attach_scope& py) { result[py.owner().id()] = count_holdings(py); });
    return result;
  };
  run_some();
  auto before = run_some();
  std::string grown = "not looked at";
  for (int rounds = 0; rounds < 4 && !grown.empty(); ++rounds) {
    auto after = run_some();
    REQUIRE(after.size() == before.size());
    grown.clear();
    for (auto& [id, then] : before) {
      auto& now = after[id];
      // Fewer than one for each storm, in which hundreds of actors and
      // environments end.
      if (now.objects != then.objects || now.blocks >= then.blocks + storms)
        grown += "interpreter " + std::to_string(id) + ": from "
                 + std::to_string(then.objects) + " to "
                 + std::to_string(now.objects) + " tracked objects, from "
                 + std::to_string(then.blocks) + " to "
                 + std::to_string(now.blocks) + " blocks\n";
    }
    before = std::move(after);
  }
  return grown;
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
  auto me = std::filesystem::read_symlink("/proc/self/exe").string();
  CHECK(replay_of(7, interruption::none)
        == "PYACTOR_STORM_SEED=7 " + me + " '[calm]'");
  CHECK(replay_of(8, interruption::stop_context)
        == "PYACTOR_STORM_SEED=8 " + me + " '[stop_context]'");
  CHECK(replay_of(9, interruption::stop_runtime)
        == "PYACTOR_STORM_SEED=9 " + me + " '[stop_runtime]'");
}

TEST_CASE("eight seeds in a row stop one context and two from everywhere",
          "[storm]") {
  std::set<std::pair<stopper, size_t>> seen;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    auto stop = context_stop_of(seed, {}, 4);
    CHECK(stop == context_stop_of(seed, {}, 4));
    seen.emplace(stop.from, stop.contexts.size());
  }
  CHECK(seen.size() == 8);
}

TEST_CASE("a seed stops any context, and never all of them", "[storm]") {
  for (size_t contexts : {2, 3, 4}) {
    std::set<size_t> seen;
    for (uint64_t seed = 0; seed < 100; ++seed) {
      auto stop = context_stop_of(seed, {}, contexts);
      CHECK(stop.contexts.size() < contexts);
      seen.insert(stop.contexts.begin(), stop.contexts.end());
    }
    CHECK(seen.size() == contexts);
    CHECK(*seen.rbegin() == contexts - 1);
  }
}

TEST_CASE("a client that stops contexts is of the kind that its seed means",
          "[storm]") {
  storm_size size;
  std::set<size_t> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    auto stop = context_stop_of(seed, size, 4);
    auto is_thread = stop.from == stopper::thread_client;
    CHECK(stop.client.has_value()
          == (is_thread || stop.from == stopper::actor_client));
    if (stop.client) {
      CHECK(is_thread == (*stop.client >= size.actor_clients));
      seen.insert(*stop.client);
    }
  }
  CHECK(seen.size() == size.actor_clients + size.thread_clients);
  CHECK(*seen.rbegin() == seen.size() - 1);
}

TEST_CASE("a step is about the context that it asks, and that of a member is "
          "not known",
          "[storm]") {
  auto context = [](operation what) {
    return context_of({.what = what, .member = 0, .context = 3}, 4);
  };
  CHECK(context(operation::evaluate) == 3);
  CHECK(context(operation::ask_and_drop) == 3);
  CHECK(context(operation::misplace_environment) == 0);
  CHECK(context(operation::increment) == std::nullopt);
}

TEST_CASE("losses are right in contexts that were stopped, and in no other",
          "[storm]") {
  auto what
    = GENERATE(operation::evaluate, operation::execute,
               operation::make_environment, operation::use_environment,
               operation::misplace_environment, operation::ask_and_drop);
  auto code = GENERATE(errc::actor_dead, errc::environment_lost,
                       errc::interpreter_lost, errc::reply_lost);
  INFO(to_string(what) << ", " << to_string(code));
  ledger book{1};
  CHECK_FALSE(is_right(book, what, 1, fail(code, "lost")));
  CHECK_FALSE(is_right(book, what, {}, fail(code, "lost")));
  book.allow_losses({1, 3});
  CHECK(is_right(book, what, 1, fail(code, "lost")));
  CHECK(is_right(book, what, 3, fail(code, "lost")));
  CHECK(is_right(book, what, {}, fail(code, "lost")));
  CHECK_FALSE(is_right(book, what, 0, fail(code, "lost")));
  CHECK_FALSE(is_right(book, what, 2, fail(code, "lost")));
}

TEST_CASE("a member that has counted answers with a number above 0, and a new "
          "one with 1",
          "[storm]") {
  ledger book{1};
  for (auto what : {operation::increment, operation::answer_later,
                    operation::spawn_child, operation::ask_and_drop}) {
    INFO(to_string(what));
    CHECK(is_right(book, what, 0, value{1}));
    CHECK(is_right(book, what, 0, value{2})
          == (what != operation::ask_and_drop));
    for (auto& wrong : {value{}, value{0}, value{-1}, value{true}, value{"1"}})
      CHECK_FALSE(is_right(book, what, 0, wrong));
  }
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
  // The seed says which of the contexts, whether it is two, and from where.
  auto seed = GENERATE(from_range(seeds()));
  auto report = run_in_own_world(seed, interruption::stop_context);
  auto contexts = main_interpreter::supports_own_gil() ? 4 : 2;
  CHECK(report.stopped == context_stop_of(seed, {}, contexts).contexts);
}

TEST_CASE("a runtime that stops amid a storm costs no request its outcome",
          "[storm][stop_runtime]") {
  run_in_own_world(GENERATE(from_range(seeds())), interruption::stop_runtime);
}

TEST_CASE("storms leave the interpreters of a runtime as they were",
          "[storm]") {
  need_ledger();
  storm_world world;
  constexpr uint64_t storms = instrumented ? 3 : 10;
  CHECK(steady_growth(world, storms) == "");
}

TEST_CASE("what each storm leaves in an interpreter is seen in it", "[storm]") {
  need_ledger();
  storm_world world{small, leaking_increment};
  CHECK_THAT(steady_growth(world, 2), ContainsSubstring("tracked objects"));
}

TEST_CASE("blocks that storms leave in an interpreter make them fail",
          "[storm]") {
  if (instrumented)
    SKIP("a sanitizer: CPython takes its memory from the C library");
  storm_world world{small, leaking_increment};
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
