#include <pyactor/test/storm/judge.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace judge_test {

using namespace pyactor::test;

namespace {

/// Samples of a process, one every 10 s.
/// @param change what is different about each, by its number
std::vector<sample> samples(size_t count,
                            const std::function<void(sample&, int)>& change) {
  std::vector<sample> result;
  for (int i = 0; i < static_cast<int>(count); ++i) {
    result.push_back(
      {.at = std::chrono::seconds{10 * (i + 1)},
       .process
       = {.threads = 11, .files = 7, .resident_kib = 60'000 + i % 2 * 40},
       .environments = 0,
       .blocks = 90'000 + i % 3 * 20});
    change(result.back(), i);
  }
  return result;
}

constexpr auto flat = [](sample&, int) {};

/// What grows, by name.
std::vector<std::string> growing(const std::vector<sample>& all,
                                 const growth_limits& limits = {}) {
  auto trends = judge(all, limits);
  REQUIRE(trends);
  CHECK(trends->size() == 5);
  std::vector<std::string> result;
  for (auto& each : *trends)
    if (each.grows())
      result.push_back(each.what);
  return result;
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE("of a process that stays as it is nothing grows", "[judge]") {
  CHECK(growing(samples(24, flat)) == names{});
}

TEST_CASE("each thing that grows is named, and nothing else", "[judge]") {
  CHECK(growing(samples(
          24, [](sample& x, int i) { x.process.resident_kib += 30 * i; }))
        == names{"RSS in KiB"});
  CHECK(growing(samples(24, [](sample& x, int i) { x.environments = i / 12; }))
        == names{"environments"});
  CHECK(growing(samples(24, [](sample& x, int i) { x.blocks += 20 * i; }))
        == names{"blocks"});
  CHECK(
    growing(samples(24, [](sample& x, int i) { x.process.threads += i / 20; }))
    == names{"threads"});
  CHECK(
    growing(samples(24, [](sample& x, int i) { x.process.files += i / 20; }))
    == names{"files"});
}

TEST_CASE("memory may grow by less than one byte for each of 2,000 operations "
          "a second, and no faster",
          "[judge]") {
  auto by = [](int kib_in_10_s) {
    return [=](sample& x, int i) { x.process.resident_kib += kib_in_10_s * i; };
  };
  CHECK(growing(samples(24, by(20))) == names{});
  CHECK(growing(samples(24, by(22))) == names{"RSS in KiB"});
}

TEST_CASE("what grows while it warms up does not count", "[judge]") {
  auto warming = [](sample& x, int i) {
    x.process.resident_kib += 1000 * std::min(i, 6);
    x.process.threads += std::min(i, 6);
  };
  CHECK(growing(samples(24, warming)) == names{});
  CHECK(growing(samples(20, warming)) == names{"RSS in KiB", "threads"});
}

TEST_CASE("what shrinks does not grow", "[judge]") {
  CHECK(growing(samples(
          24, [](sample& x, int i) { x.process.resident_kib -= 1000 * i; }))
        == names{});
}

TEST_CASE("resident memory is no sign where none is given back", "[judge]") {
  auto all = [](sample& x, int i) {
    x.process.resident_kib += 10'000 * i;
    x.process.threads += i;
  };
  growth_limits limits{.resident_kib = std::numeric_limits<double>::infinity()};
  CHECK(growing(samples(24, all), limits) == names{"threads"});
}

TEST_CASE("blocks may grow by less than their limit, and no faster",
          "[judge]") {
  auto by = [](int in_10_s) {
    return [=](sample& x, int i) { x.blocks += in_10_s * i; };
  };
  CHECK(growing(samples(24, by(2))) == names{});
  CHECK(growing(samples(24, by(4))) == names{"blocks"});
  CHECK(growing(samples(24, by(45)), {.blocks = 300}) == names{});
  CHECK(growing(samples(24, by(55)), {.blocks = 300}) == names{"blocks"});
}

TEST_CASE("too few samples give no verdict", "[judge]") {
  CHECK_FALSE(judge(samples(6, flat)));
  CHECK(judge(samples(7, flat)));
  CHECK_FALSE(judge({}));
}

} // namespace judge_test
