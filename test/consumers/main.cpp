// A user's program: all three layers, a struct and an exception of its own.

#include <pyactor/libpyactor/function.hpp>
#include <pyactor/libpyactor/version.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shop {

struct order {
  std::string item;
  int64_t count = 0;

  friend bool operator==(const order&, const order&) = default;
};

PYACTOR_FIELDS(order, item, count)

/// What C++ that Python calls may throw.
class out_of_stock : public std::runtime_error {
public:
  explicit out_of_stock(const order& what)
    : std::runtime_error("no " + std::to_string(what.count) + " x " + what.item
                         + " in stock") {
  }
};

} // namespace shop

/// Asks for words in place of goods.
struct apology {};

PYACTOR_LOCAL_MESSAGE(shop::order)
PYACTOR_LOCAL_MESSAGE(apology)

namespace {

using pyactor::runtime::python_actor;

void expect(bool holds, std::string_view what) {
  if (!holds) {
    std::cerr << "not so: " << what << '\n';
    std::_Exit(1);
  }
}

/// Sells an order: Python asks C++ for the stock, which throws where there is
/// not enough. That ends the request, or Python catches it and apologizes.
class clerk : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    auto stock = [](const shop::order& what) {
      if (what.count > 10)
        throw shop::out_of_stock{what};
      return what.count;
    };
    pyactor::value_or_throw(pyactor::define(
      python().attached(), python().environment(), "stock", stock));
    python().exec(
      "def sell(order):\n"
      "    return {**order, 'count': stock(order) - 1}\n"
      "def apologize(order):\n"
      "    try:\n"
      "        stock(order)\n"
      "    except RuntimeError as e:\n"
      "        return f'{type(e).__module__}.{type(e).__name__}: {e}'\n");
    return {
      [this](const shop::order& what) -> caf::result<pyactor::value> {
        auto rest = python().try_call<shop::order>("sell", what);
        if (!rest)
          return pyactor::runtime::to_caf(rest.error());
        return pyactor::to_value(*rest);
      },
      [this](apology, const shop::order& what) {
        return python().call<std::string>("apologize", what);
      },
    };
  }
};

} // namespace

int main() {
  namespace runtime = pyactor::runtime;
  namespace supervisors = pyactor::supervisors;

  expect(!pyactor::version().empty(), "there is a version");
  shop::order apples{"apples", 3};
  expect(pyactor::from_value<shop::order>(pyactor::to_value(apples)) == apples,
         "a struct is a value and comes back");

  caf::actor_system_config config;
  runtime::configure(config);
  supervisors::configure(config);
  caf::actor_system system{config};
  auto python = runtime::runtime::start(system);
  if (!python) {
    std::cerr << "the runtime does not start: " << to_string(python.error())
              << '\n';
    return 1;
  }
  auto supervisor = supervisors::start_supervisor(
    system, {},
    {{.id = "clerk", .start = supervisors::start_pinned<clerk>(**python, {})}});
  expect(supervisor.has_value(), "the supervisor starts");
  auto who = supervisor->child("clerk");

  caf::scoped_actor self{system};
  auto request = [&](const shop::order& what, auto on_value, auto on_error) {
    who.request(self, caf::infinite, what).receive(on_value, on_error);
  };
  request(
    apples,
    [](const pyactor::value& x) {
      expect(pyactor::from_value<shop::order>(x) == shop::order{"apples", 2},
             "Python and C++ handle a struct");
    },
    [](const caf::error& why) { expect(false, runtime::describe(why)); });
  request(
    {"pears", 11},
    [](const pyactor::value&) { expect(false, "pears are out of stock"); },
    [](const caf::error& why) {
      auto what = runtime::from_caf(why);
      expect(what.type == "shop.out_of_stock"
               && what.message == "no 11 x pears in stock",
             runtime::describe(why));
    });
  who.request(self, caf::infinite, apology{}, shop::order{"pears", 11})
    .receive(
      [](const std::string& text) {
        expect(text == "shop.out_of_stock: no 11 x pears in stock", text);
      },
      [](const caf::error& why) { expect(false, runtime::describe(why)); });
  static_cast<void>(supervisor->stop());
  std::cout << "pyactor " << pyactor::version() << " works\n";
}
