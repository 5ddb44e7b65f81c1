#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pyactor::test {

/// What a client does in one step of a storm.
enum class operation : uint8_t {
  // A new member of the crowd; the one before it loses a handle.
  spawn_python,
  spawn_pinned,
  spawn_broken,
  // Requests to a member, which may have ended.
  increment,
  answer_later,
  spawn_child,
  crash,
  // A request to a new actor whose last handle goes at once.
  ask_and_drop,
  // What else becomes of a member.
  kill,
  shut_down,
  drop,
  // The client's own environment in a context.
  evaluate,
  execute,
  // Explicit environments of the client.
  make_environment,
  use_environment,
  misplace_environment,
  drop_environment,
  // Another actor, with an environment and not much time.
  own_briefly,
};

[[nodiscard]] std::string_view to_string(operation what) noexcept;

/// @pre `name` is that of an operation
[[nodiscard]] operation operation_of(std::string_view name) noexcept;

struct step {
  operation what;
  /// The member that it is about.
  size_t member;
  /// The context where it takes place.
  size_t context;

  friend bool operator==(const step&, const step&) = default;
};

/// @returns the context whose server or new actor a step is about; none where
///          it is about a member, which lives in any
[[nodiscard]] std::optional<size_t> context_of(const step& what,
                                               size_t contexts) noexcept;

/// What a storm is drawn from.
struct storm_size {
  size_t actor_clients = 4;
  size_t thread_clients = 3;
  /// Steps of each client, those that are Python threads included.
  size_t steps = 400;
  /// Requests that a client has under way.
  size_t window = 8;
  /// Handles that the clients share.
  size_t members = 24;
};

/// @returns all that one client is going to do: the same for the same numbers
[[nodiscard]] std::vector<step> make_plan(uint64_t seed, size_t client,
                                          const storm_size& size,
                                          size_t contexts);

/// What happens to the runtime in the middle of a storm.
enum class interruption : uint8_t {
  none,
  stop_context,
  stop_runtime,
};

[[nodiscard]] std::string_view to_string(interruption what) noexcept;

/// From where contexts are stopped amid a storm.
enum class stopper : uint8_t {
  /// The thread that runs the storm.
  main_thread,
  // A client, on its own thread, in the middle of its plan.
  actor_client,
  thread_client,
  /// A pinned actor of each of them, in a handler.
  pinned_member,
};

/// Which contexts stop amid a storm, and by whose doing.
struct context_stop {
  stopper from = stopper::main_thread;
  /// The client that stops them; none where it is no client.
  std::optional<size_t> client = {};
  /// One or two, and never all.
  std::set<size_t> contexts = {};

  friend bool operator==(const context_stop&, const context_stop&) = default;
};

/// @returns what a seed stands for; eight in a row have all stoppers with one
///          context and with two
/// @pre there are two contexts or more, and clients of each kind
[[nodiscard]] context_stop
context_stop_of(uint64_t seed, const storm_size& size, size_t contexts);

/// @returns the command that runs a storm once more, by its seed and the tag of
///          its test case; its program is beside this one
[[nodiscard]] std::string replay_of(uint64_t seed, interruption how);

/// @returns the one that a seed stands for: none, most of the time
[[nodiscard]] interruption interruption_of(uint64_t seed) noexcept;

} // namespace pyactor::test
