#include <pyactor/supervisors/python/letter_boxes.hpp>

#include <pyactor/libpyactor/insist.hpp>
#include <pyactor/libpyactor/log.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/supervisors/while_down.hpp>

namespace pyactor::supervisors::python {

namespace {

/// What Python code gets to read of a letter.
value content_of(const dead_letter& letter) {
  value::mapping result{{"child", letter.child},
                        {"status", std::string{to_string(letter.status)}}};
  if (letter.content.match_elements<runtime::call>()) {
    const auto& what = letter.content.get_as<runtime::call>(0);
    value::mapping named;
    for (const auto& [name, x] : what.args.keyword)
      named.emplace_back(name, x);
    result.emplace_back("method", what.function);
    result.emplace_back("args", value::tuple(what.args.positional));
    result.emplace_back("kwargs", value::dict(std::move(named)));
  } else {
    for (auto* name : {"method", "args", "kwargs"})
      result.emplace_back(name, value{});
  }
  return value::dict(std::move(result));
}

class letter_box final : public caf::monitorable_actor {
public:
  letter_box(caf::actor_config& config, actor_ref_ptr to, std::string method)
    : caf::monitorable_actor(config), to_(std::move(to)),
      method_(std::move(method)) {
  }

  const char* name() const override {
    return "letter_box";
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (what->content().match_elements<dead_letter>())
      deliver(what->content().get_as<dead_letter>(0));
  }

  void on_destroy() override {
    insist([this] { cleanup(caf::exit_reason::unreachable, nullptr); });
  }

private:
  /// A collector that is a child itself may be down, too: its own letters must
  /// not come back here.
  void deliver(const dead_letter& letter) const {
    expected<void> sent = fail(errc::actor_dead, "it is not alive");
    if (to_->alive())
      sent = to_->send(method_, {.positional = {content_of(letter)}});
    if (!sent)
      log(layer::supervisors)
        .warn("a dead letter of '{}' for '{}' of {} is lost: {}", letter.child,
              method_, to_->describe(), to_string(sent.error()));
  }

  const actor_ref_ptr to_;
  const std::string method_;
};

} // namespace

caf::actor letter_boxes::box_for(caf::actor_system& system,
                                 const actor_ref_ptr& to,
                                 const std::string& method) {
  std::unique_lock guard{mtx_};
  std::erase_if(boxes_, [](const auto& entry) {
    return runtime::upgrade(entry.second) == nullptr;
  });
  auto& known = boxes_[{to.get(), method}];
  if (auto box = caf::actor_cast<caf::actor>(known))
    return box;
  caf::actor_config config;
  auto box = caf::make_actor<letter_box, caf::actor>(
    system.next_actor_id(), system.node(), &system, config, to, method);
  known = box->address();
  return box;
}

} // namespace pyactor::supervisors::python
