#include <Python.h>

#include <pyactor/libpyactor/capi/names/name_cache.hpp>

#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

#include <functional>
#include <vector>

namespace pyactor::capi {

namespace {

/// Splits `a.b` into `a` and `b`; empty where a part is.
std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> result;
  for (;;) {
    auto dot = path.find('.');
    auto part = path.substr(0, dot);
    if (part.empty())
      return {};
    result.push_back(part);
    if (dot == path.npos)
      return result;
    path.remove_prefix(dot + 1);
  }
}

unexpected bad_name(std::string_view name) {
  return fail(errc::invalid_argument,
              "'" + std::string{name}
                + "' names nothing that can be called: write 'function', "
                  "'object.method' or 'module:function'");
}

object_ref make_parts(std::string_view module,
                      const std::vector<std::string_view>& path) {
  auto result
    = object_ref::steal(PyTuple_New(static_cast<Py_ssize_t>(path.size() + 1)));
  if (!result)
    return {};
  auto first = module.empty() ? object_ref::borrow(Py_None) : make_name(module);
  if (!first)
    return {};
  PyTuple_SET_ITEM(result.get(), 0, first.release());
  Py_ssize_t i = 1;
  for (auto part : path) {
    auto name = make_name(part);
    if (!name)
      return {};
    PyTuple_SET_ITEM(result.get(), i++, name.release());
  }
  return result;
}

} // namespace

name_cache::name_cache(size_t capacity) : names_(capacity) {
}

expected<object_ref> name_cache::find(attach_scope& py, std::string_view name) {
  auto hash = std::hash<std::string_view>{}(name);
  auto same = [name](const entry& x) { return x.name == name; };
  if (auto* found = names_.find(hash, same))
    return found->parts;
  auto colon = name.find(':');
  auto module = colon == name.npos ? std::string_view{} : name.substr(0, colon);
  auto path = split_path(colon == name.npos ? name : name.substr(colon + 1));
  if (path.empty() || (colon != name.npos && split_path(module).empty()))
    return bad_name(name);
  auto parts = make_parts(module, path);
  if (!parts)
    return unexpected{fetch_error(py)};
  names_.insert(hash, {std::string{name}, parts});
  return parts;
}

void name_cache::clear() noexcept {
  while (names_.take_oldest())
    ;
}

} // namespace pyactor::capi
