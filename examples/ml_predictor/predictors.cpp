#include <pyactor/examples/ml_predictor/predictors.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>
#include <pyactor/examples/ml_predictor/options.hpp>
#include <pyactor/examples/ml_predictor/script.hpp>
#include <pyactor/examples/ml_predictor/tally.hpp>
#include <pyactor/supervisors/python_child.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

namespace ml_predictor {

namespace supervisors = pyactor::supervisors;
using pyactor::actor_class;

namespace {

constexpr auto pool_id = "predictors";

/// Before the first restart of a predictor; twice as long before each next one.
constexpr auto first_pause = std::chrono::milliseconds{10};

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

std::vector<supervisors::child_spec>
predictor_specs(pyactor::runtime::runtime& python,
                const predictors::settings& wanted) {
  auto what = predictor_class();
  auto contexts = python.options().pools.at(pool_name).size;
  std::vector<supervisors::child_spec> specs;
  for (auto& id : wanted.ids)
    specs.push_back(
      {.id = id,
       .start = supervisors::start_python(
         python, what, {.positional = {wanted.model}},
         {.pool = pool_name, .index = specs.size() % contexts}),
       .backoff = supervisors::restart_backoff{.initial = first_pause},
       .readiness
       = supervisors::probe{.question = supervisors::probe_method("is_ready"),
                            .period = std::chrono::seconds{1}},
       .while_down = supervisors::buffer{},
       .register_as = id});
  return specs;
}

supervisors::supervisor_ref start(pyactor::runtime::runtime& python,
                                  const predictors::settings& wanted,
                                  journal& events) {
  supervisors::supervisor_flags below{
    .strategy = supervisors::restart_strategy::one_for_one,
    .intensity = wanted.intensity,
    .period = std::chrono::minutes{1},
    .events = events.source()};
  supervisors::child_spec pool{
    .id = pool_id,
    .start = supervisors::supervise(below, predictor_specs(python, wanted)),
    .type = supervisors::child_type::supervisor};
  // Predictors that cannot be kept alive are nothing to start again.
  auto result
    = supervisors::start_supervisor(python.system(), {.intensity = 0}, {pool});
  if (!result)
    throw failure{explain(result.error())};
  return *std::move(result);
}

} // namespace

predictors::predictors(pyactor::runtime::runtime& python,
                       const settings& wanted, journal& events,
                       const std::stop_token& stop)
  : system_(python.system()), supervisor_(start(python, wanted, events)) {
  for (auto& id : wanted.ids) {
    events.await(supervision_event::kind::ready, id, 1, stop);
    handles_.push_back(supervisors::whereis(system_, id).value());
  }
}

predictors::~predictors() {
  static_cast<void>(supervisor_.stop());
}

void predictors::reset(const std::string& id) const {
  caf::scoped_actor self{system_};
  auto fail = [&](const std::string& why) {
    throw failure{id + " could not be reset: " + why};
  };
  supervisor_.child(pool_id)
    .request(self, caf::infinite, supervisors::cycle_child{id})
    .receive(
      [&](const supervisors::order_reply& answer) {
        if (!answer.result)
          fail(to_string(answer.result.error()));
      },
      [&](const caf::error& why) { fail(reason_of(why)); });
}

} // namespace ml_predictor
