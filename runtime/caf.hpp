#pragma once

// The one place that knows which CAF this is: 0.17.6. What a later CAF spells
// otherwise (message registration, execution units, schedulers, error
// categories, options) is here and nowhere else, so that a port begins in this
// file and ends in `pinned_actor.hpp`.

#include <pyactor/libpyactor/export.hpp>

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/policy/work_stealing.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/scheduler/worker.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

/// Lets `T` travel in messages between actors of this process.
/// @ingroup macros
#define PYACTOR_LOCAL_MESSAGE(T) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(T)

/// @file
/// @thread any; what takes the actor that runs, on that actor's

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// The category of `pyactor::error` within `caf::error`.
inline constexpr auto error_category = caf::atom("pyactor");

/// @param what may be no error
/// @returns CAF's own text for an error, without an actor system at hand
[[nodiscard]] inline std::string render(const caf::error& what) {
  return caf::to_string(what);
}

/// @param what any time
/// @returns a time as CAF writes it, for example `500us`
[[nodiscard]] inline std::string render(caf::timespan what) {
  return caf::deep_to_string(what);
}

/// @param unit may be null
/// @returns the id of the CAF worker behind `unit`; none for other threads
[[nodiscard]] inline std::optional<size_t>
scheduler_id(caf::execution_unit* unit) {
  using stealing = caf::scheduler::worker<caf::policy::work_stealing>;
  using sharing = caf::scheduler::worker<caf::policy::work_sharing>;
  if (auto* worker = dynamic_cast<stealing*>(unit))
    return worker->id();
  if (auto* worker = dynamic_cast<sharing*>(unit))
    return worker->id();
  return std::nullopt;
}

/// @param who may lead to nobody
/// @returns a strong handle, or null where the actor is being destroyed
[[nodiscard]] inline caf::strong_actor_ptr upgrade(const caf::actor_addr& who) {
  return caf::actor_cast<caf::strong_actor_ptr>(who);
}

/// @param who may be null, which is dead
/// @returns whether the actor behind `who` has ended, or is gone
[[nodiscard]] inline bool is_dead(const caf::strong_actor_ptr& who) {
  return !who || who->get()->getf(caf::abstract_actor::is_terminated_flag);
}

/// Gives a job to CAF's own scheduler.
/// @param system whose scheduler that is
/// @param job with one reference, which goes with it
inline void reschedule(caf::actor_system& system, caf::resumable* job) {
  system.scheduler().enqueue(job);
}

/// Sends an exit message that overtakes what waits in the mailbox.
/// @param who null for nobody
/// @param reason which the receiver ends with, if it does not trap exits
inline void send_exit_urgently(const caf::strong_actor_ptr& who,
                               caf::error reason) {
  if (who)
    who->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                 caf::make_message(caf::exit_msg{{}, std::move(reason)}),
                 nullptr);
}

/// The category of supervision errors within `caf::error`.
inline constexpr auto supervision_category = caf::atom("supervisor");

/// The category of CAF's own exit reasons.
inline constexpr auto exit_category = caf::atom("exit");

/// Sends a message that overtakes what waits in the mailbox.
/// @param who null for nobody
/// @param host the receiver wakes up on it; null leaves that to the scheduler
/// @param message has no sender
template <class T>
void send_urgently(const caf::strong_actor_ptr& who, caf::execution_unit* host,
                   T message) {
  if (who)
    who->enqueue(caf::make_mailbox_element(
                   nullptr, caf::make_message_id(caf::message_priority::high),
                   {}, std::move(message)),
                 host);
}

/// Gives a request the shape that CAF gives its answer: a message and an
/// envelope, where it may have come as one block. Where two threads exchange
/// requests and answers, each then allocates what it has just freed, out of the
/// C library's cache of that thread. With two shapes, both threads meet at the
/// locks of the heap, several times a message.
/// @param what not null; a request, or any message
/// @returns `what`, or what now stands for it
/// @thread the sender's: it allocates and frees what it is about to need again
[[nodiscard]] inline caf::mailbox_element_ptr
shape_as_answer(caf::mailbox_element_ptr what) {
  if (!what->mid.is_request()
      || typeid(what->content()) == typeid(caf::message))
    return what;
  auto content = what->move_content_to_message();
  return caf::make_mailbox_element(std::move(what->sender), what->mid,
                                   std::move(what->stages), std::move(content));
}

/// What tells a timeout of ours from those of CAF's own behaviors.
inline constexpr auto timeout_type = caf::atom("pyactor");

/// Has the clock tell an actor the time. The clock holds it until then, or
/// until that is called off, and with the end of an actor that CAF schedules it
/// is; a scheduled message nobody can call off.
/// @param who whom to tell
/// @param when in place of the time set before; of CAF's clock
inline void set_timeout(caf::abstract_actor& who,
                        caf::actor_clock::time_point when) {
  who.home_system().clock().set_ordinary_timeout(when, &who, timeout_type, 0);
}

/// Calls off what `set_timeout` has set. It may be on its way already.
/// @param who was to be told
inline void clear_timeout(caf::abstract_actor& who) {
  who.home_system().clock().cancel_ordinary_timeout(&who, timeout_type);
}

/// @param what any message
/// @returns whether `what` is what `set_timeout` has asked for
[[nodiscard]] inline bool is_timeout(const caf::mailbox_element& what) {
  const auto& content = what.content();
  return content.match_elements<caf::timeout_msg>()
         && content.get_as<caf::timeout_msg>(0).type == timeout_type;
}

/// Sends an error as the response that a request waits for.
/// @param who has sent the request; null for nobody
/// @param host the receiver wakes up on it; null leaves that to the scheduler
/// @param response what the response is known by
/// @param reason the error
inline void respond_with_error(const caf::strong_actor_ptr& who,
                               caf::execution_unit* host,
                               caf::message_id response, caf::error reason) {
  if (who)
    who->enqueue(nullptr, response, caf::make_message(std::move(reason)), host);
}

/// @param self not null
/// @returns whether `self`, which is running, has been told to end
/// @thread that of `self`
[[nodiscard]] inline bool is_quitting(const caf::scheduled_actor* self) {
  return self->getf(caf::abstract_actor::is_shutting_down_flag);
}

/// What is the matter with the call that an actor runs.
enum class call_trouble : uint8_t {
  /// It takes longer than it may, and is interrupted.
  hung,
  /// It is inside Python while the GIL that others need cannot be had.
  gil_wedged,
};

/// How attachables of an actor are told of it: `caf::attachable::matches` gets
/// this, and returns false. That runs under a lock of the actor's, so what is
/// to follow is only noted there.
struct call_trouble_token {
  /// What CAF knows it by.
  static constexpr size_t token_type = 0x74726f75;

  /// What is the matter.
  call_trouble what;
  /// The number of the call; each of an actor's has its own.
  uint64_t call;
  /// Run without the lock.
  std::vector<std::function<void()>>& then;
};

/// Tells all that are attached to an actor of its call.
/// @param who not null
/// @param what is the matter with it
/// @param call its number
/// @thread any
inline void tell_attached(const caf::strong_actor_ptr& who, call_trouble what,
                          uint64_t call) {
  std::vector<std::function<void()>> then;
  who->get()->detach(call_trouble_token{what, call, then});
  for (const auto& each : then)
    each();
}

/// Lets go of CAF's logger. A thread that has spawned an actor holds on to it,
/// and the end of an actor system waits for all who do: a thread that may not
/// come back must not be among them.
inline void let_go_of_logger() {
  caf::logger::set_current_actor_system(nullptr);
}

/// @param what any message
/// @returns whether somebody has sent it who neither waits for an answer nor
///          gives one: no request, no response, and none of CAF's own signals
[[nodiscard]] inline bool is_plain(const caf::mailbox_element& what) {
  const auto& content = what.content();
  return !what.mid.is_request() && !what.mid.is_response()
         && !content.match_elements<caf::exit_msg>()
         && !content.match_elements<caf::down_msg>()
         && !content.match_elements<caf::timeout_msg>();
}

/// Closes the mailbox of an actor, unless it is closed, and answers the
/// requests in it.
/// @param self whose mailbox it is
/// @param reason the answer
/// @returns how many plain messages were in it, which nobody will handle
/// @thread that of `self`
inline uint64_t close_mailbox(caf::scheduled_actor& self,
                              const caf::error& reason) {
  auto& mailbox = self.mailbox();
  if (mailbox.closed())
    return 0;
  mailbox.close();
  self.get_normal_queue().flush_cache();
  self.get_urgent_queue().flush_cache();
  constexpr auto per_round = 1000; // as in CAF
  uint64_t lost = 0;
  caf::detail::sync_request_bouncer bounce{reason};
  // Called with a key and a queue for each level of queues, then the message.
  auto drop = [&](const auto&... place_and_message) {
    const caf::mailbox_element& what
      = std::get<sizeof...(place_and_message) - 1>(
        std::tie(place_and_message...));
    lost += is_plain(what);
    bounce(what);
    return caf::intrusive::task_result::resume;
  };
  while (mailbox.queue().new_round(per_round, drop).consumed_items) {
  }
  return lost;
}

/// @param config outlives the result
/// @returns its options, which CAF lets only its subclasses add to
inline caf::config_option_set& options_of(caf::actor_system_config& config) {
  struct access : caf::actor_system_config {
    static auto member() {
      return &access::custom_options_;
    }
  };

  return config.*access::member();
}

/// An option that takes a dictionary of dictionaries, for which CAF has no
/// ready-made type.
/// @param category what its name begins with, as with all options
/// @param name of the option
/// @param description for the text that lists all options
/// @returns the option
inline caf::config_option dictionary_option(caf::string_view category,
                                            caf::string_view name,
                                            caf::string_view description) {
  using caf::config_value;
  static const caf::config_option::meta_state meta{
    [](const config_value& x) -> caf::error {
      if (caf::holds_alternative<config_value::dictionary>(x))
        return caf::none;
      return caf::make_error(caf::pec::type_mismatch);
    },
    [](void*, const config_value&) {},
    [](const void*) { return config_value{}; },
    [](void*, caf::string_view text) { return config_value::parse(text); },
    "dictionary"};
  return {category, name, description, &meta};
}

} // namespace runtime
} // namespace pyactor
