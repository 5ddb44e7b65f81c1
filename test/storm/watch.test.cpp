#include <pyactor/test/storm/watch.hpp>

#include <pyactor/test/storm/soak.hpp>
#include <pyactor/test/support/another_process.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/module_folder.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include <stdlib.h>

namespace watch_test {

using namespace pyactor::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

/// @returns how often `text` has `part`
size_t count(const std::string& text, const std::string& part) {
  size_t result = 0;
  for (auto at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1))
    ++result;
  return result;
}

/// @returns the line that begins so; empty where none does
std::string line(const std::string& text, const std::string& start) {
  auto at = ('\n' + text).find('\n' + start);
  if (at == std::string::npos)
    return {};
  return text.substr(at, text.find('\n', at) - at);
}

} // namespace

TEST_CASE("a stage is late once, and the next one anew; the ticks go on",
          "[watch]") {
  std::atomic<int> late = 0;
  std::atomic<int> ticks = 0;
  watch over{1ms, [&] { ++ticks, ticks.notify_all(); },
             [&] { ++late, late.notify_all(); }};
  over.begin_stage(0s);
  late.wait(0);
  auto then = ticks.load();
  while (ticks < then + 10)
    ticks.wait(ticks);
  CHECK(late == 1);
  over.begin_stage(0s);
  late.wait(1);
  CHECK(late == 2);
}

TEST_CASE(
  "a storm that hangs ends a soak, which has said how it goes, and says "
  "which requests have no outcome",
  "[watch]") {
  module_folder rubbish; // what the process that ends amid a storm leaves
  auto end = in_another_process([&] {
    setenv("TMPDIR", rubbish.path().c_str(), 1);
    auto well = run_soak({.duration = 1h,
                          .seed = 7,
                          .planted = "def hang(self):\n"
                                     "    threading.Event().wait()\n"
                                     "Member.increment = hang\n",
                          .line_interval = 20ms,
                          .storm_limit = instrumented ? 2s : 1s,
                          .out = stderr});
    _exit(well ? 0 : 2);
  });
  INFO(end.said);
  CHECK(end.exited_with(1));
  CHECK(count(end.said, " operations ") > 1);
  CHECK_THAT(end.said,
             ContainsSubstring("FAILED: the storm of seed 7 has not ended"));
  CHECK_THAT(end.said, ContainsSubstring("clients have not finished"));
  CHECK_THAT(end.said, ContainsSubstring("(increment): no outcome"));
  CHECK_THAT(end.said, ContainsSubstring("once more: PYACTOR_STORM_SEED=7 "));
}

TEST_CASE("what each storm leaves fails a soak, which says what it is",
          "[watch]") {
  if (instrumented)
    SKIP("a sanitizer: CPython takes its memory from the C library");
  auto end = in_another_process([] {
    auto well = run_soak({
      .duration = 12s, // half of it for one runtime, which is enough
      .seed = 7,
      .size = {.actor_clients = 2, .thread_clients = 1, .steps = 60},
      .planted = "kept = []\n"
                 "Member.increment = lambda self: kept.append([]) or 1\n",
      .line_interval = 100ms, // some storms more than a judgement takes
      .out = stderr,
    });
    _exit(well ? 0 : 2);
  });
  INFO(end.said);
  CHECK(end.exited_with(2));
  CHECK_THAT(line(end.said, "blocks "), EndsWith("FAILED"));
  CHECK_THAT(line(end.said, "environments "), EndsWith("ok"));
  CHECK_THAT(end.said, !ContainsSubstring("second half"));
}

} // namespace watch_test
