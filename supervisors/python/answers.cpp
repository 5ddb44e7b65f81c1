#include <pyactor/supervisors/python/answers.hpp>

#include <pyactor/runtime/messages.hpp>
#include <pyactor/supervisors/engine/tree_names.hpp>

#include <limits>
#include <string>
#include <utility>
#include <variant>

namespace pyactor::supervisors::python {

namespace {

using std::chrono::nanoseconds;

double seconds_in(nanoseconds time) {
  return time == forever ? std::numeric_limits<double>::infinity()
                         : std::chrono::duration<double>{time}.count();
}

value text_or_none(const std::string& text) {
  return text.empty() ? value{} : value{text};
}

value as_value(uint64_t x) {
  return x;
}

value as_value(const restart_backoff& x) {
  return value::dict({{"initial", seconds_in(x.initial)},
                      {"max", seconds_in(x.max)},
                      {"factor", x.factor},
                      {"jitter", x.jitter},
                      {"reset_after", seconds_in(x.reset_after)}});
}

value as_value(const restart_limit& x) {
  return value::dict(
    {{"intensity", x.intensity}, {"period", seconds_in(x.period)}});
}

/// @returns with None for method, args and kwargs where the question is a
///          message of C++
value as_value(const probe& x) {
  value method;
  value args;
  value kwargs;
  if (x.question.match_elements<runtime::inquire>()) {
    const auto& asked = x.question.get_as<runtime::inquire>(0);
    method = asked.method;
    args = value::list(asked.args.positional);
    value::mapping named;
    for (const auto& [name, arg] : asked.args.keyword)
      named.emplace_back(name, arg);
    kwargs = value::dict(std::move(named));
  }
  return value::dict({{"method", method},
                      {"args", args},
                      {"kwargs", kwargs},
                      {"period", seconds_in(x.period)},
                      {"timeout", seconds_in(x.timeout)},
                      {"initial_delay", seconds_in(x.initial_delay)},
                      {"failure_threshold", x.failure_threshold},
                      {"success_threshold", x.success_threshold}});
}

value as_value(const while_down& x) {
  if (const auto* kept = std::get_if<buffer>(&x))
    return value::dict({{"kind", "buffer"},
                        {"capacity", kept->capacity},
                        {"ttl", seconds_in(kept->ttl)}});
  auto fails = std::holds_alternative<fail_fast>(x);
  return value::dict({{"kind", fails ? "fail_fast" : "dead_letters"}});
}

template <class T>
value value_or_none(const std::optional<T>& x) {
  return x ? as_value(*x) : value{};
}

value shutdown_of(const stop_policy& x) {
  switch (x.mode) {
    case stop_mode::brutal_kill:
      return "kill";
    case stop_mode::infinity:
      return seconds_in(forever);
    case stop_mode::timed:
      break;
  }
  return seconds_in(x.timeout);
}

} // namespace

value as_value(const child_counts& counts) {
  return value::dict({{"specs", counts.specs},
                      {"active", counts.active},
                      {"supervisors", counts.supervisors},
                      {"workers", counts.workers}});
}

value as_value(const supervisor_statistics& seen) {
  value::sequence zombies;
  for (const auto& lost : seen.zombies)
    zombies.push_back(value::dict({{"id", lost.id},
                                   {"incarnation", lost.incarnation},
                                   {"context", text_or_none(lost.context)}}));
  return value::dict({{"restarts", seen.restarts},
                      {"window_used", seen.window_used},
                      {"stale_events", seen.stale_events},
                      {"stray_messages", seen.stray_messages},
                      {"kills", seen.kills},
                      {"abandons", seen.abandons},
                      {"shutdown_errors", seen.shutdown_errors},
                      {"classify_errors", seen.classify_errors},
                      {"escalations", seen.escalations},
                      {"escalation_errors", seen.escalation_errors},
                      {"throttled", seen.throttled},
                      {"queue_length", seen.queue_length},
                      {"lost_requests", seen.lost_requests},
                      {"lost_messages", seen.lost_messages},
                      {"zombies", value::list(std::move(zombies))}});
}

value as_value(const child_spec& spec) {
  auto has_limit = spec.max_handler_time > nanoseconds::zero();
  auto is_alone = spec.isolation == isolation::subinterpreter;
  return value::dict(
    {{"id", spec.id},
     {"type", engine::name_of(spec.type)},
     {"restart", engine::name_of(spec.restart)},
     {"significant", spec.significant},
     {"shutdown", shutdown_of(*spec.shutdown)},
     {"kill_grace", seconds_in(spec.shutdown->kill_grace)},
     {"start_timeout", seconds_in(*spec.start_timeout)},
     {"max_handler_time",
      has_limit ? value{seconds_in(spec.max_handler_time)} : value{}},
     {"backoff", value_or_none(spec.backoff)},
     {"limit", value_or_none(spec.limit)},
     {"max_total_restarts", value_or_none(spec.max_total_restarts)},
     {"poison_threshold", spec.poison_threshold},
     {"startup", value_or_none(spec.startup)},
     {"liveness", value_or_none(spec.liveness)},
     {"readiness", value_or_none(spec.readiness)},
     {"while_down", as_value(spec.while_down)},
     {"register_as", text_or_none(spec.register_as)},
     {"tags", value::list({spec.tags.begin(), spec.tags.end()})},
     {"isolation", is_alone ? "subinterpreter" : "instance"}});
}

} // namespace pyactor::supervisors::python
