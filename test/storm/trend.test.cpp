#include <pyactor/test/storm/trend.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace trend_test {

using namespace pyactor::test;

TEST_CASE("the slope of points on a line is that of the line", "[trend]") {
  CHECK(slope(std::vector<point>{{0, 1}, {1, 3}, {4, 9}}) == Catch::Approx(2));
  CHECK(slope(std::vector<point>{{0, 7}, {1, 7}, {2, 7}}) == Catch::Approx(0));
}

TEST_CASE("points beside the line do not turn it where they balance",
          "[trend]") {
  CHECK(slope(std::vector<point>{{0, 1}, {1, 0}, {2, 0}, {3, 1}})
        == Catch::Approx(0).margin(1e-12));
}

} // namespace trend_test
