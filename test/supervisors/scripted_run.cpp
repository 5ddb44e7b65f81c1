#include <pyactor/test/supervisors/scripted_run.hpp>

#include <pyactor/test/supervisors/hanging_child.hpp>

#include <algorithm>
#include <memory>
#include <utility>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

/// Plain ones; `p` and `q` can be asked how they are, and get stuck for good;
/// `h` hangs in calls; `n` is a supervisor.
const std::vector<std::string> ids{"a", "b", "c", "p", "q", "h", "n"};
const std::vector<std::string> inner_ids{"n1", "n2"};
constexpr auto most_steps = 60u;

bool can_get_stuck(const std::string& id) {
  return id == "p" || id == "q" || id == "h";
}

} // namespace

scripted_run::scripted_run(unsigned seed, beginning how)
  : how_it_ends(static_cast<ending>(seed % 5)), random_(seed) {
  using enum restart_strategy;
  strategy_ = one_of(
    {one_for_one, one_for_one, one_for_all, rest_for_one, simple_one_for_one});
  at_once_ = is_on_demand() || (strategy_ == one_for_one && roll(2) == 0);
  if (!is_on_demand() && roll(4) == 0)
    auto_shutdown_ = auto_shutdown::all_significant;
  if (roll(2) == 0)
    throttle_ = start_throttle{{.max_concurrent_starts = 1 + roll(3),
                                .restarts_per_second = 5.0,
                                .restart_burst = 3}};
  std::vector<child_spec> specs;
  if (is_on_demand())
    specs.push_back(any_spec("c"));
  else
    for (const auto& id : ids)
      specs.push_back(any_spec(id));
  if (how == beginning::disturbed)
    for (const auto& id : ids)
      disturb(id);
  w.start(any_flags(), specs);
}

void scripted_run::operate() {
  for (auto steps = roll(most_steps); steps > 0 && !w.supervisor_end; --steps)
    step();
}

void scripted_run::step() {
  auto id = any_id();
  disturb(id);
  switch (roll(8)) {
    case 0:
    case 1:
      give_order(id);
      break;
    case 2:
      w.advance(std::chrono::milliseconds{roll(3000)});
      break;
    case 3:
      load(id);
      break;
    case 4:
      if (roll(2) == 0)
        reload();
      break;
    case 5:
      if (!w.child(id).acks.empty())
        w.child(id).acks.back()();
      w.run();
      break;
    default:
      hurt(id);
  }
}

void scripted_run::give_order(const std::string& id) {
  switch (roll(6)) {
    case 0:
      if (is_on_demand()) {
        ++given_;
        w.order(start_child_with{});
      } else {
        w.order(start_child{any_spec(id)});
      }
      break;
    case 1:
      w.order(terminate_child{id});
      break;
    case 2:
      w.order(restart_child{id});
      break;
    case 3:
      w.order(cycle_child{id});
      break;
    case 4:
      w.order(delete_child{id});
      break;
    default:
      w.order(retry_now{id});
  }
}

void scripted_run::hurt(const std::string& id) {
  if (!w.alive(id))
    return;
  if (id == "n") {
    kill_inner();
    return;
  }
  switch (roll(4)) {
    case 0:
      w.kill(id);
      break;
    case 1:
      if (can_get_stuck(id))
        w.tell(id, get_stuck{});
      break;
    default:
      w.tell(id, die{roll(4) == 0 ? caf::error{} : crash()});
  }
}

/// Asks a child, which may not be there, and has its probes answered in another
/// way.
void scripted_run::load(const std::string& id) {
  auto is_plain = !can_get_stuck(id) && id != "n";
  outcomes.push_back(roll(2) == 0 || !is_plain
                       ? request(w, w.ref->child(id), who_are_you{})
                       : request(w, w.ref->child(id), keep_me_waiting{}));
  w.run();
  w.answers[probe_kind::readiness]
    = one_of({health::good, health::bad, health::silent});
  w.answers[probe_kind::liveness]
    = one_of({health::good, health::good, health::failing});
}

void scripted_run::kill_inner() {
  may_have_orphans = true;
  w.kill("n");
}

void scripted_run::reload() {
  std::vector<child_spec> specs;
  if (is_on_demand()) {
    specs.push_back(any_spec("c"));
  } else {
    for (const auto& id : ids)
      if (roll(4) > 0)
        specs.push_back(any_spec(id));
    std::shuffle(specs.begin(), specs.end(), random_);
  }
  w.reload(any_flags(), specs,
           roll(4) == 0 ? reload_mode::otp : reload_mode::converge);
}

std::string scripted_run::any_id() {
  if (is_on_demand())
    return "c-" + std::to_string(1 + roll(given_ + 1));
  auto which = roll(static_cast<unsigned>(ids.size() + inner_ids.size()));
  return which < ids.size() ? ids[which] : inner_ids[which - ids.size()];
}

/// Decides how the next incarnation behaves.
void scripted_run::disturb(const std::string& id) {
  auto& control = w.child(id);
  control.deaf = roll(3) == 0;
  control.start = one_of({mode::spawn, mode::spawn, mode::spawn, mode::spawn,
                          mode::manual_ack, mode::ignore, mode::refuse,
                          mode::raise, mode::throw_init});
}

supervisor_flags scripted_run::any_flags() {
  using enum restart_strategy;
  supervisor_flags result{
    .strategy
    = at_once_ ? strategy_ : one_of({one_for_one, one_for_all, rest_for_one}),
    .intensity = 100'000,
    .auto_shutdown = auto_shutdown_,
    .max_zombies = 1000,
    .throttle = throttle_};
  if (at_once_)
    result.stop_order = stop_order::at_once;
  return result;
}

child_spec scripted_run::any_spec(const std::string& id) {
  if (id == "n")
    return inner_spec();
  auto type = one_of({restart_type::permanent, restart_type::permanent,
                      restart_type::transient, restart_type::temporary});
  auto is_probed = id == "p" || id == "q";
  auto result = id == "h"   ? hanging_spec()
                : is_probed ? w.spec(id, type)
                            : w.world::spec(id, type);
  result.restart = type;
  result.shutdown = any_policy();
  // Nothing but force ends one that takes for ever.
  if (how_it_ends == ending::force && roll(4) == 0)
    result.shutdown->mode = stop_mode::infinity;
  result.significant = auto_shutdown_ != auto_shutdown::never
                       && type != restart_type::permanent && roll(3) == 0;
  if (is_probed) {
    result.liveness = probed_world::probe(probe_kind::liveness);
    result.readiness = probed_world::probe(probe_kind::readiness);
    if (roll(2) == 0)
      result.startup = probed_world::probe(probe_kind::startup);
  }
  if (roll(3) == 0)
    result.backoff = restart_backoff{.initial = 500ms};
  if (roll(4) == 0)
    result.max_total_restarts = roll(4);
  if (roll(2) == 0)
    result.while_down = buffer{.capacity = 2, .ttl = 1s * (1 + roll(20))};
  return result;
}

stop_policy scripted_run::any_policy() {
  return {.mode = roll(4) == 0 ? stop_mode::brutal_kill : stop_mode::timed,
          .timeout = 1s * (1 + roll(3)),
          .kill_grace = 1s};
}

child_spec scripted_run::inner_spec() {
  std::vector<child_spec> below;
  for (const auto& id : inner_ids) {
    below.push_back(w.world::spec(id));
    below.back().shutdown = any_policy();
  }
  auto start = supervise({.intensity = 100'000}, std::move(below));
  return {.id = "n",
          .start =
            [this, start](const start_context& context) {
              auto result = start(context);
              if (auto* handle = std::get_if<caf::actor>(&result))
                note("n", *handle);
              return result;
            },
          .type = child_type::supervisor};
}

child_spec scripted_run::hanging_spec() {
  return {.id = "h", .start = [this](const start_context& context) {
            return start_hanging(context);
          }};
}

start_result scripted_run::start_hanging(const start_context& context) {
  using effect = hanging_calls::effect;
  auto gate = w.system.spawn(silent_until_open);
  w.clients.push_back(gate);
  auto calls = std::make_shared<hanging_calls>(
    std::move(gate), one_of({effect::none, effect::return_from_call}));
  context.may_interrupt(calls);
  auto handle = context.spawn(
    [calls, ack = context.ack()](caf::event_based_actor* self) {
      return acknowledge(self, ack, [&] { return hanging_child(self, calls); });
    });
  note("h", handle);
  return handle;
}

/// As `world` does with its own children.
void scripted_run::note(const std::string& id, const caf::actor& handle) {
  auto& control = w.child(id);
  auto place = control.ends.size();
  control.ends.emplace_back();
  control.handles.push_back(handle.address());
  handle->attach_functor([this, id, place](const caf::error& reason) {
    w.child(id).ends[place] = reason;
  });
}

// -- the end ------------------------------------------------------------------

bool scripted_run::is_operating() {
  return !w.supervisor_end && w.started->has_value()
         && w.started->value().result.has_value();
}

scripted_run::duration scripted_run::longest_stop(const child_spec& spec) {
  if (spec.type == child_type::supervisor)
    return 2
           * longest_stop({.id = "n1",
                           .start = spec.start,
                           .shutdown = stop_policy{.timeout = 3s}});
  const auto& policy = *spec.shutdown;
  auto steps = spec.id == "h" ? 3 : 2;
  auto asks = policy.mode == stop_mode::timed && how_it_ends != ending::force;
  return (asks ? policy.timeout : 0s) + steps * policy.kill_grace;
}

scripted_run::duration scripted_run::longest_stop() {
  duration sum{0};
  duration longest{0};
  for (const auto& info : w.children()) {
    auto reply = w.ask<get_child_spec_reply>(get_child_spec{info.id});
    w.run();
    if (info.status == child_status::stopped)
      continue;
    auto time = longest_stop(reply->value().result.value());
    sum += time;
    longest = std::max(longest, time);
  }
  return at_once_ || how_it_ends == ending::kill ? longest : sum;
}

void scripted_run::stop() {
  switch (how_it_ends) {
    case ending::order:
      w.stop();
      break;
    case ending::force: // also the supervisor among the children
      may_have_orphans = true;
      w.stop(stop_supervisor::forced);
      break;
    case ending::call: // what follows is not real time
      static_cast<void>(w.ref->stop(0s));
      break;
    case ending::let_go:
      w.ref.reset();
      break;
    case ending::kill:
      may_have_orphans = true;
      caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
      break;
  }
  w.run();
}

void scripted_run::release_the_stuck() {
  caf::anon_send(w.gate, open_gate{});
  w.run();
}

void scripted_run::let_go() {
  w.ref.reset();
  w.supervisor = nullptr;
  w.gate = nullptr;
  for (auto& client : std::exchange(w.clients, {}))
    caf::anon_send_exit(client, caf::exit_reason::kill);
  w.run();
}

std::vector<std::string> scripted_run::all_ids() const {
  auto result = ids;
  result.insert(result.end(), inner_ids.begin(), inner_ids.end());
  for (unsigned i = 1; i <= given_; ++i)
    result.push_back("c-" + std::to_string(i));
  return result;
}

bool scripted_run::only_the_stuck_live() {
  return std::ranges::all_of(all_ids(), [this](const std::string& id) {
    return id == "p" || id == "q"
           || std::ranges::all_of(
             w.child(id).ends, [](const auto& end) { return end.has_value(); });
  });
}

std::vector<caf::actor_addr> scripted_run::incarnations() {
  std::vector<caf::actor_addr> result;
  for (const auto& id : all_ids()) {
    const auto& handles = w.child(id).handles;
    result.insert(result.end(), handles.begin(), handles.end());
  }
  return result;
}
