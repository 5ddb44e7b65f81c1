// A user's program that works with CPython's own API beside pyactor's.

#include <pyactor/libpyactor/capi/python.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace {

using namespace pyactor;

void expect(bool holds, std::string_view what) {
  if (!holds) {
    std::cerr << "not so: " << what << '\n';
    std::_Exit(1);
  }
}

/// Objects of types that no `value` has, to Python and back.
void exchange(attach_scope& py) {
  char letters[] = "abc";
  environment env{py};
  auto view = value_or_throw(
    capi::take(py, PyMemoryView_FromMemory(letters, 3, PyBUF_WRITE)));
  value_or_throw(env.set_object(py, "letters", view));
  value_or_throw(env.exec(py, "letters[0] = ord('x')\n"
                              "point = complex(3, 4)\n"));
  expect(letters[0] == 'x', "Python writes to memory of C++");
  auto* point = PyDict_GetItemString(capi::globals(py, env), "point");
  expect(point && PyComplex_ImagAsDouble(point) == 4, "C++ finds a global");
  auto missing = capi::take(py, PyObject_GetAttrString(point, "missing"));
  expect(!missing && missing.error().type == "builtins.AttributeError",
         "what CPython raises is an error");
}

} // namespace

int main() {
  try {
    auto python = value_or_throw(main_interpreter::start({}));
    {
      auto inside = value_or_throw(interpreter::open_main(*python));
      attach_scope py{*inside};
      exchange(py);
    }
    value_or_throw(python->finalize());
  } catch (const python_error& what) {
    std::cerr << what.what() << '\n';
    return 1;
  }
  std::cout << "CPython's own API works\n";
}
