#include <pyactor/runtime/answer.hpp>

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/log.hpp>

#include <utility>

namespace pyactor::runtime {

caf::result<value> answer(python_actor& self, expected<value> outcome) {
  if (self.current_mailbox_element()->mid.is_request()) {
    if (!outcome)
      return to_caf(std::move(outcome).error());
    return *std::move(outcome);
  }
  if (!outcome)
    log().warn("{}: a message to {} failed, and nobody waits for its answer: "
               "{}",
               self.home().name(), self.name(),
               describe(to_caf(std::move(outcome).error())));
  return caf::delegated<value>{};
}

} // namespace pyactor::runtime
