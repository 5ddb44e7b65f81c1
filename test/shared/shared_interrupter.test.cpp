#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/interrupter.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace shared_interrupter_test {

using namespace pyactor;
using namespace pyactor::runtime;

namespace {

/// One thread's Python calls, as a context makes them.
class caller {
public:
  caller(interpreter& home, loop::activity& running, interrupter& from)
    : home_(home), running_(running), from_(from) {
  }

  /// @returns whether every call that was hit had been aimed at
  bool make_calls(int calls) {
    bool good = true;
    for (int i = 1; i <= calls; ++i) {
      running_.begin(1, loop::activity::clock::now());
      good = make_call() && good;
      running_.end();
    }
    return good;
  }

private:
  bool make_call() {
    auto turn = std::to_string(running_.turn());
    static_cast<void>(running_.enter_python());
    std::optional<attach_scope> py{home_};
    std::optional<environment> env{*py};
    auto outcome
      = env->exec(*py, source{"for i in range(20_000):\n    pass\n"});
    auto how = running_.leave_python();
    auto why = how == loop::activity::departure::interrupted ? from_.settle(*py)
                                                             : std::nullopt;
    env->release(*py);
    env.reset();
    py.reset();
    // One that came too late for the call leaves it alone; one that came
    // through may have been swallowed by what Python ignores errors of.
    return why ? why->message == turn : outcome.has_value();
  }

  interpreter& home_;
  loop::activity& running_;
  interrupter& from_;
};

/// @thread the one that opened `home`
void storm(interpreter& home) {
  auto running = std::make_shared<loop::activity>();
  interrupter from;
  std::atomic<int64_t> asked = 0;
  auto aim = [&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      auto now = running->read();
      asked += from.ask(
        home, *running, now.turn,
        error{.code = errc::interrupted, .message = std::to_string(now.turn)},
        running);
    }
  };
  std::jthread one{aim};
  std::jthread other{aim};
  CHECK(caller{home, *running, from}.make_calls(300));
  for (auto* each : {&one, &other}) {
    each->request_stop();
    each->join();
  }
  from.close();
  CHECK(asked > 0);
  CHECK_FALSE(from.under_way());
  CHECK_FALSE(from.ask(home, *running, 1, error{}, running));
}

} // namespace

TEST_CASE("an interruption hits the call that it is aimed at, on whatever "
          "thread it comes from",
          "[shared_interrupter]") {
  auto home = interpreter::open_main(test::python());
  REQUIRE(home);
  storm(**home);
}

} // namespace shared_interrupter_test
