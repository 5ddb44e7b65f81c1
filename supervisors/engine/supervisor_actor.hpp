#pragma once

#include <pyactor/supervisors/engine/child.hpp>
#include <pyactor/supervisors/engine/child_template.hpp>
#include <pyactor/supervisors/engine/deadlines.hpp>
#include <pyactor/supervisors/engine/group_restart.hpp>
#include <pyactor/supervisors/engine/roster.hpp>
#include <pyactor/supervisors/engine/running_reload.hpp>
#include <pyactor/supervisors/engine/running_stop.hpp>
#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/engine/start_record.hpp>
#include <pyactor/supervisors/engine/supervisor_setup.hpp>
#include <pyactor/supervisors/engine/timed_actor.hpp>
#include <pyactor/supervisors/engine/tree_collector.hpp>
#include <pyactor/supervisors/messages.hpp>
#include <pyactor/supervisors/restart_intensity.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <variant>
#include <vector>

namespace pyactor::supervisors::engine {

/// Carries events to the pure decisions (`child_state`, `operation`,
/// `restart_intensity`, `restart_strategy`), and their effects out. It never
/// blocks; every message is one short step.
///
/// Sources: supervisor_actor.cpp (messages in), life_cycle.cpp (its own start
/// and stop), transitions.cpp (children), restarts.cpp (whether and when a
/// child comes back), throttling.cpp (when a child may start), clients.cpp
/// (what clients see of a child), probing.cpp (how children are), groups.cpp
/// (several children at once), hung_calls.cpp (what does not return),
/// reload.cpp (another list of children), orders.cpp (callers),
/// dynamic_children.cpp (how many there may be, and what is left of them),
/// queries.cpp, tree_level.cpp.
class supervisor_actor : public timed_actor {
public:
  supervisor_actor(caf::actor_config& config, supervisor_setup setup);

  caf::behavior make_behavior() override;

  resume_result resume(caf::execution_unit* host,
                       size_t max_throughput) override;

  void on_exit() override;

  const char* name() const override;

private:
  enum class stage : uint8_t { initializing, operating, stopping, ended };

  /// How many messages one turn on a worker takes, and how many children one of
  /// them tells to stop, or kills. What a turn wakes up is queued on its
  /// worker, and other workers walk through that whole queue to steal from its
  /// end (CAF 0.17.6): with 100 000 in it, nothing else happens. The supervisor
  /// waits behind them, and with it whoever has asked it something.
  static constexpr size_t in_one_turn = 16;
  static constexpr size_t in_one_step = 16;

  // -- messages in ------------------------------------------------------------

  void ignore_strays();
  caf::message_handler signal_handlers();
  caf::message_handler order_handlers();
  caf::message_handler query_handlers();
  void on_acknowledged(const child_acknowledged& what);
  void on_ended(const child_ended& what);
  void on_ready(child& who);
  void on_ignoring(child& who);
  void on_wake() override;
  void on_due(child& who, timer_purpose purpose);

  /// Ends every step: moves a start or a stop of the supervisor on, and sees
  /// to it that it is woken for the next deadline.
  void advance();

  // -- its own start and stop -------------------------------------------------

  void advance_start();
  void advance_stop();
  bool stop_next();
  void stop_for_good(child& who);
  void finish_start();
  void finish_stop();
  void begin_stop(caf::error reason, sup_error answer);
  void force_stop();

  // -- children ---------------------------------------------------------------

  void apply(child& who, const child_event& event);
  void carry_out(child& who, child_effect effect);
  void conclude(child& who, child_outcome outcome);
  void start(child& who, start_cause cause);
  void spawn_incarnation(child& who);
  [[nodiscard]] bool claim_name(child& who);
  void open_reception(child& who);
  void close_reception(child& who, child_status status);
  void adopt(child& who, const caf::actor& handle);
  void refuse_start(child& who, caf::error cause);
  void on_started(child& who);
  void on_start_failed(child& who);
  void on_ignored(child& who);
  void on_exited(child& who, child_outcome outcome);
  void on_stopped(child& who);
  void abandon(child& who);
  [[nodiscard]] bool is_in_call(const child& who) const;
  void interrupt(child& who);
  void give_up_context(child& who);
  void on_trouble(const child_in_trouble& what);
  void report_once(child& who, runtime::call_trouble what, uint64_t call);
  void note_hung_call(child& who);
  void note_wedged_gil(const child& who);
  void look_back(const child& who);
  void note_crash(const child& who);
  void note_zombie(const child& who, std::string context);
  void restart(child& who, std::chrono::nanoseconds pause);
  void on_pause_over(child& who);
  void come_back(child& who, std::chrono::nanoseconds pause);
  [[nodiscard]] bool ends_all(const child& who) const;
  [[nodiscard]] bool awaits_last(const child& who) const;
  void forget(child& who);
  void show(child& who, std::chrono::nanoseconds retry_after = {});
  void note_failure(child& who, exit_kind kind, const caf::error& cause);
  child_rules rules_of(const child& who) const;
  void arm(child& who, std::chrono::nanoseconds pause);
  void send_exit_to(const child& who, caf::exit_reason reason);

  // -- restarts ---------------------------------------------------------------

  exit_class classified(const child& who, const exit_info& how);
  void rearm(child& who);
  std::optional<std::chrono::nanoseconds> count_restart(child&, time_point now);
  std::optional<std::chrono::nanoseconds> escalate(child& who);
  escalation decide_escalation(const child& who);
  [[nodiscard]] bool has_too_many_zombies() const;
  std::chrono::nanoseconds pause_before_start(const child& who);
  void start_after(child& who, std::chrono::nanoseconds pause);
  double uniform();
  void give_up_on(child& who);

  // -- limits on starts -------------------------------------------------------

  [[nodiscard]] const start_throttle& throttle() const;
  [[nodiscard]] const start_throttle& throttle_below(const child& who) const;
  void begin_start(child& who);
  void take_turn(child& who);
  void on_turn(const start_turn& what);

  // -- probes -----------------------------------------------------------------

  void begin_probe(child& who, probe_kind kind, bool passing);
  void arm_probe(const child& who, probe_kind kind);
  void end_probe(child& who, probe_kind kind);
  void end_probes(child& who);
  void update_probes(child& who);
  void on_probe_due(child& who, probe_kind kind);
  void on_answered(const probe_answered& what);
  void conclude_probe(child& who, probe_kind kind,
                      const std::string& complaint);
  void on_readiness(child& who);
  void fail_start(child& who, std::string why);
  void condemn(child& who, std::string why);

  // -- groups -----------------------------------------------------------------

  bool carry_on();
  void begin_group(const child& failed, const restart_plan& plan,
                   std::chrono::nanoseconds pause);
  bool advance_group();
  bool stop_members();
  bool start_members();
  void end_group();
  void fail_group(const child& who);
  void abort_group(child& failed);
  void on_member_stopped(child& who);
  [[nodiscard]] bool is_stopping_with_group(const child& who) const;
  [[nodiscard]] bool absorbs(const child& who) const;
  [[nodiscard]] bool must_wait(const child& who) const;
  void take_deferred();

  // -- reload -----------------------------------------------------------------

  void dispatch(reload_order what);
  [[nodiscard]] std::string_view bad_change(const reload& what) const;
  void begin_reload(reload_order what);
  void reload_template(reload_order what);
  void change_flags(supervisor_flags flags);
  void update(child& who, std::shared_ptr<const child_spec> spec);
  child& add_stopped(std::string id, std::shared_ptr<const child_spec> spec);
  void put_in_order(const std::vector<std::string>& ids);
  void choose_movers(reload_mode mode);
  [[nodiscard]] std::optional<restart_plan> plan_to_come() const;
  bool advance_reload();
  bool stop_leaving();
  bool start_added();
  void note_failed_start(const sup_error& what);
  [[nodiscard]] bool must_hold_restarts() const;
  [[nodiscard]] bool must_hold_orders(const std::string& id) const;

  // -- callers ----------------------------------------------------------------

  template <class Message>
  void take_order(operation what, const Message& message);
  void dispatch(order what);
  void add_child(order what);
  void begin_child(std::shared_ptr<const child_spec> spec, order what);
  void handle_order(child& who, order what);
  void put_off(child& who, order what);
  void execute(child& who, order what);
  void settle(start_position position);
  void settle(const child& who);
  void settle_all();
  void answer_starts(child& who, const sup_expected<incarnation_id>& result);
  void answer_stops(child& who);
  void refuse_all_orders(sup_errc code);
  static void refuse(order& what, sup_errc code);
  static void answer(order& what, sup_expected<incarnation_id> result,
                     caf::message told = {});
  static sup_error error_about(const order& what, sup_errc code);

  // -- dynamic children -------------------------------------------------------

  [[nodiscard]] std::optional<sup_error> objection_to(const order& what) const;
  [[nodiscard]] bool is_gone(const order& what) const;
  void add_from_template(order what);
  [[nodiscard]] std::string new_id();
  [[nodiscard]] bool is_full() const;
  [[nodiscard]] sup_error error_when_full(const std::string& id) const;
  start_result call_start_function(child& who);
  [[nodiscard]] bool leaves_nothing(const child& who) const;
  void come_to_rest(child& who);

  // -- questions --------------------------------------------------------------

  which_children_reply list_children() const;
  which_child_reply find_child(const std::string& id);
  child_info info_about(const child& who) const;
  std::optional<std::chrono::nanoseconds>
  until_start_of(const child& who) const;
  count_children_reply count() const;
  get_child_spec_reply spec_of(const std::string& id);
  get_statistics_reply statistics() const;
  tree_level level() const;
  tree_node describe() const;

  void report(supervision_event::kind what, const child& who,
              std::chrono::nanoseconds time = {},
              std::vector<std::string> others = {});
  static supervision_event event_about(supervision_event::kind what,
                                       const child& who,
                                       std::chrono::nanoseconds time);

  // -- data -------------------------------------------------------------------

  supervisor_flags flags_;
  std::shared_ptr<child_directory> directory_;
  std::shared_ptr<start_record> record_;
  caf::actor_addr parent_;
  std::optional<init_ack> ack_;
  start_throttle inherited_throttle_;

  stage stage_ = stage::initializing;
  /// Meaningful while operating.
  time_point operating_since_;
  roster roster_{directory_};
  /// The end of a significant child would have been this supervisor's, had not
  /// all others that are significant been about to come back. If it turns out
  /// that they have nothing to do, it is.
  bool awaits_last_ = false;
  /// Set with `simple_one_for_one`.
  std::optional<child_template> template_;
  /// The number in the last id that was generated without a template.
  uint64_t last_id_ = 0;
  restart_intensity intensity_;
  deadlines deadlines_;
  /// Numbers the questions of probes.
  uint64_t last_question_ = 0;
  /// Incarnations that did not end although they were killed. The kill waits in
  /// their mailboxes, if they still have a context.
  std::map<incarnation_id, zombie_info> zombies_;
  supervisor_statistics seen_;
  /// Counted by whoever fails them.
  const std::shared_ptr<std::atomic<uint64_t>> lost_requests_
    = std::make_shared<std::atomic<uint64_t>>(0);
  /// For jitter; made when it is needed.
  std::optional<std::minstd_rand> random_;

  /// The first child whose start is not over; while initializing.
  start_position start_cursor_ = 0;
  std::vector<caf::response_promise> awaiting_start_;
  /// Orders that came before the supervisor had started, or have to wait for a
  /// group restart or a reload.
  std::vector<std::variant<order, reload_order>> held_orders_;

  std::optional<group_restart> group_;
  /// Never together with `group_`.
  std::optional<running_reload> reload_;
  /// What has to wait until a group restart or a reload is over, or the
  /// supervisor has started: ends, and pauses that are over.
  std::deque<std::variant<child_ended, pause_ended>> deferred_;
  /// Orders may wait with children that have settled during a group restart.
  bool unsettled_ = false;

  /// Set while it stops, and when it has.
  std::optional<running_stop> stop_;
};

} // namespace pyactor::supervisors::engine
