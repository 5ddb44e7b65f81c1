#pragma once

#include <pyactor/runtime/caf.hpp>

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace pyactor::test {

/// A CAF actor without CAF's mailbox, monitors and scheduler, which the thread
/// sanitizer cannot judge: it keeps what it is sent.
/// @thread any; whoever holds it keeps it until the threads have been joined
class stand_in final : public caf::abstract_actor {
public:
  explicit stand_in(caf::actor_config& config) : caf::abstract_actor(config) {
  }

  /// How many messages came.
  [[nodiscard]] size_t received() const {
    std::unique_lock guard{mtx_};
    return messages_.size();
  }

  /// Dies, and tells those that wait for it.
  void end() {
    std::vector<caf::attachable_ptr> watchers;
    {
      std::unique_lock guard{mtx_};
      setf(is_terminated_flag);
      watchers.swap(watchers_);
    }
    for (auto& one : watchers)
      one->actor_exited({}, nullptr);
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    std::unique_lock guard{mtx_};
    messages_.push_back(std::move(what));
  }

  void attach(caf::attachable_ptr watcher) override {
    {
      std::unique_lock guard{mtx_};
      if (!getf(is_terminated_flag)) {
        watchers_.push_back(std::move(watcher));
        return;
      }
    }
    watcher->actor_exited({}, nullptr);
  }

  size_t detach(const caf::attachable::token&) override {
    return 0;
  }

  void add_link(caf::abstract_actor*) override {
  }

  void remove_link(caf::abstract_actor*) override {
  }

  bool add_backlink(caf::abstract_actor*) override {
    return false;
  }

  bool remove_backlink(caf::abstract_actor*) override {
    return false;
  }

private:
  mutable std::mutex mtx_;
  // guarded by mtx_
  std::vector<caf::mailbox_element_ptr> messages_;
  std::vector<caf::attachable_ptr> watchers_;
};

/// @param id not 0
inline caf::strong_actor_ptr make_stand_in(caf::actor_id id) {
  caf::actor_config config;
  return caf::make_actor<stand_in, caf::strong_actor_ptr>(id, caf::node_id{},
                                                          nullptr, config);
}

inline stand_in& behind(const caf::strong_actor_ptr& who) {
  return *static_cast<stand_in*>(who->get());
}

/// For what keeps a reference only: there is no actor system behind it.
inline caf::actor_system& no_system() {
  alignas(caf::actor_system) static std::byte place[sizeof(caf::actor_system)];
  return reinterpret_cast<caf::actor_system&>(place);
}

} // namespace pyactor::test
