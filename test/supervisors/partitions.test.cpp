// What resizes blocks its caller, so those tests run on CAF's own scheduler;
// they wait for answers only.

#include <pyactor/supervisors/partitions.hpp>

#include <pyactor/test/supervisors/events.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <limits>
#include <map>
#include <mutex>

namespace partitions_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(what) TEST_CASE(what, "[partitions]")

namespace {

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", size_t{2});
    configure(*this);
  }
};

/// Answers with its number, or ends.
caf::behavior partition(caf::event_based_actor* self, uint64_t number) {
  return {
    [number](who_are_you) { return number; },
    [self](const die& what) { self->quit(what.reason); },
  };
}

child_spec numbered() {
  return {.start = with_arguments<uint64_t>([](uint64_t number) { //
            return start_function(partition, number);
          })};
}

struct real_partitions {
  explicit real_partitions(size_t count, const child_spec& spec = numbered(),
                           supervisor_flags flags = {})
    : partitions{
        start_partitions(system, count, spec, std::move(flags)).value()} {
    // nop
  }

  /// @returns the number of the child behind `who`; none if none runs
  std::optional<uint64_t> ask(const child_ref& who) {
    std::optional<uint64_t> result;
    caf::scoped_actor self{system};
    who.request(self, caf::infinite, who_are_you{})
      .receive([&](uint64_t number) { result = number; },
               [](const caf::error&) {});
    return result;
  }

  /// "r" for each partition that runs, "s" for each that is stopped.
  std::string states() {
    std::string result;
    auto known = partitions.supervisor().which_children().value();
    for (auto i = known.rbegin(); i != known.rend(); ++i)
      result += to_string(i->status).front();
    return result;
  }

  system_config settings;
  caf::actor_system system{settings};
  partition_supervisor partitions;
};

sup_error refusal(size_t count, const child_spec& spec,
                  supervisor_flags flags = {}) {
  system_config settings;
  caf::actor_system system{settings};
  auto result = start_partitions(system, count, spec, std::move(flags));
  REQUIRE_FALSE(result);
  return result.error();
}

} // namespace

// -- hashes -------------------------------------------------------------------

TEST("the hash of a text is FNV-1a in 64 bits") {
  CHECK(stable_hash("") == 0xcbf29ce484222325);
  CHECK(stable_hash("a") == 0xaf63dc4c8601ec8c);
  CHECK(stable_hash("foobar") == 0x85944171f73967e8);
  CHECK(stable_hash("\xff") == 0xaf64724c8602eb6e);
  CHECK(stable_hash({"\0", 1}) != stable_hash(""));
}

TEST("the hash of a number is that of its bytes, lowest first") {
  CHECK(stable_hash_of_number(0) == stable_hash({"\0\0\0\0\0\0\0\0", 8}));
  CHECK(stable_hash_of_number(0x0807060504030201)
        == stable_hash("\1\2\3\4\5\6\7\x8"));
}

TEST("keys in a row are divided about evenly") {
  for (size_t count : {2, 3, 8, 10, 16}) {
    std::map<size_t, int> numbers;
    std::map<size_t, int> texts;
    for (uint64_t i = 0; i < 10'000; ++i) {
      ++numbers[partition_of(stable_hash_of_number(i), count)];
      ++texts[partition_of(stable_hash("user-" + std::to_string(i)), count)];
    }
    auto share = 10'000.0 / static_cast<double>(count);
    for (const auto* keys : {&numbers, &texts}) {
      CHECK(keys->size() == count);
      for (auto [partition, many] : *keys) {
        CHECK(many > 0.8 * share);
        CHECK(many < 1.2 * share);
      }
    }
  }
}

// -- specs --------------------------------------------------------------------

TEST("partitions are numbered from 0, and each start knows its number") {
  world w;
  auto spec = w.spec("p");
  spec.max_total_restarts = 7;
  std::vector<uint64_t> given;
  spec.start
    = [&, start = spec.start](const start_context& context) -> start_result {
    given.push_back(context.arguments().get_as<uint64_t>(0));
    CHECK(context.id() == std::to_string(given.back()));
    return start(context);
  };
  auto specs = partition_specs(3, spec);
  CHECK(specs[2].id == "2");
  CHECK(specs[2].max_total_restarts == 7);
  w.start({}, specs);
  CHECK(given == std::vector<uint64_t>{0, 1, 2});
  w.tell("1", die{crash()});
  CHECK(given == std::vector<uint64_t>{0, 1, 2, 1});
  CHECK(w.which() == "2:running 1:running 0:running");
}

TEST("a partition's start function may ignore the number") {
  world w;
  w.start({}, partition_specs(2, w.spec("p")));
  CHECK(w.which() == "1:running 0:running");
}

TEST("what does not go with partitions is refused") {
  CHECK(refusal(0, numbered()).message == "there has to be a partition");
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one,
        restart_strategy::simple_one_for_one})
    CHECK(refusal(2, numbered(), {.strategy = strategy}).message
          == "partitions are restarted one_for_one");
  for (auto end :
       {auto_shutdown::any_significant, auto_shutdown::all_significant})
    CHECK(refusal(2, numbered(), {.auto_shutdown = end}).message
          == "partitions do not go with auto_shutdown");
  auto spec = numbered();
  spec.restart = restart_type::temporary;
  CHECK(refusal(2, spec).message == "a partition must not be temporary");
  CHECK(refusal(2, {}).message == "a child spec needs a start function");
  CHECK(refusal(2, {}).code == sup_errc::invalid_spec);
}

// -- routing ------------------------------------------------------------------

TEST("a key always leads to the partition that its hash says") {
  real_partitions x{4};
  for (auto key : {"a", "foobar", "", "user-17"})
    CHECK(x.ask(x.partitions.child_for(key)) == stable_hash(key) % 4);
  for (auto key : {0, 1, 17, -1, std::numeric_limits<int>::min()})
    CHECK(x.ask(x.partitions.child_for(key))
          == stable_hash_of_number(static_cast<uint64_t>(int64_t{key})) % 4);
}

TEST("the id for a key is that of its partition") {
  real_partitions x{4};
  for (auto key : {"a", "foobar", "", "user-17"})
    CHECK(x.partitions.id_for(key) == std::to_string(stable_hash(key) % 4));
  CHECK(x.partitions.id_for(17)
        == std::to_string(stable_hash_of_number(17) % 4));
  CHECK(x.partitions.supervisor().child(x.partitions.id_for("a")).identity()
        == x.partitions.child_for("a").identity());
}

TEST("keys are divided among the partitions of a supervisor below another "
     "one") {
  system_config settings;
  caf::actor_system system{settings};
  auto top
    = start_supervisor(system, {},
                       {{.id = "below",
                         .start = supervise({}, partition_specs(3, numbered())),
                         .type = child_type::supervisor}});
  REQUIRE(top);
  auto partitions = partitions_of(top->below("below"), 3);
  REQUIRE(partitions.resize(2));
  CHECK(partitions.id_for("a") == std::to_string(stable_hash("a") % 2));
  CHECK(partitions.child_for("a").current());
  CHECK_FALSE(partitions.supervisor().child("2").current());
}

TEST("equal numbers lead to the same partition, whatever their type is") {
  real_partitions x{7};
  for (auto i = 0; i < 100; ++i) {
    auto expected = x.ask(x.partitions.child_for(i));
    CHECK(x.ask(x.partitions.child_for(static_cast<uint8_t>(i))) == expected);
    CHECK(x.ask(x.partitions.child_for(uint64_t(i))) == expected);
    CHECK(x.ask(x.partitions.child_for(int64_t{-i}))
          == x.ask(x.partitions.child_for(static_cast<int8_t>(-i))));
  }
}

TEST("a partition that comes back keeps its number and its keys") {
  event_stream news;
  real_partitions x{2, numbered(), {.events = news}};
  caf::anon_send(x.partitions.child_for("a").current().value(), die{crash()});
  REQUIRE(await_event(news, supervision_event::kind::restarted));
  CHECK(x.partitions.child_for("a").incarnation().value() == 3);
  CHECK(x.ask(x.partitions.child_for("a")) == stable_hash("a") % 2);
}

// -- resize -------------------------------------------------------------------

TEST("fewer partitions are the first ones, and keys are divided among them") {
  real_partitions x{4};
  REQUIRE(x.partitions.resize(2));
  CHECK(x.partitions.size() == 2);
  CHECK(x.states() == "rrss");
  for (auto i = 0; i < 100; ++i)
    CHECK(x.ask(x.partitions.child_for(i))
          == stable_hash_of_number(static_cast<uint64_t>(i)) % 2);
  REQUIRE(x.partitions.resize(4));
  CHECK(x.states() == "rrrr");
  CHECK(x.ask(x.partitions.child_for("a")) == stable_hash("a") % 4);
}

TEST("partitions stop in order of their numbers, highest first, and start "
     "lowest first") {
  std::vector<std::string> journal; // only one of its writers runs at a time
  child_spec spec{.start = [&](const start_context& context) -> start_result {
    journal.push_back("start " + context.id());
    auto body = [&, id = context.id(),
                 ack = context.ack()](caf::event_based_actor* self) {
      self->set_exit_handler([=, &journal](const caf::exit_msg& what) {
        journal.push_back("end " + id);
        self->quit(what.reason);
      });
      return acknowledge(self, ack, [=] { return partition(self, 0); });
    };
    return context.spawn(body);
  }};
  real_partitions x{3, spec};
  journal.clear();
  REQUIRE(x.partitions.resize(0));
  REQUIRE(x.partitions.resize(3));
  CHECK(journal
        == std::vector<std::string>{"end 2", "end 1", "end 0", "start 0",
                                    "start 1", "start 2"});
}

TEST("with no partition left, nobody answers, and all can come back") {
  real_partitions x{2};
  REQUIRE(x.partitions.resize(0));
  CHECK(x.partitions.size() == 0);
  CHECK_FALSE(x.ask(x.partitions.child_for("a")));
  CHECK_FALSE(x.ask(x.partitions.child_for(1)));
  REQUIRE(x.partitions.resize(2));
  CHECK(x.ask(x.partitions.child_for("a")));
}

TEST("there are never more partitions than at first") {
  real_partitions x{2};
  auto result = x.partitions.resize(3);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == sup_errc::invalid_spec);
  CHECK(result.error().message == "no more than 2 partitions");
  CHECK(x.states() == "rr");
}

TEST("what somebody else has done to a partition is no error, and what is "
     "missing can be started later") {
  std::atomic<bool> fails = false;
  auto spec = numbered();
  spec.start
    = [&, start = spec.start](const start_context& context) -> start_result {
    if (fails && context.id() == "2")
      return crash("no room");
    return start(context);
  };
  real_partitions x{4, spec};
  const auto& supervisor = x.partitions.supervisor();
  REQUIRE(x.partitions.resize(1));
  REQUIRE(supervisor.restart_child("1"));
  fails = true;
  auto result = x.partitions.resize(4);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == sup_errc::start_failed);
  CHECK(result.error().id == "2");
  CHECK(x.partitions.size() == 2);
  CHECK(x.states() == "rrss");
  fails = false;
  CHECK(x.partitions.resize(4));
  CHECK(x.states() == "rrrr");
}

TEST("resizes that nobody waits for are carried out in the order in which they "
     "were asked for, and each tells once") {
  real_partitions x{4};
  std::mutex mutex;
  std::vector<std::string> told; // guarded by mutex
  for (size_t count : {1, 4, 5, 0, 3})
    x.partitions.resize_then(count, [&, count](sup_expected<void> done) {
      std::unique_lock guard{mutex};
      told.push_back(std::to_string(count) + (done ? ": done" : ": refused"));
    });
  REQUIRE(x.partitions.resize(2));
  CHECK(told
        == std::vector<std::string>{"1: done", "4: done", "5: refused",
                                    "0: done", "3: done"});
  CHECK(x.states() == "rrss");
}

TEST("a resize of partitions that have stopped says so") {
  real_partitions x{2};
  REQUIRE(x.partitions.supervisor().stop());
  auto result = x.partitions.resize(1);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == sup_errc::supervisor_down);
}

} // namespace partitions_test
