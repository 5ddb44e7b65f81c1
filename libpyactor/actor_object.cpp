#include <Python.h>

#include <pyactor/libpyactor/actor_object.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/argument_stack.hpp>
#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/call_arguments.hpp>
#include <pyactor/libpyactor/capi/class_lookup.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/from_python.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/release_port.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/environment.hpp>

#include <algorithm>
#include <utility>

namespace pyactor {

struct PYACTOR_HIDDEN actor_object::state : capi::release_job {
  state(std::shared_ptr<capi::release_port> home, object_ref instance,
        std::optional<std::chrono::nanoseconds> limit)
    : home(std::move(home)), instance(std::move(instance)),
      max_handler_time(limit) {
  }

  void release(attach_scope&) noexcept override {
    // Taken out first: code that runs now finds the object released.
    auto last = std::exchange(instance, {});
  }

  void leak() noexcept override {
    static_cast<void>(instance.release());
  }

  std::shared_ptr<capi::release_port> home;
  object_ref instance;
  std::optional<std::chrono::nanoseconds> max_handler_time;
};

namespace {

constexpr auto exit_hook = "on_exit";

unexpected no_method(const object_ref& self, std::string_view method) {
  return fail(errc::not_found, capi::type_name(Py_TYPE(self.get()))
                                 + " has no method '" + std::string{method}
                                 + "'");
}

/// @returns a tuple that ends with the interned name, or `not_found`
expected<object_ref> find_name(attach_scope& py, const object_ref& self,
                               std::string_view method) {
  if (method.starts_with('_'))
    return fail(errc::not_found,
                "method '" + std::string{method} + "' of "
                  + capi::type_name(Py_TYPE(self.get()))
                  + " is private: names with a leading underscore cannot be "
                    "called from outside");
  if (method == exit_hook)
    return fail(errc::not_found,
                "method 'on_exit' of " + capi::type_name(Py_TYPE(self.get()))
                  + " runs once, at the actor's end, and cannot be called from "
                    "outside; terminate the actor instead");
  auto parts = py.owner().internals().names.find(py, method);
  if (!parts || PyTuple_GET_SIZE(parts->get()) != 2
      || !Py_IsNone(PyTuple_GET_ITEM(parts->get(), 0)))
    return no_method(self, method);
  return parts;
}

bool matches(const object_ref& raised, PyObject* type) {
  return PyErr_GivenExceptionMatches(raised.get(), type) != 0;
}

/// @returns whether `method` is written in Python and was not entered: the
///          arguments do not fit it
bool is_mismatch(PyObject* method, const object_ref& raised) {
  auto traceback = object_ref::steal(PyException_GetTraceback(raised.get()));
  // A static method is its function itself.
  auto* function
    = PyMethod_Check(method) ? PyMethod_GET_FUNCTION(method) : method;
  return !traceback && matches(raised, PyExc_TypeError)
         && PyFunction_Check(function);
}

/// Tells a call that no method took from one that raised.
/// @returns the caller's error, or an empty message where the method raised
error refusal(const object_ref& self, PyObject* name,
              const object_ref& raised) {
  auto is_type_error = matches(raised, PyExc_TypeError);
  if (!is_type_error && !matches(raised, PyExc_AttributeError))
    return {};
  auto method = object_ref::steal(PyObject_GetAttr(self.get(), name));
  if (!method) {
    auto is_missing = PyErr_ExceptionMatches(PyExc_AttributeError);
    PyErr_Clear();
    return is_missing ? no_method(self, capi::text_of(name)).error() : error{};
  }
  if (is_type_error && !PyCallable_Check(method.get()))
    return fail(errc::not_callable, "'" + capi::text_of(name) + "' of "
                                      + capi::type_name(Py_TYPE(self.get()))
                                      + " is a "
                                      + capi::type_name(Py_TYPE(method.get()))
                                      + ", which cannot be called")
      .error();
  if (is_mismatch(method.get(), raised))
    return fail(errc::invalid_argument, capi::str_of(raised.get())).error();
  return {};
}

/// @returns whether the class lists the exception's type; leaves no exception
///          set
bool keeps_alive(const object_ref& self, const object_ref& raised) {
  auto listed = capi::attribute(
    reinterpret_cast<PyObject*>(Py_TYPE(self.get())), "keep_alive_on");
  auto result
    = listed && PyTuple_Check(listed.get()) && matches(raised, listed.get());
  PyErr_Clear();
  return result;
}

bool always_ends(const object_ref& raised) {
  return matches(raised, PyExc_SystemExit)
         || matches(raised, PyExc_KeyboardInterrupt)
         || matches(raised, PyExc_MemoryError);
}

/// What the exception that is set means for the caller and for the actor.
actor_object::outcome judge(attach_scope& py, const object_ref& self,
                            PyObject* name) {
  auto raised = object_ref::steal(PyErr_GetRaisedException());
  if (auto refused = refusal(self, name, raised); !refused.message.empty())
    return {unexpected{std::move(refused)}, false};
  auto ends = always_ends(raised);
  auto* module = capi::current_module_state();
  if (!ends && module && matches(raised, module->reject)) {
    auto answer = fail(errc::rejected, capi::str_of(raised.get()));
    answer.error().type = capi::qualified_type(raised.get());
    return {std::move(answer), false};
  }
  ends = ends || !keeps_alive(self, raised);
  return {unexpected{capi::describe_exception(py, raised.get())}, ends};
}

expected<object_ref> make_instance(attach_scope& py, const object_ref& type,
                                   const arguments& args) {
  auto result = capi::call_with(py, type, args);
  if (!result)
    return result;
  auto* expected_type = capi::as<PyTypeObject>(type);
  if (PyObject_TypeCheck(result->get(), expected_type))
    return result;
  return fail(errc::invalid_argument,
              "calling class " + capi::type_name(expected_type) + " gave a "
                + capi::type_name(Py_TYPE(result->get()))
                + "; its __new__ must return an instance of it");
}

/// @returns whether `__init__` has said that there is nothing to start
bool is_start_ignored(const error& what) {
  constexpr std::string_view name = "pyactor.StartIgnored";
  return what.type == name
         || std::ranges::find(what.bases, name) != what.bases.end();
}

} // namespace

actor_class actor_class::from_module(std::string target) {
  return {.name = std::move(target), .text = std::nullopt, .file = {}};
}

actor_class actor_class::from_source(std::string text, std::string name,
                                     std::string file) {
  return {
    .name = std::move(name), .text = std::move(text), .file = std::move(file)};
}

actor_object::actor_object(std::unique_ptr<state> impl) noexcept
  : state_(std::move(impl)) {
}

actor_object::actor_object(actor_object&&) noexcept = default;

actor_object& actor_object::operator=(actor_object&& other) noexcept {
  actor_object taken{std::move(other)};
  taken.state_.swap(state_);
  return *this;
}

actor_object::~actor_object() {
  if (!released())
    dispose();
}

expected<actor_object> actor_object::create(attach_scope& py, environment& env,
                                            const actor_class& what,
                                            const arguments& args) {
  auto type = capi::find_actor_class(py, env, what);
  if (!type)
    return unexpected{std::move(type).error()};
  auto limit = capi::max_handler_time(py, *type);
  if (!limit)
    return unexpected{std::move(limit).error()};
  auto instance = make_instance(py, *type, args);
  if (!instance) {
    auto why = std::move(instance).error();
    if (is_start_ignored(why))
      why.code = errc::start_ignored;
    return unexpected{std::move(why)};
  }
  return actor_object{std::make_unique<state>(py.owner().internals().releases,
                                              std::move(*instance), *limit)};
}

std::optional<std::chrono::nanoseconds>
actor_object::max_handler_time() const noexcept {
  return state_ ? state_->max_handler_time : std::nullopt;
}

expected<void> actor_object::check(attach_scope& py) const {
  if (released())
    return fail(errc::environment_lost, "the actor's object was released");
  if (py.owner().internals().releases != state_->home)
    return fail(errc::wrong_interpreter,
                "the actor's object belongs to another interpreter");
  return {};
}

actor_object::outcome actor_object::call(attach_scope& py,
                                         std::string_view method,
                                         const arguments& args) {
  if (auto usable = check(py); !usable)
    return {unexpected{std::move(usable).error()}, false};
  // The method may release or replace this object: from here on only the stack
  // is used.
  auto self = state_->instance;
  auto parts = find_name(py, self, method);
  if (!parts)
    return {unexpected{std::move(parts).error()}, false};
  auto* name = PyTuple_GET_ITEM(parts->get(), 1);
  capi::argument_stack stack;
  if (auto filled = stack.fill(py, self.get(), args); !filled)
    return {unexpected{std::move(filled).error()}, false};
  auto result = object_ref::steal(PyObject_VectorcallMethod(
    name, stack.items(), stack.positional(), stack.names()));
  if (!result)
    return judge(py, self, name);
  nesting::fresh_root root;
  return {capi::from_python(py, result.get()), false};
}

expected<void> actor_object::on_exit(attach_scope& py,
                                     std::string_view reason) {
  if (auto usable = check(py); !usable)
    return usable;
  auto self = state_->instance;
  auto name = capi::make_name(exit_hook);
  auto text = capi::make_text(reason);
  if (name && text
      && object_ref::steal(
        PyObject_CallMethodOneArg(self.get(), name.get(), text.get())))
    return {};
  return unexpected{capi::fetch_error(py)};
}

void actor_object::release(attach_scope& py) noexcept {
  if (released())
    return;
  if (py.owner().internals().releases == state_->home)
    state_->release(py);
  else
    dispose();
}

void actor_object::dispose() noexcept {
  auto home = state_->home;
  capi::dispose(home, std::move(state_));
}

bool actor_object::released() const noexcept {
  return !state_ || !state_->instance;
}

} // namespace pyactor
