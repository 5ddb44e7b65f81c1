#include <pyactor/runtime/context_server.hpp>

#include <pyactor/runtime/answer.hpp>

#include <utility>

namespace pyactor::runtime {

context_server::context_server(caf::actor_config& config)
  : python_actor(config) {
}

const char* context_server::name() const {
  return "pyactor.context";
}

// Each stretch of Python has a `python_call` of its own, and nothing of this
// actor is touched within one: a thread that is given up in there is parked at
// its end, while others end the actor.

template <class F>
caf::result<value>
context_server::run(const std::optional<environment_id>& where, F step) try {
  auto where_to = find(where);
  if (!where_to)
    return answer(*this, unexpected{std::move(where_to).error()});
  auto in_python = [&](environment& env) -> expected<value> {
    auto& py = home().python().attach();
    return home().python().run_apart([&] { return step(py, env); });
  };
  auto result = in_python(where_to->env());
  if (where_to->temporary)
    release(*where_to->temporary);
  return answer(*this, std::move(result));
} catch (...) {

  // No memory for a value, for example: that ends a request, not the server.
  auto thrown = std::current_exception();
  return answer(*this, unexpected{from_caf(to_caf(thrown))});
}

caf::behavior context_server::make_behavior() {
  set_down_handler([this](caf::down_msg& down) { owner_down(down.source); });
  return {
    [this](const call& request) {
      return run(request.where, [&](attach_scope& py, environment& env) {
        return env.apply(py, request.function, request.args);
      });
    },
    [this](const eval& request) {
      return run(request.where, [&](attach_scope& py, environment& env) {
        return env.eval(py, request.expression, request.names);
      });
    },
    [this](const exec& request) {
      return run(request.where,
                 [&](attach_scope& py, environment& env) -> expected<value> {
                   auto ran = env.exec(py, source{request.code, request.file});
                   if (!ran)
                     return unexpected{std::move(ran).error()};
                   return value{};
                 });
    },
    [this](const make_environment& request) { return make(request); },
    [this](const drop_environment& request) { return drop(request); },
  };
}

/// The answer is there before the environment is: one that nobody has heard of
/// would stay until its owner's end.
caf::result<caf::message>
context_server::make(const make_environment& request) try {
  auto answer
    = caf::make_message(environment_id{home().config().id, next_number_});
  auto owner = request.owner ? upgrade(request.owner) : current_sender();
  auto number = add(owner);
  if (!number)
    return to_caf(std::move(number).error());
  owners_[owner->address()].explicit_ones.push_back(*number);
  return answer;
} catch (...) {

  return to_caf(std::current_exception()); // as in `run`
}

caf::result<void> context_server::drop(const drop_environment& request) try {
  auto env = explicit_environment(request.which);
  if (!env)
    return to_caf(std::move(env).error());
  release(**env);
  auto found = environments_.find(request.which.number);
  auto& owned = owners_[found->second.owner];
  std::erase(owned.explicit_ones, request.which.number);
  if (owned.own == request.which.number)
    owned.own = 0;
  environments_.erase(found);
  return caf::unit;
} catch (...) {

  return to_caf(std::current_exception()); // as in `run`
}

expected<context_server::place>
context_server::find(const std::optional<environment_id>& where) {
  if (where) {
    auto env = explicit_environment(*where);
    if (!env)
      return unexpected{std::move(env).error()};
    return place{*env};
  }
  auto& owner = current_sender();
  if (owner) {
    if (is_dead(owner))
      return fail(errc::environment_lost,
                  "the sender ended while its request waited");
    auto env = environment_of(owner);
    if (!env)
      return unexpected{std::move(env).error()};
    return place{*env};
  }
  auto temporary = home().make_environment();
  if (!temporary)
    return unexpected{std::move(temporary).error()};
  return place{nullptr, std::move(*temporary)};
}

expected<environment*>
context_server::environment_of(const caf::strong_actor_ptr& owner) {
  if (auto found = owners_.find(owner->address());
      found != owners_.end() && found->second.own != 0)
    return found->second.own_env;
  auto number = add(owner);
  if (!number)
    return unexpected{std::move(number).error()};
  auto& owned = owners_[owner->address()];
  owned.own = *number;
  owned.own_env = &environments_.find(*number)->second.env;
  return owned.own_env;
}

expected<environment*>
context_server::explicit_environment(environment_id which) {
  if (which.context != home().config().id)
    return fail(errc::wrong_interpreter,
                "the environment belongs to context "
                  + std::to_string(which.context) + ", not to " + home().name()
                  + "; send the request to its own context");
  auto found = environments_.find(which.number);
  // The news of the owner's end may still be under way.
  if (found == environments_.end() || is_dead(upgrade(found->second.owner)))
    return fail(errc::environment_lost,
                "the environment was released, or its owner has ended");
  return &found->second.env;
}

expected<uint64_t> context_server::add(const caf::strong_actor_ptr& owner) {
  // A monitor on a dead actor would only come true after the request.
  if (is_dead(owner))
    return fail(errc::environment_lost,
                "the owner of the environment has ended");
  auto env = home().make_environment();
  if (!env)
    return unexpected{std::move(env).error()};
  // Where memory runs out on the way, the end of the owner still finds all that
  // there is.
  if (!owners_.contains(owner->address()))
    monitor(owner);
  auto& ones = owners_[owner->address()].explicit_ones;
  if (ones.size() == ones.capacity())
    ones.reserve(2 * ones.size() + 1);
  auto number = next_number_++;
  environments_.emplace(number, entry{owner->address(), std::move(*env)});
  return number;
}

void context_server::owner_down(const caf::actor_addr& owner) {
  auto found = owners_.extract(owner);
  if (found.empty())
    return;
  auto end = [this](uint64_t number) {
    auto node = environments_.extract(number);
    release(node.mapped().env);
  };
  for (auto number : found.mapped().explicit_ones)
    end(number);
  if (found.mapped().own != 0)
    end(found.mapped().own);
}

void context_server::release(environment& env) {
  auto& py = home().python().attach();
  home().python().note_garbage();
  attachment::python_call running{home().python()};
  env.release(py);
}

void context_server::on_exit() {
  // Reached on the context's thread only: a context ends its server itself.
  for (auto& [number, item] : std::exchange(environments_, {}))
    release(item.env);
  owners_.clear();
}

} // namespace pyactor::runtime
