#include <pyactor/examples/ml_predictor/held_out.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>

#include <limits>
#include <sstream>
#include <utility>

namespace ml_predictor {

using pyactor::value;

namespace {

constexpr size_t pixel_count = 64;

pyactor::arguments call_with(value::sequence pixels) {
  return {.positional = {value::list(std::move(pixels))}};
}

sample parse_sample(const std::string& line) {
  std::istringstream in{line};
  sample result;
  in >> result.label >> result.reference;
  value::sequence pixels;
  for (double pixel = 0; in >> pixel;)
    pixels.emplace_back(pixel);
  if (pixels.size() != pixel_count)
    throw failure{"reference.py printed a line that is no sample: " + line};
  result.pixels = call_with(std::move(pixels));
  return result;
}

} // namespace

std::shared_ptr<const held_out> parse_held_out(const std::string& text) {
  held_out result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(parse_sample(line));
  if (result.empty())
    throw failure{"reference.py printed no samples"};
  return std::make_shared<const held_out>(std::move(result));
}

pyactor::arguments poisoned(const sample& healthy) {
  auto pixels = *healthy.pixels.positional.front().as_sequence();
  pixels.front() = std::numeric_limits<double>::quiet_NaN();
  return call_with(std::move(pixels));
}

} // namespace ml_predictor
