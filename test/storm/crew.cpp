#include <pyactor/test/storm/crew.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pyactor::test {

using namespace runtime;

const char* const crew_source = R"(
import collections
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

    def lend(self):
        """Gives the thread the one reference that keeps an actor alive."""
        try:
            self.heard.put(pyactor.spawn(Member))
        except RuntimeError:
            pass  # the runtime stops, so that on_exit follows

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
        self.due = 0  # actors that are still to be lent
        self.lent = collections.deque(maxlen=4)  # the oldest makes room
        self.listens = True
        self.fault = None

    def run(self):
        for step in range(self.steps):
            try:
                self.perform(step)
            except Exception as unexpected:
                self.fault = f"step {step}: {unexpected!r}"
        while (self.awaited or self.due) and self.listens:
            self.listen()
        self.lent.clear()
        self.write("done", self.steps, self.fault)

    def perform(self, step):
        what = self.random.choice(("letter", "spawn", "lend", "whereis", "send",
                                   "send", "ask", "ask", "ask"))
        name = f"member {self.random.randrange(self.members)}"
        method = self.random.choice(("increment", "increment", "increment",
                                     "answer_later", "spawn_child", "crash"))
        if what == "letter":
            self.write("letter")
        elif what == "spawn":
            self.try_to_spawn()
        elif what == "lend":
            self.borrow()
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

    def borrow(self):
        """Has its actor lend another one, whose last handle goes here."""
        while self.due >= self.window and self.listens:
            self.listen()
        try:
            self.actor.send("lend")
        except pyactor.DeadActorError:
            return
        self.due += 1

    def ask(self, step, member, method):
        while len(self.awaited) >= self.window and self.listens:
            self.listen()
        self.write("ask", step, self.actor, member, method)
        self.awaited.add(step)

    def listen(self):
        heard = self.heard.get()
        if heard is None:
            self.listens = False
        elif isinstance(heard, pyactor.ActorRef):
            self.due -= 1
            self.lent.append(heard)  # and another actor's last handle goes
        elif heard in self.awaited:
            self.awaited.remove(heard)
        else:
            self.fault = f"step {heard}: one outcome too many"

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

/// How long actors of a context that stops have for their end: less than a
/// storm waits for it.
constexpr auto time_to_end = std::chrono::seconds{30};

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
    if (request.function == "stop_home")
      ask_to_stop(self_->home());
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

void ask_to_stop(context& where) {
  where.request_stop(std::chrono::steady_clock::now() + time_to_end);
}

} // namespace pyactor::test
