// Cases of OTP's own test suite about the ends of children, under their names
// there; README.md lists them.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>

namespace otp_exits_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_exits]")

namespace {

const auto detailed = shutdown_reason("detail");

/// A supervisor of one child, "c1".
struct one_child : numbered {
  explicit one_child(restart_type restart) : numbered(flags(), 1, restart) {
    // nop
  }

  bool is_back(int starts) {
    return which() == "c1:running" && child("c1").starts == starts
           && info("c1").incarnation == static_cast<incarnation_id>(starts)
           && count() == child_counts{1, 1, 0, 1};
  }

  bool is_stopped() {
    return which() == "c1:stopped" && count() == child_counts{1, 0, 0, 1};
  }

  bool is_gone() {
    return which().empty() && count() == child_counts{0, 0, 0, 0};
  }
};

} // namespace

TEST("multiple_restarts", "crashes further apart than the period go on for "
                          "ever") {
  otp_world w;
  w.start({.intensity = 1, .period = 1s}, {w.spec("c1")});
  for (int i = 1; i <= 4; ++i) {
    w.tell("c1", die{crash()});
    CHECK(w.child("c1").starts == i + 1);
    w.advance(2100ms);
  }
  CHECK_FALSE(w.supervisor_end);
  CHECK(w.order(terminate_child{"c1"}).ok());
  CHECK(w.order(delete_child{"c1"}).ok());
  CHECK(w.which().empty());
}

TEST("permanent_normal", "a permanent child comes back after a normal end") {
  one_child w{restart_type::permanent};
  w.tell("c1", die{normal});
  CHECK(w.is_back(2));
}

TEST("transient_normal", "a transient child stays stopped after a normal end") {
  one_child w{restart_type::transient};
  w.tell("c1", die{normal});
  CHECK(w.is_stopped());
}

TEST("temporary_normal", "a temporary child is gone after a normal end") {
  one_child w{restart_type::temporary};
  w.tell("c1", die{normal});
  CHECK(w.is_gone());
}

TEST("permanent_shutdown", "a permanent child comes back after a shutdown, "
                           "with or without a detail") {
  one_child w{restart_type::permanent};
  w.tell("c1", die{shutdown});
  CHECK(w.is_back(2));
  w.tell("c1", die{detailed});
  CHECK(w.is_back(3));
}

TEST("transient_shutdown", "a transient child stays stopped after a shutdown, "
                           "until somebody restarts it") {
  one_child w{restart_type::transient};
  w.tell("c1", die{shutdown});
  CHECK(w.is_stopped());
  CHECK(w.order(restart_child{"c1"}).ok());
  CHECK(w.is_back(2));
  w.tell("c1", die{detailed});
  CHECK(w.is_stopped());
}

TEST("temporary_shutdown", "a temporary child is gone after a shutdown, and "
                           "can be started anew") {
  one_child w{restart_type::temporary};
  w.tell("c1", die{shutdown});
  CHECK(w.is_gone());
  CHECK(w.order(start_child{w.spec("c1", restart_type::temporary)}).ok());
  CHECK(w.is_back(2));
  w.tell("c1", die{detailed});
  CHECK(w.is_gone());
}

TEST("permanent_abnormal", "a permanent child comes back after a crash") {
  one_child w{restart_type::permanent};
  w.tell("c1", die{crash()});
  CHECK(w.is_back(2));
}

TEST("transient_abnormal", "a transient child comes back after a crash") {
  one_child w{restart_type::transient};
  w.tell("c1", die{crash()});
  CHECK(w.is_back(2));
}

TEST("temporary_abnormal", "a temporary child is gone after a crash") {
  one_child w{restart_type::temporary};
  w.tell("c1", die{crash()});
  CHECK(w.is_gone());
}

namespace {

/// What `start_child` finds of a child of this type after such an end; none
/// where it finds no child.
std::optional<sup_errc> found_after(restart_type type, ending how) {
  if (type == restart_type::temporary)
    return std::nullopt;
  auto stays_stopped = how == ending::order
                       || (type == restart_type::transient && is_orderly(how));
  return stays_stopped ? sup_errc::already_present : sup_errc::already_started;
}

void check_spec_after(restart_strategy strategy, restart_type type,
                      ending how) {
  otp_world w;
  w.start(flags(strategy), {});
  REQUIRE(w.order(start_child{w.spec("c1", type)}).ok());
  end_child(w, "c1", how);
  auto again = w.order(start_child{w.spec("c1", type)});
  auto expected = found_after(type, how);
  CHECK(again.ok() == !expected);
  if (expected)
    CHECK(again.error().code == expected);
  if (expected == sup_errc::already_present)
    CHECK(w.order(restart_child{"c1"}).ok());
  CHECK(w.which() == "c1:running");
  CHECK(w.child("c1").starts == 2);
}

} // namespace

TEST("do_not_save_child_specs_for_temporary_children",
     "a spec outlives the end of its child, unless that is temporary") {
  for (auto strategy :
       {restart_strategy::one_for_one, restart_strategy::one_for_all,
        restart_strategy::rest_for_one})
    for (auto type : {restart_type::permanent, restart_type::transient,
                      restart_type::temporary})
      for (auto how : all_endings)
        check_spec_after(strategy, type, how);
}

TEST("do_not_save_start_parameters_for_temporary_children",
     "what a temporary child was started with goes with it") {
  for (auto strategy :
       {restart_strategy::one_for_one, restart_strategy::one_for_all,
        restart_strategy::rest_for_one})
    for (auto type : {restart_type::permanent, restart_type::transient,
                      restart_type::temporary}) {
      otp_world w;
      w.start(flags(strategy), {});
      auto load = std::make_shared<std::vector<int>>(50'000);
      for (int i = 0; i < 100; ++i) {
        auto child = w.spec("c" + std::to_string(i), type);
        child.start = [load, start = child.start](const start_context& x) {
          return start(x);
        };
        CHECK(w.order(start_child{std::move(child)}).ok());
      }
      for (int i = 0; i < 100; ++i)
        w.order(terminate_child{"c" + std::to_string(i)});
      CHECK(load.use_count()
            == (type == restart_type::temporary ? 1 : 1 + 100));
    }
}

} // namespace otp_exits_test
