#pragma once

#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What a supervisor must do, told without actors: OTP's rules, one step after
/// the other, on a list. Its children stop and start at once.
class supervisor_model {
public:
  using flags_type = pyactor::supervisors::supervisor_flags;
  using errc = pyactor::supervisors::sup_errc;
  using status = pyactor::supervisors::child_status;
  using clock_time = std::chrono::nanoseconds;

  struct child {
    std::string id;
    pyactor::supervisors::restart_type restart;
    bool significant = false;
    status now = status::stopped;
    /// Whether it comes back with another one; while it is stopped.
    bool waits = false;
    /// When it is tried again; while it restarts.
    clock_time due{};
    uint64_t starts = 0;
    uint64_t restarts = 0;
  };

  explicit supervisor_model(const flags_type& flags) : flags_(flags) {
  }

  // -- orders; @returns the error, or none ------------------------------------

  std::optional<errc> start(const child& what);
  /// From the one spec; its id is `c-` and how many of these there were.
  std::optional<errc> start_with();
  std::optional<errc> terminate(const std::string& id);
  std::optional<errc> restart(const std::string& id);
  std::optional<errc> cycle(const std::string& id);
  std::optional<errc> erase(const std::string& id);
  /// Of the one spec.
  void reload_one(pyactor::supervisors::restart_type type);
  std::optional<errc> reload(const flags_type& flags,
                             const std::vector<child>& list,
                             pyactor::supervisors::reload_mode mode);

  // -- what happens -----------------------------------------------------------

  /// A child that runs ends of its own accord.
  void end(const std::string& id, pyactor::supervisors::exit_class how);

  void advance(clock_time by);

  /// Of the one spec, where there is one.
  pyactor::supervisors::restart_type one_type{};

  /// Ids of children that cannot start.
  std::set<std::string> broken;

  // -- what people see --------------------------------------------------------

  [[nodiscard]] bool ended() const {
    return ended_ != cause::none;
  }

  /// How a supervisor ends by itself.
  enum class cause { none, auto_shutdown, give_up };

  /// Why it has ended.
  [[nodiscard]] cause ended_by() const {
    return ended_;
  }

  /// Children that came from the one spec, whatever has become of them.
  [[nodiscard]] uint64_t given() const {
    return given_;
  }

  /// In start order.
  [[nodiscard]] const std::vector<child>& children() const {
    return children_;
  }

  [[nodiscard]] uint64_t restarts() const {
    return restarts_;
  }

  /// Restarts within the period up to now.
  [[nodiscard]] size_t window_used() const;

  [[nodiscard]] pyactor::supervisors::child_counts count() const;

  /// As `world::which`.
  [[nodiscard]] std::string which() const;

private:
  using iterator = std::vector<child>::iterator;

  iterator find(const std::string& id);
  /// Positions of those that a restart of `who` covers: from, and to before.
  std::pair<ptrdiff_t, ptrdiff_t> covered_by(iterator who);
  bool is_stranded(iterator who);
  bool try_again(child& who);
  bool is_simple() const;
  bool is_full() const;
  bool leaves_nothing(const child& who) const;
  std::optional<errc> objection_to(iterator who) const;
  bool try_start(child& who, bool automatic);
  bool within_intensity();
  void bring_back(const std::string& id);
  void stop_all(cause why);

  flags_type flags_;
  std::vector<child> children_;
  std::deque<clock_time> window_;
  clock_time now_{};
  uint64_t restarts_ = 0;
  uint64_t given_ = 0;
  cause ended_ = cause::none;
};
