// Python children whose code is in the way of their stop, in real time.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hung_stop_test {

using namespace pyactor::supervisors;
using namespace pyactor::test;
using namespace std::chrono_literals;
using pyactor::actor_class;
using pyactor::errc;
using pyactor::interpreter_kind;
using pyactor::value;
using pyactor::runtime::python_actor;

namespace {

using kind = supervision_event::kind;

constexpr auto source = R"(
import pyactor, time, traceback # which the first error imports otherwise

class Main(pyactor.Actor):
    def __init__(self, hangs=False):
        while hangs:
            pass

    def spin(self):
        pyactor.send("test", "hanging")
        while True:
            pass

    def sleep(self):
        pyactor.send("test", "hanging")
        time.sleep(10_000)

    def answer(self):
        return 42

class Slow(Main):
    max_handler_time = 10_000_000
)";

/// Runs the Python code that it is sent.
class runner : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    return {[this](const std::string& code) {
              python().exec(pyactor::source{code});
              return true;
            },
            [](int x) { return x; }};
  }
};

using response = decltype(std::declval<const child_ref&>().request(
  std::declval<caf::scoped_actor&>(), patience, std::string{}));

/// Far more than an interrupt takes: whoever waits for the step after it does
/// so in vain.
constexpr stop_policy interrupted_soon{.timeout = 50ms, .kill_grace = patience};

pyactor::runtime::runtime_options quiet(interpreter_kind kind) {
  auto result = one_pool(kind);
  result.log_level = "off";
  return result;
}

/// Children in one context.
struct children {
  explicit children(interpreter_kind kind) : world(quiet(kind)) {
    // nop
  }

  child_spec python_child(std::string id, stop_policy shutdown,
                          const char* name = "Main") {
    return {.id = std::move(id),
            .start = start_python(world.python(),
                                  actor_class::from_source(source, name)),
            .shutdown = shutdown};
  }

  child_spec pinned_child(std::string id, stop_policy shutdown) {
    return {.id = std::move(id),
            .start = start_pinned<runner>(world.python(), {}),
            .shutdown = shutdown};
  }

  void start(std::vector<child_spec> specs) {
    supervisor
      = start_supervisor(world.system(), {.intensity = 10, .events = news},
                         std::move(specs))
          .value();
  }

  /// Sends a request, whose answer nobody may ever get.
  template <class Request>
  response ask(const std::string& id, Request request) {
    return supervisor->child(id).request(world.client(), patience,
                                         std::move(request));
  }

  response call(const std::string& id, std::string method) {
    return ask(id, runtime_world::make_call(std::move(method)));
  }

  /// @returns the code of the error that a request comes to
  template <class Answer>
  static std::optional<errc> failure(response what) {
    std::optional<errc> result;
    std::move(what).receive([](const Answer&) {},
                            [&](const caf::error& why) {
                              result = pyactor::runtime::from_caf(why).code;
                            });
    return result;
  }

  bool answers(const std::string& id) {
    value result;
    call(id, "answer")
      .receive([&](const value& x) { result = x; }, [](const caf::error&) {});
    return result == value{42};
  }

  exit_kind last_exit(const std::string& id) {
    auto all = supervisor->which_children().value();
    for (const auto& info : all)
      if (info.id == id)
        return info.last_exit.value().kind;
    FAIL("no child " << id);
    return {};
  }

  /// Reads events until one is of that kind.
  supervision_event await(kind what) {
    for (;;) {
      auto event = news.next(patience);
      REQUIRE(event);
      UNSCOPED_INFO(to_string(*event));
      if (event->what == what)
        return *event;
    }
  }

  event_stream news;
  runtime_world world;
  std::optional<supervisor_ref> supervisor;
};

} // namespace

TEST_CASE("a child whose call is in the way of its stop is interrupted, at no "
          "cost to others of its context",
          "[hung_stop]") {
  for (auto interpreter : kinds()) {
    children x{interpreter};
    x.start({x.python_child("a", interrupted_soon),
             x.python_child("b", interrupted_soon)});
    auto pending = x.call("a", "spin");
    REQUIRE(x.world.hear());
    CHECK(x.supervisor->terminate_child("a"));
    CHECK(x.last_exit("a") == exit_kind::interrupted);
    CHECK(x.failure<value>(std::move(pending)) == errc::interrupted);
    CHECK(x.await(kind::hung).context == "default/0");
    CHECK(x.answers("b"));
    CHECK(x.supervisor->statistics()->kills == 0);
    CHECK(x.world.python().contexts_given_up() == 0);
    CHECK(x.supervisor->stop());
  }
}

TEST_CASE("messages that nobody waits for are counted where their child ends "
          "before it handles them",
          "[hung_stop]") {
  for (auto interpreter : kinds()) {
    children x{interpreter};
    x.start({x.python_child("a", interrupted_soon)});
    auto send = [&](const char* method) {
      caf::anon_send(x.supervisor->child("a").current().value(),
                     runtime_world::make_call(method));
    };
    send("answer");
    CHECK(x.answers("a"));
    send("spin");
    REQUIRE(x.world.hear());
    send("answer");
    send("answer");
    auto pending = x.call("a", "answer");
    CHECK(x.supervisor->terminate_child("a"));
    CHECK(x.failure<value>(std::move(pending)));
    CHECK(x.supervisor->statistics()->lost_messages == 2);
    CHECK(x.supervisor->restart_child("a"));
    send("spin");
    REQUIRE(x.world.hear());
    send("answer");
    CHECK(x.supervisor->terminate_child("a"));
    CHECK(x.supervisor->statistics()->lost_messages == 3);
    CHECK(x.supervisor->stop());
  }
}

TEST_CASE("a pinned C++ child is interrupted in its Python code",
          "[hung_stop]") {
  children x{kinds().back()};
  x.start({x.pinned_child("a", interrupted_soon)});
  auto pending = x.ask("a", std::string{"import pyactor\n"
                                        "pyactor.send('test', 'hanging')\n"
                                        "while True:\n"
                                        "    pass\n"});
  REQUIRE(x.world.hear());
  CHECK(x.supervisor->terminate_child("a"));
  CHECK(x.last_exit("a") == exit_kind::interrupted);
  CHECK(x.failure<bool>(std::move(pending)) == errc::interrupted);
  CHECK(x.supervisor->stop());
}

TEST_CASE("a child that is to be killed at once is interrupted at once",
          "[hung_stop]") {
  children x{kinds().back()};
  x.start({x.python_child(
    "a", {.mode = stop_mode::brutal_kill, .kill_grace = patience})});
  auto pending = x.call("a", "spin");
  REQUIRE(x.world.hear());
  CHECK(x.supervisor->cycle_child("a")->incarnation == 2);
  CHECK(x.answers("a"));
  CHECK(x.supervisor->stop());
}

TEST_CASE("a start that takes too long is interrupted", "[hung_stop]") {
  children x{kinds().back()};
  auto spec = x.python_child("a", interrupted_soon);
  spec.start
    = start_python(x.world.python(), actor_class::from_source(source, "Main"),
                   {.positional = {true}});
  spec.start_timeout = 1s;
  auto started = start_supervisor(x.world.system(), {}, {spec});
  REQUIRE_FALSE(started);
  REQUIRE(started.error().reason);
  CHECK(started.error().reason->kind == exit_kind::start_timeout);
  CHECK(x.world.call(x.world.spawn(source), "answer") == 42);
}

TEST_CASE("a child whose supervisor was killed is interrupted in its call when "
          "its time is over",
          "[hung_stop]") {
  children x{kinds().back()};
  x.start({x.python_child("a", interrupted_soon)});
  auto child = x.supervisor->child("a").current().value();
  auto pending = x.call("a", "spin");
  REQUIRE(x.world.hear());
  caf::anon_send_exit(x.supervisor->handle(), caf::exit_reason::kill);
  auto why = pyactor::runtime::from_caf(x.world.await_exit(child));
  CHECK(why.code == errc::interrupted);
}

TEST_CASE("the limit of a spec overrules that of the class, and of none",
          "[hung_stop]") {
  children x{kinds().back()};
  auto none = x.python_child("none", {});
  auto longer = x.python_child("longer", {}, "Slow");
  auto pinned = x.pinned_child("pinned", {});
  for (auto* spec : {&none, &longer, &pinned})
    spec->max_handler_time = 100ms;
  x.start({none, longer, pinned});
  for (const auto* id : {"none", "longer"}) {
    CHECK(x.failure<value>(x.call(id, "spin")) == errc::hung);
    CHECK(x.await(kind::hung).id == id);
    x.await(kind::restarted);
    CHECK(x.last_exit(id) == exit_kind::hung);
  }
  CHECK(x.failure<bool>(x.ask("pinned", std::string{"while True:\n  pass"}))
        == errc::hung);
  CHECK(x.supervisor->stop());
}

TEST_CASE("a call that does not come back costs its context, whose children "
          "come back in a fresh one",
          "[.][lost_call]") {
  children x{kinds().back()};
  stop_policy short_ladder{.timeout = 50ms, .kill_grace = 2s};
  x.start({x.python_child("a", short_ladder), //
           x.python_child("b", short_ladder)});
  auto pending = x.call("a", "sleep");
  REQUIRE(x.world.hear());
  CHECK(x.supervisor->cycle_child("a"));
  CHECK(x.failure<value>(std::move(pending)) == errc::abandoned);
  CHECK(x.last_exit("a") == exit_kind::abandoned);
  auto poisoned = x.await(kind::poisoned);
  CHECK(poisoned.id == "a");
  CHECK(poisoned.context == "default/0");
  auto lost = x.await(kind::exited);
  CHECK(lost.id == "b");
  CHECK(lost.exit->kind == exit_kind::interpreter_lost);
  x.await(kind::restarted);
  CHECK(x.answers("a"));
  CHECK(x.answers("b"));
  CHECK(x.world.python().contexts_given_up() == 1);
  CHECK(x.supervisor->statistics()->zombies.size() == 1);
  auto begin = std::chrono::steady_clock::now();
  CHECK(x.supervisor->stop());
  CHECK_FALSE(x.world.python().stop(2s).complete());
  CHECK(std::chrono::steady_clock::now() - begin < 4s);
}

} // namespace hung_stop_test
