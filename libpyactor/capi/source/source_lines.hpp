#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

#include <string_view>

namespace pyactor::capi {

/// The lines of a compiled text in Python's `linecache`, so that tracebacks
/// show them although no file holds them. Failures are no errors: tracebacks
/// then lack the lines.
/// @thread attached, destructor included
class source_lines {
public:
  source_lines() = default;

  /// @param replace whether another text of this file name gives way
  source_lines(object_ref file, std::string_view text, bool replace);

  source_lines(source_lines&&) noexcept = default;
  source_lines& operator=(source_lines&& other) noexcept;

  /// Takes the lines out of `linecache`, unless another text has their place.
  ~source_lines();

private:
  void remove() noexcept;

  /// Held, because to look it up again takes memory, which there may be none
  /// of when the lines are to go.
  object_ref cache_;
  object_ref file_;
  object_ref entry_;
};

} // namespace pyactor::capi
