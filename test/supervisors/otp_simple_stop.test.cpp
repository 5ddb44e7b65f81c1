// Cases of OTP's own test suite about the stop of children of one spec, under
// their names there; README.md lists them.

#include <pyactor/test/supervisors/otp.hpp>
#include <pyactor/test/supervisors/simple_world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace otp_simple_stop_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_simple_stop]")

namespace {

supervisor_flags many() {
  return {.intensity = 100, .period = 1h};
}

/// Takes so many seconds to end.
caf::behavior slow_to_end(caf::event_based_actor* self, int seconds) {
  self->set_exit_handler([self, seconds](caf::exit_msg&) {
    self->delayed_send(self, std::chrono::seconds{seconds}, die{shutdown});
  });
  return {[self](const die& what) { self->quit(what.reason); }};
}

} // namespace

TEST("sup_stop_timeout_dynamic", "who ignores the request is killed in time") {
  otp_simple_world w{many()};
  auto one = w.spec("c", restart_type::temporary);
  one.shutdown = stop_policy{.timeout = 1s};
  w.begin(one);
  w.child("c-2").deaf = true;
  w.add(2);
  w.stop();
  CHECK(w.ended_with("c-1", shutdown));
  w.advance(1s - 1ns);
  CHECK(w.alive("c-2"));
  w.advance(1ns);
  CHECK(w.ended_with("c-2", killed));
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_stop_timeout_dynamic",
     "who survives even the kill is given up in time") {
  otp_simple_world w{many()};
  hung_children hung{w};
  auto one = w.spec("c", restart_type::temporary);
  one.shutdown = stop_policy{.timeout = 1s, .kill_grace = 2s};
  one.start
    = [start = one.start, hung = hung.start()](const start_context& context) {
        return context.id() == "c-2" ? hung(context) : start(context);
      };
  w.begin(one);
  w.add(2);
  auto end = end_of(w.ref->child("c-2").current().value());
  w.stop();
  CHECK(w.ended_with("c-1", shutdown));
  w.advance(1s); // is killed
  w.advance(2s); // is looked at once more
  w.advance(2s - 1ns);
  CHECK_FALSE(w.supervisor_end);
  w.advance(1ns);
  CHECK(w.supervisor_end == shutdown);
  CHECK_FALSE(*end);
  CHECK(w.events.back().what == supervision_event::kind::abandoned);
}

TEST("sup_stop_brutal_kill_dynamic", "all are killed at once") {
  otp_simple_world w{many()};
  auto one = w.spec("c", restart_type::temporary);
  one.shutdown = stop_policy{.mode = stop_mode::brutal_kill};
  w.begin(one);
  w.add(10);
  w.stop();
  for (int i = 1; i <= 10; ++i)
    CHECK(w.ended_with("c-" + std::to_string(i), killed));
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_stop_non_shutdown_exit_dynamic", "each may end as it likes") {
  const caf::error reasons[]
    = {normal, shutdown, shutdown_reason("done"), crash("other")};
  for (auto restart : {restart_type::permanent, restart_type::transient,
                       restart_type::temporary}) {
    otp_simple_world w{restart, many()};
    for (int i = 0; i < 4; ++i)
      w.child("c-" + std::to_string(i + 1)).last_words = reasons[i];
    w.add(4);
    w.stop();
    CHECK(w.supervisor_end == shutdown);
    for (int i = 0; i < 4; ++i) {
      auto id = "c-" + std::to_string(i + 1);
      CHECK(w.ended_with(id, reasons[i]));
      CHECK(w.child(id).starts == 1);
    }
  }
}

TEST("simple_one_for_one_shutdown",
     "a stop takes as long as its slowest child may, who is killed then") {
  otp_simple_world w{many()};
  w.begin({.id = "c",
           .start = with_arguments<int>(
             [](int seconds) { return start_function(slow_to_end, seconds); }),
           .shutdown = stop_policy{.timeout = 2s}});
  std::vector<std::shared_ptr<std::optional<caf::error>>> ends;
  for (int seconds : {1, 1, 5}) {
    auto added = w.add(caf::make_message(seconds));
    REQUIRE(added.ok());
    ends.push_back(end_of(w.ref->child(added.id()).current().value()));
  }
  w.stop();
  w.advance(1s - 1ns);
  for (const auto& end : ends)
    CHECK_FALSE(*end);
  w.advance(1ns);
  CHECK(*ends[0] == shutdown);
  CHECK(*ends[1] == shutdown);
  CHECK(w.count() == child_counts{1, 1, 0, 3});
  w.advance(1s - 1ns);
  CHECK_FALSE(*ends[2]);
  CHECK_FALSE(w.supervisor_end);
  w.advance(1ns);
  CHECK(*ends[2] == killed);
  CHECK(w.supervisor_end == shutdown);
  w.advance(1h); // nothing of it is left, whatever the outcome
}

} // namespace otp_simple_stop_test
