#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

/// @returns what is wrong about giving `what` to this supervisor, whatever its
///          children do
std::optional<sup_error>
supervisor_actor::objection_to(const order& what) const {
  if (!template_) {
    if (!what.arguments)
      return std::nullopt;
    auto result = error_about(what, sup_errc::invalid_spec);
    result.message = "only simple_one_for_one has a spec to start from";
    return result;
  }
  const auto& spec = *template_->spec();
  if (what.arguments) {
    if (is_full())
      return error_when_full(spec.id);
    return std::nullopt;
  }
  if (goes_with_template(what.what, spec.restart) && what.id != spec.id)
    return std::nullopt;
  return error_about(what, sup_errc::simple_one_for_one);
}

/// @returns whether the order is done because the child has ended before
bool supervisor_actor::is_gone(const order& what) const {
  return what.what == operation::terminate_child && template_
         && template_->has_given(what.id);
}

void supervisor_actor::add_from_template(order what) {
  what.id = template_->next_id();
  begin_child(template_->spec(), std::move(what));
}

/// @returns an id that no child has, and that was never generated before
std::string supervisor_actor::new_id() {
  std::string result;
  do
    result = "child-" + std::to_string(++last_id_);
  while (roster_.find(result));
  return result;
}

bool supervisor_actor::is_full() const {
  return flags_.max_children && roster_.totals().live >= *flags_.max_children;
}

sup_error supervisor_actor::error_when_full(const std::string& id) const {
  auto limit = std::to_string(*flags_.max_children);
  return {.code = sup_errc::max_children,
          .id = id,
          .message = "no more than " + limit + " at a time"};
}

/// What a temporary child was given is nobody's any more once it has begun to
/// start.
start_result supervisor_actor::call_start_function(child& who) {
  caf::message arguments = who.arguments;
  if (who.spec->restart == restart_type::temporary)
    who.arguments.reset();
  if (!who.breaker && who.spec->poison_threshold != 0)
    who.breaker = std::make_shared<message_breaker>(
      who.id, who.spec->poison_threshold, who.spec->while_down);
  if (who.breaker)
    who.breaker->begin(who.state.incarnation);
  start_context context{*this,
                        {who.id, who.state.incarnation, arguments,
                         who.spec->max_handler_time, who.spec->isolation,
                         throttle_below(who), who.breaker},
                        who.notes};
  try {
    return who.spec->start(context);
  } catch (start_ignored nothing) {
    return nothing; // of a constructor, which runs here
  } catch (const std::exception& thrown) {
    return caf::make_error(sup_errc::start_failed, std::string{thrown.what()});
  } catch (...) {
    return caf::make_error(sup_errc::start_failed,
                           "the start function threw no std::exception");
  }
}

/// @returns whether `who` is gone when it has stopped
bool supervisor_actor::leaves_nothing(const child& who) const {
  return who.spec->restart == restart_type::temporary || template_;
}

/// What becomes of a child that has stopped. While the supervisor stops, that
/// waits for its end.
void supervisor_actor::come_to_rest(child& who) {
  if (stage_ == stage::stopping)
    return;
  if (leaves_nothing(who))
    forget(who);
  else
    settle(who);
}

} // namespace pyactor::supervisors::engine
