#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/runtime/loop/activity.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Interrupts the Python code of one context, on a thread that is started for
/// it: to interrupt is to attach, which does not come back where code in C
/// keeps the GIL. There is one such thread at a time.
/// @thread any, but for what says otherwise
class interrupter {
public:
  /// Starts to interrupt what `running` runs in that turn, and no other.
  /// @param target what the code runs in
  /// @param running of the thread of `target`
  /// @param turn that is aimed at
  /// @param why what the call comes to if the exception gets through
  /// @param owner kept alive meanwhile, with all that is named here
  /// @returns false where that is under way already, or after `close`
  bool ask(interpreter& target, loop::activity& running, uint64_t turn,
           error why, std::shared_ptr<void> owner);

  /// Starts to attach, and to let go again: what does not come back from that
  /// is `under_way`.
  /// @param target to be attached to
  /// @param owner as above
  void probe(interpreter& target, std::shared_ptr<void> owner);

  /// @returns whether an attempt has not come back yet
  [[nodiscard]] bool under_way() const;

  /// Awaits the attempt that is under way.
  /// @param deadline until when to wait
  /// @returns whether none is under way, within `deadline`
  /// @pre the calling thread is not attached
  [[nodiscard]] bool await(loop::activity::clock::time_point deadline) const;

  /// Refuses further attempts, and awaits the one that is under way.
  /// @pre the calling thread is not attached
  void close();

  /// To be called when Python was left and an exception had been announced:
  /// from then on it hits nothing.
  /// @param py attached to the interpreter that was interrupted
  /// @returns why the call was interrupted; none where the exception came too
  ///          late for it
  /// @thread the interpreter's
  [[nodiscard]] std::optional<error> settle(attach_scope& py);

private:
  bool start(std::function<void()> attempt);
  bool raise(loop::activity& running, uint64_t turn, const error& why);
  void note_end();

  mutable std::mutex mtx_;
  mutable std::condition_variable ended_;
  // guarded by mtx_
  bool under_way_ = false;
  bool closed_ = false;
  /// Of the exception that was raised last.
  error why_;
};

} // namespace runtime
} // namespace pyactor
