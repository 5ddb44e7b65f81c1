#include <pyactor/examples/ml_predictor/options.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>
#include <pyactor/supervisors/error.hpp>

#include <utility>

namespace ml_predictor {

using pyactor::interpreter_kind;

namespace {

/// CAF says which argument it does not like, and in which way.
std::string explain(const caf::error& wrong) {
  auto reason = caf::to_string(static_cast<caf::pec>(wrong.code()));
  auto& context = wrong.context();
  if (context.match_elements<caf::settings>())
    if (auto argument = caf::get_if<std::string>(
          &context.get_as<caf::settings>(0), "argument"))
      return "wrong argument " + *argument + " (" + reason + "); see --help";
  return "command line: " + caf::to_string(wrong);
}

} // namespace

configuration::configuration() {
  pyactor::runtime::configure(*this);
  pyactor::supervisors::configure(*this);
  opt_group{custom_options_, "global"}
    .add(demo_.model, "model,m", "pickled classifier; trained if not there")
    .add(demo_.no_train, "no-train", "do not train one")
    .add(demo_.pool_size, "pool-size,n", "number of predictors")
    .add(demo_.clients, "clients", "number of clients")
    .add(demo_.window, "window", "requests that a client has in flight")
    .add(demo_.passes, "passes,p", "how often each sample is sent")
    .add(demo_.short_form, "short", "two passes only");
}

bool configuration::read(int argc, char** argv) {
  if (auto wrong = parse(argc, argv))
    throw failure{explain(wrong)};
  if (cli_helptext_printed)
    return false;
  if (!remainder.empty())
    throw failure{"unknown argument " + remainder.front() + "; see --help"};
  for (auto [name, count] :
       {std::pair{"pool-size", demo_.pool_size},
        std::pair{"clients", demo_.clients}, std::pair{"window", demo_.window},
        std::pair{"passes", demo_.passes}})
    if (count == 0)
      throw failure{std::string{"--"} + name + " is 0; it must be 1 or more"};
  if (demo_.short_form)
    demo_.passes = 2;
  return true;
}

pyactor::runtime::runtime_options configuration::python() const {
  auto result = pyactor::runtime::read_options(*this, 1);
  if (!result)
    throw failure{to_string(result.error())};
  if (result->python.venv.empty())
    throw failure{"needs numpy and scikit-learn; run scripts/setup and pass "
                  "--pyactor.venv=ROOT/.venv"};
  // Nothing runs in the pool that every runtime has.
  result->pools.erase("default");
  auto [pool, added] = result->pools.try_emplace(
    pool_name, pyactor::runtime::pool_options{.kind = interpreter_kind::main,
                                              .size = demo_.pool_size,
                                              .blas_threads = 1});
  if (pool->second.kind != interpreter_kind::main)
    throw failure{"pyactor.pools.predictors.kind is own_gil, where numpy and "
                  "scikit-learn cannot be loaded; it must be main"};
  return *std::move(result);
}

} // namespace ml_predictor
