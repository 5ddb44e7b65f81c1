// 10 000 restarts of one child, which is killed each time that it says that it
// is ready, and the memory that they leave behind. The floor is an actor that
// does the least of it by hand, of an actor that is killed in the same way:
// spawn, monitor, take the acknowledgement, hear of the end, spawn again.

#include <pyactor/bench/allocated.hpp>
#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/lifecycle.hpp>
#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>
#include <pyactor/bench/telling_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <utility>

using namespace pyactor::bench;
using pyactor::actor_class;
using pyactor::runtime::python_actor;
namespace supervisors = pyactor::supervisors;

namespace {

constexpr int64_t restarts = 10'000;

/// An actor has started.
struct ready {};

/// A supervised one has.
struct reborn {
  caf::actor who;
};

} // namespace

PYACTOR_LOCAL_MESSAGE(ready)
PYACTOR_LOCAL_MESSAGE(reborn)

namespace {

/// Spawns an actor that sends `ready` to its parent, from a handler of that,
/// and `reborn` as a supervised one does.
using spawner = std::function<caf::actor(caf::event_based_actor& parent)>;

/// Has one actor live, and spawns the next one once that is dead.
/// @tparam Base  what it is itself; it is fastest on the thread of its children
template <class Base>
class by_hand : public Base {
public:
  by_hand(caf::actor_config& config, spawner spawn_one)
    : Base(config), spawn_one_(std::move(spawn_one)) {
    this->set_down_handler([this](const caf::down_msg&) {
      if (!std::exchange(is_ready_, false))
        fail(caf::sec::runtime_error);
      next();
    });
  }

  caf::behavior make_behavior() override {
    next();
    return {[this](ready) { is_ready_ = true; }};
  }

  void on_exit() override {
    caf::anon_send_exit(current_, caf::exit_reason::kill);
    Base::on_exit();
  }

private:
  void next() {
    current_ = spawn_one_(*this);
    this->monitor(current_);
  }

  spawner spawn_one_;
  caf::actor current_;
  bool is_ready_ = false;
};

/// Kills each actor that says that it is ready. Answers `live` with the
/// nanoseconds until so many more are.
/// @tparam Base  as that of `by_hand`
template <class Base>
class killer : public Base {
public:
  using Base::Base;

  caf::behavior make_behavior() override {
    return {
      [this](const reborn& child) {
        auto is_first = !current_;
        current_ = child.who;
        if (left_ == 0)
          return;
        if (is_first)
          begin();
        else if (--left_ > 0)
          kill();
        else
          this->send(
            for_whom_,
            std::chrono::nanoseconds{std::chrono::steady_clock::now() - start_}
              .count());
      },
      [this](const live& order) {
        for_whom_ = caf::actor_cast<caf::actor>(this->current_sender());
        left_ = order.times;
        if (current_)
          begin();
      },
    };
  }

private:
  void begin() {
    start_ = std::chrono::steady_clock::now();
    kill();
  }

  void kill() {
    caf::anon_send_exit(current_, caf::exit_reason::kill);
  }

  caf::actor current_;
  caf::actor for_whom_;
  int64_t left_ = 0;
  std::chrono::steady_clock::time_point start_;
};

class restarts_world : public request_world {
public:
  double by_hand_plain() {
    return with_plain_by_hand(&restarts_world::seconds_of);
  }

  double by_hand_python() {
    return with_python_by_hand(&restarts_world::seconds_of);
  }

  double supervised_plain() {
    return with_mortal_plain(&restarts_world::seconds_of);
  }

  double supervised_python() {
    return with_mortal_python(&restarts_world::seconds_of);
  }

  /// @returns the bytes that a second round of restarts leaves
  double left_by_supervised() {
    return with_mortal_plain(&restarts_world::growth_of<allocated>);
  }

  /// The same without a supervisor.
  double left_by_hand() {
    return with_plain_by_hand(&restarts_world::growth_of<allocated>);
  }

  /// @returns by how many bytes a second round lets the process grow
  double rss_left_by_supervised() {
    return with_mortal_plain(&restarts_world::growth_of<resident>);
  }

  /// The same without a supervisor.
  double rss_left_by_hand() {
    return with_plain_by_hand(&restarts_world::growth_of<resident>);
  }

  /// The same for a child in Python; CPython has memory of its own.
  double left_by_supervised_python() {
    return with_mortal_python(&restarts_world::growth_of<resident>);
  }

  /// The same without a supervisor.
  double left_by_hand_python() {
    return with_python_by_hand(&restarts_world::growth_of<resident>);
  }

private:
  /// What is measured while `enemy` kills.
  using figure = double (restarts_world::*)(const caf::actor& enemy);

  static double growth(double (*memory)(), const std::function<void()>& what) {
    auto before = memory();
    what();
    return std::max(1.0, memory() - before);
  }

  double seconds_of(const caf::actor& enemy) {
    caf::scoped_actor self{system()};
    double result = 0;
    self->send(enemy, live{restarts});
    self->receive([&](int64_t ns) { result = static_cast<double>(ns) * 1e-9; });
    return result;
  }

  template <double (*Memory)()>
  double growth_of(const caf::actor& enemy) {
    seconds_of(enemy);
    return growth(Memory, [&] { seconds_of(enemy); });
  }

  /// Ends an actor.
  /// @returns `result`
  double ended(const caf::actor& who, double result) {
    caf::scoped_actor self{system()};
    self->send_exit(who, caf::exit_reason::user_shutdown);
    self->wait_for(who);
    return result;
  }

  double with_plain_by_hand(figure what) {
    auto enemy = system().spawn<killer<caf::event_based_actor>>();
    spawner spawn_one
      = [tell = teller(enemy)](caf::event_based_actor& parent) -> caf::actor {
      return parent.spawn(
        [boss = caf::actor{&parent}, tell](caf::event_based_actor* self) {
          tell(self);
          self->send(boss, ready{});
          return plain_counter();
        });
    };
    auto boss
      = system().spawn<by_hand<caf::event_based_actor>>(std::move(spawn_one));
    return ended(enemy, ended(boss, (this->*what)(enemy)));
  }

  double with_python_by_hand(figure what) {
    auto enemy = python().spawn<killer<python_actor>>();
    spawner spawn_one
      = [this, tell = teller(enemy)](caf::event_based_actor& parent) {
          return python().spawn_python(
            what_, {}, {},
            [boss = caf::actor{&parent}, tell](const caf::error& why) {
              if (why)
                fail(why);
              tell(running_actor());
              caf::anon_send(boss, ready{});
            });
        };
    auto boss = python().spawn<by_hand<python_actor>>(std::move(spawn_one));
    return ended(enemy, ended(boss, (this->*what)(enemy)));
  }

  double with_mortal_plain(figure what) {
    auto enemy = system().spawn<killer<caf::event_based_actor>>();
    return with_mortal(start_plain_counter(teller(enemy)), enemy, what);
  }

  double with_mortal_python(figure what) {
    auto enemy = python().spawn<killer<python_actor>>();
    return with_mortal(start_python_counter(python(), teller(enemy)), enemy,
                       what);
  }

  static ready_listener teller(const caf::actor& whom) {
    return [whom](const caf::actor& who) { caf::anon_send(whom, reborn{who}); };
  }

  /// @param enemy  who kills the supervisor's child
  double with_mortal(supervisors::start_fn start, const caf::actor& enemy,
                     figure what) {
    supervisors::supervisor_flags flags;
    flags.intensity = std::numeric_limits<uint32_t>::max();
    flags.period = std::chrono::milliseconds{1};
    supervisors::child_spec spec;
    spec.id = "mortal";
    spec.start = std::move(start);
    auto supervisor
      = supervisors::start_supervisor(system(), flags, {spec}).value();
    auto result = (this->*what)(enemy);
    supervisor.stop().value();
    return ended(enemy, result);
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
  add("floor/rss_plain", &restarts_world::rss_left_by_hand, byte);
  add("pyactor/rss_plain", &restarts_world::rss_left_by_supervised, byte);
  add("floor/rss", &restarts_world::left_by_hand_python, byte);
  add("pyactor/rss", &restarts_world::left_by_supervised_python, byte);
  return run_benchmarks(argc, argv);
}
