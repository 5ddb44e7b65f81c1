#include <pyactor/libpyactor/interrupt.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <future>
#include <thread>

namespace interrupt_test {

using namespace pyactor;

namespace {

constexpr auto spins = R"(
import pyactor

def spin():
    pyactor.whereis("spinning")
    while True:
        pass

def swallow():
    try:
        spin()
    except pyactor.Interrupted:
        return "swallowed"

def finish():
    pyactor.whereis("spinning")
    return "finished"
)";

/// Interrupts from another thread once Python code has asked for an actor.
class interrupting {
public:
  /// @param aim said by the interrupting thread
  interrupting(python_world& world, bool aim)
    : thread_([&world, aim, begun = begun_.get_future(), this]() mutable {
        begun.wait();
        agreed_ = interrupt(*world.interpreter, [aim] { return aim; });
        ended_.set_value();
      }) {
    world.host.on_whereis = [this] { begun_.set_value(); };
  }

  /// @returns whether the aim agreed
  bool await() {
    ended_.get_future().wait();
    return agreed_;
  }

private:
  bool agreed_ = false;
  std::promise<void> begun_;
  std::promise<void> ended_;
  std::jthread thread_;
};

} // namespace

TEST_CASE("code that runs is interrupted by an exception", "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  interrupting other{world, true};
  auto outcome = here.env.eval(here.py, source{"spin()"});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().type == "pyactor.Interrupted");
  CHECK(outcome.error().bases
        == std::vector<std::string>{"builtins.BaseException"});
  CHECK(outcome.error().traceback.find("in spin") != std::string::npos);
  CHECK(settle_interrupts(here.py));
  CHECK_FALSE(settle_interrupts(here.py));
}

TEST_CASE("an exception that was caught has come through nevertheless",
          "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  interrupting other{world, true};
  CHECK(here.eval("swallow()") == "swallowed");
  CHECK(settle_interrupts(here.py));
}

TEST_CASE("code that nobody aims at any more is not interrupted",
          "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  interrupting other{world, false};
  CHECK(here.eval("finish()") == "finished");
  {
    detach_scope let_go{here.py};
    CHECK_FALSE(other.await());
  }
  CHECK_FALSE(settle_interrupts(here.py));
}

TEST_CASE("an exception that comes too late hits nothing", "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  for (int times : {1, 2}) {
    {
      detach_scope let_go{here.py};
      std::jthread{[&] {
        for (int i = 0; i < times; ++i)
          CHECK(interrupt(*world.interpreter, [] { return true; }));
      }}.join();
    }
    CHECK_FALSE(settle_interrupts(here.py));
    CHECK(here.eval("sum(range(1000))") == 499500);
  }
}

} // namespace interrupt_test
