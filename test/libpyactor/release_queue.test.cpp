#include <pyactor/libpyactor/capi/release_queue.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace release_queue_test {

using namespace pyactor::capi;

namespace {

struct job {
  int producer = 0;
  int number = 0;
  job* next = nullptr;
};

} // namespace

TEST_CASE("jobs run in the order of their arrival", "[release_queue]") {
  release_queue<job> queue;
  std::vector<job> jobs(5);
  for (auto i = 0; i < 5; ++i) {
    jobs[i].number = i;
    CHECK(queue.push(jobs[i]));
  }
  CHECK(queue.size() == 5);
  std::vector<int> ran;
  auto run = [&](job& x) noexcept { ran.push_back(x.number); };
  CHECK(queue.drain(run) == 5);
  CHECK(ran == std::vector{0, 1, 2, 3, 4});
  CHECK(queue.size() == 0);
  CHECK(queue.drain(run) == 0);
}

TEST_CASE("a job may destroy itself and queue others", "[release_queue]") {
  release_queue<job> queue;
  job second;
  auto first = std::make_unique<job>();
  CHECK(queue.push(*first.release()));
  auto destroyed = 0;
  auto count = queue.drain([&](job& x) noexcept {
    if (&x == &second)
      return;
    delete &x;
    ++destroyed;
    static_cast<void>(queue.push(second));
  });
  CHECK(count == 2);
  CHECK(destroyed == 1);
}

TEST_CASE("a closed queue runs what it had and refuses more",
          "[release_queue]") {
  release_queue<job> queue;
  job one;
  job other;
  auto woken = 0;
  queue.on_push([&] { ++woken; });
  CHECK(queue.push(one));
  auto ran = 0;
  auto run = [&](job&) noexcept { ++ran; };
  CHECK(queue.close(run) == 1);
  CHECK(queue.is_closed());
  CHECK_FALSE(queue.push(other));
  CHECK(queue.drain(run) == 0);
  CHECK(queue.close(run) == 0);
  CHECK(queue.is_closed());
  CHECK(ran == 1);
  CHECK(woken == 1);
  CHECK(queue.size() == 0);
}

TEST_CASE("only the first job of an empty queue wakes the consumer",
          "[release_queue]") {
  release_queue<job> queue;
  std::vector<job> jobs(4);
  auto woken = 0;
  queue.on_push([&] { ++woken; });
  CHECK(queue.push(jobs[0]));
  CHECK(queue.push(jobs[1]));
  CHECK(woken == 1);
  queue.drain([](job&) noexcept {});
  CHECK(queue.push(jobs[2]));
  CHECK(woken == 2);
  queue.on_push(nullptr);
  queue.drain([](job&) noexcept {});
  CHECK(queue.push(jobs[3]));
  CHECK(woken == 2);
}

TEST_CASE("no job is lost or doubled among many threads", "[release_queue]") {
  constexpr auto producers = 4;
  constexpr auto each = 20000;
  release_queue<job> queue;
  std::vector<std::vector<job>> jobs(producers, std::vector<job>(each));
  std::vector<int> last(producers, -1);
  auto in_order = true;
  auto run = [&](job& x) noexcept {
    in_order = in_order && x.number == last[x.producer] + 1;
    last[x.producer] = x.number;
  };
  // The consumer sleeps until it is woken, so that a lost wake-up hangs.
  std::atomic<int> wakes = 0;
  queue.on_push([&] {
    wakes.fetch_add(1);
    wakes.notify_one();
  });
  std::vector<std::jthread> threads;
  for (auto p = 0; p < producers; ++p)
    threads.emplace_back([&, p] {
      for (auto i = 0; i < each; ++i) {
        jobs[p][i].producer = p;
        jobs[p][i].number = i;
        static_cast<void>(queue.push(jobs[p][i]));
      }
    });
  size_t total = 0;
  for (auto seen = 0; total < size_t{producers} * each;) {
    wakes.wait(seen);
    seen = wakes.load();
    total += queue.drain(run);
  }
  CHECK(in_order);
  CHECK(last == std::vector<int>(producers, each - 1));
  CHECK(queue.size() == 0);
}

TEST_CASE("each job is either run or refused when the queue closes under load",
          "[release_queue]") {
  for (auto round = 0; round < 200; ++round) {
    auto queue = std::make_shared<release_queue<job>>();
    std::atomic<bool> open = true;
    queue->on_push([&] {
      if (!open)
        std::abort();
    });
    std::vector<std::vector<job>> jobs(3, std::vector<job>(50));
    std::atomic<int> refused = 0;
    auto ran = 0;
    {
      std::vector<std::jthread> threads;
      for (auto& mine : jobs)
        threads.emplace_back([queue, &mine, &refused] {
          for (auto& x : mine)
            if (!queue->push(x))
              ++refused;
        });
      auto run = [&](job&) noexcept { ++ran; };
      queue->drain(run);
      queue->close(run);
      open = false;
    }
    CHECK(ran + refused == 150);
  }
}

} // namespace release_queue_test
