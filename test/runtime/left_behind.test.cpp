// Each test leaves behind what it is about, so each has a process of its own.

#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <sstream>
#include <vector>

#include <unistd.h>

namespace left_behind_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr auto deadline = 1500ms;

/// Never returns, in several ways, whatever is raised in it, nor lets go of its
/// GIL in the last.
constexpr auto hanging = R"(
import itertools, pyactor, threading, time

class Main(pyactor.Actor):
    def increment(self):
        return 1

    def loop(self):
        pyactor.send("test", "hanging")
        while True:
            try:
                while True:
                    time.sleep(0.01)
            except BaseException:
                pass

    def deadlock(self):
        pyactor.send("test", "hanging")
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    def chatter(self):
        pyactor.send("test", "hanging")
        while True:
            try:
                pyactor.send(pyactor.self(), "increment")
                time.sleep(0.0001)
            except BaseException:
                pass

    def hold_the_gil(self):
        pyactor.send("test", "hanging")
        sum(itertools.repeat(0))
)";

constexpr auto endless_thread = R"(
import threading, time

def run():
    while True:
        time.sleep(0.01)

threading.Thread(target=run, name="endless").start()
)";

/// A runtime that will not end, and what it says about it.
struct doomed_world {
  explicit doomed_world(runtime_options options) {
    options.log_level = "warning";
    world.emplace(std::move(options));
    auto logger = spdlog::get("pyactor.runtime");
    REQUIRE(logger);
    logger->sinks()
      = {std::make_shared<spdlog::sinks::ostream_sink_mt>(log, true)};
  }

  explicit doomed_world(interpreter_kind kind, size_t size = 1)
    : doomed_world(possible(kind, size)) {
  }

  /// Skips the test where this CPython has no such contexts.
  static runtime_options possible(interpreter_kind kind, size_t size) {
    if (kind == interpreter_kind::own_gil
        && !main_interpreter::supports_own_gil())
      SKIP("own-GIL interpreters need CPython 3.14");
    return one_pool(kind, size);
  }

  runtime_world* operator->() {
    return &*world;
  }

  /// Stops, which must not take longer than it may.
  void stop() {
    auto start = clock_type::now();
    auto report = world->python().stop(deadline);
    CHECK(clock_type::now() - start < deadline * 3 / 2);
    CHECK_FALSE(report.complete());
    for (auto& line : report.left)
      left += line + '\n';
    // A second stop has nothing to add.
    CHECK(world->python().stop(deadline).left == report.left);
  }

  /// @returns whether the report, or the log, says so
  bool reported(std::string_view text) {
    UNSCOPED_INFO("left: " << left);
    return left.find(text) != left.npos;
  }

  bool logged(std::string_view text) {
    UNSCOPED_INFO("log: " << log.str());
    return log.str().find(text) != std::string::npos;
  }

  /// Plain actors work, and what was pinned answers with errors.
  void check_that_others_live(const caf::actor& pinned) {
    auto plain = (*world).system().spawn(
      [] { return caf::behavior{[](int64_t x) { return x + 1; }}; });
    CHECK(world->ask<int64_t>(plain, int64_t{1}) == 2);
    CHECK_FALSE(world->call(pinned, "increment"));
  }

  std::ostringstream log;
  std::optional<runtime_world> world;
  std::string left;
};

/// Hangs in a method while another actor's and its own requests are queued.
void check_hung_call(doomed_world& world, const std::string& method) {
  auto neighbour = world->spawn(hanging, {}, {.index = 0});
  auto actor = world->spawn(hanging, {}, {.index = 0});
  REQUIRE(world->call(actor, "increment") == 1);
  REQUIRE(world->call(neighbour, "increment") == 1);
  auto request = [&](const caf::actor& whom, const std::string& what) {
    return world->client()->request(whom, patience, world->make_call(what));
  };
  auto running = request(actor, method);
  REQUIRE(world->hear());
  auto own = request(actor, "increment");
  auto others = request(neighbour, "increment");
  auto servers = world->client()->request(world->server(), patience, eval{"1"});
  world.stop();
  CHECK(world.reported("default/0: actor " + std::to_string(actor->id())
                       + " has been running for 1 s, in Python code"));
  CHECK(world.reported("main interpreter: not finalized"));
  CHECK(world.logged("waiting for default/0: actor "
                     + std::to_string(actor->id()) + " has been running"));
  for (auto* pending : {&running, &own, &others, &servers}) {
    bool failed = false;
    pending->receive(
      [](value&) {},
      [&](caf::error& why) { failed = why != caf::sec::request_timeout; });
    CHECK(failed);
  }
  world.check_that_others_live(actor);
}

} // namespace

TEST_CASE(
  "a thread that never ends is named, and does not hold up a stop: main",
  "[.][left_thread_main]") {
  doomed_world world{interpreter_kind::main};
  auto actor = world->spawn(hanging);
  REQUIRE(world->ask(actor, exec{endless_thread}));
  world.stop();
  CHECK(world.reported("main interpreter: Python threads that do not end: "
                       "endless"));
  CHECK(world.logged("endless"));
  world.check_that_others_live(actor);
}

TEST_CASE("a thread that never ends is named, and does not hold up a stop: "
          "own GIL",
          "[.][left_thread_own_gil]") {
  doomed_world world{interpreter_kind::own_gil};
  auto actor = world->spawn(hanging);
  REQUIRE(world->ask(actor, exec{endless_thread}));
  world.stop();
  CHECK(world.reported("default/0: Python threads that do not end: endless"));
  CHECK(world.logged("endless"));
  world.check_that_others_live(actor);
}

TEST_CASE("a call that hangs does not hold up a stop: main",
          "[.][left_call_main]") {
  doomed_world world{interpreter_kind::main, 2};
  check_hung_call(world, "loop");
}

TEST_CASE("a call that hangs does not hold up a stop: own GIL",
          "[.][left_call_own_gil]") {
  doomed_world world{interpreter_kind::own_gil, 2};
  check_hung_call(world, "loop");
}

TEST_CASE("a call that hangs in C does not hold up a stop: main",
          "[.][left_deadlock_main]") {
  doomed_world world{interpreter_kind::main};
  check_hung_call(world, "deadlock");
}

TEST_CASE("a call that hangs in C does not hold up a stop: own GIL",
          "[.][left_deadlock_own_gil]") {
  doomed_world world{interpreter_kind::own_gil};
  check_hung_call(world, "deadlock");
}

TEST_CASE("a call that sends without end does not hold up a stop",
          "[.][left_chatter]") {
  doomed_world world{interpreter_kind::main};
  check_hung_call(world, "chatter");
}

TEST_CASE("a call that never lets go of its GIL does not hold up a stop: "
          "own GIL",
          "[.][left_gil_own_gil]") {
  doomed_world world{interpreter_kind::own_gil, 2};
  check_hung_call(world, "hold_the_gil");
}

TEST_CASE("a call that never lets go of the shared GIL does not hold up a stop",
          "[.][left_gil_main]") {
  doomed_world world{interpreter_kind::main, 2};
  auto neighbour = world->spawn(hanging, {}, {.index = 1});
  REQUIRE(world->call(neighbour, "increment") == 1);
  auto waiting = world->client()->request(neighbour, patience,
                                          world->make_call("increment"));
  waiting.receive([](value&) {}, [](caf::error&) {});
  check_hung_call(world, "hold_the_gil");
  CHECK(world.reported("default/1: "));
  CHECK_FALSE(world->call(neighbour, "increment"));
}

TEST_CASE("a call that hangs on Python's main thread does not hold up a stop",
          "[.][left_main_thread]") {
  auto options = one_pool(interpreter_kind::main);
  options.main_thread_is_context = true;
  doomed_world world{std::move(options)};
  check_hung_call(world, "loop");
}

TEST_CASE("an exit handler that hangs does not hold up a stop: main",
          "[.][left_exit_main]") {
  doomed_world world{interpreter_kind::main};
  auto actor = world->spawn(hanging);
  REQUIRE(world->ask(actor, exec{"import atexit, threading\n"
                                 "atexit.register(threading.Event().wait)"}));
  world.stop();
  CHECK(world.reported("main interpreter: an exit handler"));
  CHECK(world.logged("an exit handler"));
  world.check_that_others_live(actor);
}

TEST_CASE("an exit handler that hangs does not hold up a stop: own GIL",
          "[.][left_exit_own_gil]") {
  doomed_world world{interpreter_kind::own_gil};
  auto actor = world->spawn(hanging);
  REQUIRE(world->ask(actor, exec{"import atexit, threading\n"
                                 "atexit.register(threading.Event().wait)"}));
  world.stop();
  CHECK(world.reported("default/0: its end does not return, in Python code"));
  world.check_that_others_live(actor);
}

TEST_CASE("an on_exit that hangs does not hold up a stop",
          "[.][left_on_exit]") {
  doomed_world world{interpreter_kind::main};
  auto actor = world->spawn(std::string{hanging}
                            + "    def on_exit(self, reason):\n"
                              "        self.loop()\n");
  REQUIRE(world->call(actor, "increment") == 1);
  world.stop();
  CHECK(world->hear(0ms));
  CHECK(world.reported("default/0: "));
  CHECK(world.reported("in Python code"));
  world.check_that_others_live(actor);
}

TEST_CASE("a finalizer that hangs does not hold up a stop",
          "[.][left_finalizer]") {
  doomed_world world{interpreter_kind::main};
  auto actor = world->spawn(std::string{hanging}
                            + "    def hide(self):\n"
                              "        class Late:\n"
                              "            def __del__(self, end=self.loop):\n"
                              "                end()\n"
                              "        late = Late()\n"
                              "        late.me = late\n");
  auto neighbour = world->spawn(hanging);
  REQUIRE(world->call(actor, "hide"));
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  REQUIRE(world->hear());
  auto waiting = world->client()->request(neighbour, patience,
                                          world->make_call("increment"));
  world.stop();
  CHECK(world.reported("in Python code"));
  bool failed = false;
  waiting.receive(
    [](value&) {},
    [&](caf::error& why) { failed = why != caf::sec::request_timeout; });
  CHECK(failed);
  world.check_that_others_live(actor);
}

TEST_CASE("a finalizer of an ordinary actor that hangs at the stop is left",
          "[.][left_owned]") {
  doomed_world world{interpreter_kind::main};
  auto actor = world->spawn(hanging);
  REQUIRE(world->ask(world->server(),
                     exec{"import time\n"
                          "class Late:\n"
                          "    def __del__(self, sleep=time.sleep):\n"
                          "        while True:\n"
                          "            try:\n"
                          "                while True:\n"
                          "                    sleep(0.01)\n"
                          "            except BaseException:\n"
                          "                pass\n"
                          "late = Late()\n"}));
  world.stop();
  CHECK(world.reported("in Python code"));
  world.check_that_others_live(actor);
}

TEST_CASE("a preload that returns after it was given up touches no actor",
          "[.][left_preload]") {
  gate gate;
  int said[2];
  REQUIRE(pipe(said) == 0);
  auto say = "os.write(" + std::to_string(said[1]) + ", b'x')\n";
  auto options = one_pool(kinds().back());
  options.pools["default"].preload = "import os\n" + say + "try:\n    os.read("
                                     + std::to_string(gate.fd())
                                     + ", 1)\nfinally:\n    " + say;
  doomed_world world{options};
  auto server = world->server();
  auto pending = world->client()->request(server, patience, eval{"1"});
  char heard = 0;
  REQUIRE(read(said[0], &heard, 1) == 1);
  world.stop();
  CHECK(world.reported("in Python code"));
  gate.open();
  REQUIRE(read(said[0], &heard, 1) == 1);
  bool failed = false;
  pending.receive([](value&) {}, [&](caf::error&) { failed = true; });
  CHECK(failed);
  world.check_that_others_live(server);
}

TEST_CASE("an __init__ that is given up has failed, once and for all",
          "[.][left_init]") {
  gate gate;
  int said[2];
  REQUIRE(pipe(said) == 0);
  doomed_world world{kinds().back()};
  std::vector<caf::error> outcomes;
  auto actor
    = world->spawn("import os, pyactor\n"
                   "class Main(pyactor.Actor):\n"
                   "    def __init__(self, before, after):\n"
                   "        pyactor.send('test', 'starting')\n"
                   "        try:\n"
                   "            os.read(before, 1)\n"
                   "        finally:\n"
                   "            os.write(after, b'x')\n",
                   {.positional = {gate.fd(), said[1]}}, {},
                   [&](const caf::error& what) { outcomes.push_back(what); });
  REQUIRE(world->hear());
  world.stop();
  REQUIRE(outcomes.size() == 1);
  CHECK(from_caf(outcomes[0]).code == errc::interpreter_lost);
  gate.open();
  char heard = 0;
  REQUIRE(read(said[0], &heard, 1) == 1);
  world.check_that_others_live(actor);
  CHECK(outcomes.size() == 1);
}

TEST_CASE("C++ code that hangs does not hold up a stop, and may still return",
          "[.][left_cpp]") {
  doomed_world world{interpreter_kind::main};
  auto actor = world->spawn(hanging);
  REQUIRE(world->call(actor, "increment") == 1);
  busy_context busy{*world.world};
  auto waiting
    = world->client()->request(actor, patience, world->make_call("increment"));
  world.stop();
  CHECK(world.reported("has been running for 1 s, in C++ code"));
  busy.open();
  bool has_outcome = false;
  auto note = [&](const auto& what) {
    if constexpr (std::is_same_v<decltype(what), const caf::error&>)
      has_outcome = what != caf::sec::request_timeout;
    else
      has_outcome = true;
  };
  waiting.receive([&](value& x) { note(x); }, [&](caf::error& x) { note(x); });
  CHECK(has_outcome);
  world->await_exit(actor);
  world.check_that_others_live(actor);
}

TEST_CASE("what is left behind may ask for actors when all of them are gone",
          "[.][left_asking]") {
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  {
    doomed_world world{kinds().back()};
    auto code = "import os, pyactor, threading\n"
                "me = pyactor.self()\n"
                "def run():\n"
                "    while True:\n"
                "        for ask in (lambda: pyactor.whereis('test'),\n"
                "                    lambda: pyactor.send(me, 'increment'),\n"
                "                    lambda: pyactor.send('test', 'x'),\n"
                "                    lambda: pyactor.spawn('os:nothing')):\n"
                "            try:\n"
                "                ask()\n"
                "            except Exception:\n"
                "                pass\n"
                "        os.write("
                + std::to_string(fds[1])
                + ", b'x')\n"
                  "threading.Thread(target=run, name='asking').start()\n";
    auto actor = world->spawn(hanging);
    REQUIRE(world->ask(actor, exec{code}));
    world.stop();
    CHECK(world.reported("asking"));
  }
  // More than a pipe holds, so that the rest was asked after the end.
  char asked[1024];
  for (int i = 0; i < 100; ++i)
    REQUIRE(read(fds[0], asked, sizeof(asked)) > 0);
}

} // namespace left_behind_test
