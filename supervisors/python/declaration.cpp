#include <pyactor/supervisors/python/declaration.hpp>

#include <pyactor/supervisors/python/declared.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/python/refs.hpp>
#include <pyactor/supervisors/python_child.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace pyactor::supervisors::python {

namespace {

arguments joined(arguments first, const arguments& then) {
  first.positional.insert(first.positional.end(), then.positional.begin(),
                          then.positional.end());
  first.keyword.insert(first.keyword.end(), then.keyword.begin(),
                       then.keyword.end());
  return first;
}

/// What the child is started by, and what type of child it is.
struct child_target {
  std::function<expected<start_fn>(const arguments&)> make;
  child_type type = child_type::worker;
  /// Whether `start_child` may give it arguments.
  bool takes_more = true;
};

unexpected refuse(std::string_view owner, std::string_view id,
                  std::string what) {
  return fail(errc::invalid_argument, std::string{owner} + ": child '"
                                        + std::string{id}
                                        + "': " + std::move(what));
}

expected<runtime::placement> find_place(const declaration_context& context,
                                        const declared_child& child) {
  runtime::placement where{.pool = child.pool.value_or(context.pool)};
  const auto& pools = context.python.options().pools;
  auto found = pools.find(where.pool);
  if (found == pools.end()) {
    std::string known;
    for (const auto& [name, options] : pools)
      known += (known.empty() ? "" : ", ") + ("'" + name + "'");
    return fail(errc::invalid_argument,
                "pool must be one of " + known + ", not '" + where.pool + "'");
  }
  if (child.context) {
    if (*child.context >= found->second.size)
      return fail(errc::invalid_argument,
                  "context must be below " + std::to_string(found->second.size)
                    + " in pool '" + where.pool + "', not "
                    + std::to_string(*child.context));
    where.index = static_cast<size_t>(*child.context);
  }
  return where;
}

expected<child_target> find_actor(const declaration_context& context,
                                  const declared_child& child) {
  auto where = find_place(context, child);
  if (!where)
    return unexpected{std::move(where).error()};
  return child_target{[python = runtime::weak_runtime{context.python},
                       where = *where,
                       what = actor_class::from_module(child.target)](
                        const arguments& args) -> expected<start_fn> {
    return start_python(python, what, args, where);
  }};
}

expected<child_target> find_tree(const declaration_context& context,
                                 const declared_child& child) {
  if (child.tree.is_none())
    return child_target{[](const arguments&) -> expected<start_fn> {
                          return [](const start_context&) -> start_result {
                            return start_ignored{};
                          };
                        },
                        child_type::supervisor, false};
  auto tree = translate_tree(context, child.tree);
  if (!tree)
    return unexpected{std::move(tree).error()};
  return child_target{
    [tree = *std::move(tree)](const arguments&) -> expected<start_fn> {
      return supervise(tree.flags, tree.specs);
    },
    child_type::supervisor, false};
}

expected<child_target> find_native(const declaration_context& context,
                                   const declared_child& child) {
  auto found = context.natives.find(child.target);
  if (!found)
    return unexpected{std::move(found).error()};
  return child_target{std::move(found->make), found->type};
}

expected<child_target> find_target(const declaration_context& context,
                                   const declared_child& child) {
  if (child.kind == "tree")
    return find_tree(context, child);
  return child.kind == "native" ? find_native(context, child)
                                : find_actor(context, child);
}

/// @param declared  `fail_fast`, a `declared_buffer` or `declared_letters`
expected<while_down> find_reception(const declaration_context& context,
                                    const value& declared) {
  if (declared.as_str())
    return fail_fast{};
  if (auto kept = from_value<declared_buffer>(declared))
    return buffer{.capacity = kept->capacity, .ttl = seconds(kept->ttl)};
  auto letters = from_value<declared_letters>(declared);
  if (!letters)
    return unexpected{std::move(letters).error()};
  return to_dead_letters{context.letters.box_for(
    context.python.system(), letters->to.as_actor(), letters->method)};
}

/// The start function of children that are given more arguments on demand.
start_fn start_on_demand(child_target target, arguments first) {
  auto refuse = [](error why) -> start_fn {
    return [why = runtime::to_caf(std::move(why))](
             const start_context&) -> start_result { return why; };
  };
  return with_arguments<arguments>([=](const arguments& more) -> start_fn {
    if (!target.takes_more
        && !(more.positional.empty() && more.keyword.empty()))
      return refuse({.code = errc::invalid_argument,
                     .message = "a Supervisor that is started on demand has "
                                "all of its arguments from its declaration"});
    auto start = target.make(joined(first, more));
    if (start)
      return *std::move(start);
    return refuse(std::move(start).error());
  });
}

expected<start_fn> make_start(child_target target, arguments args,
                              bool on_demand) {
  if (on_demand)
    return start_on_demand(std::move(target), std::move(args));
  return target.make(args);
}

// -- children and trees -------------------------------------------------------

expected<child_spec> make_spec(const declaration_context& context,
                               std::string_view owner, const value& declared,
                               bool on_demand) {
  auto child = from_value<declared_child>(declared);
  if (!child)
    return unexpected{std::move(child).error()};
  auto target = find_target(context, *child);
  if (!target)
    return child->kind == "tree"
             ? unexpected{std::move(target).error()}
             : refuse(owner, child->id, std::move(target.error().message));
  auto reception = find_reception(context, child->while_down);
  if (!reception)
    return refuse(owner, child->id, std::move(reception.error().message));
  auto type = target->type;
  auto start
    = make_start(*std::move(target), {child->args, child->kwargs}, on_demand);
  if (!start)
    return refuse(owner, child->id, "args: " + start.error().message);
  return child_spec{
    .id = child->id,
    .start = *std::move(start),
    .restart = from_name<restart_type>(child->restart),
    .significant = child->significant,
    .type = type,
    .shutdown = to_stop_policy(child->shutdown, child->kill_grace, type),
    .start_timeout = map(child->start_timeout, seconds),
    .max_handler_time = seconds(child->max_handler_time.value_or(0)),
    .classify = map(child->classify, to_classify).value_or(nullptr),
    .backoff = map(child->backoff, to_backoff),
    .limit = map(child->limit, to_limit),
    .max_total_restarts = child->max_total_restarts,
    .poison_threshold = child->poison_threshold,
    .startup = map(child->startup, to_probe),
    .liveness = map(child->liveness, to_probe),
    .readiness = map(child->readiness, to_probe),
    .while_down = *std::move(reception),
    .register_as = child->register_as.value_or(""),
    .isolation
    = map(child->isolation, from_name<isolation>).value_or(isolation::instance),
    .tags = child->tags};
}

expected<supervisor_flags> make_flags(const declared_tree& tree) {
  supervisor_flags result{
    .strategy = from_name<restart_strategy>(tree.strategy),
    .intensity = tree.intensity,
    .period = seconds(tree.period),
    .on_limit = from_name<escalation>(tree.on_limit),
    .auto_shutdown = from_name<auto_shutdown>(tree.auto_shutdown),
    .min_retry_delay = seconds(tree.min_retry_delay),
    .stop_order = map(tree.stop_order, from_name<stop_order>),
    .max_children = tree.max_children,
    .max_zombies = tree.max_zombies,
    .exits = {.give_up_is_failure = tree.give_up_is_failure}};
  if (!tree.throttle.is_none()) {
    auto shared = handle_in<throttle_handle>(tree.throttle);
    if (!shared)
      return unexpected{std::move(shared).error()};
    result.throttle = (*shared)->what();
  }
  if (!tree.events.is_none()) {
    auto stream = handle_in<events_handle>(tree.events);
    if (!stream)
      return unexpected{std::move(stream).error()};
    result.events = (*stream)->what();
  }
  return result;
}

} // namespace

expected<tree_declaration> translate_tree(const declaration_context& context,
                                          const value& declared) {
  auto tree = from_value<declared_tree>(declared);
  if (!tree)
    return unexpected{std::move(tree).error()};
  auto flags = make_flags(*tree);
  if (!flags)
    return unexpected{std::move(flags).error()};
  tree_declaration result{*std::move(flags), {}};
  auto on_demand
    = result.flags.strategy == restart_strategy::simple_one_for_one;
  for (const auto& child : tree->children) {
    auto spec = make_spec(context, tree->name, child, on_demand);
    if (!spec)
      return unexpected{std::move(spec).error()};
    result.specs.push_back(*std::move(spec));
  }
  if (auto good = check_supervisor(result.flags, result.specs); !good)
    return fail(
      errc::invalid_argument,
      tree->name + ": "
        + (good.error().id.empty() ? "" : "child '" + good.error().id + "': ")
        + good.error().message);
  return result;
}

expected<child_spec> translate_child(const declaration_context& context,
                                     const value& child) {
  return make_spec(context, "start_child", child, false);
}

} // namespace pyactor::supervisors::python
