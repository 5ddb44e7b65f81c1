// Cases of OTP's own test suite about child specs and flags, under their names
// there; README.md lists them. What C++'s types rule out is not here: a
// `shutdown` that is no time, a flag that does not exist.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>

namespace otp_specs_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_specs]")

namespace {

using enum restart_strategy;

constexpr restart_type all_types[]
  = {restart_type::permanent, restart_type::transient, restart_type::temporary};

constexpr auto_shutdown all_ends[]
  = {auto_shutdown::never, auto_shutdown::any_significant,
     auto_shutdown::all_significant};

const stop_policy all_stops[] = {{.mode = stop_mode::infinity},
                                 {.mode = stop_mode::brutal_kill},
                                 {.timeout = 0s},
                                 {.timeout = 1s}};

start_result nothing(const start_context&) {
  return start_ignored{};
}

child_spec minimal(const std::string& id = "c") {
  return {.id = id, .start = nothing};
}

child_spec with(void (*change)(child_spec&)) {
  auto result = minimal();
  change(result);
  return result;
}

/// Each way in which one spec can be wrong.
std::vector<std::pair<child_spec, spec_fault>> wrong_specs() {
  using enum spec_fault;
  auto probe_of = [](std::chrono::nanoseconds period) {
    return probe{.question = caf::make_message(1), .period = period};
  };
  auto result = std::vector<std::pair<child_spec, spec_fault>>{
    {with([](child_spec& c) { c.id.clear(); }), missing_id},
    {with([](child_spec& c) { c.start = nullptr; }), missing_start},
    {with([](child_spec& c) { c.shutdown = stop_policy{.timeout = -1ns}; }),
     invalid_shutdown},
    {with([](child_spec& c) { c.shutdown = stop_policy{.kill_grace = -1ns}; }),
     invalid_shutdown},
    {with([](child_spec& c) { c.start_timeout = 0ns; }), invalid_start_timeout},
    {with([](child_spec& c) { c.max_handler_time = -1ns; }),
     invalid_max_handler_time},
    {with([](child_spec& c) { c.backoff = restart_backoff{.factor = 0.5}; }),
     invalid_backoff},
    {with([](child_spec& c) { c.limit = restart_limit{1, 0ns}; }),
     invalid_limit},
    {with([](child_spec& c) { c.limit = restart_limit{1, forever}; }),
     invalid_limit},
    {with([](child_spec& c) { c.while_down = buffer{.capacity = 0}; }),
     invalid_while_down},
    {with([](child_spec& c) { c.significant = true; }), bad_combination},
  };
  for (auto [kind, fault] : {std::pair{&child_spec::startup, invalid_startup},
                             {&child_spec::liveness, invalid_liveness},
                             {&child_spec::readiness, invalid_readiness}}) {
    auto spec = minimal();
    spec.*kind = probe_of(0ns);
    result.emplace_back(std::move(spec), fault);
  }
  return result;
}

/// How a supervisor of these is refused by each of those who start one: by the
/// caller of `spawn_supervisor`, and by a supervisor above.
struct refusal {
  sup_error spawned;
  world::pending started;
};

refusal refuse(otp_world& w, const supervisor_flags& flags,
               const std::vector<child_spec>& specs) {
  auto spawned = w.spawn(flags, specs);
  auto below = w.order(start_child{{.id = "below",
                                    .start = otp_supervise(flags, specs),
                                    .type = child_type::supervisor}});
  REQUIRE_FALSE(spawned);
  REQUIRE(below.failed_with(sup_errc::start_failed));
  return {spawned.error(), below};
}

void check_refused(otp_world& w, const supervisor_flags& flags,
                   const std::vector<child_spec>& specs,
                   std::string_view message) {
  CAPTURE(message);
  auto [spawned, started] = refuse(w, flags, specs);
  CHECK(spawned.code == sup_errc::invalid_spec);
  CHECK(spawned.message == message);
  CHECK(started.error().cause == sup_errc::invalid_spec);
  CHECK(started.error().message.ends_with(message));
  CHECK(w.which().empty());
}

/// @returns whether both who start a supervisor of these get one
bool is_accepted(otp_world& w, const supervisor_flags& flags,
                 const std::vector<child_spec>& specs) {
  auto spawned = w.spawn(flags, specs);
  auto below = w.order(start_child{{.id = "below",
                                    .start = otp_supervise(flags, specs),
                                    .restart = restart_type::temporary,
                                    .type = child_type::supervisor}});
  w.order(terminate_child{"below"});
  return spawned.has_value() && below.ok();
}

} // namespace

TEST("child_specs", "each fault of a spec is named, whoever is given it") {
  otp_world w;
  w.start(flags(), {});
  for (const auto& [wrong, fault] : wrong_specs()) {
    CAPTURE(to_string(fault));
    CHECK(check_child_specs({&wrong, 1}) == spec_check{fault, wrong.id});
    auto answer = w.order(start_child{wrong});
    REQUIRE(answer.failed_with(sup_errc::invalid_spec));
    CHECK(answer.error().id == wrong.id);
    CHECK(answer.error().message == to_string(fault));
    check_refused(w, flags(), {wrong}, to_string(fault));
  }
}

TEST("child_specs", "two specs of one id are refused") {
  otp_world w;
  w.start(flags(), {});
  std::vector twice{minimal("a"), minimal("b"), minimal("a")};
  CHECK(check_child_specs(twice) == spec_check{spec_fault::duplicate_id, "a"});
  check_refused(w, flags(), twice, to_string(spec_fault::duplicate_id));
}

TEST("child_specs", "every combination of good values is taken") {
  otp_world w;
  w.start(flags(), {});
  std::vector<child_spec> all;
  for (auto restart : all_types)
    for (const auto& shutdown : all_stops)
      for (auto type : {child_type::worker, child_type::supervisor})
        all.push_back({.id = "c" + std::to_string(all.size()),
                       .start = nothing,
                       .restart = restart,
                       .type = type,
                       .shutdown = shutdown});
  CHECK(check_child_specs(all) == spec_check{});
  for (const auto& spec : all)
    CHECK(w.order(start_child{spec}).ok());
  CHECK(is_accepted(w, flags(), all));
}

TEST("child_specs", "simple_one_for_one takes exactly one") {
  otp_world w;
  w.start(flags(), {});
  auto simple = flags(simple_one_for_one);
  auto message = "simple_one_for_one needs exactly one child spec";
  check_refused(w, simple, {}, message);
  check_refused(w, simple, {minimal("a"), minimal("b")}, message);
  CHECK(is_accepted(w, simple, {minimal()}));
}

TEST("child_specs_map", "a significant child needs auto_shutdown, and must not "
                        "be permanent; all else goes with all") {
  for (auto end : all_ends) {
    auto how = flags();
    how.auto_shutdown = end;
    otp_world w;
    w.start(flags(), {});
    otp_world accepting;
    accepting.start(how, {});
    auto spec = minimal();
    for (auto restart : all_types)
      for (const auto& shutdown : all_stops)
        for (auto type : {child_type::worker, child_type::supervisor})
          for (auto significant : {true, false}) {
            spec.restart = restart;
            spec.shutdown = shutdown;
            spec.type = type;
            spec.significant = significant;
            auto bad = significant
                       && (end == auto_shutdown::never
                           || restart == restart_type::permanent);
            auto expected
              = bad ? spec_fault::bad_combination : spec_fault::none;
            CHECK(check_child_specs({&spec, 1}, end).fault == expected);
            auto answer = accepting.order(start_child{spec});
            CHECK(answer.ok() != bad);
            if (!bad) {
              accepting.order(delete_child{"c"});
              CHECK(is_accepted(w, how, {spec}));
              continue;
            }
            CHECK(answer.error().code == sup_errc::invalid_spec);
            CHECK(answer.error().message == to_string(expected));
            check_refused(w, how, {spec}, to_string(expected));
          }
  }
}

TEST("sup_flags", "each wrong flag is named, whoever is given it") {
  struct row {
    supervisor_flags flags;
    std::string_view message;
  };

  auto simple_end
    = std::string_view{"auto_shutdown does not go with simple_one_for_one"};
  auto group_stop = std::string_view{
    "children that depend on each other do not stop at once"};
  auto group_limit = std::string_view{
    "max_children does not go with children that depend on each other"};
  const row table[] = {
    {{.period = 0s}, "period must be positive"},
    {{.period = -1ns}, "period must be positive"},
    {{.period = forever}, "period must not be forever"},
    {{.on_limit = escalation_fn{}}, "on_limit has no function"},
    {{.strategy = simple_one_for_one,
      .auto_shutdown = auto_shutdown::any_significant},
     simple_end},
    {{.strategy = simple_one_for_one,
      .auto_shutdown = auto_shutdown::all_significant},
     simple_end},
    {{.min_retry_delay = -1ns}, "min_retry_delay must not be negative"},
    {{.strategy = one_for_all, .stop_order = stop_order::at_once}, group_stop},
    {{.strategy = rest_for_one, .stop_order = stop_order::at_once}, group_stop},
    {{.strategy = one_for_all, .max_children = 9}, group_limit},
    {{.strategy = rest_for_one, .max_children = 9}, group_limit},
    {{.max_children = 0}, "max_children must be positive"},
    {{.strategy = simple_one_for_one, .max_children = 0},
     "max_children must be positive"},
    {{.max_zombies = 0}, "max_zombies must be positive"},
    {{.coalesce_host_failures = false},
     "coalesce_host_failures is about children in processes of their own, "
     "which there are not yet"},
  };
  otp_world w;
  w.start(flags(), {});
  for (const auto& [wrong, message] : table)
    check_refused(w, wrong, {minimal()}, message);
}

TEST("sup_flags", "the extremes of each flag are taken") {
  const supervisor_flags table[] = {
    {},
    {.intensity = 0},
    {.intensity = UINT32_MAX},
    {.period = 1ns},
    {.period = forever - 1ns},
    {.on_limit = escalation::keep_backoff},
    {.min_retry_delay = 0ns},
    {.max_children = 1},
    {.max_zombies = 1},
    {.strategy = simple_one_for_one, .max_children = 1},
  };
  otp_world w;
  w.start(flags(), {});
  for (const auto& extreme : table)
    CHECK(is_accepted(w, extreme, {minimal()}));
}

} // namespace otp_specs_test
