#include <pyactor/libpyactor/insist.hpp>

#include <catch2/catch_test_macros.hpp>

#include <new>
#include <stdexcept>

namespace insist_test {

using pyactor::insist;

TEST_CASE("what finds no memory is done once there is some", "[insist]") {
  int tries = 0;
  insist([&] {
    if (++tries < 4)
      throw std::bad_alloc{};
  });
  CHECK(tries == 4);
}

TEST_CASE("what fails otherwise is not tried again", "[insist]") {
  int tries = 0;
  auto body = [&] {
    ++tries;
    throw std::logic_error{"as planned"};
  };
  CHECK_THROWS_AS(insist(body), std::logic_error);
  CHECK(tries == 1);
}

} // namespace insist_test
