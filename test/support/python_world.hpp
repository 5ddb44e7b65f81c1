#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/test/support/fake_host.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

/// A folder of its own for modules, on `sys.path` of what a test starts.
class module_folder {
public:
  module_folder()
    : path_(std::filesystem::temp_directory_path()
            / ("pyactor_test_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }

  module_folder(const module_folder&) = delete;
  module_folder& operator=(const module_folder&) = delete;

  ~module_folder() {
    std::filesystem::remove_all(path_);
  }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream{path_ / (name + ".py")} << text;
  }

  [[nodiscard]] std::string path() const {
    return path_.string();
  }

private:
  std::filesystem::path path_;
};

/// CPython with a fake host, and one interpreter of the kind that the test is
/// run for.
class python_world {
public:
  enum class with { actors, no_actors };

  explicit python_world(pyactor::interpreter_kind kind
                        = pyactor::interpreter_kind::main,
                        with what = with::actors) {
    pyactor::python_config config;
    config.search_paths = {modules.path()};
    auto started = pyactor::main_interpreter::start(
      config, what == with::actors ? &host : nullptr);
    REQUIRE(started);
    python = std::move(*started);
    interpreter = open(kind);
  }

  [[nodiscard]] std::unique_ptr<pyactor::interpreter>
  open(pyactor::interpreter_kind kind) {
    auto opened = kind == pyactor::interpreter_kind::main
                    ? pyactor::interpreter::open_main(*python)
                    : pyactor::interpreter::start_own_gil(*python);
    if (!opened)
      FAIL(opened.error().message);
    return std::move(*opened);
  }

  module_folder modules;
  fake::host host;
  std::unique_ptr<pyactor::main_interpreter> python;
  std::unique_ptr<pyactor::interpreter> interpreter;
};

/// @returns each kind of interpreter that this CPython has, one after another
inline pyactor::interpreter_kind any_kind() {
  using pyactor::interpreter_kind;
  std::vector kinds{interpreter_kind::main};
  if (pyactor::main_interpreter::supports_own_gil())
    kinds.push_back(interpreter_kind::own_gil);
  return GENERATE_COPY(Catch::Generators::from_range(kinds));
}

/// An environment of a `python_world`, attached.
struct attached_python {
  explicit attached_python(python_world& world)
    : py(*world.interpreter), env(py) {
    exec("import pyactor");
  }

  ~attached_python() {
    env.release(py);
  }

  void exec(std::string_view text) {
    auto done = env.exec(py, pyactor::source{text});
    if (!done)
      FAIL(done.error().traceback);
  }

  template <class T = pyactor::value>
  T eval(std::string_view text) {
    auto result = env.eval<T>(py, pyactor::source{text});
    if (!result)
      FAIL(result.error().message);
    return std::move(*result);
  }

  /// @returns `Type: message` of what the statements raise
  std::string raised_by(std::string_view text) {
    auto done = env.exec(py, pyactor::source{text});
    if (done)
      return "nothing";
    return done.error().type + ": " + done.error().message;
  }

  pyactor::attach_scope py;
  pyactor::environment env;
};
