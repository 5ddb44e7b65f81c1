// What crosses threads, all at once and in no order: for the thread sanitizer.

#include <pyactor/libpyactor/capi/remote_ref.hpp>
#include <pyactor/libpyactor/function.hpp>
#include <pyactor/test/support/dice.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace storm_test {

using namespace pyactor;
using namespace pyactor::test;

namespace {

/// What becomes of the objects of a storm.
struct tally {
  std::atomic<int> made = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> elsewhere = 0;
};

/// Lives in a Python object; to be touched by the thread that made it only.
class life {
public:
  explicit life(tally& count) : count_(count) {
    ++count_.made;
  }

  life(const life&) = delete;
  life& operator=(const life&) = delete;

  ~life() {
    uses_ = 0;
    count_.elsewhere += home_ != std::this_thread::get_id();
    ++count_.ended;
  }

  int use() {
    return ++uses_;
  }

private:
  tally& count_;
  std::thread::id home_ = std::this_thread::get_id();
  int uses_ = 0; // no lock guards it but the GIL
};

/// @returns a Python function that holds a `life` and uses it when called
object_ref make_living(attach_scope& py, tally& count) {
  std::function use
    = [own = std::make_shared<life>(count)] { return int64_t{own->use()}; };
  auto made = capi::make_function(py, detail::as_cpp_function("use", use));
  if (!made)
    throw std::runtime_error{to_string(made.error())};
  return *std::move(made);
}

/// What may die on any thread.
using mortal = std::variant<environment, capi::remote_ref>;

/// Threads put things in, others take them out at random.
class bin {
public:
  void put(mortal what) {
    std::unique_lock guard{mtx_};
    content_.push_back(std::move(what));
    filled_.notify_one();
  }

  /// Waits for something to be in it.
  /// @returns nothing once the bin is closed and empty
  std::optional<mortal> take(dice& random) {
    std::unique_lock guard{mtx_};
    filled_.wait(guard, [&] { return closed_ || !content_.empty(); });
    return take(random, guard);
  }

  /// @returns nothing where the bin is empty
  std::optional<mortal> try_take(dice& random) {
    std::unique_lock guard{mtx_};
    return take(random, guard);
  }

  void close() {
    std::unique_lock guard{mtx_};
    closed_ = true;
    filled_.notify_all();
  }

private:
  std::optional<mortal> take(dice& random, std::unique_lock<std::mutex>&) {
    if (content_.empty())
      return std::nullopt;
    auto& chosen
      = content_[random.roll(static_cast<unsigned>(content_.size()))];
    std::optional<mortal> result{std::exchange(chosen, capi::remote_ref{})};
    std::swap(chosen, content_.back());
    content_.pop_back();
    return result;
  }

  std::mutex mtx_;
  std::condition_variable filled_;
  std::vector<mortal> content_;
  bool closed_ = false;
};

/// Threads without Python on which what is in a bin dies.
class killers {
public:
  explicit killers(bin& victims) : victims_(victims) {
    for (unsigned i = 0; i < 3; ++i)
      threads_.emplace_back([this, random = dice{100 + i}]() mutable {
        while (auto victim = victims_.take(random))
          if (random.roll(4) == 0)
            victims_.put(*std::move(victim)); // another one's
      });
  }

  ~killers() {
    victims_.close();
  }

private:
  bin& victims_;
  std::vector<std::jthread> threads_;
};

std::unique_ptr<interpreter> open(interpreter_kind kind) {
  auto opened = kind == interpreter_kind::main
                  ? interpreter::open_main(python())
                  : interpreter::start_own_gil(python());
  if (!opened)
    throw std::runtime_error{to_string(opened.error())};
  return *std::move(opened);
}

/// @returns the kinds of the interpreters of a storm, one for each thread
std::vector<interpreter_kind> mixed_kinds() {
  std::vector kinds{2, interpreter_kind::main};
  if (main_interpreter::supports_own_gil())
    kinds.insert(kinds.end(), 2, interpreter_kind::own_gil);
  return kinds;
}

/// @returns something new that holds a `life`
mortal make_mortal(attach_scope& py, dice& random, tally& count) {
  if (random.roll(2) == 0)
    return capi::remote_ref{py, make_living(py, count)};
  environment env{py};
  run(py, env,
      "table = list(range(100))\n"
      "def work(use):\n"
      "  return sum(table[i % 100] for i in range(1000)) + 0 * use()\n");
  // In a list: a function would stay until the next collection.
  static_cast<void>(env.set_object(py, "use", make_living(py, count)));
  run(py, env, "uses = [use]; del use");
  return env;
}

/// One interpreter on its thread, that makes mortals and takes them back.
class homeland {
public:
  homeland(interpreter_kind kind, unsigned number)
    : random_(number), own_(open(kind)) {
    own_->on_release_queued([this] {
      late_calls_ += ended_;
      queued_ = true;
      queued_.notify_one();
    });
  }

  /// Makes `n` things, works with them, and has them die on other threads.
  void live(int n, bin& outside) {
    attach_scope py{*own_};
    environment here{py};
    for (auto i = 0; i < n; ++i) {
      auto what = make_mortal(py, random_, count_);
      auto work = callable_of(py, what);
      auto use = make_living(py, count_);
      outside.put(std::move(what));
      // Its environment may die at any moment of this.
      for (auto round = 0; work && round < 3; ++round) {
        static_cast<void>(here.set_object(py, "work", *work));
        static_cast<void>(here.set_object(py, "use", use));
        wrong_results_ += get<int64_t>(py, here, "work(use)") != 49500;
      }
      if (random_.roll(4) == 0) {
        detach_scope out{py};
        std::this_thread::yield();
      } else if (random_.roll(4) == 0) {
        own_->drain_releases(py);
      } else if (auto foreign = outside.try_take(random_)) {
        // Dies here, where another interpreter may be its own.
      }
    }
    here.release(py);
  }

  /// Makes things that die elsewhere from now on.
  void leave_behind(int n, bin& outside) {
    std::vector<mortal> last;
    attach_scope py{*own_};
    for (auto i = 0; i < n; ++i)
      last.push_back(make_mortal(py, random_, count_));
    own_->drain_releases(py);
    for (auto& what : last)
      outside.put(std::move(what));
  }

  /// Takes back what dies elsewhere, until all has come.
  void await_the_dead() {
    for (;;) {
      queued_ = false;
      {
        attach_scope py{*own_};
        own_->drain_releases(py);
      }
      if (count_.ended == count_.made)
        return;
      queued_.wait(false);
    }
  }

  void end() {
    own_.reset();
    ended_ = true;
  }

  [[nodiscard]] const interpreter& own() const noexcept {
    return *own_;
  }

  [[nodiscard]] bool all_right() const {
    return wrong_results_ == 0 && count_.elsewhere == 0 && late_calls_ == 0;
  }

  [[nodiscard]] const tally& count() const noexcept {
    return count_;
  }

private:
  /// @returns the function `work` of an environment
  static std::optional<object_ref> callable_of(attach_scope& py, mortal& what) {
    auto* env = std::get_if<environment>(&what);
    return env ? std::optional{get<object_ref>(py, *env, "work")}
               : std::nullopt;
  }

  dice random_;
  tally count_;
  std::atomic<bool> queued_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<int> late_calls_ = 0;
  int wrong_results_ = 0;
  std::unique_ptr<interpreter> own_;
};

/// Reads what an interpreter publishes, from outside and without a pause.
/// @returns how often that went backwards
int watch(const interpreter& what, const std::atomic<bool>& over) {
  int backwards = 0;
  uint64_t released = 0;
  while (!over) {
    auto now = what.stats();
    backwards += now.released_environments < released;
    released = now.released_environments;
  }
  return backwards;
}

} // namespace

TEST_CASE("what dies on any thread ends once, on the thread of its interpreter",
          "[storm]") {
  python();
  bin outside;
  std::atomic<int> wrong = 0;
  auto live = [&](interpreter_kind kind, unsigned number) {
    homeland home{kind, number};
    std::atomic<bool> over = false;
    int backwards = 0;
    std::jthread watcher{[&] { backwards = watch(home.own(), over); }};
    home.live(300, outside);
    home.await_the_dead();
    over = true;
    watcher.join();
    wrong += backwards + !home.all_right();
    wrong += home.own().stats().live_environments != 0;
    home.end();
    wrong += home.count().ended != home.count().made;
  };
  {
    killers hands{outside};
    std::vector<std::jthread> threads;
    for (auto kind : mixed_kinds())
      threads.emplace_back(live, kind, static_cast<unsigned>(threads.size()));
  }
  CHECK(wrong == 0);
}

TEST_CASE("what dies while its interpreter ends does so once or leaks",
          "[leaks_storm]") {
  python();
  bin outside;
  // Shared, because a leaked life never ends.
  std::vector<std::unique_ptr<homeland>> homes;
  std::mutex mtx;
  auto live = [&](interpreter_kind kind, unsigned number) {
    for (unsigned round = 0; round < 10; ++round) {
      auto home = std::make_unique<homeland>(kind, 10 * number + round);
      home->live(10, outside);
      home->await_the_dead();
      {
        leak_allowance left_behind;
        home->leave_behind(30, outside);
        home->end();
      }
      std::unique_lock guard{mtx};
      homes.push_back(std::move(home));
    }
  };
  {
    killers hands{outside};
    std::vector<std::jthread> threads;
    for (auto kind : mixed_kinds())
      threads.emplace_back(live, kind, static_cast<unsigned>(threads.size()));
  }
  int ended = 0;
  for (auto& home : homes) {
    CHECK(home->all_right());
    CHECK(home->count().ended <= home->count().made);
    ended += home->count().ended;
  }
  CHECK(ended > 0);
}

TEST_CASE("threads that attach and detach in no order are where they say",
          "[storm]") {
  python();
  std::vector<value> shared;
  in_main([&](attach_scope& py) {
    environment env{py};
    shared.push_back(get(py, env, "[1, 'two', (3.0, None), {4: b'5'}, 6**70]"));
    shared.push_back(get(py, env, "{str(i): [i] * 10 for i in range(20)}"));
  });
  std::atomic<int> wrong = 0;
  auto wander = [&](unsigned number) {
    dice random{number};
    for (auto round = 0; round < 4; ++round) {
      std::vector<std::unique_ptr<interpreter>> places;
      for (auto kind : mixed_kinds())
        if (random.roll(2) == 0)
          places.push_back(open(kind));
      if (places.empty())
        places.push_back(open(interpreter_kind::main));
      auto visit = [&](auto& self, int depth) -> void {
        auto& place = places[random.roll(static_cast<unsigned>(places.size()))];
        attach_scope py{*place};
        environment env{py};
        define(py, env, "id_here", [&] { return place->id(); }).value();
        auto& what = shared[random.roll(2)];
        auto copy = env.eval<value>(py, "(x, id_here())", {{"x", what}});
        wrong += copy != value::tuple({what, value{place->id()}});
        if (depth == 0)
          return;
        if (random.roll(2) == 0) {
          detach_scope out{py};
          std::this_thread::yield();
        }
        self(self, depth - 1);
        wrong += !works(py, env);
      };
      for (auto i = 0; i < 20; ++i)
        visit(visit, 3);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 4; ++i)
      threads.emplace_back(wander, i);
  }
  CHECK(wrong == 0);
}

} // namespace storm_test
