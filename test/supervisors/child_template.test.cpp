#include <pyactor/supervisors/engine/child_template.hpp>

#include <catch2/catch_test_macros.hpp>

namespace child_template_test {

using namespace pyactor::supervisors;
using engine::child_template;

#define TEST(what) TEST_CASE(what, "[child_template]")

namespace {

child_template requests() {
  return child_template{{.id = "request",
                         .start = [](const start_context&) -> start_result {
                           return start_ignored{};
                         },
                         .restart = restart_type::transient}};
}

} // namespace

TEST("no id is given out twice") {
  auto one = requests();
  CHECK(one.next_id() == "request-1");
  CHECK(one.next_id() == "request-2");
}

TEST("a template knows the ids that it has given out, and no others") {
  auto one = requests();
  for (int i = 0; i < 12; ++i)
    static_cast<void>(one.next_id());
  for (const char* id : {"request-1", "request-9", "request-12"})
    CHECK(one.has_given(id));
  for (const char* id : {"request", "request-", "request-0", "request-01",
                         "request-13", "request-1x", "request--1", "request- 1",
                         "other-1", "", "request-99999999999999999999"})
    CHECK_FALSE(one.has_given(id));
}

TEST("a changed template leaves children the spec that they have") {
  auto one = requests();
  auto before = one.spec();
  one.change({.id = "request", .restart = restart_type::permanent});
  CHECK(before->restart == restart_type::transient);
  CHECK(before->start);
  CHECK(one.spec()->restart == restart_type::permanent);
}

TEST("children of one spec are neither added by spec nor kept when stopped") {
  for (auto restart : {restart_type::permanent, restart_type::transient,
                       restart_type::temporary}) {
    for (auto what : {operation::start_child, operation::restart_child,
                      operation::delete_child})
      CHECK_FALSE(engine::goes_with_template(what, restart));
    for (auto what : {operation::terminate_child, operation::retry_now})
      CHECK(engine::goes_with_template(what, restart));
    CHECK(engine::goes_with_template(operation::cycle_child, restart)
          == (restart != restart_type::temporary));
  }
}

} // namespace child_template_test
