#include <pyactor/supervisors/child_spec.hpp>

#include <unordered_set>
#include <utility>

namespace pyactor::supervisors {

namespace {

spec_fault fault_of(const child_spec& spec, auto_shutdown end) {
  using std::chrono::nanoseconds;
  if (spec.id.empty() || spec.id == generated_id)
    return spec_fault::missing_id;
  if (!spec.start)
    return spec_fault::missing_start;
  if (spec.shutdown
      && (spec.shutdown->timeout < nanoseconds::zero()
          || spec.shutdown->kill_grace < nanoseconds::zero()))
    return spec_fault::invalid_shutdown;
  if (spec.start_timeout && *spec.start_timeout <= nanoseconds::zero())
    return spec_fault::invalid_start_timeout;
  if (spec.max_handler_time < nanoseconds::zero())
    return spec_fault::invalid_max_handler_time;
  if (spec.backoff && !is_valid(*spec.backoff))
    return spec_fault::invalid_backoff;
  if (spec.limit
      && (spec.limit->period <= nanoseconds::zero()
          || spec.limit->period == forever))
    return spec_fault::invalid_limit;
  if (spec.startup && !is_valid(*spec.startup))
    return spec_fault::invalid_startup;
  if (spec.liveness
      && (!is_valid(*spec.liveness) || spec.liveness->success_threshold != 1))
    return spec_fault::invalid_liveness;
  if (spec.readiness && !is_valid(*spec.readiness))
    return spec_fault::invalid_readiness;
  if (!is_valid(spec.while_down))
    return spec_fault::invalid_while_down;
  if (spec.isolation == isolation::host_process
      || (spec.isolation != isolation::instance
          && spec.type == child_type::supervisor))
    return spec_fault::invalid_isolation;
  if (spec.significant
      && (end == auto_shutdown::never
          || spec.restart == restart_type::permanent))
    return spec_fault::bad_combination;
  return spec_fault::none;
}

} // namespace

spec_check check_child_specs(std::span<const child_spec> specs,
                             auto_shutdown end) {
  std::unordered_set<std::string_view> ids;
  std::unordered_set<std::string_view> names;
  for (const auto& spec : specs) {
    if (auto fault = fault_of(spec, end); fault != spec_fault::none)
      return {fault, spec.id};
    if (!ids.insert(spec.id).second)
      return {spec_fault::duplicate_id, spec.id};
    if (!spec.register_as.empty() && !names.insert(spec.register_as).second)
      return {spec_fault::duplicate_name, spec.id};
  }
  return {};
}

child_spec with_defaults(child_spec spec) {
  auto is_supervisor = spec.type == child_type::supervisor;
  if (!spec.shutdown)
    spec.shutdown = stop_policy{.mode = is_supervisor ? stop_mode::infinity
                                                      : stop_mode::timed};
  if (!spec.start_timeout)
    spec.start_timeout = is_supervisor ? forever : std::chrono::seconds{30};
  return spec;
}

std::string_view to_string(spec_fault fault) noexcept {
  switch (fault) {
    case spec_fault::none:
      return "no fault";
    case spec_fault::missing_id:
      return "a child spec needs an id; it is generated only by start_child, "
             "with one_for_one";
    case spec_fault::missing_start:
      return "a child spec needs a start function";
    case spec_fault::invalid_shutdown:
      return "shutdown times must not be negative";
    case spec_fault::invalid_start_timeout:
      return "start_timeout must be positive";
    case spec_fault::invalid_max_handler_time:
      return "max_handler_time must not be negative";
    case spec_fault::invalid_backoff:
      return "backoff needs 0 < initial <= max, a finite factor >= 1, 0 <= "
             "jitter <= 1, and reset_after > 0";
    case spec_fault::invalid_limit:
      return "the period of a limit must be positive, and not forever";
    case spec_fault::invalid_startup:
      return "a startup probe needs a question, period and timeout > 0, "
             "initial_delay >= 0, and thresholds >= 1";
    case spec_fault::invalid_liveness:
      return "a liveness probe needs a question, period and timeout > 0, "
             "initial_delay >= 0, failure_threshold >= 1, and "
             "success_threshold 1";
    case spec_fault::invalid_readiness:
      return "a readiness probe needs a question, period and timeout > 0, "
             "initial_delay >= 0, and thresholds >= 1";
    case spec_fault::invalid_while_down:
      return "while_down needs a positive capacity and ttl, or somebody who "
             "collects dead letters";
    case spec_fault::invalid_isolation:
      return "a child cannot have a process for itself yet, and a supervisor "
             "has no interpreter";
    case spec_fault::duplicate_id:
      return "two child specs have the same id";
    case spec_fault::duplicate_name:
      return "two child specs have the same register_as";
    case spec_fault::bad_combination:
      return "a significant child must not be permanent, and needs a "
             "supervisor "
             "with auto_shutdown";
  }
  return "unknown";
}

} // namespace pyactor::supervisors
