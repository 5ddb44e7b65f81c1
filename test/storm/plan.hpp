#pragma once

#include <cstddef>
#include <cstdint>
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

/// @returns the command that runs a storm once more, by its seed and the tag of
///          its test case
[[nodiscard]] std::string replay_of(uint64_t seed, interruption how);

/// @returns the one that a seed stands for: none, most of the time
[[nodiscard]] interruption interruption_of(uint64_t seed) noexcept;

} // namespace pyactor::test
