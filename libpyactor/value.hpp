#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {

/// Integer types that stand for numbers: neither `bool` nor a character type.
template <class T>
concept integer_type
  = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>
    && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t>
    && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Plain C++ data that crosses every border between C++ and Python: immutable,
/// cheap to copy (containers and texts are shared), free of Python objects.
///
/// Equality is by kind and content: `value(1)`, `value(true)` and `value(1.0)`
/// differ; floats compare bit for bit; lists, tuples and dicts compare in
/// order, sets do not, which takes memory.
/// @thread any; copies may be used on different threads at once
class value {
public:
  /// What a value is in Python.
  enum class kind : uint8_t {
    /// `None`.
    none,
    /// `True` or `False`, which are no numbers here.
    boolean,
    /// An `int` of any size.
    integer,
    /// A `float`, NaN and the infinities included.
    floating,
    /// A `str`, in UTF-8.
    str,
    /// `bytes` of any content.
    bytes,
    /// A `list`.
    list,
    /// A `tuple`; a `std::pair` and a `std::tuple` become one.
    tuple,
    /// A `dict`, whose order is kept, and counts where two are compared.
    dict,
    /// A `set`, whose order has no meaning.
    set,
    /// A `frozenset`: a set that can be a key.
    frozenset,
    /// A `pyactor.ActorRef`: a reference to an actor, not a copy of it.
    actor,
  };

  /// Items of a container, in order.
  using sequence = std::vector<value>;
  /// Keys and what they stand for, in order.
  using mapping = std::vector<std::pair<value, value>>;

  /// No value is nested deeper, so that recursion over one is always safe.
  static constexpr size_t max_depth = 1000;

  /// Python's `None`.
  value() noexcept = default;

  /// Python's `True` or `False`; nothing converts to it silently.
  /// @param x a `bool` and nothing else
  template <std::same_as<bool> T>
  value(T x) noexcept : data_(x) {
  }

  /// An integer.
  /// @param x of up to 64 bits, signed or unsigned; a character is none
  template <integer_type T>
  value(T x) : value(from_integral(x)) {
  }

  /// Python's `float`.
  /// @param x kept bit for bit; NaN and infinity, too
  template <std::floating_point T>
    requires(sizeof(T) <= sizeof(double))
  value(T x) noexcept : data_(static_cast<double>(x)) {
  }

  /// Text.
  /// @param text UTF-8, which is checked where it becomes Python's `str`
  value(std::string text);
  /// As above.
  /// @param text is copied
  value(std::string_view text);
  /// As above.
  /// @param text is copied, up to the NUL byte; not null
  value(const char* text);

  /// @param data any bytes
  /// @returns Python's `bytes`
  [[nodiscard]] static value bytes(std::string data);
  /// @param data is copied
  /// @returns as above
  [[nodiscard]] static value bytes(std::span<const std::byte> data);

  /// The containers throw `std::length_error` beyond `max_depth`.
  /// @param items in order
  /// @returns a list
  [[nodiscard]] static value list(sequence items);
  /// @param items in order
  /// @returns a tuple
  [[nodiscard]] static value tuple(sequence items);
  /// @param items keys and what they stand for; they keep their order. Equal
  ///              keys are an error where the value becomes a Python dict
  /// @returns a dict
  [[nodiscard]] static value dict(mapping items);
  /// @param items their order has no meaning. Equal ones are an error where the
  ///              value becomes a Python set
  /// @returns a set
  [[nodiscard]] static value set(sequence items);
  /// @param items as for `set`
  /// @returns a set that can be a key in Python
  [[nodiscard]] static value frozenset(sequence items);

  /// @param who shared with the value; null gives `none`
  /// @returns an actor
  [[nodiscard]] static value actor(std::shared_ptr<const actor_ref> who);

  /// An integer of any size.
  /// @param digits decimal, or hexadecimal with `0x`; a `-` may come first
  /// @returns `invalid_argument` for anything else
  [[nodiscard]] static expected<value> integer(std::string_view digits);

  /// @param complement two's complement, least significant byte first; empty is
  ///                   0
  /// @returns an integer of any size
  [[nodiscard]] static value integer(std::span<const std::byte> complement);

  /// @returns what the value is in Python
  [[nodiscard]] kind type() const noexcept;

  /// @returns whether it is Python's `None`
  [[nodiscard]] bool is_none() const noexcept {
    return std::holds_alternative<std::monostate>(data_);
  }

  // Each accessor returns null where the value is of another kind.

  /// @returns its truth; null also for the integers 0 and 1
  [[nodiscard]] const bool* as_bool() const noexcept {
    return std::get_if<bool>(&data_);
  }

  /// @returns the number; null also for an integer that needs more than 64 bits
  [[nodiscard]] const int64_t* as_int64() const noexcept {
    return std::get_if<int64_t>(&data_);
  }

  /// @returns the number; null also for an integer
  [[nodiscard]] const double* as_double() const noexcept {
    return std::get_if<double>(&data_);
  }

  /// @returns text; UTF-8 where it came from Python
  [[nodiscard]] const std::string* as_str() const noexcept;
  /// @returns the content of `bytes`
  [[nodiscard]] const std::string* as_bytes() const noexcept;
  /// @returns the items of a list, tuple, set or frozenset
  [[nodiscard]] const sequence* as_sequence() const noexcept;
  /// @returns keys and what they stand for, in order
  [[nodiscard]] const mapping* as_dict() const noexcept;
  /// @returns the actor, shared
  [[nodiscard]] std::shared_ptr<const actor_ref> as_actor() const noexcept;

  /// @returns two's complement of an integer, least significant byte first, as
  ///          short as it can be; empty for other kinds
  [[nodiscard]] std::vector<std::byte> integer_bytes() const;

  /// @returns how deep containers nest: 0 for a scalar, 1 for a list of scalars
  [[nodiscard]] size_t depth() const noexcept;

  /// @returns a number that is equal for equal values
  [[nodiscard]] size_t hash() const noexcept;

  friend bool operator==(const value& x, const value& y);

private:
  /// As `integer_bytes` gives it; never one that fits 64 bits.
  struct big_node {
    std::vector<std::byte> complement;
  };

  struct text_node {
    kind what;
    std::string content;
  };

  struct sequence_node {
    kind what;
    size_t depth;
    sequence content;
  };

  struct mapping_node {
    size_t depth;
    mapping content;
  };

  template <class T>
  using shared = std::shared_ptr<const T>;

  using storage
    = std::variant<std::monostate, bool, int64_t, double, shared<big_node>,
                   shared<text_node>, shared<sequence_node>,
                   shared<mapping_node>, shared<actor_ref>>;

  explicit value(storage data) noexcept : data_(std::move(data)) {
  }

  template <std::integral T>
  static value from_integral(T x) {
    if (std::in_range<int64_t>(x))
      return value{storage{static_cast<int64_t>(x)}};
    return from_unsigned(static_cast<uint64_t>(x));
  }

  static value from_unsigned(uint64_t x);
  static value from_text(kind what, std::string content);
  static value from_items(kind what, sequence content);

  storage data_;
};

/// @param x text in it that is not UTF-8 is escaped
/// @returns `x` as Python's `repr` would show it; a long one is not shortened
/// @note quadratic in the length of an integer
[[nodiscard]] std::string to_string(const value& x);

/// @param x an integer in it may be of any size
/// @returns the same with the size, for example `an int of 4096 bits`, in place
///          of an integer of more than 64 bytes; linear
[[nodiscard]] std::string to_short_string(const value& x);

/// @param what as `value::type` gives it
/// @returns Python's name of the kind, for example `list`
[[nodiscard]] std::string_view to_string(value::kind what) noexcept;

/// What a callable is called with.
struct arguments {
  /// By position.
  std::vector<value> positional = {};
  /// By name, in order.
  std::vector<std::pair<std::string, value>> keyword = {};

  friend bool operator==(const arguments&, const arguments&) = default;
};

} // namespace pyactor

template <>
struct std::hash<pyactor::value> {
  size_t operator()(const pyactor::value& x) const noexcept {
    return x.hash();
  }
};
