#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/source.hpp>

namespace pyactor::capi {

/// Calls `callee` with values, positional and keyword.
/// @returns the result, or `not_convertible`, `invalid_argument` for a keyword
///          that is given twice, `python_exception`
expected<object_ref> call_with(attach_scope& py, const object_ref& callee,
                               const arguments& args);

/// Runs the code of an expression that was compiled as a function of `names`.
expected<object_ref> run_function(attach_scope& py, const object_ref& code,
                                  const object_ref& globals,
                                  const overlay& names);

} // namespace pyactor::capi
