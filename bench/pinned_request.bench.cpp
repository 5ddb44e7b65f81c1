// A request to a pinned actor that calls a Python function, beside the same
// request to a plain C++ CAF actor from the same client.

#include <pyactor/bench/request_bench.hpp>

using namespace pyactor::bench;

namespace {

class python_counter : public pyactor::runtime::python_actor {
public:
  explicit python_counter(caf::actor_config& config)
    : pyactor::runtime::python_actor(config) {
  }

  caf::behavior make_behavior() override {
    python().exec("value = 0\n"
                  "def increment(by):\n"
                  "    global value\n"
                  "    value += by\n"
                  "    return value\n");
    return {
      [this](const increment& message) {
        return python().call<int64_t>("increment", message.by);
      },
    };
  }
};

} // namespace

int main(int argc, char** argv) {
  request_world world;
  auto request = [] { return increment{1}; };
  auto plain = world.system().spawn(plain_counter);
  add_request_benchmark("floor", [&](benchmark::State& state) {
    world.measure<int64_t>(state, plain, request);
  });
  auto pinned = world.python().spawn<python_counter>();
  add_request_benchmark("pyactor", [&](benchmark::State& state) {
    world.measure<int64_t>(state, pinned, request);
  });
  return run_benchmarks(argc, argv);
}
