#include <pyactor/runtime/python_class.hpp>

#include <pyactor/runtime/answer.hpp>
#include <pyactor/runtime/log.hpp>

#include <utility>

namespace pyactor::runtime {

python_class_actor::python_class_actor(caf::actor_config& config,
                                       actor_class what, arguments args,
                                       on_started started,
                                       context::clock::duration limit,
                                       std::shared_ptr<call_guard> guard)
  : python_actor(config), what_(std::move(what)), args_(std::move(args)),
    started_(std::move(started)), name_("python:" + what_.name),
    guard_(std::move(guard)) {
  if (limit > limit.zero())
    max_handler_time(limit);
}

python_class_actor::~python_class_actor() {
  // Most have started long ago, and may end for want of memory.
  if (started_)
    report_start(to_caf(
      error{.code = errc::reply_lost,
            .message = what_.name + " was ended before it had started"}));
}

const char* python_class_actor::name() const {
  return name_.c_str();
}

caf::behavior python_class_actor::make_behavior() {
  auto scope = python();
  // Does not come back where it was given up.
  auto instance = home().python().run([&] {
    return actor_object::create(scope.attached(), scope.environment(), what_,
                                args_);
  });
  args_ = {};
  if (!instance) {
    log().info("{}: {} did not start: {}", home().name(), what_.name,
               to_string(instance.error()));
    auto is_ignored = instance.error().code == errc::start_ignored;
    auto why = to_caf(std::move(instance).error());
    report_start(why);
    quit(is_ignored ? caf::make_error(caf::exit_reason::normal)
                    : std::move(why));
    return {};
  }
  if (auto limit = instance->max_handler_time(); limit && !has_own_limit())
    max_handler_time(*limit);
  state().instance = std::move(*instance);
  report_start({});
  return {
    [this](const call& request) { return handle(request); },
    [this](const inquire& request) {
      auto outcome = call_method(request.method, request.args);
      outcome.ends_actor = false;
      return conclude(std::move(outcome));
    },
    [this](const eval& request) {
      return answer(*this,
                    python().try_eval(request.expression, request.names));
    },
    [this](const exec& request) {
      auto ran = python().try_exec(source{request.code, request.file});
      if (!ran)
        return answer(*this, unexpected{std::move(ran).error()});
      return answer(*this, value{});
    },
  };
}

void python_class_actor::end_abandoned(const caf::error& why) {
  report_start(why);
  python_actor::end_abandoned(why);
}

void python_class_actor::report_start(const caf::error& outcome) {
  if (auto report = std::exchange(started_, nullptr))
    report(outcome);
}

caf::result<value> python_class_actor::handle(const call& request) {
  if (guard_)
    if (auto why = guard_->admit(request, current_sender()))
      return refuse(std::move(why));
  auto outcome = call_method(request.function, request.args);
  return conclude(std::move(outcome));
}

/// As `answer` does, of an error that need not be one of libpyactor.
caf::result<value> python_class_actor::refuse(caf::error why) {
  if (current_mailbox_element()->mid.is_request())
    return why;
  return caf::delegated<value>{};
}

actor_object::outcome python_class_actor::call_method(const std::string& name,
                                                      const arguments& args) {
  auto& py = home().python().attach();
  attachment::python_call running{home().python()};
  return state().instance->call(py, name, args);
}

/// Ends the actor if the call did, or was interrupted.
caf::result<value> python_class_actor::conclude(actor_object::outcome outcome) {
  auto* failure = outcome.result ? nullptr : &outcome.result.error();
  if (auto interrupted = home().python().take_interruption(failure))
    outcome = {unexpected{*std::move(interrupted)}, true};
  if (outcome.ends_actor) {
    auto why = to_caf(outcome.result.error());
    log().info("{}: {} ends: {}", home().name(), what_.name, render(why));
    quit(std::move(why));
  } else if (guard_) {
    guard_->survived();
  }
  return answer(*this, std::move(outcome.result));
}

} // namespace pyactor::runtime
