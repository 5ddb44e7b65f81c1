#include <Python.h>

#include <pyactor/libpyactor/capi/codec/integers.hpp>

#include <vector>

namespace pyactor::capi {

namespace {

value big_integer_of(PyObject* x) {
#if PY_VERSION_HEX >= 0x030d0000
  constexpr auto flags = Py_ASNATIVEBYTES_LITTLE_ENDIAN;
  auto size = PyLong_AsNativeBytes(x, nullptr, 0, flags);
  std::vector<std::byte> complement(static_cast<size_t>(size));
  PyLong_AsNativeBytes(x, complement.data(), size, flags);
#else
  std::vector<std::byte> complement(_PyLong_NumBits(x) / 8 + 1);
  _PyLong_AsByteArray(reinterpret_cast<PyLongObject*>(x),
                      reinterpret_cast<unsigned char*>(complement.data()),
                      complement.size(), 1, 1);
#endif
  return value::integer(complement);
}

} // namespace

value integer_of(PyObject* x) {
  auto overflow = 0;
  auto small = PyLong_AsLongLongAndOverflow(x, &overflow);
  return overflow ? big_integer_of(x) : value{small};
}

object_ref make_integer(const value& x) {
  if (auto small = x.as_int64())
    return object_ref::steal(PyLong_FromLongLong(*small));
  auto complement = x.integer_bytes();
#if PY_VERSION_HEX >= 0x030d0000
  return object_ref::steal(PyLong_FromNativeBytes(
    complement.data(), complement.size(), Py_ASNATIVEBYTES_LITTLE_ENDIAN));
#else
  return object_ref::steal(_PyLong_FromByteArray(
    reinterpret_cast<const unsigned char*>(complement.data()),
    complement.size(), 1, 1));
#endif
}

} // namespace pyactor::capi
