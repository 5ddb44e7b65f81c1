#include <Python.h>

#include <pyactor/libpyactor/capi/from_python.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/codec/integers.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/codec/str_text.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/interpreter.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

/// Reads one object. No Python code runs meanwhile, so that with a GIL nothing
/// changes; without one, strong references and checks of the size keep other
/// threads' changes from doing harm.
///
/// The recursion is deep: what only a failure needs stays out of its frames.
class value_reader {
public:
  explicit value_reader(const interpreter_limits& limits) noexcept
    : depth_limit_(std::min(limits.nesting_depth, value::max_depth)),
      element_limit_(limits.value_elements) {
  }

  expected<value> run(PyObject* x) {
    auto result = read(x);
    if (!result)
      return unexpected{std::move(failure_)};
    return *std::move(result);
  }

private:
  /// Nothing where `failure_` says why.
  using result = std::optional<value>;

  result read(PyObject* x) {
    if (auto small = compact_integer(x))
      return value{*small};
    auto* type = Py_TYPE(x);
    if (type == &PyLong_Type)
      return integer_of(x);
    if (type == &PyFloat_Type)
      return value{PyFloat_AS_DOUBLE(x)};
    if (type == &PyUnicode_Type)
      return read_str(x);
    if (x == Py_None)
      return value{};
    if (type == &PyBool_Type)
      return value{x == Py_True};
    if (type == &PyBytes_Type)
      return value::bytes(
        std::string{PyBytes_AS_STRING(x), static_cast<size_t>(Py_SIZE(x))});
    return read_container(x);
  }

  [[gnu::noinline]] result read_str(PyObject* x) {
    auto text = utf8_of(x);
    if (!text)
      return fail(std::move(text).error());
    return value{*std::move(text)};
  }

  result read_container(PyObject* x) {
    auto is_sequence = PyList_CheckExact(x) || PyTuple_CheckExact(x);
    auto is_dict = PyDict_CheckExact(x);
    if (!is_sequence && !is_dict && !PyAnySet_CheckExact(x))
      return read_other(x);
    nesting level{x};
    if (level.depth() > depth_limit_)
      return fail_depth(x, level);
    if (is_sequence)
      return read_sequence(x, level);
    return is_dict ? read_dict(x, level) : read_set(x, level);
  }

  [[gnu::noinline]] result read_other(PyObject* x) {
    if (auto who = unwrap_actor(x))
      return value::actor(std::move(who));
    return fail(refuse_object(x).error());
  }

  result read_sequence(PyObject* x, nesting& level) {
    auto size = Py_SIZE(x);
    if (!level.count(static_cast<size_t>(size), element_limit_))
      return fail_size();
    value::sequence items;
    items.reserve(static_cast<size_t>(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      held_object item{own_item(x, i)};
      if (!item.get())
        return fail_changed(x);
      if (auto small = compact_integer(item.get())) {
        items.emplace_back(*small);
        continue;
      }
      auto converted = read(item.get());
      if (!converted)
        return fail_at_index(level, i);
      items.push_back(*std::move(converted));
    }
    if (Py_SIZE(x) != size)
      return fail_changed(x);
    return PyList_CheckExact(x) ? value::list(std::move(items))
                                : value::tuple(std::move(items));
  }

  result read_dict(PyObject* x, nesting& level) {
    auto size = static_cast<size_t>(PyDict_GET_SIZE(x));
    if (!level.count(size, element_limit_))
      return fail_size();
    value::mapping items;
    items.reserve(size);
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    PyObject* mapped = nullptr;
    while (PyDict_Next(x, &position, &key, &mapped)) {
      held_object held_key{Py_NewRef(key)};
      held_object held_mapped{Py_NewRef(mapped)};
      auto name = read(key);
      if (!name)
        return fail_in_key(level, items.size());
      auto converted = read(mapped);
      if (!converted)
        return fail_at_key(level, *name);
      items.emplace_back(*std::move(name), *std::move(converted));
    }
    if (items.size() != size)
      return fail_changed(x);
    return value::dict(std::move(items));
  }

  result read_set(PyObject* x, nesting& level) {
    auto size = static_cast<size_t>(PySet_GET_SIZE(x));
    if (!level.count(size, element_limit_))
      return fail_size();
    value::sequence items;
    items.reserve(size);
    held_object iterator{PyObject_GetIter(x)};
    while (iterator.get()) {
      held_object item{PyIter_Next(iterator.get())};
      if (!item.get())
        break;
      auto converted = read(item.get());
      if (!converted)
        return fail_in_set(level);
      items.push_back(*std::move(converted));
    }
    if (PyErr_Occurred())
      return fail_iteration(x);
    return PySet_CheckExact(x) ? value::set(std::move(items))
                               : value::frozenset(std::move(items));
  }

  [[gnu::cold, gnu::noinline]] result fail(error why) {
    failure_ = std::move(why);
    return {};
  }

  [[gnu::cold, gnu::noinline]] result fail_depth(PyObject* x, nesting& level) {
    return fail(level.refuse_depth(Py_TYPE(x)->tp_name, depth_limit_).error());
  }

  [[gnu::cold, gnu::noinline]] result fail_size() {
    return fail(refuse(too_many(element_limit_)).error());
  }

  [[gnu::cold, gnu::noinline]] result fail_changed(PyObject* x) {
    return fail(refuse_change(x).error());
  }

  /// An iteration fails where another thread changes the set, or for want of
  /// memory.
  [[gnu::cold, gnu::noinline]] result fail_iteration(PyObject* x) {
    auto no_memory = PyErr_ExceptionMatches(PyExc_MemoryError) != 0;
    PyErr_Clear();
    if (no_memory)
      throw std::bad_alloc{};
    return fail_changed(x);
  }

  [[gnu::cold, gnu::noinline]] result fail_at_index(const nesting& level,
                                                    Py_ssize_t index) {
    return fail(
      level.at(std::move(failure_), index_step(static_cast<size_t>(index))));
  }

  [[gnu::cold, gnu::noinline]] result fail_in_key(const nesting& level,
                                                  size_t index) {
    return fail(level.at(std::move(failure_), dict_key_step(index)));
  }

  [[gnu::cold, gnu::noinline]] result fail_at_key(const nesting& level,
                                                  const value& key) {
    return fail(level.at(std::move(failure_), key_step(key)));
  }

  [[gnu::cold, gnu::noinline]] result fail_in_set(const nesting& level) {
    return fail(level.at(std::move(failure_), set_step));
  }

  size_t depth_limit_;
  size_t element_limit_;
  error failure_;
};

} // namespace

expected<value> from_python(_object* object, const interpreter_limits& limits) {
  return value_reader{limits}.run(object);
}

expected<value> from_python(attach_scope& py, _object* object) {
  return from_python(object, py.owner().limits());
}

} // namespace pyactor::capi
