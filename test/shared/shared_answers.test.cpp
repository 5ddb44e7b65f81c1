#include <pyactor/supervisors/engine/start_record.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>

namespace shared_answers_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using pyactor::value;
using pyactor::test::crowd;

namespace {

constexpr int rounds = 500;

} // namespace

TEST_CASE("of answers that come at once, one counts, and all who wait get it",
          "[shared_answers]") {
  for (int i = 0; i < rounds; ++i) {
    python::question asked;
    std::array<std::optional<value>, 4> got;
    crowd(4, [&](int who) {
      if (who >= 2)
        asked.answer(value{who});
      got.at(static_cast<size_t>(who)) = asked.wait(60s);
    });
    REQUIRE((got[0] == value{2} || got[0] == value{3}));
    for (const auto& each : got)
      REQUIRE(each == got[0]);
  }
}

TEST_CASE("why a start failed is read as it was written", "[shared_answers]") {
  const std::string text(100, 'x');
  engine::start_record record;
  std::atomic<int> torn = 0;
  crowd(4, [&](int who) {
    for (int i = 0; i < 1'000; ++i)
      if (who == 0)
        record.set({.code = sup_errc::start_failed, .message = text});
      else if (auto seen = record.get())
        torn += seen->code != sup_errc::start_failed || seen->message != text;
  });
  CHECK(torn == 0);
  CHECK(record.get()->message == text);
}

} // namespace shared_answers_test
