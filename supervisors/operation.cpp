#include <pyactor/supervisors/operation.hpp>

namespace pyactor::supervisors {

namespace {

admission admit_start(child_status now) noexcept {
  switch (now) {
    case child_status::starting:
    case child_status::running:
      return admission::already_started;
    case child_status::stopping:
      return admission::queue;
    default:
      return admission::already_present;
  }
}

admission admit_restart(child_status now) noexcept {
  switch (now) {
    case child_status::stopped:
      return admission::run;
    case child_status::running:
      return admission::running;
    case child_status::restarting:
      return admission::restarting;
    default:
      return admission::queue;
  }
}

admission admit_cycle(child_status now, const child_state& state) noexcept {
  switch (now) {
    case child_status::stopped:
    case child_status::running:
      return admission::run;
    case child_status::restarting:
      return admission::restarting;
    case child_status::stopping:
      return state.stopped_for == stop_cause::cycle ? admission::join
                                                    : admission::queue;
    default:
      return admission::queue;
  }
}

admission admit_retry(const child_state& state) noexcept {
  switch (state.phase) {
    case child_phase::restarting:
      return admission::run;
    case child_phase::running:
      return admission::running;
    default:
      return admission::not_waiting;
  }
}

admission admit_delete(child_status now) noexcept {
  switch (now) {
    case child_status::stopped:
      return admission::run;
    case child_status::stopping:
      return admission::queue;
    case child_status::restarting:
      return admission::restarting;
    default:
      return admission::running;
  }
}

} // namespace

admission admit(operation order, const child_state& state) noexcept {
  auto now = status_of(state);
  switch (order) {
    case operation::start_child:
      return admit_start(now);
    case operation::restart_child:
      return admit_restart(now);
    case operation::cycle_child:
      return admit_cycle(now, state);
    case operation::retry_now:
      return admit_retry(state);
    case operation::terminate_child:
      return now == child_status::stopped ? admission::done : admission::run;
    case operation::delete_child:
      return admit_delete(now);
  }
  return admission::done;
}

} // namespace pyactor::supervisors
