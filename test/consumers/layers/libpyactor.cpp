// Python in a program without actors.

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>

#include <iostream>

using namespace pyactor;

int main() {
  auto python = value_or_throw(main_interpreter::start({}));
  auto inside = value_or_throw(interpreter::open_main(*python));
  attach_scope py{*inside};
  environment env{py};
  auto answer = env.eval<int>(py, "6 * 7");
  if (answer != 42) {
    std::cerr << (answer ? "a wrong answer" : to_string(answer.error()))
              << '\n';
    return 1;
  }
}
