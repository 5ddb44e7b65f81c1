#include <pyactor/supervisors/engine/tree_collector.hpp>

#include <algorithm>

namespace pyactor::supervisors::engine {

namespace {

/// @returns what is to be read in place of the children
std::string describe(const caf::error& what) {
  if (what == caf::sec::request_timeout)
    return "no answer in time";
  if (what == caf::sec::request_receiver_down)
    return "ended before it had answered";
  return "does not answer as a supervisor";
}

} // namespace

tree_collector::tree_collector(caf::actor_config& config, caf::actor_addr top)
  : caf::event_based_actor(config), top_(std::move(top)) {
  // nop
}

const char* tree_collector::name() const {
  return "tree_collector";
}

caf::behavior tree_collector::make_behavior() {
  keep_alive_ = this;
  return {
    [this](const get_tree& what) {
      promise_ = make_response_promise();
      auto now = clock().now();
      if (what.timeout < time_point::max() - now)
        deadline_ = now + what.timeout;
      pending_ = 1;
      ask(root_, top_);
      settle();
    },
  };
}

void tree_collector::on_exit() {
  promise_ = {};
  keep_alive_ = nullptr;
}

/// A node stays where it is: the children of another are moved in as a whole.
void tree_collector::ask(tree_node& node, const caf::actor_addr& whom) {
  auto handle = caf::actor_cast<caf::actor>(whom);
  if (!handle) {
    note(node, caf::sec::request_receiver_down);
    return;
  }
  ++pending_;
  request(handle, time_left(), get_level{})
    .then(
      [this, &node](tree_level& answer) {
        graft(node, answer);
        settle();
      },
      [this, &node](const caf::error& what) {
        note(node, what);
        settle();
      });
}

void tree_collector::graft(tree_node& node, tree_level& answer) {
  if (&node == &root_) {
    node = std::move(answer.self);
  } else { // its supervisor has told the rest
    node.supervisor = std::move(answer.self.supervisor);
    node.children = std::move(answer.self.children);
  }
  for (const auto& below : answer.nested)
    ask(node.children[below.place], below.address);
}

void tree_collector::note(tree_node& node, const caf::error& what) {
  node.error = describe(what);
  if (&node == &root_)
    failure_ = from_caf_error(what);
}

void tree_collector::settle() {
  if (--pending_ > 0)
    return;
  if (root_.error.empty())
    promise_.deliver(get_tree_reply{std::move(root_)});
  else
    promise_.deliver(get_tree_reply{std::unexpected{std::move(failure_)}});
  quit();
}

caf::duration tree_collector::time_left() const {
  if (deadline_ == time_point::max())
    return caf::duration{caf::infinite};
  auto left = deadline_ - clock().now();
  return caf::duration{std::max(left, time_point::duration{1})};
}

caf::actor spawn_tree_collector(caf::actor_system& system,
                                caf::actor_addr top) {
  return system.spawn<tree_collector, caf::hidden>(std::move(top));
}

caf::duration patience(std::chrono::nanoseconds timeout) {
  constexpr std::chrono::nanoseconds grace = std::chrono::milliseconds{500};
  return timeout < forever - grace ? caf::duration{timeout + grace}
                                   : caf::duration{caf::infinite};
}

} // namespace pyactor::supervisors::engine
