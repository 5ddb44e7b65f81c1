#include <pyactor/runtime/python_scope.hpp>

namespace pyactor::runtime {

expected<void> python_scope::try_exec(const source& code) {
  return home_.run_python([&] { return env_.exec(py_, code); });
}

void python_scope::set(std::string_view name, const value& x) {
  context::python_call running{home_};
  value_or_throw(env_.set(py_, name, x));
}

} // namespace pyactor::runtime
