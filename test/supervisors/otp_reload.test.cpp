// Cases of OTP's own test suite, under their names there; README.md lists them.

#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/simple_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace otp_reload_test {

namespace supervisors = pyactor::supervisors;
using namespace supervisors;
using namespace std::chrono_literals;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_reload]")

namespace {

const auto never = auto_shutdown::never;
const auto any = auto_shutdown::any_significant;
const auto all = auto_shutdown::all_significant;

const auto normal = caf::error{};
const auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);

/// A supervisor without children of its own.
struct upgrade : otp_world {
  explicit upgrade(auto_shutdown before) {
    start({.auto_shutdown = before}, {});
  }

  /// As OTP's code_change.
  sup_expected<reload_summary> change(const supervisor_flags& flags,
                                      std::vector<child_spec> specs) {
    return reload(flags, std::move(specs), reload_mode::otp)->value().result;
  }

  void change(auto_shutdown after) {
    CHECK(change({.auto_shutdown = after}, {}));
  }

  child_spec transient(const std::string& id, bool significant) {
    auto result = spec(id, restart_type::transient);
    result.significant = significant;
    return result;
  }

  pending add(const std::string& id, bool significant = true) {
    return order(supervisors::start_child{transient(id, significant)});
  }

  void add_both() {
    CHECK(add("c1").ok());
    CHECK(add("c2").ok());
  }

  void end(const std::string& id) {
    tell(id, die{normal});
  }

  bool ended() {
    return supervisor_end == shutdown && !alive("c1") && !alive("c2");
  }
};

} // namespace

TEST("significant_upgrade_never_any", "the first end is the supervisor's") {
  upgrade w{never};
  CHECK(w.add("c1").failed_with(sup_errc::invalid_spec));
  w.change(any);
  w.add_both();
  w.end("c1");
  CHECK(w.ended());
}

TEST("significant_upgrade_any_never", "no end is the supervisor's any more") {
  upgrade w{any};
  w.add_both();
  w.change(never);
  CHECK(w.which() == "c2:running c1:running");
  CHECK(w.add("c3").failed_with(sup_errc::invalid_spec));
  w.end("c1");
  CHECK_FALSE(w.supervisor_end);
  CHECK(w.order(restart_child{"c1"}).ok());
  CHECK(w.which() == "c2:running c1:running");
}

TEST("significant_upgrade_never_all", "the last end is the supervisor's") {
  upgrade w{never};
  CHECK(w.add("c1").failed_with(sup_errc::invalid_spec));
  w.change(all);
  w.add_both();
  w.end("c1");
  CHECK_FALSE(w.supervisor_end);
  w.end("c2");
  CHECK(w.ended());
}

TEST("significant_upgrade_all_never", "no end is the supervisor's any more") {
  upgrade w{all};
  w.add_both();
  w.change(never);
  CHECK(w.add("c3").failed_with(sup_errc::invalid_spec));
  w.end("c1");
  w.end("c2");
  CHECK_FALSE(w.supervisor_end);
  CHECK(w.order(restart_child{"c1"}).ok());
  CHECK(w.order(restart_child{"c2"}).ok());
}

TEST("significant_upgrade_any_all", "only the last end is the supervisor's") {
  upgrade w{any};
  w.add_both();
  w.change(all);
  w.end("c1");
  CHECK_FALSE(w.supervisor_end);
  w.end("c2");
  CHECK(w.ended());
}

TEST("significant_upgrade_all_any", "the first end is the supervisor's") {
  upgrade w{all};
  w.add_both();
  w.change(any);
  w.end("c1");
  CHECK(w.ended());
}

TEST("significant_upgrade_child", "children become significant, or cease to") {
  SECTION("not without auto_shutdown") {
    upgrade w{never};
    CHECK(w.add("c1", false).ok());
    CHECK(w.add("c2", false).ok());
    auto answer = w.change({}, {w.transient("c1", true)});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == sup_errc::invalid_spec);
    CHECK(w.which() == "c2:running c1:running");
  }
  SECTION("one that becomes significant ends the supervisor") {
    upgrade w{any};
    CHECK(w.add("c1", false).ok());
    CHECK(w.add("c2", false).ok());
    CHECK(w.change({.auto_shutdown = any}, {w.transient("c1", true)}));
    w.end("c1");
    CHECK(w.ended());
  }
  SECTION("one that is no longer significant does not") {
    upgrade w{any};
    w.add_both();
    CHECK(w.change({.auto_shutdown = any}, {w.transient("c1", false)}));
    w.end("c1");
    CHECK_FALSE(w.supervisor_end);
  }
}

TEST("code_change", "flags and children are those of the new list") {
  upgrade w{never};
  CHECK(w.change(
    {.strategy = restart_strategy::one_for_all, .intensity = 0, .period = 1s},
    {}));
  auto seen = w.ask<get_tree_reply>(get_tree{});
  w.run();
  auto flags = seen->value().result->supervisor.value();
  CHECK(flags.strategy == restart_strategy::one_for_all);
  CHECK(flags.intensity == 0);
  CHECK(flags.period == 1s);
  CHECK_FALSE(w.change({}, {{.id = "c1"}}));
  CHECK_FALSE(w.change({.period = 0s}, {}));

  auto added = w.change({}, {w.spec("c1"), w.spec("c2")});
  REQUIRE(added);
  CHECK(added->added == std::vector<std::string>{"c1", "c2"});
  CHECK(w.which() == "c2:stopped c1:stopped");
  CHECK(w.happened().empty());
  CHECK(w.order(restart_child{"c1"}).ok());
  CHECK(w.order(restart_child{"c2"}).ok());
  CHECK(w.which() == "c2:running c1:running");

  auto changed = w.spec("c1", restart_type::transient);
  auto answer = w.change({}, {changed, w.spec("c3")});
  REQUIRE(answer);
  CHECK(answer->added == std::vector<std::string>{"c3"});
  CHECK(answer->changed == std::vector<std::string>{"c1"});
  CHECK(answer->kept == std::vector<std::string>{"c2"});
  CHECK(w.which() == "c2:running c3:stopped c1:running");
  CHECK(w.child("c1").starts == 1);
  CHECK(w.info("c1").restart == restart_type::transient);
}

TEST("code_change_map", "a child's new spec is there to be seen") {
  upgrade w{never};
  CHECK(w.change({}, {w.spec("c1"), w.spec("c2")}));
  auto changed = w.spec("c1");
  changed.shutdown = stop_policy{.timeout = 1s};
  CHECK(w.change({}, {changed, w.spec("c3")}));
  auto seen = w.ask<get_child_spec_reply>(get_child_spec{"c1"});
  w.run();
  REQUIRE(seen->value().result);
  CHECK(seen->value().result->shutdown == stop_policy{.timeout = 1s});
  CHECK(w.which() == "c2:stopped c3:stopped c1:stopped");
}

namespace {

/// The same with one spec, `c`, for its children.
struct simple_upgrade : otp_simple_world {
  using otp_simple_world::otp_simple_world;

  sup_expected<reload_summary> change(std::vector<child_spec> specs) {
    return change(flags, std::move(specs));
  }

  sup_expected<reload_summary> change(supervisor_flags how,
                                      std::vector<child_spec> specs) {
    return reload(std::move(how), std::move(specs),
                  GENERATE(reload_mode::otp, reload_mode::converge))
      ->value()
      .result;
  }
};

} // namespace

TEST("code_change_simple", "the one spec is replaced, and stays one") {
  simple_upgrade w;
  w.add(2);
  auto changed = w.spec("c", restart_type::transient);
  auto answer = w.change({changed});
  REQUIRE(answer);
  CHECK(answer->changed == std::vector<std::string>{"c"});
  CHECK(w.which() == "c-2:running c-1:running");
  CHECK(w.child("c-1").starts == 1);
  w.tell("c-1", die{normal});
  CHECK(w.which() == "c-2:running");
  CHECK(w.add().ok());
  CHECK(w.info("c-3").restart == restart_type::transient);
}

TEST("code_change_simple", "a list that is not one of the same id is refused") {
  simple_upgrade w;
  auto specs = GENERATE_REF(std::vector<child_spec>{},
                            std::vector{w.spec("c"), w.spec("d")},
                            std::vector{w.spec("d", restart_type::transient)});
  auto refused = w.change(specs);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == sup_errc::invalid_spec);
  CHECK(w.change({.strategy = restart_strategy::one_for_all}, {w.spec("c")})
          .error()
          .code
        == sup_errc::invalid_spec);
  CHECK(w.add().ok());
  CHECK(w.info("c-1").restart == restart_type::permanent);
}

TEST("code_change_simple", "temporary children stay temporary") {
  simple_upgrade w{restart_type::temporary};
  w.add(1);
  REQUIRE(w.change({w.spec("c", restart_type::permanent)}));
  w.tell("c-1", die{crash()});
  CHECK(w.which().empty());
  w.add(1);
  w.tell("c-2", die{crash()});
  CHECK(w.which() == "c-2:running");
}

TEST("code_change_simple_map", "a child's new spec is there to be seen") {
  simple_upgrade w;
  w.add(1);
  auto changed = w.spec("c");
  changed.shutdown = stop_policy{.timeout = 1s};
  REQUIRE(w.change({changed}));
  auto seen = w.ask<get_child_spec_reply>(get_child_spec{"c-1"});
  w.run();
  REQUIRE(seen->value().result);
  CHECK(seen->value().result->shutdown == stop_policy{.timeout = 1s});
}

} // namespace otp_reload_test
