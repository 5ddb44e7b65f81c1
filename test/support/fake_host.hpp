#pragma once

#include <pyactor/libpyactor/host.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the tests let Python talk to instead of a runtime.
namespace fake {

struct call {
  std::string method;
  pyactor::arguments args;

  friend bool operator==(const call&, const call&) = default;
};

/// An actor; lives as long as something refers to it strongly, and no longer
/// than `ended` allows.
struct actor {
  uint64_t id;
  std::string name;
  std::atomic<bool> ended = false;
  std::vector<call> received;
};

/// A reference to an actor, strong or weak.
class ref : public pyactor::actor_ref {
public:
  ref(std::shared_ptr<actor> who, bool is_strong)
    : id_(who->id), name_(who->name), who_(who),
      strong_(is_strong ? std::move(who) : nullptr) {
  }

  uint64_t id() const noexcept override {
    return id_;
  }

  std::string describe() const override {
    return name_ + "#" + std::to_string(id_);
  }

  bool alive() const noexcept override {
    auto who = who_.lock();
    return who && !who->ended;
  }

  pyactor::expected<void> send(std::string_view method,
                               pyactor::arguments args) const override {
    auto who = who_.lock();
    if (!who || who->ended)
      return pyactor::fail(pyactor::errc::actor_dead, describe() + " is dead");
    who->received.push_back({std::string{method}, std::move(args)});
    return {};
  }

private:
  uint64_t id_;
  std::string name_;
  std::weak_ptr<actor> who_;
  std::shared_ptr<actor> strong_;
};

inline std::shared_ptr<actor> make_actor(uint64_t id, std::string name) {
  auto result = std::make_shared<actor>();
  result->id = id;
  result->name = std::move(name);
  return result;
}

class host : public pyactor::host {
public:
  /// The actor that the tests' thread runs, or null.
  std::shared_ptr<actor> running = make_actor(1, "running");
  std::map<std::string, pyactor::actor_ref_ptr, std::less<>> names;
  /// The last actor that was spawned, its class and its arguments.
  std::weak_ptr<actor> spawned;
  std::string spawned_target;
  pyactor::arguments spawned_with;
  /// Runs in the middle of `whereis`.
  std::function<void()> on_whereis;

  pyactor::expected<pyactor::actor_ref_ptr> self() override {
    if (!running)
      return pyactor::fail(pyactor::errc::not_found, "no actor");
    return std::make_shared<const ref>(running, false);
  }

  pyactor::expected<pyactor::actor_ref_ptr>
  spawn(std::string_view target, pyactor::arguments args) override {
    auto who = make_actor(++last_id_, std::string{target});
    spawned = who;
    spawned_target = target;
    spawned_with = std::move(args);
    return std::make_shared<const ref>(std::move(who), true);
  }

  pyactor::expected<void> register_name(std::string name,
                                        pyactor::actor_ref_ptr who) override {
    if (!who->alive())
      return pyactor::fail(pyactor::errc::actor_dead,
                           who->describe() + " is dead");
    if (!names.emplace(name, std::move(who)).second)
      return pyactor::fail(pyactor::errc::already_exists,
                           "the name '" + name + "' is taken");
    return {};
  }

  pyactor::actor_ref_ptr whereis(std::string_view name) override {
    if (on_whereis)
      on_whereis();
    auto found = names.find(name);
    return found == names.end() || !found->second->alive() ? nullptr
                                                           : found->second;
  }

  /// What `extend` was called with last.
  std::chrono::nanoseconds extended{0};

  pyactor::expected<void> extend(std::chrono::nanoseconds time) override {
    if (!running)
      return pyactor::fail(pyactor::errc::not_found, "no actor");
    extended = time;
    return {};
  }

  /// What `poison` was called with last.
  std::string poisoned_for;

  pyactor::expected<void> poison(std::string reason) override {
    if (!running)
      return pyactor::fail(pyactor::errc::not_found, "no actor");
    poisoned_for = std::move(reason);
    return {};
  }

private:
  uint64_t last_id_ = 100;
};

} // namespace fake
