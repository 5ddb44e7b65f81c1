#include <pyactor/supervisors/python/errand.hpp>

#include <utility>

namespace pyactor::supervisors::python {

void question::answer(value what) const {
  {
    std::unique_lock guard{mtx_};
    if (answer_)
      return;
    answer_ = std::move(what);
  }
  answered_.notify_all();
}

std::optional<value> question::wait(std::chrono::nanoseconds limit) const {
  std::unique_lock guard{mtx_};
  answered_.wait_for(guard, limit, [&] { return answer_.has_value(); });
  return answer_;
}

} // namespace pyactor::supervisors::python
