#include <pyactor/libpyactor/version.hpp>

#include <pyactor/libpyactor/capi/start/python_version.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace version_test {

using namespace pyactor;

TEST_CASE("the version is the project's", "[version]") {
  CHECK(version() == PYACTOR_TEST_VERSION);
}

TEST_CASE("a CPython of another minor version is refused", "[version]") {
  for (auto running : {0x030B0CF0ul, 0x04000000ul}) {
    auto refused = capi::check_python_version(running);
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::start_failed);
  }
  CHECK(capi::check_python_version(0x030B0CF0)
          .error()
          .message.find("but 3.11 runs here")
        != std::string::npos);
}

} // namespace version_test
