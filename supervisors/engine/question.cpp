#include <pyactor/supervisors/engine/question.hpp>

#include <pyactor/libpyactor/value.hpp>
#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/error.hpp>

#include <string>
#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// @returns what is wrong with an answer; empty if nothing
std::string complaint_about(const caf::message& answer,
                            const caf::actor_system& system) {
  if (answer.match_elements<bool>())
    return answer.get_as<bool>(0) ? "" : "answered false";
  if (answer.match_elements<value>()) {
    const auto& what = answer.get_as<value>(0);
    const auto* success = what.as_bool();
    return success && *success ? "" : "answered " + to_short_string(what);
  }
  if (answer.match_elements<caf::error>())
    return to_string(
      describe_exit(answer.get_as<caf::error>(0), 0, {}, system));
  return "answered neither true nor false";
}

/// Takes the answer to one question, as the actor that has asked it. An
/// ordinary request would stay with a supervisor for as long as its answer, and
/// CAF 0.17.6 searches all of them for each answer.
class listener : public caf::monitorable_actor {
public:
  listener(caf::actor_config& config, question_key key,
           caf::actor_addr supervisor)
    : caf::monitorable_actor(config), key_(key),
      supervisor_(std::move(supervisor)) {
    // nop
  }

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    if (!what->mid.is_response())
      return;
    auto answer = what->move_content_to_message();
    // The supervisor hears of that end by itself, and of its reason.
    if (answer.match_elements<caf::error>()
        && answer.get_as<caf::error>(0) == caf::sec::request_receiver_down)
      return;
    runtime::send_urgently(
      runtime::upgrade(supervisor_), host,
      probe_answered{key_, complaint_about(answer, home_system())});
  }

private:
  question_key key_;
  caf::actor_addr supervisor_;
};

} // namespace

void ask(const caf::actor& child, caf::message content, question_key key,
         const caf::actor_addr& supervisor, caf::execution_unit* host) {
  auto& system = child->home_system();
  caf::actor_config config{host};
  auto sender = caf::make_actor<listener, caf::strong_actor_ptr>(
    system.next_actor_id(), system.node(), &system, config, key, supervisor);
  auto request = caf::message_id{1}.with_high_priority();
  child->enqueue(std::move(sender), request, std::move(content), host);
}

} // namespace pyactor::supervisors::engine
