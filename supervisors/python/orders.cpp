#include <pyactor/supervisors/python/orders.hpp>

#include <pyactor/runtime/messages.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/python/outcome.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pyactor::supervisors::python {

namespace {

using tree_ptr = std::shared_ptr<const supervisor_handle>;
using named_args = std::vector<std::pair<std::string, value>>;
/// A method, and what it is called with.
using method_call = std::tuple<std::string, std::vector<value>, named_args>;

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
  listener whom{then, "start"};
  // The supervisor is kept until it has answered: its failure is in its record.
  run_errand<await_start_reply>(
    started->handle(), await_start{}, caf::duration{caf::infinite},
    [whom](const await_start_reply& reply) {
      whom.hear(reply.result ? outcome{} : of_failure(reply.result.error()));
    },
    [whom, top = *started](const sup_error& why) {
      whom.hear(of_failure(top.start_failure().value_or(why)));
    });
  return as_value(*started);
}

/// @param id  of the child that the order names, if it names one
template <class Message>
void give_order(const tree_ptr& tree, Message what, const std::string& id,
                const listener& whom) {
  run_errand<order_reply>(
    tree->top().handle(), std::move(what), caf::duration{caf::infinite},
    [=](order_reply reply) {
      if (reply.id.empty())
        reply.id = id;
      whom.hear(of_order(reply));
    },
    [=](sup_error why) {
      why.id = id;
      whom.hear(of_order({std::unexpected{std::move(why)}, id}));
    });
}

expected<void> stop_tree(const tree_ptr& tree, stop_supervisor::urgency how,
                         const listener& whom) {
  if (tree->top().as_child())
    return fail(errc::invalid_argument,
                tree->describe()
                  + " is a child: the supervisor above stops it, by "
                    "terminate_child");
  auto top = caf::actor_cast<caf::strong_actor_ptr>(tree->top().handle());
  // Of one that has ended already, this calls at once.
  top->get()->attach_functor([whom] { whom.hear({}); });
  runtime::send_urgently(top, nullptr, stop_supervisor{how});
  return {};
}

void order(const tree_ptr& tree, const std::string& what, const std::string& id,
           const listener& whom) {
  if (what == "restart_child")
    give_order(tree, restart_child{id}, id, whom);
  else if (what == "cycle_child")
    give_order(tree, cycle_child{id}, id, whom);
  else if (what == "retry_now")
    give_order(tree, retry_now{id}, id, whom);
  else if (what == "terminate_child")
    give_order(tree, terminate_child{id}, id, whom);
  else
    give_order(tree, delete_child{id}, id, whom);
}

expected<void> start_one(const tree_ptr& tree,
                         const declaration_context& context, const value& child,
                         const listener& whom) {
  auto spec = translate_child(context, child);
  if (!spec)
    return unexpected{std::move(spec).error()};
  auto id = spec->id;
  give_order(tree, start_child{*std::move(spec)}, id, whom);
  return {};
}

/// Children that could not start are part of the outcome; each goes to the log
/// where nobody hears that.
void tell(const listener& whom, const reload_summary& what) {
  whom.hear(of_reload(what));
  if (!whom.is_somebody())
    for (const auto& each : what.failed)
      whom.hear(of_failure(each));
}

/// A declaration with nothing to start changes nothing, but only a supervisor
/// that is there can be given it.
void reload_nothing(const tree_ptr& tree, const listener& whom) {
  run_errand<count_children_reply>(
    tree->top().handle(), count_children{}, caf::duration{caf::infinite},
    [whom](const count_children_reply&) { tell(whom, {}); },
    [whom](const sup_error& why) { whom.hear(of_failure(why)); });
}

expected<void> reload_tree(const tree_ptr& tree, const value& declared,
                           reload_mode mode, const listener& whom) {
  auto list = handle_in<declaration_handle>(declared);
  if (!list)
    return unexpected{std::move(list).error()};
  const auto& what = (*list)->what();
  run_errand<reload_reply>(
    tree->top().handle(), reload{what.flags, what.specs, mode},
    caf::duration{caf::infinite},
    [whom](const reload_reply& reply) {
      if (reply.result)
        tell(whom, *reply.result);
      else
        whom.hear(of_failure(reply.result.error()));
    },
    [whom](const sup_error& why) { whom.hear(of_failure(why)); });
  return {};
}

void request(const tree_ptr& tree, const std::string& id, runtime::call what,
             double timeout, const listener& whom) {
  run_errand(
    tree->top().handle().home_system(), tree->top().child(id), std::move(what),
    to_timeout(seconds(timeout)),
    [=](const value& answer) { whom.hear(of_answer(id, answer)); },
    [=](const caf::error& why) { whom.hear(of_failure(id, why)); });
}

/// @returns `f`, whose first parameter is a tree, for Python code
template <class F>
expected<void> with_tree(const value& x, F f) {
  auto tree = handle_in<supervisor_handle>(x);
  if (!tree)
    return unexpected{std::move(tree).error()};
  if constexpr (std::is_void_v<decltype(f(*tree))>) {
    f(*tree);
    return {};
  } else {
    return f(*tree);
  }
}

} // namespace

// Lambdas, whose types stay within this file, unlike those of functions.

void define_start(extension& module) {
  module.define("_start", [](const value& tree, const std::string& then) {
    return start_tree(tree, then);
  });
}

void define_orders(extension& module, const find_context& here) {
  module.define("_order", [](const value& tree, const std::string& what,
                             const std::string& id, const std::string& then) {
    return with_tree(
      tree, [&](const tree_ptr& top) { order(top, what, id, {then, what}); });
  });
  module.define(
    "_stop", [](const value& tree, bool force, const std::string& then) {
      return with_tree(tree, [&](const tree_ptr& top) {
        return stop_tree(
          top, force ? stop_supervisor::forced : stop_supervisor::orderly,
          {then, "stop"});
      });
    });
  module.define("_start_child", [here](const value& tree, const value& child,
                                       const std::string& then) {
    return with_tree(tree, [&](const tree_ptr& top) {
      return start_one(top, here(), child, {then, "start_child"});
    });
  });
  module.define(
    "_start_child_with", [](const value& tree, const std::vector<value>& args,
                            const named_args& kwargs, const std::string& then) {
      return with_tree(tree, [&](const tree_ptr& top) {
        give_order(top,
                   start_child_with{caf::make_message(arguments{args, kwargs})},
                   {}, {then, "start_child"});
      });
    });
  module.define("_reload", [](const value& tree, const value& declared,
                              const std::string& mode,
                              const std::string& then) {
    return with_tree(tree, [&](const tree_ptr& top) {
      return reload_tree(top, declared, from_name<reload_mode>(mode),
                         {then, "reload"});
    });
  });
  module.define("_reload_nothing",
                [](const value& tree, const std::string& then) {
                  return with_tree(tree, [&](const tree_ptr& top) {
                    reload_nothing(top, {then, "reload"});
                  });
                });
  module.define("_request", [](const value& tree, const std::string& id,
                               const method_call& what, double timeout,
                               const std::string& then) {
    return with_tree(tree, [&](const tree_ptr& top) {
      const auto& [method, args, kwargs] = what;
      request(top, id, runtime::call{method, {args, kwargs}}, timeout,
              {then, "request"});
    });
  });
}

} // namespace pyactor::supervisors::python
