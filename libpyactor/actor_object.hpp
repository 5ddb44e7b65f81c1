#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace PYACTOR_EXPORT pyactor {

/// Names a Python class that derives from `pyactor.Actor`.
/// @thread any; copies are independent
struct actor_class {
  /// @param target `module:Class`; the module is imported once for each
  ///               interpreter, so that all its actors share what it holds.
  ///               `__main__:Class` is a class of the actor's environment
  /// @returns the name of a class that is looked up when an actor starts
  [[nodiscard]] static actor_class from_module(std::string target);

  /// @param text statements that define the class; they run in the actor's
  ///             environment, so that nothing is shared
  /// @param name of the class in `text`
  /// @param file shown in tracebacks; empty stands for `<pyactor:HASH>`
  /// @returns the name of a class that each actor defines for itself
  [[nodiscard]] static actor_class
  from_source(std::string text, std::string name, std::string file = {});

  /// `module:Class`, or the name of the class in `text`.
  std::string name;
  /// The statements of `from_source`; none for a class of a module.
  std::optional<std::string> text;
  /// Shown in tracebacks of `text`.
  std::string file;

  friend bool operator==(const actor_class&, const actor_class&) = default;
};

/// An instance of a Python actor class, in an environment.
///
/// It must be released before its environment, because its methods use that.
/// A method may call back into the object that runs it.
/// @thread its interpreter's, but for the destructor: one that runs elsewhere
///         queues the release to the interpreter's thread
class actor_object {
public:
  /// What a call came to.
  struct outcome {
    /// What the method returned, or why it did not.
    expected<value> result;
    /// The actor must end, with the error in `result`.
    bool ends_actor = false;
  };

  /// Finds the class and makes an instance.
  /// @param py attached to the interpreter that owns `env`
  /// @param env where the class is looked up or defined; must outlive the
  ///            object's release
  /// @param what names the class
  /// @param args for `__init__`
  /// @returns the object, or
  ///          - `not_found`: no such module, or no such class in it
  ///          - `invalid_argument`: not a class, or none of an actor; a wrong
  ///            `keep_alive_on` or `max_handler_time`; malformed or repeated
  ///            names
  ///          - `python_exception`: the module or `__init__` raised
  ///          - `start_ignored`: `__init__` raised `pyactor.StartIgnored`
  ///          - `not_convertible`: an argument has no form in Python
  ///          - `wrong_interpreter`, `environment_lost`: see `environment`
  ///          - as `environment::exec` for source text
  [[nodiscard]] static expected<actor_object> create(attach_scope& py,
                                                     environment& env,
                                                     const actor_class& what,
                                                     const arguments& args);

  /// Leaves an object behind that is as one after `release`.
  actor_object(actor_object&&) noexcept;
  /// Releases what it held, as the destructor does.
  /// @returns this object
  actor_object& operator=(actor_object&&) noexcept;

  /// Releases at once where the calling thread is attached to the interpreter
  /// of the object, else queues the release.
  ~actor_object();

  /// Calls a method by name.
  ///
  /// These end the actor: an exception that leaves the method, unless its type
  /// is in `keep_alive_on`; SystemExit, KeyboardInterrupt and MemoryError
  /// always. All else is an error of the caller's and leaves the actor alone:
  /// - `rejected`: the method raised `pyactor.Reject`
  /// - `not_found`, `not_callable`: no such method, or a private one
  /// - `invalid_argument`: the method takes other arguments
  /// - `not_convertible`: an argument, or the result
  /// - `wrong_interpreter`, `environment_lost`: see `environment`
  /// @param py attached to the object's interpreter
  /// @param method its name; neither a private one nor `on_exit`
  /// @param args what it is called with; `self` is not among them
  /// @returns what the method gave, or why not, and whether the actor must end
  [[nodiscard]] outcome call(attach_scope& py, std::string_view method,
                             const arguments& args);

  /// Calls the object's `on_exit`.
  /// @param py attached to the object's interpreter
  /// @param reason why the actor ends: what the method gets; best UTF-8
  /// @returns `python_exception`: what it raised, which is for the log only;
  ///          `wrong_interpreter`, or `environment_lost`: it was released
  expected<void> on_exit(attach_scope& py, std::string_view reason);

  /// Drops the instance. Idempotent.
  /// @param py where it is attached to another interpreter, that is queued
  void release(attach_scope& py) noexcept;

  /// @returns what the class says of `max_handler_time` when the object is
  ///          made: none where it leaves that to others, 0 for no limit
  [[nodiscard]] std::optional<std::chrono::nanoseconds>
  max_handler_time() const noexcept;

  /// @returns whether `release` was called, or the object moved from
  [[nodiscard]] bool released() const noexcept;

private:
  struct state;

  explicit actor_object(std::unique_ptr<state> impl) noexcept;

  expected<void> check(attach_scope& py) const;
  void dispose() noexcept;

  std::unique_ptr<state> state_;
};

} // namespace pyactor
