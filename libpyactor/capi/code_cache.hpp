#pragma once

#include <pyactor/libpyactor/capi/source/compile.hpp>
#include <pyactor/libpyactor/capi/source/lru_table.hpp>
#include <pyactor/libpyactor/capi/source/source_lines.hpp>

#include <string>
#include <vector>

namespace pyactor::capi {

/// Compiled code of one interpreter, by mode, flags, file name, text and
/// overlay names; bounded. Keeps the texts' lines in `linecache` meanwhile.
/// @thread attached
class code_cache {
public:
  explicit code_cache(size_t capacity);

  /// @returns a code object, or an error of `compile`
  expected<object_ref> find_or_compile(attach_scope& py,
                                       const compile_request& what);

  [[nodiscard]] size_t size() const noexcept {
    return codes_.size();
  }

  void clear() noexcept;

private:
  struct entry {
    compile_mode mode;
    int flags;
    std::string text;
    std::string file;
    std::vector<std::string> names;
    object_ref code;
    source_lines lines;

    bool matches(const compile_request& what) const noexcept;
  };

  expected<object_ref> add(attach_scope& py, const compile_request& what,
                           size_t hash);

  lru_table<entry> codes_;
};

} // namespace pyactor::capi
