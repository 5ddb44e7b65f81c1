#include <pyactor/test/storm/judge.hpp>

#include <pyactor/test/storm/trend.hpp>

#include <cstddef>

namespace pyactor::test {

namespace {

/// Fewer, after those of the warm-up, say nothing of a slope.
constexpr size_t enough = 6;

} // namespace

std::optional<std::vector<trend>> judge(std::span<const sample> samples,
                                        const growth_limits& limits) {
  auto warm = samples.subspan(samples.size() / 4);
  if (warm.size() < enough)
    return std::nullopt;
  auto trend_of = [&](std::string what, double limit, auto amount) {
    std::vector<point> points;
    for (auto& each : warm)
      points.push_back(
        {each.at.count() / 60, static_cast<double>(amount(each))});
    return trend{std::move(what), slope(points), limit};
  };
  return std::vector{
    trend_of("RSS in KiB", limits.resident_kib,
             [](auto& x) { return x.process.resident_kib; }),
    trend_of("environments", 0.1, [](auto& x) { return x.environments; }),
    trend_of("blocks", limits.blocks, [](auto& x) { return x.blocks; }),
    trend_of("threads", 0.1, [](auto& x) { return x.process.threads; }),
    trend_of("files", 0.1, [](auto& x) { return x.process.files; }),
  };
}

} // namespace pyactor::test
