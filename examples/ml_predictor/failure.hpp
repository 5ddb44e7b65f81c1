#pragma once

#include <stdexcept>

namespace ml_predictor {

/// Ends the demo with exit code 1; the text is for the user, in one line.
class failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Ends the demo with exit code 130.
class interrupted : public std::runtime_error {
public:
  interrupted() : std::runtime_error("interrupted") {
  }
};

} // namespace ml_predictor
