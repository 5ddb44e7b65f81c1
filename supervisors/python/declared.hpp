#pragma once

#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A tree as declaration.py gives it, which has checked types and ranges.
namespace pyactor::supervisors::python {

struct declared_backoff {
  double initial;
  double max;
  double factor;
  double jitter;
  double reset_after;
};
PYACTOR_FIELDS(declared_backoff, initial, max, factor, jitter, reset_after)

struct declared_limit {
  uint32_t intensity;
  double period;
};
PYACTOR_FIELDS(declared_limit, intensity, period)

using named_values = std::vector<std::pair<std::string, value>>;

struct declared_probe {
  std::string method;
  std::vector<value> args;
  named_values kwargs;
  double period;
  double timeout;
  double initial_delay;
  uint32_t failure_threshold;
  uint32_t success_threshold;
};
PYACTOR_FIELDS(declared_probe, method, args, kwargs, period, timeout,
               initial_delay, failure_threshold, success_threshold)

struct declared_buffer {
  uint64_t capacity;
  double ttl;
};
PYACTOR_FIELDS(declared_buffer, capacity, ttl)

struct declared_letters {
  value to;
  std::string method;
};
PYACTOR_FIELDS(declared_letters, to, method)

struct declared_child {
  std::string id;
  std::string kind;
  std::string target;
  /// Of a supervisor; none if it has nothing to start.
  value tree;
  std::vector<value> args;
  named_values kwargs;
  std::string restart;
  bool significant;
  value shutdown;
  std::optional<double> kill_grace;
  std::optional<double> start_timeout;
  std::optional<double> max_handler_time;
  std::optional<std::map<std::string, std::string>> classify;
  std::optional<declared_backoff> backoff;
  std::optional<declared_limit> limit;
  std::optional<uint64_t> max_total_restarts;
  uint64_t poison_threshold = 0;
  std::optional<declared_probe> startup;
  std::optional<declared_probe> liveness;
  std::optional<declared_probe> readiness;
  value while_down;
  std::optional<std::string> register_as;
  std::vector<std::string> tags;
  std::optional<std::string> pool;
  std::optional<uint64_t> context;
  std::optional<std::string> isolation;
};
PYACTOR_FIELDS(declared_child, id, kind, target, tree, args, kwargs, restart,
               significant, shutdown, kill_grace, start_timeout,
               max_handler_time, classify, backoff, limit, max_total_restarts,
               poison_threshold, startup, liveness, readiness, while_down,
               register_as, tags, pool, context, isolation)

struct declared_throttle {
  std::optional<uint64_t> max_concurrent_starts;
  std::optional<double> restarts_per_second;
  uint32_t restart_burst;
};
PYACTOR_FIELDS(declared_throttle, max_concurrent_starts, restarts_per_second,
               restart_burst)

struct declared_tree {
  std::string name;
  std::string strategy;
  uint32_t intensity;
  double period;
  std::string on_limit;
  std::string auto_shutdown;
  double min_retry_delay;
  std::optional<std::string> stop_order;
  std::optional<uint64_t> max_children;
  uint64_t max_zombies;
  value throttle;
  value events;
  bool give_up_is_failure;
  std::vector<value> children;
};
PYACTOR_FIELDS(declared_tree, name, strategy, intensity, period, on_limit,
               auto_shutdown, min_retry_delay, stop_order, max_children,
               max_zombies, throttle, events, give_up_is_failure, children)

} // namespace pyactor::supervisors::python
