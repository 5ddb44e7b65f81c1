#include <Python.h>

#include <pyactor/libpyactor/capi/milliseconds.hpp>

namespace pyactor::capi {

namespace {

/// 30 years; the nanoseconds of more have no 64-bit form soon.
constexpr double most = 1e12;

} // namespace

std::optional<std::chrono::nanoseconds> read_milliseconds(_object* number,
                                                          const char* what) {
  if (PyBool_Check(number)
      || (!PyLong_Check(number) && !PyFloat_Check(number))) {
    PyErr_Format(PyExc_TypeError,
                 "%s needs a number of milliseconds, not %.200s", what,
                 Py_TYPE(number)->tp_name);
    return std::nullopt;
  }
  auto given = PyFloat_AsDouble(number);
  PyErr_Clear();                        // an int that is too large is -1
  if (!(given >= 0 && given <= most)) { // NaN is neither
    PyErr_Format(PyExc_ValueError,
                 "%s needs a number of milliseconds from 0 to 1e12, not %R",
                 what, number);
    return std::nullopt;
  }
  return std::chrono::nanoseconds{static_cast<int64_t>(given * 1e6)};
}

} // namespace pyactor::capi
