#include <Python.h>

#include <pyactor/libpyactor/environment.hpp>

#include <pyactor/libpyactor/capi/call_arguments.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/names/name_lookup.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/release_globals.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

#include <new>

namespace pyactor {

struct PYACTOR_HIDDEN environment::state : capi::release_job {
  std::shared_ptr<capi::release_port> home;
  object_ref globals;

  void release(attach_scope& py) noexcept override {
    capi::release_globals(py, std::move(globals));
    home->live_environments.fetch_sub(1, std::memory_order_relaxed);
    home->released_environments.fetch_add(1, std::memory_order_relaxed);
  }

  void leak() noexcept override {
    static_cast<void>(globals.release());
  }
};

environment::environment(attach_scope& py) : state_(std::make_unique<state>()) {
  auto& owner = py.owner().internals();
  auto globals = object_ref::steal(PyDict_New());
  if (!globals
      || PyDict_SetItem(globals.get(), owner.name_builtins.get(),
                        owner.builtins.get())
           != 0
      || PyDict_SetItem(globals.get(), owner.name_name.get(),
                        owner.name_main.get())
           != 0) {
    PyErr_Clear();
    throw std::bad_alloc{};
  }
  state_->home = owner.releases;
  state_->globals = std::move(globals);
  owner.releases->live_environments.fetch_add(1, std::memory_order_relaxed);
}

environment::environment(environment&&) noexcept = default;

environment& environment::operator=(environment&& other) noexcept {
  environment gone{std::move(*this)};
  state_ = std::move(other.state_);
  return *this;
}

environment::~environment() {
  if (state_) {
    auto home = state_->home;
    capi::dispose(home, std::move(state_));
  }
}

expected<void> environment::check(attach_scope& py) const {
  if (!state_)
    return fail(errc::environment_lost, "the environment was released");
  if (state_->home != py.owner().internals().releases)
    return fail(errc::wrong_interpreter,
                "the environment belongs to another interpreter than the one "
                "that this thread is attached to");
  return {};
}

expected<void> environment::exec(attach_scope& py, const source& code) {
  if (auto ok = check(py); !ok)
    return ok;
  auto compiled = py.owner().internals().codes.find_or_compile(
    py, {capi::compile_mode::statements, 0, code.text, code.file, nullptr});
  if (!compiled)
    return unexpected{std::move(compiled).error()};
  // Held, because the code may end this environment.
  auto globals = state_->globals;
  auto result = object_ref::steal(
    PyEval_EvalCode(compiled->get(), globals.get(), globals.get()));
  if (!result)
    return unexpected{capi::fetch_error(py)};
  return {};
}

expected<object_ref> environment::eval_object(attach_scope& py,
                                              const source& expression,
                                              const overlay& names) {
  if (auto ok = check(py); !ok)
    return unexpected{std::move(ok).error()};
  auto compiled = py.owner().internals().codes.find_or_compile(
    py, {capi::compile_mode::expression, 0, expression.text, expression.file,
         names.empty() ? nullptr : &names});
  if (!compiled)
    return compiled;
  auto globals = state_->globals;
  if (!names.empty())
    return capi::run_function(py, *compiled, globals, names);
  return capi::take(
    py, PyEval_EvalCode(compiled->get(), globals.get(), globals.get()));
}

expected<object_ref> environment::lookup(attach_scope& py,
                                         std::string_view function) {
  if (auto ok = check(py); !ok)
    return unexpected{std::move(ok).error()};
  return capi::find_name(py, state_->globals, function);
}

expected<object_ref> environment::call_object(attach_scope& py,
                                              std::string_view function,
                                              _object* const* args,
                                              size_t count) {
  auto callee = lookup(py, function);
  if (!callee)
    return callee;
  if (!PyCallable_Check(callee->get()))
    return capi::not_callable(function, *callee);
  return capi::take(
    py, PyObject_Vectorcall(callee->get(), args,
                            count | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
}

expected<object_ref> environment::apply_object(attach_scope& py,
                                               std::string_view function,
                                               const arguments& args) {
  auto callee = lookup(py, function);
  if (!callee)
    return callee;
  if (!PyCallable_Check(callee->get()))
    return capi::not_callable(function, *callee);
  return capi::call_with(py, *callee, args);
}

expected<void> environment::set(attach_scope& py, std::string_view name,
                                const value& x) {
  auto object = to_python(py, x);
  if (!object)
    return unexpected{std::move(object).error()};
  return set_object(py, name, *object);
}

expected<void> environment::set_object(attach_scope& py, std::string_view name,
                                       const object_ref& x) {
  if (auto ok = check(py); !ok)
    return ok;
  auto key = capi::make_name(name);
  if (!key || PyDict_SetItem(state_->globals.get(), key.get(), x.get()) != 0)
    return unexpected{capi::fetch_error(py)};
  return {};
}

void environment::release(attach_scope&) noexcept {
  environment gone{std::move(*this)};
}

bool environment::released() const noexcept {
  return !state_;
}

_object* environment::globals() const noexcept {
  return state_ ? state_->globals.get() : nullptr;
}

} // namespace pyactor
