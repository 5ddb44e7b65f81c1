#include <pyactor/supervisors/supervisor_flags.hpp>

#include <pyactor/supervisors/engine/flag_check.hpp>

#include <string>
#include <utility>

namespace pyactor::supervisors {

sup_expected<void> check_supervisor(const supervisor_flags& flags,
                                    std::span<const child_spec> specs) {
  using std::chrono::nanoseconds;
  auto fail = [](std::string id, std::string_view message) {
    return std::unexpected{
      sup_error{sup_errc::invalid_spec, std::move(id), std::string{message}}};
  };
  if (flags.period <= nanoseconds::zero())
    return fail({}, "period must be positive");
  if (flags.period == forever)
    return fail({}, "period must not be forever");
  if (flags.min_retry_delay < nanoseconds::zero())
    return fail({}, "min_retry_delay must not be negative");
  if (flags.max_zombies == 0)
    return fail({}, "max_zombies must be positive");
  if (!flags.coalesce_host_failures)
    return fail({}, "coalesce_host_failures is about children in processes of "
                    "their own, which there are not yet");
  if (auto wrong = engine::bad_combination(flags, specs.size()); !wrong.empty())
    return fail({}, wrong);
  if (auto fault = check_child_specs(specs, flags.auto_shutdown);
      fault != spec_check{})
    return fail(fault.id, to_string(fault.fault));
  return {};
}

} // namespace pyactor::supervisors
