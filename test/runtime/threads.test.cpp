#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <ctime>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

namespace threads_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Python code that keeps its thread and its GIL busy until it is told: it
/// looks at a byte, for which it hands over nothing.
class busy_work {
public:
  busy_work()
    : fd_(memfd_create("busy_work", MFD_CLOEXEC)),
      over_(ftruncate(fd_, 1) == 0
              ? mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0)
              : MAP_FAILED) {
    REQUIRE(over_ != MAP_FAILED);
  }

  busy_work(const busy_work&) = delete;
  busy_work& operator=(const busy_work&) = delete;

  ~busy_work() {
    end();
    munmap(over_, 1);
    close(fd_);
  }

  void end() {
    *static_cast<volatile char*>(over_) = 1;
  }

  /// Code that says that it runs, then is busy.
  [[nodiscard]] std::string code() const {
    return functions() + "pyactor.send('test', 'running')\nwork()\n";
  }

  /// A class that wakes the plain actor of that name, then is busy.
  [[nodiscard]] std::string waking_class() const {
    return functions() + R"(
class Main(pyactor.Actor):
    def wake_and_work(self):
        self.on_exit("")

    def on_exit(self, reason, send=pyactor.send, work=work):
        send("plain", "woken")
        work()
)";
  }

private:
  [[nodiscard]] std::string functions() const {
    return "import mmap, pyactor, time\n"
           "def work(over=mmap.mmap("
           + std::to_string(fd_)
           + ", 1), now=time.monotonic):\n"
             "    end = now() + 20\n"
             "    while not over[0] and now() < end:\n"
             "        pass\n";
  }

  int fd_;
  void* over_;
};

/// Passes on to `to` what it hears.
caf::behavior plain(caf::event_based_actor* self, caf::actor to) {
  return {
    [self, to](const call& what) { self->send(to, what); },
  };
}

/// Answers from C++ without a look at Python.
caf::behavior plus_one(python_actor*) {
  return {
    [](int64_t x) { return x + 1; },
  };
}

/// Runs what it is sent.
caf::behavior runner(python_actor* self) {
  return {
    [self](const exec& request) { self->python().exec(request.code); },
    [](int64_t) { return static_cast<int64_t>(gettid()); },
    [self](const eval& request) {
      return self->python().eval(request.expression);
    },
  };
}

bool in_python(runtime_world& world, size_t index = 0) {
  return world.python().context_at({.index = index}).running().read().in_python;
}

int64_t number(const expected<value>& x) {
  REQUIRE(x);
  auto* result = x->as_int64();
  REQUIRE(result);
  return *result;
}

std::string comm(const value& task) {
  std::ifstream in{"/proc/self/task/" + to_string(task) + "/comm"};
  std::string result;
  std::getline(in, result);
  return result;
}

constexpr auto native_id = "__import__('threading').get_native_id()";

} // namespace

TEST_CASE("all that a context runs runs on one thread", "[threads]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind, 2)};
  caf::scoped_actor other{world.system()};
  std::set<int64_t> all;
  for (size_t index : {0, 1}) {
    placement where{.index = index};
    std::set<int64_t> ids;
    auto server = world.server(index);
    // An ordinary actor's exec, eval and call; another's; one without sender.
    REQUIRE(
      world.ask(server, exec{"import threading\n"
                             "def get(): return threading.get_native_id()\n"
                             "x = get()\n"}));
    ids.insert(number(world.ask(server, eval{"x"})));
    ids.insert(number(world.ask(server, eval{native_id})));
    ids.insert(number(world.ask(server, call{.function = "get", .args = {}})));
    ids.insert(
      number(outcome<value>(*other.operator->(), server, eval{native_id})));
    // A pinned actor's C++, and its Python.
    auto pinned = world.python().spawn_function(where, runner);
    auto tid = world.ask<int64_t>(pinned, int64_t{0});
    REQUIRE(tid);
    ids.insert(*tid);
    ids.insert(number(world.ask(pinned, eval{native_id})));
    // An actor written in Python, its start and its end.
    auto written
      = world.spawn("import pyactor, threading\n"
                    "class Main(pyactor.Actor):\n"
                    "    def __init__(self):\n"
                    "        self.first = threading.get_native_id()\n"
                    "    def get(self):\n"
                    "        return self.first\n"
                    "    def on_exit(self, reason):\n"
                    "        pyactor.send('test', 'ended',\n"
                    "                     threading.get_native_id())\n",
                    {}, where);
    ids.insert(number(world.call(written, "get")));
    written = nullptr;
    auto ended = world.hear();
    REQUIRE(ended);
    ids.insert(*ended->args.positional.at(0).as_int64());
    CHECK(ids.size() == 1);
    all.merge(ids);
  }
  CHECK(all.size() == 2);
  CHECK_FALSE(all.contains(getpid()));
}

TEST_CASE("threads carry names that say what they are", "[threads]") {
  auto options = one_pool(interpreter_kind::main, 2);
  options.pools["io"] = {};
  runtime_world world{options};
  auto id = [&](const placement& where) {
    auto server = world.python().context_server_at(where);
    return world.ask(server, eval{native_id}).value();
  };
  CHECK(comm(id({.index = 0})) == "py:default/0");
  CHECK(comm(id({.index = 1})) == "py:default/1");
  CHECK(comm(id({.pool = "io"})) == "py:io/0");
  REQUIRE(
    world.ask(world.server(),
              exec{"import os\n"
                   "def comms():\n"
                   "    return [open(f'/proc/self/task/{x}/comm').read()\n"
                   "            for x in os.listdir('/proc/self/task')]\n"}));
  for (auto* name : {"py:owner\\n", "py:relief\\n"})
    CHECK(
      world.ask(world.server(), eval{"'" + std::string{name} + "' in comms()"})
      == true);
}

TEST_CASE("a busy own-GIL context delays nobody else", "[threads]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto options = one_pool(interpreter_kind::own_gil, 2);
  options.pools["main"] = {};
  runtime_world world{options};
  auto neighbour = world.python().spawn_function({.index = 1}, plus_one);
  auto foreign = world.system().spawn(plain, caf::actor{world.client()});
  REQUIRE(world.ask(world.server(1), eval{"1"}));
  busy_work work;
  auto busy = world.python().spawn_function({.index = 0}, runner);
  caf::anon_send(busy, exec{work.code()});
  REQUIRE(world.hear());
  // Actors of other contexts, of either kind,
  CHECK(world.ask(world.server(1), eval{"6 * 7"}) == 42);
  CHECK(world.ask<int64_t>(neighbour, int64_t{1}) == 2);
  CHECK(
    world.ask(world.python().context_server_at({.pool = "main"}), eval{"6 * 7"})
    == 42);
  // and CAF's own workers.
  for (int i = 0; i < 10; ++i) {
    caf::anon_send(foreign, call{.function = "x", .args = {}});
    REQUIRE(world.hear());
  }
  CHECK(in_python(world));
}

TEST_CASE("a busy main context lets its neighbours have the GIL", "[threads]") {
  runtime_world world{one_pool(interpreter_kind::main, 2)};
  auto neighbour = world.python().spawn_function({.index = 1}, plus_one);
  REQUIRE(world.ask(world.server(1), eval{"1"}));
  busy_work work;
  auto busy = world.python().spawn_function({.index = 0}, runner);
  caf::anon_send(busy, exec{work.code()});
  REQUIRE(world.hear());
  CHECK(world.ask<int64_t>(neighbour, int64_t{1}) == 2);
  CHECK(world.ask(world.server(1), eval{"6 * 7"}) == 42);
  CHECK(in_python(world));
}

TEST_CASE("a C++ handler of a main context does not hold the GIL",
          "[threads]") {
  std::promise<void> entered; // outlive the actor that uses them
  std::promise<void> opened;
  runtime_world world{one_pool(interpreter_kind::main, 2)};
  for (size_t index : {0, 1})
    REQUIRE(world.ask(world.server(index), eval{"1"}));
  {
    // Its turn comes right after one that runs Python.
    busy_context busy{world, {.index = 0}};
    caf::anon_send(world.server(0), eval{"1"});
    world.python().spawn_function({.index = 0}, [&](python_actor*) {
      entered.set_value();
      opened.get_future().wait();
      return caf::behavior{};
    });
  }
  entered.get_future().wait();
  CHECK(world.ask(world.server(1), eval{"6 * 7"}) == 42);
  opened.set_value();
}

TEST_CASE("a plain actor is served while the context that woke it is busy",
          "[threads]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto foreign = world.system().spawn(plain, caf::actor{world.client()});
  REQUIRE(world.python().register_name("plain", foreign));
  busy_work work;
  auto waker = world.spawn(work.waking_class());
  SECTION("with a message") {
    auto answer = world.client()->request(waker, patience,
                                          world.make_call("wake_and_work"));
    auto heard = world.hear();
    REQUIRE(heard);
    CHECK(heard->function == "woken");
    CHECK(in_python(world));
    work.end();
    answer.receive([](value&) {}, [](caf::error&) {});
  }
  SECTION("with the end of an actor") {
    REQUIRE(world.ask(waker, eval{"1"}));
    waker = nullptr;
    auto heard = world.hear();
    REQUIRE(heard);
    CHECK(heard->function == "woken");
    CHECK(in_python(world));
  }
}

TEST_CASE("a plain actor is served while a context's clean-up is busy",
          "[threads]") {
  runtime_world world;
  auto foreign = world.system().spawn(plain, caf::actor{world.client()});
  REQUIRE(world.python().register_name("plain", foreign));
  busy_work work;
  auto doomed
    = world.spawn(work.waking_class()
                  + "    def hide(self):\n"
                    "        import gc\n"
                    "        class Late:\n"
                    "            def __del__(self, end=self.on_exit):\n"
                    "                end('')\n"
                    "        late = Late()\n"
                    "        late.me = late\n"
                    "        Main.on_exit = lambda *_: None\n");
  REQUIRE(world.call(doomed, "hide"));
  caf::anon_send_exit(doomed, caf::exit_reason::kill);
  auto heard = world.hear();
  REQUIRE(heard);
  CHECK(heard->function == "woken");
  CHECK(in_python(world));
}

TEST_CASE("a finalizer's message to its own idle context is not left lying",
          "[threads]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto echo = world.spawn("import pyactor\n"
                          "class Main(pyactor.Actor):\n"
                          "    def hello(self):\n"
                          "        pyactor.send('test', 'heard')\n");
  REQUIRE(world.python().register_name("echo", echo));
  auto doomed = world.spawn("import pyactor\n"
                            "class Late:\n"
                            "    def __del__(self, send=pyactor.send):\n"
                            "        send('echo', 'hello')\n"
                            "class Main(pyactor.Actor):\n"
                            "    def hide(self):\n"
                            "        late = Late()\n"
                            "        late.me = late\n");
  REQUIRE(world.call(doomed, "hide"));
  caf::anon_send_exit(doomed, caf::exit_reason::kill);
  auto heard = world.hear();
  REQUIRE(heard);
  CHECK(heard->function == "heard");
}

TEST_CASE("an actor with 100 000 queued messages does not starve a neighbour",
          "[threads]") {
  constexpr uint64_t queued = 100'000;
  runtime_world world;
  auto many = world.python().spawn_function({}, runner);
  auto& home = world.python().context_at({});
  // Tells how many messages its context had handled when its turn came.
  auto neighbour = world.python().spawn_function({}, [&](python_actor*) {
    return caf::behavior{
      [&](int64_t) { return static_cast<int64_t>(home.running().messages()); }};
  });
  REQUIRE(world.ask(many, eval{"1"}));
  auto before = home.running().messages();
  busy_context busy{world};
  for (uint64_t i = 0; i < queued; ++i)
    caf::anon_send(many, eval{"1"});
  auto pending = world.client()->request(neighbour, patience, int64_t{0});
  busy.open();
  int64_t at = -1;
  pending.receive([&](int64_t x) { at = x; }, [](caf::error&) {});
  REQUIRE(at >= 0);
  CHECK(static_cast<uint64_t>(at) - before < 2 * slice::max_messages);
  CHECK(world.eventually(
    [&] { return home.running().messages() >= before + queued; }));
}

TEST_CASE("an idle runtime burns no CPU", "[threads]") {
  runtime_world world{one_pool(kinds().back(), 2)};
  REQUIRE(world.ask(world.server(0), eval{"1"}));
  REQUIRE(world.ask(world.server(1), eval{"1"}));
  auto cpu_ms = [&](size_t index) {
    timespec now{};
    clockid_t clock{};
    auto tid = number(world.ask(world.server(index), eval{native_id}));
    // What pthread_getcpuclockid makes of a thread's id.
    clock = static_cast<clockid_t>((~static_cast<unsigned>(tid) << 3) | 6u);
    REQUIRE(clock_gettime(clock, &now) == 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  };
  auto best = std::chrono::milliseconds::max().count();
  for (int round = 0; round < 3 && best > 100; ++round) {
    auto before = cpu_ms(0);
    static_cast<void>(world.hear(std::chrono::seconds{1}));
    best = std::min<decltype(best)>(best, cpu_ms(0) - before);
  }
  CHECK(best < 100); // of 1000
}

} // namespace threads_test
