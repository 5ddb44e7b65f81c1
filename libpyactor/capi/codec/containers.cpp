#include <Python.h>

#include <pyactor/libpyactor/capi/codec/containers.hpp>

#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>

namespace pyactor::capi {

namespace {

unexpected no_memory(attach_scope& py) {
  return unexpected{raised(py)};
}

template <class Items, class Projection>
unexpected refuse_equal_in(attach_scope& py, const Items& items,
                           std::string_view what, Projection key) {
  std::vector<PyObject*> keys;
  keys.reserve(items.size());
  for (const auto& item : items)
    keys.push_back(key(item).get());
  return refuse_equal(py, keys, what);
}

} // namespace

expected<object_ref> make_list(attach_scope& py, item_list items) {
  auto list
    = object_ref::steal(PyList_New(static_cast<Py_ssize_t>(items.size())));
  if (!list)
    return no_memory(py);
  for (size_t i = 0; i < items.size(); ++i)
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), items[i].release());
  return list;
}

expected<object_ref> make_tuple(attach_scope& py, std::span<object_ref> items) {
  auto tuple
    = object_ref::steal(PyTuple_New(static_cast<Py_ssize_t>(items.size())));
  if (!tuple)
    return no_memory(py);
  for (size_t i = 0; i < items.size(); ++i)
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i),
                     items[i].release());
  return tuple;
}

expected<object_ref> make_set(attach_scope& py, const item_list& items) {
  auto set = object_ref::steal(PySet_New(nullptr));
  if (!set)
    return no_memory(py);
  for (const auto& item : items)
    if (PySet_Add(set.get(), item.get()) < 0)
      return unexpected{
        at_step(refuse_unhashable(py, item.get()).error(), set_step)};
  if (static_cast<size_t>(PySet_GET_SIZE(set.get())) != items.size())
    return refuse_equal_in(py, items, "elements",
                           [](const auto& x) -> auto& { return x; });
  return set;
}

expected<object_ref> make_dict(attach_scope& py, const pair_list& items) {
  auto dict = object_ref::steal(PyDict_New());
  if (!dict)
    return no_memory(py);
  for (size_t i = 0; i < items.size(); ++i) {
    const auto& [key, mapped] = items[i];
    if (PyDict_SetItem(dict.get(), key.get(), mapped.get()) < 0)
      return unexpected{
        at_step(refuse_unhashable(py, key.get()).error(), dict_key_step(i))};
  }
  if (static_cast<size_t>(PyDict_GET_SIZE(dict.get())) != items.size())
    return refuse_equal_in(py, items, "keys",
                           [](const auto& x) -> auto& { return x.first; });
  return dict;
}

} // namespace pyactor::capi
