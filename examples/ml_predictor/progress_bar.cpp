#include <pyactor/examples/ml_predictor/progress_bar.hpp>

#include <spdlog/fmt/fmt.h>

#include <cstdio>

#include <unistd.h>

namespace ml_predictor {

namespace {

constexpr size_t width = 40;

} // namespace

progress_bar::progress_bar(size_t total)
  : on_terminal_(isatty(STDOUT_FILENO) == 1), total_(total) {
  draw();
}

progress_bar::~progress_bar() {
  clear();
}

void progress_bar::show(size_t done) {
  auto percent = done * 100 / total_;
  if (percent == percent_)
    return;
  percent_ = percent;
  draw();
}

void progress_bar::print(const std::string& line) {
  clear();
  fmt::print("{}\n", line);
  draw();
}

void progress_bar::draw() const {
  if (on_terminal_)
    fmt::print("\r[{:<{}}] {:3} %", std::string(percent_ * width / 100, '#'),
               width, percent_);
  std::fflush(stdout);
}

void progress_bar::clear() const {
  if (on_terminal_)
    fmt::print("\r\033[K");
  std::fflush(stdout);
}

} // namespace ml_predictor
