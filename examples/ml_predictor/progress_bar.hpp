#pragma once

#include <cstddef>
#include <string>

namespace ml_predictor {

/// A bar at the foot of the terminal; nothing where the output is none.
class progress_bar {
public:
  explicit progress_bar(size_t total);

  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  ~progress_bar();

  void show(size_t done);

  /// Prints a line above the bar.
  void print(const std::string& line);

private:
  void draw() const;
  void clear() const;

  bool on_terminal_;
  size_t total_;
  size_t percent_ = 0;
};

} // namespace ml_predictor
