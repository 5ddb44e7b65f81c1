// Each test leaves a thread behind that does not come back, so each has a
// process of its own, which ctest sees end in time.

#include <pyactor/runtime/process_end.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace abandon_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

/// Does not come back, in several ways. `keep` holds the interpreter's GIL.
constexpr auto hanging = R"(
import itertools, os, pyactor, threading, time

class Main(pyactor.Actor):
    def __init__(self, limit=0):
        self.count = 0
        if limit == "hang":
            self.sleep()

    def increment(self):
        self.count += 1
        return self.count

    def sleep(self):
        pyactor.send("test", "hanging")
        time.sleep(10_000)

    def lock(self):
        pyactor.send("test", "hanging")
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    def swallow(self):
        pyactor.send("test", "hanging")
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass

    def keep(self):
        pyactor.send("test", "hanging")
        sum(itertools.repeat(0))

    def read(self, before, after):
        pyactor.send("test", "hanging")
        try:
            os.read(before, 1)
        finally:
            os.write(after, b"x")
)";

/// @returns `hanging` whose calls are limited
std::string limited() {
  return hanging
         + ("    max_handler_time = " + std::to_string(call_limit.count())
            + "\n");
}

/// Keeps the process from taking more memory than that.
class memory_limit {
public:
  explicit memory_limit(size_t more) {
    size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    getrlimit(RLIMIT_AS, &before_);
    auto tight = before_;
    tight.rlim_cur = pages * static_cast<size_t>(getpagesize()) + more;
    REQUIRE(setrlimit(RLIMIT_AS, &tight) == 0);
  }

  ~memory_limit() {
    setrlimit(RLIMIT_AS, &before_);
  }

private:
  rlimit before_;
};

runtime_options hasty(interpreter_kind kind, size_t size = 1) {
  if (kind == interpreter_kind::own_gil
      && !main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto result = one_pool(kind, size);
  result.interrupt_grace = 50ms;
  result.log_level = "off";
  return result;
}

auto request(runtime_world& world, const caf::actor& whom,
             const std::string& what) {
  return world.client()->request(whom, patience, world.make_call(what));
}

/// @returns the code of the error that a request came to
template <class Handle>
std::vector<errc> outcomes(Handle& pending) {
  std::vector<errc> result;
  pending.receive(
    [&](value&) { FAIL("it came back"); },
    [&](caf::error& why) { result.push_back(from_caf(why).code); });
  return result;
}

/// One actor hangs; its own requests, its neighbour's and those to the context
/// are answered, and all of it can be had again in a fresh context.
void check_hung_context(interpreter_kind kind, const std::string& method,
                        bool is_replaced = true) {
  runtime_world world{hasty(kind)};
  auto neighbour = world.spawn(hanging);
  auto actor = world.spawn(limited());
  auto old_server = world.server();
  REQUIRE(world.call(actor, "increment") == 1);
  REQUIRE(world.call(neighbour, "increment") == 1);
  REQUIRE(world.ask(old_server, eval{"1"}) == 1);
  auto running = request(world, actor, method);
  REQUIRE(world.hear());
  auto own = request(world, actor, "increment");
  auto others = request(world, neighbour, "increment");
  auto servers = world.client()->request(old_server, patience, eval{"1"});
  CHECK(outcomes(running) == std::vector{errc::hung});
  CHECK(outcomes(own) == std::vector{errc::actor_dead});
  CHECK(outcomes(others) == std::vector{errc::actor_dead});
  CHECK(outcomes(servers) == std::vector{errc::actor_dead});
  CHECK(matches(from_caf(world.await_exit(actor)),
                {errc::hung, "",
                 "max_handler_time of " + std::to_string(call_limit.count())
                   + " ms and was given up"}));
  CHECK(matches(from_caf(world.await_exit(neighbour)),
                {errc::interpreter_lost, "", "its state is lost"}));
  if (is_replaced) {
    auto fresh = world.spawn(hanging);
    CHECK(world.call(fresh, "increment") == 1);
    CHECK(world.ask(world.server(), eval{"2"}) == 2);
    CHECK(world.server() != old_server);
    CHECK(world.stats().name == "default/0");
    CHECK(world.stats().live_actors == 2);
  } else {
    CHECK_THROWS_AS(world.spawn(hanging), python_error);
  }
  auto start = std::chrono::steady_clock::now();
  auto report = world.python().stop(2s);
  CHECK(std::chrono::steady_clock::now() - start < 3s);
  REQUIRE_FALSE(report.complete());
  CHECK(report.left[0].find("given up") != std::string::npos);
}

} // namespace

TEST_CASE("a context whose call sleeps on is replaced: main",
          "[.][abandon_sleep_main]") {
  check_hung_context(interpreter_kind::main, "sleep");
}

TEST_CASE("a context whose call sleeps on is replaced: own GIL",
          "[.][abandon_sleep_own_gil]") {
  check_hung_context(interpreter_kind::own_gil, "sleep");
}

TEST_CASE("a context whose call waits for ever is replaced: main",
          "[.][abandon_lock_main]") {
  check_hung_context(interpreter_kind::main, "lock");
}

TEST_CASE("a context whose call waits for ever is replaced: own GIL",
          "[.][abandon_lock_own_gil]") {
  check_hung_context(interpreter_kind::own_gil, "lock");
}

TEST_CASE("a context whose call catches what interrupts it is replaced: main",
          "[.][abandon_swallow_main]") {
  check_hung_context(interpreter_kind::main, "swallow");
}

TEST_CASE("a context whose call catches what interrupts it is replaced: own "
          "GIL",
          "[.][abandon_swallow_own_gil]") {
  check_hung_context(interpreter_kind::own_gil, "swallow");
}

TEST_CASE("a context whose call keeps its own GIL is replaced",
          "[.][abandon_keep_own_gil]") {
  check_hung_context(interpreter_kind::own_gil, "keep");
}

TEST_CASE("a call that keeps the shared GIL is answered, and not replaced",
          "[.][abandon_keep_main]") {
  check_hung_context(interpreter_kind::main, "keep", false);
}

TEST_CASE("other contexts go on while one is given up", "[.][abandon_others]") {
  auto kind = kinds().back();
  runtime_world world{hasty(kind, 2)};
  auto hung = world.spawn(limited(), {}, {.index = 0});
  auto other = world.spawn(hanging, {}, {.index = 1});
  auto pending = request(world, hung, "lock");
  REQUIRE(world.hear());
  for (int i = 1; i <= 1000; ++i)
    REQUIRE(world.call(other, "increment") == i);
  CHECK(outcomes(pending) == std::vector{errc::hung});
  CHECK(world.call(other, "increment") == 1001);
  CHECK(world.stats(0).name == "default/0");
  CHECK(world.stats(1).name == "default/1");
}

TEST_CASE("whoever monitors a lost actor finds a fresh context when it hears "
          "of the loss",
          "[.][abandon_monitor]") {
  runtime_world world{hasty(kinds().back())};
  auto hung = world.spawn(limited());
  auto lost = world.spawn(hanging);
  auto pending = request(world, hung, "lock");
  world.await_exit(lost);
  auto fresh = world.spawn(hanging);
  CHECK(world.call(fresh, "increment") == 1);
  CHECK(outcomes(pending) == std::vector{errc::hung});
}

TEST_CASE("a call that returns after it was given up touches no actor",
          "[.][abandon_late]") {
  gate gate;
  int said[2];
  REQUIRE(pipe(said) == 0);
  runtime_world world{hasty(kinds().back())};
  auto hung = world.spawn(limited());
  auto pending = world.client()->request(
    hung, patience, world.make_call("read", gate.fd(), said[1]));
  CHECK(outcomes(pending) == std::vector{errc::hung});
  auto fresh = world.spawn(hanging);
  CHECK(world.call(fresh, "increment") == 1);
  gate.open();
  char heard = 0;
  REQUIRE(read(said[0], &heard, 1) == 1);
  CHECK(world.call(fresh, "increment") == 2);
  CHECK(fails(world.call(hung, "increment"), {errc::actor_dead}));
}

TEST_CASE("a context is given up as often as it hangs", "[.][abandon_again]") {
  runtime_world world{hasty(kinds().back())};
  for (int i = 0; i < 3; ++i) {
    auto hung = world.spawn(limited());
    auto pending = request(world, hung, "lock");
    CHECK(outcomes(pending) == std::vector{errc::hung});
    world.await_exit(hung);
  }
  CHECK(world.call(world.spawn(hanging), "increment") == 1);
  CHECK(world.python().contexts_given_up() == 3);
  CHECK(world.python().stop(2s).left.size() == 4);
}

TEST_CASE("a context that nothing could take the place of is replaced later",
          "[.][abandon_retry]") {
  if (instrumented)
    SKIP("the sanitizer's own memory has no limit");
  constexpr size_t stack = size_t{1} << 30;
  auto options = hasty(kinds().back());
  options.pools["default"].stack_size_bytes = stack;
  runtime_world world{options};
  auto hung = world.spawn(limited());
  {
    // Enough for what runs, and not for another stack.
    memory_limit tight{stack / 2};
    auto pending = request(world, hung, "lock");
    CHECK(outcomes(pending) == std::vector{errc::hung});
    CHECK_THROWS_AS(world.spawn(hanging), python_error);
  }
  caf::actor fresh;
  REQUIRE(world.eventually([&] {
    try {
      fresh = world.spawn(hanging);
    } catch (const python_error&) {
      return false;
    }
    return true;
  }));
  CHECK(world.call(fresh, "increment") == 1);
}

TEST_CASE("only the call that runs is given up on demand",
          "[.][abandon_on_demand]") {
  runtime_world world{hasty(kinds().back())};
  auto hung = world.spawn(hanging);
  auto other = world.spawn(hanging);
  auto behind = [](const caf::actor& who) {
    return pinned_base::behind(caf::actor_cast<caf::strong_actor_ptr>(who));
  };
  auto pending = request(world, hung, "lock");
  REQUIRE(world.hear());
  auto call = behind(hung)->running_call();
  REQUIRE(call != 0);
  CHECK(behind(other)->running_call() == 0);
  auto& home = behind(hung)->home();
  error why{.code = errc::abandoned, .message = "no more of this"};
  CHECK_FALSE(world.python().give_up(home, call - 1, why));
  CHECK_FALSE(world.python().give_up(home, call + 1, why));
  CHECK(world.python().contexts_given_up() == 0);
  CHECK(world.python().give_up(home, call, why));
  CHECK_FALSE(world.python().give_up(home, call, why));
  CHECK(world.python().contexts_given_up() == 1);
  CHECK(outcomes(pending) == std::vector{errc::abandoned});
  CHECK(from_caf(world.await_exit(other)).code == errc::interpreter_lost);
  CHECK(world.call(world.spawn(hanging), "increment") == 1);
}

TEST_CASE("an on_exit that hangs costs its context only",
          "[.][abandon_on_exit]") {
  runtime_world world{hasty(kinds().back())};
  auto hung = world.spawn(limited()
                          + "    def on_exit(self, reason):\n"
                            "        self.lock()\n");
  auto lost = world.spawn(hanging);
  REQUIRE(world.call(hung, "increment") == 1);
  caf::anon_send_exit(hung, caf::exit_reason::user_shutdown);
  CHECK(from_caf(world.await_exit(lost)).code == errc::interpreter_lost);
  CHECK(world.call(world.spawn(hanging), "increment") == 1);
}

TEST_CASE("a call that hangs in a poisoned interpreter costs no second "
          "replacement",
          "[.][abandon_poisoned]") {
  runtime_world world{hasty(interpreter_kind::own_gil)};
  auto hung = world.spawn(limited()
                          + "    def poison(self):\n"
                            "        pyactor.poison('it is about to hang')\n");
  REQUIRE(world.call(hung, "poison"));
  auto next = world.spawn(hanging);
  auto pending = request(world, hung, "lock");
  CHECK(outcomes(pending) == std::vector{errc::hung});
  CHECK(world.call(next, "increment") == 1);
  CHECK(world.python().contexts_given_up() == 1);
  CHECK(world.python().contexts_poisoned() == 1);
  CHECK(world.python().stats().size() == 1);
}

TEST_CASE("a stop during a hung call ends in time", "[.][abandon_stop]") {
  auto options = hasty(kinds().back());
  options.interrupt_grace = 10s;
  runtime_world world{options};
  auto hung = world.spawn(limited());
  auto pending = request(world, hung, "lock");
  REQUIRE(world.hear());
  auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(world.python().stop(1s).complete());
  CHECK(std::chrono::steady_clock::now() - start < 2s);
  CHECK(outcomes(pending).size() == 1);
}

TEST_CASE("an ordinary actor's environment is lost with its context, and the "
          "next request finds another",
          "[.][abandon_owner]") {
  auto options = hasty(kinds().back());
  options.pools["default"].max_handler_time = call_limit;
  runtime_world world{options};
  auto& self = *world.client().operator->();
  auto home = world.python().context_of(self);
  REQUIRE(world.ask(home, exec{"x = 1\nimport threading"}));
  auto pending
    = world.client()->request(home, patience, exec{"threading.Event().wait()"});
  pending.receive(
    [](value&) { FAIL("it came back"); },
    [](caf::error& why) { CHECK(from_caf(why).code == errc::hung); });
  auto next = world.python().context_of(self);
  CHECK(next != home);
  CHECK(fails(world.ask(next, eval{"x"}), {errc::python_exception}));
}

TEST_CASE("a process that leaves a thread behind can end without its handlers",
          "[.][abandon_exit]") {
  std::atexit([] { std::abort(); });
  runtime_world world{hasty(kinds().back())};
  auto hung = world.spawn(limited());
  auto pending = request(world, hung, "swallow");
  auto codes = outcomes(pending);
  auto left = !world.python().stop(1s).complete();
  end_process(left && codes == std::vector{errc::hung} ? 0 : 1);
}

} // namespace abandon_test
