#include <pyactor/test/support/module_folder.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <sstream>
#include <thread>

namespace options_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

/// Reads options as a program does at its start.
expected<runtime_options> read(const std::string& file,
                               std::vector<std::string> arguments = {}) {
  caf::actor_system_config config;
  configure(config);
  std::istringstream in{file};
  if (auto failed = config.parse(std::move(arguments), in))
    return fail(errc::invalid_argument, render(failed));
  return read_options(config, 2);
}

/// The same, of options that are set by code.
template <class T>
expected<runtime_options> with(const char* key, T what) {
  caf::actor_system_config config;
  configure(config);
  put(config.content, key, std::move(what)); // config.set refuses other types
  return read_options(config, 2);
}

struct mistake {
  /// Content of a configuration file, within `pyactor { ... }`.
  std::string text;
  /// What is named.
  std::string option;
  /// What would be right.
  std::string remedy;
};

std::vector<mistake> mistakes() {
  std::vector<mistake> result{
    {"pools { io { size=0 } }", "pyactor.pools.io.size is 0", "at least 1"},
    {"pools { io { size=-1 } }", "pyactor.pools.io.size is -1", "at least 1"},
    {"pools { io { size=\"two\" } }", "pyactor.pools.io.size", "whole number"},
    {"pools { io { kind=\"fast\" } }", "pyactor.pools.io.kind is 'fast'",
     "main or own_gil"},
    {"pools { io { kind=3 } }", "pyactor.pools.io.kind is 3", "\"main\""},
    {"pools { io { policy=\"random\" } }",
     "pyactor.pools.io.policy is 'random'", "round-robin or least-loaded"},
    {"pools { io { sice=2 } }", "pyactor.pools.io.sice", "kind, size, policy"},
    {"pools { io { preload=1 } }", "pyactor.pools.io.preload", "text"},
    {"pools { io { preload-file=\"/no/such.py\" } }",
     "pyactor.pools.io.preload-file is '/no/such.py'", "can be read"},
    {"pools { io { stack-size=-1 } }", "pyactor.pools.io.stack-size",
     "whole number"},
    {"pools { io { blas-threads=1.5 } }", "pyactor.pools.io.blas-threads",
     "whole number"},
    {"pools { io { blas-threads=1 }, cpu { blas-threads=2 } }", "blas-threads",
     "must agree"},
    {"pools { io=2 }", "pyactor.pools.io is 2", "a dictionary"},
    {"nesting-depth=1001", "pyactor.nesting-depth is 1001", "at most 1000"},
    {"value-elements=0", "pyactor.value-elements is 0", "at least 1"},
    {"nesting-depth=0", "pyactor.nesting-depth is 0", "at least 1"},
    {"code-cache=0", "pyactor.code-cache is 0", "at least 1"},
    {"allocator=\"fast\"", "pyactor.allocator is 'fast'", "standard or malloc"},
    {"switch-interval=-1s", "pyactor.switch-interval", "500us"},
    {"stop-deadline=-1s", "pyactor.stop-deadline", "10s"},
    {"gil-patience=-1s", "pyactor.gil-patience", "10s"},
    {"on-wedged-gil=\"abort\"", "pyactor.on-wedged-gil is 'abort'",
     "report or abort-process"},
    {"search-paths=[1]", "pyactor.search-paths", "list of texts"},
  };
  if (main_interpreter::supports_own_gil())
    result.push_back(
      {"main-thread-is-context=true, pools { default { kind=\"own_gil\" } }",
       "pyactor.main-thread-is-context", "pool of kind main"});
  return result;
}

/// Options that a start, not their reading, refuses.
expected<void> start(runtime_options options) {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  auto started = runtime::runtime::start(system, std::move(options));
  if (!started)
    return unexpected{std::move(started).error()};
  return {};
}

bool says(const error& what, const std::string& part) {
  return matches(what, {what.code, "", part});
}

} // namespace

TEST_CASE("options come from a configuration file", "[options]") {
  auto options
    = read("pyactor {\n"
           "  pools {\n"
           "    io { kind=\"main\", size=3, policy=\"round-robin\",\n"
           "         preload=\"x = 1\", stack-size=4194304,\n"
           "         blas-threads=2 }\n"
           "  }\n"
           "  search-paths=[\"a\", \"b\"]\n"
           "  allocator=\"malloc\"\n"
           "  switch-interval=2ms\n"
           "  nesting-depth=50\n"
           "  value-elements=70\n"
           "  code-cache=7\n"
           "  main-thread-is-context=true\n"
           "  stop-deadline=3s\n"
           "  gil-patience=5s\n"
           "  on-wedged-gil=\"abort-process\"\n"
           "  log-level=\"error\"\n"
           "}\n");
  REQUIRE(options);
  REQUIRE(options->pools.contains("io"));
  auto& io = options->pools["io"];
  CHECK(io.kind == interpreter_kind::main);
  CHECK(io.size == 3);
  CHECK(io.policy == routing_policy::round_robin);
  CHECK(io.preload == "x = 1");
  CHECK(io.stack_size_bytes == 4194304);
  CHECK(io.blas_threads == 2);
  CHECK(options->pools.contains("default"));
  CHECK(options->python.search_paths == std::vector<std::string>{"a", "b"});
  CHECK(options->python.allocator == python_config::allocator_kind::malloc);
  CHECK(options->python.switch_interval == 2ms);
  CHECK(options->limits.nesting_depth == 50);
  CHECK(options->limits.value_elements == 70);
  CHECK(options->limits.code_cache_entries == 7);
  CHECK(options->main_thread_is_context);
  CHECK(options->stop_deadline == 3s);
  CHECK(options->gil_patience == 5s);
  CHECK(options->on_wedged_gil == wedged_gil_policy::abort_process);
  CHECK(options->log_level == "error");
}

TEST_CASE("options come from the command line, which overrules the file",
          "[options]") {
  auto options = read(
    "pyactor { log-level=\"error\", code-cache=7 }",
    {"--pyactor.pools={io={kind=\"main\",size=2}}", "--pyactor.log-level=debug",
     "--pyactor.search-paths=[\"a\"]", "--pyactor.stop-deadline=3s"});
  REQUIRE(options);
  REQUIRE(options->pools.contains("io"));
  CHECK(options->pools["io"].size == 2);
  CHECK(options->log_level == "debug");
  CHECK(options->limits.code_cache_entries == 7);
  CHECK(options->python.search_paths == std::vector<std::string>{"a"});
  CHECK(options->stop_deadline == 3s);
}

TEST_CASE("options come from code", "[options]") {
  auto options = with("pyactor.pools.io.size", 2);
  REQUIRE(options);
  CHECK(options->pools["io"].size == 2);
  CHECK(with("pyactor.venv", std::string{"here"})->python.venv == "here");
}

TEST_CASE("without options there is one pool for the CAF workers",
          "[options]") {
  auto options = read("");
  REQUIRE(options);
  REQUIRE(options->pools.size() == 1);
  auto& pool = options->pools.at("default");
  if (!main_interpreter::supports_own_gil()) {
    CHECK(pool.kind == interpreter_kind::main);
    CHECK(pool.size == 1);
    return;
  }
  CHECK(pool.kind == interpreter_kind::own_gil);
  CHECK(pool.size
        == std::clamp<size_t>(2, 1, std::thread::hardware_concurrency()));
}

TEST_CASE("what is wrong with an option is named, and what would be right",
          "[options]") {
  auto wrong = GENERATE(from_range(mistakes()));
  auto options = read("pyactor { " + wrong.text + " }");
  REQUIRE_FALSE(options);
  CHECK(says(options.error(), wrong.option));
  CHECK(says(options.error(), wrong.remedy));
}

TEST_CASE("an option of another type is named, and what would be right",
          "[options]") {
  auto check = [](const expected<runtime_options>& options,
                  const std::string& name, const std::string& remedy) {
    REQUIRE_FALSE(options);
    CHECK(says(options.error(), "pyactor." + name));
    CHECK(says(options.error(), remedy));
  };
  check(with("pyactor.venv", 3), "venv is 3", "text");
  check(with("pyactor.pools", 3), "pools is 3", "a dictionary");
  check(with("pyactor.search-paths", 3), "search-paths is 3", "list");
  check(with("pyactor.stop-deadline", 3), "stop-deadline is 3", "a time");
  check(with("pyactor.code-cache", std::string{"x"}), "code-cache",
        "whole number");
  check(with("pyactor.main-thread-is-context", 1), "main-thread-is-context",
        "true or false");
  check(with("pyactor.allocator", true), "allocator is true", "malloc");
  check(with("pyactor.log-level", 1), "log-level is 1", "text");
}

TEST_CASE("own-GIL pools start from CPython 3.14 on, and are refused below",
          "[options]") {
  auto version = main_interpreter::version();
  auto minor = std::stoi(version.substr(version.find('.') + 1));
  CHECK(main_interpreter::supports_own_gil() == (minor >= 14));
  auto read_from_file
    = read("pyactor { pools { default { kind=\"own_gil\" } } }");
  auto started = start(one_pool(interpreter_kind::own_gil));
  REQUIRE(read_from_file.has_value() == (minor >= 14));
  REQUIRE(started.has_value() == (minor >= 14));
  if (minor >= 14)
    return;
  for (const auto& refused : {read_from_file.error(), started.error()}) {
    CHECK(matches(refused, {errc::unsupported, "", "needs CPython 3.14"}));
    CHECK(says(refused, "this is CPython " + version));
    CHECK(says(refused, "Use kind main"));
  }
}

TEST_CASE("options from code are checked at the start", "[options]") {
  auto options = one_pool(interpreter_kind::main);
  SECTION("a pool of size 0") {
    options.pools["default"].size = 0;
    CHECK(fails(start(options), {errc::invalid_argument, "",
                                 "pyactor.pools.default.size is 0"}));
  }
  SECTION("a log level that is none") {
    options.log_level = "loud";
    auto refused = start(options);
    CHECK(fails(refused, {errc::invalid_argument, "", "'loud'"}));
    CHECK(says(refused.error(), "trace, debug, info"));
  }
  SECTION("a venv that is none") {
    module_folder folder;
    options.python.venv = folder.path();
    CHECK(fails(start(options), {errc::invalid_argument, "", folder.path()}));
  }
  SECTION("a stack that is too small for a thread") {
    options.pools["default"].stack_size_bytes = 100;
    CHECK(fails(start(options), {errc::invalid_argument, "", "100"}));
  }
  // A start that failed leaves nothing that keeps the next one from working.
  CHECK(start(one_pool(interpreter_kind::main)));
}

TEST_CASE("a pool that is not there is named, and which there are",
          "[options]") {
  runtime_world world{one_pool(interpreter_kind::main, 2)};
  auto where = [&](const placement& what) {
    try {
      static_cast<void>(world.python().context_at(what));
    } catch (const python_error& e) {
      return e.info();
    }
    return error{errc::timed_out, "found"};
  };
  CHECK(matches(where({.pool = "gpu"}),
                {errc::invalid_argument, "", "no pool 'gpu'"}));
  CHECK(says(where({.pool = "gpu"}), "there are: default"));
  CHECK(matches(where({.index = 2}),
                {errc::invalid_argument, "", "has no context 2"}));
  CHECK(says(where({.index = 2}), "the last one is 1"));
}

TEST_CASE("what Python is given is what the options say", "[options]") {
  module_folder folder;
  folder.add("found_by_option", "answer = 42\n");
  auto options = one_pool(interpreter_kind::main);
  options.python.search_paths = {folder.path()};
  options.python.allocator = python_config::allocator_kind::malloc;
  options.python.switch_interval = 3ms;
  options.pools["default"].preload = "import math\nlimit = 17\n";
  options.pools["default"].stack_size_bytes = 3 << 20;
  if (main_interpreter::supports_own_gil())
    options.pools["parallel"] = {.kind = interpreter_kind::own_gil};
  runtime_world world{options};
  for (auto& [pool, what] : world.python().options().pools) {
    auto server = world.python().context_server_at({.pool = pool});
    auto ask = [&](const std::string& expression) {
      return world.ask(server, eval{expression});
    };
    CHECK(ask("__import__('found_by_option').answer") == 42);
    CHECK(ask("round(__import__('sys').getswitchinterval() * 1000)") == 3);
  }
  CHECK(world.ask(world.server(), eval{"limit"}) == 17);
  CHECK(world.ask(world.server(), eval{"math.floor(1.5)"}) == 1);
  size_t stack = 0;
  auto asking = world.python().spawn_function({}, [&](python_actor*) {
    return caf::behavior{[&](int64_t x) {
      pthread_attr_t attributes;
      pthread_getattr_np(pthread_self(), &attributes);
      pthread_attr_getstacksize(&attributes, &stack);
      pthread_attr_destroy(&attributes);
      return x;
    }};
  });
  REQUIRE(world.ask<int64_t>(asking, int64_t{1}));
  CHECK(stack == 3 << 20);
}

TEST_CASE("Python's main thread is a context where that is asked for",
          "[options]") {
  auto is_main = eval{"__import__('threading').current_thread() is "
                      "__import__('threading').main_thread()"};
  auto options = one_pool(interpreter_kind::main, 2);
  options.main_thread_is_context = GENERATE(false, true);
  if (main_interpreter::supports_own_gil())
    options.pools["another"] = {.kind = interpreter_kind::own_gil};
  runtime_world world{options};
  CHECK(world.ask(world.server(0), is_main) == options.main_thread_is_context);
  CHECK(world.ask(world.server(1), is_main) == false);
  CHECK(world.python().stop(patience).complete());
}

} // namespace options_test
