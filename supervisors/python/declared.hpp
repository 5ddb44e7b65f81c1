#pragma once

#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A tree as supervision.py gives it, which has checked types and ranges.
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

struct declared_child {
  std::string id;
  std::string kind;
  std::string target;
  value tree;
  std::vector<value> args;
  named_values kwargs;
  std::string restart;
  bool significant;
  value shutdown;
  std::optional<double> start_timeout;
  std::vector<std::string> fatal_on;
  std::optional<declared_backoff> backoff;
  std::optional<declared_limit> limit;
  std::optional<uint64_t> max_total_restarts;
  std::optional<declared_probe> startup;
  std::optional<declared_probe> liveness;
  std::optional<declared_probe> readiness;
  std::optional<std::string> pool;
  std::optional<uint64_t> context;
};
PYACTOR_FIELDS(declared_child, id, kind, target, tree, args, kwargs, restart,
               significant, shutdown, start_timeout, fatal_on, backoff, limit,
               max_total_restarts, startup, liveness, readiness, pool, context)

struct declared_tree {
  std::string name;
  std::string strategy;
  uint32_t intensity;
  double period;
  std::string auto_shutdown;
  double min_retry_delay;
  std::optional<std::string> stop_order;
  std::optional<uint64_t> max_children;
  std::vector<value> children;
};
PYACTOR_FIELDS(declared_tree, name, strategy, intensity, period, auto_shutdown,
               min_retry_delay, stop_order, max_children, children)

} // namespace pyactor::supervisors::python
