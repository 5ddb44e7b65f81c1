#include <pyactor/libpyactor/conversion/numbers.hpp>

#include <pyactor/libpyactor/big_integer.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>

#include <limits>
#include <string>

namespace pyactor {

namespace {

std::string bounds(integer_shape shape) {
  auto most = std::numeric_limits<uint64_t>::max() >> (64 - shape.bits);
  if (!shape.is_signed)
    return "0 to " + std::to_string(most);
  return '-' + std::to_string(most / 2 + 1) + " to " + std::to_string(most / 2);
}

} // namespace

std::optional<double> to_exact_double(const value& number) {
  return integer_to_double(number.integer_bytes());
}

std::optional<uint64_t> to_uint64(const value& number) {
  if (auto small = number.as_int64())
    return *small < 0 ? std::nullopt
                      : std::optional{static_cast<uint64_t>(*small)};
  auto complement = number.integer_bytes();
  constexpr size_t size = sizeof(uint64_t);
  if (complement.size() != size + 1 || complement.back() != std::byte{})
    return std::nullopt;
  uint64_t result = 0;
  for (size_t i = size; i-- > 0;)
    result = result << 8 | std::to_integer<uint64_t>(complement[i]);
  return result;
}

unexpected refuse_misfit(const value& number, integer_shape wanted) {
  return refuse(shown_key(number) + " does not fit "
                + (wanted.is_signed ? "a signed" : "an unsigned")
                + " integer of " + std::to_string(wanted.bits) + " bits ("
                + bounds(wanted) + "); ask for a wider one, or for a value");
}

unexpected refuse_inexact(const value& number) {
  return refuse("no double is equal to " + shown_key(number)
                + "; pass float(x) to round it");
}

unexpected refuse_misfit_float(double number) {
  return refuse(shown_key(number)
                + " does not fit a float of 32 bits; ask for "
                  "double");
}

} // namespace pyactor
