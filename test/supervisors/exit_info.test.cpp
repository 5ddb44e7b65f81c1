#include <pyactor/supervisors/exit_info.hpp>

#include <catch2/catch_test_macros.hpp>

namespace exit_info_test {

using namespace pyactor::supervisors;

TEST_CASE("only a normal end and a shutdown are not abnormal", "[exit_info]") {
  using enum exit_kind;
  for (auto kind : {error, killed, unreachable, start_failed, start_timeout,
                    hung, interpreter_lost, abandoned, liveness_failed,
                    interrupted, host_exit, host_signal, host_lost}) {
    CAPTURE(to_string(kind));
    CHECK(classify(kind, {}) == exit_class::abnormal);
  }
  CHECK(classify(normal, {}) == exit_class::normal);
  CHECK(classify(shutdown, {}) == exit_class::shutdown);
}

TEST_CASE("a supervisor that gave up has failed, unless the rules say OTP",
          "[exit_info]") {
  CHECK(classify(exit_kind::give_up, {.give_up_is_failure = true})
        == exit_class::abnormal);
  CHECK(classify(exit_kind::give_up, {.give_up_is_failure = false})
        == exit_class::shutdown);
}

TEST_CASE(
  "a child may answer a stop by the end that was asked for, and no other",
  "[exit_info]") {
  using enum exit_kind;
  for (auto is_killed : {false, true}) {
    for (auto kind : {shutdown, unreachable, interrupted})
      CHECK(is_orderly_stop({.kind = kind}, is_killed));
    CHECK(is_orderly_stop({.kind = killed}, is_killed) == is_killed);
    for (auto kind : {normal, error, start_failed, start_timeout, hung,
                      interpreter_lost, abandoned, give_up, liveness_failed,
                      host_exit, host_signal, host_lost})
      CHECK_FALSE(is_orderly_stop({.kind = kind}, is_killed));
  }
}

TEST_CASE("an exit prints as one line", "[exit_info]") {
  exit_info how{.kind = exit_kind::error, .message = "ValueError: 7\n  more"};
  CHECK(to_string(how) == "error: ValueError: 7");
  CHECK(to_string(exit_info{}) == "normal");
}

TEST_CASE("an exception is of its own type and of those of its bases, and of "
          "no other",
          "[exit_info]") {
  exception_info what{.type = "model.BadInput",
                      .bases = {"builtins.ValueError", "builtins.Exception"},
                      .causes = {{.type = "builtins.OSError"}}};
  CHECK(what.is_a("model.BadInput"));
  CHECK(what.is_a("builtins.ValueError"));
  CHECK_FALSE(what.is_a("builtins.OSError"));
  CHECK_FALSE(what.is_a("ValueError"));
}

} // namespace exit_info_test
