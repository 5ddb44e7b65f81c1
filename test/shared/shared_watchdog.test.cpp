#include <pyactor/runtime/loop/activity.hpp>
#include <pyactor/runtime/watchdog.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shared_watchdog_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace std::chrono_literals;

namespace {

using clock = loop::activity::clock;

/// A thread whose calls return when they are interrupted, or never: what they
/// take is up to the watchdog.
class worker final : public watched {
public:
  worker(std::string name, bool shares_gil, clock::duration limit)
    : name_(std::move(name)), shares_gil_(shares_gil) {
    running_.allow(limit);
  }

  /// @returns whether the call that was hit is this one
  /// @thread one
  bool call_until_interrupted() {
    begin();
    auto turn = running_.turn();
    while (hit_turn_.load() != turn)
      std::this_thread::yield();
    return leave() == loop::activity::departure::interrupted;
  }

  /// @thread one
  bool call_until_given_up() {
    begin();
    given_up_.wait(false);
    return leave() == loop::activity::departure::given_up;
  }

  /// @returns whether nobody touched it
  /// @thread one
  bool call_in_time() {
    begin();
    return leave() == loop::activity::departure::free;
  }

  /// @returns whether the call was inside Python still
  bool give_up(uint64_t turn) {
    if (!running_.give_up(turn))
      return false;
    given_up_ = true;
    given_up_.notify_all();
    return true;
  }

  const std::string& name() const noexcept override {
    return name_;
  }

  const loop::activity& running() const noexcept override {
    return running_;
  }

  bool is_given_up() const noexcept override {
    return given_up_;
  }

  bool shares_gil() const noexcept override {
    return shares_gil_;
  }

  bool interrupt(uint64_t turn, error why) override {
    if (why.code != errc::hung || !running_.interrupt(turn))
      return false;
    hit_turn_ = turn;
    return true;
  }

  void probe_gil() override {
    ++probes;
  }

  bool is_interrupting() const override {
    return false; // the GIL is had at once
  }

  std::atomic<int> probes = 0;

private:
  void begin() {
    running_.begin(1, clock::now());
    static_cast<void>(running_.enter_python());
  }

  loop::activity::departure leave() {
    auto how = running_.leave_python();
    if (how != loop::activity::departure::given_up)
      running_.end();
    return how;
  }

  const std::string name_;
  const bool shares_gil_;
  loop::activity running_;
  std::atomic<uint64_t> hit_turn_ = 0;
  std::atomic<bool> given_up_ = false;
};

struct kennel {
  std::atomic<int> interrupted = 0;
  std::atomic<int> given_up = 0;
  std::atomic<int> wedged = 0;
  std::shared_ptr<watchdog> dog;

  explicit kennel(clock::duration grace, clock::duration patience = 0ms) {
    dog = std::make_shared<watchdog>(watchdog::settings{
      .grace = grace,
      .gil_patience = patience,
      .interrupted = [this](const watched&,
                            const loop::activity::snapshot&) { ++interrupted; },
      .give_up =
        [this](watchdog::hung_call call) {
          auto& where = static_cast<worker&>(*call.where);
          given_up += where.give_up(call.what.turn);
        },
      .wedged
      = [this](const watched&, const loop::activity::snapshot&) { ++wedged; },
    });
  }

  ~kennel() {
    dog->end();
  }
};

std::vector<std::shared_ptr<worker>> make_workers(kennel& home, size_t count,
                                                  bool share_gil,
                                                  clock::duration limit = 2ms) {
  std::vector<std::shared_ptr<worker>> result;
  for (size_t i = 0; i < count; ++i) {
    result.push_back(std::make_shared<worker>("default/" + std::to_string(i),
                                              share_gil, limit));
    home.dog->watch(result.back());
  }
  return result;
}

} // namespace

TEST_CASE("a call that takes too long is interrupted on each of many threads, "
          "and the calls around it are left alone",
          "[shared_watchdog]") {
  kennel home{1h, 1ms};
  auto limit = home.dog->expect(2ms);
  auto workers = make_workers(home, 4, true);
  std::array<bool, 4> good{};
  test::crowd(4, [&](int i) {
    auto& self = *workers[static_cast<size_t>(i)];
    bool all = true;
    for (int n = 0; n < 20; ++n)
      all = self.call_until_interrupted() && all;
    good[static_cast<size_t>(i)] = all;
  });
  for (auto each : good)
    CHECK(each);
  for (auto& each : workers)
    CHECK(each->probes > 0);
  home.dog->end(); // it counts after the worker knows
  CHECK(home.interrupted == 4 * 20);
  CHECK(home.given_up == 0);
  CHECK(home.wedged == 0);
}

TEST_CASE("calls in time are not touched, while limits come and go on other "
          "threads",
          "[shared_watchdog]") {
  kennel home{1h};
  auto workers = make_workers(home, 2, false, 1h);
  std::array<int, 4> touched{};
  test::crowd(4, [&](int i) {
    auto n = static_cast<size_t>(i);
    for (int round = 0; round < 2'000; ++round)
      if (n < workers.size())
        touched[n] += !workers[n]->call_in_time();
      else
        static_cast<void>(home.dog->expect(1h + round * 1ms));
  });
  for (auto each : touched)
    CHECK(each == 0);
}

TEST_CASE("a call that an interruption does not end is given up once, whatever "
          "threads join meanwhile",
          "[shared_watchdog]") {
  kennel home{4ms};
  auto limit = home.dog->expect(2ms);
  auto workers = make_workers(home, 3, false);
  std::array<bool, 3> good{};
  test::crowd(4, [&](int i) {
    auto n = static_cast<size_t>(i);
    if (n < workers.size())
      good[n] = workers[n]->call_until_given_up();
    else
      for (int k = 0; k < 200; ++k)
        home.dog->watch(std::make_shared<worker>("passer-by", false, 1h));
  });
  for (auto each : good)
    CHECK(each);
  home.dog->end(); // it counts after the worker knows
  CHECK(home.given_up == 3);
}

TEST_CASE("a watchdog ends while calls overrun and limits go",
          "[shared_watchdog]") {
  for (int round = 0; round < 20; ++round) {
    kennel home{1ms};
    auto workers = make_workers(home, 2, true);
    std::array<std::shared_ptr<void>, 2> limits{home.dog->expect(1ms),
                                                home.dog->expect(2ms)};
    test::crowd(3, [&](int i) {
      auto n = static_cast<size_t>(i);
      if (n == limits.size()) {
        home.dog->end();
        return;
      }
      limits[n].reset();
      static_cast<void>(workers[n]->call_in_time()); // it may be hit
    });
    auto late = home.dog->expect(1ms);
  }
}

} // namespace shared_watchdog_test
