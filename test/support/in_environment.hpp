#pragma once

#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/python.hpp>

#include <functional>

namespace pyactor::test {

/// Runs a test in both kinds; the environment must work when it ends.
inline void
in_environment(const std::function<void(attach_scope&, environment&)>& fn) {
  in_each_kind([&](attach_scope& py) {
    environment env{py};
    fn(py, env);
    CHECK(works(py, env));
    CHECK(get<bool>(py, env, "__import__('sys').exception() is None"));
  });
}

} // namespace pyactor::test
