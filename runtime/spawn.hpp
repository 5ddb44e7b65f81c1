#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/pinned_base.hpp>

#include <type_traits>
#include <utility>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Spawns a pinned actor of class `T` in a context.
/// @tparam Options CAF's spawn options; `detached` does not compile
/// @param home where it lives
/// @param xs for the constructor, after CAF's own argument
/// @returns its handle, typed as the actor is; the actor has ended where its
///          context has
/// @thread any
template <class T, caf::spawn_options Options = caf::no_spawn_options,
          class... Ts>
caf::infer_handle_from_class_t<T> spawn_on(context& home, Ts&&... xs) {
  static_assert(std::is_base_of_v<pinned_base, T>,
                "derive the actor from python_actor or typed_python_actor");
  static_assert(!caf::has_detach_flag(Options),
                "a pinned actor runs on its context's thread and cannot be "
                "detached");
  caf::actor_config config{&home.guests_unit()};
  return home.system().spawn_class<T, Options>(config, std::forward<Ts>(xs)...);
}

/// Spawns a pinned actor from a function that takes `python_actor*` first.
/// @param home where it lives
/// @param fun runs once, on the context's thread
/// @param xs copied into the actor; passed to `fun` after `python_actor*`
/// @returns its handle
/// @thread any
template <class F, class... Ts>
auto spawn_function_on(context& home, F fun, Ts&&... xs) {
  caf::actor_config config{&home.guests_unit()};
  return home.system().spawn_functor(std::true_type{}, config, fun,
                                     std::forward<Ts>(xs)...);
}

} // namespace runtime
} // namespace pyactor
