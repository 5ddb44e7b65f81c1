// Whom a reload starts because those no longer take them along who wait for
// their restart.

#include <pyactor/test/supervisors/world.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace stranded_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[stranded]")

namespace {

using enum reload_mode;
using ids = std::vector<std::string>;

supervisor_flags many(restart_strategy strategy) {
  return {.strategy = strategy, .intensity = 100, .period = 1h};
}

std::map<std::string, child_status> statuses_of(world& w) {
  std::map<std::string, child_status> result;
  for (const auto& info : w.children())
    result[info.id] = info.status;
  return result;
}

/// @param before  every child that is stopped was stopped with its group
/// @param order   those that stay, from the reload on
/// @returns whom a reload starts: who was stopped, and is taken along by none
///          that waits for its restart
ids stranded(const std::map<std::string, child_status>& before,
             const ids& order, restart_strategy strategy) {
  ids result;
  for (size_t i = 0; i < order.size(); ++i) {
    auto is_awaited = before.at(order[i]) == child_status::stopped;
    for (size_t k = 0; k < order.size(); ++k)
      if (before.at(order[k]) == child_status::restarting
          && plan_restart(strategy, k).covers(i))
        is_awaited = false;
    if (is_awaited)
      result.push_back(order[i]);
  }
  return result;
}

/// @returns whom the supervisor has started since the last call
ids starts_in(world& w) {
  ids result;
  for (const auto& line : std::exchange(w.journal, {}))
    if (line.starts_with("start "))
      result.push_back(line.substr(6));
  return result;
}

std::vector<child_spec> specs_of(world& w, const ids& list) {
  std::vector<child_spec> result;
  for (const auto& id : list)
    result.push_back(w.spec(id));
  return result;
}

ids numbered(size_t count) {
  ids result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(std::to_string(i));
  return result;
}

} // namespace

TEST("whatever becomes of list and strategy, those come back by themselves "
     "whom nobody takes along") {
  constexpr restart_strategy strategies[]
    = {restart_strategy::one_for_one, restart_strategy::one_for_all,
       restart_strategy::rest_for_one};
  std::minstd_rand random{1};
  for (int round = 0; round < 300; ++round) {
    world w;
    auto order = numbered(2 + random() % 6);
    w.start(many(strategies[1 + random() % 2]), specs_of(w, order));
    for (int reloads = 0; reloads < 3 && !order.empty(); ++reloads) {
      for (const auto& id : order)
        w.child(id).start = random() % 3 == 0 ? mode::refuse : mode::spawn;
      const auto& victim = order[random() % order.size()];
      if (w.info(victim).status == child_status::running)
        w.tell(victim, die{crash()});
      auto before = statuses_of(w);
      w.journal.clear();

      auto list = order;
      std::ranges::shuffle(list, random);
      list.resize(list.size() - random() % 2);
      auto how = random() % 2 == 0 ? otp : converge;
      std::erase_if(order, [&](const auto& id) {
        return how == converge || std::ranges::find(list, id) != list.end();
      });
      order.insert(order.begin(), list.begin(), list.end());
      auto strategy = strategies[random() % 3];
      INFO("round " << round << ", reload " << reloads);
      REQUIRE(w.reload(many(strategy), specs_of(w, list), how)->value().result);
      CHECK(starts_in(w) == stranded(before, order, strategy));
    }
  }
}

TEST("thousands whom nobody takes along any more come back in their order") {
  constexpr size_t count = pyactor::test::instrumented ? 2'000 : 20'000;
  auto list = numbered(count);
  auto failed = list[count / 2];
  world w;
  w.start(many(restart_strategy::rest_for_one), specs_of(w, list));
  w.child(failed).start = mode::refuse;
  w.tell(failed, die{crash()});
  REQUIRE(w.count().active == count / 2);
  auto before = statuses_of(w);
  w.journal.clear();
  std::ranges::reverse(list);
  SECTION("reversed") {
  }
  SECTION("shuffled") {
    std::ranges::shuffle(list, std::minstd_rand{1});
  }
  ids expected;
  for (const auto& id : list)
    if (id == failed)
      break;
    else if (before.at(id) == child_status::stopped)
      expected.push_back(id);
  REQUIRE(w.reload(many(restart_strategy::rest_for_one), specs_of(w, list), otp)
            ->value()
            .result);
  CHECK(starts_in(w) == expected);
}

} // namespace stranded_test
