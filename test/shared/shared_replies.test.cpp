#include <pyactor/runtime/pending_reply.hpp>
#include <pyactor/test/shared/crowd.hpp>
#include <pyactor/test/shared/stand_in.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <memory>

namespace shared_replies_test {

using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

constexpr int rounds = 500;

caf::response_promise request_of(const caf::strong_actor_ptr& client) {
  return {nullptr, client, {}, caf::make_message_id(1)};
}

} // namespace

TEST_CASE("a reply that many threads deliver at once is delivered once",
          "[shared_replies]") {
  auto client = make_stand_in(1);
  for (int i = 0; i < rounds; ++i) {
    pending_reply reply;
    reply.take(request_of(client));
    std::array<int, 4> delivered{};
    crowd(4, [&](int n) {
      auto& own = delivered.at(static_cast<size_t>(n));
      own = reply.deliver(caf::make_message(n));
      static_cast<void>(reply.pending());
    });
    REQUIRE(delivered[0] + delivered[1] + delivered[2] + delivered[3] == 1);
    REQUIRE_FALSE(reply.pending());
  }
  CHECK(behind(client).received() == rounds);
}

TEST_CASE("a reply whose last holder drops it while others deliver is one "
          "outcome, and one that nobody delivers is, too",
          "[shared_replies]") {
  auto client = make_stand_in(1);
  for (int i = 0; i < rounds; ++i) {
    std::array<std::shared_ptr<pending_reply>, 3> holders;
    auto reply = std::make_shared<pending_reply>();
    reply->take(request_of(client));
    holders.fill(reply);
    reply.reset();
    crowd(3, [&](int n) {
      auto own = std::move(holders.at(static_cast<size_t>(n)));
      if (n == i % 4) // in every fourth round nobody does
        static_cast<void>(own->deliver(caf::make_message(n)));
    });
  }
  CHECK(behind(client).received() == rounds);
}

} // namespace shared_replies_test
