// Supervised predictors: Python actors, each with a scikit-learn model of its
// own, answer C++ clients, crash, come back fresh after a pause, and are reset
// by terminating them. Requests wait for those that are not ready.
//
// Run it: scripts/demo, or with the venv that scripts/setup makes,
//         ml_predictor --pyactor.venv=ROOT/.venv [--help]

#include <pyactor/examples/ml_predictor/failure.hpp>
#include <pyactor/examples/ml_predictor/incidents.hpp>
#include <pyactor/examples/ml_predictor/interruption.hpp>
#include <pyactor/examples/ml_predictor/load.hpp>
#include <pyactor/examples/ml_predictor/options.hpp>
#include <pyactor/examples/ml_predictor/report.hpp>
#include <pyactor/examples/ml_predictor/script.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <spdlog/fmt/fmt.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

namespace ml_predictor {

namespace {

using clock = std::chrono::steady_clock;

/// How long the end of Python may take.
constexpr auto stop_deadline = std::chrono::seconds{10};

/// One run of the demo: what its steps share.
struct demo {
  pyactor::runtime::runtime& python;
  const options& wanted;
  std::stop_token stop;
  journal events{};
  report outcome{};

  int run();
  void run_load(const predictors& pool,
                const std::shared_ptr<const held_out>& samples);
  void poison(const predictors& pool, const held_out& samples,
              progress_bar& bar);
  void reset(const predictors& pool, progress_bar& bar);
};

template <class... Ts>
void say(fmt::format_string<Ts...> text, Ts&&... xs) {
  fmt::print("{}\n", fmt::format(text, std::forward<Ts>(xs)...));
  std::fflush(stdout);
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>{time}.count();
}

/// Trains a model where there is none.
void provide_model(const options& wanted, const std::string& venv,
                   const std::stop_token& stop) {
  if (wanted.no_train || std::filesystem::exists(wanted.model)) {
    say("model       {}", wanted.model);
    return;
  }
  say("model       {} is not there: training one", wanted.model);
  auto summary = run_script(venv, "train.py", {wanted.model}, stop);
  fmt::print("            {}", summary);
}

/// Prints what the supervisor sees of its predictors.
void show(const predictors& pool) {
  if (auto seen = pyactor::supervisors::tree(pool.supervisor()))
    fmt::print("{}", to_text(*seen));
  else
    throw failure{"no look at the predictors: " + to_string(seen.error())};
  std::fflush(stdout);
}

std::vector<std::string> names(size_t count) {
  std::vector<std::string> result;
  for (size_t i = 1; i <= count; ++i)
    result.push_back("predictor-" + std::to_string(i));
  return result;
}

int demo::run() {
  auto ids = names(wanted.pool_size);
  auto start = clock::now();
  predictors pool{python, {wanted.model, ids, 10}, events, stop};
  say("predictors  {}, ready after {:.0f} ms", ids.size(),
      milliseconds(clock::now() - start));
  show(pool);
  if (stop.stop_requested())
    throw interrupted{};
  auto samples = parse_held_out(run_script(
    python.options().python.venv, "reference.py", {wanted.model}, stop));
  run_load(pool, samples);
  show(pool);
  auto poison = poisoned(samples->front());
  outcome.given_up
    = exhaust(python, wanted.model, poison, outcome.requests, events, stop);
  say("too many    another predictor crashed {} times: its supervisor gave up",
      outcome.given_up.crashes);
  for (auto& predictor : pool.handles())
    if (ask(python.system(), predictor, samples->front().pixels,
            outcome.requests)
          .empty())
      ++outcome.alive;
  outcome.pool_size = pool.handles().size();
  outcome.restart_latencies = events.restart_latencies();
  outcome.print();
  return outcome.good() ? 0 : 1;
}

void demo::run_load(const predictors& pool,
                    const std::shared_ptr<const held_out>& samples) {
  outcome.wanted = samples->size() * wanted.passes;
  say("load        {} held-out samples, {} times each: {} clients with {} "
      "requests each in flight",
      samples->size(), wanted.passes, wanted.clients, wanted.window);
  progress_bar bar{outcome.wanted};
  auto start = clock::now();
  auto requests
    = ml_predictor::run_load(python.system(),
                             {.samples = samples,
                              .predictors = pool.handles(),
                              .number = 0,
                              .clients = wanted.clients,
                              .passes = wanted.passes,
                              .window = wanted.window},
                             {{0.33, [&] { poison(pool, *samples, bar); }},
                              {0.67, [&] { reset(pool, bar); }}},
                             bar, stop);
  outcome.load_time = clock::now() - start;
  outcome.requests.add(requests);
}

void demo::poison(const predictors& pool, const held_out& samples,
                  progress_bar& bar) {
  auto victim = names(wanted.pool_size).front();
  auto reason = ask(python.system(), pool.handles().front(),
                    poisoned(samples.front()), outcome.requests);
  events.await(supervision_event::kind::restarted, victim, 1, stop);
  bar.print(fmt::format("a NaN       {} crashed ({}), back after {:.1f} ms",
                        victim, reason,
                        milliseconds(events.restart_latencies().back())));
}

void demo::reset(const predictors& pool, progress_bar& bar) {
  auto victim = names(wanted.pool_size).back();
  auto time = ml_predictor::reset(pool, victim);
  outcome.reset_latencies.push_back(time);
  bar.print(fmt::format("a reset     {} was terminated, back after {:.1f} ms",
                        victim, milliseconds(time)));
}

/// Runs the demo and ends in order: predictors, Python, actor system.
int run(configuration& config, const std::stop_token& stop) {
  auto options = config.python();
  provide_model(config.demo(), options.python.venv, stop);
  caf::actor_system system{config};
  auto python = pyactor::runtime::runtime::start(system, std::move(options));
  if (!python)
    throw failure{to_string(python.error())};
  std::optional<int> code;
  try {
    code = demo{**python, config.demo(), stop}.run();
  } catch (const interrupted&) {
    // The predictors have ended. Python and the actor system are next.
  }
  auto end = (*python)->stop(stop_deadline);
  for (auto& line : end.left)
    fmt::print(stderr, "ml_predictor: left behind: {}\n", line);
  if (!end.complete())
    return 1;
  if (!code)
    throw interrupted{};
  return *code;
}

} // namespace

} // namespace ml_predictor

int main(int argc, char** argv) {
  using namespace ml_predictor;
  interruption signals;
  try {
    configuration config;
    return config.read(argc, argv) ? run(config, signals.token()) : 0;
  } catch (const interrupted&) {
    say("interrupted: ended in order");
    return interruption::exit_code;
  } catch (const failure& what) {
    if (*what.what())
      fmt::print(stderr, "ml_predictor: {}\n", what.what());
    return 1;
  }
}
