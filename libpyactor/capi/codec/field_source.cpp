#include <Python.h>

#include <pyactor/libpyactor/capi/codec/field_source.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/from_python.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <algorithm>
#include <string>

namespace pyactor::capi {

namespace {

/// Whether the exception that is set says no more than that there is no such
/// attribute: one that Python code raised comes with a traceback.
bool is_missing_attribute() {
  if (!PyErr_ExceptionMatches(PyExc_AttributeError))
    return false;
  auto exception = object_ref::steal(PyErr_GetRaisedException());
  auto traceback = object_ref::steal(PyException_GetTraceback(exception.get()));
  PyErr_SetRaisedException(exception.release());
  return !traceback;
}

} // namespace

field_source::field_source(attach_scope& py, _object* object,
                           std::string_view type_name,
                           std::span<const std::string_view> names) noexcept
  : py_(py), object_(object), type_name_(type_name), names_(names),
    level_(object) {
}

expected<void> field_source::open() {
  auto limit = py_.owner().limits().nesting_depth;
  if (level_.depth() > limit)
    return level_.refuse_depth(type_name(Py_TYPE(object_)), limit);
  if (!PyDict_CheckExact(object_))
    return {};
  return open_dict();
}

expected<object_ref> field_source::field(size_t index) {
  if (PyDict_CheckExact(object_))
    return copies_[index];
  auto name = make_name(names_[index]);
  auto found = name ? object_ref::steal(PyObject_GetAttr(object_, name.get()))
                    : object_ref{};
  if (found)
    return found;
  if (!is_missing_attribute())
    return unexpected{at(index, raised(py_))};
  PyErr_Clear();
  auto text = type_name(Py_TYPE(object_)) + " has no such attribute, and "
              + std::string{type_name_} + " needs it";
  if (PyDict_Check(object_))
    text += "; pass dict(x)";
  return unexpected{at(index, refuse(text).error())};
}

expected<void> field_source::close() {
  if (!PyDict_CheckExact(object_))
    return {};
  auto unchanged
    = static_cast<size_t>(PyDict_GET_SIZE(object_)) == names_.size();
  for (size_t i = 0; unchanged && i < names_.size(); ++i)
    unchanged = dict_item(i).get() == copies_[i].get();
  if (!unchanged)
    return refuse_change(object_);
  return {};
}

error field_source::at(size_t index, error what) const {
  return level_.at(std::move(what), '.' + std::string{names_[index]});
}

expected<void> field_source::open_dict() {
  copies_.reserve(names_.size());
  for (size_t i = 0; i < names_.size(); ++i) {
    copies_.push_back(dict_item(i));
    if (!copies_.back())
      return unexpected{at(i, refuse("dict has no such key, and "
                                     + std::string{type_name_} + " needs it")
                                .error())};
  }
  if (static_cast<size_t>(PyDict_GET_SIZE(object_)) != names_.size())
    return refuse_unknown_key();
  return {};
}

unexpected field_source::refuse_unknown_key() const {
  Py_ssize_t position = 0;
  PyObject* key = nullptr;
  while (PyDict_Next(object_, &position, &key, nullptr)) {
    auto name = from_python(py_, key);
    auto* text = name ? name->as_str() : nullptr;
    if (text && std::ranges::find(names_, *text) != names_.end())
      continue;
    return refuse("dict has a key "
                  + (name ? shown_key(*name) : type_name(Py_TYPE(key)))
                  + " that " + std::string{type_name_}
                  + " has no field for; pass a dict without it");
  }
  return refuse_change(object_);
}

object_ref field_source::dict_item(size_t index) const {
  auto name = make_name(names_[index]);
  auto* item = name ? PyDict_GetItemWithError(object_, name.get()) : nullptr;
  PyErr_Clear();
  return object_ref::borrow(item);
}

} // namespace pyactor::capi
