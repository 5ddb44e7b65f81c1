#include <pyactor/libpyactor/version.hpp>

#include <pyactor/libpyactor/capi/start/python_version.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace version_test {

using namespace pyactor;

namespace {

/// What is said where these do not go together.
std::string refusal(unsigned long running, unsigned long built) {
  auto refused = capi::check_python_version(running, built);
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::start_failed);
  return refused.error().message;
}

} // namespace

TEST_CASE("the version is the project's", "[version]") {
  CHECK(version() == PYACTOR_TEST_VERSION);
}

TEST_CASE("a CPython of another minor version is refused", "[version]") {
  for (auto running : {0x030D08F0ul, 0x030F08F0ul, 0x040E08F0ul})
    CHECK_FALSE(capi::check_python_version(running, 0x030E08F0));
  CHECK(refusal(0x030B0CF0, 0x030E08F0)
        == "pyactor was built against CPython 3.14, but 3.11 runs here: link "
           "libpython of 3.14, or build pyactor anew");
}

TEST_CASE("releases and release candidates of a minor version go together",
          "[version]") {
  unsigned long versions[] = {0x030F00C1, 0x030F00C2, 0x030F00F0, 0x030F02F0};
  for (auto running : versions)
    for (auto built : versions)
      CHECK(capi::check_python_version(running, built));
}

TEST_CASE("an alpha or a beta goes with itself only", "[version]") {
  for (auto early : {0x030F00A7ul, 0x030F00B1ul}) {
    CHECK(capi::check_python_version(early, early));
    for (auto other :
         {0x030F00A6ul, 0x030F00B2ul, 0x030F00C1ul, 0x030F00F0ul}) {
      CHECK_FALSE(capi::check_python_version(early, other));
      CHECK_FALSE(capi::check_python_version(other, early));
    }
  }
  CHECK(refusal(0x030F00F0, 0x030F00B1)
        == "pyactor was built against CPython 3.15.0b1, but 3.15.0 runs here: "
           "link libpython of 3.15.0b1, or build pyactor anew");
  CHECK(refusal(0x030F00A7, 0x030F02C1)
        == "pyactor was built against CPython 3.15.2rc1, but 3.15.0a7 runs "
           "here: link libpython of 3.15.2rc1, or build pyactor anew");
}

} // namespace version_test
