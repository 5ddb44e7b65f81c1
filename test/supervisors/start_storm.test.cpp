#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <latch>
#include <set>

namespace start_storm_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using kind = supervision_event::kind;

namespace {

constexpr int trees = 4;
constexpr int supervisors_per_tree = 2;
constexpr int children_per_supervisor = 250;
constexpr size_t all = trees * supervisors_per_tree * children_per_supervisor;
constexpr size_t per_tree = all / trees;
constexpr size_t room = 8;

/// Trees of children that all crash 50 ms after they are ready, for as long as
/// the storm lasts. Two levels keep to the limits of their tree's top.
struct storm {
  storm(std::chrono::nanoseconds time_to_start, double rate)
    : start_time(time_to_start), throttle{{.max_concurrent_starts = room,
                                           .restarts_per_second = rate,
                                           .restart_burst = room}} {
    for (int tree = 0; tree < trees; ++tree)
      tops.push_back(
        spawn_supervisor(w.system, flags(throttle), supervisors_of(tree))
          .value());
    advance(1ms);
  }

  supervisor_flags flags(start_throttle limits = {}) {
    return {.intensity = 1'000'000,
            .period = 1h,
            .stop_order = stop_order::at_once,
            .throttle = std::move(limits),
            .events = w.news};
  }

  std::vector<child_spec> supervisors_of(int tree) {
    std::vector<child_spec> result;
    for (int i = 0; i < supervisors_per_tree; ++i) {
      auto id = "s" + std::to_string(tree) + '-' + std::to_string(i);
      result.push_back({.id = id,
                        .start = supervise(flags(), children_of(id)),
                        .type = child_type::supervisor});
    }
    return result;
  }

  std::vector<child_spec> children_of(const std::string& supervisor) {
    std::vector<child_spec> result;
    for (int i = 0; i < children_per_supervisor; ++i)
      result.push_back({.id = supervisor + '-' + std::to_string(i),
                        .start = [this](const start_context& context) {
                          return start_mayfly(context);
                        }});
    return result;
  }

  /// A child that takes its time to start, and crashes 50 ms after that.
  start_result start_mayfly(const start_context& context) {
    auto ready_after = lasts ? start_time : 0ns;
    return context.spawn([=, this,
                          ack = context.ack()](caf::event_based_actor* self) {
      self->delayed_send(self, ready_after, open_gate{});
      self->set_exception_handler([](std::exception_ptr&) { return crash(); });
      return caf::behavior{
        [=, this](open_gate) {
          ack(self->context());
          if (lasts)
            self->delayed_send(self, 50ms, die{crash()});
          else
            calm.push_back(caf::actor_cast<caf::actor_addr>(self));
        },
        [=, this](die& what) {
          if (lasts)
            self->quit(std::move(what.reason));
        },
      };
    });
  }

  /// All that run crash from now on.
  void begin() {
    lasts = true;
    for (auto& who : std::exchange(calm, {}))
      if (auto handle = caf::actor_cast<caf::actor>(who))
        caf::anon_send(handle, die{crash()});
    run();
  }

  void run() {
    w.run();
    note_events();
  }

  void pass(std::chrono::milliseconds time) {
    for (auto i = 0ms; i < time; ++i)
      advance(1ms);
  }

  void advance(std::chrono::milliseconds time) {
    w.advance(time);
    note_events();
  }

  /// All of one moment, on the virtual clock.
  void note_events() {
    for (const auto& what : std::exchange(w.events, {}))
      note(what);
  }

  void note(const supervision_event& what) {
    if (!what.id.starts_with('s') || std::ranges::count(what.id, '-') != 2)
      return; // a supervisor
    switch (what.what) {
      case kind::starting:
        begin_start(what.id);
        break;
      case kind::started:
      case kind::restarted:
        starting.erase(what.id);
        running.insert(what.id);
        break;
      case kind::exited:
        running.erase(what.id);
        ++crashes;
        line.push_back(what.id);
        break;
      default:
        strange.push_back(to_string(what));
        break;
    }
  }

  void begin_start(const std::string& id) {
    starting.insert(id);
    most_starting = std::max(most_starting, starting.size());
    if (++starts <= all)
      return;
    auto place = std::ranges::find(line, id);
    REQUIRE(place != line.end());
    auto before = std::count_if(line.begin(), place, [this](const auto& other) {
      return !is_stopped(other);
    });
    // Those that may begin at one moment are told by several supervisors.
    out_of_line += before >= static_cast<ptrdiff_t>(room);
    line.erase(place);
    restarts.push_back(w.system.clock().now());
  }

  /// Stops a tree. What is in line of it is out of the way from now on.
  void stop_tree(int tree) {
    stopped_trees.insert(static_cast<char>('0' + tree));
    tops[tree].reset();
  }

  bool is_stopped(const std::string& id) const {
    return stopped_trees.contains(id[1]);
  }

  size_t running_in(int tree) const {
    auto prefix = "s" + std::to_string(tree) + '-';
    return std::ranges::count_if(
      running, [&](const auto& id) { return id.starts_with(prefix); });
  }

  world w;
  std::chrono::nanoseconds start_time;
  start_throttle throttle;
  std::vector<std::optional<supervisor_ref>> tops;
  bool lasts = false;
  std::vector<caf::actor_addr> calm;

  std::set<char> stopped_trees;
  std::set<std::string> starting;
  std::set<std::string> running;
  /// Crashed, and not started since: first crashed, first here.
  std::deque<std::string> line;
  size_t starts = 0;
  size_t crashes = 0;
  size_t most_starting = 0;
  size_t out_of_line = 0;
  std::vector<std::chrono::steady_clock::time_point> restarts;
  std::vector<std::string> strange;
};

/// @returns whether no stretch of time has more restarts than it may
bool keeps_to(double rate,
              const std::vector<std::chrono::steady_clock::time_point>& when) {
  std::chrono::nanoseconds interval{static_cast<int64_t>(1e9 / rate)};
  for (size_t i = 0; i < when.size(); ++i)
    for (size_t k = i + room; k < when.size(); k += 37)
      if (when[k] - when[i] < interval * (k - i - room + 1) - 1ms)
        return false;
  return true;
}

} // namespace

TEST_CASE("in a storm of 2000 children that crash again and again, starts keep "
          "to the limits, in line, and none is lost",
          "[start_storm]") {
  auto is_rate_short = GENERATE(true, false);
  auto rate = is_rate_short ? 1000.0 : 100'000.0;
  storm x{is_rate_short ? 2ms : 5ms, rate};
  REQUIRE(x.running.size() == all);
  x.begin();
  CHECK(x.throttle.waiting() >= all - room);
  x.pass(1500ms);
  CHECK(x.out_of_line == 0);
  CHECK(x.most_starting <= room);
  if (is_rate_short) // else what may begin waits for room, to begin together
    CHECK(keeps_to(rate, x.restarts));
  // One of both limits is what holds the restarts up.
  auto most = is_rate_short ? 1500 + room : 1500 / 5 * room;
  CHECK(x.restarts.size() > most * 9 / 10);
  CHECK(x.restarts.size() <= most + room);

  SECTION("afterwards all are back") {
    x.lasts = false;
    x.pass(3000ms);
    CHECK(x.running.size() == all);
    CHECK(x.restarts.size() == x.crashes);
    CHECK(x.line.empty());
  }
  SECTION("trees that stop meanwhile are gone at once, and hold up no other") {
    auto before = x.w.system.clock().now();
    x.stop_tree(0);
    x.stop_tree(1);
    x.run();
    CHECK(x.w.system.clock().now() == before);
    CHECK(x.throttle.waiting() <= 2 * per_tree);
    auto starts = x.starts;
    x.pass(200ms);
    CHECK(x.starts >= starts + 200 - room);
    CHECK(x.out_of_line == 0);
    CHECK(x.throttle.starting() <= room);
    x.lasts = false;
    x.pass(3000ms);
    CHECK(x.running_in(2) == per_tree);
    CHECK(x.running_in(3) == per_tree);
  }
  CHECK(x.strange == std::vector<std::string>{});
  x.tops.clear();
  x.pass(10ms);
  CHECK(x.throttle.waiting() == 0);
  CHECK(x.throttle.starting() == 0);
}

// -- real threads -------------------------------------------------------------

namespace {

constexpr int real_supervisors = 4;
constexpr int real_children = 50;
constexpr int crashes_each = 20;

struct real_config : caf::actor_system_config {
  real_config() {
    set("scheduler.max-threads", size_t{4});
    configure(*this);
  }
};

/// Counts starts that are under way, on all threads.
struct start_gauge {
  void begin() {
    auto now = ++current;
    auto known = most.load();
    while (known < now && !most.compare_exchange_weak(known, now)) {
    }
  }

  std::atomic<size_t> current = 0;
  std::atomic<size_t> most = 0;
};

} // namespace

TEST_CASE("supervisors on several threads that share limits forget nobody",
          "[start_storm]") {
  real_config settings;
  caf::actor_system system{settings};
  start_throttle throttle{{.max_concurrent_starts = 3,
                           .restarts_per_second = 1e9,
                           .restart_burst = 1000}};
  start_gauge gauge;
  std::latch calm{real_supervisors * real_children};
  auto crash_again = [&](int lives, const init_ack& ack) {
    return [&, lives, ack](caf::event_based_actor* self) {
      if (lives <= crashes_each)
        self->send(self, die{crash()});
      else
        calm.count_down();
      --gauge.current;
      ack();
      return caf::behavior{[=](die& what) { self->quit(what.reason); }};
    };
  };
  std::vector<supervisor_ref> supervisors;
  for (int i = 0; i < real_supervisors; ++i) {
    std::vector<child_spec> specs;
    for (int k = 0; k < real_children; ++k) {
      auto start
        = [&, lives = 0](const start_context& context) mutable -> start_result {
        gauge.begin();
        return context.spawn(crash_again(++lives, context.ack()));
      };
      specs.push_back({.id = std::to_string(k), .start = start});
    }
    supervisors.push_back(
      spawn_supervisor(
        system, {.intensity = 1'000'000, .period = 1ms, .throttle = throttle},
        std::move(specs))
        .value());
  }
  calm.wait();
  CHECK(gauge.most <= 3);
  for (auto& supervisor : supervisors)
    CHECK(supervisor.stop());
  CHECK(throttle.waiting() == 0);
  CHECK(throttle.starting() == 0);
}

} // namespace start_storm_test
