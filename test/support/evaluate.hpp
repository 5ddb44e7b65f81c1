#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/environment.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

namespace pyactor::test {

/// Runs statements that must not fail.
inline void run(attach_scope& py, environment& env, const source& code) {
  auto done = env.exec(py, code);
  if (!done)
    FAIL(to_string(done.error()) << '\n' << done.error().traceback);
}

/// Evaluates an expression that must not fail.
template <class T = value>
T get(attach_scope& py, environment& env, const source& expression,
      const overlay& names = {}) {
  auto result = env.eval<T>(py, expression, names);
  if (!result)
    FAIL(to_string(result.error()) << '\n' << result.error().traceback);
  return *std::move(result);
}

/// @returns what statements that must fail fail with
inline error failure(attach_scope& py, environment& env, const source& code) {
  auto done = env.exec(py, code);
  REQUIRE(!done);
  return std::move(done).error();
}

/// Skips a test of what `lazy import` promises where CPython does not know it.
inline void need_lazy_imports(attach_scope& py, environment& env) {
  if (!get<bool>(py, env, "__import__('sys').version_info >= (3, 15)"))
    SKIP("lazy imports need CPython 3.15");
}

/// @returns whether the environment still works
inline bool works(attach_scope& py, environment& env) {
  auto result = env.eval<int64_t>(py, "6 * 7");
  return result && *result == 42;
}

} // namespace pyactor::test
