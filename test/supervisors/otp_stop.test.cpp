// Cases of OTP's own test suite about stops, under their names there; README.md
// lists them.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>

namespace otp_stop_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_stop]")

namespace {

child_spec with(child_spec spec, stop_policy policy) {
  spec.shutdown = policy;
  return spec;
}

} // namespace

TEST("sup_stop_infinity", "a supervisor and a worker that may take for ever "
                          "both end with shutdown") {
  otp_world w;
  w.child("worker").farewell = 24h;
  auto worker = with(w.spec("worker"), {.mode = stop_mode::infinity});
  child_spec tree{.id = "tree",
                  .start = supervise(flags(), {w.spec("leaf")}),
                  .type = child_type::supervisor,
                  .shutdown = stop_policy{.mode = stop_mode::infinity}};
  w.start(flags(), {worker, tree});
  CHECK(w.count() == child_counts{2, 2, 1, 1});
  auto tree_end = end_of(w.ref->child("tree").current().value());
  w.stop();
  CHECK(w.ended_with("leaf", shutdown));
  CHECK(*tree_end == shutdown);
  w.advance(24h - 1ns);
  CHECK(w.alive("worker"));
  w.advance(1ns);
  CHECK(w.ended_with("worker", shutdown));
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_stop_timeout", "who ignores the request is killed in time") {
  otp_world w;
  w.child("c2").deaf = true;
  stop_policy second{.timeout = 1s};
  w.start(flags(), {with(w.spec("c1"), second), with(w.spec("c2"), second)});
  w.stop();
  w.advance(1s - 1ns);
  CHECK(w.alive("c2"));
  CHECK(w.alive("c1"));
  w.advance(1ns);
  CHECK(w.ended_with("c2", killed));
  CHECK(w.ended_with("c1", shutdown));
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_stop_timeout", "who survives even the kill is given up, and the stop "
                         "goes on") {
  otp_world w;
  hung_children hung{w};
  stop_policy second{.timeout = 1s, .kill_grace = 2s};
  w.start(flags(), {with(w.spec("c1"), second),
                    with({.id = "c2", .start = hung.start()}, second)});
  auto end = end_of(w.ref->child("c2").current().value());
  w.stop();
  w.advance(1s); // is killed
  w.advance(2s); // is looked at once more
  w.advance(2s - 1ns);
  CHECK(w.which() == "c2:stopping c1:running");
  w.advance(1ns);
  CHECK_FALSE(*end);
  CHECK(w.events.back().what == supervision_event::kind::abandoned);
  CHECK(w.events.back().id == "c2");
  CHECK(w.ended_with("c1", shutdown));
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_stop_brutal_kill", "is no request, and spares the others") {
  otp_world w;
  w.child("c2").last_words = crash("was asked");
  w.start(flags(), {with(w.spec("c1"), {.timeout = 1s}),
                    with(w.spec("c2"), {.mode = stop_mode::brutal_kill})});
  w.stop();
  CHECK(w.ended_with("c1", shutdown));
  CHECK(w.ended_with("c2", killed));
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_stop_race", "children that end by themselves while the supervisor "
                      "stops end as they like, and cost nothing") {
  using enum restart_type;
  otp_world w;
  stop_policy second{.timeout = 1s};
  std::vector specs{with(w.spec("a", temporary), second)};
  std::vector<std::pair<std::string, caf::error>> racing;
  for (auto type : {temporary, transient, permanent})
    for (const auto& reason :
         {normal, shutdown, shutdown_reason("x"), crash()}) {
      auto id = "c" + std::to_string(racing.size());
      w.child(id).last_words = reason;
      racing.emplace_back(id, reason);
      specs.push_back(with(w.spec(id, type), second));
    }
  w.child("z").farewell = 1s;
  specs.push_back(with(w.spec("z"), {.timeout = 2s}));
  w.start(flags(restart_strategy::one_for_one, 100), specs);
  w.journal.clear();
  w.stop();
  w.advance(200ms);
  for (const auto& [id, reason] : racing)
    w.tell(id, die{reason});
  for (const auto& [id, reason] : racing)
    CHECK(w.ended_with(id, reason));
  CHECK(w.alive("z"));
  CHECK(w.alive("a"));
  CHECK_FALSE(w.supervisor_end);
  w.advance(800ms);
  CHECK(w.ended_with("z", shutdown));
  CHECK(w.ended_with("a", shutdown));
  CHECK(w.supervisor_end == shutdown);
  CHECK(w.happened()
        == "end c0, end c1, end c2, end c3, end c4, end c5, end c6, end c7, "
           "end c8, end c9, end c10, end c11, end z, end a");
}

} // namespace otp_stop_test
