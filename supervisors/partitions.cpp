#include <pyactor/supervisors/partitions.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <utility>

namespace pyactor::supervisors {

namespace {

using std::chrono::nanoseconds;

constexpr uint64_t fnv_offset_basis = 0xcbf29ce484222325;
constexpr uint64_t fnv_prime = 0x100000001b3;

constexpr uint64_t add_byte(uint64_t hash, uint8_t byte) noexcept {
  return (hash ^ byte) * fnv_prime;
}

/// @returns what speaks against such partitions, for a person; empty if nothing
std::string_view objection_to(size_t partitions, const child_spec& spec,
                              const supervisor_flags& flags) {
  if (partitions == 0)
    return "there has to be a partition";
  if (flags.strategy != restart_strategy::one_for_one)
    return "partitions are restarted one_for_one";
  if (flags.auto_shutdown != auto_shutdown::never)
    return "partitions do not go with auto_shutdown";
  if (spec.restart == restart_type::temporary)
    return "a partition must not be temporary";
  return {};
}

sup_error invalid(std::string_view why) {
  return {.code = sup_errc::invalid_spec, .message = std::string{why}};
}

/// How long there is for several orders in a row.
class time_limit {
public:
  explicit time_limit(nanoseconds timeout)
    : timeout_(timeout), begin_(std::chrono::steady_clock::now()) {
    // nop
  }

  nanoseconds left() const {
    if (timeout_ == forever)
      return forever;
    auto gone = std::chrono::steady_clock::now() - begin_;
    return std::max(timeout_ - gone, nanoseconds::zero());
  }

private:
  nanoseconds timeout_;
  std::chrono::steady_clock::time_point begin_;
};

} // namespace

uint64_t stable_hash(std::string_view key) noexcept {
  auto result = fnv_offset_basis;
  for (auto byte : key)
    result = add_byte(result, static_cast<uint8_t>(byte));
  return result;
}

uint64_t stable_hash_of_number(uint64_t key) noexcept {
  auto result = fnv_offset_basis;
  for (auto shift = 0; shift < 64; shift += 8)
    result = add_byte(result, static_cast<uint8_t>(key >> shift));
  return result;
}

std::vector<child_spec> partition_specs(size_t count, const child_spec& spec) {
  std::vector<child_spec> result(count, spec);
  for (size_t i = 0; i < count; ++i) {
    result[i].id = std::to_string(i);
    if (spec.start) // otherwise the check of the specs complains
      result[i].start = [start = spec.start,
                         number = caf::make_message(static_cast<uint64_t>(i))](
                          const start_context& context) {
        return start(context.with(number));
      };
  }
  return result;
}

struct PYACTOR_HIDDEN partition_supervisor::state {
  state(supervisor_ref running, size_t partitions)
    : supervisor(std::move(running)), most(partitions), size(partitions) {
    // nop
  }

  const supervisor_ref supervisor;
  const size_t most;
  std::atomic<size_t> size;
  /// Held by the one who resizes.
  std::mutex resizing;
};

partition_supervisor::partition_supervisor(std::shared_ptr<state> shared)
  : state_(std::move(shared)) {
  // nop
}

child_ref partition_supervisor::child_for(std::string_view key) const {
  return child_at(stable_hash(key));
}

child_ref partition_supervisor::child_at(uint64_t hash) const {
  auto partition = partition_of(hash, std::max<size_t>(size(), 1));
  return supervisor().child(std::to_string(partition));
}

size_t partition_supervisor::size() const noexcept {
  return state_->size.load(std::memory_order_acquire);
}

const supervisor_ref& partition_supervisor::supervisor() const noexcept {
  return state_->supervisor;
}

sup_expected<void> partition_supervisor::resize(size_t partitions,
                                                nanoseconds timeout) const {
  auto& [supervisor, most, size, resizing] = *state_;
  if (partitions > most)
    return std::unexpected{
      invalid("no more than " + std::to_string(most) + " partitions")};
  time_limit limit{timeout};
  std::unique_lock guard{resizing};
  // First, so that no new request meets one that is about to stop.
  size = std::min(size.load(), partitions);
  for (auto i = most; i > partitions; --i)
    if (auto done
        = supervisor.terminate_child(std::to_string(i - 1), limit.left());
        !done)
      return done;
  for (auto i = size.load(); i < partitions; ++i) {
    auto done = supervisor.restart_child(std::to_string(i), limit.left());
    if (!done && done.error().code != sup_errc::running
        && done.error().code != sup_errc::restarting)
      return std::unexpected{std::move(done).error()};
    size = i + 1;
  }
  return {};
}

sup_expected<partition_supervisor> start_partitions(caf::actor_system& system,
                                                    size_t partitions,
                                                    const child_spec& spec,
                                                    supervisor_flags flags,
                                                    nanoseconds timeout) {
  if (auto wrong = objection_to(partitions, spec, flags); !wrong.empty())
    return std::unexpected{invalid(wrong)};
  auto started = start_supervisor(system, std::move(flags),
                                  partition_specs(partitions, spec), timeout);
  if (!started)
    return std::unexpected{std::move(started).error()};
  return partition_supervisor{std::make_shared<partition_supervisor::state>(
    std::move(*started), partitions)};
}

} // namespace pyactor::supervisors
