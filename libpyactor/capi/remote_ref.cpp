#include <Python.h>

#include <pyactor/libpyactor/capi/remote_ref.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>

#include <utility>

namespace pyactor::capi {

class PYACTOR_HIDDEN remote_ref::job : public release_job {
public:
  job(std::shared_ptr<release_port> home, object_ref object) noexcept
    : home(std::move(home)), object(std::move(object)) {
  }

  void release(attach_scope&) noexcept override {
    object = {};
  }

  void leak() noexcept override {
    static_cast<void>(object.release());
  }

  std::shared_ptr<release_port> home;
  object_ref object;
};

remote_ref::remote_ref() noexcept = default;

remote_ref::remote_ref(attach_scope& py, object_ref object)
  : job_(std::make_unique<job>(py.owner().internals().releases,
                               std::move(object))) {
}

remote_ref::remote_ref(remote_ref&&) noexcept = default;

remote_ref& remote_ref::operator=(remote_ref&& other) noexcept {
  remote_ref gone{std::move(*this)};
  job_ = std::move(other.job_);
  return *this;
}

remote_ref::~remote_ref() {
  if (job_) {
    auto home = job_->home;
    dispose(home, std::move(job_));
  }
}

_object* remote_ref::get(attach_scope& py) const noexcept {
  return job_ && job_->home == py.owner().internals().releases
           ? job_->object.get()
           : nullptr;
}

} // namespace pyactor::capi
