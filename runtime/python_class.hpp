#pragma once

#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/call_guard.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/pinned_actor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Called exactly once: with no error when `__init__` returned, else with what
/// kept the actor from starting; `errc::start_ignored` is no failure.
/// @thread the context's; whichever drops the last handle of an actor that was
///         ended before it had started; that of `stop` where `__init__` hangs
using on_started = std::function<void(const caf::error&)>;

/// An actor that is written in Python: an instance of a subclass of
/// `pyactor.Actor`, in an environment of its own. Speaks `call` and `inquire`
/// (a method by name), and `eval` and `exec` in its environment.
///
/// Start arguments are plain values, captured when it is spawned; one that
/// cannot start ends with the error that says why, and one that has nothing to
/// start normally.
/// @thread as `pinned_actor`
class python_class_actor final : public python_actor {
public:
  /// What `runtime::spawn_python` makes.
  /// @param config of the new actor
  /// @param what its class
  /// @param args for `__init__`
  /// @param started as above; may be empty
  /// @param limit overrules the `max_handler_time` of the class and the pool; 0
  ///              leaves it to them
  /// @param guard decides which calls it handles; null: all
  python_class_actor(caf::actor_config& config, actor_class what,
                     arguments args, on_started started,
                     context::clock::duration limit = {},
                     std::shared_ptr<call_guard> guard = nullptr);

  ~python_class_actor() override;

  /// @returns a name for CAF's logs, for example `python:counter:Counter`
  [[nodiscard]] const char* name() const override;

private:
  caf::behavior make_behavior() override;
  void end_abandoned(const caf::error& why) override;
  void report_start(const caf::error& outcome);
  caf::result<value> handle(const call& request);
  caf::result<value> refuse(caf::error why);
  actor_object::outcome call_method(const std::string& name,
                                    const arguments& args);
  caf::result<value> conclude(actor_object::outcome outcome);

  actor_class what_;
  arguments args_;
  on_started started_;
  std::string name_;
  std::shared_ptr<call_guard> guard_;
};

} // namespace runtime
} // namespace pyactor
