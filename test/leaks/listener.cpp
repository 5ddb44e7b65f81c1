#include <pyactor/test/leaks/ledger.hpp>

#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

namespace {

/// Tells the ledger which test case runs.
class leak_listener : public Catch::EventListenerBase {
public:
  using Catch::EventListenerBase::EventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& test) override {
    pyactor::test::enter_test(test.name);
  }
};

} // namespace

CATCH_REGISTER_LISTENER(leak_listener)
