#pragma once

#include <pyactor/libpyactor/value.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ml_predictor {

/// One sample that the model was not trained with.
struct sample {
  /// The only argument of `predict`: 64 floats.
  pyactor::arguments pixels;
  /// What it shows.
  int64_t label = 0;
  /// What scikit-learn itself predicts for it.
  int64_t reference = 0;
};

using held_out = std::vector<sample>;

/// Reads what `reference.py` prints.
/// @throws failure
[[nodiscard]] std::shared_ptr<const held_out>
parse_held_out(const std::string& text);

/// @returns a sample that scikit-learn refuses: a pixel is NaN
[[nodiscard]] pyactor::arguments poisoned(const sample& healthy);

} // namespace ml_predictor
