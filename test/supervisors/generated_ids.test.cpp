// Children that come on demand with specs of their own, and no ids.

#include <pyactor/test/supervisors/simple_world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace generated_ids_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[generated_ids]")

namespace {

supervisor_flags many() {
  return {.intensity = 100, .period = 1h};
}

} // namespace

TEST("specs of any kind that ask for an id get one each") {
  world w;
  w.start(many(), {w.spec("a")});
  child_spec tree{.id = generated_id,
                  .start = supervise(many(), {w.spec("leaf")}),
                  .type = child_type::supervisor};
  CHECK(w.order(start_child{w.spec(generated_id)}).id() == "child-1");
  CHECK(w.order(start_child{tree}).id() == "child-2");
  CHECK(w.which() == "child-2:running child-1:running a:running");
  CHECK(w.info("child-1").type == child_type::worker);
  CHECK(w.info("child-2").type == child_type::supervisor);
  CHECK(w.spec_of("child-2")->id == "child-2");
  CHECK(w.child("child-1").starts == 1); // its start function was told
}

TEST("a child with a generated id is one like any other") {
  world w;
  w.start(many(), {});
  REQUIRE(w.order(start_child{w.spec(generated_id)}).ok());
  auto ref = w.ref->child("child-1");
  CHECK(ref.incarnation() == 1);
  w.tell("child-1", die{crash()});
  CHECK(ref.incarnation() == 2);
  CHECK(w.order(terminate_child{"child-1"}).ok());
  CHECK(w.which() == "child-1:stopped");
  CHECK(w.order(restart_child{"child-1"}).value() == 3);
  CHECK(w.order(cycle_child{"child-1"}).value() == 4);
  w.reload(many(), {w.spec("child-1")}, reload_mode::converge);
  CHECK(ref.incarnation() == 4);
  CHECK(w.order(terminate_child{"child-1"}).ok());
  CHECK(w.order(delete_child{"child-1"}).ok());
  CHECK(w.which().empty());
}

TEST("no id is generated twice, or while a child has it") {
  world w;
  w.child("child-2").start = mode::manual_ack;
  w.start(many(), {w.spec("child-2")});
  auto held = w.order(start_child{w.spec(generated_id)});
  CHECK_FALSE(held.answered());
  w.child("child-2").acks.back()();
  w.run();
  CHECK(held.id() == "child-1");
  CHECK(w.order(terminate_child{"child-1"}).ok());
  CHECK(w.order(delete_child{"child-1"}).ok());
  CHECK(w.order(start_child{w.spec(generated_id)}).id() == "child-3");
  CHECK(w.order(start_child{w.spec("child-4")}).ok());
  CHECK(w.order(start_child{w.spec(generated_id, restart_type::temporary)}).id()
        == "child-5");
  w.tell("child-5", die{crash()});
  CHECK(w.order(start_child{w.spec(generated_id)}).id() == "child-6");
  CHECK(w.order(start_child{w.spec("child-6")})
          .failed_with(sup_errc::already_started));
}

TEST("a start with a generated id that comes to nothing leaves nothing") {
  world w;
  auto one = many();
  one.max_children = 1;
  w.start(one, {});
  w.child("child-1").start = mode::refuse;
  CHECK(w.order(start_child{w.spec(generated_id)})
          .failed_with(sup_errc::start_failed));
  CHECK(w.order(start_child{}).failed_with(sup_errc::invalid_spec));
  REQUIRE(w.order(start_child{w.spec(generated_id)}).ok());
  CHECK(w.order(start_child{w.spec(generated_id)})
          .failed_with(sup_errc::max_children));
  CHECK(w.count().specs == 1);
}

TEST("an id is generated only by start_child, and where children depend on "
     "nobody") {
  auto lacks_id = [](const sup_error& what) {
    return what.code == sup_errc::invalid_spec
           && what.message == to_string(spec_fault::missing_id);
  };
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    world w;
    w.start({.strategy = strategy}, {w.spec("a")});
    auto refused = w.order(start_child{w.spec(generated_id)});
    REQUIRE(refused.answered());
    CHECK(lacks_id(refused.error()));
    CHECK(w.which() == "a:running");
  }
  simple_world simple{many()};
  simple.begin(simple.spec("c"));
  CHECK(simple.order(start_child{simple.spec(generated_id)})
          .failed_with(sup_errc::simple_one_for_one));
  world w;
  auto listed = spawn_supervisor(w.system, many(), {w.spec(generated_id)});
  REQUIRE_FALSE(listed);
  CHECK(lacks_id(listed.error()));
  w.start(many(), {w.spec("a")});
  auto reloaded = w.reload(many(), {w.spec(generated_id)}, reload_mode::otp);
  REQUIRE_FALSE(reloaded->value().result);
  CHECK(lacks_id(reloaded->value().result.error()));
  CHECK(w.which() == "a:running");
}

} // namespace generated_ids_test
