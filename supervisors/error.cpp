#include <pyactor/supervisors/error.hpp>

#include <pyactor/libpyactor/error.hpp>

namespace pyactor::supervisors {

namespace {

/// @returns the rendered text of `what`: a lone string as it is, so that the
///          lines of a traceback stay lines
std::string text_of(const caf::error& what, const caf::actor_system& system) {
  if (!what)
    return {};
  auto is_plain = what.category() == runtime::supervision_category
                  || what.category() == runtime::exit_category
                  || what == caf::sec::runtime_error;
  if (is_plain && what.context().match_elements<std::string>())
    return what.context().get_as<std::string>(0);
  return system.render(what);
}

exit_kind kind_of(const caf::error& what) {
  if (!what)
    return exit_kind::normal;
  if (what.category() == runtime::exit_category) {
    switch (static_cast<caf::exit_reason>(what.code())) {
      case caf::exit_reason::normal:
        return exit_kind::normal;
      case caf::exit_reason::user_shutdown:
        return exit_kind::shutdown;
      case caf::exit_reason::kill:
        return exit_kind::killed;
      case caf::exit_reason::unreachable:
        return exit_kind::unreachable;
      default:
        return exit_kind::error;
    }
  }
  if (what.category() == runtime::error_category)
    switch (static_cast<errc>(what.code())) {
      case errc::hung:
        return exit_kind::hung;
      case errc::interpreter_lost:
        return exit_kind::interpreter_lost;
      case errc::interrupted:
        return exit_kind::interrupted;
      case errc::abandoned:
        return exit_kind::abandoned;
      default:
        return exit_kind::error;
    }
  if (what.category() == runtime::supervision_category)
    switch (static_cast<sup_errc>(what.code())) {
      case sup_errc::give_up:
        return exit_kind::give_up;
      case sup_errc::failed_to_start_child:
      case sup_errc::start_failed:
        return exit_kind::start_failed;
      default:
        break;
    }
  return exit_kind::error;
}

/// @returns whether the kind says all that there is to say: CAF would only name
///          it in its own words
bool is_said_by(exit_kind kind, const caf::error& what) {
  return what.category() == runtime::exit_category && what.context().empty()
         && kind != exit_kind::error;
}

/// @returns which Python exception `what` is about, if it is about one
std::optional<exception_info> exception_of(const caf::error& what) {
  if (!what || what.category() != runtime::error_category
      || what.context().empty()
      || !what.context().match_element<pyactor::error>(0))
    return std::nullopt;
  const auto& raised = what.context().get_as<pyactor::error>(0);
  if (raised.type.empty())
    return std::nullopt;
  exception_info result{
    .type = raised.type, .bases = raised.bases, .exit_code = raised.exit_code};
  for (const auto& cause : raised.causes)
    result.causes.push_back({.type = cause.type, .bases = cause.bases});
  return result;
}

std::string text_of(const child_down& what) {
  return "incarnation " + std::to_string(what.incarnation)
         + " ended before it had answered";
}

std::string render(uint8_t code, caf::atom_value, const caf::message& context) {
  auto result = to_string(static_cast<sup_errc>(code));
  if (context.match_elements<std::string>())
    return result + ": " + context.get_as<std::string>(0);
  caf::error what{code, runtime::supervision_category, context};
  if (auto down = child_down::from_error(what))
    return result + ": " + text_of(*down);
  if (auto info = child_unavailable::from_error(what)) {
    if (info->status == child_status::running)
      return result + ": the child runs, but is not ready";
    result += ": the child is ";
    result += to_string(info->status);
    if (info->retry_after.count() > 0)
      result += ", next start in "
                + std::to_string(info->retry_after.count() / 1'000'000) + " ms";
  }
  return result;
}

} // namespace

std::string to_string(sup_errc code) {
  switch (code) {
    case sup_errc::not_found:
      return "not_found";
    case sup_errc::already_started:
      return "already_started";
    case sup_errc::already_present:
      return "already_present";
    case sup_errc::running:
      return "running";
    case sup_errc::restarting:
      return "restarting";
    case sup_errc::start_failed:
      return "start_failed";
    case sup_errc::terminated:
      return "terminated";
    case sup_errc::shutting_down:
      return "shutting_down";
    case sup_errc::supervisor_down:
      return "supervisor_down";
    case sup_errc::timed_out:
      return "timed_out";
    case sup_errc::invalid_spec:
      return "invalid_spec";
    case sup_errc::failed_to_start_child:
      return "failed_to_start_child";
    case sup_errc::give_up:
      return "give_up";
    case sup_errc::child_unavailable:
      return "child_unavailable";
    case sup_errc::child_down:
      return "child_down";
    case sup_errc::not_waiting:
      return "not_waiting";
    case sup_errc::simple_one_for_one:
      return "simple_one_for_one";
    case sup_errc::max_children:
      return "max_children";
    case sup_errc::poison_message:
      return "poison_message";
    case sup_errc::not_a_supervisor:
      return "not_a_supervisor";
    case sup_errc::supervised:
      return "supervised";
  }
  return "unknown";
}

std::string to_string(const sup_error& what) {
  auto result = to_string(what.code);
  if (!what.id.empty())
    result += " '" + what.id + "'";
  if (!what.message.empty())
    result += ": " + what.message;
  return result;
}

caf::error to_caf_error(const sup_error& what) {
  auto text = what.id.empty()        ? what.message
              : what.message.empty() ? what.id
                                     : "'" + what.id + "': " + what.message;
  return caf::make_error(what.code, std::move(text));
}

sup_error from_caf_error(const caf::error& what) {
  if (what == caf::sec::request_timeout)
    return {.code = sup_errc::timed_out};
  if (!what || what.category() != runtime::supervision_category)
    return {.code = sup_errc::supervisor_down};
  sup_error result{.code = static_cast<sup_errc>(what.code())};
  if (what.context().match_elements<std::string>())
    result.message = what.context().get_as<std::string>(0);
  else if (auto down = child_down::from_error(what))
    result.message = text_of(*down);
  return result;
}

caf::error child_unavailable::to_error() const {
  return caf::make_error(sup_errc::child_unavailable,
                         static_cast<uint8_t>(status),
                         static_cast<int64_t>(retry_after.count()));
}

std::optional<child_unavailable>
child_unavailable::from_error(const caf::error& what) {
  if (!what || what != caf::make_error(sup_errc::child_unavailable)
      || !what.context().match_elements<uint8_t, int64_t>())
    return std::nullopt;
  return child_unavailable{
    static_cast<child_status>(what.context().get_as<uint8_t>(0)),
    std::chrono::nanoseconds{what.context().get_as<int64_t>(1)}};
}

caf::error child_down::to_error() const {
  return caf::make_error(sup_errc::child_down, incarnation);
}

std::optional<child_down> child_down::from_error(const caf::error& what) {
  if (!what || what != caf::make_error(sup_errc::child_down)
      || !what.context().match_elements<uint64_t>())
    return std::nullopt;
  return child_down{what.context().get_as<uint64_t>(0)};
}

caf::error shutdown_reason(std::string detail) {
  return {static_cast<uint8_t>(caf::exit_reason::user_shutdown),
          runtime::exit_category, caf::make_message(std::move(detail))};
}

exit_info describe_exit(const caf::error& what, uint64_t incarnation,
                        const exit_rules& rules,
                        const caf::actor_system& system) {
  exit_info result;
  result.exception = exception_of(what);
  auto is_clean_exit = result.exception && result.exception->exit_code == 0;
  result.kind = is_clean_exit ? exit_kind::normal : kind_of(what);
  result.cls = classify(result.kind, rules);
  result.incarnation = incarnation;
  if (what) {
    result.code = what.code();
    result.type = caf::to_string(what.category());
    if (!is_said_by(result.kind, what))
      result.message = text_of(what, system);
  }
  return result;
}

void configure(caf::actor_system_config& config) {
  config.add_error_category(runtime::supervision_category, render);
}

} // namespace pyactor::supervisors
