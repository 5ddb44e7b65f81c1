#include <pyactor/runtime/name_registry.hpp>
#include <pyactor/test/shared/crowd.hpp>
#include <pyactor/test/shared/stand_in.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace shared_names_test {

using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

constexpr int rounds = 200;

} // namespace

TEST_CASE("of threads that claim one name at once, one gets it, and it is free "
          "when that actor has ended",
          "[shared_names]") {
  auto names = std::make_shared<name_registry>();
  for (int i = 0; i < rounds; ++i) {
    std::array<caf::strong_actor_ptr, 4> actors;
    for (size_t n = 0; n < actors.size(); ++n)
      actors.at(n) = make_stand_in(n + 1);
    std::array<int, 4> got{};
    crowd(4, [&](int n) {
      auto own = static_cast<size_t>(n);
      got.at(own) = names->put("name", actors.at(own)).has_value();
    });
    REQUIRE(got[0] + got[1] + got[2] + got[3] == 1);
    REQUIRE(names->find("name"));
    crowd(4, [&](int n) { behind(actors.at(static_cast<size_t>(n))).end(); });
    REQUIRE_FALSE(names->find("name"));
    REQUIRE(names->size() == 0);
  }
}

TEST_CASE("a name never leads to an actor that has ended, whoever ends, looks "
          "and names meanwhile",
          "[shared_names]") {
  auto names = std::make_shared<name_registry>();
  std::vector<caf::strong_actor_ptr> actors;
  for (int i = 0; i < rounds; ++i)
    actors.push_back(make_stand_in(static_cast<caf::actor_id>(i) + 1));
  std::array<int, 2> found{};
  crowd(4, [&](int n) {
    for (auto& who : actors)
      if (n == 0)
        static_cast<void>(names->put(std::to_string(who->id() % 3), who));
      else if (n == 1)
        behind(who).end();
      else
        for (const auto* name : {"0", "1", "2"})
          found.at(static_cast<size_t>(n) - 2) += names->find(name) != nullptr;
  });
  for (const auto* name : {"0", "1", "2"})
    CHECK_FALSE(names->find(name));
  CHECK(names->size() == 0);
}

} // namespace shared_names_test
