#include <pyactor/runtime/loop/run_queue.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace run_queue_test {

using namespace pyactor::runtime::loop;

using clock_type = std::chrono::steady_clock;

namespace {

/// Jobs are numbers; a guest's is negative.
using queue_type = run_queue<int>;

/// @returns all that is in the queue, in the order in which it is served
std::vector<int> pop_all(queue_type& queue) {
  std::vector<int> result;
  bool is_guest = false;
  while (auto job = queue.pop(is_guest)) {
    CHECK(is_guest == (*job < 0));
    result.push_back(*job);
  }
  return result;
}

/// Serves a queue as a context does: takes a job, spins, sleeps.
template <class F>
void serve_until(queue_type& queue, const std::atomic<bool>& done, F job_done) {
  for (;;) {
    bool is_guest = false;
    if (auto job = queue.pop(is_guest))
      job_done(*job);
    else if (done)
      return;
    else if (!queue.spin())
      queue.wait(std::nullopt);
  }
}

/// Counts how often each job is seen.
class tally {
public:
  explicit tally(size_t jobs) : seen_(jobs) {
  }

  void note(int job) {
    seen_[static_cast<size_t>(std::abs(job))].fetch_add(1);
  }

  /// Whether jobs 1, 2, ... were each seen once.
  [[nodiscard]] bool each_once() const {
    return std::all_of(seen_.begin() + 1, seen_.end(),
                       [](auto& n) { return n == 1; });
  }

private:
  std::vector<std::atomic<int>> seen_;
};

} // namespace

TEST_CASE("residents are served in the order of their arrival", "[run_queue]") {
  queue_type queue;
  for (int job : {1, 2, 3})
    CHECK(queue.push(job));
  CHECK(pop_all(queue) == std::vector{1, 2, 3});
}

TEST_CASE("what the consumer queues comes after what waits already",
          "[run_queue]") {
  queue_type queue;
  CHECK(queue.push(1));
  CHECK(queue.push(2));
  bool is_guest = false;
  CHECK(queue.pop(is_guest) == 1);
  REQUIRE(queue.push_local(1));
  CHECK(queue.push(3));
  CHECK(pop_all(queue) == std::vector{2, 1, 3});
}

TEST_CASE("residents and guests are served in turn", "[run_queue]") {
  queue_type queue;
  for (int job : {1, 2, 3}) {
    CHECK(queue.push(job));
    CHECK(queue.push_guest(-job));
  }
  CHECK(pop_all(queue) == std::vector{-1, 1, -2, 2, -3, 3});
}

TEST_CASE("a guest that a resident wakes runs before the next resident",
          "[run_queue]") {
  queue_type queue;
  bool is_guest = false;
  for (int job : {1, 2, 3, 4})
    CHECK(queue.push(job));
  // However many residents ran before it.
  for (int job : {1, 2, 3}) {
    CHECK(queue.pop(is_guest) == job);
    CHECK(queue.push_guest(-job));
    CHECK(queue.pop(is_guest) == -job);
  }
  CHECK(queue.pop(is_guest) == 4);
}

TEST_CASE("neither kind waits for the end of the other", "[run_queue]") {
  queue_type queue;
  CHECK(queue.push_guest(-1));
  for (int round = 0; round < 1000; ++round) {
    // Both come back again and again, as busy actors do.
    bool is_guest = false;
    CHECK(queue.push(1));
    auto first = queue.pop(is_guest);
    auto second = queue.pop(is_guest);
    REQUIRE(first);
    REQUIRE(second);
    REQUIRE(*first + *second == 0);
    CHECK(queue.push_guest(-1));
  }
}

TEST_CASE("any thread may take a guest, and only guests", "[run_queue]") {
  queue_type queue;
  CHECK(queue.push(1));
  CHECK_FALSE(queue.pop_guest());
  CHECK(queue.push_guest(-1));
  CHECK(queue.has_guests());
  std::jthread{[&] { CHECK(queue.pop_guest() == -1); }}.join();
  CHECK_FALSE(queue.has_guests());
  CHECK(pop_all(queue) == std::vector{1});
}

TEST_CASE("the size counts every kind of job", "[run_queue]") {
  queue_type queue;
  CHECK(queue.size() == 0);
  CHECK(queue.push(1));
  CHECK(queue.push_guest(-1));
  REQUIRE(queue.push_local(2));
  CHECK(queue.size() == 3);
  pop_all(queue);
  CHECK(queue.size() == 0);
}

TEST_CASE("a wait ends at its deadline, and says so", "[run_queue]") {
  queue_type queue;
  CHECK_FALSE(queue.spin());
  CHECK_FALSE(queue.wait(clock_type::now()));
}

TEST_CASE("a wait does not sleep over what came before it", "[run_queue]") {
  queue_type queue;
  auto never = std::nullopt;
  SECTION("a resident") {
    CHECK(queue.push(1));
    CHECK(queue.spin());
    CHECK(queue.wait(never));
  }
  SECTION("a guest") {
    CHECK(queue.push_guest(-1));
    CHECK(queue.spin());
    CHECK(queue.wait(never));
  }
  SECTION("a resident that the consumer queued itself") {
    REQUIRE(queue.push_local(1));
    CHECK(queue.wait(clock_type::now()));
  }
  SECTION("an interruption, once") {
    queue.interrupt();
    CHECK(queue.wait(never));
    CHECK_FALSE(queue.wait(clock_type::now()));
  }
}

TEST_CASE("a closed queue gives back what is left, residents first",
          "[run_queue]") {
  queue_type queue;
  CHECK(queue.push_guest(-1));
  CHECK(queue.push(2));
  REQUIRE(queue.push_local(1));
  auto left = queue.close();
  CHECK(std::vector(left.begin(), left.end()) == std::vector{1, 2, -1});
  CHECK_FALSE(queue.push(3));
  CHECK_FALSE(queue.push_guest(-3));
  CHECK(pop_all(queue).empty());
  CHECK(queue.close().empty());
  CHECK(queue.size() == 0);
}

TEST_CASE("a job that the queue refuses stays with the caller", "[run_queue]") {
  run_queue<std::shared_ptr<int>> queue;
  queue.close();
  auto job = std::make_shared<int>(1);
  CHECK_FALSE(queue.push(job));
  CHECK_FALSE(queue.push_guest(job));
  CHECK(job.use_count() == 1);
}

TEST_CASE("each job that many threads push is served exactly once",
          "[run_queue]") {
  constexpr int producers = 4;
  constexpr int each = 20000;
  queue_type queue;
  tally served{producers * each + 1};
  std::atomic<bool> done = false;
  std::atomic<bool> in_order = true;
  std::vector<int> last(producers, 0);
  // Sleeps whenever there is nothing, so that a lost wake-up hangs.
  std::jthread consumer{[&] {
    serve_until(queue, done, [&](int job) {
      served.note(job);
      if (job < 0)
        return;
      auto& before = last[static_cast<size_t>(job - 1) / each];
      in_order = in_order && job > before;
      before = job;
    });
  }};
  std::jthread thief{[&] {
    while (!done)
      if (auto job = queue.pop_guest())
        served.note(*job);
      else
        std::this_thread::yield();
  }};
  {
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p)
      threads.emplace_back([&, p] {
        for (int i = 1; i <= each; ++i) {
          int job = p * each + i;
          if (!(i % 3 ? queue.push(job) : queue.push_guest(-job)))
            in_order = false;
        }
      });
  }
  done = true;
  queue.interrupt();
  consumer.join();
  thief.join();
  CHECK(served.each_once());
  CHECK(in_order);
  CHECK(queue.size() == 0);
}

TEST_CASE("no wake-up is lost between a look and a sleep", "[run_queue]") {
  constexpr int rounds = 20000;
  queue_type there;
  queue_type back;
  // Each side pushes only once it was woken: one that is lost hangs both.
  auto next = [](queue_type& from) {
    for (;;) {
      bool is_guest = false;
      if (auto job = from.pop(is_guest))
        return *job;
      from.wait(std::nullopt);
    }
  };
  std::jthread other{[&] {
    for (int i = 1; i <= rounds; ++i) {
      auto job = next(there);
      static_cast<void>(job % 2 ? back.push(job) : back.push_guest(-job));
    }
  }};
  bool right = true;
  for (int i = 1; i <= rounds; ++i) {
    CHECK_FALSE(!there.push(i));
    right = right && std::abs(next(back)) == i;
  }
  CHECK(right);
}

TEST_CASE("no interruption is lost", "[run_queue]") {
  constexpr int rounds = 20000;
  queue_type queue;
  std::atomic<int> asked = 0;
  std::atomic<int> seen = 0;
  std::jthread consumer{[&] {
    while (seen < rounds) {
      while (seen == asked)
        queue.wait(std::nullopt);
      seen = asked.load();
      seen.notify_one();
    }
  }};
  for (int i = 1; i <= rounds; ++i) {
    asked = i;
    queue.interrupt();
    for (int now = seen; now != i; now = seen)
      seen.wait(now);
  }
  CHECK(seen == rounds);
}

TEST_CASE(
  "each job is served, left or refused when the queue closes in a storm",
  "[run_queue]") {
  constexpr int producers = 3;
  constexpr int each = 100;
  for (int round = 0; round < 100; ++round) {
    queue_type queue;
    tally outcomes{producers * each + 1};
    std::atomic<int> started = 0;
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p)
      threads.emplace_back([&, p] {
        ++started;
        for (int i = 1; i <= each; ++i) {
          int job = p * each + i;
          if (!(i % 2 ? queue.push(job) : queue.push_guest(-job)))
            outcomes.note(job);
        }
      });
    while (started < producers)
      std::this_thread::yield();
    bool is_guest = false;
    for (int i = 0; i < round; ++i)
      if (auto job = queue.pop(is_guest))
        outcomes.note(*job);
    for (int job : queue.close())
      outcomes.note(job);
    threads.clear();
    REQUIRE(outcomes.each_once());
  }
}

TEST_CASE("a thread other than the consumer may close the queue once that "
          "only pushes",
          "[run_queue]") {
  // As a thread does that is given up inside Python code.
  constexpr int jobs = 5000;
  queue_type queue;
  REQUIRE(queue.push_local(1));
  std::atomic<int> refused = 0;
  std::jthread stuck{[&] {
    for (int job = 2; job <= jobs; ++job)
      if (!queue.push(job))
        ++refused;
  }};
  auto left = static_cast<int>(queue.close().size());
  stuck.join();
  CHECK(left + refused == jobs);
}

} // namespace run_queue_test
