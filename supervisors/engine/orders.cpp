#include <pyactor/supervisors/engine/supervisor_actor.hpp>

#include <array>

namespace pyactor::supervisors::engine {

namespace {

/// @returns what `who`, which does not wait for a restart, does instead
std::string activity_of(const child& who) {
  auto status = status_of(who.state);
  if (who.ticket.waits())
    return "the child waits for its turn to start";
  if (status == child_status::restarting)
    return "the restart is under way";
  return "the child is " + std::string{to_string(status)};
}

} // namespace

template <class Message>
void supervisor_actor::take_order(operation what, const Message& message) {
  order result{what, {}, make_response_promise(), nullptr, std::nullopt};
  if constexpr (std::is_same_v<Message, start_child>) {
    result.id = message.spec.id;
    result.spec = std::make_unique<child_spec>(message.spec);
  } else if constexpr (std::is_same_v<Message, start_child_with>) {
    result.arguments = message.arguments;
  } else {
    result.id = message.id;
  }
  dispatch(std::move(result));
  advance();
}

caf::message_handler supervisor_actor::order_handlers() {
  return {
    [this](const start_child& message) {
      take_order(operation::start_child, message);
    },
    [this](const start_child_with& message) {
      take_order(operation::start_child, message);
    },
    [this](const restart_child& message) {
      take_order(operation::restart_child, message);
    },
    [this](const cycle_child& message) {
      take_order(operation::cycle_child, message);
    },
    [this](const retry_now& message) {
      take_order(operation::retry_now, message);
    },
    [this](const terminate_child& message) {
      take_order(operation::terminate_child, message);
    },
    [this](const delete_child& message) {
      take_order(operation::delete_child, message);
    },
    [this](const reload& message) {
      dispatch(reload_order{message, make_response_promise()});
      advance();
    },
  };
}

void supervisor_actor::dispatch(order what) {
  if (stage_ == stage::stopping || stage_ == stage::ended) {
    refuse(what, sup_errc::shutting_down);
  } else if (must_hold_orders(what.id)) {
    held_orders_.emplace_back(std::move(what));
  } else if (auto objection = objection_to(what)) {
    answer(what, std::unexpected{std::move(*objection)});
  } else if (what.arguments) {
    add_from_template(std::move(what));
  } else if (auto* who = roster_.find(what.id)) {
    if (who->queue.empty())
      handle_order(*who, std::move(what));
    else
      put_off(*who, std::move(what));
  } else if (what.what == operation::start_child) {
    add_child(std::move(what));
  } else if (is_gone(what)) {
    answer(what, incarnation_id{0});
  } else {
    refuse(what, sup_errc::not_found);
  }
}

void supervisor_actor::add_child(order what) {
  if (what.id == generated_id
      && flags_.strategy == restart_strategy::one_for_one)
    what.id = what.spec->id = new_id();
  std::array specs{std::move(*what.spec)};
  if (auto check = check_child_specs(specs, flags_.auto_shutdown);
      check != spec_check{}) {
    auto error = error_about(what, sup_errc::invalid_spec);
    error.message = to_string(check.fault);
    answer(what, std::unexpected{std::move(error)});
    return;
  }
  if (is_full())
    answer(what, std::unexpected{error_when_full(what.id)});
  else
    begin_child(
      std::make_shared<const child_spec>(with_defaults(std::move(specs[0]))),
      std::move(what));
}

void supervisor_actor::begin_child(std::shared_ptr<const child_spec> spec,
                                   order what) {
  auto& who = add_stopped(what.id, std::move(spec));
  if (what.arguments)
    who.arguments = *std::exchange(what.arguments, std::nullopt);
  who.waiting.push_back(std::move(what));
  start(who, start_cause::request);
}

/// Does with an order for a child that exists what its state allows.
void supervisor_actor::handle_order(child& who, order what) {
  switch (admit(what.what, who.state)) {
    case admission::run:
      execute(who, std::move(what));
      break;
    case admission::join:
      who.waiting.push_back(std::move(what));
      break;
    case admission::queue:
      put_off(who, std::move(what));
      break;
    case admission::done:
      who.stopped_by_group = false;
      answer(what, incarnation_id{0});
      if (who.spec->restart == restart_type::temporary)
        forget(who);
      break;
    case admission::already_started:
      refuse(what, sup_errc::already_started);
      break;
    case admission::already_present:
      refuse(what, sup_errc::already_present);
      break;
    case admission::running:
      refuse(what, sup_errc::running);
      break;
    case admission::restarting:
      refuse(what, sup_errc::restarting);
      break;
    case admission::not_waiting: {
      auto error = error_about(what, sup_errc::not_waiting);
      error.message = activity_of(who);
      answer(what, std::unexpected{std::move(error)});
      break;
    }
  }
}

/// Keeps an order until its child has settled.
void supervisor_actor::put_off(child& who, order what) {
  who.queue.push_back(std::move(what));
  roster_.recount(who);
}

void supervisor_actor::execute(child& who, order what) {
  auto operation = what.what;
  if (operation == operation::delete_child) {
    answer(what, incarnation_id{0});
    forget(who);
    return;
  }
  if (who.state.phase == child_phase::stopped && is_full()) {
    answer(what, std::unexpected{error_when_full(what.id)});
    return;
  }
  who.waiting.push_back(std::move(what));
  if (operation == operation::terminate_child) {
    if (who.state.phase == child_phase::restarting)
      abort_group(who);
    apply(who, child_events::stop{stop_cause::request});
  } else if (operation == operation::retry_now)
    apply(who, child_events::overdue{});
  else if (who.state.phase == child_phase::running)
    apply(who, child_events::stop{stop_cause::cycle});
  else
    start(who, start_cause::request);
}

/// Takes up the orders that waited for a child to settle, in order, for as long
/// as it is settled.
void supervisor_actor::settle(start_position position) {
  for (;;) {
    auto* who = roster_.find(position);
    if (!who || who->queue.empty() || stage_ != stage::operating || group_
        || admit(who->queue.front().what, who->state) == admission::queue)
      return;
    auto next = std::move(who->queue.front());
    who->queue.pop_front();
    roster_.recount(*who);
    handle_order(*who, std::move(next));
  }
}

/// Most children have no orders that wait, and need not be looked for.
void supervisor_actor::settle(const child& who) {
  if (!who.queue.empty())
    settle(who.position);
}

void supervisor_actor::settle_all() {
  std::vector<start_position> positions;
  for (auto& [position, who] : roster_.children())
    if (!who.queue.empty())
      positions.push_back(position);
  for (auto position : positions)
    settle(position);
}

/// Drops a child. The orders that still wait for it find no child, or add it
/// anew.
void supervisor_actor::forget(child& who) {
  auto queue = std::move(who.queue);
  // Of a start that came to nothing while the child was about to leave.
  for (auto& what : std::exchange(who.waiting, {}))
    refuse(what, sup_errc::terminated);
  deadlines_.clear(who.position);
  who.slot->show(child_status::unknown);
  close_reception(who, child_status::unknown);
  roster_.remove(who);
  for (auto& what : queue)
    dispatch(std::move(what));
}

void supervisor_actor::answer_starts(
  child& who, const sup_expected<incarnation_id>& result) {
  std::erase_if(who.waiting, [&](order& what) {
    if (what.what == operation::terminate_child)
      return false;
    auto started = result && *result != 0;
    answer(what, result, started ? who.notes.told : caf::message{});
    return true;
  });
}

void supervisor_actor::answer_stops(child& who) {
  for (auto& what : std::exchange(who.waiting, {}))
    answer(what, incarnation_id{0});
}

/// Refuses all that has not begun. What has begun is answered when it is done.
void supervisor_actor::refuse_all_orders(sup_errc code) {
  auto refuse_reload = [code](caf::response_promise& promise) {
    promise.deliver(reload_reply{std::unexpected{sup_error{code}}});
  };
  for (auto& held : std::exchange(held_orders_, {}))
    if (auto* what = std::get_if<order>(&held))
      refuse(*what, code);
    else
      refuse_reload(std::get<reload_order>(held).promise);
  if (auto broken_off = std::exchange(reload_, std::nullopt))
    refuse_reload(broken_off->promise);
  if (roster_.totals().orders == 0)
    return; // which spares a look at a hundred thousand children
  for (auto& [position, who] : roster_.children()) {
    for (auto& what : std::exchange(who.queue, {}))
      refuse(what, code);
    roster_.recount(who);
  }
}

void supervisor_actor::refuse(order& what, sup_errc code) {
  answer(what, std::unexpected{error_about(what, code)});
}

void supervisor_actor::answer(order& what, sup_expected<incarnation_id> result,
                              caf::message told) {
  what.promise.deliver(
    order_reply{std::move(result), std::move(what.id), std::move(told)});
}

sup_error supervisor_actor::error_about(const order& what, sup_errc code) {
  return {.code = code, .id = what.id};
}

} // namespace pyactor::supervisors::engine
