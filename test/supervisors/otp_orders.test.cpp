// Cases of OTP's own test suite about what people ask of a supervisor, under
// their names there; README.md lists them. Where OTP has a pid, here is an
// incarnation.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>

namespace otp_orders_test {

using namespace pyactor::supervisors;
using namespace otp;
using mode = child_control::start_mode;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_orders]")

namespace {

bool tells(const world::pending& answer, int number, const std::string& text) {
  return answer.told().match_elements<int, std::string>()
         && answer.told().get_as<int>(0) == number
         && answer.told().get_as<std::string>(1) == text;
}

} // namespace

TEST("child_adm", "each order does what OTP's table says") {
  otp_world w;
  w.start(flags(), {w.spec("c1")});
  CHECK(w.which() == "c1:running");
  CHECK(w.count() == child_counts{1, 1, 0, 1});
  CHECK(
    w.order(start_child{w.spec("c1")}).failed_with(sup_errc::already_started));
  CHECK(w.order(terminate_child{"c2"}).failed_with(sup_errc::not_found));

  for (int i = 0; i < 2; ++i) {
    CHECK(w.order(terminate_child{"c1"}).ok());
    CHECK(w.which() == "c1:stopped");
    CHECK(w.count() == child_counts{1, 0, 0, 1});
  }
  CHECK(w.ended_with("c1", shutdown));
  CHECK(
    w.order(start_child{w.spec("c1")}).failed_with(sup_errc::already_present));

  auto again = w.order(restart_child{"c1"});
  CHECK(again.value() == 2);
  CHECK(w.info("c1").incarnation == 2);
  CHECK(w.count() == child_counts{1, 1, 0, 1});
  CHECK(w.order(restart_child{"c1"}).failed_with(sup_errc::running));
  CHECK(w.order(delete_child{"c1"}).failed_with(sup_errc::running));
  CHECK(w.order(restart_child{"c2"}).failed_with(sup_errc::not_found));
  CHECK(w.order(delete_child{"c2"}).failed_with(sup_errc::not_found));
  CHECK(w.which() == "c1:running");

  CHECK(w.order(terminate_child{"c1"}).ok());
  CHECK(w.order(delete_child{"c1"}).ok());
  CHECK(w.which().empty());
  CHECK(w.count() == child_counts{0, 0, 0, 0});
  CHECK(w.order(terminate_child{"c1"}).failed_with(sup_errc::not_found));
  CHECK(w.order(restart_child{"c1"}).failed_with(sup_errc::not_found));
  CHECK(w.order(delete_child{"c1"}).failed_with(sup_errc::not_found));

  CHECK(w.order(start_child{w.spec("c1")}).ok());
  auto address = to_string(w.last_handle("c1").address());
  CHECK(w.order(terminate_child{address}).failed_with(sup_errc::not_found));
  CHECK(w.alive("c1"));
  CHECK(w.which() == "c1:running");
}

TEST("child_adm", "a supervisor that has ended says so to every call") {
  otp_world w;
  w.start(flags(), {w.spec("c1")});
  w.stop();
  auto is_down = [](const auto& answer) {
    return !answer && answer.error().code == sup_errc::supervisor_down;
  };
  CHECK(is_down(w.ref->start_child(w.spec("c2"))));
  CHECK(is_down(w.ref->start_child_with({})));
  CHECK(is_down(w.ref->restart_child("c1")));
  CHECK(is_down(w.ref->terminate_child("c1")));
  CHECK(is_down(w.ref->delete_child("c1")));
  CHECK(is_down(w.ref->which_children()));
  CHECK(is_down(w.ref->which_child("c1")));
  CHECK(is_down(w.ref->count_children()));
  CHECK(is_down(w.ref->get_child_spec("c1")));
}

TEST("extra_return", "what a start function tells reaches whoever has ordered "
                     "the start, and nobody else") {
  otp_world w;
  w.child("c1").told = caf::make_message(1, std::string{"init"});
  w.start(flags(), {w.spec("c1")});
  auto taken = w.order(start_child{w.spec("c1")});
  CHECK(taken.failed_with(sup_errc::already_started));
  CHECK(taken.told().empty());
  CHECK(w.order(terminate_child{"c1"}).told().empty());
  taken = w.order(start_child{w.spec("c1")});
  CHECK(taken.failed_with(sup_errc::already_present));
  CHECK(taken.told().empty());

  w.child("c1").told = caf::make_message(2, std::string{"restarted"});
  auto again = w.order(restart_child{"c1"});
  CHECK(again.value() == 2);
  CHECK(tells(again, 2, "restarted"));
  CHECK(w.order(restart_child{"c1"}).failed_with(sup_errc::running));
  CHECK(w.order(delete_child{"c1"}).failed_with(sup_errc::running));
  CHECK(w.count() == child_counts{1, 1, 0, 1});

  CHECK(w.order(terminate_child{"c1"}).ok());
  CHECK(w.order(delete_child{"c1"}).ok());
  CHECK(w.order(restart_child{"c1"}).failed_with(sup_errc::not_found));
  w.child("c1").told = caf::make_message(3, std::string{"added"});
  auto added = w.order(start_child{w.spec("c1")});
  CHECK(added.value() == 3);
  CHECK(tells(added, 3, "added"));

  w.child("c1").told = caf::make_message(4, std::string{"nobody's"});
  w.tell("c1", die{crash()});
  CHECK(w.info("c1").incarnation == 4);
  CHECK(w.which() == "c1:running");
  w.child("c1").told = {};
  CHECK(w.order(cycle_child{"c1"}).told().empty());
  w.child("c1").start = mode::ignore;
  w.child("c1").told = caf::make_message(6, std::string{"nothing started"});
  CHECK(w.order(cycle_child{"c1"}).told().empty());
}

TEST("which_children",
     "children are shown as they are, and found by their ids") {
  otp_world w;
  w.start(flags(), {});
  CHECK(w.which().empty());
  CHECK(w.find("c1").error().code == sup_errc::not_found);

  CHECK(w.order(start_child{w.spec("c1")}).ok());
  CHECK(w.which() == "c1:running");
  auto tree = child_spec{.id = "c2",
                         .start = supervise(flags(), {}),
                         .restart = restart_type::transient,
                         .type = child_type::supervisor};
  CHECK(w.order(start_child{tree}).ok());
  CHECK(w.which() == "c2:running c1:running");
  auto first = w.find("c1");
  REQUIRE(first);
  CHECK(first->id == "c1");
  CHECK(first->incarnation == 1);
  CHECK(first->status == child_status::running);
  CHECK(first->type == child_type::worker);
  auto second = w.find("c2");
  REQUIRE(second);
  CHECK(second->incarnation == 2);
  CHECK(second->type == child_type::supervisor);
  CHECK(second->restart == restart_type::transient);

  CHECK(w.order(terminate_child{"c1"}).ok());
  CHECK(w.which() == "c2:running c1:stopped");
  CHECK(w.find("c1")->status == child_status::stopped);
  CHECK(w.order(delete_child{"c1"}).ok());
  CHECK(w.which() == "c2:running");
  auto gone = w.find("c1");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == sup_errc::not_found);
  CHECK(gone.error().id == "c1");
  CHECK(w.find("c2")->status == child_status::running);
}

} // namespace otp_orders_test
