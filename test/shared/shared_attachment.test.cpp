#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/attachment.hpp>
#include <pyactor/test/shared/crowd.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace shared_attachment_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace std::chrono_literals;
using test::crowd;

namespace {

using clock = attachment::clock;

/// What an attachment needs of a context. Attempts to interrupt keep it alive.
struct bare_context {
  loop::activity running;
  attachment python{running};
  std::atomic<bool> over = false;
};

using context_ptr = std::shared_ptr<bare_context>;

constexpr int short_calls = 30;
constexpr auto short_code = "for i in range(20_000):\n    pass\n";
/// Takes far longer than any interruption does to come.
constexpr auto long_code = "for i in range(1_000_000_000):\n    pass\n";

/// Interruptions say which turn they are aimed at.
error aimed_at(uint64_t turn) {
  return {.code = errc::interrupted, .message = std::to_string(turn)};
}

enum class ending { interrupted, returned, wrong };

/// Runs Python code in a turn of its own, as a context does.
/// @returns `wrong` where what has hit it was not aimed at it
/// @thread the one that opened `where`
ending call(bare_context& where, const source& code) {
  where.running.begin(1, clock::now());
  auto turn = where.running.turn();
  auto& py = where.python.attach();
  auto outcome = where.python.run_apart([&] {
    environment env{py};
    auto done = env.exec(py, code);
    env.release(py);
    return done;
  });
  where.python.end_slice();
  where.running.end();
  if (outcome)
    return ending::returned;
  return outcome.error().message == std::to_string(turn) ? ending::interrupted
                                                         : ending::wrong;
}

/// Opens an interpreter, makes calls, and closes it.
/// @returns whether every call that was hit had been aimed at
bool live(bare_context& where, interpreter_kind kind) {
  if (!where.python.open(test::python(), kind, {}, {}))
    return false;
  bool good = true;
  for (int i = 0; i < short_calls; ++i) {
    good = call(where, short_code) != ending::wrong && good;
    where.python.note_garbage();
    static_cast<void>(where.python.tidy_up(clock::now()));
    where.python.detach();
  }
  good = call(where, long_code) == ending::interrupted && good;
  where.python.close();
  return good;
}

/// Interrupts whatever call runs, or aims at one that is over.
/// @param late how many turns ago it ran
/// @thread any
void aim(const context_ptr& where, uint64_t late) {
  while (!where->over) {
    if (auto now = where->running.read(); now.actor != 0)
      where->python.interrupt(now.turn - late, aimed_at(now.turn - late),
                              where);
    std::this_thread::yield();
  }
}

/// Calls what any thread may.
/// @returns whether what that tells makes sense
/// @thread any
bool look(const context_ptr& where) {
  bool good = true;
  uint64_t released = 0;
  while (!where->over) {
    auto now = where->python.stats();
    good = good && now.released_environments >= released
           && now.live_environments <= 1
           && where->python.lingering_threads().empty();
    released = now.released_environments;
    where->python.probe_gil(where);
    // Either may be true by now.
    static_cast<void>(where->python.is_interrupting());
    static_cast<void>(where->python.await_interrupter(clock::now()));
    std::this_thread::yield();
  }
  return good;
}

void storm(interpreter_kind kind) {
  for (int life = 0; life < 5; ++life) {
    auto where = std::make_shared<bare_context>();
    bool lived = false;
    bool made_sense = false;
    crowd(4, [&](int i) {
      if (i == 0) {
        lived = live(*where, kind);
        where->over = true;
      } else if (i == 1) {
        made_sense = look(where);
      } else {
        // A call has two turns: its own, and the one after it.
        aim(where, i == 2 ? 0 : 2);
      }
    });
    CHECK(lived);
    CHECK(made_sense);
    auto figures = where->python.stats();
    CHECK(figures.released_environments == short_calls + 1);
    CHECK(figures.live_environments == 0);
    CHECK(figures.pending_releases == 0);
    CHECK_FALSE(where->python.is_interrupting());
    CHECK(where->python.await_interrupter(clock::now()));
    auto turn = where->running.turn();
    CHECK_FALSE(where->python.interrupt(turn, aimed_at(turn), where));
    where->python.probe_gil(where);
    CHECK_FALSE(where->python.is_interrupting());
  }
}

/// Ends an interpreter in which a thread named `reader` waits for a byte.
/// @returns whether that thread could be started
bool end_with_reader(bare_context& where, int end_of_pipe) {
  if (!where.python.open(test::python(), interpreter_kind::own_gil, {}, {}))
    return false;
  auto code = "import os, threading\n"
              "threading.Thread(target=os.read, name='reader', args=("
              + std::to_string(end_of_pipe) + ", 1)).start()\n";
  auto good = call(where, code) == ending::returned;
  where.python.close();
  return good;
}

} // namespace

TEST_CASE(
  "an attachment's calls are hit by what is aimed at them only, and its "
  "figures never go back, whoever interrupts, probes and looks",
  "[shared_attachment]") {
  storm(interpreter_kind::main);
  if (main_interpreter::supports_own_gil())
    storm(interpreter_kind::own_gil);
}

TEST_CASE(
  "every thread is told whom the end of an interpreter waits for, until "
  "it has ended",
  "[shared_attachment]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  constexpr int observers = 3;
  const std::vector<std::string> reader{"reader"};
  for (int life = 0; life < 5; ++life) {
    auto where = std::make_shared<bare_context>();
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    std::latch seen{observers};
    std::array<std::vector<std::string>, observers> told;
    bool ended = false;
    bool written = false;
    auto deadline = clock::now() + 1min;
    crowd(1 + observers, [&](int i) {
      if (i == observers) {
        ended = end_with_reader(*where, ends[0]);
        where->over = true;
        return;
      }
      auto& names = told[static_cast<size_t>(i)];
      do
        names = where->python.lingering_threads();
      while (names.empty() && !where->over && clock::now() < deadline);
      seen.arrive_and_wait();
      if (i == 0)
        written = ::write(ends[1], "x", 1) == 1;
    });
    CHECK(ended);
    CHECK(written);
    for (const auto& names : told)
      CHECK(names == reader);
    CHECK(where->python.lingering_threads().empty());
    for (auto end : ends)
      ::close(end);
  }
}

} // namespace shared_attachment_test
