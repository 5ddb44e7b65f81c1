// Children that run code which does not return, on virtual time.

#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace child_calls_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

using kind = supervision_event::kind;

/// Says of every incarnation what a test wants.
struct scripted_calls : child_calls {
  uint64_t running(const caf::actor&) const override {
    return now;
  }

  void interrupt(const caf::actor&, uint64_t call) const override {
    did += "interrupt " + std::to_string(call) + ' ';
  }

  bool give_up(const caf::actor&, uint64_t call) const override {
    did += "give up " + std::to_string(call) + ' ';
    return gives_up;
  }

  bool has_lost_context(const caf::actor&) const override {
    return lost;
  }

  bool has_wedged_gil(const caf::actor&) const override {
    return wedged;
  }

  last_notes look_back(const caf::actor&) const override {
    return {.lost_messages = 2, .has_poisoned_context = poisoned};
  }

  std::string done() const {
    return std::exchange(did, {});
  }

  uint64_t now = 0;
  bool gives_up = true;
  bool lost = false;
  bool poisoned = false;
  bool wedged = false;
  mutable std::string did;
};

caf::error error_of_ours(pyactor::errc code) {
  return pyactor::runtime::to_caf({.code = code});
}

/// Its child hears nothing at all before `come_back`.
struct world_of_calls {
  explicit world_of_calls(stop_policy shutdown = {},
                          supervisor_flags flags = {.intensity = 10}) {
    w.start(std::move(flags), {spec(shutdown)});
  }

  ~world_of_calls() {
    caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
    come_back({});
    caf::anon_send_exit(silent, caf::exit_reason::kill);
    w.run();
  }

  child_spec spec(stop_policy shutdown) {
    auto start = [this](const start_context& context) -> start_result {
      limit = context.max_handler_time();
      context.runs_in("pool/0");
      context.may_interrupt(calls);
      last = context.spawn(
        [this, ack = context.ack()](caf::event_based_actor* self) {
          self->request(silent, caf::infinite, 1).await([this, self](int) {
            self->quit(last_words);
          });
          ack(self->context());
          return caf::behavior{[](int) {}};
        });
      return last;
    };
    return {
      .id = "c", .start = start, .shutdown = shutdown, .max_handler_time = 7ms};
  }

  void come_back(caf::error reason) {
    last_words = std::move(reason);
    caf::anon_send(silent, open_gate{});
    w.run();
  }

  size_t count(kind what) const {
    return static_cast<size_t>(
      std::ranges::count(w.events, what, &supervision_event::what));
  }

  world w;
  caf::actor silent = w.system.spawn(silent_until_open);
  std::shared_ptr<scripted_calls> calls = std::make_shared<scripted_calls>();
  caf::error last_words;
  caf::actor last;
  std::chrono::nanoseconds limit{};
};

} // namespace

TEST_CASE("a start function is told the limit of the spec", "[child_calls]") {
  CHECK(world_of_calls{}.limit == 7ms);
}

TEST_CASE("a call in the way of a stop is interrupted, then killed, then given "
          "up, each at its time",
          "[child_calls]") {
  world_of_calls x;
  x.calls->now = 3;
  auto done = x.w.order(terminate_child{"c"});
  x.w.advance(5s - 1ns);
  CHECK(x.calls->done().empty());
  CHECK(x.count(kind::hung) == 0);
  x.w.advance(1ns);
  CHECK(x.calls->done() == "interrupt 3 ");
  CHECK(x.count(kind::hung) == 1);
  CHECK(x.w.events.back().context == "pool/0");
  CHECK(x.w.statistics().kills == 0);
  x.w.advance(1s);
  CHECK(x.calls->done() == "interrupt 3 ");
  CHECK(x.w.statistics().kills == 1);
  x.w.advance(1s - 1ns);
  CHECK(x.calls->done().empty());
  x.w.advance(1ns);
  CHECK(x.calls->done() == "give up 3 ");
  CHECK(x.count(kind::hung) == 1);
  REQUIRE(x.count(kind::poisoned) == 1);
  CHECK(x.w.events.back().context == "pool/0");
  CHECK_FALSE(done.answered());

  SECTION("its end by that, when its call keeps the GIL of others") {
    x.calls->wedged = true;
    x.come_back(error_of_ours(pyactor::errc::abandoned));
    REQUIRE(x.count(kind::gil_wedged) == 1);
    CHECK(
      std::ranges::find(x.w.events, kind::gil_wedged, &supervision_event::what)
        ->context
      == "pool/0");
    CHECK(done.ok());
  }
  SECTION("its end by that is no surprise") {
    CHECK(x.count(kind::gil_wedged) == 0);
    x.come_back(error_of_ours(pyactor::errc::abandoned));
    CHECK(x.w.info("c").last_exit->kind == exit_kind::abandoned);
    CHECK(x.w.statistics().shutdown_errors == 0);
  }
  SECTION("a replacement that takes long is not waited for") {
    x.w.advance(1s);
    CHECK(x.w.info("c").last_exit->kind == exit_kind::abandoned);
  }
  CHECK(done.ok());
  CHECK(x.w.which() == "c:stopped");
  CHECK(x.count(kind::abandoned) == 1);
  x.come_back({});
  auto seen = x.w.statistics();
  CHECK(seen.kills == 1);
  CHECK(seen.abandons == 1);
  REQUIRE(seen.zombies.size() == 1);
  CHECK(seen.zombies[0].context == "pool/0");
}

TEST_CASE(
  "trouble with a call is reported once for each call, and what a child "
  "leaves unheard is counted",
  "[child_calls]") {
  world_of_calls x;
  using pyactor::runtime::call_trouble;
  auto tell = [&](call_trouble what, uint64_t call) {
    pyactor::runtime::tell_attached(
      caf::actor_cast<caf::strong_actor_ptr>(x.last), what, call);
    x.w.run();
  };
  for (uint64_t call : {3, 3, 4}) {
    tell(call_trouble::hung, call);
    tell(call_trouble::gil_wedged, call);
  }
  CHECK(x.count(kind::hung) == 2);
  CHECK(x.count(kind::gil_wedged) == 2);
  CHECK(x.w.events.back().context == "pool/0");
  x.calls->now = 4;
  auto done = x.w.order(terminate_child{"c"});
  x.w.advance(5s);
  CHECK(x.calls->done() == "interrupt 4 ");
  CHECK(x.count(kind::hung) == 2);
  x.come_back({});
  CHECK(done.ok());
  CHECK(x.w.statistics().lost_messages == 2);
}

TEST_CASE("an interrupted child that ends has stopped as it should",
          "[child_calls]") {
  world_of_calls x;
  x.calls->now = 3;
  auto done = x.w.order(terminate_child{"c"});
  x.w.advance(5s);
  x.come_back(error_of_ours(pyactor::errc::interrupted));
  CHECK(done.ok());
  CHECK(x.w.info("c").last_exit->kind == exit_kind::interrupted);
  auto seen = x.w.statistics();
  CHECK(seen.shutdown_errors == 0);
  CHECK(seen.kills == 0);
  CHECK(seen.zombies.empty());
}

TEST_CASE("a child that runs no call of its own is killed without an interrupt",
          "[child_calls]") {
  world_of_calls x;
  auto done = x.w.order(terminate_child{"c"});
  x.w.advance(5s);
  CHECK(x.w.statistics().kills == 1);
  x.w.advance(1s);
  x.w.advance(1s);
  CHECK(done.ok());
  CHECK(x.calls->done().empty());
  CHECK(x.count(kind::hung) == 0);
}

TEST_CASE("no call is given up that has not had its time after an interrupt",
          "[child_calls]") {
  world_of_calls x;
  x.calls->now = 3;
  auto done = x.w.order(terminate_child{"c"});
  x.w.advance(5s);
  x.calls->now = 4; // its on_exit, say
  x.w.advance(1s);
  CHECK(x.calls->done() == "interrupt 3 interrupt 4 ");
  CHECK(x.count(kind::hung) == 2);

  SECTION("the one that was interrupted last") {
    x.w.advance(1s);
    CHECK(x.calls->done() == "give up 4 ");
    CHECK_FALSE(done.answered());
  }
  SECTION("another one") {
    x.calls->now = 5;
    x.w.advance(1s);
    CHECK(x.calls->done().empty());
    CHECK(done.ok());
    CHECK(x.w.statistics().zombies.at(0).context.empty());
  }
}

TEST_CASE("a call that comes back just before it is given up costs no context",
          "[child_calls]") {
  world_of_calls x;
  x.calls->now = 3;
  x.calls->gives_up = false;
  auto done = x.w.order(terminate_child{"c"});
  for (auto pause : {5s, 1s, 1s})
    x.w.advance(pause);
  CHECK(x.calls->done() == "interrupt 3 interrupt 3 give up 3 ");
  CHECK(x.count(kind::poisoned) == 0);
  x.come_back(caf::exit_reason::kill);
  CHECK(done.ok());
  CHECK(x.w.statistics().zombies.empty());
  CHECK(x.w.info("c").last_exit->kind == exit_kind::killed);
}

TEST_CASE("a stop that begins with the kill interrupts at once",
          "[child_calls]") {
  world_of_calls x{{.mode = stop_mode::brutal_kill}};
  x.calls->now = 3;
  auto done = x.w.order(terminate_child{"c"});
  CHECK(x.calls->done() == "interrupt 3 ");
  x.w.advance(1s);
  CHECK(x.calls->done() == "interrupt 3 ");
  x.w.advance(1s);
  CHECK(x.calls->done() == "give up 3 ");
}

TEST_CASE("a child that ends in a context that was poisoned is no zombie, and "
          "who watches is told",
          "[child_calls]") {
  world_of_calls x;
  x.calls->poisoned = GENERATE(false, true);
  x.come_back(error_of_ours(pyactor::errc::python_exception));
  CHECK(x.w.which() == "c:running");
  CHECK(x.count(kind::poisoned) == x.calls->poisoned);
  CHECK(x.w.statistics().zombies.empty());
}

TEST_CASE("a child that hung by itself is a zombie if that cost its context",
          "[child_calls]") {
  world_of_calls x;
  x.calls->lost = GENERATE(false, true);
  x.come_back(error_of_ours(pyactor::errc::hung));
  CHECK(x.w.which() == "c:running");
  CHECK(x.count(kind::hung) == 1);
  CHECK(x.count(kind::poisoned) == x.calls->lost);
  auto seen = x.w.statistics();
  CHECK(seen.zombies.size() == x.calls->lost);
  CHECK(seen.abandons == x.calls->lost);
}

TEST_CASE("a supervisor with as many zombies as it may have restarts nothing "
          "more",
          "[child_calls]") {
  world_of_calls x{{}, {.intensity = 10, .max_zombies = 2}};
  x.calls->lost = true;
  x.come_back(error_of_ours(pyactor::errc::hung));
  CHECK(x.w.which() == "c:running");
  CHECK_FALSE(x.w.supervisor_end);
  x.come_back(error_of_ours(pyactor::errc::hung));
  REQUIRE(x.w.supervisor_end);
  CHECK(*x.w.supervisor_end == caf::make_error(sup_errc::give_up));
  CHECK(to_string(*x.w.supervisor_end).find("too many zombies")
        != std::string::npos);
  CHECK(x.count(kind::give_up) == 1);
}

TEST_CASE("with as many zombies as there may be, keep_backoff stops the child, "
          "and its supervisor carries on",
          "[child_calls]") {
  auto times_asked = 0;
  const limit_policy policies[]
    = {escalation::keep_backoff, [&](const limit_exceeded&) {
         ++times_asked;
         return escalation::keep_backoff;
       }};
  for (const auto& policy : policies) {
    world_of_calls x{{},
                     {.intensity = 10, .on_limit = policy, .max_zombies = 2}};
    x.calls->lost = true;
    x.come_back(error_of_ours(pyactor::errc::hung));
    CHECK(x.w.which() == "c:running");
    x.come_back(error_of_ours(pyactor::errc::hung));
    CHECK(x.w.which() == "c:stopped");
    CHECK(x.w.info("c").given_up);
    CHECK(x.count(kind::child_given_up) == 1);
    CHECK(x.w.statistics().restarts == 1);
    CHECK_FALSE(x.w.supervisor_end);
    x.w.advance(1h); // longer than any pause
    CHECK(x.w.which() == "c:stopped");
  }
  CHECK(times_asked == 1);
}

TEST_CASE("a supervisor that may have no zombies is refused", "[child_calls]") {
  auto checked = check_supervisor({.max_zombies = 0}, {});
  REQUIRE_FALSE(checked);
  CHECK(checked.error().message == "max_zombies must be positive");
}

} // namespace child_calls_test
