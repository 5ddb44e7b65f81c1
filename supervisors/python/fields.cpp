#include <pyactor/supervisors/python/fields.hpp>

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/reload.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pyactor::supervisors::python {

using std::chrono::nanoseconds;

namespace {

template <class T>
struct named {
  std::string_view name;
  T is;
};

/// What Python calls the enumerators of `T`.
template <class T>
constexpr auto names = nullptr;

template <>
constexpr auto names<restart_type>
  = std::array{named{"permanent", restart_type::permanent},
               named{"transient", restart_type::transient},
               named{"temporary", restart_type::temporary}};

template <>
constexpr auto names<restart_strategy> = std::array{
  named{"one_for_one", restart_strategy::one_for_one},
  named{"one_for_all", restart_strategy::one_for_all},
  named{"rest_for_one", restart_strategy::rest_for_one},
  named{"simple_one_for_one", restart_strategy::simple_one_for_one}};

template <>
constexpr auto names<escalation>
  = std::array{named{"shutdown_self", escalation::shutdown_self},
               named{"stop_child", escalation::stop_child},
               named{"keep_backoff", escalation::keep_backoff},
               named{"abort_process", escalation::abort_process}};

template <>
constexpr auto names<auto_shutdown>
  = std::array{named{"never", auto_shutdown::never},
               named{"any_significant", auto_shutdown::any_significant},
               named{"all_significant", auto_shutdown::all_significant}};

template <>
constexpr auto names<stop_order>
  = std::array{named{"newest_first", stop_order::newest_first},
               named{"at_once", stop_order::at_once}};

template <>
constexpr auto names<exit_class> = std::array{
  named{"normal", exit_class::normal}, named{"shutdown", exit_class::shutdown},
  named{"abnormal", exit_class::abnormal}, named{"fatal", exit_class::fatal}};

template <>
constexpr auto names<reload_mode> = std::array{
  named{"otp", reload_mode::otp}, named{"converge", reload_mode::converge}};

template <>
constexpr auto names<isolation>
  = std::array{named{"instance", isolation::instance},
               named{"subinterpreter", isolation::subinterpreter}};

} // namespace

template <class T>
T from_name(std::string_view name) {
  auto found = std::ranges::find(names<T>, name, &named<T>::name);
  return found != names<T>.end() ? found->is : names<T>.front().is;
}

template restart_type from_name<restart_type>(std::string_view);
template restart_strategy from_name<restart_strategy>(std::string_view);
template escalation from_name<escalation>(std::string_view);
template auto_shutdown from_name<auto_shutdown>(std::string_view);
template stop_order from_name<stop_order>(std::string_view);
template exit_class from_name<exit_class>(std::string_view);
template reload_mode from_name<reload_mode>(std::string_view);
template isolation from_name<isolation>(std::string_view);

nanoseconds seconds(double x) {
  constexpr double most = 9e9;
  return x < most ? nanoseconds{static_cast<int64_t>(x * 1e9)} : forever;
}

restart_backoff to_backoff(const declared_backoff& x) {
  return {.initial = seconds(x.initial),
          .max = seconds(x.max),
          .factor = x.factor,
          .jitter = x.jitter,
          .reset_after = seconds(x.reset_after)};
}

restart_limit to_limit(const declared_limit& x) {
  return {.intensity = x.intensity, .period = seconds(x.period)};
}

probe to_probe(const declared_probe& x) {
  return {.question = probe_method(x.method, {x.args, x.kwargs}),
          .period = seconds(x.period),
          .timeout = seconds(x.timeout),
          .initial_delay = seconds(x.initial_delay),
          .failure_threshold = x.failure_threshold,
          .success_threshold = x.success_threshold};
}

start_limits to_limits(const declared_throttle& x) {
  return {.max_concurrent_starts = x.max_concurrent_starts,
          .restarts_per_second = x.restarts_per_second,
          .restart_burst = x.restart_burst};
}

std::optional<stop_policy> to_stop_policy(const value& shutdown,
                                          std::optional<double> kill_grace,
                                          child_type type) {
  if (shutdown.is_none() && !kill_grace)
    return std::nullopt;
  auto result = *with_defaults({.type = type}).shutdown;
  if (shutdown.as_str()) {
    result.mode = stop_mode::brutal_kill;
  } else if (const auto* limit = shutdown.as_double()) {
    auto timeout = seconds(*limit);
    result.mode = timeout == forever ? stop_mode::infinity : stop_mode::timed;
    if (timeout != forever)
      result.timeout = timeout;
  }
  if (kill_grace)
    result.kill_grace = seconds(*kill_grace);
  return result;
}

namespace {

using exit_classes = std::map<std::string, exit_class>;

/// @returns what the nearest type of `what` means; none where none is listed
std::optional<exit_class> meaning_of(const exception_info& what,
                                     const exit_classes& classes) {
  auto found = classes.find(what.type);
  for (const auto& base : what.bases)
    if (found == classes.end())
      found = classes.find(base);
  if (found == classes.end())
    return std::nullopt;
  return found->second;
}

} // namespace

classify_fn to_classify(const std::map<std::string, std::string>& meanings) {
  if (meanings.empty())
    return {};
  exit_classes classes;
  for (const auto& [type, meaning] : meanings)
    classes.emplace(type, from_name<exit_class>(meaning));
  return [classes = std::move(classes)](const exit_info& how) {
    if (!how.exception)
      return how.cls;
    auto meaning = meaning_of(*how.exception, classes);
    // An exit or an interrupt means what it says, whatever was being handled.
    if (how.exception->is_a("builtins.Exception"))
      for (const auto& cause : how.exception->causes)
        if (!meaning)
          meaning = meaning_of(cause, classes);
    return meaning.value_or(how.cls);
  };
}

} // namespace pyactor::supervisors::python
