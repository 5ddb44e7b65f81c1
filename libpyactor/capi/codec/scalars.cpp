#include <Python.h>

#include <pyactor/libpyactor/capi/codec/scalars.hpp>

#include <pyactor/libpyactor/capi/codec/integers.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/codec/str_text.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/conversion/numbers.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <cstring>
#include <exception>
#include <utility>

namespace pyactor::capi {

namespace {

/// Integers of this size and all smaller ones are doubles exactly.
constexpr int64_t exact_in_double = int64_t{1} << 53;

/// Bool is never a number, and numpy's has `__float__`.
bool is_boolean(PyObject* object) {
  if (PyBool_Check(object))
    return true;
  auto name = type_name(Py_TYPE(object));
  return name == "numpy.bool" || name == "numpy.bool_";
}

expected<object_ref> owned(attach_scope& py, PyObject* object) {
  if (!object)
    return std::unexpected{raised(py)};
  return object_ref::steal(object);
}

/// @returns an `int`, of a subclass too; may run `__index__`
expected<object_ref> index_of(attach_scope& py, PyObject* object) {
  if (PyLong_Check(object) && !PyBool_Check(object))
    return object_ref::borrow(object);
  if (is_boolean(object))
    return refuse_type(object, "an int", "int(x)");
  if (!PyIndex_Check(object)) {
    auto has_number = PyFloat_Check(object) || PyUnicode_Check(object);
    return refuse_type(object, "an int", has_number ? "int(x)" : "");
  }
  return owned(py, PyNumber_Index(object));
}

expected<double> exact_double(PyObject* integer) {
  auto number = integer_of(integer);
  auto result = to_exact_double(number);
  if (!result)
    return refuse_inexact(number);
  return *result;
}

expected<double> call_float(attach_scope& py, PyObject* object) {
  auto result = PyFloat_AsDouble(object);
  if (result == -1.0 && PyErr_Occurred())
    return std::unexpected{raised(py)};
  return result;
}

/// A view of a buffer's bytes; releases it.
class byte_buffer {
public:
  explicit byte_buffer(PyObject* object) noexcept
    : held_(PyObject_GetBuffer(object, &view_, PyBUF_FULL_RO) == 0) {
  }

  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  ~byte_buffer() {
    if (held_)
      PyBuffer_Release(&view_);
  }

  /// @returns false with an exception set
  bool copy(std::vector<std::byte>& to) noexcept {
    if (!held_)
      return false;
    // What a view shows need not be in memory: a file, or the same byte often.
    try {
      to.resize(static_cast<size_t>(view_.len));
    } catch (const std::exception&) {
      PyErr_Format(PyExc_MemoryError, "no memory for a copy of %zd bytes",
                   view_.len);
      return false;
    }
    return PyBuffer_ToContiguous(to.data(), &view_, view_.len, 'C') == 0;
  }

private:
  Py_buffer view_;
  bool held_;
};

template <class T, class Read>
void append_leading(PyObject* container, std::vector<T>& to, Read read) {
  if (!PyList_CheckExact(container) && !PyTuple_CheckExact(container))
    return;
  auto size = Py_SIZE(container);
  to.reserve(static_cast<size_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    auto* item = own_item(container, i);
    if (!item)
      return;
    auto number = read(item);
    Py_DECREF(item);
    if (!number)
      return;
    to.push_back(static_cast<T>(*number));
  }
}

} // namespace

bool is_none(_object* object) noexcept {
  return object == Py_None;
}

expected<bool> read_bool(_object* object) {
  if (!PyBool_Check(object))
    return refuse_type(object, "a bool", "bool(x)");
  return object == Py_True;
}

expected<int64_t> read_int64(attach_scope& py, _object* object,
                             integer_shape wanted) {
  if (auto small = compact_integer(object))
    return *small;
  auto integer = index_of(py, object);
  if (!integer)
    return std::unexpected{std::move(integer).error()};
  auto overflow = 0;
  auto result = PyLong_AsLongLongAndOverflow(integer->get(), &overflow);
  if (overflow)
    return refuse_misfit(integer_of(integer->get()), wanted);
  return result;
}

expected<uint64_t> read_uint64(attach_scope& py, _object* object) {
  if (auto small = compact_integer(object); small && *small >= 0)
    return static_cast<uint64_t>(*small);
  auto integer = index_of(py, object);
  if (!integer)
    return std::unexpected{std::move(integer).error()};
  auto result = PyLong_AsUnsignedLongLong(integer->get());
  if (result == static_cast<unsigned long long>(-1) && PyErr_Occurred()) {
    PyErr_Clear();
    return refuse_misfit(integer_of(integer->get()), shape_of<uint64_t>);
  }
  return result;
}

expected<double> read_double(attach_scope& py, _object* object) {
  if (PyFloat_Check(object))
    return PyFloat_AS_DOUBLE(object);
  auto small = compact_integer(object);
  if (small && *small <= exact_in_double && *small >= -exact_in_double)
    return static_cast<double>(*small);
  if (PyLong_Check(object) && !PyBool_Check(object))
    return exact_double(object);
  if (is_boolean(object))
    return refuse_type(object, "a float", "float(x)");
  auto* methods = Py_TYPE(object)->tp_as_number;
  if (!methods || !methods->nb_float)
    return refuse_type(object, "a float",
                       PyUnicode_Check(object) ? "float(x)" : "");
  if (PyIndex_Check(object)) {
    // An integer, which `__float__` would round. Arrays of numpy have the
    // method whatever they hold.
    if (auto integer = object_ref::steal(PyNumber_Index(object)))
      return exact_double(integer.get());
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
      return std::unexpected{raised(py)};
    PyErr_Clear();
  }
  return call_float(py, object);
}

expected<std::string> read_str(_object* object) {
  if (PyUnicode_CheckExact(object))
    return utf8_of(object);
  if (PyBytes_Check(object) || PyByteArray_Check(object))
    return refuse_type(object, "a str", "x.decode()");
  return refuse_type(object, "a str", object == Py_None ? "" : "str(x)");
}

expected<std::vector<std::byte>> read_bytes(attach_scope& py, _object* object) {
  std::vector<std::byte> result;
  if (PyBytes_CheckExact(object)) {
    auto* data = reinterpret_cast<const std::byte*>(PyBytes_AS_STRING(object));
    result.assign(data, data + PyBytes_GET_SIZE(object));
    return result;
  }
  if (PyUnicode_Check(object))
    return refuse_type(object, "bytes", "x.encode()");
  if (!PyByteArray_CheckExact(object) && !PyMemoryView_Check(object))
    return refuse_type(object, "bytes",
                       PyObject_CheckBuffer(object) ? "bytes(x)" : "");
  if (!byte_buffer{object}.copy(result))
    return std::unexpected{raised(py)};
  return result;
}

void read_leading(_object* container, std::vector<int64_t>& to) {
  append_leading(container, to, compact_integer);
}

void read_leading(_object* container, std::vector<double>& to) {
  append_leading(container, to, [](PyObject* x) {
    return PyFloat_CheckExact(x) ? std::optional{PyFloat_AS_DOUBLE(x)}
                                 : std::nullopt;
  });
}

object_ref make_none() noexcept {
  return object_ref::borrow(Py_None);
}

object_ref make_bool(bool x) noexcept {
  return object_ref::borrow(x ? Py_True : Py_False);
}

expected<object_ref> make_int(attach_scope& py, int64_t x) {
  return owned(py, PyLong_FromLongLong(x));
}

expected<object_ref> make_uint(attach_scope& py, uint64_t x) {
  return owned(py, PyLong_FromUnsignedLongLong(x));
}

expected<object_ref> make_float(attach_scope& py, double x) {
  return owned(py, PyFloat_FromDouble(x));
}

expected<object_ref> make_bytes(attach_scope& py,
                                std::span<const std::byte> x) {
  return owned(
    py, PyBytes_FromStringAndSize(reinterpret_cast<const char*>(x.data()),
                                  static_cast<Py_ssize_t>(x.size())));
}

} // namespace pyactor::capi
