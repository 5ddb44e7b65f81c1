#include <pyactor/libpyactor/capi/remote_ref.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace release_test {

using namespace pyactor;
using namespace pyactor::test;

namespace {

/// An environment that notes in a module what happens to others, because what
/// belongs to a dead environment cannot tell.
constexpr auto witness_text = R"(
import sys, types
log = types.ModuleType("log")
log.lines = []
sys.modules["log"] = log
)";

constexpr auto noisy_class = R"(
import log, threading
def describe(name): return f"{name} {limit}"
limit = 10
class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): log.lines.append(describe(self.name))
)";

template <class F>
auto with_witness(F fn) {
  return [fn](attach_scope& py) {
    environment witness{py};
    run(py, witness, witness_text);
    fn(py, witness);
  };
}

using lines = std::vector<std::string>;

lines logged(attach_scope& py, environment& witness) {
  return get<lines>(py, witness, "log.lines");
}

} // namespace

TEST_CASE("__del__ methods see the functions and classes of their environment",
          "[release]") {
  in_each_kind(with_witness([](attach_scope& py, environment& witness) {
    environment env{py};
    run(py, env, noisy_class);
    run(py, env,
        "def describe(name, Noisy=None):\n"
        "  return f'{name} {make().__name__}'\n"
        "def make(): return globals()['Noisy']\n"
        "a = Noisy('a')\n");
    env.release(py);
    CHECK(logged(py, witness) == lines{"a Noisy"});
  }));
}

TEST_CASE("values go newest first, and older ones are there meanwhile",
          "[release]") {
  in_each_kind(with_witness([](attach_scope& py, environment& witness) {
    environment env{py};
    run(py, env, noisy_class);
    run(py, env,
        "a = Noisy('a')\nb = Noisy('b')\nc = [Noisy('c')]\n"
        "limit = 11\n");
    env.release(py);
    CHECK(logged(py, witness) == lines{"c 11", "b 11", "a 11"});
  }));
}

TEST_CASE("__del__ methods see what their environment imports lazily",
          "[release]") {
  in_main(with_witness([](attach_scope& py, environment& witness) {
    environment env{py};
    need_lazy_imports(py, env);
    run(py, env, noisy_class);
    run(py, env,
        "a = Noisy('a')\n"
        "lazy from shlex import quote\n"
        "def describe(name): return quote(name + ' b')\n");
    env.release(py);
    CHECK(logged(py, witness) == lines{"'a b'"});
  }));
}

TEST_CASE("what only classes and functions hold goes in the second step",
          "[release]") {
  in_main(with_witness([](attach_scope& py, environment& witness) {
    {
      environment env{py};
      run(py, env,
          "import log\n"
          "class Held:\n"
          "  def __del__(self, lines=log.lines): lines.append('x')\n"
          "def f(x=Held()): pass\n");
    }
    py.owner().collect_garbage(py);
    CHECK(logged(py, witness) == lines{"x"});
  }));
}

TEST_CASE("what only a cycle keeps alive has its globals in its __del__",
          "[release]") {
  in_each_kind(with_witness([](attach_scope& py, environment& witness) {
    {
      environment env{py};
      run(py, env, noisy_class);
      run(py, env, "a = Noisy('a')\na.cycle = a\n");
    }
    py.owner().collect_garbage(py);
    CHECK(logged(py, witness) == lines{"a 10"});
  }));
}

TEST_CASE("long text goes in the first step, although functions remain",
          "[release]") {
  in_main(with_witness([](attach_scope& py, environment& witness) {
    run(py, witness,
        "import gc\ngc.disable()\n"
        "log.data = [b'x' * 100000, 'y' * 100000, 'short' * 2]\n"
        "def counts(): return [sys.getrefcount(x) for x in log.data]\n"
        "before = counts()\n");
    {
      environment env{py};
      run(py, env, "import log\nb, s, t = log.data\ndef f(): return b, s, t\n");
    }
    CHECK(get<bool>(py, witness, "counts()[:2] == before[:2]"));
    run(py, witness, "gc.enable()");
  }));
}

TEST_CASE("weakref callbacks run when their environment goes", "[release]") {
  in_each_kind(with_witness([](attach_scope& py, environment& witness) {
    run(py, witness, "import weakref");
    environment env{py};
    run(py, env, "class C: pass\nc = C()\n");
    run(py, env,
        "import log, weakref\n"
        "log.ref = weakref.ref(c, lambda r, lines=log.lines:"
        " lines.append('gone'))\n");
    env.release(py);
    CHECK(logged(py, witness) == lines{"gone"});
  }));
}

TEST_CASE("a generator that is suspended runs its finally clause",
          "[release]") {
  in_each_kind(with_witness([](attach_scope& py, environment& witness) {
    environment env{py};
    run(py, env,
        "import log\n"
        "def note(x): log.lines.append(x)\n"
        "def g():\n"
        "  try: yield 1\n"
        "  finally: note('closed')\n"
        "it = g()\nnext(it)\n");
    env.release(py);
    CHECK(logged(py, witness) == lines{"closed"});
  }));
}

TEST_CASE("what __del__ raises disturbs neither the release nor its caller",
          "[release]") {
  in_each_kind(with_witness([](attach_scope& py, environment& witness) {
    run(py, witness,
        "caught = []\nsaved = sys.unraisablehook\n"
        "sys.unraisablehook = lambda x: "
        "caught.append(type(x.exc_value).__name__)\n");
    environment env{py};
    run(py, env, noisy_class);
    run(py, env,
        "class Bad:\n  def __del__(self): raise ValueError\n"
        "a = Noisy('a')\nbad = Bad()\nb = Noisy('b')\n");
    env.release(py);
    CHECK(get<lines>(py, witness, "caught") == lines{"ValueError"});
    CHECK(logged(py, witness) == lines{"b 10", "a 10"});
    run(py, witness, "sys.unraisablehook = saved");
  }));
}

TEST_CASE("an environment that __del__ fills again is emptied all the same",
          "[release]") {
  in_main(with_witness([](attach_scope& py, environment& witness) {
    environment env{py};
    run(py, env, noisy_class);
    run(py, env,
        "class Phoenix:\n"
        "  def __del__(self):\n"
        "    globals()['late'] = Noisy('late')\n"
        "p = Phoenix()\n");
    env.release(py);
    py.owner().collect_garbage(py);
    CHECK(logged(py, witness) == lines{"late 10"});
  }));
}

TEST_CASE("keys that are no names do not disturb a release", "[release]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "globals()[1] = 2\nglobals()[(1, 2)] = [3]\n"
        "globals()['__'] = 1\n");
    env.release(py);
    CHECK(env.released());
  });
}

TEST_CASE("an environment that ends itself while it runs goes on to the end",
          "[release]") {
  in_main([](attach_scope& py) {
    auto env = std::make_unique<environment>(py);
    run(py, *env, "import sys\nclass C:\n  def __del__(self): pass\nc = C()\n");
    auto object = env->eval<object_ref>(py, "(lambda: c)");
    env.reset();
    CHECK(object);
    CHECK(py.owner().stats().live_environments == 0);
  });
}

TEST_CASE("dropped on another thread, it is released by its own, with __del__",
          "[release]") {
  in_each_kind([](attach_scope& py) {
    auto& owner = py.owner();
    environment witness{py};
    run(py, witness, witness_text);
    auto env = std::make_unique<environment>(py);
    run(py, *env,
        "import log, threading\n"
        "class Noisy:\n"
        "  def __del__(self):\n"
        "    log.thread = threading.get_ident()\n"
        "x = Noisy()\n");
    std::thread{[&] { env.reset(); }}.join();
    CHECK(owner.stats().pending_releases == 1);
    CHECK(owner.stats().live_environments == 2);
    CHECK_FALSE(get<bool>(py, witness, "hasattr(log, 'thread')"));
    CHECK(owner.drain_releases(py) == 1);
    CHECK(owner.stats().pending_releases == 0);
    CHECK(owner.stats().live_environments == 1);
    CHECK(get<bool>(py, witness,
                    "log.thread == "
                    "__import__('threading').get_ident()"));
    CHECK(owner.drain_releases(py) == 0);
  });
}

TEST_CASE("dropped on its own thread while that is detached, it is queued",
          "[release]") {
  in_main([](attach_scope& py) {
    std::optional<environment> env{py};
    {
      detach_scope out{py};
      env.reset();
      CHECK(py.owner().stats().pending_releases == 1);
    }
    CHECK(py.owner().drain_releases(py) == 1);
  });
}

TEST_CASE("released with the scope of another interpreter, it is queued",
          "[release]") {
  in_main([](attach_scope& py) {
    environment env{py};
    detach_scope out{py};
    std::thread{[&] {
      in_main([&](attach_scope& other) { env.release(other); });
    }}.join();
    CHECK(env.released());
    CHECK(py.owner().stats().pending_releases == 1);
    attach_scope again{py.owner()};
    CHECK(py.owner().drain_releases(again) == 1);
  });
}

TEST_CASE("a release that is queued wakes the owner, once until it drains",
          "[release]") {
  auto opened = interpreter::open_main(python());
  REQUIRE(opened);
  std::atomic<int> woken = 0;
  (*opened)->on_release_queued([&] { ++woken; });
  std::vector<environment> envs;
  {
    attach_scope py{**opened};
    for (auto i = 0; i < 10; ++i)
      envs.emplace_back(py);
  }
  std::thread{[&] { envs.clear(); }}.join();
  CHECK(woken == 1);
  CHECK((*opened)->stats().pending_releases == 10);
  attach_scope py{**opened};
  CHECK((*opened)->drain_releases(py) == 10);
}

TEST_CASE("releases go in the order in which environments died", "[release]") {
  in_main(with_witness([](attach_scope& py, environment& witness) {
    std::vector<environment> envs;
    for (auto i = 0; i < 4; ++i) {
      envs.emplace_back(py);
      run(py, envs.back(), noisy_class);
      run(py, envs.back(), "x = Noisy('" + std::to_string(i) + "')");
    }
    std::thread{[&] {
      for (auto i : {2, 0, 3, 1}) {
        auto gone = std::move(envs[i]);
      }
    }}.join();
    py.owner().drain_releases(py);
    CHECK(logged(py, witness) == lines{"2 10", "0 10", "3 10", "1 10"});
  }));
}

TEST_CASE("the end of an interpreter releases what is queued", "[release]") {
  in_main(with_witness([](attach_scope& py, environment& witness) {
    detach_scope out{py};
    auto opened = interpreter::open_main(python());
    REQUIRE(opened);
    std::optional<environment> env;
    {
      attach_scope other{**opened};
      env.emplace(other);
      run(other, *env, noisy_class);
      run(other, *env, "x = Noisy('x')");
    }
    env.reset();
    opened->reset();
    attach_scope again{py.owner()};
    CHECK(logged(again, witness) == lines{"x 10"});
  }));
}

TEST_CASE("an environment that outlives its interpreter leaks and is lost",
          "[leaks_outliving]") {
  auto& cpython = python();
  leak_allowance lost;
  for (auto start : {interpreter::open_main, interpreter::start_own_gil}) {
    if (start == interpreter::start_own_gil
        && !main_interpreter::supports_own_gil())
      continue;
    auto opened = start(cpython, {});
    REQUIRE(opened);
    std::optional<environment> env;
    capi::remote_ref ref;
    {
      attach_scope py{**opened};
      env.emplace(py);
      run(py, *env, "x = 1");
      ref = {py, env->eval<object_ref>(py, "object()").value()};
    }
    opened->reset();
    in_main([&](attach_scope& py) {
      CHECK(env->eval(py, "x").error().code == errc::wrong_interpreter);
      CHECK(ref.get(py) == nullptr);
    });
    std::thread{[&] { ref = {}; }}.join();
    env.reset();
  }
}

TEST_CASE("a remote reference that dies elsewhere is dropped by its owner",
          "[release]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "import weakref\nclass C: pass\nc = C()\n"
        "ref = weakref.ref(c)\n");
    capi::remote_ref held{py, env.eval<object_ref>(py, "c").value()};
    run(py, env, "del c");
    CHECK(held.get(py) != nullptr);
    CHECK_FALSE(get<bool>(py, env, "ref() is None"));
    std::thread{[moved = std::move(held)]() mutable {
      auto gone = std::move(moved);
    }}.join();
    CHECK_FALSE(get<bool>(py, env, "ref() is None"));
    CHECK(py.owner().drain_releases(py) == 1);
    CHECK(get<bool>(py, env, "ref() is None"));
  });
}

TEST_CASE("a remote reference that dies attached is dropped at once",
          "[release]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "import weakref\nclass C: pass\nc = C()\n"
        "ref = weakref.ref(c)\n");
    {
      capi::remote_ref held{py, env.eval<object_ref>(py, "c").value()};
      run(py, env, "del c");
    }
    CHECK(get<bool>(py, env, "ref() is None"));
    CHECK(py.owner().stats().pending_releases == 0);
  });
}

TEST_CASE("environments that die on many threads are all released",
          "[release]") {
  in_each_kind([](attach_scope& py) {
    constexpr auto threads = 4;
    constexpr auto each = 200;
    std::vector<std::vector<environment>> envs(threads);
    for (auto& mine : envs)
      for (auto i = 0; i < each; ++i)
        mine.emplace_back(py);
    std::vector<std::jthread> killers;
    for (auto& mine : envs)
      killers.emplace_back([&mine] { mine.clear(); });
    auto& owner = py.owner();
    while (owner.stats().released_environments < threads * each) {
      owner.drain_releases(py);
      std::this_thread::yield();
    }
    CHECK(owner.stats().live_environments == 0);
  });
}

} // namespace release_test
