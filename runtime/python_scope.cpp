#include <pyactor/runtime/python_scope.hpp>

namespace pyactor::runtime {

expected<void> python_scope::try_exec(const source& code) {
  return home_.python().run([&] { return env_.exec(py_, code); });
}

void python_scope::set(std::string_view name, const value& x) {
  attachment::python_call running{home_.python()};
  value_or_throw(env_.set(py_, name, x));
}

} // namespace pyactor::runtime
