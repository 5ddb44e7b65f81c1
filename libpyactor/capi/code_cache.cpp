#include <Python.h>

#include <pyactor/libpyactor/capi/code_cache.hpp>

#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

#include <algorithm>
#include <functional>

namespace pyactor::capi {

namespace {

size_t combine(size_t seed, std::string_view text) noexcept {
  return (seed ^ std::hash<std::string_view>{}(text)) * 0x9e3779b97f4a7c15;
}

size_t hash_of(const compile_request& what) noexcept {
  auto result
    = std::hash<std::string_view>{}(what.text) + static_cast<size_t>(what.mode);
  if (!what.file.empty())
    result = combine(result, what.file);
  if (what.names)
    for (const auto& [name, x] : *what.names)
      result = combine(result, name);
  return result;
}

/// `<pyactor:0123456789abcdef>`, by FNV-1a: the same in each process.
std::string name_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (auto c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string result = "<pyactor:";
  for (auto shift = 60; shift >= 0; shift -= 4)
    result += "0123456789abcdef"[hash >> shift & 15];
  return result + ">";
}

} // namespace

bool code_cache::entry::matches(const compile_request& what) const noexcept {
  auto same_names = [&] {
    return std::ranges::equal(names, *what.names, {}, {},
                              [](auto& x) -> auto& { return x.first; });
  };
  return mode == what.mode && flags == what.flags && text == what.text
         && file == what.file && (what.names ? same_names() : names.empty());
}

code_cache::code_cache(size_t capacity) : codes_(capacity) {
}

expected<object_ref> code_cache::find_or_compile(attach_scope& py,
                                                 const compile_request& what) {
  auto hash = hash_of(what);
  auto same = [&](const entry& x) { return x.matches(what); };
  if (auto* found = codes_.find(hash, same))
    return found->code;
  return add(py, what, hash);
}

expected<object_ref> code_cache::add(attach_scope& py,
                                     const compile_request& what, size_t hash) {
  if (what.file.contains('\0'))
    return fail(errc::invalid_argument, "a file name holds a NUL byte");
  auto file
    = what.file.empty() ? make_text(name_of(what.text)) : make_text(what.file);
  if (!file)
    return unexpected{fetch_error(py)};
  auto code = compile(py, what, file);
  if (!code)
    return code;
  // The lines of statements matter longer than those of an expression: what
  // they define runs later.
  source_lines lines{file, what.text, what.mode == compile_mode::statements};
  entry added{
    what.mode, what.flags, std::string{what.text}, std::string{what.file},
    {},        *code,      std::move(lines)};
  if (what.names)
    for (const auto& [name, x] : *what.names)
      added.names.push_back(name);
  // Python code may have run meanwhile and added the same: harmless.
  codes_.insert(hash, std::move(added));
  return code;
}

void code_cache::clear() noexcept {
  while (codes_.take_oldest())
    ;
}

} // namespace pyactor::capi
