// Ordinary actors with a Python environment each: they send `exec`, `eval` and
// `call` to their context, and never see each other's names.
//
// Run it: build/release/examples/environments
//
// Prints:
//   ada says hello from ada
//   bob says hello from bob
//   bob does not know what ada knows: builtins.NameError: name 'secret' is ...

#include <pyactor/runtime/runtime.hpp>

#include <iostream>
#include <string>

using namespace pyactor::runtime;
using pyactor::value;

namespace {

/// A thread's own actor, with an environment that goes when the actor goes.
class speaker {
public:
  speaker(runtime& python, std::string name)
    : self_(python.system()), context_(python.context_of(*self_.ptr())),
      name_(std::move(name)) {
    ask(exec{"name = '" + name_ + "'"});
  }

  /// @returns the answer as text, or the error
  template <class Request>
  std::string ask(Request request) {
    std::string text;
    self_->request(context_, caf::infinite, std::move(request))
      .receive(
        [&](const value& answer) {
          text = answer.as_str() ? *answer.as_str() : to_string(answer);
        },
        [&](const caf::error& why) { text = to_string(from_caf(why)); });
    return text;
  }

  [[nodiscard]] const std::string& name() const {
    return name_;
  }

private:
  caf::scoped_actor self_;
  caf::actor context_;
  std::string name_;
};

} // namespace

int main() {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  auto python = runtime::start(system);
  if (!python) {
    std::cerr << to_string(python.error()) << '\n';
    return 1;
  }
  speaker ada{**python, "ada"};
  speaker bob{**python, "bob"};
  ada.ask(exec{"secret = 42"});
  for (auto* who : {&ada, &bob})
    std::cout << who->name() << " says "
              << who->ask(eval{"f'hello from {name}'"}) << '\n';
  std::cout << "bob does not know what ada knows: " << bob.ask(eval{"secret"})
            << '\n';
}
