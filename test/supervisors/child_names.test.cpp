// Children that are found by name. Cases of OTP's own test suite are under
// their names there.

#include <pyactor/test/supervisors/otp_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace child_names_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

child_spec named(world& w, const std::string& id, const std::string& name) {
  auto result = w.spec(id);
  result.register_as = name;
  return result;
}

} // namespace

TEST_CASE("a name leads to the incarnation that runs", "[child_names]") {
  world w;
  CHECK_FALSE(whereis(w.system, "store"));
  w.start(many, {named(w, "a", "store")});
  auto found = whereis(w.system, "store");
  REQUIRE(found);
  for (incarnation_id expected = 1; expected < 4; ++expected) {
    CHECK(found->incarnation() == expected);
    CHECK(whereis(w.system, "store")->current() == w.last_handle("a"));
    w.tell("a", die{crash()});
  }
}

TEST_CASE("a name never leads to a dead incarnation", "[child_names]") {
  world w;
  w.start(many, {named(w, "a", "store")});
  w.child("a").start = child_control::start_mode::manual_ack;
  w.tell("a", die{crash()});
  CHECK_FALSE(whereis(w.system, "store")->current());
  CHECK(whereis(w.system, "store")->status() == child_status::restarting);
  w.child("a").acks.back()();
  w.run();
  CHECK(whereis(w.system, "store")->incarnation() == 2);
}

TEST_CASE("a child whose name another one has does not start",
          "[child_names]") {
  world w;
  w.start(many, {named(w, "a", "store")});
  auto second = w.order(start_child{named(w, "b", "store")});
  REQUIRE(second.failed_with(sup_errc::already_started));
  CHECK(second.error().message.find("another child has the name 'store'")
        != std::string::npos);
  CHECK(w.child("b").starts == 0);
  CHECK(w.which() == "a:running");
  w.order(terminate_child{"a"});
  CHECK(w.order(start_child{named(w, "b", "store")})
          .failed_with(sup_errc::already_started));
  w.order(delete_child{"a"});
  CHECK_FALSE(whereis(w.system, "store"));
  CHECK(w.order(start_child{named(w, "b", "store")}).ok());
  CHECK(whereis(w.system, "store")->current() == w.last_handle("b"));
}

TEST_CASE("a temporary child that has nothing to do leaves its name to others",
          "[child_names]") {
  world w;
  w.start(many, {});
  w.child("a").start = GENERATE(child_control::start_mode::ignore,
                                child_control::start_mode::decline);
  auto one = named(w, "a", "store");
  one.restart = restart_type::temporary;
  w.order(start_child{one});
  CHECK(w.child("a").starts == 1);
  CHECK(w.which() == "");
  CHECK_FALSE(whereis(w.system, "store"));
  CHECK(w.order(start_child{named(w, "b", "store")}).ok());
  CHECK(whereis(w.system, "store")->current() == w.last_handle("b"));
}

TEST_CASE("two specs of a list cannot have the same name", "[child_names]") {
  world w;
  std::vector<child_spec> both{named(w, "a", "store"), named(w, "b", "store")};
  CHECK(check_child_specs(both) == spec_check{spec_fault::duplicate_name, "b"});
}

TEST_CASE("a name is free when the supervisor has ended", "[child_names]") {
  world w;
  w.start(many, {named(w, "a", "store")});
  SECTION("in order") {
    w.stop();
  }
  SECTION("by a kill") {
    caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
    w.run();
  }
  CHECK_FALSE(whereis(w.system, "store"));
}

TEST_CASE("a reload gives a child its new name with its next start",
          "[child_names]") {
  world w;
  w.start(many, {named(w, "a", "old")});
  w.reload(many, {named(w, "a", "new")}, reload_mode::otp);
  CHECK(whereis(w.system, "old"));
  CHECK(w.order(cycle_child{"a"}).ok());
  CHECK_FALSE(whereis(w.system, "old"));
  CHECK(whereis(w.system, "new")->incarnation() == 2);
}

TEST_CASE("each actor system has names of its own", "[child_names]") {
  world w;
  w.start(many, {named(w, "a", "store")});
  world other;
  CHECK_FALSE(whereis(other.system, "store"));
  other.start(many, {named(other, "a", "store")});
  CHECK(whereis(other.system, "store")->current() == other.last_handle("a"));
  CHECK(whereis(w.system, "store")->current() == w.last_handle("a"));
}

TEST_CASE("simple_global_supervisor: both names lead to new incarnations, "
          "whatever ends one of them",
          "[child_names]") {
  otp_world w;
  auto middle_start = [&w](const start_context& context) -> start_result {
    return supervise(as_otp(supervisor_flags{}),
                     {as_otp(named(w, "server", "server"))})(context);
  };
  child_spec middle{.id = "middle",
                    .start = middle_start,
                    .type = child_type::supervisor,
                    .shutdown = stop_policy{.timeout = 2s},
                    .register_as = "middle"};
  w.start(
    {.strategy = restart_strategy::one_for_all, .intensity = 3, .period = 60s},
    {middle});
  auto where = [&](std::string_view name) {
    return whereis(w.system, name)->current().value();
  };
  auto old_middle = where("middle");
  auto old_server = where("server");
  auto middle_survives = false;
  SECTION("the middle one is killed") {
    caf::anon_send_exit(old_middle, caf::exit_reason::kill);
  }
  SECTION("the server is killed") {
    middle_survives = true;
    caf::anon_send_exit(old_server, caf::exit_reason::kill);
  }
  SECTION("the server ends normally") {
    middle_survives = true;
    caf::anon_send(old_server, die{});
  }
  SECTION("the middle one is terminated and restarted") {
    CHECK(w.order(terminate_child{"middle"}).ok());
    CHECK_FALSE(whereis(w.system, "server"));
    CHECK(w.order(restart_child{"middle"}).ok());
  }
  w.run();
  w.advance(200ms);
  CHECK((where("middle") == old_middle) == middle_survives);
  CHECK(where("server") != old_server);
  caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
  w.run();
  w.advance(200ms);
  CHECK_FALSE(whereis(w.system, "middle"));
  CHECK_FALSE(whereis(w.system, "server"));
}

} // namespace child_names_test
