#pragma once

#include <pyactor/test/supervisors/world.hpp>

#include <memory>
#include <utility>

/// What became of one request, and how often.
struct request_outcome {
  int answers = 0;
  int errors = 0;
  pyactor::supervisors::incarnation_id value = 0;
  caf::error error;

  int all() const {
    return answers + errors;
  }
};

using outcome_ptr = std::shared_ptr<request_outcome>;

/// Spawns a client that sends one request, and runs nothing.
/// @param send what the client does to send it: gets the client and the two
///             functions for its outcome
template <class F>
outcome_ptr spawn_client(world& w, F send) {
  auto result = std::make_shared<request_outcome>();
  auto on_value = [=](pyactor::supervisors::incarnation_id value) {
    ++result->answers;
    result->value = value;
  };
  auto on_error = [=](const caf::error& error) {
    ++result->errors;
    result->error = error;
  };
  w.clients.push_back(w.system.spawn([=](caf::event_based_actor* self) {
    send(self, on_value, on_error);
    // Lives on, so that a second outcome would be seen.
    return caf::behavior{[](int) {}};
  }));
  return result;
}

/// Asks through a reference.
template <class Message>
outcome_ptr request(world& w, pyactor::supervisors::child_ref ref, Message what,
                    caf::duration timeout = caf::infinite) {
  return spawn_client(w, [=](auto* self, auto on_value, auto on_error) {
    ref.request(self, timeout, what).then(on_value, on_error);
  });
}

/// Asks an actor.
template <class Message>
outcome_ptr request(world& w, caf::actor whom, Message what,
                    caf::duration timeout = caf::infinite) {
  return spawn_client(w, [=](auto* self, auto on_value, auto on_error) {
    self->request(whom, timeout, what).then(on_value, on_error);
  });
}
