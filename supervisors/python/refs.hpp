#pragma once

#include <pyactor/libpyactor/host.hpp>
#include <pyactor/supervisors/python_tree.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// What Python code holds of a tree: each is an `ActorRef` there.
namespace pyactor::supervisors::python {

/// Something of this layer that Python code only passes on.
class opaque_ref : public actor_ref {
public:
  opaque_ref();

  uint64_t id() const noexcept override {
    return id_;
  }

  bool alive() const noexcept override {
    return true;
  }

  expected<void> send(std::string_view method, arguments args) const override;

private:
  uint64_t id_;
};

/// A supervisor that its holders own, or a child of one.
class supervisor_handle final : public opaque_ref {
public:
  static constexpr std::string_view kind = "a tree";

  explicit supervisor_handle(supervisor_ref top) : top_(std::move(top)) {
  }

  uint64_t id() const noexcept override;
  std::string describe() const override;
  bool alive() const noexcept override;

  /// @returns the supervisor that is asked and ordered
  [[nodiscard]] const supervisor_ref& top() const noexcept {
    return top_;
  }

private:
  supervisor_ref top_;
};

/// A value of C++ that Python code only passes on.
template <class T>
class held : public opaque_ref {
public:
  explicit held(T what) : what_(std::move(what)) {
  }

  [[nodiscard]] const T& what() const noexcept {
    return what_;
  }

private:
  T what_;
};

/// A tree that is declared and has not started.
class declaration_handle final : public held<tree_declaration> {
public:
  static constexpr std::string_view kind = "a declaration";

  using held::held;

  std::string describe() const override;
};

/// Limits on starts that several supervisors share.
class throttle_handle final : public held<start_throttle> {
public:
  static constexpr std::string_view kind = "a Throttle";

  using held::held;

  std::string describe() const override;
};

/// What supervisors tell, for Python code to read.
class events_handle final : public held<event_stream> {
public:
  static constexpr std::string_view kind = "an EventStream";

  using held::held;

  std::string describe() const override;
};

/// Children among which keys are divided.
class partitions_handle final : public held<partition_supervisor> {
public:
  static constexpr std::string_view kind = "a Partitions";

  using held::held;

  std::string describe() const override;
};

/// @param id    the child's
/// @param what  `child_unavailable` or `child_down`
/// @returns what is the matter with the child, for a person
[[nodiscard]] std::string explain(const std::string& id,
                                  const caf::error& what);

/// @returns what `x` holds, or `not_convertible` where it is no `Handle`
template <class Handle>
expected<std::shared_ptr<const Handle>> handle_in(const value& x) {
  if (auto found = std::dynamic_pointer_cast<const Handle>(x.as_actor()))
    return found;
  return fail(errc::not_convertible, std::string{Handle::kind}
                                       + " is wanted, not "
                                       + to_short_string(x));
}

} // namespace pyactor::supervisors::python
