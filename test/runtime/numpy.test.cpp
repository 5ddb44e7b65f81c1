#include <pyactor/cmake/data_folder.hpp>
#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

namespace numpy_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Options with the project's own venv; skips the test where it has no numpy
/// for the CPython that is embedded.
runtime_options with_numpy(interpreter_kind kind) {
  std::filesystem::path packages{data_folder()}; // in VENV/lib/python3.x
  if (!exists(packages / "numpy"))
    SKIP("there is no numpy in " << packages);
  auto options = one_pool(kind);
  options.python.venv = packages / "../../..";
  return options;
}

/// numpy frees nothing of what it has made.
struct numpy_leaks {
  ~numpy_leaks() {
    static_cast<void>(take_leaks());
  }
};

constexpr auto sum = "int(__import__('numpy').arange(4).sum())";

} // namespace

TEST_CASE("numpy in an own-GIL context says where it works", "[numpy]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto options = with_numpy(interpreter_kind::own_gil);
  options.pools["models"] = {.kind = interpreter_kind::main};
  numpy_leaks ignored;
  runtime_world world{options};
  auto refused = world.ask(world.server(), eval{sum});
  REQUIRE_FALSE(refused);
  CHECK(matches(refused.error(),
                {errc::python_exception, "builtins.ImportError", "main"}));
  CHECK(refused.error().message.find("numpy") != std::string::npos);
  CHECK(refused.error().message.find("\n;") == std::string::npos);
  // The context goes on, and where the message points it works.
  CHECK(world.ask(world.server(), eval{"6 * 7"}) == 42);
  CHECK(
    world.ask(world.python().context_server_at({.pool = "models"}), eval{sum})
    == 6);
}

TEST_CASE("numpy in a second life of Python says what to do instead",
          "[numpy]") {
  auto options = with_numpy(interpreter_kind::main);
  numpy_leaks ignored;
  {
    runtime_world world{options};
    // Or what a test before this one did.
    static_cast<void>(world.ask(world.server(), eval{sum}));
  }
  runtime_world world{options};
  auto refused = world.ask(world.server(), eval{sum});
  REQUIRE_FALSE(refused);
  CHECK(
    matches(refused.error(), {errc::python_exception, "builtins.ImportError",
                              "do not start Python a second time"}));
  CHECK(world.ask(world.server(), eval{"6 * 7"}) == 42);
}

} // namespace numpy_test
