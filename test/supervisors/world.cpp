#include <pyactor/test/supervisors/world.hpp>

#include <caf/scheduler/test_coordinator.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

using namespace pyactor::supervisors;

namespace {

using mode = child_control::start_mode;

caf::scheduler::test_coordinator& scheduler_of(caf::actor_system& system) {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
}

/// Makes `self` meet requests to stop as `control` wants it.
void hear_requests(caf::event_based_actor* self, const child_manners& manners) {
  auto reason = manners.last_words.value_or(
    caf::make_error(caf::exit_reason::user_shutdown));
  if (manners.deaf)
    self->set_exit_handler([](caf::exit_msg&) {});
  else if (manners.farewell > manners.farewell.zero())
    self->set_exit_handler(
      [self, reason, time = manners.farewell](caf::exit_msg&) {
        self->delayed_send(self, time, die{reason});
      });
  else if (manners.last_words)
    self->set_exit_handler(
      [self, reason](caf::exit_msg&) { self->quit(reason); });
}

caf::behavior test_child(caf::event_based_actor* self, incarnation_id number,
                         const child_manners& manners) {
  if (manners.start == mode::throw_init)
    throw std::runtime_error{"init raised"};
  if (manners.start == mode::decline)
    throw start_ignored{};
  auto promises = std::make_shared<std::vector<caf::response_promise>>();
  self->attach_functor([promises] {
    promises->clear(); // they hold the actor
  });
  self->set_exception_handler([](std::exception_ptr&) -> caf::error {
    return caf::make_error(caf::sec::runtime_error, "thrown");
  });
  hear_requests(self, manners);
  return {
    [self](const die& what) { self->quit(what.reason); },
    [](fail) { throw std::runtime_error{"thrown"}; },
    [number](who_are_you) { return number; },
    [self, promises](keep_me_waiting) {
      promises->push_back(self->make_response_promise());
      return promises->back();
    },
  };
}

} // namespace

caf::behavior silent_until_open(caf::event_based_actor* self) {
  auto waiting = std::make_shared<std::vector<caf::response_promise>>();
  return {
    [self, waiting](int) {
      waiting->push_back(self->make_response_promise());
      return waiting->back();
    },
    [waiting](open_gate) {
      for (auto& promise : std::exchange(*waiting, {}))
        promise.deliver(1);
    },
  };
}

world::config::config() {
  set("scheduler.policy", caf::atom("testing"));
  configure(*this);
}

world::world() : system(settings) {
  // nop
}

world::~world() {
  auto kill = [](const caf::actor_addr& who) {
    if (auto handle = caf::actor_cast<caf::actor>(who))
      caf::anon_send_exit(handle, caf::exit_reason::kill);
  };
  kill(supervisor.address());
  ref.reset();
  supervisor = nullptr;
  run();
  for (auto& client : std::exchange(clients, {}))
    kill(client.address());
  for (auto& [id, control] : controls_)
    for (auto& handle : control.handles)
      kill(handle);
  run();
}

child_spec world::spec(const std::string& id, restart_type restart) {
  return {.id = id,
          .start =
            [this](const start_context& context) {
              return start_child(context.id(), context);
            },
          .restart = restart};
}

child_control& world::child(const std::string& id) {
  return controls_[id];
}

start_result world::start_child(const std::string& id,
                                const start_context& context) {
  auto& control = controls_[id];
  ++control.starts;
  journal.push_back("start " + id);
  switch (control.start) {
    case mode::ignore:
      return start_ignored{};
    case mode::refuse:
      return crash("refused");
    case mode::raise:
      throw std::runtime_error{"start function raised"};
    default:
      break;
  }
  context.tell(control.told);
  auto number = context.incarnation();
  auto manual = control.start == mode::manual_ack;
  control.acks.push_back(context.ack());
  auto handle = context.spawn(
    [=, manners = child_manners{control},
     ack = manual ? init_ack{} : context.ack()](caf::event_based_actor* self) {
      return acknowledge(self, ack,
                         [&] { return test_child(self, number, manners); });
    });
  auto place = control.ends.size();
  control.ends.emplace_back();
  control.handles.push_back(handle.address());
  handle->attach_functor([this, id, place](const caf::error& reason) {
    controls_[id].ends[place] = reason;
    journal.push_back("end " + id);
  });
  return handle;
}

void world::start(supervisor_flags flags, std::vector<child_spec> specs) {
  if (!flags.events)
    flags.events = news;
  ref = spawn_supervisor(system, std::move(flags), std::move(specs)).value();
  supervisor = ref->handle();
  supervisor->attach_functor(
    [this](const caf::error& reason) { supervisor_end = reason; });
  started = ask<await_start_reply>(await_start{});
  run();
}

world::reload_answer world::reload(supervisor_flags flags,
                                   std::vector<child_spec> specs,
                                   reload_mode mode) {
  if (!flags.events)
    flags.events = news;
  auto result = ask<reload_reply>(
    pyactor::supervisors::reload{std::move(flags), std::move(specs), mode});
  run();
  return result;
}

std::string world::happened() {
  std::string result;
  for (const auto& line : std::exchange(journal, {}))
    result += (result.empty() ? "" : ", ") + line;
  return result;
}

void world::run() {
  scheduler_of(system).run();
  while (auto event = news.next(duration::zero()))
    events.push_back(*std::move(event));
}

void world::advance(duration by) {
  scheduler_of(system).advance_time(by);
  run();
  while (scheduler_of(system).advance_time(duration::zero()) > 0)
    run();
}

world::duration world::now() {
  return scheduler_of(system).clock().now().time_since_epoch();
}

bool world::has_timer() {
  return scheduler_of(system).clock().has_pending_timeout();
}

bool world::advance_to_next() {
  auto& clock = scheduler_of(system).clock();
  if (!clock.has_pending_timeout())
    return false;
  advance(
    std::max(clock.schedule().begin()->first - clock.now(), duration::zero()));
  return true;
}

void world::kill(const std::string& id) {
  caf::anon_send_exit(last_handle(id), caf::exit_reason::kill);
  run();
}

caf::actor world::last_handle(const std::string& id) {
  return caf::actor_cast<caf::actor>(child(id).handles.back());
}

bool world::alive(const std::string& id) {
  auto& control = child(id);
  return !control.ends.empty() && !control.ends.back();
}

std::vector<child_info> world::children() {
  auto reply = ask<which_children_reply>(which_children{});
  run();
  return reply->value().children;
}

std::string world::which() {
  std::string result;
  for (const auto& info : children()) {
    if (!result.empty())
      result += ' ';
    result += info.id + ':';
    result += to_string(info.status);
  }
  return result;
}

child_counts world::count() {
  auto reply = ask<count_children_reply>(count_children{});
  run();
  return reply->value().counts;
}

supervisor_statistics world::statistics() {
  auto reply = ask<get_statistics_reply>(get_statistics{});
  run();
  return reply->value().statistics;
}

sup_expected<child_info> world::find(const std::string& id) {
  auto reply = ask<which_child_reply>(which_child{id});
  run();
  return reply->value().result;
}

sup_expected<child_spec> world::spec_of(const std::string& id) {
  auto reply = ask<get_child_spec_reply>(get_child_spec{id});
  run();
  return reply->value().result;
}

child_info world::info(const std::string& id) {
  return find(id).value();
}

bool world::ended_with(const std::string& id, const caf::error& reason) {
  const auto& end = child(id).ends.back();
  return end && *end == reason;
}

void world::stop(stop_supervisor::urgency how) {
  caf::anon_send(supervisor, stop_supervisor{how});
  run();
}
