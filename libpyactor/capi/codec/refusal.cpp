#include <Python.h>

#include <pyactor/libpyactor/capi/codec/refusal.hpp>

#include <pyactor/libpyactor/capi/from_python.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <algorithm>
#include <array>

namespace pyactor::capi {

namespace {

/// What to do about a type that has `base` among its bases, or is it.
struct remedy {
  std::string_view base;
  std::string_view text;
};

/// The first row that fits counts, so that an IntEnum is an Enum before it is
/// an int, and np.float64 a scalar of numpy before it is a float.
constexpr std::array remedies{
  remedy{"enum.Enum", ".value"},
  remedy{"numpy.generic", ".item()"},
  remedy{"numpy.ndarray", ".tolist()"},
  remedy{"array.array", ".tolist()"},
  remedy{"torch.Tensor", ".tolist()"},
  remedy{"pandas.Series", ".tolist()"},
  remedy{"pandas.core.series.Series", ".tolist()"},
  remedy{"pandas.DataFrame", ".to_dict('list')"},
  remedy{"pandas.core.frame.DataFrame", ".to_dict('list')"},
  remedy{"datetime.date", "isoformat()"},
  remedy{"datetime.time", "isoformat()"},
  remedy{"datetime.timedelta", "total_seconds()"},
  remedy{"int", "int(x)"},
  remedy{"float", "float(x)"},
  remedy{"str", "str(x)"},
  remedy{"bytes", "bytes(x)"},
  remedy{"bytearray", "bytes(x)"},
  remedy{"memoryview", "bytes(x)"},
  remedy{"list", "list(x)"},
  remedy{"tuple", "tuple(x)"},
  remedy{"dict", "dict(x)"},
  remedy{"mappingproxy", "dict(x)"},
  remedy{"set", "set(x)"},
  remedy{"frozenset", "frozenset(x)"},
  remedy{"complex", "(x.real, x.imag)"},
  remedy{"BaseException", "str(x)"},
  remedy{"decimal.Decimal", "str(x)"},
  remedy{"fractions.Fraction", "str(x)"},
  remedy{"uuid.UUID", "str(x)"},
  remedy{"pathlib.PurePath", "str(x)"},
  remedy{"pathlib._local.PurePath", "str(x)"},
  remedy{"types.SimpleNamespace", "vars(x)"},
};

constexpr std::string_view general_remedy
  = "None, bool, int, float, str, bytes, or a list, tuple, dict or set of them";

PyObject* class_item(PyTypeObject* type, std::string_view name) {
  // Borrowed; a type's own dict holds it, and no Python code runs meanwhile.
  auto dict = object_ref::steal(PyType_GetDict(type));
  auto key = make_name(name);
  auto* item
    = dict && key ? PyDict_GetItemWithError(dict.get(), key.get()) : nullptr;
  PyErr_Clear();
  return item;
}

template <class Predicate>
bool any_base(PyTypeObject* type, Predicate matches) {
  auto* bases = type->tp_mro;
  if (!bases)
    return matches(type);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); ++i)
    if (matches(reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(bases, i))))
      return true;
  return false;
}

/// @returns how a message shows an object that became a key
std::string shown(PyObject* object) {
  auto x = from_python(object, {.nesting_depth = value::max_depth});
  return x ? shown_key(*x) : type_name(Py_TYPE(object));
}

} // namespace

std::string type_name(PyTypeObject* type) {
  if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
    return type->tp_name;
  auto name = text_of(reinterpret_cast<PyHeapTypeObject*>(type)->ht_qualname);
  auto module = text_of(class_item(type, "__module__"));
  return module.empty() || module == "builtins" ? name : module + '.' + name;
}

std::string_view remedy_for(PyTypeObject* type) {
  for (const auto& row : remedies)
    if (any_base(type, [&](auto* base) { return type_name(base) == row.base; }))
      return row.text;
  if (any_base(type, [](auto* base) {
        return class_item(base, "__dataclass_fields__") != nullptr;
      }))
    return "dataclasses.asdict(x)";
  return type->tp_iter ? "list(x)" : general_remedy;
}

unexpected refuse_object(PyObject* object) {
  auto* type = Py_TYPE(object);
  return refuse(type_name(type) + " is not convertible; pass "
                + std::string{remedy_for(type)});
}

unexpected refuse_type(PyObject* object, std::string_view wanted,
                       std::string_view remedy) {
  auto message = type_name(Py_TYPE(object)) + " is not " + std::string{wanted};
  if (!remedy.empty())
    message += "; pass " + std::string{remedy};
  return refuse(message);
}

unexpected refuse_change(PyObject* container) {
  return refuse(type_name(Py_TYPE(container))
                + " changed while it was converted; pass a copy");
}

error raised(attach_scope& py) {
  auto what = fetch_error(py);
  // Always, because Python's text may look like a path of ours.
  what.message.insert(0, "$: ");
  return what;
}

unexpected refuse_equal(attach_scope& py, std::span<PyObject* const> items,
                        std::string_view what) {
  auto seen = object_ref::steal(PyDict_New());
  for (auto* item : items) {
    if (!seen)
      return std::unexpected{raised(py)};
    if (auto* earlier = PyDict_GetItemWithError(seen.get(), item))
      return refuse(std::string{what} + ' ' + shown(earlier) + " and "
                    + shown(item) + " are equal in Python; pass one of them");
    if (PyErr_Occurred() || PyDict_SetItem(seen.get(), item, item) < 0)
      return std::unexpected{raised(py)};
  }
  return refuse(std::string{what} + " are equal in Python; pass one of them");
}

unexpected refuse_unhashable(attach_scope& py, PyObject* object) {
  if (!PyErr_ExceptionMatches(PyExc_TypeError))
    return std::unexpected{raised(py)};
  PyErr_Clear();
  return refuse(shown(object) + " cannot be hashed; pass a tuple or frozenset");
}

} // namespace pyactor::capi
