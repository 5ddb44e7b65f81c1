#include <pyactor/supervisors/restart_type.hpp>

#include <catch2/catch_test_macros.hpp>

namespace restart_type_test {

using namespace pyactor::supervisors;

TEST_CASE("each restart type answers each class of exit as OTP does, "
          "and a fatal one with no restart",
          "[restart_type]") {
  struct row {
    restart_type restart;
    exit_class cls;
    exit_verdict expected;
  };
  using enum restart_type;
  using enum exit_verdict;
  const row table[] = {
    {permanent, exit_class::normal, restart},
    {permanent, exit_class::shutdown, restart},
    {permanent, exit_class::abnormal, restart},
    {permanent, exit_class::fatal, keep},
    {transient, exit_class::normal, keep},
    {transient, exit_class::shutdown, keep},
    {transient, exit_class::abnormal, restart},
    {transient, exit_class::fatal, keep},
    {temporary, exit_class::normal, forget},
    {temporary, exit_class::shutdown, forget},
    {temporary, exit_class::abnormal, forget},
    {temporary, exit_class::fatal, forget},
  };
  for (const auto& [type, cls, expected] : table) {
    CAPTURE(static_cast<int>(type), static_cast<int>(cls));
    CHECK(judge(type, cls) == expected);
  }
}

} // namespace restart_type_test
