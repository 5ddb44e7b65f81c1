#pragma once

#include <pyactor/test/supervisors/world.hpp>

#include <map>
#include <string>
#include <vector>

/// The question of a probe of that kind.
struct how_are_you {
  pyactor::supervisors::probe_kind about;
};

/// Makes a probed child take no other message from now on, not even a kill.
struct get_stuck {};

/// Makes a silent child answer the questions that it has kept.
struct speak_up {
  bool success;
};

PYACTOR_LOCAL_MESSAGE(how_are_you)
PYACTOR_LOCAL_MESSAGE(get_stuck)
PYACTOR_LOCAL_MESSAGE(speak_up)

/// How children answer one kind of probe from now on.
enum class health { good, bad, failing, puzzling, silent };

/// How children answer probes.
struct probe_answers {
  using kind = pyactor::supervisors::probe_kind;

  /// How many questions of a kind there were.
  std::map<kind, int> asked;
  std::map<kind, health> answers;
};

/// A world whose children can be asked how they are. The answers outlive it.
struct probed_world : probe_answers, world {
  probed_world();

  /// @returns a spec without probes, whose child can be given some
  pyactor::supervisors::child_spec
  spec(const std::string& id, pyactor::supervisors::restart_type restart
                              = pyactor::supervisors::restart_type::permanent);

  /// @returns a probe with the default times and thresholds, except that a
  ///          liveness probe begins after 10 s: whoever fails it does not fail
  ///          it again at once
  static pyactor::supervisors::probe probe(kind about);

  /// Second by second, so that probes come when they are due.
  void advance(duration by);

  /// Makes a silent child answer the questions that it has kept, and runs.
  void answer_late(const std::string& id, bool success);

  /// Whoever is stuck waits for this actor to be opened.
  caf::actor gate;

private:
  pyactor::supervisors::start_result
  start_child(const pyactor::supervisors::start_context& context);

  caf::behavior behavior_of(caf::event_based_actor* self,
                            pyactor::supervisors::incarnation_id number);
};
