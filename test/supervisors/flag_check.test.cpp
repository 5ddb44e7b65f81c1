#include <pyactor/supervisors/engine/flag_check.hpp>

#include <catch2/catch_test_macros.hpp>

namespace flag_check_test {

using namespace pyactor::supervisors;
using engine::bad_combination;

#define TEST(what) TEST_CASE(what, "[flag_check]")

namespace {

constexpr auto simple = restart_strategy::simple_one_for_one;

} // namespace

TEST("simple_one_for_one needs exactly one spec") {
  supervisor_flags flags{.strategy = simple};
  for (size_t specs : {0, 2, 100})
    CHECK(bad_combination(flags, specs)
          == "simple_one_for_one needs exactly one child spec");
  CHECK(bad_combination(flags, 1).empty());
}

TEST("simple_one_for_one does not go with auto_shutdown") {
  for (auto end :
       {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    CHECK(bad_combination({.strategy = simple, .auto_shutdown = end}, 1)
          == "auto_shutdown does not go with simple_one_for_one");
    CHECK(bad_combination({.auto_shutdown = end}, 1).empty());
  }
}

TEST("children that depend on each other do not stop at once") {
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    supervisor_flags flags{.strategy = strategy,
                           .stop_order = stop_order::at_once};
    CHECK(bad_combination(flags, 2)
          == "children that depend on each other do not stop at once");
    flags.stop_order = stop_order::newest_first;
    CHECK(bad_combination(flags, 2).empty());
  }
}

TEST("children that depend on each other have no limit to their number") {
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one})
    CHECK(bad_combination({.strategy = strategy, .max_children = 9}, 2)
          == "max_children does not go with children that depend on each "
             "other");
}

TEST("a supervisor does not start with more children than it may have") {
  CHECK(bad_combination({.max_children = 2}, 3)
        == "there are more child specs than max_children");
  CHECK(bad_combination({.max_children = 2}, 2).empty());
  CHECK(bad_combination({.strategy = simple, .max_children = 1}, 1).empty());
}

TEST("a supervisor that may have no child at all is refused") {
  for (size_t specs : {0, 1}) {
    CHECK(bad_combination({.max_children = 0}, specs)
          == "max_children must be positive");
    CHECK(bad_combination({.max_children = 1}, specs).empty());
  }
  CHECK(bad_combination({.strategy = simple, .max_children = 0}, 1)
        == "max_children must be positive");
}

TEST("children stop in order unless they come from one spec, or flags say so") {
  using engine::stop_order_of;
  CHECK(stop_order_of({}) == stop_order::newest_first);
  CHECK(stop_order_of({.strategy = simple}) == stop_order::at_once);
  for (auto order : {stop_order::newest_first, stop_order::at_once}) {
    CHECK(stop_order_of({.stop_order = order}) == order);
    CHECK(stop_order_of({.strategy = simple, .stop_order = order}) == order);
  }
}

} // namespace flag_check_test
