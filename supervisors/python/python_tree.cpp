#include <pyactor/supervisors/python_tree.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/supervisors/child_names.hpp>
#include <pyactor/supervisors/python/declaration.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/supervisors/python/events.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/python/module_texts.hpp>
#include <pyactor/supervisors/python/orders.hpp>
#include <pyactor/supervisors/python/partitions.hpp>
#include <pyactor/supervisors/python/questions.hpp>
#include <pyactor/supervisors/python/refs.hpp>

#include <utility>

namespace pyactor::supervisors {

namespace {

using std::chrono::nanoseconds;
using namespace python;

/// What a program has beside its runtime for the trees that it declares.
struct shared_parts {
  std::shared_ptr<native_children> natives;
  std::shared_ptr<letter_boxes> letters = std::make_shared<letter_boxes>();

  /// @returns what a declaration that the calling thread makes is made for
  [[nodiscard]] find_context context_of(runtime::runtime& python) const {
    return [&python, parts = *this] {
      auto* home = runtime::context::current();
      return declaration_context{python, *parts.natives, *parts.letters,
                                 home ? home->config().pool : "default"};
    };
  }
};

expected<value> share_throttle(const value& limits) {
  auto read = from_value<declared_throttle>(limits);
  if (!read)
    return unexpected{std::move(read).error()};
  return value::actor(
    std::make_shared<throttle_handle>(start_throttle{to_limits(*read)}));
}

extension make_declaration(const find_context& here) {
  extension result{"supervision_declaration", std::string{declaration_text}};
  result.define("_check_plain", [](const value&) {});
  result.define("_make_throttle",
                [](const value& limits) { return share_throttle(limits); });
  result.define("_translate", [here](const value& tree) -> expected<value> {
    auto made = translate_tree(here(), tree);
    if (!made)
      return unexpected{std::move(made).error()};
    return value::actor(std::make_shared<declaration_handle>(*std::move(made)));
  });
  define_start(result);
  return result;
}

extension make_supervision(const find_context& here) {
  extension result{"supervision", std::string{supervision_text}};
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
      const auto& whose = (*top)->top();
      return as_value(whose.handle().home_system(), whose.child(id), id);
    });
  result.define(
    "_below", [](const value& tree, const std::string& id) -> expected<value> {
      auto top = handle_in<supervisor_handle>(tree);
      if (!top)
        return unexpected{std::move(top).error()};
      return as_value((*top)->top().below(id));
    });
  result.define("_whereis", [here](const std::string& name) {
    auto& system = here().python.system();
    auto found = whereis(system, name);
    return found ? as_value(system, *found, name) : value{};
  });
  define_questions(result);
  define_orders(result, here);
  define_partitions(result);
  return result;
}

} // namespace

void add_python_trees(runtime::runtime_options& options,
                      std::shared_ptr<native_children> natives) {
  shared_parts parts{std::move(natives)};
  auto& all = options.extensions;
  // Each imports names of those before it.
  all.push_back([](runtime::runtime&) {
    return extension{"supervision_fields", std::string{fields_text}};
  });
  all.push_back([](runtime::runtime&) {
    return extension{"supervision_children", std::string{children_text}};
  });
  all.push_back([](runtime::runtime&) {
    extension result{"supervision_events", std::string{events_text}};
    define_events(result);
    return result;
  });
  all.push_back([parts](runtime::runtime& python) {
    return make_declaration(parts.context_of(python));
  });
  all.push_back([parts](runtime::runtime& python) {
    return make_supervision(parts.context_of(python));
  });
}

expected<tree_declaration> declare_tree(runtime::runtime& python,
                                        std::string target, arguments args,
                                        const runtime::placement& where,
                                        nanoseconds timeout) {
  auto name = target;
  runtime::call request{
    "pyactor.supervision_declaration:declare_target",
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
          if (declared.is_none())
            result = fail(errc::start_ignored,
                          name
                            + " has nothing to start: its children() raised "
                              "pyactor.StartIgnored");
          else if (found)
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
