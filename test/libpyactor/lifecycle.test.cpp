#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/leak_allowance.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace lifecycle_test {

using namespace pyactor;
using namespace pyactor::test;

namespace fs = std::filesystem;

namespace {

/// Makes cyclic garbage and a thread. CPython 3.12 crashes when a second life
/// imports ssl, which asyncio does; 3.13 loses memory with it.
std::string workload() {
  std::string text = "import json\n"
                     "class C:\n"
                     "  def __init__(self): self.x = [1] * 1000\n"
                     "c = C()\nc.me = c\n"
                     "json.dumps(c.x)\n";
  if (main_interpreter::supports_own_gil())
    text += "import asyncio, decimal\n"
            "async def f(): return await asyncio.to_thread(len, c.x)\n"
            "asyncio.run(f())\n";
  return text;
}

/// A folder of its own, gone afterwards.
class temporary_folder {
public:
  temporary_folder()
    : path_(fs::temp_directory_path()
            / ("pyactor_lifecycle_" + std::to_string(getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }

  ~temporary_folder() {
    fs::remove_all(path_);
  }

  [[nodiscard]] fs::path operator/(std::string_view name) const {
    return path_ / name;
  }

private:
  fs::path path_;
};

size_t resident_kib() {
  std::ifstream in{"/proc/self/statm"};
  size_t total = 0;
  size_t resident = 0;
  in >> total >> resident;
  return resident * 4;
}

size_t open_files() {
  return static_cast<size_t>(std::distance(
    fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{}));
}

void work_in(expected<std::unique_ptr<interpreter>> opened,
             const std::function<void(attach_scope&, environment&)>& fn) {
  if (!opened)
    FAIL(to_string(opened.error()));
  attach_scope py{**opened};
  environment env{py};
  fn(py, env);
}

std::unique_ptr<main_interpreter> start(const python_config& config = {}) {
  // CPython forgets its copy of argv when it starts again.
  malloc_allowance forgotten;
  auto result = main_interpreter::start(config);
  if (!result)
    FAIL(to_string(result.error()) << '\n' << result.error().traceback);
  return *std::move(result);
}

/// Runs `fn` in the main interpreter and in an own-GIL one.
void in_all(main_interpreter& python,
            const std::function<void(attach_scope&, environment&)>& fn) {
  work_in(interpreter::open_main(python), fn);
  if (main_interpreter::supports_own_gil())
    work_in(interpreter::start_own_gil(python), fn);
}

/// One life of Python, with two interpreters of the newest kind at once.
void live_once() {
  auto python = start();
  std::vector<std::jthread> threads;
  for (auto i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      auto run_workload
        = [](attach_scope& py, environment& env) { run(py, env, workload()); };
      work_in(main_interpreter::supports_own_gil()
                ? interpreter::start_own_gil(*python)
                : interpreter::open_main(*python),
              run_workload);
    });
  threads.clear();
  CHECK(python->finalize());
}

} // namespace

TEST_CASE("start and finalize, again and again in one process, leak nothing",
          "[lifecycle]") {
  // Older versions of CPython leave something behind at each end.
  bool is_judged = !instrumented && main_interpreter::supports_own_gil();
  // The least of several lives, as memory comes and goes.
  auto settled = std::numeric_limits<size_t>::max();
  auto left = settled;
  size_t files = open_files();
  // Without figures to compare, what leaves a file open does so at once.
  auto lives = is_judged ? 20 : 5;
  for (auto i = 0; i < lives; ++i) {
    // A thread of its own each time, as in a program that starts over.
    std::jthread{live_once}.join();
    if (i >= 4 && i < 8)
      settled = std::min(settled, resident_kib());
    if (i >= 16)
      left = std::min(left, resident_kib());
  }
  if (is_judged)
    CHECK(left <= settled + 1024);
  CHECK(open_files() == files);
}

TEST_CASE("a second start while Python runs is refused", "[lifecycle]") {
  auto python = start();
  auto second = main_interpreter::start({});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::already_exists);
  work_in(interpreter::open_main(*python),
          [](attach_scope& py, environment& env) { CHECK(works(py, env)); });
}

TEST_CASE("finalizing twice is harmless", "[lifecycle]") {
  auto python = start();
  CHECK(python->finalize());
  CHECK(python->finalize());
  CHECK(interpreter::open_main(*python).error().code == errc::start_failed);
}

TEST_CASE("finalize waits for Python's threads and runs atexit",
          "[lifecycle]") {
  temporary_folder folder;
  auto path = folder / "written";
  auto python = start();
  work_in(interpreter::open_main(*python),
          [&](attach_scope& py, environment& env) {
            REQUIRE(env.set(py, "path", path.string()));
            run(py, env,
                "import atexit, threading, time\n"
                "def write(x, path=path, open=open, sleep=time.sleep):\n"
                "  sleep(0.05)\n"
                "  with open(path, 'a') as f: f.write(x)\n"
                "threading.Thread(target=write, args='t', daemon=False)"
                ".start()\n"
                "atexit.register(write, 'a')\n");
          });
  CHECK(python->finalize());
  std::string text;
  std::ifstream{path} >> text;
  CHECK(text == "ta");
}

TEST_CASE("search paths come first, in each interpreter", "[lifecycle]") {
  temporary_folder folder;
  std::ofstream{folder / "colorsys.py"} << "here = 'größer'\n";
  auto python = start({.search_paths = {(folder / "").string(), "/no/such"}});
  in_all(*python, [&](attach_scope& py, environment& env) {
    run(py, env, "import colorsys, sys");
    CHECK(get<std::string>(py, env, "colorsys.here") == "größer");
    CHECK(get<std::string>(py, env, "sys.path[1]") == "/no/such");
  });
}

TEST_CASE("a venv's folders come first, .pth files run as its python runs them",
          "[lifecycle]") {
  temporary_folder folder;
  auto venv = folder / "venv";
  auto version = main_interpreter::version();
  auto python_name = "python" + version.substr(0, version.rfind('.'));
  auto command = python_name + " -m venv --without-pip " + venv.string();
  if (std::system(command.c_str()) != 0)
    SKIP("no venv module for " + python_name);
  auto site = venv / "lib" / python_name / "site-packages";
  fs::create_directories(folder / "extra");
  std::ofstream{site / "mine.pth"}
    << (folder / "extra").string()
    << "\nimport sys; sys.pth_runs = getattr(sys, 'pth_runs', 0) + 1\n";
  std::ofstream{folder / "extra/from_pth.py"} << "x = 5\n";
  std::ofstream{site / "colorsys.py"} << "x = 6\n";
  auto count = (venv / "bin/python").string()
               + " -c 'import sys; print(sys.pth_runs)' > "
               + (folder / "runs").string();
  REQUIRE(std::system(count.c_str()) == 0);
  int64_t runs = 0;
  std::ifstream{folder / "runs"} >> runs;
  // With a slash at its end, as shells complete it.
  auto python
    = start({.venv = venv.string() + "/", .search_paths = {"/first"}});
  in_all(*python, [&](attach_scope& py, environment& env) {
    run(py, env, "import sys, from_pth, colorsys");
    CHECK(get<int64_t>(py, env, "from_pth.x + colorsys.x") == 11);
    CHECK(get<int64_t>(py, env, "sys.pth_runs") == runs);
    CHECK(get<std::string>(py, env, "sys.executable")
          == (venv / "bin/python").string());
    CHECK(get<std::vector<std::string>>(py, env, "sys.path[:3]")
          == std::vector<std::string>{"/first", site.string(),
                                      (folder / "extra").string()});
  });
}

TEST_CASE("a folder that is no venv, or one of another Python, is named",
          "[lifecycle]") {
  temporary_folder folder;
  auto none = main_interpreter::start({.venv = (folder / "none").string()});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == errc::invalid_argument);
  CHECK(none.error().message.contains((folder / "none").string()));
  std::ofstream{folder / "pyvenv.cfg"} << "home = /usr/bin\nversion = 3.9.1\n";
  auto old = main_interpreter::start({.venv = (folder / "").string()});
  REQUIRE_FALSE(old);
  CHECK(old.error().code == errc::invalid_argument);
  CHECK(old.error().message.contains("is for Python 3.9.1"));
  std::ofstream{folder / "pyvenv.cfg"} << "home = /usr/bin\n";
  auto empty = main_interpreter::start({.venv = (folder / "").string()});
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message.contains("it lacks"));
  CHECK(main_interpreter::start({}));
}

TEST_CASE("arguments, allocator and switch interval are as configured",
          "[lifecycle]") {
  auto python = start({.arguments = {"prog", "--grüße"},
                       .allocator = python_config::allocator_kind::malloc,
                       .switch_interval = std::chrono::milliseconds{2}});
  CHECK(python->config().arguments.size() == 2);
  in_all(*python, [](attach_scope& py, environment& env) {
    run(py, env, "import sys");
    CHECK(get<std::vector<std::string>>(py, env, "sys.argv")
          == std::vector<std::string>{"prog", "--grüße"});
    CHECK(get<double>(py, env, "sys.getswitchinterval()") == 0.002);
    CHECK(get<bool>(py, env, "sys.flags.isolated == 1"));
  });
  work_in(
    interpreter::open_main(*python), [](attach_scope& py, environment& env) {
      // CPython's own allocator, which counts its blocks, is not in use.
      run(py, env,
          "import sys\nbefore = sys.getallocatedblocks()\n"
          "x = [object() for _ in range(10000)]\n");
      CHECK(get<int64_t>(py, env, "sys.getallocatedblocks() - before") == 0);
    });
}

TEST_CASE("what cannot have its own GIL says why", "[lifecycle]") {
  auto python = start();
  auto opened = interpreter::start_own_gil(*python);
  CHECK(opened.has_value() == main_interpreter::supports_own_gil());
  if (!opened) {
    CHECK(opened.error().code == errc::unsupported);
    CHECK(opened.error().message.contains("kind main"));
  }
}

TEST_CASE("many own-GIL interpreters start and end at once", "[lifecycle]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto python = start();
  // Catch2 judges on one thread at a time: these only count.
  std::atomic<int> right = 0;
  for (auto round = 0; round < 5; ++round) {
    std::vector<std::jthread> threads;
    for (auto i = 0; i < 6; ++i)
      threads.emplace_back([&] {
        auto own = interpreter::start_own_gil(*python);
        if (!own)
          return;
        attach_scope py{**own};
        environment env{py};
        auto loaded = env.exec(py, source{"import datetime, json, re"});
        right += loaded
                 && env.eval<int64_t>(py, source{"6 * json.loads('7')"}) == 42;
        env.release(py);
      });
  }
  CHECK(right == 30);
  CHECK(python->finalize());
}

} // namespace lifecycle_test
