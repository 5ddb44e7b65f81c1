#include <pyactor/supervisors/engine/start_record.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

void start_record::set(sup_error what) {
  std::unique_lock guard{mutex_};
  failure_ = std::move(what);
}

std::optional<sup_error> start_record::get() const {
  std::unique_lock guard{mutex_};
  return failure_;
}

} // namespace pyactor::supervisors::engine
