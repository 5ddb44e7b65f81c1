#include <pyactor/supervisors/engine/watch.hpp>

#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <barrier>
#include <thread>

namespace watch_test {

using namespace pyactor::supervisors;
using namespace pyactor::supervisors::engine;

namespace {

caf::strong_actor_ptr pointer(const caf::actor& who) {
  return caf::actor_cast<caf::strong_actor_ptr>(who);
}

/// Two actors: one that listens, and one to be watched.
struct two_actors : world {
  two_actors() {
    listener = system.spawn([this](caf::event_based_actor*) {
      return caf::behavior{
        [this](int) { heard.emplace_back("int"); },
        [this](const child_ended& what) {
          heard.push_back("end " + std::to_string(what.incarnation));
          reason = what.reason;
        },
      };
    });
    other = system.spawn([this](caf::event_based_actor*) {
      return caf::behavior{[this](int) { heard.emplace_back("other int"); }};
    });
    run();
  }

  ~two_actors() {
    clients = {listener, other};
  }

  watch_key key(incarnation_id incarnation) const {
    return {listener.address(), incarnation};
  }

  void end_other(caf::error why) {
    caf::anon_send(other, caf::exit_msg{{}, std::move(why)});
    run();
  }

  std::vector<std::string> heard;
  caf::error reason;
  caf::actor listener;
  caf::actor other;
};

} // namespace

TEST_CASE("a watch names the incarnation and the reason, once", "[watch]") {
  two_actors w;
  watch(pointer(w.other), w.key(7));
  CHECK(w.heard.empty());
  w.end_other(crash());
  CHECK(w.heard == std::vector<std::string>{"end 7"});
  CHECK(w.reason == caf::sec::runtime_error);
}

TEST_CASE("a watch on an actor that has ended answers at once", "[watch]") {
  two_actors w;
  w.end_other(crash());
  watch(pointer(w.other), w.key(7));
  w.run();
  CHECK(w.heard == std::vector<std::string>{"end 7"});
  CHECK(w.reason == caf::sec::runtime_error);
}

TEST_CASE("the news of an end overtakes what waits in the mailbox", "[watch]") {
  two_actors w;
  w.end_other(crash());
  for (int i = 0; i < 50; ++i)
    caf::anon_send(w.listener, i);
  watch(pointer(w.other), w.key(7));
  w.run();
  REQUIRE(w.heard.size() == 51);
  CHECK(w.heard.front() == "end 7");
}

TEST_CASE("a request to end overtakes what waits in the mailbox", "[watch]") {
  for (auto how : {caf::exit_reason::user_shutdown, caf::exit_reason::kill}) {
    two_actors w;
    for (int i = 0; i < 50; ++i)
      caf::anon_send(w.other, i);
    tell_exit(pointer(w.other), {}, how, nullptr);
    w.run();
    CHECK(w.heard.empty());
  }
}

TEST_CASE("a watch that was called off says nothing", "[watch]") {
  two_actors w;
  watch(pointer(w.other), w.key(7));
  watch(pointer(w.other), w.key(8));
  unwatch(pointer(w.other), w.key(7));
  w.end_other(crash());
  CHECK(w.heard == std::vector<std::string>{"end 8"});
}

TEST_CASE(
  "an actor that somebody has claimed is nobody else's until that claim "
  "is called off",
  "[watch]") {
  two_actors w;
  CHECK(claim(pointer(w.other), w.key(7)));
  CHECK_FALSE(claim(pointer(w.other), w.key(8)));
  unwatch(pointer(w.other), w.key(8));
  CHECK_FALSE(claim(pointer(w.other), w.key(8)));
  unwatch(pointer(w.other), w.key(7));
  CHECK(claim(pointer(w.other), w.key(8)));
  w.end_other(crash());
  CHECK(w.heard == std::vector<std::string>{"end 8"});
}

TEST_CASE("an actor that has ended can be claimed, and says so at once",
          "[watch]") {
  two_actors w;
  w.end_other(crash());
  CHECK(claim(pointer(w.other), w.key(7)));
  w.run();
  CHECK(w.heard == std::vector<std::string>{"end 7"});
}

TEST_CASE("of two threads that claim an actor at the same time, one succeeds",
          "[watch]") {
  two_actors w;
  for (incarnation_id round = 1; round < 2000; round += 2) {
    std::barrier both{2};
    auto one = false;
    std::thread rival{[&] {
      both.arrive_and_wait();
      one = claim(pointer(w.other), w.key(round));
    }};
    both.arrive_and_wait();
    auto other = claim(pointer(w.other), w.key(round + 1));
    rival.join();
    REQUIRE(one != other);
    unwatch(pointer(w.other), w.key(one ? round : round + 1));
  }
}

TEST_CASE("an actor that supervises others is not itself claimed", "[watch]") {
  two_actors w;
  watch(pointer(w.other), w.key(0));
  CHECK(claim(pointer(w.other), w.key(7)));
}

TEST_CASE("a watch keeps neither end alive", "[watch]") {
  two_actors w;
  watch(pointer(w.other), w.key(7));
  auto address = w.listener.address();
  w.listener = nullptr;
  w.run();
  CHECK_FALSE(caf::actor_cast<caf::actor>(address));
  w.end_other(crash());
}

} // namespace watch_test
