// How the time that children take grows with their number. Cases of OTP's own
// test suite are under their names there; README.md lists them.

#include <pyactor/test/supervisors/simple_world.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include <malloc.h>

namespace otp_scale_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_scale]")

namespace {

using seconds = std::chrono::duration<double>;

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", size_t{2});
    configure(*this);
  }
};

struct real_world {
  system_config settings;
  caf::actor_system system{settings};
};

/// What a sanitizer, which is slow, sees less of.
constexpr int less = pyactor::test::instrumented ? 10 : 1;

caf::behavior idle() {
  return {[](who_are_you) { return incarnation_id{0}; }};
}

child_spec idle_child(const std::string& id, restart_type restart) {
  return {.id = id, .start = start_function(idle), .restart = restart};
}

/// @returns how long `what` takes, on the wall
template <class F>
seconds time_of(F what) {
  auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::steady_clock::now() - begin;
}

/// @returns what the process has of the C library, in bytes
double allocated() {
  auto all = mallinfo2();
  return static_cast<double>(all.uordblks + all.hblkhd);
}

/// What so many children of one spec take.
struct cost {
  seconds start{};
  seconds terminate{};
  seconds stop{};
  double bytes = 0;
};

void add_all(otp_simple_world& w, int children) {
  for (int i = 0; i < children; ++i) {
    caf::anon_send(w.supervisor, start_child_with{caf::make_message(i)});
    if (i % 1000 == 999)
      w.run();
  }
  w.run();
}

cost cost_of(int children, restart_type restart) {
  otp_simple_world w{supervisor_flags{}};
  w.begin(idle_child("c", restart));
  cost result;
  auto before = allocated();
  result.start = time_of([&] { add_all(w, children); });
  result.bytes = (allocated() - before) / children;
  auto live = w.count();
  CHECK(live.active == static_cast<size_t>(children));
  result.terminate = time_of([&] {
    for (int i = 1; i <= children; i += 2) {
      caf::anon_send(w.supervisor, terminate_child{"c-" + std::to_string(i)});
      if (i % 1000 == 999)
        w.run();
    }
    w.run();
  });
  result.stop = time_of([&] { w.stop(); });
  CHECK(w.supervisor_end);
  return result;
}

/// @returns the least of three runs, each time for itself
cost least_cost_of(int children, restart_type restart) {
  auto result = cost_of(children, restart);
  for (int i = 1; i < 3; ++i) {
    auto next = cost_of(children, restart);
    result.start = std::min(result.start, next.start);
    result.terminate = std::min(result.terminate, next.terminate);
    result.stop = std::min(result.stop, next.stop);
  }
  return result;
}

} // namespace

TEST("simple_one_for_one_scale_many_temporary_children",
     "ten times as many children end in no more than 50 times the time") {
  auto some = least_cost_of(1000, restart_type::temporary);
  auto many = least_cost_of(10'000, restart_type::temporary);
  CHECK(many.start / some.start <= 50);
  CHECK(many.terminate / some.terminate <= 50);
  CHECK(many.stop / some.stop <= 50);
}

TEST("scale_start_stop_many_children",
     "100 times as many children take no more than 1000 times the time") {
  auto times = [](int children) {
    std::vector<child_spec> specs;
    for (int i = 0; i < children; ++i)
      specs.push_back(idle_child(std::to_string(i), restart_type::permanent));
    otp_world w;
    auto start
      = time_of([&] { w.start(supervisor_flags{}, std::move(specs)); });
    CHECK(w.count().active == static_cast<size_t>(children));
    auto stop = time_of([&] { w.stop(); });
    CHECK(w.supervisor_end);
    return std::pair{start, stop};
  };
  auto [start, stop] = times(1000);
  auto [start_many, stop_many] = times(100'000 / less);
  CHECK(start_many / start <= 1000);
  CHECK(stop_many / stop <= 1000);
}

TEST("children on CAF's own scheduler",
     "50 times as many take no more than 500 times the time") {
  auto times = [](int children) {
    real_world w;
    auto sup = start_supervisor(
      w.system, as_otp({.strategy = restart_strategy::simple_one_for_one}),
      {as_otp(idle_child("c", restart_type::permanent))});
    REQUIRE(sup);
    auto start = time_of([&] {
      caf::scoped_actor self{w.system};
      for (int i = 0; i < children; ++i)
        self->send(sup->handle(), start_child_with{});
      for (int i = 0; i < children; ++i)
        self->receive([](const order_reply& started) {
          if (!started.result)
            FAIL(to_string(started.result.error()));
        });
    });
    auto stop = time_of([&] { CHECK(sup->stop()); });
    return std::pair{start, stop};
  };
  auto [start, stop] = times(1000);
  auto [start_many, stop_many] = times(50'000 / less);
  CHECK(start_many / start <= 500);
  CHECK(stop_many / stop <= 500);
}

TEST("children of one spec",
     "100 000 take no more than 1000 times what 1000 take") {
  cost all[3];
  for (int i = 0, children = 1000 / less; i < 3; ++i, children *= 10) {
    all[i] = cost_of(children, restart_type::permanent);
    WARN(children << " children: start " << all[i].start.count() * 1e3
                  << " ms, terminate half " << all[i].terminate.count() * 1e3
                  << " ms, stop " << all[i].stop.count() * 1e3 << " ms, "
                  << all[i].bytes << " bytes each");
  }
  CHECK(all[2].start / all[0].start <= 1000);
  CHECK(all[2].terminate / all[0].terminate <= 1000);
  CHECK(all[2].stop / all[0].stop <= 1000);
  CHECK(all[2].bytes <= 2 * all[0].bytes);
}

} // namespace otp_scale_test
