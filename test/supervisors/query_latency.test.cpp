// How soon a supervisor answers that has much else to do. What this asserts
// about time holds for a machine of its own.

#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/events.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace query_latency_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

// Where times say nothing, it is looked at that all is answered.
constexpr bool tells_time
  = pyactor::test::optimized && !pyactor::test::instrumented;
constexpr auto promise = tells_time ? 50ms : 1000ms;
constexpr int many = tells_time ? 20'000 : 2'000;

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", size_t{2});
    configure(*this);
  }
};

struct observation {
  clock_type::duration longest{0};
  int questions = 0;
};

/// Asks a supervisor this and that, again and again, until it has ended.
class observer {
public:
  /// @param lists  whether it asks for all children, and the tree, too
  observer(const supervisor_ref& whom, bool lists)
    : lists_(lists), thread_([this, whom = whom.handle()] { watch(whom); }) {
    // nop
  }

  observation result() {
    thread_.join();
    return seen_;
  }

private:
  void watch(const caf::actor& whom) {
    caf::scoped_actor self{whom.home_system()};
    auto alive = true;
    auto ask = [&]<class Reply>(auto what, std::type_identity<Reply>) {
      auto begin = clock_type::now();
      self->request(whom, caf::infinite, what)
        .receive([](const Reply&) {},
                 [&](const caf::error&) { alive = false; });
      if (alive)
        seen_.longest = std::max(seen_.longest, clock_type::now() - begin);
      ++seen_.questions;
    };
    while (alive) {
      ask(count_children{}, std::type_identity<count_children_reply>{});
      ask(which_child{"7"}, std::type_identity<which_child_reply>{});
      ask(get_child_spec{"7"}, std::type_identity<get_child_spec_reply>{});
      ask(get_statistics{}, std::type_identity<get_statistics_reply>{});
      if (!lists_)
        continue;
      ask(which_children{}, std::type_identity<which_children_reply>{});
      ask(get_tree{}, std::type_identity<get_tree_reply>{});
    }
  }

  bool lists_;
  observation seen_;
  std::jthread thread_;
};

/// What goes on while it is asked.
struct scenario {
  const char* name;
  restart_strategy strategy = restart_strategy::one_for_one;
  stop_order order = stop_order::newest_first;
  /// Children that do not stop, and are killed.
  int deaf = 0;
  /// All of them are asked for, too; half as many, as that takes time for each.
  bool lists = false;
};

caf::behavior idle() {
  return {[](int) {}};
}

caf::behavior deaf(caf::event_based_actor* self) {
  self->set_exit_handler([](const caf::exit_msg&) {});
  return idle();
}

/// @returns whether that child comes back
bool await_restart_of(const std::string& id, const event_stream& news) {
  for (;;) {
    auto event = await_event(news, supervision_event::kind::restarted);
    if (!event || event->id == id)
      return event.has_value();
  }
}

/// Starts a supervisor of so many children, has one crash and come back, with
/// all others in a group, and stops it; it is asked meanwhile.
observation asked_all_the_time(const scenario& what) {
  system_config settings;
  caf::actor_system system{settings};
  const auto children = what.lists ? many / 2 : many;
  // None of which may be pushed out.
  event_stream news{size_t{10} * many};
  supervisor_flags flags{
    .strategy = what.strategy, .stop_order = what.order, .events = news};
  std::vector<child_spec> specs;
  for (int i = 0; i < children; ++i)
    specs.push_back(
      {.id = std::to_string(i),
       .start = i < what.deaf ? start_function(deaf) : start_function(idle),
       .shutdown = stop_policy{.timeout = i < what.deaf ? 50ms : 5000ms}});
  auto supervisor
    = spawn_supervisor(system, std::move(flags), std::move(specs));
  REQUIRE(supervisor);
  observer asks{*supervisor, what.lists};
  CHECK(supervisor->await_start());
  CHECK(supervisor->count_children()->active == static_cast<size_t>(children));
  caf::anon_send_exit(supervisor->child("7").current().value(),
                      caf::exit_reason::kill);
  CHECK(await_restart_of("7", news));
  CHECK(supervisor->stop());
  return asks.result();
}

/// Has so many children wait for room to start, behind one that never
/// acknowledges, and stops the supervisor; it is asked meanwhile.
observation asked_while_starts_are_withdrawn(stop_order order) {
  system_config settings;
  caf::actor_system system{settings};
  auto supervisor = spawn_supervisor(
    system,
    {.stop_order = order,
     .throttle = start_throttle{{.max_concurrent_starts = 1}}},
    {});
  REQUIRE(supervisor);
  for (int i = 0; i < many; ++i)
    caf::anon_send(supervisor->handle(),
                   start_child{{.id = std::to_string(i),
                                .start = [](const start_context& context) {
                                  return context.spawn(idle);
                                }}});
  // Answered when all orders before it have been taken.
  CHECK(supervisor->count_children()->specs == static_cast<size_t>(many));
  observer asks{*supervisor, false};
  CHECK(supervisor->stop());
  return asks.result();
}

/// Holds the best of three to the promise.
template <class F>
void check_promise(F observe) {
  auto best = observe();
  for (int i = 1; i < 3 && best.longest > promise; ++i)
    if (auto next = observe(); next.longest < best.longest)
      best = next;
  WARN("longest answer of " << best.questions << ": " << best.longest / 1us
                            << " us");
  CHECK(best.questions > 10);
  CHECK(best.longest <= promise);
}

} // namespace

TEST_CASE("a supervisor that starts, restarts and stops thousands of children "
          "answers a question within 50 ms",
          "[query_latency]") {
  using enum restart_strategy;
  const scenario all[] = {
    {.name = "one by one", .deaf = 5},
    {.name = "stopped at once", .order = stop_order::at_once, .deaf = 5},
    {.name = "in a group", .strategy = one_for_all},
    {.name = "lists, one by one", .deaf = 5, .lists = true},
    {.name = "lists, in a group", .strategy = one_for_all, .lists = true},
  };
  for (const auto& what : all) {
    INFO(what.name);
    check_promise([&] { return asked_all_the_time(what); });
  }
}

TEST_CASE("a supervisor that stops while thousands of starts wait for their "
          "limits answers a question within 50 ms",
          "[query_latency]") {
  for (auto order : {stop_order::newest_first, stop_order::at_once}) {
    INFO(static_cast<int>(order));
    check_promise([&] { return asked_while_starts_are_withdrawn(order); });
  }
}

} // namespace query_latency_test
