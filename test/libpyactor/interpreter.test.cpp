#include <pyactor/libpyactor/interpreter.hpp>

#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <optional>
#include <thread>

#include <unistd.h>

namespace interpreter_test {

using namespace pyactor;
using namespace pyactor::test;

TEST_CASE("the main interpreter has id 0, an own-GIL one another",
          "[interpreter]") {
  in_main([](attach_scope& py) {
    CHECK(py.owner().kind() == interpreter_kind::main);
    CHECK(py.owner().id() == 0);
  });
  in_own_gil([](attach_scope& py) {
    CHECK(py.owner().kind() == interpreter_kind::own_gil);
    CHECK(py.owner().id() > 0);
    environment env{py};
    CHECK(get<int64_t>(py, env, "__import__('_interpreters').get_current()[0]")
          == py.owner().id());
  });
}

TEST_CASE("threads that open the main interpreter share its modules",
          "[interpreter]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env, "import colorsys; colorsys.mark = 5");
    detach_scope out{py};
    std::thread{[] {
      in_main([](attach_scope& other) {
        environment env{other};
        CHECK(get<int64_t>(other, env, "__import__('colorsys').mark") == 5);
      });
    }}.join();
  });
  in_own_gil([](attach_scope& py) {
    environment env{py};
    CHECK_FALSE(get<bool>(py, env, "hasattr(__import__('colorsys'), 'mark')"));
  });
}

TEST_CASE("an attach scope inside another one leaves the thread attached",
          "[interpreter]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    {
      attach_scope inner{py.owner()};
      CHECK(works(inner, env));
    }
    CHECK(works(py, env));
  });
}

TEST_CASE("an attach scope of another interpreter comes back to the first",
          "[interpreter]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto main = interpreter::open_main(python());
  auto own = interpreter::start_own_gil(python());
  REQUIRE(main);
  REQUIRE(own);
  attach_scope outer{**main};
  environment env{outer};
  {
    attach_scope inner{**own};
    environment other{inner};
    CHECK(works(inner, other));
    CHECK(env.eval(inner, "1").error().code == errc::wrong_interpreter);
  }
  CHECK(works(outer, env));
}

TEST_CASE("a detached thread lets others run Python", "[interpreter]") {
  in_main([](attach_scope& py) {
    environment env{py};
    {
      detach_scope out{py};
      std::thread{[] {
        in_main([](attach_scope& other) {
          environment env{other};
          CHECK(works(other, env));
        });
      }}.join();
    }
    CHECK(works(py, env));
  });
}

TEST_CASE("two own-GIL interpreters are attached at once", "[interpreter]") {
  in_own_gil([](attach_scope& py) {
    environment env{py};
    // Holds its own GIL while the other one works.
    std::thread{[] {
      in_own_gil([](attach_scope& other) {
        environment env{other};
        CHECK(works(other, env));
      });
    }}.join();
    CHECK(works(py, env));
  });
}

TEST_CASE("live and released environments are counted", "[interpreter]") {
  in_each_kind([](attach_scope& py) {
    auto& owner = py.owner();
    CHECK(owner.stats().live_environments == 0);
    environment one{py};
    {
      environment two{py};
      CHECK(owner.stats().live_environments == 2);
    }
    CHECK(owner.stats().live_environments == 1);
    CHECK(owner.stats().released_environments == 1);
    one.release(py);
    CHECK(owner.stats().live_environments == 0);
    CHECK(owner.stats().released_environments == 2);
  });
}

TEST_CASE("a collection frees what only a cycle keeps alive", "[interpreter]") {
  in_each_kind([](attach_scope& py) {
    environment witness{py};
    run(py, witness,
        "import weakref, gc\ngc.disable()\n"
        "class Node: pass\nnode = Node()\nnode.self = node\n"
        "ref = weakref.ref(node)\ndel node\n");
    CHECK_FALSE(get<bool>(py, witness, "ref() is None"));
    py.owner().collect_garbage(py);
    CHECK(get<bool>(py, witness, "ref() is None"));
    run(py, witness, "gc.enable()");
  });
}

TEST_CASE("flushing output reaches both streams, whatever they raise",
          "[interpreter]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "import sys\n"
        "class Stream:\n"
        "  flushed = 0\n"
        "  def write(self, text): pass\n"
        "  def flush(self):\n"
        "    self.flushed += 1\n"
        "    raise OSError('gone')\n"
        "saved = sys.stdout, sys.stderr\n"
        "sys.stdout, sys.stderr = out, err = Stream(), Stream()\n");
    py.owner().flush_output(py);
    run(py, env, "sys.stdout, sys.stderr = saved");
    CHECK(get<int64_t>(py, env, "out.flushed") == 1);
    CHECK(get<int64_t>(py, env, "err.flushed") == 1);
    run(py, env, "sys.stdout = None");
    py.owner().flush_output(py);
    run(py, env, "sys.stdout = saved[0]");
  });
}

TEST_CASE("Python speaks UTF-8 in streams and file names", "[interpreter]") {
  auto folder = std::filesystem::temp_directory_path();
  auto path = folder / ("pyactor_grüße_" + std::to_string(getpid()));
  in_each_kind([&](attach_scope& py) {
    environment env{py};
    CHECK(get<std::string>(py, env, "__import__('sys').stdout.encoding")
          == "utf-8");
    REQUIRE(env.set(py, "path", path.string()));
    run(py, env,
        "import os\n"
        "with open(path, 'w') as f: f.write('Größe')\n"
        "found = os.path.basename(path) in "
        "os.listdir(os.path.dirname(path))\n");
    CHECK(get<bool>(py, env, "found"));
    CHECK(std::filesystem::file_size(path) == 7);
    std::filesystem::remove(path);
  });
}

TEST_CASE("the switch interval holds in each interpreter", "[interpreter]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    CHECK(get<double>(py, env, "__import__('sys').getswitchinterval()")
          == 0.0005);
  });
}

TEST_CASE("Python has no signal handlers of its own", "[interpreter]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env, "import signal");
    CHECK(get<bool>(py, env,
                    "signal.getsignal(signal.SIGINT) is not "
                    "signal.default_int_handler"));
  });
}

TEST_CASE("an own-GIL interpreter neither forks nor starts daemon threads",
          "[interpreter]") {
  in_own_gil([](attach_scope& py) {
    environment env{py};
    CHECK(failure(py, env, "import os; os.fork()").type
          == "builtins.RuntimeError");
    CHECK(failure(py, env,
                  "import threading\n"
                  "threading.Thread(target=int, daemon=True).start()")
            .type
          == "builtins.RuntimeError");
    CHECK(works(py, env));
  });
}

TEST_CASE("running threads are named until they end", "[interpreter]") {
  in_own_gil([](attach_scope& py) {
    environment env{py};
    CHECK(py.owner().running_threads(py).empty());
    run(py, env,
        "import threading\n"
        "go = threading.Event()\n"
        "t = threading.Thread(target=go.wait, name='wörker')\n"
        "t.start()\n");
    CHECK(py.owner().running_threads(py) == std::vector<std::string>{"wörker"});
    run(py, env, "go.set(); t.join()");
    CHECK(py.owner().running_threads(py).empty());
  });
}

TEST_CASE("threads of the main interpreter are named but for daemons",
          "[interpreter]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "import threading\n"
        "go = threading.Event()\n"
        "ts = [threading.Thread(target=go.wait, name=n, daemon=d)\n"
        "      for n, d in [('stays', False), ('daemon', True)]]\n"
        "[t.start() for t in ts]\n");
    CHECK(py.owner().running_threads(py) == std::vector<std::string>{"stays"});
    run(py, env, "go.set(); [t.join() for t in ts]");
  });
}

TEST_CASE("the end of an own-GIL interpreter waits for all of its threads",
          "[interpreter]") {
  auto path = std::filesystem::temp_directory_path()
              / ("pyactor_end_" + std::to_string(getpid()));
  in_own_gil([&](attach_scope& py) {
    environment env{py};
    REQUIRE(env.set(py, "path", path.string()));
    // The environment is gone when they write.
    run(py, env,
        "import _thread, threading, time\n"
        "go = threading.Event()\n"
        "def wait(seconds, path=path, go=go, open=open, sleep=time.sleep):\n"
        "  go.wait()\n"
        "  sleep(seconds)\n"
        "  with open(path, 'a') as f: f.write('x')\n"
        "threading.Thread(target=wait, args=[0.01]).start()\n"
        "_thread.start_new_thread(wait, (0.2,))\n"
        "_thread.start_new_thread(wait, (0.3,))\n");
    CHECK(py.owner().running_threads(py).size() == 3);
    run(py, env, "go.set()");
  });
  CHECK(std::filesystem::file_size(path) == 3);
  std::filesystem::remove(path);
}

TEST_CASE("an abandoned interpreter ends without waiting for Python",
          "[leaks_abandoned]") {
  auto& cpython = python();
  leak_allowance abandoned;
  auto opened = interpreter::open_main(cpython);
  REQUIRE(opened);
  std::optional<environment> queued;
  std::optional<environment> later;
  {
    attach_scope py{**opened};
    for (auto* env : {&queued, &later}) {
      env->emplace(py);
      run(py, **env,
          "import sys\n"
          "class C:\n  def __del__(self, sys=sys): sys.leaked = False\n"
          "c = C()\n");
    }
  }
  queued.reset();
  in_main([&](attach_scope& py) {
    // Nobody else can attach meanwhile.
    std::thread{[&] {
      (*opened)->abandon();
      opened->reset();
      later.reset();
    }}.join();
    environment env{py};
    CHECK_FALSE(get<bool>(py, env, "hasattr(__import__('sys'), 'leaked')"));
  });
}

} // namespace interpreter_test
