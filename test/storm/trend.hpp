#pragma once

#include <cstddef>
#include <span>

namespace pyactor::test {

struct point {
  double x = 0;
  double y = 0;
};

/// @returns the slope of the straight line that is nearest to the points, by
///          least squares
/// @pre two of them differ in `x`
[[nodiscard]] inline double slope(std::span<const point> points) {
  double mean_x = 0;
  double mean_y = 0;
  for (auto [x, y] : points) {
    mean_x += x / static_cast<double>(points.size());
    mean_y += y / static_cast<double>(points.size());
  }
  double rise = 0;
  double run = 0;
  for (auto [x, y] : points) {
    rise += (x - mean_x) * (y - mean_y);
    run += (x - mean_x) * (x - mean_x);
  }
  return rise / run;
}

} // namespace pyactor::test
