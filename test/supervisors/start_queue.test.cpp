#include <pyactor/supervisors/engine/start_queue.hpp>

#include <catch2/catch_test_macros.hpp>

#include <limits>
#include <random>
#include <stdexcept>

namespace start_queue_test {

using namespace pyactor::supervisors;
using namespace pyactor::supervisors::engine;
using namespace std::chrono_literals;
using time_point = start_queue::time_point;
using numbers = std::vector<start_number>;

#define TEST(what) TEST_CASE(what, "[start_queue]")

namespace {

constexpr start_needs room_only{.rate = false, .room = true};
constexpr start_needs rate_only{.rate = true, .room = false};
constexpr start_needs both{.rate = true, .room = true};

const time_point begin{1000h};

const start_verdict yes = granted{};
const start_verdict not_yet = wait_for_turn{};

start_verdict later(std::chrono::nanoseconds when) {
  return wait_until{begin + when};
}

/// Enters, and asks at once.
std::pair<start_number, start_verdict>
enter(start_queue& queue, start_needs needs, time_point now = begin) {
  auto who = queue.enter(needs);
  auto verdict = queue.try_take(who, now);
  return {who, verdict};
}

} // namespace

TEST("without limits everybody starts at once") {
  start_queue queue{{.max_concurrent_starts = std::nullopt}};
  for (auto needs : {room_only, rate_only, both})
    for (int i = 0; i < 100; ++i)
      CHECK(enter(queue, needs).second == yes);
  CHECK(queue.waiting() == 0);
  CHECK(queue.starting() == 200);
}

TEST("no more than so many have room at a time, and who leaves makes room for "
     "who has waited longest") {
  start_queue queue{{.max_concurrent_starts = 2}};
  auto [a, first] = enter(queue, room_only);
  auto [b, second] = enter(queue, room_only);
  auto [c, third] = enter(queue, room_only);
  auto [d, fourth] = enter(queue, room_only);
  CHECK((first == yes && second == yes));
  CHECK((third == not_yet && fourth == not_yet));
  CHECK(queue.waiting() == 2);
  CHECK(queue.take_news().empty());
  queue.leave(b);
  CHECK(queue.take_news() == numbers{c});
  CHECK(queue.try_take(d, begin) == not_yet);
  CHECK(queue.try_take(c, begin) == yes);
  CHECK(queue.starting() == 2);
  queue.leave(a);
  CHECK(queue.take_news() == numbers{d});
  CHECK(queue.waiting() == 0);
}

TEST("there is room for four where nobody says otherwise") {
  start_queue queue{{}};
  for (int i = 0; i < 4; ++i)
    CHECK(enter(queue, room_only).second == yes);
  CHECK(enter(queue, room_only).second == not_yet);
}

TEST("who was given room and leaves without having asked passes it on") {
  start_queue queue{{.max_concurrent_starts = 1}};
  auto a = enter(queue, room_only).first;
  auto b = enter(queue, room_only).first;
  auto c = enter(queue, room_only).first;
  queue.leave(a);
  queue.leave(b);
  CHECK(queue.take_news() == numbers{c});
  CHECK(queue.try_take(c, begin) == yes);
}

TEST("who leaves while it waits is left out") {
  start_queue queue{{.max_concurrent_starts = 1}};
  auto a = enter(queue, room_only).first;
  auto b = enter(queue, room_only).first;
  auto c = enter(queue, room_only).first;
  queue.leave(b);
  CHECK(queue.take_news().empty());
  queue.leave(a);
  CHECK(queue.take_news() == numbers{c});
}

TEST("who needs no room waits for none, and leaves none") {
  start_queue queue{{.max_concurrent_starts = 1}};
  enter(queue, room_only);
  auto waiting = enter(queue, room_only).first;
  auto [supervisor, verdict] = enter(queue, rate_only);
  CHECK(verdict == yes);
  queue.leave(supervisor);
  CHECK(queue.take_news().empty());
  CHECK(queue.try_take(waiting, begin) == not_yet);
}

TEST("restarts after a quiet time begin at once up to the burst, then at their "
     "rate") {
  start_queue queue{{.restarts_per_second = 10, .restart_burst = 3}};
  for (int i = 0; i < 3; ++i)
    CHECK(enter(queue, both).second == yes);
  auto [a, verdict] = enter(queue, both);
  CHECK(verdict == later(100ms));
  CHECK(queue.try_take(a, begin + 100ms - 1ns) == later(100ms));
  CHECK(queue.try_take(a, begin + 100ms) == yes);
  CHECK(enter(queue, both, begin + 150ms).second == later(200ms));
}

TEST("a quiet time saves up no more than the burst") {
  start_queue queue{{.restarts_per_second = 10, .restart_burst = 2}};
  auto much_later = begin + 1000h;
  CHECK(enter(queue, both).second == yes);
  CHECK(enter(queue, both, much_later).second == yes);
  CHECK(enter(queue, both, much_later).second == yes);
  CHECK(enter(queue, both, much_later).second == later(1000h + 100ms));
}

TEST("only the next restart has a time; when it begins, the one after it is "
     "called") {
  start_queue queue{{.restarts_per_second = 10}};
  enter(queue, both);
  auto [a, first] = enter(queue, both);
  auto [b, second] = enter(queue, both);
  CHECK(first == later(100ms));
  CHECK(second == not_yet);
  CHECK(queue.try_take(b, begin + 1h) == not_yet);
  CHECK(queue.take_news().empty());
  CHECK(queue.try_take(a, begin + 100ms) == yes);
  CHECK(queue.take_news() == numbers{b});
  CHECK(queue.try_take(b, begin + 100ms) == later(200ms));
}

TEST("a restart that leaves while it is next makes the one after it next, and "
     "costs nothing") {
  start_queue queue{{.restarts_per_second = 10}};
  enter(queue, both);
  auto a = enter(queue, both).first;
  auto b = enter(queue, both).first;
  auto c = enter(queue, both).first;
  queue.leave(b);
  CHECK(queue.take_news().empty());
  queue.leave(a);
  CHECK(queue.take_news() == numbers{c});
  CHECK(queue.try_take(c, begin) == later(100ms));
}

TEST("starts that are no restarts pass those that wait for their rate, but "
     "none that waits for room") {
  start_queue queue{{.max_concurrent_starts = 1, .restarts_per_second = 10}};
  auto a = enter(queue, both).first;
  auto b = enter(queue, both).first;
  auto [c, verdict] = enter(queue, room_only);
  CHECK(verdict == not_yet);
  CHECK(queue.try_take(b, begin + 100ms) == not_yet);
  auto d = enter(queue, room_only).first;
  for (auto [before, next] : {std::pair{a, c}, {c, b}, {b, d}}) {
    queue.leave(before);
    CHECK(queue.take_news() == numbers{next});
    CHECK(queue.try_take(next, begin + 100ms) == yes);
  }
}

TEST("extreme rates neither overflow nor stall") {
  start_queue fast{{.restarts_per_second = 1e300, .restart_burst = ~0u}};
  for (int i = 0; i < 100; ++i)
    CHECK(enter(fast, rate_only).second == yes);
  start_queue slow{{.restarts_per_second = 1e-300, .restart_burst = ~0u}};
  CHECK(enter(slow, both).second == yes);
}

namespace {

/// A queue with random visitors, and what has to be true of it.
struct random_visitors {
  random_visitors(std::optional<size_t> room, unsigned seed)
    : limits{room, 100, burst}, queue{limits}, random{seed} {
    // nop
  }

  void ask(start_number who) {
    auto verdict = queue.try_take(who, now);
    if (verdict != yes) {
      waiting[who] = verdict;
      return;
    }
    waiting.erase(who);
    starting.insert(who);
    if (restarts.contains(who))
      began.push_back(now);
  }

  void come() {
    auto needs = random() % 2 == 0 ? both : room_only;
    auto who = queue.enter(needs);
    if (needs.rate)
      restarts.insert(who);
    ask(who);
  }

  void end_one() {
    if (!starting.empty())
      queue.leave(starting.extract(starting.begin()).value());
  }

  void cancel_one() {
    if (!waiting.empty())
      queue.leave(
        waiting.extract(std::next(waiting.begin(), random() % waiting.size()))
          .key());
  }

  void settle() {
    for (auto news = queue.take_news(); !news.empty(); news = queue.take_news())
      for (auto who : news)
        ask(who);
  }

  void pass_time() {
    settle();
    now += 3ms;
    for (auto [who, verdict] : std::map{waiting})
      if (auto* until = std::get_if<wait_until>(&verdict);
          until && until->when <= now)
        ask(who);
    settle();
  }

  void step() {
    auto choice = random() % 16;
    if (choice < 8)
      come();
    else if (choice < 15)
      end_one();
    else
      cancel_one();
    pass_time();
  }

  bool keeps_to_rate() const {
    for (size_t i = 0; i < began.size(); ++i)
      for (size_t k = i + burst; k < began.size(); ++k)
        if (began[k] - began[i] < 10ms * (k - i - burst + 1))
          return false;
    return true;
  }

  static constexpr uint32_t burst = 5;
  start_limits limits;
  start_queue queue;
  std::minstd_rand random;
  time_point now = begin;
  std::map<start_number, start_verdict> waiting;
  std::set<start_number> starting;
  std::set<start_number> restarts;
  std::vector<time_point> began;
};

} // namespace

TEST("whatever happens, there is never too much at a time, and nobody is "
     "forgotten") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    size_t room = 1 + seed % 4;
    random_visitors x{room, seed};
    for (int i = 0; i < 500; ++i) {
      x.step();
      REQUIRE(x.starting.size() <= room);
      REQUIRE(x.queue.starting() == x.starting.size());
      REQUIRE(x.queue.waiting() == x.waiting.size());
    }
    for (int i = 0; i < 10'000 && !x.waiting.empty(); ++i) {
      x.end_one();
      x.pass_time();
    }
    REQUIRE(x.waiting.empty());
  }
}

TEST("whatever happens, restarts begin no more often than they may") {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    random_visitors x{std::nullopt, seed};
    for (int i = 0; i < 500; ++i)
      x.step();
    CHECK(x.began.size() > 100);
    CHECK(x.keeps_to_rate());
  }
}

TEST("limits of nothing are refused") {
  CHECK_THROWS_AS(start_throttle{{.max_concurrent_starts = 0}},
                  std::invalid_argument);
  for (auto rate : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(start_throttle{{.restarts_per_second = rate}},
                    std::invalid_argument);
  CHECK_THROWS_AS(
    (start_throttle{{.restarts_per_second = 1, .restart_burst = 0}}),
    std::invalid_argument);
  CHECK_FALSE(start_throttle{});
  CHECK(start_throttle{start_limits{}});
}

} // namespace start_queue_test
