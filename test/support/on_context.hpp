#pragma once

#include <pyactor/runtime/runtime.hpp>

#include <future>
#include <memory>

namespace pyactor::test {

/// Calls `fun` with an actor of a context, on its thread.
/// @returns its result
template <class F>
auto on_context(runtime::runtime& python, const runtime::placement& where,
                F fun) {
  using result_type
    = decltype(fun(static_cast<runtime::python_actor*>(nullptr)));
  auto result = std::make_shared<std::promise<result_type>>();
  python.spawn_function(where, [=](runtime::python_actor* self) {
    result->set_value(fun(self));
    return caf::behavior{};
  });
  return result->get_future().get();
}

} // namespace pyactor::test
