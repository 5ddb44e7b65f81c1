#include <pyactor/test/storm/crew.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pyactor::test {

using namespace runtime;

const char* const crew_source = R"(
import random
import threading
import time

import pyactor


class Member(pyactor.Actor):
    def __init__(self):
        self.count = 0
        self.child = None

    def increment(self):
        self.count += 1
        return self.count

    def answer_later(self):
        time.sleep(0.0001)  # whoever shares this GIL gets it
        return self.increment()

    def spawn_child(self):
        self.child = pyactor.spawn(Member)
        pyactor.send(self.child, "increment")
        return self.increment()

    def crash(self):
        raise RuntimeError("as planned")


class Broken(Member):
    def __init__(self):
        raise RuntimeError("does not start, as planned")


class Client(pyactor.Actor):
    """A thread that talks to the members, by their names."""

    def __init__(self, *numbers):
        threading.Thread(target=run_client, args=numbers).start()


def run_client(seed, client, steps, members):
    random_ = random.Random(f"{seed} {client}")
    letters = 0
    fault = None
    for _ in range(steps):
        what = random_.choice(("letter", "spawn", "whereis", "increment",
                               "increment", "spawn_child", "crash"))
        member = f"member {random_.randrange(members)}"
        try:
            if what == "letter":
                pyactor.send("post", "letter", client, letters)
                letters += 1
            elif what == "spawn":
                try:
                    pyactor.spawn(Member)
                    fault = "a thread that runs no actor has spawned one"
                except RuntimeError:
                    pass
            elif what == "whereis":
                pyactor.whereis(member)
            else:
                pyactor.send(member, what)
        except (LookupError, pyactor.DeadActorError):
            if what == "letter":
                fault = "a live actor was not found"
        except Exception as unexpected:
            fault = f"{what}: {unexpected!r}"
    pyactor.send("post", "done", client, letters, steps, fault)
)";

namespace {

constexpr auto member_code = R"(
count = 0
def increment():
    global count
    count += 1
    return count
)";

/// A member tells itself to answer what it has kept.
struct answer_now {};

} // namespace

} // namespace pyactor::test

PYACTOR_LOCAL_MESSAGE(pyactor::test::answer_now)

namespace pyactor::test {

namespace {

class pinned_member_state {
public:
  explicit pinned_member_state(python_actor* self) : self_(self) {
    self_->python().exec(member_code);
  }

  promise<value> take(const call& request) {
    auto result = self_->make_promise<value>();
    kept_.push_back(result);
    if (request.function == "crash")
      self_->python().exec("raise RuntimeError('as planned')");
    if (request.function == "spawn_child")
      child_ = spawn_on<python_class_actor>(
        self_->home(), actor_class::from_module("crew:Member"), arguments{},
        on_started{});
    if (request.function == "answer_later")
      self_->send(self_, answer_now{});
    else
      answer();
    return result;
  }

  void answer() {
    for (auto& one : std::exchange(kept_, {}))
      one.deliver(self_->python().eval("increment()"));
  }

private:
  python_actor* self_;
  caf::actor child_;
  std::vector<promise<value>> kept_;
};

} // namespace

caf::behavior pinned_member(python_actor* self) {
  auto state = std::make_shared<pinned_member_state>(self);
  return {
    [state](const call& request) { return state->take(request).later(); },
    [state](answer_now) { state->answer(); },
  };
}

} // namespace pyactor::test
