#include <pyactor/test/memory/saboteur.hpp>

#include <pyactor/test/memory/allocation_failure.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace pyactor::test {

caf::behavior saboteur(runtime::python_actor* self) {
  self->python().exec("");
  allocation_failure::watch_python();
  auto failure = std::make_shared<std::optional<allocation_failure>>();
  return {
    [failure](uint8_t whose, uint64_t number) {
      failure->emplace(static_cast<allocator>(whose), number);
    },
    [failure](bool) {
      auto reached = (*failure)->reached();
      failure->reset();
      return reached;
    },
  };
}

} // namespace pyactor::test
