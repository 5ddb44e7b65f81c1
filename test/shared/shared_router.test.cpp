#include <pyactor/runtime/router.hpp>
#include <pyactor/test/shared/crowd.hpp>
#include <pyactor/test/shared/stand_in.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace shared_router_test {

using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Routes to a pool of two contexts, which never start, nor do others.
class routes_to_two {
public:
  routes_to_two() {
    routes->add(std::make_unique<pool>(
      "default", pool_options{.policy = routing_policy::round_robin},
      std::vector{make(), make()}));
  }

  std::shared_ptr<context> make() {
    context_settings config;
    config.name = "default/" + std::to_string(all_.size());
    return all_.emplace_back(
      std::make_shared<context>(no_system(), std::move(config)));
  }

  pool& home() {
    return **routes->find("default");
  }

  std::shared_ptr<router> routes = std::make_shared<router>();

private:
  std::vector<std::shared_ptr<context>> all_;
};

} // namespace

TEST_CASE("an actor has one context, and is forgotten when it ends, whoever "
          "asks and replaces contexts meanwhile",
          "[shared_router]") {
  constexpr size_t actors = 2'000;
  routes_to_two some;
  auto& routes = some.routes;
  std::vector<caf::strong_actor_ptr> all;
  for (size_t i = 0; i < actors; ++i)
    all.push_back(make_stand_in(i + 1));
  std::atomic<int> wrong = 0;
  std::atomic<int> asking = 2;
  auto& home = some.home();
  crowd(4, [&](int who) {
    if (who == 3) {
      while (asking > 0) {
        home.replace(*home.contexts().front(), some.make());
        static_cast<void>(routes->bindings());
      }
      return;
    }
    if (who == 2) {
      for (auto& one : all)
        behind(one).end();
      return;
    }
    for (auto& one : all) {
      auto first = routes->bind(one, {});
      auto again = routes->bind(one, {});
      wrong += !first || !again;
      wrong += !routes->place({.index = 1});
    }
    --asking;
  });
  CHECK(wrong == 0);
  CHECK(routes->bindings() == 0);
}

TEST_CASE("an actor that lives keeps its context, whatever takes the place of "
          "that",
          "[shared_router]") {
  constexpr int times = 5'000;
  routes_to_two some;
  auto& routes = some.routes;
  auto actor = make_stand_in(1);
  auto* mine = *routes->bind(actor, {});
  auto& home = some.home();
  std::atomic<int> moved = 0;
  crowd(4, [&](int who) {
    for (int i = 0; i < times / (who == 0 ? 100 : 1); ++i)
      if (who == 0)
        home.replace(*home.contexts().back(), some.make());
      else
        moved += *routes->bind(actor, {}) != mine;
  });
  CHECK(moved == 0);
  routes->close();
  CHECK_FALSE(routes->bind(actor, {}));
  behind(actor).end();
}

} // namespace shared_router_test
