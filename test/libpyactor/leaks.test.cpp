#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <optional>

namespace leaks_test {

using namespace pyactor;
using namespace pyactor::test;

#define TEST(what) TEST_CASE(what, "[leaks]")

namespace {

using types = std::map<std::string, size_t>;

constexpr auto counter = R"(
import pyactor
class Counter(pyactor.Actor):
    def __init__(self): self.x = 0
    def add(self, n):
        self.x += n
        return [self.x]
    def fail(self): raise ValueError(self.x)
)";

/// Does `work` in an interpreter and ends that.
/// @returns what the interpreter has left
leak left_by(const std::function<void(attach_scope&)>& work) {
  need_ledger();
  leak result;
  int64_t references = 0;
  {
    python_world world{any_kind()};
    result.interpreter = world.interpreter->id();
    attach_scope py{*world.interpreter};
    work(py);
  }
  for (auto& each : take_leaks()) {
    references += each.references;
    if (each.blocks == 0)
      continue;
    INFO(to_string(each));
    CHECK(each.interpreter == result.interpreter);
    result = each;
  }
  CHECK(result.tests.size() == (result.blocks > 0 ? 1 : 0));
  if (counts_references())
    CHECK((references > 0) == (result.blocks > 0));
  return result;
}

/// Leaks one object.
void plant(attach_scope& py, const source& expression) {
  environment env{py};
  auto object = env.eval<object_ref>(py, expression);
  REQUIRE(object);
  static_cast<void>(object->release());
}

/// What a program does again and again.
void work_once(attach_scope& py) {
  environment env{py};
  run(py, env, "x = {'a': [1, 2.5, b'bytes', 'text']}\nx['self'] = x");
  CHECK(get<int64_t>(py, env, "len(x) + n", {{"n", value{2}}}) == 4);
  CHECK(env.eval(py, "x['b']").error().type == "builtins.KeyError");
  auto actor = actor_object::create(
    py, env, actor_class::from_source(counter, "Counter"), {});
  REQUIRE(actor);
  CHECK(actor->call(py, "add", {.positional = {value{3}}}).result
        == value::list({3}));
  CHECK(actor->call(py, "fail", {}).ends_actor);
}

} // namespace

TEST("an interpreter whose work is done leaves nothing") {
  auto what = left_by(work_once);
  CHECK(what.blocks == 0);
}

TEST("a leaked environment is found, with what it holds") {
  std::optional<environment> lost;
  auto what = left_by([&](attach_scope& py) {
    lost.emplace(py);
    run(py, *lost, "x = [None]");
  });
  // Its globals and, by `__builtins__`, those of its interpreter.
  CHECK(what.tracked == types{{"dict", 2}, {"list", 1}});
}

TEST("a leaked list is found") {
  auto what = left_by([](attach_scope& py) { plant(py, "[None]"); });
  CHECK(what.tracked == types{{"list", 1}});
  CHECK(what.blocks == 2);
}

TEST("leaked bytes are found") {
  auto what = left_by([](attach_scope& py) { plant(py, "bytes(1000)"); });
  CHECK(what.tracked.empty());
  CHECK(what.blocks == 1);
  CHECK(what.bytes >= 1000);
}

TEST("a leaked actor is found, with its class") {
  std::optional<actor_object> lost;
  auto what = left_by([&](attach_scope& py) {
    environment env{py};
    auto actor = actor_object::create(
      py, env, actor_class::from_source(counter, "Counter"), {});
    REQUIRE(actor);
    lost = std::move(*actor);
  });
  CHECK(what.tracked["Counter"] == 1);
  CHECK(what.tracked["type"] >= 1);
}

TEST("what may leak is not found") {
  auto what = left_by([](attach_scope& py) {
    leak_allowance on_purpose;
    plant(py, "[None]");
  });
  CHECK(what.blocks == 0);
}

TEST("work that is repeated adds nothing to what an interpreter holds") {
  need_ledger();
  python_world world{any_kind()};
  attach_scope py{*world.interpreter};
  // Caches are warm after the second time.
  work_once(py);
  work_once(py);
  auto before = count_holdings(py);
  for (auto i = 0; i < 100; ++i)
    work_once(py);
  auto after = count_holdings(py);
  CHECK(after.objects == before.objects);
  CHECK(after.blocks == before.blocks);
  CHECK(after.references == before.references);
}

TEST("what is kept shows in what an interpreter holds") {
  need_ledger();
  python_world world{any_kind()};
  attach_scope py{*world.interpreter};
  environment env{py};
  auto make = [&](const source& what) {
    return env.eval<object_ref>(py, what).value();
  };
  // Their code is in the cache then.
  make("[None]");
  make("bytes(1000)");
  auto before = count_holdings(py);
  auto list = make("[None]");
  auto with_list = count_holdings(py);
  CHECK(with_list.objects == before.objects + 1);
  CHECK(with_list.blocks == before.blocks + 2);
  auto bytes = make("bytes(1000)");
  auto with_both = count_holdings(py);
  CHECK(with_both.objects == with_list.objects);
  CHECK(with_both.blocks == with_list.blocks + 1);
  if (counts_references())
    CHECK(with_both.references == before.references + 2);
}

TEST("references are counted where the CPython that runs is a debug build") {
  python_world world;
  attach_scope py{*world.interpreter};
  environment env{py};
  auto debug = "hasattr(__import__('sys'), 'gettotalrefcount')";
  CHECK(get<bool>(py, env, debug) == counts_references());
}

} // namespace leaks_test
