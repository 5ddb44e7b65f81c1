#include <pyactor/supervisors/python_tree.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/extension.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/supervisors/python/declaration.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/python/module_text.hpp>
#include <pyactor/supervisors/python/refs.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <utility>

namespace pyactor::supervisors {

namespace {

using std::chrono::nanoseconds;
using namespace python;

using tree_ptr = std::shared_ptr<const supervisor_handle>;

// -- the functions of supervision.py ----------------------------------------

/// @returns a pair: a code and a text, or none and the answer
value failure(sup_errc code, std::string message) {
  return value::tuple({to_string(code), std::move(message)});
}

value success(value answer) {
  return value::tuple({value{}, std::move(answer)});
}

auto answer_failure(std::shared_ptr<question> to) {
  return [to = std::move(to)](sup_errc code) {
    to->answer(failure(code, code == sup_errc::timed_out
                               ? "the supervisor has not answered in time"
                               : "the supervisor has ended"));
  };
}

caf::duration to_timeout(nanoseconds limit) {
  return limit == forever ? caf::duration{caf::infinite} : caf::duration{limit};
}

/// Asks for the text or the JSON of a tree.
expected<value> ask_tree(const value& tree, const std::string& form,
                         double timeout) {
  auto top = handle_in<supervisor_handle>(tree);
  if (!top)
    return unexpected{std::move(top).error()};
  auto asked = std::make_shared<question>();
  auto limit = seconds(timeout);
  run_errand<get_tree_reply>(
    (*top)->top().handle(), get_tree{limit}, to_timeout(limit),
    [=](const get_tree_reply& reply) {
      const auto& seen = reply.result;
      if (!seen)
        asked->answer(failure(seen.error().code, to_string(seen.error())));
      else
        asked->answer(
          success(form == "json" ? to_json(*seen) : to_text(*seen)));
    },
    answer_failure(asked));
  return value::actor(asked);
}

expected<value> ask_counts(const value& tree, double timeout) {
  auto top = handle_in<supervisor_handle>(tree);
  if (!top)
    return unexpected{std::move(top).error()};
  auto asked = std::make_shared<question>();
  run_errand<count_children_reply>(
    (*top)->top().handle(), count_children{}, to_timeout(seconds(timeout)),
    [=](const count_children_reply& reply) {
      const auto& n = reply.counts;
      asked->answer(success(value::dict({{"specs", n.specs},
                                         {"active", n.active},
                                         {"supervisors", n.supervisors},
                                         {"workers", n.workers}})));
    },
    answer_failure(asked));
  return value::actor(asked);
}

/// Waits for an answer, detached: the supervisor needs no Python, but others
/// do.
expected<object_ref> await_answer(attach_scope& py, _object* const* args) {
  auto asked = from_python<value>(py, args[0]);
  auto limit = from_python<double>(py, args[1]);
  if (!asked || !limit)
    return unexpected{asked ? limit.error() : asked.error()};
  auto known = handle_in<question>(*asked);
  if (!known)
    return unexpected{std::move(known).error()};
  std::optional<value> answer;
  {
    detach_scope released{py};
    answer = (*known)->wait(seconds(*limit));
  }
  return to_python(py, answer.value_or(value{}));
}

template <class Message>
void give_order(const tree_ptr& tree, Message what, const std::string& id,
                const order_outcome& outcome) {
  run_errand<order_reply>(
    tree->top().handle(), std::move(what), caf::duration{caf::infinite},
    [=](const order_reply& reply) {
      outcome(reply.result, reply.id.empty() ? id : reply.id);
    },
    [=](sup_errc code) {
      outcome(std::unexpected{sup_error{.code = code, .id = id}}, id);
    });
}

void stop_tree(const tree_ptr& tree, const order_outcome& outcome) {
  auto top = caf::actor_cast<caf::strong_actor_ptr>(tree->top().handle());
  // Of one that has ended already, this calls at once.
  top->get()->attach_functor([outcome] { outcome(incarnation_id{0}, {}); });
  runtime::send_urgently(top, nullptr, stop_supervisor{});
}

expected<void> order(const value& tree, const std::string& what,
                     const std::string& id, const std::string& then) {
  auto top = handle_in<supervisor_handle>(tree);
  if (!top)
    return unexpected{std::move(top).error()};
  order_outcome outcome{then, what};
  if (what == "restart_child")
    give_order(*top, restart_child{id}, id, outcome);
  else if (what == "cycle_child")
    give_order(*top, cycle_child{id}, id, outcome);
  else if (what == "retry_now")
    give_order(*top, retry_now{id}, id, outcome);
  else if (what == "terminate_child")
    give_order(*top, terminate_child{id}, id, outcome);
  else if (what == "delete_child")
    give_order(*top, delete_child{id}, id, outcome);
  else
    stop_tree(*top, outcome);
  return {};
}

expected<value> start_tree(const value& declared, const std::string& then) {
  auto tree = handle_in<declaration_handle>(declared);
  if (!tree)
    return unexpected{std::move(tree).error()};
  auto parent = running_actor();
  if (!parent)
    return fail(errc::interpreter_lost,
                "no actor runs on this thread; start trees from an actor's own "
                "code, not from a thread that it started");
  const auto& what = (*tree)->what();
  auto started
    = spawn_supervisor(parent.home_system(), what.flags, what.specs, parent);
  if (!started)
    return fail(errc::invalid_argument, to_string(started.error()));
  order_outcome outcome{then, "start"};
  // The supervisor is kept until it has answered: its failure is in its record.
  run_errand<await_start_reply>(
    started->handle(), await_start{}, caf::duration{caf::infinite},
    [outcome](const await_start_reply& reply) {
      if (reply.result)
        outcome(incarnation_id{0}, {});
      else
        outcome(std::unexpected{reply.result.error()}, reply.result.error().id);
    },
    [outcome, top = *started](sup_errc code) {
      auto why = top.start_failure().value_or(sup_error{.code = code});
      outcome(std::unexpected{why}, why.id);
    });
  return as_value(*started);
}

/// @returns the extension, whose functions are called for `python`
extension make_extension(runtime::runtime& python,
                         std::shared_ptr<native_children> natives) {
  auto here = [&python, natives] {
    auto* home = runtime::context::current();
    return declaration_context{python, *natives,
                               home ? home->pool_name() : "default"};
  };
  extension result{"supervision", std::string{module_text}};
  result.define("_translate", [=](const value& tree) -> expected<value> {
    auto made = translate_tree(here(), tree);
    if (!made)
      return unexpected{std::move(made).error()};
    return value::actor(std::make_shared<declaration_handle>(*std::move(made)));
  });
  // Lambdas, whose types stay within this file, unlike those of functions.
  result.define("_start", [](const value& tree, const std::string& then) {
    return start_tree(tree, then);
  });
  result.define("_start_child",
                [=](const value& tree, const value& child,
                    const std::string& then) -> expected<void> {
                  auto top = handle_in<supervisor_handle>(tree);
                  if (!top)
                    return unexpected{std::move(top).error()};
                  auto spec = translate_child(here(), child);
                  if (!spec)
                    return unexpected{std::move(spec).error()};
                  auto id = spec->id;
                  give_order(*top, start_child{*std::move(spec)}, id,
                             {then, "start_child"});
                  return {};
                });
  result.define(
    "_start_child_with",
    [](const value& tree, const std::vector<value>& args,
       const std::vector<std::pair<std::string, value>>& kwargs,
       const std::string& then) -> expected<void> {
      auto top = handle_in<supervisor_handle>(tree);
      if (!top)
        return unexpected{std::move(top).error()};
      give_order(*top,
                 start_child_with{caf::make_message(arguments{args, kwargs})},
                 {}, {then, "start_child"});
      return {};
    });
  result.define("_order", [](const value& tree, const std::string& what,
                             const std::string& id, const std::string& then) {
    return order(tree, what, id, then);
  });
  result.define("_ask_tree",
                [](const value& tree, const std::string& form, double timeout) {
                  return ask_tree(tree, form, timeout);
                });
  result.define("_ask_counts", [](const value& tree, double timeout) {
    return ask_counts(tree, timeout);
  });
  result.define("_check_plain", [](const value&) {});
  result.define("_check_tree", [](const value& tree) -> expected<void> {
    if (auto top = handle_in<supervisor_handle>(tree); !top)
      return unexpected{std::move(top).error()};
    return {};
  });
  result.define(
    "_child", [](const value& tree, const std::string& id) -> expected<value> {
      auto top = handle_in<supervisor_handle>(tree);
      if (!top)
        return unexpected{std::move(top).error()};
      return as_value((*top)->top().child(id), id);
    });
  result.functions.push_back({"_await", 2, await_answer});
  return result;
}

} // namespace

runtime::extension_maker
python_trees(std::shared_ptr<native_children> natives) {
  return [natives = std::move(natives)](runtime::runtime& python) {
    return make_extension(python, natives);
  };
}

expected<tree_declaration> declare_tree(runtime::runtime& python,
                                        std::string target, arguments args,
                                        const runtime::placement& where,
                                        nanoseconds timeout) {
  runtime::call request{
    "pyactor.supervision:_declare_target",
    {.positional
     = {std::move(target), value::tuple(std::move(args.positional))}}};
  value::mapping named;
  for (auto& [name, x] : args.keyword)
    named.emplace_back(name, std::move(x));
  request.args.positional.push_back(value::dict(std::move(named)));
  caf::scoped_actor self{python.system()};
  expected<tree_declaration> result;
  try {
    self
      ->request(python.context_server_at(where), to_timeout(timeout),
                std::move(request))
      .receive(
        [&](const value& declared) {
          auto found = handle_in<declaration_handle>(declared);
          if (found)
            result = (*found)->what();
          else
            result = unexpected{std::move(found).error()};
        },
        [&](const caf::error& why) {
          result = unexpected{runtime::from_caf(why)};
        });
  } catch (const python_error& what) {
    return unexpected{what.info()};
  }
  return result;
}

} // namespace pyactor::supervisors
