#include <pyactor/supervisors/python/questions.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <memory>
#include <string>
#include <utility>

namespace pyactor::supervisors::python {

namespace {

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

} // namespace

void define_questions(extension& module) {
  module.define("_ask_tree",
                [](const value& tree, const std::string& form, double timeout) {
                  return ask_tree(tree, form, timeout);
                });
  module.define("_ask_counts", [](const value& tree, double timeout) {
    return ask_counts(tree, timeout);
  });
  module.functions.push_back({"_await", 2, await_answer});
}

} // namespace pyactor::supervisors::python
