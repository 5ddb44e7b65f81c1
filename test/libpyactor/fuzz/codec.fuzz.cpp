// Has libFuzzer look for bytes on which the codec breaks a promise. The last
// byte chooses a direction and a C++ type, the others say what is converted.

#include <Python.h>

#include <pyactor/cmake/data_folder.hpp>
#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/function.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/test/libpyactor/fuzz/any_value.hpp>
#include <pyactor/test/support/fake_host.hpp>
#include <pyactor/test/support/own_structs.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace pyactor;
using namespace pyactor::test;

/// What an object or a value is converted to.
using targets = std::tuple<
  value, bool, int64_t, uint64_t, int8_t, double, float, std::string,
  std::vector<std::byte>, std::vector<int64_t>, std::vector<double>,
  std::vector<value>, std::vector<std::optional<std::string>>,
  std::array<double, 3>, std::pair<int, value>, std::tuple<value, point>,
  std::map<std::string, value>, std::map<double, std::vector<uint8_t>>,
  std::set<int64_t>, std::set<std::string>, std::unordered_set<value>, point,
  track, tree>;

/// Says which promise is broken, and ends the process: libFuzzer then keeps the
/// bytes.
[[noreturn]] void broken(const std::string& promise,
                         const std::string& what = {}) {
  std::fprintf(stderr, "codec: not kept: %s\n%s\n", promise.c_str(),
               what.c_str());
  std::abort();
}

template <class T>
T require(expected<T> x, const std::string& promise) {
  if (!x)
    broken(promise, to_string(x.error()) + '\n' + x.error().traceback);
  return *std::move(x);
}

/// Counts the blocks that CPython has for its objects and what they hold. The
/// sanitizer does not see what the collector's lists, or a cache, still reach.
/// @thread the one that is attached
class block_count {
public:
  /// From now on.
  static void begin() {
    for (size_t i = 0; i < domains.size(); ++i) {
      PyMem_GetAllocator(domains[i], &real_[i]);
      PyMemAllocatorEx counting{&real_[i], allocate, allocate_zeroed, resize,
                                release};
      PyMem_SetAllocator(domains[i], &counting);
    }
  }

  /// @returns how many there are more than at the beginning
  static int64_t now() noexcept {
    return live_;
  }

private:
  static const PyMemAllocatorEx& real(void* context) {
    return *static_cast<PyMemAllocatorEx*>(context);
  }

  static void* count(void* fresh) {
    live_ += fresh != nullptr;
    return fresh;
  }

  static void* allocate(void* context, size_t size) {
    return count(real(context).malloc(real(context).ctx, size));
  }

  static void* allocate_zeroed(void* context, size_t count_of, size_t size) {
    return count(real(context).calloc(real(context).ctx, count_of, size));
  }

  static void* resize(void* context, void* block, size_t size) {
    auto* result = real(context).realloc(real(context).ctx, block, size);
    return block ? result : count(result);
  }

  static void release(void* context, void* block) {
    live_ -= block != nullptr;
    real(context).free(real(context).ctx, block);
  }

  static constexpr std::array domains{PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
  static inline std::array<PyMemAllocatorEx, 2> real_{};
  static inline int64_t live_ = 0;
};

/// What there is of what a conversion has to give back.
/// @thread as `block_count`
struct balance {
  int64_t blocks = block_count::now();
  int64_t references = count_references();

  [[nodiscard]] bool exceeds(const balance& other) const noexcept {
    return blocks > other.blocks || references > other.references;
  }

private:
  static int64_t count_references() {
    int64_t result = 0;
    for (const auto& [name, who] : fuzz::actors())
      result += who.use_count();
    return result;
  }
};

/// The CPython of this process, with a host of its own. It is never finalized,
/// so that all that lives can be reached when leaks are looked for.
class world {
public:
  world()
    : python_(
        require(main_interpreter::start(config(), &host_), "Python starts")),
      interpreter_(
        require(interpreter::open_main(*python_, {.value_elements = 20'000}),
                "the main interpreter opens")),
      py_(*interpreter_), env_(py_) {
    host_.names = fuzz::actors();
    require(env_.exec(py_, source{"import gc, objects, pyactor\n"}),
            "objects.py runs");
    require(define(py_, env_, "convert", [](const value& x) { return x; }),
            "a function is defined");
    // What is there from the start needs no further look.
    require(env_.exec(py_, source{"objects.convert = convert\n"
                                  "objects.whereis = pyactor.whereis\n"
                                  "assert all(map(objects.whereis, "
                                  "objects.ACTORS))\n"
                                  "objects.build(b'')\n"
                                  "objects.build_seeds()\n"
                                  "gc.collect()\n"
                                  "gc.freeze()\n"}),
            "objects.py is ready");
    block_count::begin();
  }

  attach_scope& py() noexcept {
    return py_;
  }

  /// @returns the object that these bytes describe, or what its construction
  ///          raised
  expected<object_ref> build(const std::string& bytes) {
    return env_.call<object_ref>(py_, "objects:build", value::bytes(bytes));
  }

  /// @returns what there is without the garbage
  balance collect() {
    require(env_.exec(py_, source{"gc.collect()\n"}), "garbage is collected");
    return {};
  }

  /// Checks that nothing is left behind that would fail the next conversion.
  void check_usable() {
    if (PyErr_Occurred())
      broken("no exception is pending after a conversion");
    auto x = value::list({1, "two", value::dict({{3, 4.5}})});
    auto object = require(to_python(py_, x), "a good value is converted");
    if (require(from_python<value>(py_, object.get()),
                "a good object is converted")
        != x)
      broken("a good object is converted to what it is");
  }

private:
  static python_config config() {
    return {.search_paths = {data_folder()},
            .allocator = python_config::allocator_kind::malloc};
  }

  fake::host host_;
  std::unique_ptr<main_interpreter> python_;
  std::unique_ptr<interpreter> interpreter_;
  attach_scope py_;
  environment env_;
};

world& the_world() {
  static auto* instance = new world;
  return *instance;
}

/// Compares floats bit for bit.
template <class T>
bool same(const T& x, const T& y) {
  return to_value(x) == to_value(y);
}

void check_refusal(const error& why) {
  if (why.code != errc::not_convertible && why.code != errc::python_exception)
    broken("a refusal says what it is", to_string(why));
  if (!why.message.starts_with('$'))
    broken("a refusal has a path", to_string(why));
  if ((why.code == errc::python_exception) == why.type.empty())
    broken("an exception has a type, and nothing else has", to_string(why));
}

/// Where the environment asks for it, what has five items comes back as `None`.
/// No seed has; a fuzzer that does not find that finds nothing.
void plant_fault(value& back) {
  static const auto* wanted = std::getenv("PYACTOR_FUZZ_PLANTED");
  const auto* items = back.as_sequence();
  if (wanted && items && items->size() == 5)
    back = value{};
}

/// What an object became is equal to what becomes of it on the way to Python
/// and back.
template <class T>
void check_object(attach_scope& py, const object_ref& object) {
  auto x = from_python<T>(py, object.get());
  if (!x)
    return check_refusal(x.error());
  auto copy = require(to_python(py, *x), "what came from Python goes back");
  if (!same(require(from_python<T>(py, copy.get()),
                    "what came from Python comes from there again"),
            *x))
    broken("what came from Python is the same when it comes again",
           to_string(to_value(*x)));
  if (!same(
        require(from_value<T>(to_value(*x)), "what became a value comes back"),
        *x))
    broken("what became a value comes back as it was");
}

/// A value becomes the same `T`, or none, whether it goes through Python or
/// not.
template <class T>
void check_value(attach_scope& py, const value& x) {
  auto object = to_python(py, x);
  auto wanted = !fuzz::is_to_be_refused(x, py.owner().limits());
  if (!object) {
    check_refusal(object.error());
    if (wanted)
      broken("a value that Python can hold is converted",
             to_string(object.error()) + '\n' + to_string(x));
    return;
  }
  if (!wanted)
    broken("a value that Python cannot hold is refused", to_string(x));
  auto back = require(from_python<value>(py, object->get()),
                      "a value comes back from Python");
  plant_fault(back);
  if (back != x)
    broken("a value comes back as it was",
           to_string(x) + '\n' + to_string(back));
  // Equal references may differ: one keeps its actor alive, another does not.
  if (fuzz::references_in(back) != fuzz::references_in(x))
    broken("an actor comes back as the reference that it was", to_string(x));
  auto direct = from_value<T>(x);
  auto through_python = from_python<T>(py, object->get());
  if (direct.has_value() != through_python.has_value())
    broken("values and objects are refused alike",
           to_string((direct ? through_python : direct).error()) + '\n'
             + to_string(x));
  if (direct && !same(*direct, *through_python))
    broken("values and objects are converted alike", to_string(x));
}

/// Calls `f<T>()` for the `T` of this index.
template <class F>
void with_target(size_t index, F&& f) {
  auto call = [&]<size_t... I>(std::index_sequence<I...>) {
    static_cast<void>(
      ((I == index
        && (f.template operator()<std::tuple_element_t<I, targets>>(), true))
       || ...));
  };
  call(std::make_index_sequence<std::tuple_size_v<targets>>{});
}

/// @returns whether the bytes make an object at all
bool convert_object(const std::string& bytes, size_t target) {
  auto& world = the_world();
  auto object = world.build(bytes);
  if (!object)
    return false;
  with_target(target, [&]<class T>() { check_object<T>(world.py(), *object); });
  world.check_usable();
  return true;
}

void convert_value(const value& x, size_t target) {
  auto& world = the_world();
  with_target(target, [&]<class T>() { check_value<T>(world.py(), x); });
  world.check_usable();
}

/// Converts, and again while there is more afterwards: once may be a cache that
/// is filled.
template <class F>
void check_leaks(F&& convert) {
  balance before;
  convert();
  if (!balance{}.exceeds(before))
    return;
  auto& world = the_world();
  auto now = world.collect();
  for (auto i = 0; i < 4 && now.exceeds(before); ++i) {
    before = now;
    convert();
    now = world.collect();
  }
  if (now.exceeds(before))
    broken("a conversion leaks no block, and no reference to an actor",
           std::to_string(now.blocks - before.blocks) + " blocks, "
             + std::to_string(now.references - before.references)
             + " references");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider bytes{data, size};
  auto is_value = bytes.ConsumeBool();
  auto target
    = bytes.ConsumeIntegralInRange<size_t>(0, std::tuple_size_v<targets> - 1);
  if (is_value) {
    auto x = fuzz::any_value(bytes);
    check_leaks([&] { convert_value(x, target); });
    return 0;
  }
  auto text = bytes.ConsumeRemainingBytesAsString();
  auto is_object = true;
  check_leaks([&] { is_object = convert_object(text, target); });
  return is_object ? 0 : -1;
}
