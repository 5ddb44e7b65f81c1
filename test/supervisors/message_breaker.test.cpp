#include <pyactor/supervisors/message_breaker.hpp>

#include <pyactor/supervisors/error.hpp>

#include <catch2/catch_test_macros.hpp>

namespace message_breaker_test {

using namespace pyactor::supervisors;

namespace {

/// One incarnation after another handles that message and crashes.
/// @returns whether each crash was the last one that it takes
std::vector<bool> crash_on(message_breaker& breaker, uint64_t digest,
                           int times) {
  std::vector<bool> result;
  for (int i = 0; i < times; ++i) {
    CHECK(breaker.admit(1, digest));
    result.push_back(breaker.note_crash());
  }
  return result;
}

} // namespace

TEST_CASE("a message is refused from as many crashes on as the threshold says",
          "[message_breaker]") {
  message_breaker breaker{"c", 3, {}};
  breaker.begin(1);
  CHECK(crash_on(breaker, 7, 3) == std::vector{false, false, true});
  CHECK_FALSE(breaker.admit(1, 7));
  CHECK_FALSE(breaker.admit(1, 7));
}

TEST_CASE("other messages are admitted, and other crashes not counted",
          "[message_breaker]") {
  message_breaker breaker{"c", 2, {}};
  breaker.begin(1);
  for (uint64_t digest = 1; digest <= 5; ++digest)
    CHECK(crash_on(breaker, digest, 1) == std::vector{false});
  for (uint64_t digest = 1; digest <= 5; ++digest)
    CHECK(breaker.admit(1, digest));
}

TEST_CASE("crashes on a message count however many it survives in between",
          "[message_breaker]") {
  message_breaker breaker{"c", 2, {}};
  breaker.begin(1);
  crash_on(breaker, 7, 1);
  for (int i = 0; i < 10; ++i) {
    CHECK(breaker.admit(1, 7));
    breaker.settle(1);
  }
  CHECK(crash_on(breaker, 7, 1) == std::vector{true});
}

TEST_CASE("a crash without a message counts for none", "[message_breaker]") {
  message_breaker breaker{"c", 1, {}};
  breaker.begin(1);
  CHECK_FALSE(breaker.note_crash());
  CHECK(breaker.admit(1, 7));
  breaker.settle(1);
  CHECK_FALSE(breaker.note_crash());
  // A refused message is handled by nobody.
  CHECK(crash_on(breaker, 8, 1) == std::vector{true});
  CHECK_FALSE(breaker.admit(1, 8));
  CHECK_FALSE(breaker.note_crash());
}

TEST_CASE("where there are too many messages, it forgets the oldest",
          "[message_breaker]") {
  message_breaker breaker{"c", 1, {}};
  breaker.begin(1);
  for (uint64_t digest = 1; digest <= message_breaker::capacity; ++digest)
    crash_on(breaker, digest, 1);
  CHECK_FALSE(breaker.admit(1, 1));
  crash_on(breaker, message_breaker::capacity + 1, 1);
  CHECK(breaker.admit(1, 1));
  CHECK_FALSE(breaker.admit(1, 2));
}

TEST_CASE("what an incarnation does whose place another one has taken counts "
          "for nothing",
          "[message_breaker]") {
  message_breaker breaker{"c", 1, {}};
  breaker.begin(1);
  CHECK(breaker.admit(1, 7));
  breaker.begin(2);
  CHECK_FALSE(breaker.note_crash()); // the new one was handling nothing
  CHECK(breaker.admit(2, 8));
  CHECK(breaker.admit(1, 9));
  breaker.settle(1);
  CHECK(breaker.note_crash());
  CHECK_FALSE(breaker.admit(2, 8));
  CHECK(breaker.admit(2, 9));
}

TEST_CASE("another threshold holds at once, for what was counted before",
          "[message_breaker]") {
  message_breaker breaker{"c", 5, {}};
  breaker.begin(1);
  crash_on(breaker, 7, 3);
  breaker.change(3, {});
  CHECK_FALSE(breaker.admit(1, 7));
  breaker.change(4, {});
  CHECK(crash_on(breaker, 7, 1) == std::vector{true});
  breaker.change(0, {});
  CHECK(crash_on(breaker, 7, 3) == std::vector{false, false, false});
}

TEST_CASE("the error of a refused message names the child and its crashes",
          "[message_breaker]") {
  message_breaker breaker{"reader", 4, {}};
  breaker.begin(1);
  auto why = breaker.refuse(nullptr, caf::make_message(1));
  CHECK(why == caf::make_error(sup_errc::poison_message));
  CHECK(pyactor::runtime::render(why).find("'reader' has crashed on it 4 times")
        != std::string::npos);
}

} // namespace message_breaker_test
