// Runs Python code in C++ with no actor in sight: libpyactor by itself.
//
// Run it: build/release/examples/embedding
//
// Prints:
//   6 * 7 = 42
//   squares: [0, 1, 4, 9, 16]
//   another thread: hypot(3, 4) = 5
//   an error is data: builtins.ZeroDivisionError: division by zero

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>

#include <cstdint>
#include <iostream>
#include <thread>

using namespace pyactor;

namespace {

/// Evaluates in the main interpreter, on the thread that started CPython.
void use_main(main_interpreter& python) {
  auto inside = value_or_throw(interpreter::open_main(python));
  attach_scope py{*inside};
  environment env{py};
  std::cout << "6 * 7 = " << value_or_throw(env.eval<int64_t>(py, "6 * 7"))
            << '\n';
  value_or_throw(env.exec(py, "def squares(n):\n"
                              "    return [i * i for i in range(n)]\n"));
  auto squares = value_or_throw(env.call(py, "squares", 5));
  std::cout << "squares: " << to_string(squares) << '\n';
}

/// Evaluates on another thread: in a subinterpreter with a GIL of its own,
/// where CPython has them.
void use_elsewhere(main_interpreter& python) {
  auto inside = value_or_throw(main_interpreter::supports_own_gil()
                                 ? interpreter::start_own_gil(python)
                                 : interpreter::open_main(python));
  attach_scope py{*inside};
  environment env{py};
  auto length = env.call<double>(py, "math:hypot", 3, 4);
  std::cout << "another thread: hypot(3, 4) = "
            << value_or_throw(std::move(length)) << '\n';
  auto failed = env.eval(py, "1 / 0");
  std::cout << "an error is data: " << to_string(failed.error()) << '\n';
}

} // namespace

int main() {
  try {
    auto python = value_or_throw(main_interpreter::start({}));
    use_main(*python);
    std::jthread{[&] { use_elsewhere(*python); }}.join();
    value_or_throw(python->finalize());
  } catch (const python_error& what) {
    std::cerr << what.what() << '\n';
    return 1;
  }
}
