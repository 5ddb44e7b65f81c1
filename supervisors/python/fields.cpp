#include <pyactor/supervisors/python/fields.hpp>

#include <pyactor/supervisors/python_child.hpp>

#include <algorithm>
#include <array>

namespace pyactor::supervisors::python {

using std::chrono::nanoseconds;

namespace {

template <class T>
struct named {
  std::string_view name;
  T is;
};

/// @pre supervision.py lets no other name through
template <class T, size_t N>
T lookup(const std::array<named<T>, N>& names, std::string_view name) {
  auto found = std::ranges::find(names, name, &named<T>::name);
  return found != names.end() ? found->is : names.front().is;
}

} // namespace

nanoseconds seconds(double x) {
  constexpr double most = 9e9;
  return x < most ? nanoseconds{static_cast<int64_t>(x * 1e9)} : forever;
}

restart_type to_restart(std::string_view name) {
  constexpr std::array names{named{"permanent", restart_type::permanent},
                             named{"transient", restart_type::transient},
                             named{"temporary", restart_type::temporary}};
  return lookup(names, name);
}

restart_strategy to_strategy(std::string_view name) {
  constexpr std::array names{
    named{"one_for_one", restart_strategy::one_for_one},
    named{"one_for_all", restart_strategy::one_for_all},
    named{"rest_for_one", restart_strategy::rest_for_one},
    named{"simple_one_for_one", restart_strategy::simple_one_for_one}};
  return lookup(names, name);
}

auto_shutdown to_auto_shutdown(std::string_view name) {
  constexpr std::array names{
    named{"never", auto_shutdown::never},
    named{"any_significant", auto_shutdown::any_significant},
    named{"all_significant", auto_shutdown::all_significant}};
  return lookup(names, name);
}

stop_order to_stop_order(std::string_view name) {
  constexpr std::array names{named{"newest_first", stop_order::newest_first},
                             named{"at_once", stop_order::at_once}};
  return lookup(names, name);
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

std::optional<stop_policy> to_stop_policy(const value& x) {
  if (x.is_none())
    return std::nullopt;
  if (x.as_str())
    return stop_policy{.mode = stop_mode::brutal_kill};
  auto timeout = x.as_double() ? seconds(*x.as_double()) : forever;
  if (timeout == forever)
    return stop_policy{.mode = stop_mode::infinity};
  return stop_policy{.timeout = timeout};
}

classify_fn to_classify(const std::vector<std::string>& fatal) {
  if (fatal.empty())
    return {};
  return [fatal](const exit_info& how) {
    auto ended_by
      = [&](const std::string& type) { return how.exception->is_a(type); };
    return how.exception && std::ranges::any_of(fatal, ended_by)
             ? exit_class::fatal
             : how.cls;
  };
}

} // namespace pyactor::supervisors::python
