#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pyactor {

/// Two's complement of any size, least significant byte first.
using complement_bytes = std::vector<std::byte>;

/// @returns the same number without the bytes that only repeat its sign; zero
///          is one byte
[[nodiscard]] std::span<const std::byte>
shortest_complement(std::span<const std::byte> complement) noexcept;

/// @param digits decimal, or hexadecimal with `0x`; a `-` may come first
/// @returns nothing where `digits` is no such number
/// @note quadratic in the length for decimal digits
[[nodiscard]] std::optional<complement_bytes>
parse_integer(std::string_view digits);

/// @returns how many bits the number has without its sign, as Python's
///          `bit_length` tells them
[[nodiscard]] size_t integer_bits(std::span<const std::byte> complement);

/// @returns decimal digits, with `-` where it is negative
/// @note quadratic in the length
[[nodiscard]] std::string
integer_to_decimal(std::span<const std::byte> complement);

/// @returns the number as a double, or nothing where no double is equal to it
[[nodiscard]] std::optional<double>
integer_to_double(std::span<const std::byte> complement);

} // namespace pyactor
