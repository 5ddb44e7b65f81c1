#include <Python.h>

#include <pyactor/libpyactor/capi/codec/dict_source.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/interpreter.hpp>

namespace pyactor::capi {

namespace {

dict_source::items copy_of(PyObject* dict) {
  dict_source::items result;
  result.reserve(static_cast<size_t>(PyDict_GET_SIZE(dict)));
  Py_ssize_t position = 0;
  PyObject* key = nullptr;
  PyObject* mapped = nullptr;
  while (PyDict_Next(dict, &position, &key, &mapped))
    result.emplace_back(object_ref::borrow(key), object_ref::borrow(mapped));
  return result;
}

} // namespace

dict_source::dict_source(attach_scope& py, _object* container) noexcept
  : py_(py), container_(container), level_(container) {
}

expected<void> dict_source::open() {
  if (!PyDict_CheckExact(container_))
    return refuse_type(container_, "a dict",
                       PyMapping_Check(container_)
                           && Py_TYPE(container_)->tp_iter
                           && !PySequence_Check(container_)
                         ? "dict(x)"
                         : "");
  const auto& limits = py_.owner().limits();
  if (level_.depth() > limits.nesting_depth)
    return level_.refuse_depth("dict", limits.nesting_depth);
  if (!level_.count(static_cast<size_t>(PyDict_GET_SIZE(container_)),
                    limits.value_elements))
    return refuse(too_many(limits.value_elements));
  copies_ = copy_of(container_);
  return {};
}

expected<void> dict_source::close() {
  Py_ssize_t position = 0;
  PyObject* key = nullptr;
  PyObject* mapped = nullptr;
  auto same = static_cast<size_t>(PyDict_GET_SIZE(container_)) == size();
  for (size_t i = 0; same && i < size(); ++i)
    same = PyDict_Next(container_, &position, &key, &mapped)
           && key == this->key(i) && mapped == this->mapped(i);
  if (!same)
    return refuse_change(container_);
  return {};
}

error dict_source::at_key(size_t index, error what) const {
  return level_.at(std::move(what), dict_key_step(index));
}

error dict_source::at(const value& key, error what) const {
  return level_.at(std::move(what), key_step(key));
}

} // namespace pyactor::capi
