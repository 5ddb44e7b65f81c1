// 10 000 restarts of one child, each as soon as the last start is over, and the
// memory that they leave behind. The floor is an actor that does the least of
// it by hand: spawn, monitor, wait for the acknowledgement, kill, spawn again.

#include <pyactor/bench/allocated.hpp>
#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/lifecycle.hpp>
#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>
#include <pyactor/bench/successor.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

using namespace pyactor::bench;
using pyactor::actor_class;
using pyactor::runtime::python_actor;
namespace supervisors = pyactor::supervisors;

namespace {

constexpr int64_t restarts = 10'000;

/// An actor has started.
struct ready {};

} // namespace

PYACTOR_LOCAL_MESSAGE(ready)

namespace {

/// Spawns an actor that sends `ready`, from a handler of that parent.
using spawner = std::function<caf::actor(caf::event_based_actor&)>;

/// Kills each actor that it has spawned once that is ready, and spawns the next
/// one once that is dead. Answers `live` with the nanoseconds of so many lives.
/// @tparam Base  what it is itself; it is fastest on the thread of its children
template <class Base>
class by_hand : public Base {
public:
  by_hand(caf::actor_config& config, spawner spawn_one)
    : Base(config), spawn_one_(std::move(spawn_one)) {
    this->set_down_handler([this](const caf::down_msg&) {
      if (--left_ > 0)
        next();
      else
        this->send(
          for_whom_,
          std::chrono::nanoseconds{std::chrono::steady_clock::now() - start_}
            .count());
    });
  }

  caf::behavior make_behavior() override {
    return {
      [this](ready) {
        // As for the supervised one, from outside of any actor.
        caf::anon_send_exit(current_, caf::exit_reason::kill);
      },
      [this](const live& order) {
        for_whom_ = caf::actor_cast<caf::actor>(this->current_sender());
        left_ = order.times;
        start_ = std::chrono::steady_clock::now();
        next();
      },
    };
  }

private:
  void next() {
    current_ = spawn_one_(*this);
    this->monitor(current_);
  }

  spawner spawn_one_;
  caf::actor current_;
  caf::actor for_whom_;
  int64_t left_ = 0;
  std::chrono::steady_clock::time_point start_;
};

/// A supervisor of one child that is killed as soon as it has started, until
/// that has happened often enough.
class mortal_child {
public:
  mortal_child(caf::actor_system& system, supervisors::start_fn start) {
    supervisors::supervisor_flags flags;
    flags.strategy = supervisors::restart_strategy::rest_for_one;
    flags.intensity = std::numeric_limits<uint32_t>::max();
    flags.period = std::chrono::milliseconds{1};
    supervisors::child_spec spec;
    spec.id = "mortal";
    spec.start = std::move(start);
    supervisor_ = supervisors::start_supervisor(
                    system, flags, {spec, successor([this] { started(); })})
                    .value();
    // As a client keeps it.
    child_ = supervisor_->child(spec.id);
  }

  ~mortal_child() {
    supervisor_->stop().value();
  }

  /// @returns the seconds of so many restarts
  double restart(int64_t times) {
    left_ = times;
    done_ = {};
    auto start = std::chrono::steady_clock::now();
    kill();
    done_.get_future().wait();
    std::chrono::duration<double> taken
      = std::chrono::steady_clock::now() - start;
    return taken.count();
  }

private:
  void started() {
    if (!child_) // for the first time
      return;
    if (--left_ > 0)
      kill();
    else
      done_.set_value();
  }

  void kill() {
    caf::anon_send_exit(child_->current().value(), caf::exit_reason::kill);
  }

  std::optional<supervisors::supervisor_ref> supervisor_;
  std::optional<supervisors::child_ref> child_;
  int64_t left_ = 0;
  std::promise<void> done_;
};

class restarts_world : public request_world {
public:
  double by_hand_plain() {
    spawner spawn_one = [](caf::event_based_actor& parent) -> caf::actor {
      return parent.spawn(
        [boss = caf::actor{&parent}](caf::event_based_actor* self) {
          self->send(boss, ready{});
          return plain_counter();
        });
    };
    return seconds_of(
      system().spawn<by_hand<caf::event_based_actor>>(std::move(spawn_one)));
  }

  double by_hand_python() {
    spawner spawn_one = [this](caf::event_based_actor& parent) {
      return python().spawn_python(
        what_, {}, {}, [boss = caf::actor{&parent}](const caf::error& why) {
          if (why)
            fail(why);
          caf::anon_send(boss, ready{});
        });
    };
    return seconds_of(
      python().spawn<by_hand<python_actor>>(std::move(spawn_one)));
  }

  double supervised_plain() {
    return mortal_child{system(), supervisors::start_function(plain_counter)}
      .restart(restarts);
  }

  double supervised_python() {
    return mortal_child{system(), supervisors::start_python(python(), what_)}
      .restart(restarts);
  }

  /// @returns the bytes that a second round of restarts leaves
  double left_by_supervised() {
    mortal_child child{system(), supervisors::start_function(plain_counter)};
    child.restart(restarts);
    return growth(allocated, [&] { child.restart(restarts); });
  }

  /// The same without a supervisor.
  double left_by_hand() {
    by_hand_plain();
    return growth(allocated, [&] { by_hand_plain(); });
  }

  /// @returns by how many bytes a second round lets the process grow; CPython
  ///          has memory of its own
  double left_by_supervised_python() {
    mortal_child child{system(), supervisors::start_python(python(), what_)};
    child.restart(restarts);
    return growth(resident, [&] { child.restart(restarts); });
  }

  /// The same without a supervisor.
  double left_by_hand_python() {
    by_hand_python();
    return growth(resident, [&] { by_hand_python(); });
  }

private:
  static double growth(double (*memory)(), const std::function<void()>& what) {
    auto before = memory();
    what();
    return std::max(1.0, memory() - before);
  }

  /// Has `boss` live and die.
  double seconds_of(const caf::actor& boss) {
    caf::scoped_actor self{system()};
    double result = 0;
    self->send(boss, live{restarts});
    self->receive([&](int64_t ns) { result = static_cast<double>(ns) * 1e-9; });
    self->send_exit(boss, caf::exit_reason::user_shutdown);
    self->wait_for(boss);
    return result;
  }

  actor_class what_ = counter_class();
};

} // namespace

int main(int argc, char** argv) {
  restarts_world world;
  auto add
    = [&](const char* name, double (restarts_world::*run)(), double per_item) {
        benchmark::RegisterBenchmark(
          name,
          [&world, run, per_item](benchmark::State& state) {
            for (auto _ : state)
              state.SetIterationTime((world.*run)() * per_item);
            state.SetItemsProcessed(state.iterations());
          })
          ->UseManualTime()
          ->Iterations(1);
      };
  constexpr auto one = 1.0 / restarts;
  add("floor/plain", &restarts_world::by_hand_plain, one);
  add("pyactor/plain", &restarts_world::supervised_plain, one);
  add("floor/python", &restarts_world::by_hand_python, one);
  add("pyactor/python", &restarts_world::supervised_python, one);
  constexpr double byte = 1e-9;
  add("floor/bytes", &restarts_world::left_by_hand, byte);
  add("pyactor/bytes", &restarts_world::left_by_supervised, byte);
  add("floor/rss", &restarts_world::left_by_hand_python, byte);
  add("pyactor/rss", &restarts_world::left_by_supervised_python, byte);
  return run_benchmarks(argc, argv);
}
