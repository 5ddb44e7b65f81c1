#include <pyactor/supervisors/partitions.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>

namespace pyactor::supervisors {

namespace {

/// Begins a resize that has none before it.
struct resize_begins {};

} // namespace

} // namespace pyactor::supervisors

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::resize_begins)

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

} // namespace

/// How long there is for several orders in a row.
class PYACTOR_HIDDEN time_limit {
public:
  explicit time_limit(std::chrono::nanoseconds timeout)
    : timeout_(timeout), begin_(std::chrono::steady_clock::now()) {
    // nop
  }

  std::chrono::nanoseconds left() const {
    if (timeout_ == forever)
      return forever;
    auto gone = std::chrono::steady_clock::now() - begin_;
    return std::max(timeout_ - gone, std::chrono::nanoseconds::zero());
  }

private:
  std::chrono::nanoseconds timeout_;
  std::chrono::steady_clock::time_point begin_;
};

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
  /// Written by the `resizing` whose turn it is.
  std::atomic<size_t> size;
  std::mutex mutex;
  /// The one that was asked for last; guarded by mutex.
  caf::actor_addr newest;
};

/// Brings one resize about, order by order, and ends with it.
/// @thread CAF's
class PYACTOR_HIDDEN partition_supervisor::resizing final
  : public caf::event_based_actor {
public:
  using listener = std::function<void(sup_expected<void>)>;

  /// @param before  the one that was asked for before this one; may have ended
  resizing(caf::actor_config& config, std::shared_ptr<state> group,
           size_t partitions, time_limit limit, const caf::actor_addr& before,
           listener tell)
    : caf::event_based_actor(config), group_(std::move(group)),
      partitions_(partitions), limit_(limit), before_(before),
      tell_(std::move(tell)) {
    // nop
  }

  const char* name() const override {
    return "partitions_resizing";
  }

  caf::behavior make_behavior() override {
    keep_alive_ = this;
    set_down_handler([this](const caf::down_msg&) { begin(); });
    if (auto before = runtime::upgrade(before_))
      monitor(before);
    else
      send(this, resize_begins{});
    return {[this](resize_begins) { begin(); }};
  }

  void on_exit() override {
    tell(std::unexpected{sup_error{.code = sup_errc::supervisor_down}});
    keep_alive_ = nullptr;
  }

private:
  void begin() {
    if (partitions_ > group_->most)
      return finish(std::unexpected{invalid(
        "no more than " + std::to_string(group_->most) + " partitions")});
    // First, so that no new request meets one that is about to stop.
    group_->size = std::min(group_->size.load(), partitions_);
    stop_next(group_->most);
  }

  /// Stops those that are too many, highest first.
  /// @param left  how many are not stopped yet
  void stop_next(size_t left) {
    if (left <= partitions_)
      return start_next();
    give_order(terminate_child{std::to_string(left - 1)},
               [=, this](sup_expected<void> done) {
                 if (done)
                   stop_next(left - 1);
                 else
                   finish(std::move(done));
               });
  }

  /// Starts those that are missing, lowest first.
  void start_next() {
    auto next = group_->size.load();
    if (next >= partitions_)
      return finish({});
    give_order(restart_child{std::to_string(next)},
               [=, this](sup_expected<void> done) {
                 if (!done && done.error().code != sup_errc::running
                     && done.error().code != sup_errc::restarting)
                   return finish(std::move(done));
                 group_->size = next + 1;
                 start_next();
               });
  }

  template <class Order, class F>
  void give_order(Order what, F then) {
    auto left = limit_.left();
    request(group_->supervisor.handle(),
            left == forever ? caf::duration{caf::infinite}
                            : caf::duration{left},
            std::move(what))
      .then(
        [=](order_reply& reply) {
          if (reply.result)
            then({});
          else
            then(std::unexpected{std::move(reply.result).error()});
        },
        [=](const caf::error& why) {
          then(std::unexpected{from_caf_error(why)});
        });
  }

  void finish(sup_expected<void> result) {
    tell(std::move(result));
    quit();
  }

  void tell(sup_expected<void> result) {
    if (auto whom = std::exchange(tell_, nullptr))
      whom(std::move(result));
  }

  const std::shared_ptr<state> group_;
  const size_t partitions_;
  const time_limit limit_;
  const caf::actor_addr before_;
  /// Null once it was called.
  listener tell_;
  /// This one, which nobody else holds.
  caf::actor keep_alive_;
};

partition_supervisor::partition_supervisor(std::shared_ptr<state> shared)
  : state_(std::move(shared)) {
  // nop
}

child_ref partition_supervisor::child_for(std::string_view key) const {
  return supervisor().child(id_for(key));
}

std::string partition_supervisor::id_for(std::string_view key) const {
  return id_at(stable_hash(key));
}

std::string partition_supervisor::id_at(uint64_t hash) const {
  return std::to_string(partition_of(hash, std::max<size_t>(size(), 1)));
}

size_t partition_supervisor::size() const noexcept {
  return state_->size.load(std::memory_order_acquire);
}

const supervisor_ref& partition_supervisor::supervisor() const noexcept {
  return state_->supervisor;
}

sup_expected<void> partition_supervisor::resize(size_t partitions,
                                                nanoseconds timeout) const {
  auto told = std::make_shared<std::promise<sup_expected<void>>>();
  auto result = told->get_future();
  auto tell = [told = std::move(told)](sup_expected<void> what) {
    told->set_value(std::move(what));
  };
  resize_then(partitions, std::move(tell), timeout);
  return result.get();
}

void partition_supervisor::resize_then(
  size_t partitions, std::function<void(sup_expected<void>)> tell,
  nanoseconds timeout) const {
  auto& system = supervisor().handle().home_system();
  std::unique_lock guard{state_->mutex};
  auto next = system.spawn<resizing>(state_, partitions, time_limit{timeout},
                                     state_->newest, std::move(tell));
  state_->newest = next.address();
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
  return partitions_of(*std::move(started), partitions);
}

partition_supervisor partitions_of(supervisor_ref supervisor,
                                   size_t partitions) {
  return partition_supervisor{std::make_shared<partition_supervisor::state>(
    std::move(supervisor), partitions)};
}

} // namespace pyactor::supervisors
