#pragma once

#include <pyactor/runtime/options.hpp>

namespace pyactor::runtime {

/// Sets the environment variables by which OpenMP, OpenBLAS and MKL learn how
/// many threads they may start, where a pool asks for it. They read them once,
/// when they are loaded.
/// @thread before other threads read the process environment
void limit_blas_threads(const runtime_options& options);

} // namespace pyactor::runtime
