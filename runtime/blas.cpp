#include <pyactor/runtime/blas.hpp>

#include <cstdlib>
#include <string>

namespace pyactor::runtime {

void limit_blas_threads(const runtime_options& options) {
  for (auto& [name, pool] : options.pools) {
    if (pool.blas_threads == 0)
      continue;
    auto count = std::to_string(pool.blas_threads);
    for (auto* variable :
         {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
      setenv(variable, count.c_str(), 1);
  }
}

} // namespace pyactor::runtime
