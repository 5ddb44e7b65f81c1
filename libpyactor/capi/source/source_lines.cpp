#include <Python.h>

#include <pyactor/libpyactor/capi/source/source_lines.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

/// @returns the dict `linecache.cache`, or null
object_ref line_cache() {
  auto module = object_ref::steal(PyImport_ImportModule("linecache"));
  if (!module)
    return {};
  auto cache = attribute(module.get(), "cache");
  return cache && PyDict_Check(cache.get()) ? cache : object_ref{};
}

/// Where Python's tokenizer ends a line, unlike `str.splitlines`, which knows
/// more ends.
/// @returns a list of the lines, each ending as in a file that is read as text,
///          or null with an exception set
object_ref split_lines(std::string_view text) {
  auto result = object_ref::steal(PyList_New(0));
  while (result && !text.empty()) {
    auto end = text.find_first_of("\r\n");
    std::string content{text.substr(0, end)};
    if (end == text.npos) {
      text = {};
    } else {
      text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
      content.push_back('\n');
    }
    auto line = make_text(content);
    if (!line || PyList_Append(result.get(), line.get()) != 0)
      return {};
  }
  return result;
}

/// @returns `(size, None, lines, file)`: without a modification time,
///          `linecache.checkcache` leaves an entry alone
object_ref make_entry(const object_ref& file, std::string_view text) {
  auto lines = split_lines(text);
  if (!lines)
    return {};
  return object_ref::steal(Py_BuildValue("nOOO",
                                         static_cast<Py_ssize_t>(text.size()),
                                         Py_None, lines.get(), file.get()));
}

} // namespace

source_lines::source_lines(object_ref file, std::string_view text, bool replace)
  : file_(std::move(file)) {
  cache_ = line_cache();
  if (cache_
      && (replace || !PyDict_GetItemWithError(cache_.get(), file_.get())))
    entry_ = make_entry(file_, text);
  if (entry_ && PyDict_SetItem(cache_.get(), file_.get(), entry_.get()) != 0)
    entry_ = {};
  PyErr_Clear();
}

source_lines& source_lines::operator=(source_lines&& other) noexcept {
  remove();
  cache_ = std::move(other.cache_);
  file_ = std::move(other.file_);
  entry_ = std::move(other.entry_);
  return *this;
}

source_lines::~source_lines() {
  remove();
}

void source_lines::remove() noexcept {
  if (!entry_)
    return;
  if (PyDict_GetItemWithError(cache_.get(), file_.get()) == entry_.get())
    PyDict_DelItem(cache_.get(), file_.get());
  PyErr_Clear();
  entry_ = {};
}

} // namespace pyactor::capi
