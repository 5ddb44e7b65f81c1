#include <pyactor/supervisors/child_spec.hpp>

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace child_spec_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

start_result nothing(const start_context&) {
  return start_ignored{};
}

} // namespace

TEST_CASE("a wrong child spec is named together with its fault",
          "[child_spec]") {
  using enum spec_fault;

  struct row {
    std::vector<child_spec> specs;
    spec_check expected;
  };

  const row table[] = {
    {{}, {}},
    {{{.id = "a", .start = nothing}, {.id = "b", .start = nothing}}, {}},
    {{{.start = nothing}}, {missing_id, ""}},
    {{{.id = "a"}}, {missing_start, "a"}},
    {{{.id = "a", .start = nothing}, {.id = "a", .start = nothing}},
     {duplicate_id, "a"}},
    {{{.id = "a", .start = nothing, .shutdown = stop_policy{.timeout = -1ns}}},
     {invalid_shutdown, "a"}},
    {{{.id = "a",
       .start = nothing,
       .shutdown = stop_policy{.kill_grace = -1ns}}},
     {invalid_shutdown, "a"}},
    {{{.id = "a", .start = nothing, .start_timeout = 0ns}},
     {invalid_start_timeout, "a"}},
    {{{.id = "a", .start = nothing, .max_handler_time = 1ns}}, {}},
    {{{.id = "a", .start = nothing, .max_handler_time = -1ns}},
     {invalid_max_handler_time, "a"}},
    {{{.id = "a", .start = nothing, .backoff = restart_backoff{}}}, {}},
    {{{.id = "a", .start = nothing, .backoff = restart_backoff{.factor = 0.5}}},
     {invalid_backoff, "a"}},
    {{{.id = "a",
       .start = nothing,
       .limit = restart_limit{0, 1ns},
       .max_total_restarts = 0}},
     {}},
    {{{.id = "a", .start = nothing, .limit = restart_limit{1, 0ns}}},
     {invalid_limit, "a"}},
    {{{.id = "a",
       .start = nothing,
       .type = child_type::supervisor,
       .isolation = isolation::subinterpreter}},
     {invalid_isolation, "a"}},
    {{{.id = "a", .start = nothing, .isolation = isolation::subinterpreter}},
     {none, ""}},
    {{{.id = "a", .start = nothing, .isolation = isolation::host_process}},
     {invalid_isolation, "a"}},
  };
  for (const auto& [specs, expected] : table) {
    auto found = check_child_specs(specs);
    CAPTURE(to_string(found.fault), to_string(expected.fault));
    CHECK(found == expected);
  }
}

TEST_CASE("a wrong probe is named by its kind", "[child_spec]") {
  const auto question = caf::make_message(1);
  const probe wrong[] = {
    {},
    {.question = question, .period = 0ns},
    {.question = question, .timeout = 0ns},
    {.question = question, .initial_delay = -1ns},
    {.question = question, .failure_threshold = 0},
    {.question = question, .success_threshold = 0},
  };
  auto fault_of = [](const child_spec& spec) {
    return check_child_specs({&spec, 1}).fault;
  };
  child_spec spec{.id = "a", .start = nothing};
  spec.startup = spec.liveness = spec.readiness = probe{.question = question};
  CHECK(fault_of(spec) == spec_fault::none);
  for (const auto& what : wrong) {
    auto other = spec;
    other.startup = what;
    CHECK(fault_of(other) == spec_fault::invalid_startup);
    other = spec;
    other.liveness = what;
    CHECK(fault_of(other) == spec_fault::invalid_liveness);
    other = spec;
    other.readiness = what;
    CHECK(fault_of(other) == spec_fault::invalid_readiness);
  }
  spec.startup->success_threshold = spec.readiness->success_threshold = 2;
  CHECK(fault_of(spec) == spec_fault::none);
  spec.liveness->success_threshold = 2;
  CHECK(fault_of(spec) == spec_fault::invalid_liveness);
}

TEST_CASE("a minimal spec has the defaults of its type", "[child_spec]") {
  auto worker = with_defaults({.id = "a", .start = nothing});
  CHECK(worker.restart == restart_type::permanent);
  CHECK(worker.type == child_type::worker);
  CHECK(worker.shutdown == stop_policy{stop_mode::timed, 5s, 1s});
  CHECK(worker.start_timeout == 30s);
  auto supervisor = with_defaults(
    {.id = "a", .start = nothing, .type = child_type::supervisor});
  CHECK(supervisor.shutdown->mode == stop_mode::infinity);
  CHECK(supervisor.start_timeout == forever);
}

TEST_CASE("what a spec says stands against the defaults", "[child_spec]") {
  auto spec
    = with_defaults({.id = "a",
                     .start = nothing,
                     .type = child_type::supervisor,
                     .shutdown = stop_policy{.mode = stop_mode::brutal_kill},
                     .start_timeout = 1s});
  CHECK(spec.shutdown->mode == stop_mode::brutal_kill);
  CHECK(spec.start_timeout == 1s);
}

} // namespace child_spec_test
