// Maps a Python function over numbers on several own-GIL contexts at once, so
// that pure Python code runs in parallel.
//
// Run it: build/release/examples/parallel_map
//
// Prints:
//   contexts: 2
//   primes below 20000, 40000, 60000, 80000: 2262 4203 6057 7837

#include <pyactor/runtime/runtime.hpp>

#include <iostream>
#include <vector>

using namespace pyactor::runtime;
using pyactor::actor_class;
using pyactor::interpreter_kind;
using pyactor::value;

namespace {

constexpr auto source_text = R"(
import pyactor

class Primes(pyactor.Actor):
    def below(self, limit):
        sieve = bytearray([1]) * limit
        sieve[:2] = b"\0\0"
        for i in range(2, int(limit ** 0.5) + 1):
            if sieve[i]:
                for j in range(i * i, limit, i):
                    sieve[j] = 0
        return sum(sieve)
)";

} // namespace

int main() {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  runtime_options options;
  options.pools["default"] = {.kind = interpreter_kind::own_gil, .size = 2};
  auto python = runtime::start(system, options);
  if (!python) {
    std::cerr << to_string(python.error()) << '\n';
    return 1;
  }
  std::cout << "contexts: " << (*python)->stats().size() << '\n';
  std::vector<caf::actor> workers;
  for (size_t i = 0; i < 2; ++i)
    workers.push_back((*python)->spawn_python(
      actor_class::from_source(source_text, "Primes"), {}, {.index = i}));
  const std::vector<int64_t> limits{20'000, 40'000, 60'000, 80'000};
  std::vector<int64_t> counts(limits.size());
  caf::scoped_actor self{system};
  // All requests first, then the answers: the workers run side by side.
  std::vector<caf::response_handle<caf::blocking_actor, caf::message, true>>
    answers;
  for (size_t i = 0; i < limits.size(); ++i)
    answers.push_back(
      self->request(workers[i % workers.size()], caf::infinite,
                    call{"below", {.positional = {limits[i]}}}));
  for (size_t i = 0; i < limits.size(); ++i)
    answers[i].receive(
      [&](const value& count) { counts[i] = *count.as_int64(); },
      [](const caf::error& why) { std::cerr << describe(why) << '\n'; });
  std::cout << "primes below 20000, 40000, 60000, 80000:";
  for (auto count : counts)
    std::cout << ' ' << count;
  std::cout << '\n';
}
