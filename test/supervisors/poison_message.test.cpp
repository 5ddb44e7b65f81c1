// Python children that crash on equal calls again and again, in real time.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace poison_message_test {

using namespace pyactor::supervisors;
using namespace pyactor::test;
using pyactor::errc;
using pyactor::value;
using pyactor::runtime::call;
using kind = supervision_event::kind;

namespace {

constexpr auto source = R"(
import pyactor, traceback # which the first error imports otherwise

class Main(pyactor.Actor):
    def read(self, what, how="well"):
        if what == "broken":
            raise ValueError(what)
        if what == "endless":
            while True:
                pass
        if what == "over":
            raise SystemExit
        return what
)";

/// One Python child that gives up on a message after two crashes.
struct reader {
  explicit reader(child_spec with = {}) : spec(std::move(with)) {
    pyactor::runtime::runtime_options options = one_pool(kinds().back());
    options.log_level = "off";
    world.emplace(std::move(options));
    spec.id = "reader";
    spec.start = start_python(
      world->python(), pyactor::actor_class::from_source(source, "Main"));
    spec.poison_threshold = 2;
    spec.max_handler_time = call_limit;
    supervisor = start_supervisor(world->system(), flags(), {spec}).value();
  }

  [[nodiscard]] supervisor_flags flags() const {
    return {.intensity = 100, .events = news};
  }

  /// @returns the code of the error that the call came to; 0 for none
  sup_errc code_of(const call& what) {
    std::optional<sup_errc> result;
    supervisor->child("reader")
      .request(world->client(), patience, what)
      .receive([&](const value&) { result = sup_errc{}; },
               [&](const caf::error& why) {
                 result
                   = why.category() == pyactor::runtime::supervision_category
                       ? static_cast<sup_errc>(why.code())
                       : sup_errc::child_down;
               });
    return *result;
  }

  /// Has it crash on that call; it is back afterwards.
  void crash_on(const call& what) {
    CHECK(code_of(what) == sup_errc::child_down);
    await(kind::restarted);
  }

  void await(kind what) {
    while (true) {
      auto event = news.next(patience);
      REQUIRE(event);
      poisoned += event->what == kind::poison_message;
      if (event->what == what)
        return;
    }
  }

  event_stream news;
  child_spec spec;
  std::optional<runtime_world> world;
  std::optional<supervisor_ref> supervisor;
  int poisoned = 0;
};

call read(std::string what) {
  return {.function = "read", .args = {.positional = {value{std::move(what)}}}};
}

constexpr auto handled = sup_errc{};

} // namespace

TEST_CASE("a call that a child has crashed on too often is refused, and the "
          "child lives on",
          "[poison_message]") {
  reader x;
  x.crash_on(read("broken"));
  CHECK(x.poisoned == 0);
  CHECK(x.code_of(read("fine")) == handled);
  x.crash_on(read("broken"));
  CHECK(x.poisoned == 1);
  auto incarnation = x.supervisor->child("reader").incarnation();
  for (int i = 0; i < 3; ++i)
    CHECK(x.code_of(read("broken")) == sup_errc::poison_message);
  CHECK(x.code_of(read("fine")) == handled);
  CHECK(x.supervisor->child("reader").incarnation() == incarnation);
  CHECK(x.supervisor->stop());
}

TEST_CASE("calls with other arguments, by position or name, are other messages",
          "[poison_message]") {
  reader x;
  auto named = [](const std::string& how) {
    auto result = read("broken");
    result.args.keyword = {{"how", value{how}}};
    return result;
  };
  x.crash_on(read("broken"));
  x.crash_on(named("badly"));
  x.crash_on(named("well"));
  CHECK(x.poisoned == 0);
  x.crash_on(named("well"));
  CHECK(x.poisoned == 1);
  CHECK(x.code_of(named("well")) == sup_errc::poison_message);
  CHECK(x.code_of(named("so")) == sup_errc::child_down);
  CHECK(x.supervisor->stop());
}

TEST_CASE("a call that hangs is a crash on it", "[poison_message]") {
  reader x;
  x.crash_on(read("endless"));
  x.crash_on(read("endless"));
  CHECK(x.code_of(read("endless")) == sup_errc::poison_message);
  CHECK(x.supervisor->stop());
}

TEST_CASE("a call that ends its child as planned is no crash",
          "[poison_message]") {
  reader x;
  for (int i = 0; i < 3; ++i)
    x.crash_on(read("over"));
  CHECK(x.poisoned == 0);
  CHECK(x.supervisor->stop());
}

TEST_CASE("an order that starts a child has crashes forgotten",
          "[poison_message]") {
  reader x;
  x.crash_on(read("broken"));
  x.crash_on(read("broken"));
  REQUIRE(x.supervisor->cycle_child("reader"));
  x.crash_on(read("broken"));
  CHECK(x.code_of(read("fine")) == handled);
  x.crash_on(read("broken"));
  CHECK(x.code_of(read("broken")) == sup_errc::poison_message);
  CHECK(x.supervisor->stop());
}

TEST_CASE("a reload changes the threshold of a child that runs",
          "[poison_message]") {
  reader x;
  x.crash_on(read("broken"));
  x.spec.poison_threshold = 1;
  REQUIRE(x.supervisor->reload(x.flags(), {x.spec}, reload_mode::converge));
  CHECK(x.code_of(read("broken")) == sup_errc::poison_message);
  x.spec.poison_threshold = 0;
  REQUIRE(x.supervisor->reload(x.flags(), {x.spec}, reload_mode::converge));
  for (int i = 0; i < 3; ++i)
    x.crash_on(read("broken"));
  CHECK(x.supervisor->stop());
}

TEST_CASE("refused calls, also those that nobody waits for, are dead letters "
          "where the spec wants them",
          "[poison_message]") {
  std::vector<std::string> letters;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor collector{system};
  {
    reader x{{.while_down = to_dead_letters{caf::actor{collector}}}};
    x.crash_on(read("broken"));
    x.crash_on(read("broken"));
    CHECK(x.code_of(read("broken")) == sup_errc::poison_message);
    caf::anon_send(x.supervisor->child("reader").current().value(),
                   read("broken"));
    for (int i = 0; i < 2; ++i)
      collector->receive([&](const dead_letter& letter) {
        CHECK(letter.child == "reader");
        CHECK(letter.status == child_status::running);
        letters.push_back(letter.content.get_as<call>(0).function);
      });
    CHECK(x.supervisor->stop());
  }
  CHECK(letters == std::vector<std::string>{"read", "read"});
}

} // namespace poison_message_test
