#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace PYACTOR_EXPORT pyactor {

/// @param limit on the containers that nest
/// @returns what is wrong with a value that nests deeper
/// @thread any
[[nodiscard]] std::string too_deep(size_t limit);

/// @param limit on the elements of all containers
/// @returns what is wrong with a value that has more
/// @thread any
[[nodiscard]] std::string too_many(size_t limit);

/// Steps that are shown of a path that is too deep.
inline constexpr size_t shown_steps = 8;

/// One container on the way from the root to what this thread converts just
/// now. Bounds the recursion, and knows the steps back to the root.
/// @thread lives on the stack of one thread, innermost last
class nesting {
public:
  /// Keeps what is converted from here on apart from what this thread converts
  /// already: a conversion may run Python code, and that may call C++ anew.
  /// @thread lives on the stack of one thread
  class fresh_root {
  public:
    fresh_root() noexcept : outer_(std::exchange(innermost_, nullptr)) {
    }

    fresh_root(const fresh_root&) = delete;
    fresh_root& operator=(const fresh_root&) = delete;

    ~fresh_root() {
      innermost_ = outer_;
    }

  private:
    nesting* outer_;
  };

  /// @param container identifies what is converted; it is never looked into
  explicit nesting(const void* container) noexcept
    : container_(container), up_(innermost_),
      root_(innermost_ ? innermost_->root_ : this),
      depth_(innermost_ ? innermost_->depth_ + 1 : 1) {
    innermost_ = this;
  }

  nesting(const nesting&) = delete;
  nesting& operator=(const nesting&) = delete;

  ~nesting() {
    innermost_ = up_;
  }

  /// @returns how many containers there are from the root to this one
  [[nodiscard]] size_t depth() const noexcept {
    return depth_;
  }

  /// Counts what this container holds towards all that is converted.
  /// @param elements of this container alone
  /// @param limit on those of all containers since the root
  /// @returns whether that is within the limit
  [[nodiscard]] bool count(size_t elements, size_t limit) noexcept {
    root_->elements_ += elements;
    return root_->elements_ <= limit;
  }

  /// @param type of this container, for example `list`
  /// @param limit on the containers that nest
  /// @returns `not_convertible`: this one is too deep, or contains itself
  [[nodiscard]] unexpected refuse_depth(std::string_view type, size_t limit);

  /// @param what the conversion of that failed with
  /// @param step from this container to it, as conversion/path.hpp makes them
  /// @returns the failure of something in this container
  [[nodiscard]] error at(error what, std::string_view step) const;

private:
  /// @returns the outermost container that is entered a second time, or null
  [[nodiscard]] nesting* first_repetition() noexcept;

  /// Leaves this container and those in it out of paths: their steps would only
  /// repeat.
  void leave_out() noexcept;

  const void* container_;
  nesting* up_;
  nesting* root_;
  size_t depth_;
  /// In the root only.
  size_t elements_ = 0;
  bool left_out_ = false;

  static constinit thread_local nesting* innermost_;
};

} // namespace pyactor
