#include <pyactor/libpyactor/big_integer.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace pyactor {

namespace {

/// A magnitude in base 2^32, least significant limb first; zero has none.
using limbs = std::vector<uint32_t>;

/// What is taken from or put into a magnitude at a time.
constexpr uint32_t decimal_chunk = 1'000'000'000;
constexpr size_t decimal_chunk_digits = 9;

constexpr size_t limb_bytes = sizeof(uint32_t);

void multiply_add(limbs& magnitude, uint32_t factor, uint32_t summand) {
  uint64_t carry = summand;
  for (auto& limb : magnitude) {
    carry += uint64_t{limb} * factor;
    limb = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  if (carry)
    magnitude.push_back(static_cast<uint32_t>(carry));
}

/// Divides in place.
/// @returns the remainder
uint32_t divide(limbs& magnitude, uint32_t divisor) {
  uint64_t rest = 0;
  for (auto i = magnitude.rbegin(); i != magnitude.rend(); ++i) {
    rest = rest << 32 | *i;
    *i = static_cast<uint32_t>(rest / divisor);
    rest %= divisor;
  }
  while (!magnitude.empty() && magnitude.back() == 0)
    magnitude.pop_back();
  return static_cast<uint32_t>(rest);
}

/// Exchanges a number in two's complement for its negative, in place.
void negate(complement_bytes& complement) {
  unsigned carry = 1;
  for (auto& byte : complement) {
    carry += std::to_integer<unsigned>(~byte);
    byte = static_cast<std::byte>(carry);
    carry >>= 8;
  }
}

bool is_negative(std::span<const std::byte> complement) {
  return !complement.empty()
         && (complement.back() & std::byte{0x80}) != std::byte{};
}

std::optional<limbs> parse_decimal(std::string_view digits) {
  limbs result;
  while (!digits.empty()) {
    auto chunk = digits.substr(0, decimal_chunk_digits);
    uint32_t number = 0;
    uint32_t scale = 1;
    for (auto digit : chunk) {
      if (digit < '0' || digit > '9')
        return std::nullopt;
      number = number * 10 + static_cast<uint32_t>(digit - '0');
      scale *= 10;
    }
    multiply_add(result, scale, number);
    digits.remove_prefix(chunk.size());
  }
  return result;
}

std::optional<limbs> parse_hexadecimal(std::string_view digits) {
  limbs result;
  while (!digits.empty()) {
    auto size = std::min(digits.size(), 2 * limb_bytes);
    auto chunk = digits.substr(digits.size() - size);
    auto isdigit = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
             || (c >= 'A' && c <= 'F');
    };
    if (!std::ranges::all_of(chunk, isdigit))
      return std::nullopt;
    uint32_t limb = 0;
    std::from_chars(chunk.data(), chunk.data() + chunk.size(), limb, 16);
    result.push_back(limb);
    digits.remove_suffix(size);
  }
  return result;
}

limbs to_limbs(const complement_bytes& magnitude) {
  limbs result((magnitude.size() + limb_bytes - 1) / limb_bytes);
  for (size_t i = 0; i < magnitude.size(); ++i)
    result[i / limb_bytes] |= std::to_integer<uint32_t>(magnitude[i])
                              << 8 * (i % limb_bytes);
  while (!result.empty() && result.back() == 0)
    result.pop_back();
  return result;
}

limbs magnitude_of(std::span<const std::byte> complement) {
  complement_bytes magnitude{complement.begin(), complement.end()};
  if (is_negative(complement))
    negate(magnitude);
  return to_limbs(magnitude);
}

size_t bits_of(const limbs& magnitude) {
  return magnitude.empty()
           ? 0
           : 32 * magnitude.size()
               - static_cast<size_t>(std::countl_zero(magnitude.back()));
}

} // namespace

std::span<const std::byte>
shortest_complement(std::span<const std::byte> complement) noexcept {
  static constexpr std::array zero{std::byte{0}};
  if (complement.empty())
    return zero;
  auto sign = is_negative(complement) ? std::byte{0xff} : std::byte{0};
  auto size = complement.size();
  while (size > 1 && complement[size - 1] == sign
         && is_negative(complement.first(size - 1)) == (sign != std::byte{}))
    --size;
  return complement.first(size);
}

std::optional<complement_bytes> parse_integer(std::string_view digits) {
  auto negative = digits.starts_with('-');
  digits.remove_prefix(negative ? 1 : 0);
  auto hexadecimal = digits.starts_with("0x");
  digits.remove_prefix(hexadecimal ? 2 : 0);
  if (digits.empty())
    return std::nullopt;
  auto magnitude
    = hexadecimal ? parse_hexadecimal(digits) : parse_decimal(digits);
  if (!magnitude)
    return std::nullopt;
  complement_bytes result(magnitude->size() * limb_bytes + 1);
  for (size_t i = 0; i + 1 < result.size(); ++i)
    result[i] = static_cast<std::byte>((*magnitude)[i / limb_bytes]
                                       >> 8 * (i % limb_bytes));
  if (negative)
    negate(result);
  return result;
}

std::optional<double> integer_to_double(std::span<const std::byte> complement) {
  auto rest = magnitude_of(complement);
  if (rest.empty())
    return 0.0;
  auto lowest = std::ranges::find_if(rest, [](auto limb) { return limb != 0; });
  auto first = 32 * (lowest - rest.begin()) + std::countr_zero(*lowest);
  auto last = static_cast<std::ptrdiff_t>(bits_of(rest));
  using limits = std::numeric_limits<double>;
  if (last - first > limits::digits || last > limits::max_exponent)
    return std::nullopt;
  auto result = 0.0;
  for (auto i = rest.size(); i-- > 0;)
    result += std::ldexp(rest[i], static_cast<int>(32 * i));
  return is_negative(complement) ? -result : result;
}

size_t integer_bits(std::span<const std::byte> complement) {
  return bits_of(magnitude_of(complement));
}

std::string integer_to_decimal(std::span<const std::byte> complement) {
  auto rest = magnitude_of(complement);
  std::string result;
  do {
    auto chunk = divide(rest, decimal_chunk);
    for (size_t i = 0; i < decimal_chunk_digits; ++i, chunk /= 10)
      result.push_back(static_cast<char>('0' + chunk % 10));
  } while (!rest.empty());
  result.erase(std::max<size_t>(result.find_last_not_of('0') + 1, 1));
  if (is_negative(complement))
    result.push_back('-');
  std::ranges::reverse(result);
  return result;
}

} // namespace pyactor
