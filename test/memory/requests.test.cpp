#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/function.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/memory/allocation_failure.hpp>
#include <pyactor/test/memory/excuses.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/fake_host.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace requests_test {

using namespace pyactor;
using namespace pyactor::test;

namespace {

/// Whether the answer was right; nothing in place of an error.
using verdict = std::optional<bool>;

/// What is asked of an environment.
struct request {
  std::string_view name;
  verdict (*run)(attach_scope& py, environment& env);

  /// What runs there before it. In a cache for one text it takes the place of
  /// the request's, which is compiled anew each time.
  std::string_view definitions = "pass";
};

template <class T, class U>
verdict is(const expected<T>& answer, const U& wanted) {
  if (!answer)
    return std::nullopt;
  return *answer == wanted;
}

constexpr auto both = "def both(a, b): return [a, b]";

constexpr auto named = "def named(key, x): return {key: x}";

constexpr auto counter = R"(
import pyactor, weakref

class Counter(pyactor.Actor):
    living = weakref.WeakSet()

    def __init__(self, start):
        self.living.add(self)
        self.n = start

    def add(self, *, by):
        self.n += by
        return self.n

    def on_exit(self, reason):
        self.n = reason
)";

verdict exec(attach_scope& py, environment& env) {
  auto done = env.exec(py, source{"def f(x):\n  return [x] * 3\ny = f(1)"});
  return is(done ? env.eval(py, source{"y"}) : unexpected{done.error()},
            value::list({1, 1, 1}));
}

verdict raise(attach_scope& py, environment& env) {
  auto done = env.exec(py, source{"raise ValueError('no') from KeyError('k')"});
  return !done && done.error().code == errc::python_exception;
}

/// Less of it may be known, but not parts of a line.
verdict raise_plainly(attach_scope& py, environment& env) {
  auto done = env.exec(py, source{"raise ValueError('no')"});
  if (done)
    return false;
  std::string_view shown = done.error().traceback;
  return !shown.empty() && shown.ends_with('\n') && !shown.contains("\"\"")
         && !shown.contains("in \n") && !shown.contains("\n.")
         && !shown.ends_with(": \n");
}

verdict refuse(attach_scope& py, environment& env) {
  auto refused = env.eval(py, source{"[{'x': object()}]"});
  return !refused && refused.error().code != errc::not_found;
}

verdict eval(attach_scope& py, environment& env) {
  return is(env.eval<std::vector<int>>(py, source{"[x * 2 for x in (1, 2)]"}),
            std::vector{2, 4});
}

verdict eval_with_names(attach_scope& py, environment& env) {
  return is(env.eval<int>(py, source{"a + 1"}, {{"a", 41}}), 42);
}

verdict eval_generator(attach_scope& py, environment& env) {
  return is(env.eval<bool>(py, source{"any(x for x in (0, 1))"}), true);
}

verdict apply(attach_scope& py, environment& env) {
  arguments args{.positional = {1 << 20}, .keyword = {{"b", "two"}}};
  return is(env.apply(py, "both", args), value::list({1 << 20, "two"}));
}

verdict typed_call(attach_scope& py, environment& env) {
  using numbers = std::map<std::string, std::vector<double>>;
  return is(env.call<numbers>(py, "named", "key", std::vector{0.5, 0.25}),
            numbers{{"key", {0.5, 0.25}}});
}

verdict call_of_import(attach_scope& py, environment& env) {
  auto forgotten
    = env.exec(py, source{"import sys; sys.modules.pop('colorsys', None)"});
  if (!forgotten)
    return std::nullopt;
  return is(env.call<std::vector<double>>(py, "colorsys:rgb_to_yiq", 0, 0, 0),
            std::vector{0.0, 0.0, 0.0});
}

verdict call_of_cpp(attach_scope& py, environment& env) {
  auto doubled = [](std::vector<int> xs) {
    for (auto& x : xs)
      x *= 2;
    return xs;
  };
  if (!define(py, env, "doubled", doubled))
    return std::nullopt;
  return is(env.eval<std::vector<int>>(py, source{"doubled([1, 1 << 20])"}),
            std::vector{2, 1 << 21});
}

verdict throw_in_cpp(attach_scope& py, environment& env) {
  auto sell = [](const std::string& what) -> int {
    throw std::out_of_range{"no " + what};
  };
  if (!define(py, env, "sell", sell))
    return std::nullopt;
  auto sold = env.eval<int>(py, source{"sell('pears')"});
  if (sold)
    return false;
  // Without memory it may come back as less than it was.
  if (sold.error().type != "std.out_of_range"
      || sold.error().message != "no pears")
    return std::nullopt;
  return true;
}

verdict convert(attach_scope& py, environment&) {
  auto big = value::integer(std::string(40, '7'));
  auto x = value::dict(
    {{"ints", value::list({1, *big})},
     {value::tuple({1.5, true}), value::frozenset({"text", value::bytes("b")})},
     {"\xc3\xa9", value::set({value{}, "\xf0\x9f\x90\x8d"})}});
  auto object = to_python(py, x);
  return is(object ? from_python<value>(py, object->get())
                   : unexpected{object.error()},
            x);
}

verdict live_and_die(attach_scope& py, environment&) {
  environment own{py};
  auto done = own.exec(py, source{"class A:\n"
                                  "  def __del__(self): pass\n"
                                  "a = A()"});
  auto result = is(done ? own.eval<bool>(py, source{"a is not None"})
                        : unexpected{done.error()},
                   true);
  own.release(py);
  return result;
}

verdict actor(attach_scope& py, environment& env) {
  auto counter = actor_object::create(
    py, env, actor_class::from_module("__main__:Counter"), {.positional = {1}});
  if (!counter)
    return std::nullopt;
  auto outcome = counter->call(py, "add", {.keyword = {{"by", 41}}});
  auto done = counter->on_exit(py, "over");
  counter->release(py);
  return done ? is(outcome.result, value{42}) : std::nullopt;
}

std::vector<request> requests() {
  return {{"exec", exec},
          {"an exception", raise},
          {"an exception that is raised at once", raise_plainly},
          {"a refusal", refuse},
          {"eval", eval},
          {"eval with names", eval_with_names},
          {"eval of a generator", eval_generator},
          {"call with args and kwargs", apply, both},
          {"typed call", typed_call, named},
          {"call into a module that is imported", call_of_import},
          {"call of a C++ function", call_of_cpp},
          {"call of a C++ function that throws", throw_in_cpp},
          {"a value to Python and back", convert},
          {"an environment from its start to its release", live_and_die},
          {"a Python actor from its start to its release", actor, counter}};
}

std::string_view name(allocator whose) {
  switch (whose) {
    case allocator::cpp:
      return "C++";
    case allocator::raw:
      return "CPython's raw domain";
    case allocator::mem:
      return "CPython's mem domain";
    default:
      return "CPython's object domain";
  }
}

/// Runs a request whose allocation `number` fails.
/// @returns whether it made so many
bool run_failing(attach_scope& py, environment& env, const request& what,
                 allocator whose, size_t number, harm at_most) {
  verdict answer;
  auto reached = false;
  {
    allocation_failure failure{whose, number, at_most};
    try {
      answer = what.run(py, env);
    } catch (const std::bad_alloc&) {
      // As good an error as any; the runtime catches it.
    }
    reached = failure.reached();
  }
  if (answer)
    REQUIRE(*answer);
  else
    REQUIRE(reached);
  return reached;
}

/// Runs a request in an environment of its own, in which allocation `number`
/// fails.
/// @param and_then what to do in that environment after it
/// @returns whether it made so many
template <class Fn>
bool fail_one(attach_scope& py, const request& what, allocator whose,
              size_t number, harm at_most, Fn and_then) {
  INFO("allocation " << number);
  environment env{py};
  run(py, env, source{what.definitions});
  auto before = py.owner().stats().live_environments;
  auto reached = run_failing(py, env, what, whose, number, at_most);
  REQUIRE(py.owner().stats().live_environments == before);
  and_then(env);
  env.release(py);
  return reached;
}

/// As above, and looks that nothing lives on and the next request is answered.
bool live_through(attach_scope& py, const request& what, allocator whose,
                  size_t number, harm at_most = harm::none) {
  return fail_one(py, what, whose, number, at_most, [&](environment& env) {
    if (what.definitions == counter)
      REQUIRE(get<size_t>(py, env, source{"len(Counter.living)"}) == 0);
    REQUIRE(what.run(py, env) == true);
  });
}

/// The numbers of a request's allocations: how many there are, and at which of
/// them CPython loses memory.
struct numbers {
  size_t count = 0;
  std::vector<size_t> lossy;
};

/// Runs a request once for each of its allocations, which fails, but for those
/// at which CPython loses memory.
numbers fail_each(attach_scope& py, const request& what, allocator whose) {
  numbers result;
  for (; live_through(py, what, whose, result.count); ++result.count)
    if (allocation_failure::met() == harm::loss)
      result.lossy.push_back(result.count);
  return result;
}

/// Runs a request once for each of these of its allocations, and no more.
void fail_again(attach_scope& py, const request& what, allocator whose,
                size_t first, size_t last) {
  for (auto number = first; number < last; ++number)
    fail_one(py, what, whose, number, harm::none, [](environment&) {});
}

/// @returns which of a request's allocations, from `first` on and before
///          `last`, leave something behind each time that they fail, and who
///          makes them
std::string leaks_of(attach_scope& py, const request& what, allocator whose,
                     size_t first, size_t last) {
  fail_again(py, what, whose, first, last);
  auto before = count_holdings(py).blocks;
  fail_again(py, what, whose, first, last);
  auto after = count_holdings(py).blocks;
  if (after == before)
    return {};
  if (last - first > 1) {
    auto middle = first + (last - first) / 2;
    return leaks_of(py, what, whose, first, middle)
           + leaks_of(py, what, whose, middle, last);
  }
  return "allocation " + std::to_string(first) + " leaves "
         + std::to_string(static_cast<int64_t>(after - before))
         + " blocks: " + allocation_failure::place() + '\n';
}

/// Fails each of a request's allocations once more.
/// @param count how many it makes
/// @returns as `leaks_of`
std::string leaks_of(attach_scope& py, const request& what, allocator whose,
                     size_t count) {
  auto before = count_holdings(py);
  fail_again(py, what, whose, 0, count);
  // Where it differs, a cache may still have taken something, once.
  if (count_holdings(py) == before)
    return {};
  return leaks_of(py, what, whose, 0, count);
}

/// Looks that each failure is stood, and that none leaves anything behind.
void run_until_none_fails(attach_scope& py, const request& what,
                          allocator whose) {
  INFO(what.name << ", for want of memory from " << name(whose));
  // Caches are warm then, also those of failures.
  auto all = fail_each(py, what, whose);
  // In a second round a sanitizer sees no more, and it is slow.
  if (!instrumented)
    CHECK(leaks_of(py, what, whose, all.count) == "");
  leak_allowance of_cpython;
  for (auto number : all.lossy)
    live_through(py, what, whose, number, harm::loss);
}

main_interpreter& python_with_actors() {
  static fake::host host;
  return python(&host);
}

} // namespace

TEST_CASE("a request for which there is no memory ends in an error or the "
          "right answer, the next one in the right answer, and nothing is left",
          "[requests]") {
  python_with_actors();
  auto run = [&](attach_scope& py) {
    allocation_failure::watch_python();
    for (auto whose : judged_allocators())
      for (auto& what : requests())
        run_until_none_fails(py, what, whose);
  };
  // What has been asked before is compiled anew.
  interpreter_limits limits{.code_cache_entries = 1};
  in_main(run, limits);
  if (main_interpreter::supports_own_gil())
    in_own_gil(run, limits);
  if (judges_python())
    CHECK(wrong_excuses(library::cpython) == "");
}

TEST_CASE("ints are compared without memory; sets fail for want of it",
          "[requests]") {
  auto big = *value::integer(std::string(40, '7'));
  auto same_big = *value::integer(std::string(40, '7'));
  auto x = value::set({big, "text"});
  auto y = value::set({"text", same_big});
  REQUIRE(x == y);
  auto same_integers = false;
  auto memory_was_needed = false;
  {
    allocation_failure failure{allocator::cpp, 0};
    same_integers = big == same_big && big.hash() == same_big.hash();
    try {
      static_cast<void>(x == y);
    } catch (const std::bad_alloc&) {
      memory_was_needed = true;
    }
  }
  CHECK(same_integers);
  CHECK(memory_was_needed);
}

} // namespace requests_test
