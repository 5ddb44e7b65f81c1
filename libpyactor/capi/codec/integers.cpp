#include <Python.h>

#include <pyactor/libpyactor/capi/codec/integers.hpp>

#include <pyactor/libpyactor/capi/compat.hpp>

namespace pyactor::capi {

value integer_of(PyObject* x) {
  auto overflow = 0;
  auto small = PyLong_AsLongLongAndOverflow(x, &overflow);
  return overflow ? value::integer(bytes_of_integer(x)) : value{small};
}

object_ref make_integer(const value& x) {
  if (auto small = x.as_int64())
    return object_ref::steal(PyLong_FromLongLong(*small));
  return integer_of_bytes(x.integer_bytes());
}

} // namespace pyactor::capi
