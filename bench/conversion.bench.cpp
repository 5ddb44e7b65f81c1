// Containers and bytes that cross into a Python function and back, inside a
// pinned actor, beside the C-API's own calls for just that.

#include <Python.h>

#include <pyactor/bench/inside_bench.hpp>

#include <cstring>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

using namespace pyactor::bench;
using pyactor::value;
using pyactor::runtime::python_actor;

namespace {

constexpr size_t mebibyte = 1 << 20;

using prices = std::unordered_map<std::string, double>;

constexpr int64_t calls = 1'000;

prices make_prices() {
  prices result;
  for (int i = 0; i < 100; ++i)
    result.emplace("product " + std::to_string(i), i * 0.25);
  return result;
}

PyObject* function(python_actor& self, const char* name) {
  return PyDict_GetItemString(self.python().environment().globals(), name);
}

PyObject* call(PyObject* what, PyObject* in) {
  auto* out = PyObject_Vectorcall(what, &in, 1, nullptr);
  Py_DECREF(in);
  return out;
}

// -- list of 1000 ints in, its sum out ----------------------------------------

std::vector<int64_t> numbers() {
  std::vector<int64_t> result(1000);
  std::iota(result.begin(), result.end(), 1'000'000);
  return result;
}

void list_floor(python_actor& self, int64_t times) {
  auto in = numbers();
  auto* total = function(self, "total");
  for (int64_t i = 0; i < times; ++i) {
    auto* list = PyList_New(std::ssize(in));
    for (size_t j = 0; j < in.size(); ++j)
      PyList_SET_ITEM(list, j, PyLong_FromLongLong(in[j]));
    auto* out = call(total, list);
    benchmark::DoNotOptimize(PyLong_AsLongLong(out));
    Py_DECREF(out);
  }
}

void list_own(python_actor& self, int64_t times) {
  auto in = numbers();
  for (int64_t i = 0; i < times; ++i)
    benchmark::DoNotOptimize(self.python().call<int64_t>("total", in));
}

// -- dict of 100 str to float in and out --------------------------------------

void dict_floor(python_actor& self, int64_t times) {
  auto in = make_prices();
  auto* same = function(self, "same");
  for (int64_t i = 0; i < times; ++i) {
    auto* dict = PyDict_New();
    for (auto& [name, price] : in) {
      auto* key = PyUnicode_FromStringAndSize(name.data(), std::ssize(name));
      auto* item = PyFloat_FromDouble(price);
      PyDict_SetItem(dict, key, item);
      Py_DECREF(key);
      Py_DECREF(item);
    }
    auto* out = call(same, dict);
    prices result;
    result.reserve(static_cast<size_t>(PyDict_Size(out)));
    PyObject* key = nullptr;
    PyObject* item = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(out, &at, &key, &item);) {
      Py_ssize_t size = 0;
      auto* text = PyUnicode_AsUTF8AndSize(key, &size);
      result.emplace(std::string(text, static_cast<size_t>(size)),
                     PyFloat_AS_DOUBLE(item));
    }
    Py_DECREF(out);
    benchmark::DoNotOptimize(result);
  }
}

void dict_own(python_actor& self, int64_t times) {
  auto in = make_prices();
  for (int64_t i = 0; i < times; ++i)
    benchmark::DoNotOptimize(self.python().call<prices>("same", in));
}

// -- 1 MiB of bytes -----------------------------------------------------------

void bytes_in_floor(python_actor& self, int64_t times) {
  std::string in(mebibyte, 'x');
  auto* size = function(self, "size");
  for (int64_t i = 0; i < times; ++i) {
    auto* bytes = PyBytes_FromStringAndSize(nullptr, std::ssize(in));
    std::memcpy(PyBytes_AS_STRING(bytes), in.data(), in.size());
    auto* out = call(size, bytes);
    benchmark::DoNotOptimize(PyLong_AsLongLong(out));
    Py_DECREF(out);
  }
}

void bytes_in_own(python_actor& self, int64_t times) {
  auto in = value::bytes(std::string(mebibyte, 'x'));
  for (int64_t i = 0; i < times; ++i)
    benchmark::DoNotOptimize(self.python().call<int64_t>("size", in));
}

void bytes_out_floor(python_actor& self, int64_t times) {
  std::string result(mebibyte, ' ');
  auto* image = function(self, "image");
  for (int64_t i = 0; i < times; ++i) {
    auto* out = PyObject_CallNoArgs(image);
    std::memcpy(result.data(), PyBytes_AS_STRING(out), result.size());
    benchmark::DoNotOptimize(result.data());
    benchmark::ClobberMemory();
    Py_DECREF(out);
  }
}

void bytes_out_own(python_actor& self, int64_t times) {
  for (int64_t i = 0; i < times; ++i)
    benchmark::DoNotOptimize(self.python().call<value>("image"));
}

} // namespace

int main(int argc, char** argv) {
  inside_world world{"total = sum\n"
                     "def same(prices): return prices\n"
                     "size = len\n"
                     "pixels = bytes(range(256)) * 4096\n"
                     "def image(): return pixels\n"};
  using body = void (*)(python_actor&, int64_t);
  auto add = [&](const std::string& name, body floor, body own) {
    for (auto& [side, step] : {std::pair{"floor/", floor}, {"pyactor/", own}})
      benchmark::RegisterBenchmark((side + name).c_str(),
                                   [&world, step](benchmark::State& state) {
                                     world.measure(state, step, calls);
                                   })
        ->UseManualTime();
  };
  add("list", list_floor, list_own);
  add("dict", dict_floor, dict_own);
  add("bytes_in", bytes_in_floor, bytes_in_own);
  add("bytes_out", bytes_out_floor, bytes_out_own);
  return run_benchmarks(argc, argv);
}
