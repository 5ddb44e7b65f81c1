#pragma once

#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/pinned_actor.hpp>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace pyactor::runtime {

/// A context as ordinary actors see it: answers `call`, `eval` and `exec` in an
/// environment that belongs to the sender, an actor of whatever kind, or in an
/// explicit one. An environment is created at its first use and
/// released when its owner ends. A request without a sender gets a throw-away
/// environment.
/// @thread its context's
class context_server final : public python_actor {
public:
  explicit context_server(caf::actor_config& config);

  [[nodiscard]] const char* name() const override;

private:
  struct entry {
    caf::actor_addr owner;
    environment env;
  };

  /// What one request runs in.
  struct place {
    [[nodiscard]] environment& env() noexcept {
      return temporary ? *temporary : *owned;
    }

    environment* owned = nullptr;
    /// Set for a request without a sender.
    std::optional<environment> temporary = std::nullopt;
  };

  caf::behavior make_behavior() override;
  void on_exit() override;

  expected<place> find(const std::optional<environment_id>& where);
  expected<environment*> environment_of(const caf::strong_actor_ptr& owner);
  expected<environment*> explicit_environment(environment_id which);
  expected<uint64_t> add(const caf::strong_actor_ptr& owner);
  void owner_down(const caf::actor_addr& owner);
  void release(environment& env);

  caf::result<caf::message> make(const make_environment& request);
  caf::result<void> drop(const drop_environment& request);

  template <class F>
  caf::result<value> run(const std::optional<environment_id>& where, F step);

  /// Environments by number; an owner's own is the first in `owned_`.
  std::unordered_map<uint64_t, entry> environments_;

  struct ownership {
    uint64_t own = 0;
    /// Meaningful unless that is 0; entries stay where they are.
    environment* own_env = nullptr;
    std::vector<uint64_t> explicit_ones;
  };

  std::unordered_map<caf::actor_addr, ownership> owners_;
  uint64_t next_number_ = 1;
};

} // namespace pyactor::runtime
