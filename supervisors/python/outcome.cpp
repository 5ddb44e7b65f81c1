#include <pyactor/supervisors/python/outcome.hpp>

#include <pyactor/libpyactor/log.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/pinned_base.hpp>
#include <pyactor/supervisors/python/refs.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace pyactor::supervisors::python {

namespace {

value to_value(const outcome& what) {
  value::mapping result{
    {"child", what.child},
    {"incarnation", what.incarnation},
    {"error", what.error.empty() ? value{} : value{what.error}},
    {"message", what.message},
  };
  result.insert(result.end(), what.more.begin(), what.more.end());
  return value::dict(std::move(result));
}

/// What a start function has told is for C++ code, unless it is one value.
value in_python(const caf::message& told) {
  return told.match_elements<value>() ? told.get_as<value>(0) : value{};
}

/// Adds what a client may go by who came too early.
void add(value::mapping& more, const child_unavailable& why) {
  auto pause = std::chrono::duration<double>{why.retry_after}.count();
  more.emplace_back("status", to_string(why.status));
  more.emplace_back("retry_after", pause > 0 ? value{pause} : value{});
}

value list_of(const std::vector<std::string>& ids) {
  return value::list({ids.begin(), ids.end()});
}

} // namespace

outcome of_order(const order_reply& reply) {
  outcome result = reply.result ? outcome{.incarnation = *reply.result}
                                : of_failure(reply.result.error());
  result.child = reply.id;
  result.more = {{"told", in_python(reply.told)}};
  return result;
}

outcome of_failure(const sup_error& why) {
  return {
    .child = why.id, .error = to_string(why.code), .message = to_string(why)};
}

outcome of_answer(const std::string& id, const value& answer) {
  return {.child = id, .more = {{"answer", answer}}};
}

outcome of_failure(const std::string& id, const caf::error& why) {
  outcome result{.child = id, .more = {{"answer", value{}}}};
  if (why.category() == runtime::supervision_category) {
    result.error = to_string(static_cast<sup_errc>(why.code()));
    result.message = explain(id, why);
    if (auto down = child_down::from_error(why))
      result.incarnation = down->incarnation;
    if (auto obstacle = child_unavailable::from_error(why))
      add(result.more, *obstacle);
    return result;
  }
  auto what = runtime::from_caf(why);
  result.error = to_string(what.code);
  result.message = to_string(what);
  return result;
}

outcome of_reload(const reload_summary& what) {
  value::sequence failed;
  for (const auto& each : what.failed)
    failed.push_back(to_value(of_failure(each)));
  return {.more = {{"added", list_of(what.added)},
                   {"changed", list_of(what.changed)},
                   {"removed", list_of(what.removed)},
                   {"kept", list_of(what.kept)},
                   {"failed", value::list(std::move(failed))}}};
}

caf::actor running_actor() {
  auto* here = runtime::context::current();
  auto* who = here ? here->running_actor() : nullptr;
  return who ? caf::actor_cast<caf::actor>(who->address()) : caf::actor{};
}

listener::listener(std::string method, std::string order)
  : method_(std::move(method)), order_(std::move(order)) {
  if (auto who = running_actor())
    whom_ = who.address();
}

void listener::hear(const outcome& what) const {
  if (!is_somebody()) {
    if (!what.error.empty())
      log(layer::supervisors)
        .warn("{} by Python code: {}", order_, what.message);
    return;
  }
  auto who = caf::actor_cast<caf::strong_actor_ptr>(whom_);
  if (!who) {
    log(layer::supervisors)
      .warn("{} by Python code: nobody is left for '{}': {}", order_, method_,
            what.error.empty() ? "done" : what.message);
    return;
  }
  who->enqueue(
    nullptr, caf::make_message_id(),
    caf::make_message(runtime::call{method_, {.positional = {to_value(what)}}}),
    nullptr);
}

} // namespace pyactor::supervisors::python
