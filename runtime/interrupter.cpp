#include <pyactor/runtime/interrupter.hpp>

#include <pyactor/libpyactor/interrupt.hpp>
#include <pyactor/runtime/log.hpp>
#include <pyactor/runtime/os_thread.hpp>

#include <utility>

namespace pyactor::runtime {

bool interrupter::ask(interpreter& target, loop::activity& running,
                      uint64_t turn, error why, std::shared_ptr<void> owner) {
  return start([this, &target, &running, turn, why = std::move(why),
                owner = std::move(owner)] {
    interrupt(target, [&] { return raise(running, turn, why); });
  });
}

void interrupter::probe(interpreter& target, std::shared_ptr<void> owner) {
  start([&target, owner = std::move(owner)] {
    interrupt(target, [] { return false; });
  });
}

bool interrupter::start(std::function<void()> attempt) {
  {
    std::unique_lock guard{mtx_};
    if (under_way_ || closed_)
      return false;
    under_way_ = true;
  }
  os_thread thread;
  auto started
    = thread.start("py:interrupt", 0, [this, attempt = std::move(attempt)] {
        attempt();
        note_end();
      });
  if (!started) {
    log().error("Python code cannot be interrupted: {}",
                to_string(started.error()));
    note_end();
    return false;
  }
  thread.detach();
  return true;
}

bool interrupter::raise(loop::activity& running, uint64_t turn,
                        const error& why) {
  if (!running.interrupt(turn))
    return false;
  std::unique_lock guard{mtx_};
  why_ = why;
  return true;
}

void interrupter::note_end() {
  std::unique_lock guard{mtx_};
  under_way_ = false;
  ended_.notify_all();
}

bool interrupter::under_way() const {
  std::unique_lock guard{mtx_};
  return under_way_;
}

bool interrupter::await(loop::activity::clock::time_point deadline) const {
  std::unique_lock guard{mtx_};
  return ended_.wait_until(guard, deadline, [this] { return !under_way_; });
}

void interrupter::close() {
  std::unique_lock guard{mtx_};
  closed_ = true;
  ended_.wait(guard, [this] { return !under_way_; });
}

std::optional<error> interrupter::settle(attach_scope& py) {
  if (!settle_interrupts(py))
    return std::nullopt;
  std::unique_lock guard{mtx_};
  return std::move(why_);
}

} // namespace pyactor::runtime
