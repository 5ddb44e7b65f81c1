#include <pyactor/runtime/loop/run_loop.hpp>

#include <pyactor/runtime/loop/guest_relief.hpp>
#include <pyactor/test/support/dice.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace run_loop_test {

using namespace pyactor::runtime::loop;
using namespace std::chrono_literals;
using pyactor::test::dice;

using clock_type = std::chrono::steady_clock;

namespace {

/// Made by the thread that queues it, ends with the thread that runs it: only
/// the loop is between the two.
struct job {
  int number = 0;
  /// Called in the slice.
  std::function<void()> work = [] {};
};

/// What an actor leaves behind.
using remains = std::function<void()>;

using loop_type = run_loop<job*, remains>;

/// Instead of what never comes back: a thread that was given up.
struct parked {};

/// Runs the jobs of a loop, and counts what becomes of each.
class host {
public:
  explicit host(int jobs = 10) : seen_(static_cast<size_t>(jobs) + 1) {
  }

  loop_type loop;
  std::atomic<int> residents = 0;
  std::atomic<int> kills = 0;
  std::atomic<int> handed_over = 0;
  std::atomic<int> bounced = 0;
  int departed = 0;  // the loop's thread only
  int housekept = 0; // the same
  /// What housekeeping says; the loop's thread only.
  std::function<std::optional<clock_type::time_point>()> idle
    = [] { return std::nullopt; };

  // -- for tests --------------------------------------------------------------

  void push(int number, std::function<void()> work = [] {}) {
    auto next = std::make_unique<job>(number, std::move(work));
    if (loop.push(next.get()))
      static_cast<void>(next.release());
    else
      bounce(next.release());
  }

  /// @thread the loop's
  void push_here(int number, std::function<void()> work = [] {}) {
    auto next = std::make_unique<job>(number, std::move(work));
    if (loop.push_here(next.get()))
      static_cast<void>(next.release());
    else
      bounce(next.release());
  }

  /// @thread the loop's
  void push_guest(int number) {
    auto next = std::make_unique<job>(number);
    if (loop.push_guest(next.get()))
      static_cast<void>(next.release());
    else
      bounce(next.release());
  }

  bool relieve(clock_type::time_point now) {
    return loop.relieve_guests(now, guest_relief::patience, [this](job* what) {
      note(what);
      ++handed_over;
      handed_over.notify_one();
    });
  }

  /// An actor has ended, on whatever thread.
  void end_resident() {
    loop.leave_behind([] {});
    {
      std::unique_lock guard{mtx_};
      --residents;
    }
    if (loop.stopping())
      loop.interrupt();
  }

  /// As a context does: whoever ends before the look at the actors is counted
  /// when the loop wakes up, whoever ends after it sees the stop.
  void stop(clock_type::time_point kill_at = clock_type::time_point::max()) {
    loop.begin_stop(kill_at);
    std::unique_lock{mtx_}.unlock();
    loop.interrupt();
  }

  /// Whether jobs 1, 2, ... ran or were bounced, each once.
  [[nodiscard]] bool each_once() const {
    return std::all_of(seen_.begin() + 1, seen_.end(),
                       [](auto& n) { return n == 1; });
  }

  // -- for the loop -----------------------------------------------------------

  void run_resident(job* what) {
    run(what);
  }

  void run_guest(job* what) {
    run(what);
  }

  void run_departure(remains what) {
    ++departed;
    what();
  }

  void bounce(job* what) {
    ++bounced;
    note(what);
  }

  std::optional<clock_type::time_point> housekeeping() {
    ++housekept;
    return idle();
  }

  void detach_idle() {
  }

  [[nodiscard]] size_t live_residents() const {
    return static_cast<size_t>(residents.load());
  }

  void kill_residents() {
    ++kills;
    while (residents > 0)
      end_resident();
  }

private:
  void run(job* what) {
    auto now = clock_type::now();
    loop.begin_slice(now);
    loop.running().begin(static_cast<uint64_t>(what->number), now);
    loop.running().count_message();
    auto work = std::move(what->work);
    note(what);
    work();
    loop.running().end();
    loop.end_slice();
  }

  void note(job* what) {
    ++seen_[static_cast<size_t>(what->number)];
    delete what;
  }

  std::mutex mtx_;
  std::vector<std::atomic<int>> seen_;
};

} // namespace

TEST_CASE("what was left behind goes before the job that was queued after it",
          "[run_loop]") {
  host h;
  h.loop.leave_behind([] {});
  int departed = 0;
  h.push(1, [&] { departed = h.departed; });
  CHECK(h.loop.size() == 2);
  CHECK(h.loop.step(h));
  CHECK(departed == 1);
  CHECK_FALSE(h.loop.step(h));
  h.loop.leave_behind([] {});
  CHECK(h.loop.step(h));
  CHECK(h.departed == 2);
}

TEST_CASE("what is left behind wakes a loop that sleeps", "[run_loop]") {
  constexpr int rounds = 2000;
  host h;
  h.residents = 1;
  std::jthread thread{[&] { h.loop.serve(h); }};
  std::atomic<int> seen = 0;
  for (int i = 0; i < rounds; ++i) {
    h.loop.leave_behind([&] {
      ++seen;
      seen.notify_one();
    });
    seen.wait(i);
  }
  h.end_resident();
  h.stop();
  thread.join();
  CHECK(h.departed == rounds + 1);
}

TEST_CASE("guests are handed over only from behind a slice that has lasted",
          "[run_loop]") {
  host h;
  auto now = clock_type::now();
  CHECK_FALSE(h.relieve(now));
  h.push_guest(1);
  CHECK(h.relieve(now + 1h));
  h.loop.begin_slice(now);
  CHECK(h.loop.slice_start() == now);
  CHECK(h.relieve(now + guest_relief::patience - 1ns));
  CHECK(h.handed_over == 0);
  CHECK_FALSE(h.relieve(now + guest_relief::patience));
  CHECK(h.handed_over == 1);
  h.loop.end_slice();
}

TEST_CASE("a loop sleeps until its host wants to wake up", "[run_loop]") {
  host h;
  auto wake_at = clock_type::now() + 10ms;
  h.residents = 1;
  h.stop();
  h.idle = [&]() -> std::optional<clock_type::time_point> {
    if (h.housekept < 3)
      return wake_at;
    h.end_resident();
    return std::nullopt;
  };
  h.loop.serve(h);
  CHECK(clock_type::now() >= wake_at);
  CHECK(h.housekept == 3); // the first sleep is none: it was interrupted
}

TEST_CASE("actors that do not end are killed in time, in a loop that sleeps",
          "[run_loop]") {
  host h;
  h.residents = 3;
  std::jthread thread{[&] { h.loop.serve(h); }};
  auto kill_at = clock_type::now() + 20ms;
  h.stop(kill_at);
  thread.join();
  CHECK(clock_type::now() >= kill_at);
  CHECK(h.kills == 1);
  CHECK(h.departed == 3);
}

TEST_CASE("a thread inside Python, and no other, can be given up with its jobs",
          "[run_loop]") {
  host h;
  h.push_here(1);
  CHECK_FALSE(h.loop.give_up(h));
  CHECK(h.loop.running().enter_python());
  h.push_here(2);
  std::jthread{[&] { CHECK(h.loop.give_up(h)); }}.join();
  CHECK(h.bounced == 2);
  h.push_here(3);
  CHECK(h.bounced == 3);
  CHECK(h.loop.running().leave_python() == activity::departure::given_up);
}

TEST_CASE("each job of a storm runs once, here or where it is handed over",
          "[run_loop]") {
  constexpr int producers = 3;
  constexpr int each = 6000;
  constexpr int jobs = producers * each;
  host h{2 * jobs}; // those above `jobs` are what jobs queue
  h.residents = 1;
  std::atomic<int> left_behind = 0;
  std::atomic<bool> over = false;
  guest_relief relief{[&](auto now) { return h.relieve(now); }};
  auto follow_up = [&](unsigned choice, int number) {
    return [&, choice, number] {
      auto before = h.handed_over.load();
      auto is_long = number % 1000 == 0;
      if (choice < 8 && !is_long) {
        h.push_here(jobs + number);
      } else {
        h.push_guest(jobs + number);
        relief.announce();
      }
      if (choice % 8 == 0) {
        ++left_behind;
        h.loop.leave_behind([] {});
      }
      if (is_long) // until a guest has lost patience
        h.handed_over.wait(before);
    };
  };
  auto begin = clock_type::now();
  std::jthread consumer{[&] { h.loop.serve(h); }};
  std::atomic<bool> right = true;
  std::jthread watcher{[&] {
    for (uint64_t messages = 0; !over;) {
      auto now = h.loop.running().read();
      auto next = h.loop.running().messages();
      if (next < messages || h.loop.size() > 3 * jobs
          || (now.actor != 0
              && (now.actor > 2 * jobs || now.since < begin
                  || now.since > clock_type::now())))
        right = false;
      messages = next;
    }
  }};
  {
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p)
      threads.emplace_back([&, p, random = dice(p)]() mutable {
        for (int number = p * each + 1; number <= (p + 1) * each; ++number) {
          h.push(number, follow_up(random.roll(16), number));
          if (random.roll(64) == 0) {
            ++left_behind;
            h.loop.leave_behind([] {});
          }
          if (random.roll(16) == 0)
            std::this_thread::yield(); // so that the loop falls asleep
        }
      });
  }
  h.push(0, [&] { h.end_resident(); });
  h.stop();
  consumer.join();
  over = true;
  watcher.join();
  h.loop.close(h);
  relief.end();
  CHECK(right);
  CHECK(h.each_once());
  CHECK(h.handed_over >= jobs / 1000);
  CHECK(h.departed == left_behind + 1);
}

TEST_CASE("a loop ends with its last actor, on whatever thread that ends",
          "[run_loop]") {
  constexpr int enders = 3;
  for (unsigned round = 0; round < 500; ++round) {
    host h;
    h.residents = 2 * enders;
    // A lost wake-up hangs.
    std::jthread consumer{[&] { h.loop.serve(h); }};
    std::vector<std::jthread> threads;
    for (int i = 0; i < enders; ++i)
      threads.emplace_back([&, i, random = dice(10 * round + i)]() mutable {
        h.push(1 + i, [&] { h.end_resident(); });
        for (auto n = random.roll(200); n > 0; --n)
          std::atomic_signal_fence(std::memory_order_seq_cst);
        h.end_resident();
      });
    h.stop();
    consumer.join();
    REQUIRE(h.departed == 2 * enders);
    REQUIRE(h.kills == 0);
  }
}

TEST_CASE("each job runs or bounces, once, where a thread is given up",
          "[run_loop]") {
  constexpr int producers = 2;
  constexpr int each = 50;
  constexpr int jobs = producers * each;
  for (int round = 0; round < 300; ++round) {
    auto hangs = round % 2 == 0;  // or may be left in time
    auto queues = round % 3 == 0; // or touches no lock
    host h{jobs + (queues ? 20 : 10)};
    h.residents = 1;
    std::atomic<bool> given_up = false;
    std::atomic<bool> lost = false;
    auto call_python = [&] {
      h.loop.running().enter_python();
      for (int i = 1; i <= 10 && queues; ++i)
        h.push_here(jobs + 10 + i);
      if (hangs)
        given_up.wait(false);
      if (h.loop.running().leave_python() != activity::departure::free)
        throw parked{};
    };
    auto serve = [&] {
      // Some wait in the part of the queue that has no lock.
      h.push_here(0, call_python);
      for (int i = 1; i <= 10; ++i)
        h.push_here(jobs + i);
      try {
        h.loop.serve(h);
      } catch (const parked&) {
        lost = true;
      }
    };
    std::jthread consumer{serve};
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p)
      threads.emplace_back([&, p] {
        for (int i = 1; i <= each; ++i)
          h.push(p * each + i);
      });
    std::atomic<bool> over = false;
    std::jthread impatient{[&] {
      while (!over && !given_up)
        given_up = h.loop.give_up(h);
      given_up.notify_one();
    }};
    threads.clear();
    h.push(0, [&] { h.end_resident(); });
    h.stop();
    consumer.join();
    over = true;
    impatient.join();
    REQUIRE(given_up == lost);
    REQUIRE((given_up || !hangs));
    if (!given_up)
      h.loop.close(h);
    REQUIRE(h.each_once());
  }
}

} // namespace run_loop_test
