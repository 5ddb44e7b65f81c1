#include <pyactor/runtime/python_owner.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/runtime/log.hpp>

#include <utility>

namespace pyactor::runtime {

python_owner::python_owner(python_config config, std::shared_ptr<host> outside)
  : config_(std::move(config)), outside_(std::move(outside)),
    end_(ended_.get_future()) {
}

expected<main_interpreter*> python_owner::start_on_own_thread() {
  auto started = std::make_shared<std::promise<expected<main_interpreter*>>>();
  auto result = started->get_future();
  auto body = [self = shared_from_this(), started] {
    auto python = self->start_here();
    auto usable = python.has_value();
    started->set_value(std::move(python));
    if (usable)
      self->await_and_finalize();
  };
  auto launched = thread_.start("py:owner", 0, body);
  if (!launched)
    return unexpected{std::move(launched).error()};
  return result.get();
}

expected<main_interpreter*> python_owner::start_here() {
  auto python = main_interpreter::start(config_, outside_.get());
  if (!python)
    return unexpected{std::move(python).error()};
  python_ = std::move(*python);
  return python_.get();
}

void python_owner::await_and_finalize() {
  if (end_request_.get_future().get()) {
    note_lingering_threads();
    outcome_ = python_->finalize();
  } else {
    python_->abandon();
  }
  python_.reset();
  ended_.set_value();
}

void python_owner::note_lingering_threads() {
  auto inside = interpreter::open_main(*python_);
  if (!inside)
    return;
  attach_scope py{**inside};
  auto names = (*inside)->running_threads(py);
  std::unique_lock guard{mtx_};
  lingering_ = std::move(names);
}

void python_owner::request_end(bool finalize) {
  end_request_.set_value(finalize);
}

bool python_owner::await_end(clock::time_point deadline) {
  if (end_.wait_until(deadline) != std::future_status::ready)
    return false;
  thread_.join();
  return true;
}

std::string python_owner::what_lingers() const {
  std::unique_lock guard{mtx_};
  return lingering_.empty()
           ? "an exit handler or a destructor that does not return"
           : "Python threads that do not end: " + join(lingering_);
}

void python_owner::abandon() noexcept {
  thread_.detach();
}

} // namespace pyactor::runtime
