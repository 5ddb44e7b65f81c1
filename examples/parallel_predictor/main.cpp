// Predicts in parallel: supervised predictors with a model in pure Python, each
// in a context with a GIL of its own.
//
// Run it: build/release/examples/parallel_predictor
//
// Prints:
//   right: ... of 1200
//   two contexts predict the same as one: true
//   they take ... of the time of one

#include <pyactor/cmake/data_folder.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <iostream>
#include <vector>

using namespace pyactor::runtime;
using namespace pyactor::supervisors;
using pyactor::value;

namespace {

/// Calls a function of `neighbours.py`.
value ask(runtime& python, call request) {
  caf::scoped_actor self{python.system()};
  pyactor::expected<value> result;
  self->request(python.context_of(*self.ptr()), caf::infinite, request)
    .receive([&](const value& answer) { result = answer; },
             [&](const caf::error& why) {
               result = pyactor::unexpected{from_caf(why)};
             });
  return pyactor::value_or_throw(std::move(result));
}

/// Sends all points at once, to the predictors in turn.
/// @returns their colours, and the time that took
auto predict(runtime& python, const std::vector<child_ref>& predictors,
             const value::sequence& samples) {
  caf::scoped_actor self{python.system()};
  auto send = [&](size_t i) {
    auto& point = samples[i].as_sequence()->front();
    return predictors[i % predictors.size()].request(
      self, caf::infinite, call{"predict", {.positional = {point}}});
  };
  auto start = std::chrono::steady_clock::now();
  std::vector<decltype(send(0))> answers;
  for (size_t i = 0; i < samples.size(); ++i)
    answers.push_back(send(i));
  value::sequence colours(samples.size());
  for (size_t i = 0; i < samples.size(); ++i)
    std::move(answers[i])
      .receive([&](const value& colour) { colours[i] = colour; },
               [](const caf::error& why) {
                 throw pyactor::python_error{from_caf(why)};
               });
  return std::pair{colours, std::chrono::steady_clock::now() - start};
}

/// @returns whether two contexts predict the same as one
bool compare(runtime& python, const supervisor_ref& supervisor) {
  auto samples = ask(python, {"neighbours:samples", {.positional = {1200, 2}}});
  auto& known = *samples.as_sequence();
  auto first = supervisor.child("first");
  auto second = supervisor.child("second");
  auto [alone, long_time] = predict(python, {first}, known);
  auto [together, short_time] = predict(python, {first, second}, known);
  size_t right = 0;
  for (size_t i = 0; i < known.size(); ++i)
    right += together[i] == known[i].as_sequence()->back();
  std::cout << "right: " << right << " of " << known.size()
            << "\ntwo contexts predict the same as one: " << std::boolalpha
            << (alone == together) << "\nthey take "
            << 100 * short_time / long_time << " % of the time of one\n";
  return alone == together;
}

int run() {
  caf::actor_system_config config;
  pyactor::runtime::configure(config);
  pyactor::supervisors::configure(config);
  caf::actor_system system{config};
  runtime_options options;
  options.python.search_paths = {pyactor::data_folder()};
  options.pools["default"]
    = {.kind = pyactor::interpreter_kind::own_gil, .size = 2};
  auto python = pyactor::value_or_throw(runtime::start(system, options));
  auto what = pyactor::actor_class::from_module("neighbours:Predictor");
  // A pickled model is `bytes`: plain data, which every interpreter can have.
  pyactor::arguments model{{ask(*python, {"neighbours:train", {}})}};
  auto start = [&](size_t context) {
    return start_python(*python, what, model, {.index = context});
  };
  auto supervisor = start_supervisor(
    system, {},
    {{.id = "first", .start = start(0)}, {.id = "second", .start = start(1)}});
  if (!supervisor) {
    std::cerr << to_string(supervisor.error()) << '\n';
    return 1;
  }
  auto same = compare(*python, *supervisor);
  static_cast<void>(supervisor->stop());
  return same ? 0 : 1;
}

} // namespace

int main() {
  try {
    return run();
  } catch (const pyactor::python_error& what) {
    std::cerr << what.what() << '\n';
    return 1;
  }
}
