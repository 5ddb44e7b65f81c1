#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

namespace pyactor::test {

namespace {

/// Starts CPython on a thread of its own, and finalizes it there.
class python_thread {
public:
  explicit python_thread(host* outside)
    : thread_([this, outside] { run(outside); }) {
    python_ = started_.get_future().get();
  }

  ~python_thread() {
    over_.set_value();
  }

  main_interpreter& python() noexcept {
    return *python_;
  }

private:
  void run(host* outside) {
    auto python = main_interpreter::start({}, outside);
    if (!python) {
      started_.set_exception(
        std::make_exception_ptr(std::runtime_error{to_string(python.error())}));
      return;
    }
    started_.set_value(python->get());
    over_.get_future().wait();
  }

  std::promise<main_interpreter*> started_;
  std::promise<void> over_;
  main_interpreter* python_ = nullptr;
  std::jthread thread_;
};

void run_in(expected<std::unique_ptr<interpreter>> opened,
            const std::function<void(attach_scope&)>& fn) {
  if (!opened)
    FAIL(to_string(opened.error()));
  attach_scope py{**opened};
  fn(py);
}

} // namespace

main_interpreter& python(host* outside) {
  static python_thread instance{outside};
  return instance.python();
}

void in_main(const std::function<void(attach_scope&)>& fn,
             interpreter_limits limits) {
  run_in(interpreter::open_main(python(), limits), fn);
}

void in_own_gil(const std::function<void(attach_scope&)>& fn,
                interpreter_limits limits) {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  run_in(interpreter::start_own_gil(python(), limits), fn);
}

void in_each_kind(const std::function<void(attach_scope&)>& fn) {
  in_main(fn);
  if (main_interpreter::supports_own_gil())
    in_own_gil(fn);
}

} // namespace pyactor::test
