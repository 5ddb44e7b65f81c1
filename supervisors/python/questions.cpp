#include <pyactor/supervisors/python/questions.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/supervisors/engine/tree_collector.hpp>
#include <pyactor/supervisors/python/answers.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <memory>
#include <string>
#include <utility>

namespace pyactor::supervisors::python {

namespace {

std::string text_of(const sup_error& why) {
  if (!why.message.empty())
    return why.message;
  switch (why.code) {
    case sup_errc::timed_out:
      return "the supervisor has not answered in time";
    case sup_errc::supervisor_down:
      return "the supervisor has ended";
    case sup_errc::not_found:
      return "there is no child '" + why.id + "'";
    case sup_errc::simple_one_for_one:
      return "'" + why.id + "' is what all children come from, and no child";
    default:
      return to_string(why);
  }
}

/// @returns a pair: a code and a text, or none and the answer
value pair_of(const sup_expected<value>& answer) {
  if (answer)
    return value::tuple({value{}, *answer});
  return value::tuple(
    {to_string(answer.error().code), text_of(answer.error())});
}

/// Asks a supervisor.
/// @param timeout    of the request
/// @param answer_in  makes of its reply what Python gets, or an error
template <class Reply, class Message, class F>
expected<value> ask(const value& tree, Message what, caf::duration timeout,
                    F answer_in) {
  auto top = handle_in<supervisor_handle>(tree);
  if (!top)
    return unexpected{std::move(top).error()};
  auto asked = std::make_shared<question>();
  run_errand<Reply>(
    (*top)->top().handle(), std::move(what), timeout,
    [=](const Reply& reply) { asked->answer(pair_of(answer_in(reply))); },
    [asked](const sup_error& why) {
      asked->answer(pair_of(std::unexpected{why}));
    });
  return value::actor(asked);
}

/// The limit of a question that one supervisor answers by itself.
caf::duration limit_of(double timeout) {
  return to_timeout(seconds(timeout));
}

/// Asks for the text or the JSON of a tree.
expected<value> ask_tree(const value& tree, const std::string& form,
                         double timeout) {
  return ask<get_tree_reply>(
    tree, get_tree{seconds(timeout)}, engine::patience(seconds(timeout)),
    [=](const get_tree_reply& reply) -> sup_expected<value> {
      if (!reply.result)
        return std::unexpected{reply.result.error()};
      return form == "json" ? to_json(*reply.result) : to_text(*reply.result);
    });
}

/// Asks for the JSON of one child, without what is below it.
expected<value> ask_child(const value& tree, const std::string& id,
                          double timeout) {
  return ask<which_child_reply>(
    tree, which_child{id}, limit_of(timeout),
    [](const which_child_reply& reply) -> sup_expected<value> {
      if (!reply.result)
        return std::unexpected{reply.result.error()};
      return to_json(engine::node_of(*reply.result));
    });
}

expected<value> ask_counts(const value& tree, double timeout) {
  return ask<count_children_reply>(
    tree, count_children{}, limit_of(timeout),
    [](const count_children_reply& reply) { return as_value(reply.counts); });
}

expected<value> ask_statistics(const value& tree, double timeout) {
  return ask<get_statistics_reply>(tree, get_statistics{}, limit_of(timeout),
                                   [](const get_statistics_reply& reply) {
                                     return as_value(reply.statistics);
                                   });
}

expected<value> ask_spec(const value& tree, const std::string& id,
                         double timeout) {
  return ask<get_child_spec_reply>(
    tree, get_child_spec{id}, limit_of(timeout),
    [](const get_child_spec_reply& reply) -> sup_expected<value> {
      if (!reply.result)
        return std::unexpected{reply.result.error()};
      return as_value(*reply.result);
    });
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

} // namespace

void define_questions(extension& module) {
  module.define("_ask_tree",
                [](const value& tree, const std::string& form, double timeout) {
                  return ask_tree(tree, form, timeout);
                });
  module.define("_ask_child",
                [](const value& tree, const std::string& id, double timeout) {
                  return ask_child(tree, id, timeout);
                });
  module.define("_ask_counts", [](const value& tree, double timeout) {
    return ask_counts(tree, timeout);
  });
  module.define("_ask_statistics", [](const value& tree, double timeout) {
    return ask_statistics(tree, timeout);
  });
  module.define("_ask_spec",
                [](const value& tree, const std::string& id, double timeout) {
                  return ask_spec(tree, id, timeout);
                });
  module.functions.push_back({"_await", 2, await_answer});
}

} // namespace pyactor::supervisors::python
