#include <pyactor/test/storm/crew.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pyactor::test {

using namespace runtime;

const char* const crew_source = R"(
import queue
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
    """Has a thread, a client, and hears for it of its requests' outcomes."""

    def __init__(self, *numbers):
        self.heard = queue.SimpleQueue()
        client = Correspondent(pyactor.self(), self.heard, *numbers)
        threading.Thread(target=client.run).start()

    def hear(self, step):
        self.heard.put(step)

    def on_exit(self, reason):
        self.heard.put(None)  # no more of them is going to be heard


class Correspondent:
    """A client that is a thread, and no actor.

    It writes to "post", which makes its requests: those whose outcomes count.
    What it sends to a member itself is only told, and may get lost with it.
    """

    def __init__(self, actor, heard, seed, number, steps, members, window):
        self.actor = actor
        self.heard = heard
        self.random = random.Random(f"{seed} {number}")
        self.number = number
        self.steps = steps
        self.members = members
        self.window = window
        self.letters = 0
        self.awaited = set()  # steps whose requests have no outcome yet
        self.listens = True
        self.fault = None

    def run(self):
        for step in range(self.steps):
            try:
                self.perform(step)
            except Exception as unexpected:
                self.fault = f"step {step}: {unexpected!r}"
        while self.awaited and self.listens:
            self.listen()
        self.write("done", self.steps, self.fault)

    def perform(self, step):
        what = self.random.choice(("letter", "spawn", "whereis", "send", "send",
                                   "ask", "ask", "ask"))
        name = f"member {self.random.randrange(self.members)}"
        method = self.random.choice(("increment", "increment", "increment",
                                     "answer_later", "spawn_child", "crash"))
        if what == "letter":
            self.write("letter")
        elif what == "spawn":
            self.try_to_spawn()
        elif what == "send":
            try:
                pyactor.send(name, method)
            except (LookupError, pyactor.DeadActorError):
                pass
        else:
            member = pyactor.whereis(name)
            if what == "ask" and member is not None:
                self.ask(step, member, method)

    def try_to_spawn(self):
        try:
            pyactor.spawn(Member)
        except RuntimeError:
            return
        self.fault = "a thread that runs no actor has spawned one"

    def ask(self, step, member, method):
        while len(self.awaited) >= self.window and self.listens:
            self.listen()
        self.write("ask", step, self.actor, member, method)
        self.awaited.add(step)

    def listen(self):
        step = self.heard.get()
        if step is None:
            self.listens = False
        elif step in self.awaited:
            self.awaited.remove(step)
        else:
            self.fault = f"step {step}: one outcome too many"

    def write(self, what, *args):
        """Each letter has a number, by which post sees whether one is lost."""
        pyactor.send("post", what, self.number, self.letters, *args)
        self.letters += 1
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
