#include <pyactor/test/supervisors/hanging_child.hpp>

#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/test/supervisors/probed_world.hpp>

#include <utility>

hanging_calls::hanging_calls(caf::actor gate, effect of_interrupt)
  : gate(std::move(gate)), of_interrupt(of_interrupt) {
  // nop
}

uint64_t hanging_calls::running(const caf::actor&) const {
  return hangs ? 1 : 0;
}

void hanging_calls::interrupt(const caf::actor&, uint64_t) const {
  did += "interrupt ";
  if (of_interrupt == effect::return_from_call)
    caf::anon_send(gate, open_gate{});
}

bool hanging_calls::give_up(const caf::actor&, uint64_t) const {
  did += "give up ";
  lost = true;
  caf::anon_send(gate, open_gate{});
  return true;
}

bool hanging_calls::has_lost_context(const caf::actor&) const {
  return lost;
}

bool hanging_calls::has_wedged_gil(const caf::actor&) const {
  return false;
}

pyactor::supervisors::last_notes
hanging_calls::look_back(const caf::actor&) const {
  return {};
}

std::string hanging_calls::done() const {
  return std::exchange(did, {});
}

caf::behavior hanging_child(caf::event_based_actor* self,
                            const std::shared_ptr<hanging_calls>& calls) {
  return {
    [self](const die& what) { self->quit(what.reason); },
    [](who_are_you) { return pyactor::supervisors::incarnation_id{0}; },
    [self, calls](get_stuck) {
      calls->hangs = true;
      self->request(calls->gate, caf::infinite, 1).await([self, calls](int) {
        calls->hangs = false;
        if (calls->lost)
          self->quit(
            pyactor::runtime::to_caf({.code = pyactor::errc::abandoned}));
      });
    },
  };
}
