#include <pyactor/supervisors/python/errand.hpp>

#include <pyactor/libpyactor/log.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/pinned_base.hpp>

namespace pyactor::supervisors::python {

void question::answer(value what) const {
  {
    std::unique_lock guard{mtx_};
    if (answer_)
      return;
    answer_ = std::move(what);
  }
  answered_.notify_all();
}

std::optional<value> question::wait(std::chrono::nanoseconds limit) const {
  std::unique_lock guard{mtx_};
  answered_.wait_for(guard, limit, [&] { return answer_.has_value(); });
  return answer_;
}

caf::actor running_actor() {
  auto* here = runtime::context::current();
  auto* who = here ? here->running_actor() : nullptr;
  return who ? caf::actor_cast<caf::actor>(who->address()) : caf::actor{};
}

order_outcome::order_outcome(std::string method, std::string order)
  : method_(std::move(method)), order_(std::move(order)) {
  if (auto who = running_actor())
    whom_ = who.address();
}

void order_outcome::operator()(const sup_expected<incarnation_id>& result,
                               const std::string& id) const {
  if (method_.empty()) {
    if (!result)
      log(layer::supervisors)
        .warn("{} by Python code: {}", order_, to_string(result.error()));
    return;
  }
  auto who = caf::actor_cast<caf::strong_actor_ptr>(whom_);
  if (!who) {
    log(layer::supervisors)
      .warn("{} by Python code: nobody is left for '{}': {}", order_, method_,
            result ? std::string{"done"} : to_string(result.error()));
    return;
  }
  auto outcome = value::dict({
    {"child", id},
    {"incarnation", result.value_or(0)},
    {"error", result ? value{} : value{to_string(result.error().code)}},
    {"message", result ? std::string{} : to_string(result.error())},
  });
  who->enqueue(nullptr, caf::make_message_id(),
               caf::make_message(
                 runtime::call{method_, {.positional = {std::move(outcome)}}}),
               nullptr);
}

} // namespace pyactor::supervisors::python
