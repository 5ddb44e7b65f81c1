#include <pyactor/runtime/thread_roll.hpp>

#include <pyactor/test/support/log_capture.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>
#include <string>
#include <utility>

#include <unistd.h>

namespace thread_roll_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// What it starts lives until whoever came first says so.
constexpr auto text = R"(
import os, pyactor, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

if not hasattr(sys, "over"):
    sys.over = threading.Event()

class Main(pyactor.Actor):
    def start_thread(self, name):
        threading.Thread(target=sys.over.wait, name=name).start()

    def start_short_threads(self):
        for _ in range(20):
            threading.Thread(target=int).start()

    def start_pool(self):
        self.pool = ThreadPoolExecutor(2)
        return self.pool.submit(abs, -1).result()

    def start_later(self, name, fd):
        def body():
            time.sleep(0.05) # the slice is over
            threading.Thread(target=sys.over.wait, name=name).start()
            os.write(fd, b"x")
        threading.Thread(target=body, name=name).start()

    def churn(self):
        if not sys.over.is_set():
            pyactor.send(pyactor.self(), "churn")

    def leave_at_end(self, name):
        self.left = name

    def on_exit(self, reason):
        if hasattr(self, "left"):
            self.start_thread(self.left)

    def crash(self):
        raise RuntimeError("a test says so")

    def end(self):
        raise SystemExit

    def end_threads(self):
        sys.over.set()
)";

/// One context with an actor that outlives all others there.
class shared_context {
public:
  explicit shared_context(std::string preload = "")
    : world_(own_gil_pool(std::move(preload))) {
    home_ = home_of(host_);
  }

  runtime_world& operator*() noexcept {
    return world_;
  }

  runtime_world* operator->() noexcept {
    return &world_;
  }

  caf::actor spawn() {
    return world_.spawn(text);
  }

  /// Ends an actor.
  /// @param how a method that does not return
  void end(const caf::actor& who, const std::string& how) {
    static_cast<void>(world_.call(who, how));
    world_.await_exit(who);
  }

  bool is_poisoned_soon() {
    return world_.eventually(
      [&] { return world_.python().contexts_poisoned() == 1; });
  }

  bool is_home_of(const caf::actor& who) const {
    return home_of(who) == home_;
  }

  /// Ends what lives in the context, which has been poisoned.
  /// @param other lives there, too; may be null
  /// @returns what was logged since the beginning
  std::string finish(const caf::actor& other = {}) {
    CHECK(world_.call(host_, "end_threads"));
    end(host_, "end");
    if (other)
      end(other, "end");
    CHECK(home_->await_end(context::clock::now() + patience));
    return log_.text();
  }

private:
  static runtime_options own_gil_pool(std::string preload) {
    if (!main_interpreter::supports_own_gil())
      SKIP("own-GIL interpreters need CPython 3.14");
    auto result = one_pool(interpreter_kind::own_gil);
    result.pools["default"].preload = std::move(preload);
    return result;
  }

  static std::shared_ptr<context> home_of(const caf::actor& who) {
    return pinned_base::behind(caf::actor_cast<caf::strong_actor_ptr>(who))
      ->home()
      .shared_from_this();
  }

  runtime_world world_;
  log_capture log_;
  caf::actor host_ = world_.spawn(text);
  std::shared_ptr<context> home_;
};

/// Has an actor crash that leaves a thread, whose name is "last". When that is
/// found, whoever has ended before has been judged.
void leave_last_thread(shared_context& where) {
  auto who = where.spawn();
  REQUIRE(where.is_home_of(who));
  REQUIRE(where->call(who, "start_thread", "last"));
  where.end(who, "crash");
  CHECK(where.is_poisoned_soon());
}

} // namespace

TEST_CASE("a thread that outlasts the crash of its actor poisons the context, "
          "and is named",
          "[thread_roll]") {
  shared_context where;
  auto who = where.spawn();
  auto id = std::to_string(who.id());
  REQUIRE(where->call(who, "start_thread", "wörker"));
  REQUIRE(where->call(who, "start_thread", "other"));
  where.end(who, "crash");
  REQUIRE(where.is_poisoned_soon());
  auto next = where.spawn();
  CHECK_FALSE(where.is_home_of(next));
  CHECK(where->call(next, "start_pool") == 1);
  CHECK_THAT(where.finish(), ContainsSubstring("actor " + id + " has crashed")
                               && ContainsSubstring("wörker")
                               && ContainsSubstring("other"));
}

TEST_CASE("so does one that is started in the actor's cleanup",
          "[thread_roll]") {
  shared_context where;
  auto who = where.spawn();
  REQUIRE(where->call(who, "leave_at_end", "late"));
  where.end(who, "crash");
  REQUIRE(where.is_poisoned_soon());
  CHECK_THAT(where.finish(), ContainsSubstring("late"));
}

TEST_CASE("one that is killed leaves its threads behind, too",
          "[thread_roll]") {
  shared_context where;
  auto who = where.spawn();
  REQUIRE(where->call(who, "start_thread", "orphan"));
  caf::anon_send_exit(who, caf::exit_reason::kill);
  REQUIRE(where.is_poisoned_soon());
  CHECK_THAT(where.finish(), ContainsSubstring("orphan"));
}

TEST_CASE("threads that end with their actor poison nothing", "[thread_roll]") {
  shared_context where;
  auto pool = where.spawn();
  CHECK(where->call(pool, "start_pool") == 1);
  where.end(pool, "crash");
  auto many = where.spawn();
  CHECK(where->call(many, "start_short_threads"));
  where.end(many, "crash");
  leave_last_thread(where);
  CHECK_THAT(where.finish(), ContainsSubstring("last"));
}

TEST_CASE("threads of an actor that ends in order poison nothing",
          "[thread_roll]") {
  shared_context where;
  auto asked = where.spawn();
  REQUIRE(where->call(asked, "start_thread", "asked"));
  caf::anon_send_exit(asked, caf::exit_reason::user_shutdown);
  where->await_exit(asked);
  auto leaving = where.spawn();
  REQUIRE(where->call(leaving, "start_thread", "leaving"));
  where.end(leaving, "end");
  leave_last_thread(where);
  CHECK_THAT(where.finish(), ContainsSubstring("last")
                               && !ContainsSubstring("asked")
                               && !ContainsSubstring("leaving"));
}

TEST_CASE("threads of those that live poison nothing when another crashes",
          "[thread_roll]") {
  shared_context where;
  auto neighbour = where.spawn();
  REQUIRE(where->call(neighbour, "start_thread", "neighbour's"));
  auto who = where.spawn();
  where.end(who, "crash");
  leave_last_thread(where);
  where.end(neighbour, "end");
  CHECK_THAT(where.finish(),
             ContainsSubstring("last") && !ContainsSubstring("neighbour's"));
}

TEST_CASE("a thread that another one starts while its actor does not run is "
          "nobody's",
          "[thread_roll]") {
  shared_context where;
  auto neighbour = where.spawn();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(
    where->call(neighbour, "start_later", "neighbour's", int64_t{ends[1]}));
  char byte = 0;
  REQUIRE(read(ends[0], &byte, 1) == 1);
  close(ends[0]);
  close(ends[1]);
  auto who = where.spawn();
  where.end(who, "crash");
  leave_last_thread(where);
  where.end(neighbour, "end");
  CHECK_THAT(where.finish(),
             ContainsSubstring("last") && !ContainsSubstring("neighbour's"));
}

TEST_CASE("threads that the preload of its pool starts are not an actor's",
          "[thread_roll]") {
  shared_context where{R"(
import sys, threading
if not hasattr(sys, "over"):
    sys.over = threading.Event()
threading.Thread(target=sys.over.wait, name="preloaded").start()
)"};
  auto who = where.spawn();
  CHECK(where->call(who, "start_pool") == 1);
  where.end(who, "crash");
  leave_last_thread(where);
  CHECK_THAT(where.finish(),
             ContainsSubstring("last") && !ContainsSubstring("preloaded"));
}

TEST_CASE("a context that never rests finds threads of crashed actors, too",
          "[thread_roll]") {
  shared_context where;
  auto busy = where.spawn();
  REQUIRE(where->call(busy, "churn"));
  auto who = where.spawn();
  REQUIRE(where->call(who, "start_thread", "busy one's"));
  where.end(who, "crash");
  CHECK(where->eventually([&] {
    auto next = where.spawn();
    where.end(next, "crash");
    return where->python().contexts_poisoned() == 1;
  }));
  auto told = where.finish(busy);
  CHECK_THAT(told, ContainsSubstring("busy one's"));
}

TEST_CASE("threads in the main interpreter, which nothing can replace, are "
          "nobody's",
          "[thread_roll]") {
  runtime_world world;
  log_capture log;
  auto host = world.spawn(text);
  auto who = world.spawn(text);
  REQUIRE(world.call(who, "start_thread", "tolerated"));
  static_cast<void>(world.call(who, "crash"));
  world.await_exit(who);
  // Longer than the grace; what is looked after is told, be it in vain.
  CHECK_FALSE(world.eventually([] { return false; }, 2 * thread_roll::grace));
  CHECK(world.call(host, "end_threads"));
  world.drop_runtime();
  CHECK_THAT(log.text(), !ContainsSubstring("left Python threads behind"));
}

} // namespace thread_roll_test
