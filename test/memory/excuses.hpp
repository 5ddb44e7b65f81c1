#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pyactor::test {

/// Who asks for memory, and on whose behalf.
struct call_stack {
  /// Within the functions, the innermost first.
  std::array<void*, 64> addresses{};
  size_t size = 0;

  /// @returns that of the calling thread
  [[nodiscard]] static call_stack here();

  /// @returns their names; one empty name for any number in a row that no
  ///          library names, such as static ones
  [[nodiscard]] std::vector<std::string_view> functions() const;
};

/// @returns a function, or a place in a library, for each
[[nodiscard]] std::string to_string(const call_stack& what);

/// What a failed allocation does, with no code of pyactor at fault: nothing, or
/// CPython loses memory, or CPython or CAF does not survive it.
enum class harm { none, loss, death };

/// Counts it, where it is listed.
/// @returns what it does when an allocation fails there
[[nodiscard]] harm harm_at(const call_stack& where);

enum class library { cpython, caf };

/// @returns which excuses that a library has were used fewer times than
///          `at_least`, or more often than they are known to be needed; empty
///          if none was
[[nodiscard]] std::string wrong_excuses(library whose, size_t at_least = 1);

} // namespace pyactor::test
