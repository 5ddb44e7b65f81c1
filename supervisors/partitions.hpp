#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// @file
/// @thread any, where nothing else is said

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// An integer that is no truth value and no character.
template <class T>
concept partition_number
  = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>
    && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t>
    && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// @param key  any bytes
/// @returns the FNV-1a hash of the bytes of `key`, in 64 bits, as Fowler, Noll
///          and Vo define it: the same on every platform, in every process and
///          in every version of pyactor
[[nodiscard]] uint64_t stable_hash(std::string_view key) noexcept;

/// @param key  of a negative number, what `static_cast` makes of it
/// @returns that of the eight bytes of `key` in two's complement, lowest byte
///          first: equal for equal numbers of different types
[[nodiscard]] uint64_t stable_hash_of_number(uint64_t key) noexcept;

/// @param hash        of the key
/// @param partitions  how many there are
/// @returns the partition for a key of this hash: the remainder
/// @pre `partitions` > 0
[[nodiscard]] constexpr size_t partition_of(uint64_t hash,
                                            size_t partitions) noexcept {
  return hash % partitions;
}

/// @param count  how many partitions there are to be
/// @param spec   of each; its id is not used
/// @returns `count` specs that are like `spec`, of the ids 0, 1, 2 ... The
///          start function of each finds its number in its `start_context`, as
///          one argument of type `uint64_t`: `with_arguments<uint64_t>` unpacks
///          it. Others may ignore it.
[[nodiscard]] std::vector<child_spec> partition_specs(size_t count,
                                                      const child_spec& spec);

/// Children of one kind among which keys are divided: each key has its child,
/// always the same one, for as long as there are as many of them. When the last
/// copy is gone, the supervisor stops.
/// @thread any; a value
class partition_supervisor {
public:
  /// @param key  any bytes
  /// @returns a client's handle to the child for this key. The hash is
  ///          `stable_hash`; with no partition left, that of partition 0, which
  ///          does not run.
  [[nodiscard]] child_ref child_for(std::string_view key) const;

  /// @param key  equal ones of different types have the same child
  /// @returns the same for a number, by `stable_hash_of_number`
  template <partition_number T>
  [[nodiscard]] child_ref child_for(T key) const {
    return supervisor().child(id_for(key));
  }

  /// @param key  any bytes
  /// @returns the id of that child, for orders that `supervisor` takes
  [[nodiscard]] std::string id_for(std::string_view key) const;

  /// @param key  equal ones of different types have the same child
  /// @returns the same for a number
  template <partition_number T>
  [[nodiscard]] std::string id_for(T key) const {
    return id_at(stable_hash_of_number(static_cast<uint64_t>(key)));
  }

  /// @returns how many partitions there are now
  [[nodiscard]] size_t size() const noexcept;

  /// Changes how many there are. Keys are divided anew: among the first ones
  /// at once if there are to be fewer, and with each one that has started if
  /// there are to be more. Those that are too many are stopped, highest number
  /// first; those that are missing are started, lowest first. What has not come
  /// about because of an error comes about when this is called again.
  /// @param partitions  from 0 to as many as there were at first
  /// @param timeout     bound on the wait for all answers
  /// @returns `invalid_spec`: too many
  ///          - `start_failed`: there are as many as could be started
  ///          - `supervisor_down`: it has ended, perhaps meanwhile
  ///          - else as `supervisor_ref::restart_child`
  /// @thread any outside of actors; blocks, also while another one resizes
  sup_expected<void> resize(size_t partitions,
                            std::chrono::nanoseconds timeout = forever) const;

  /// The same for actors, which must not wait. Resizes are carried out in the
  /// order in which they were asked for, one after another; `timeout` is for
  /// the answers to this one's orders, and only seen once its turn has come.
  /// Neither the supervisor, for want of copies, nor the actor system ends
  /// before that.
  /// @param partitions  as for `resize`
  /// @param tell        called once, on a thread of the actor system, with what
  ///                    `resize` returns; must not block, nor throw
  /// @param timeout     bound on the wait for all answers
  /// @thread any
  void resize_then(size_t partitions,
                   std::function<void(sup_expected<void>)> tell,
                   std::chrono::nanoseconds timeout = forever) const;

  /// @returns the supervisor of the partitions, to look at them, restart them
  ///          one by one, or stop all
  [[nodiscard]] const supervisor_ref& supervisor() const noexcept;

private:
  /// @cond
  friend partition_supervisor partitions_of(supervisor_ref, size_t);
  /// @endcond

  struct state;
  class resizing;

  explicit partition_supervisor(std::shared_ptr<state> shared);

  [[nodiscard]] std::string id_at(uint64_t hash) const;

  std::shared_ptr<state> state_;
};

/// Starts a supervisor of partitions, with the specs that `partition_specs`
/// makes.
/// @param system      where they live
/// @param partitions  how many, at least 1; `resize` allows no more than these
/// @param spec        of each; its id is not used, and it is not temporary
/// @param flags       with `one_for_one` and no `auto_shutdown`, so that no
///                    partition depends on another one
/// @param timeout     bound on the wait until all have started
/// @returns as `start_supervisor`
/// @thread any outside of actors; blocks
[[nodiscard]] sup_expected<partition_supervisor>
start_partitions(caf::actor_system& system, size_t partitions,
                 const child_spec& spec, supervisor_flags flags = {},
                 std::chrono::nanoseconds timeout = forever);

/// The partitions of a supervisor that is there already, for example below
/// another one.
/// @param supervisor  its children are those of `partition_specs`
/// @param partitions  how many they are; `resize` allows no more than these
/// @returns what divides keys among them; its copies know of each `resize`, and
///          no other result of this function does
/// @thread any
[[nodiscard]] partition_supervisor partitions_of(supervisor_ref supervisor,
                                                 size_t partitions);

} // namespace supervisors
} // namespace pyactor
