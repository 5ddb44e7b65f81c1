#pragma once

#include <pyactor/libpyactor/value.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/statistics.hpp>

/// What supervisors answer, as Python code gets it: dicts by the names of C++,
/// or of `pyactor.Child`. Times are in seconds.
namespace pyactor::supervisors::python {

[[nodiscard]] value as_value(const child_counts& counts);

[[nodiscard]] value as_value(const supervisor_statistics& seen);

/// @param spec  with its defaults filled in
/// @returns all of it but what is code
[[nodiscard]] value as_value(const child_spec& spec);

} // namespace pyactor::supervisors::python
