#include <Python.h>

#include <pyactor/libpyactor/capi/codec/item_source.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/interpreter.hpp>

#include <algorithm>

namespace pyactor::capi {

namespace {

bool is_sequence(PyObject* x) {
  return PyList_CheckExact(x) || PyTuple_CheckExact(x);
}

/// @returns what makes a container of it, or nothing for what holds no items
std::string_view remedy_for(PyObject* x, std::string_view text) {
  return Py_TYPE(x)->tp_iter ? text : std::string_view{};
}

/// @returns the items of a set, fewer where it changes meanwhile
std::vector<object_ref> set_items(PyObject* set) {
  std::vector<object_ref> result;
  result.reserve(static_cast<size_t>(PySet_GET_SIZE(set)));
  auto iterator = object_ref::steal(PyObject_GetIter(set));
  while (iterator) {
    auto item = object_ref::steal(PyIter_Next(iterator.get()));
    if (!item)
      break;
    result.push_back(std::move(item));
  }
  PyErr_Clear();
  return result;
}

std::vector<object_ref> sequence_items(PyObject* sequence) {
  std::vector<object_ref> result;
  result.reserve(static_cast<size_t>(Py_SIZE(sequence)));
  for (Py_ssize_t i = 0; auto* item = own_item(sequence, i); ++i)
    result.push_back(object_ref::steal(item));
  return result;
}

} // namespace

item_source::item_source(attach_scope& py, _object* container) noexcept
  : py_(py), container_(container), level_(container) {
}

expected<void> item_source::open_sequence() {
  if (!is_sequence(container_))
    return refuse_type(container_, "a list or tuple",
                       remedy_for(container_, "list(x)"));
  size_ = static_cast<size_t>(Py_SIZE(container_));
  return check_limits();
}

expected<void> item_source::open_sequence(size_t size) {
  if (auto opened = open_sequence(); !opened)
    return opened;
  if (size_ != size)
    return refuse(type_name(Py_TYPE(container_)) + " has "
                  + std::to_string(size_) + " items, not "
                  + std::to_string(size));
  return {};
}

expected<void> item_source::open_set() {
  if (!PyAnySet_CheckExact(container_))
    return refuse_type(container_, "a set or frozenset",
                       remedy_for(container_, "set(x)"));
  is_set_ = true;
  size_ = static_cast<size_t>(PySet_GET_SIZE(container_));
  if (auto fits = check_limits(); !fits)
    return fits;
  copy_items();
  return {};
}

_object* item_source::item(size_t index) {
  if (copies_.empty()) {
    current_
      = object_ref::steal(own_item(container_, static_cast<Py_ssize_t>(index)));
    if (!current_ || is_plain_scalar(current_.get()))
      return current_.get();
    copy_items();
  }
  return index < copies_.size() ? copies_[index].get() : nullptr;
}

expected<void> item_source::close() {
  auto same = [](const object_ref& x, const object_ref& y) {
    return x.get() == y.get();
  };
  auto changed = false;
  if (is_set_)
    changed = copies_.size() != size_
              || !std::ranges::equal(copies_, set_items(container_), same);
  else
    changed
      = static_cast<size_t>(Py_SIZE(container_)) != size_
        || (PyList_CheckExact(container_) && !copies_.empty()
            && !std::ranges::equal(copies_, sequence_items(container_), same));
  if (changed)
    return refuse_change(container_);
  return {};
}

error item_source::at(size_t index, error what) const {
  if (is_set_)
    return level_.at(std::move(what), set_step);
  return level_.at(std::move(what), index_step(index));
}

expected<void> item_source::check_limits() {
  const auto& limits = py_.owner().limits();
  if (level_.depth() > limits.nesting_depth)
    return level_.refuse_depth(Py_TYPE(container_)->tp_name,
                               limits.nesting_depth);
  if (!level_.count(size_, limits.value_elements))
    return refuse(too_many(limits.value_elements));
  return {};
}

void item_source::copy_items() {
  copies_ = is_set_ ? set_items(container_) : sequence_items(container_);
}

} // namespace pyactor::capi
