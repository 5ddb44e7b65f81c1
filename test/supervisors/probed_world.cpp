#include <pyactor/test/supervisors/probed_world.hpp>

#include <utility>

using namespace pyactor::supervisors;
using mode = child_control::start_mode;

probed_world::probed_world() {
  gate = system.spawn(silent_until_open);
  clients.push_back(gate);
}

child_spec probed_world::spec(const std::string& id, restart_type restart) {
  return {
    .id = id,
    .start
    = [this](const start_context& context) { return start_child(context); },
    .restart = restart};
}

probe probed_world::probe(kind about) {
  using std::chrono::seconds;
  return {.question = caf::make_message(how_are_you{about}),
          .initial_delay = about == kind::liveness ? seconds{10} : seconds{0}};
}

void probed_world::advance(duration by) {
  constexpr duration second = std::chrono::seconds{1};
  for (; by > second; by -= second)
    world::advance(second);
  world::advance(by);
}

void probed_world::answer_late(const std::string& id, bool success) {
  tell(id, speak_up{success});
}

start_result probed_world::start_child(const start_context& context) {
  const auto& id = context.id();
  auto& control = child(id);
  ++control.starts;
  journal.push_back("start " + id);
  auto is_manual = control.start == mode::manual_ack;
  control.acks.push_back(context.ack());
  auto handle = context.spawn(
    [this, deaf = control.deaf, number = context.incarnation(),
     ack
     = is_manual ? init_ack{} : context.ack()](caf::event_based_actor* self) {
      if (deaf)
        self->set_exit_handler([](caf::exit_msg&) {});
      return acknowledge(self, ack, [&] { return behavior_of(self, number); });
    });
  auto place = control.ends.size();
  control.ends.emplace_back();
  control.handles.push_back(handle.address());
  handle->attach_functor([this, id, place](const caf::error& reason) {
    child(id).ends[place] = reason;
    journal.push_back("end " + id);
  });
  return handle;
}

caf::behavior probed_world::behavior_of(caf::event_based_actor* self,
                                        incarnation_id number) {
  auto open = std::make_shared<std::vector<caf::response_promise>>();
  self->attach_functor([open] {
    open->clear(); // they hold the actor
  });
  return {
    [self](const die& what) { self->quit(what.reason); },
    [number](who_are_you) { return number; },
    [open](speak_up what) {
      for (auto& promise : std::exchange(*open, {}))
        promise.deliver(what.success);
    },
    [self, this](get_stuck) {
      self->request(gate, caf::infinite, 1).await([](int) {});
    },
    [self, this, open](const how_are_you& what) {
      ++asked[what.about];
      auto promise = self->make_response_promise();
      switch (answers[what.about]) {
        case health::good:
          promise.deliver(true);
          break;
        case health::bad:
          promise.deliver(false);
          break;
        case health::failing:
          promise.deliver(crash("no disk"));
          break;
        case health::puzzling:
          promise.deliver(1);
          break;
        case health::silent:
          open->push_back(promise);
          break;
      }
      return promise;
    },
  };
}
