#include <pyactor/examples/ml_predictor/predictors.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>
#include <pyactor/examples/ml_predictor/options.hpp>
#include <pyactor/examples/ml_predictor/script.hpp>
#include <pyactor/supervisors/python_child.hpp>

#include <fstream>
#include <iterator>
#include <utility>

namespace ml_predictor {

namespace supervisors = pyactor::supervisors;
using pyactor::actor_class;

namespace {

std::string read_script(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::string result{std::istreambuf_iterator<char>{in}, {}};
  if (!in)
    throw failure{"cannot read " + path};
  return result;
}

/// The whole of `predictor.py` runs in each predictor's environment.
actor_class predictor_class() {
  auto path = script_path("predictor.py");
  return actor_class::from_source(read_script(path), "Predictor", path);
}

/// What a user can do about predictors that do not start.
std::string explain(const supervisors::sup_error& what) {
  if (!what.cause)
    return to_string(what);
  auto cause = pyactor::runtime::from_caf(what.cause);
  if (cause.type.ends_with(".ModelError"))
    return cause.message;
  if (cause.type.ends_with(".ModuleNotFoundError"))
    return "needs numpy and scikit-learn (" + cause.message
           + "); run scripts/setup and pass --pyactor.venv=ROOT/.venv";
  return "a predictor does not start: " + to_string(cause);
}

supervisors::supervisor_ref start(pyactor::runtime::runtime& python,
                                  const predictors::settings& wanted,
                                  journal& events) {
  auto what = predictor_class();
  auto contexts = python.options().pools.at(pool_name).size;
  std::vector<supervisors::child_spec> specs;
  for (auto& id : wanted.ids)
    specs.push_back({.id = id,
                     .start = supervisors::start_python(
                       python, what, {.positional = {wanted.model}},
                       {.pool = pool_name, .index = specs.size() % contexts}),
                     .restart = supervisors::restart_type::permanent});
  auto result = supervisors::start_supervisor(
    python.system(),
    {.strategy = supervisors::restart_strategy::one_for_one,
     .intensity = wanted.intensity,
     .period = std::chrono::minutes{1},
     .observer = events.observer()},
    std::move(specs));
  if (!result)
    throw failure{explain(result.error())};
  return *std::move(result);
}

} // namespace

predictors::predictors(pyactor::runtime::runtime& python,
                       const settings& wanted, journal& events)
  : supervisor_(start(python, wanted, events)) {
  for (auto& id : wanted.ids)
    handles_.push_back(supervisor_.child(id));
}

predictors::~predictors() {
  static_cast<void>(supervisor_.stop());
}

} // namespace ml_predictor
