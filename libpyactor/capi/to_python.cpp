#include <Python.h>

#include <pyactor/libpyactor/capi/to_python.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/codec/integers.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/codec/str_text.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/host.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pyactor::capi {

namespace {

/// Makes one object, of a value whose depth is checked already.
///
/// The recursion is deep: what only a failure needs stays out of its frames.
class value_writer {
public:
  value_writer(attach_scope& py, size_t element_limit) noexcept
    : py_(py), element_limit_(element_limit) {
  }

  expected<object_ref> run(const value& x) {
    if (auto* result = write(x))
      return object_ref::steal(result);
    return unexpected{take_failure()};
  }

private:
  // These return a new reference, or null. Then either `failure_` says why, or
  // a Python exception is set.

  PyObject* write(const value& x) {
    if (auto small = x.as_int64())
      return PyLong_FromLongLong(*small);
    if (auto floating = x.as_double())
      return PyFloat_FromDouble(*floating);
    switch (auto what = x.type()) {
      case value::kind::none:
        return Py_NewRef(Py_None);
      case value::kind::boolean:
        return PyBool_FromLong(*x.as_bool());
      case value::kind::integer:
        return make_integer(x).release();
      case value::kind::str:
        return write_str(*x.as_str());
      case value::kind::bytes:
        return PyBytes_FromStringAndSize(
          x.as_bytes()->data(), static_cast<Py_ssize_t>(x.as_bytes()->size()));
      case value::kind::list:
        return write_list(*x.as_sequence());
      case value::kind::tuple:
        return write_tuple(*x.as_sequence());
      case value::kind::dict:
        return write_dict(*x.as_dict());
      case value::kind::actor:
        return wrap_actor(py_, x.as_actor());
      default:
        return write_set(what, *x.as_sequence());
    }
  }

  /// @returns whether a container of so many elements is within the limit
  bool admit(size_t elements) {
    elements_ += elements;
    if (elements_ <= element_limit_)
      return true;
    fail_size();
    return false;
  }

  [[gnu::noinline]] PyObject* write_str(const std::string& text) {
    auto str = make_str(py_, text);
    return str ? str->release() : fail(std::move(str).error());
  }

  PyObject* write_list(const value::sequence& items) {
    if (!admit(items.size()))
      return nullptr;
    held_object list{PyList_New(static_cast<Py_ssize_t>(items.size()))};
    for (size_t i = 0; list.get() && i < items.size(); ++i) {
      auto* item = write(items[i]);
      if (!item)
        return fail_at_index(i);
      PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), item);
    }
    return list.release();
  }

  PyObject* write_tuple(const value::sequence& items) {
    if (!admit(items.size()))
      return nullptr;
    held_object tuple{PyTuple_New(static_cast<Py_ssize_t>(items.size()))};
    for (size_t i = 0; tuple.get() && i < items.size(); ++i) {
      auto* item = write(items[i]);
      if (!item)
        return fail_at_index(i);
      PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), item);
    }
    return tuple.release();
  }

  PyObject* write_dict(const value::mapping& items) {
    if (!admit(items.size()))
      return nullptr;
    held_object dict{PyDict_New()};
    for (size_t i = 0; dict.get() && i < items.size(); ++i) {
      held_object key{write(items[i].first)};
      if (!key.get())
        return fail_in_key(i);
      held_object mapped{write(items[i].second)};
      if (!mapped.get())
        return fail_at_key(items[i].first);
      if (PyDict_SetItem(dict.get(), key.get(), mapped.get()) < 0)
        return fail_unhashable_key(key.get(), i);
    }
    if (dict.get()
        && static_cast<size_t>(PyDict_GET_SIZE(dict.get())) != items.size())
      return fail_equal_keys(items);
    return dict.release();
  }

  PyObject* write_set(value::kind what, const value::sequence& items) {
    if (!admit(items.size()))
      return nullptr;
    held_object set{what == value::kind::set ? PySet_New(nullptr)
                                             : PyFrozenSet_New(nullptr)};
    for (size_t i = 0; set.get() && i < items.size(); ++i) {
      held_object item{write(items[i])};
      if (!item.get())
        return fail_at(set_step);
      if (PySet_Add(set.get(), item.get()) < 0)
        return fail_unhashable(item.get(), set_step);
    }
    if (set.get()
        && static_cast<size_t>(PySet_GET_SIZE(set.get())) != items.size())
      return fail_equal(items, "elements");
    return set.release();
  }

  [[gnu::cold, gnu::noinline]] PyObject* fail(error why) {
    failure_ = std::move(why);
    return nullptr;
  }

  [[gnu::cold, gnu::noinline]] void fail_size() {
    fail(refuse(too_many(element_limit_)).error());
  }

  error take_failure() {
    return PyErr_Occurred() ? raised(py_) : std::move(failure_);
  }

  [[gnu::cold, gnu::noinline]] PyObject* fail_at(std::string_view step) {
    return fail(at_step(take_failure(), step));
  }

  [[gnu::cold, gnu::noinline]] PyObject* fail_at_index(size_t index) {
    return fail_at(index_step(index));
  }

  [[gnu::cold, gnu::noinline]] PyObject* fail_in_key(size_t index) {
    return fail_at(dict_key_step(index));
  }

  [[gnu::cold, gnu::noinline]] PyObject* fail_at_key(const value& key) {
    return fail_at(key_step(key));
  }

  [[gnu::cold, gnu::noinline]] PyObject*
  fail_unhashable(PyObject* object, std::string_view step) {
    return fail(at_step(refuse_unhashable(py_, object).error(), step));
  }

  [[gnu::cold, gnu::noinline]] PyObject* fail_unhashable_key(PyObject* key,
                                                             size_t index) {
    return fail_unhashable(key, dict_key_step(index));
  }

  [[gnu::cold, gnu::noinline]] PyObject*
  fail_equal_keys(const value::mapping& items) {
    value::sequence keys;
    for (const auto& [key, mapped] : items)
      keys.push_back(key);
    return fail_equal(keys, "keys");
  }

  [[gnu::cold, gnu::noinline]] PyObject*
  fail_equal(const value::sequence& items, std::string_view what) {
    std::vector<object_ref> owned;
    std::vector<PyObject*> borrowed;
    for (const auto& item : items) {
      borrowed.push_back(write(item));
      if (!borrowed.back())
        return nullptr;
      owned.push_back(object_ref::steal(borrowed.back()));
    }
    return fail(refuse_equal(py_, borrowed, what).error());
  }

  attach_scope& py_;
  size_t element_limit_;
  size_t elements_ = 0;
  error failure_;
};

/// The deepest of what is in `x`, and the step to it.
struct deepest_part {
  const value* part;
  std::string step;
};

deepest_part deepest_in(const value& x) {
  auto depth = x.depth() - 1;
  if (auto* dict = x.as_dict()) {
    for (size_t i = 0; i < dict->size(); ++i) {
      const auto& [key, mapped] = (*dict)[i];
      if (key.depth() == depth)
        return {&key, dict_key_step(i)};
      if (mapped.depth() == depth)
        return {&mapped, key_step(key)};
    }
  }
  const auto& items = *x.as_sequence();
  auto part = std::ranges::find(items, depth, &value::depth);
  auto is_set
    = x.type() == value::kind::set || x.type() == value::kind::frozenset;
  return {&*part, is_set
                    ? std::string{set_step}
                    : index_step(static_cast<size_t>(part - items.begin()))};
}

unexpected refuse_depth(const value& x, size_t limit) {
  std::string path{'$'};
  auto* part = &x;
  for (size_t i = 0; i < std::min(limit, shown_steps); ++i) {
    auto next = deepest_in(*part);
    part = next.part;
    path += next.step;
  }
  if (limit > shown_steps)
    path += "...";
  return fail(errc::not_convertible, path + ": " + too_deep(limit));
}

} // namespace

expected<object_ref> to_python(attach_scope& py, const value& x) {
  const auto& limits = py.owner().limits();
  if (x.depth() > limits.nesting_depth)
    return refuse_depth(x, limits.nesting_depth);
  return value_writer{py, limits.value_elements}.run(x);
}

} // namespace pyactor::capi
