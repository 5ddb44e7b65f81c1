#include <Python.h>

#include <pyactor/libpyactor/capi/release_port.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>

namespace pyactor::capi {

void dispose(const std::shared_ptr<release_port>& home,
             std::unique_ptr<release_job> job) noexcept {
  auto* here = attached_interpreter();
  if (here && here->releases == home && !here->abandoned) {
    attach_scope py{*here->self};
    job->release(py);
    return;
  }
  if (home->queue.push(*job))
    static_cast<void>(job.release());
  else
    job->leak();
}

} // namespace pyactor::capi
