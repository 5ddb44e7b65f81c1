#pragma once

#include <pyactor/libpyactor/extension.hpp>
#include <pyactor/supervisors/python/declaration.hpp>

#include <functional>

namespace pyactor::supervisors::python {

/// @returns what a declaration that the calling thread makes is made for
using find_context = std::function<declaration_context()>;

/// Adds what declaration.py starts a tree by.
void define_start(extension& module);

/// Adds what supervision.py orders and requests by: none of it waits.
void define_orders(extension& module, const find_context& here);

} // namespace pyactor::supervisors::python
