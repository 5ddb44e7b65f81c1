// Requests and messages of Python code to children of a tree, also while they
// are down.

#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <set>

namespace python_request_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::value;
using pyactor::runtime::call;
using pyactor::test::any_context;
using pyactor::test::starter_world;

namespace {

constexpr auto trees = R"(
class Fast(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10))]

class Pausing(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10),
                              backoff=pyactor.Backoff(60, max=60, jitter=0))]

class Patient(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10),
                              while_down=pyactor.Buffer(2, ttl=60))]

class Poisoned(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10),
                              poison_threshold=1)]

class Collected(pyactor.Supervisor):
    def children(self, to):
        return [pyactor.Child("c", Counter, args=("c", 10),
                              while_down=pyactor.DeadLetters(to, "lost")),
                pyactor.Child("collector", Collector)]

class Collector(pyactor.Actor):
    def lost(self, letter):
        pyactor.send("test", "collected", letter["method"])

class Kept(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", pyactor.Native("keeper"))]
)";

/// A tree that an actor in Python has started.
struct requesting_world : starter_world {
  explicit requesting_world(pyactor::interpreter_kind kind
                            = pyactor::interpreter_kind::main)
    : starter_world(trees, kind) {
  }

  /// Starts that tree, and hears that its child c has started.
  void start(const std::string& call) {
    run("me.tree = trees." + call);
    CHECK(hear() == "started c");
  }

  void terminate(const std::string& id) {
    run("me.tree.terminate_child('" + id + "', then='heard')");
    if (id == "c")
      CHECK(hear() == "ended c");
    CHECK(hear() == "outcome " + id + " 0 None ");
  }

  /// @returns the next so many messages to "test", in any order
  std::set<std::string> hear_all(int n) {
    std::set<std::string> result;
    for (auto i = 0; i < n; ++i)
      result.insert(hear());
    return result;
  }
};

/// @param more  what only outcomes of this kind have
/// @returns the outcome of a request to c, as it is told
std::string told(const std::string& error, const std::string& message,
                 const std::string& answer, int incarnation = 0,
                 const std::string& more = "") {
  return "told {'child': 'c', 'incarnation': " + std::to_string(incarnation)
         + ", 'error': " + error + ", 'message': " + message
         + ", 'answer': " + answer + more + "}";
}

/// @param retry_after  as Python writes it
/// @returns the outcome of a request that finds c down
std::string told_down(const std::string& status,
                      const std::string& retry_after = "None") {
  return told("'child_unavailable'",
              "\"child 'c' does not run: " + status + "\"", "None", 0,
              ", 'status': '" + status + "', 'retry_after': " + retry_after);
}

/// Answers no call, and counts them.
start_fn make_keeper(std::atomic<int>& calls) {
  return start_function([&calls](caf::event_based_actor* self) {
    std::vector<caf::response_promise> kept;
    return caf::behavior{[self, kept, &calls](const call&) mutable {
      kept.push_back(self->make_response_promise());
      ++calls;
      return kept.back();
    }};
  });
}

} // namespace

TEST_CASE("a request of Python code has one outcome, with the answer of the "
          "incarnation that runs",
          "[python_request]") {
  requesting_world x{any_context()};
  x.start("Fast.start()");
  x.run("me.tree.request('c', 'add', 1, then='told')");
  CHECK(x.hear() == told("None", "''", "11"));
  x.run("me.tree.request('c', 'add', by=2, then='told', timeout=60)");
  CHECK(x.hear() == told("None", "''", "13"));
  x.run("me.tree.cycle_child('c')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "started c");
  REQUIRE(x.world.eventually([&] {
    return x.world.call(x.actor, "get", "me.tree.child('c').alive")
           == value{true};
  }));
  x.run("me.tree.request('c', 'add', 1, then='told')");
  CHECK(x.hear() == told("None", "''", "11"));
}

TEST_CASE("a request that a child refuses because it has crashed on it says so",
          "[python_request]") {
  requesting_world x{any_context()};
  x.start("Poisoned.start()");
  x.run("me.tree.request('c', 'add', 'x', then='heard')");
  CHECK(x.hear_all(3).contains("started c"));
  REQUIRE(x.world.eventually([&] {
    return x.world.call(x.actor, "get", "me.tree.child('c').alive")
           == value{true};
  }));
  x.run("me.tree.request('c', 'add', 'x', then='told')");
  CHECK(x.hear()
        == told("'poison_message'",
                "\"child 'c': 'c' has crashed on it 1 times\"", "None"));
}

TEST_CASE("what a method raises is the outcome of its request",
          "[python_request]") {
  requesting_world x;
  x.start("Fast.start()");
  x.run("me.tree.request('c', 'crash', then='told')");
  CHECK(x.hear_all(3)
        == std::set<std::string>{
          told("'python_exception'", "'builtins.ValueError: crashed'", "None"),
          "ended c", "started c"});
  x.run("me.tree.request('c', 'no_such_method', then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'error': 'not_found'"));
}

TEST_CASE("a request to a child that is down, or that nobody knows, fails at "
          "once",
          "[python_request]") {
  requesting_world x;
  x.start("Fast.start()");
  x.terminate("c");
  x.run("me.tree.request('c', 'add', 1, then='told')");
  CHECK(x.hear() == told_down("stopped"));
  x.run("me.tree.request('nobody', 'add', 1, then='heard')");
  CHECK(x.hear()
        == "outcome nobody 0 child_unavailable child 'nobody' does not run: "
           "unknown");
}

TEST_CASE("a request that fails during the pause of its child says how long "
          "that is",
          "[python_request]") {
  requesting_world x{any_context()};
  x.start("Pausing.start()");
  x.run("me.tree.child('c').send('crash')");
  CHECK(x.hear() == "ended c");
  REQUIRE(x.world.eventually([&] {
    return x.world.call(x.actor, "get", "me.tree.which_child('c')['status']")
           == value{"restarting"};
  }));
  x.run("me.tree.request('c', 'add', 1, then='told')");
  CHECK(x.hear() == told_down("restarting", "60.0"));
}

TEST_CASE("an incarnation that ends before it has answered leaves child_down",
          "[python_request]") {
  requesting_world x;
  std::atomic<int> calls = 0;
  REQUIRE(x.natives->add("keeper", make_keeper(calls)));
  x.run("me.tree = trees.Kept.start(then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("me.tree.request('c', 'any', then='told')");
  REQUIRE(x.world.eventually([&] { return calls == 1; }));
  x.run("me.tree.cycle_child('c')");
  CHECK(x.hear()
        == told("'child_down'",
                "\"child 'c': incarnation 1 ended before it had answered\"",
                "None", 1));
}

TEST_CASE("a request that is not answered in time has timed out",
          "[python_request]") {
  requesting_world x;
  std::atomic<int> calls = 0;
  REQUIRE(x.natives->add("keeper", make_keeper(calls)));
  x.run("me.tree = trees.Kept.start(then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("me.tree.request('c', 'any', then='told', timeout=0.001)");
  CHECK_THAT(x.hear(), ContainsSubstring("'error': 'timed_out'"));
}

TEST_CASE("a wrong request raises by the name of what is wrong",
          "[python_request]") {
  requesting_world x;
  x.start("Fast.start()");
  auto refusal = [&](const std::string& statement) {
    auto done = x.world.call(x.actor, "run", statement);
    return done ? "nothing" : to_string(done.error());
  };
  CHECK_THAT(refusal("me.tree.request('c', 'add', timeout=0)"),
             ContainsSubstring("ValueError: a request: timeout must be"));
  CHECK_THAT(refusal("me.tree.request('c', 'add', then='')"),
             ContainsSubstring("ValueError: an order: then must be"));
  CHECK_THAT(refusal("me.tree.request('c', 'add', object())"),
             ContainsSubstring("TypeError: "));
  CHECK_THAT(refusal("me.tree.request('c', 5)"),
             ContainsSubstring("TypeError: "));
}

TEST_CASE("with a Buffer, requests and messages wait for the child, and those "
          "beyond its capacity do not",
          "[python_request]") {
  requesting_world x{any_context()};
  x.start("Patient.start()");
  x.terminate("c");
  x.run("me.c = me.tree.child('c')\n"
        "me.c.send('add', 5)\n"
        "me.c.send('report')\n"
        "me.tree.request('c', 'add', 1, then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'error': 'child_unavailable'"));
  CHECK(x.world.call(x.actor, "get", "me.c.alive") == value{false});
  x.run("me.tree.restart_child('c')");
  CHECK(x.hear() == "started c");
  CHECK(x.hear() == "value 15");
  x.terminate("c");
  x.run("me.tree.request('c', 'add', 1, then='told')\n"
        "me.tree.restart_child('c')");
  CHECK(x.hear() == "started c");
  CHECK(x.hear() == told("None", "''", "11"));
}

TEST_CASE("with DeadLetters, what finds the child down goes to a method of an "
          "actor, and requests fail at once",
          "[python_request]") {
  requesting_world x{any_context()};
  x.start("Collected.start(pyactor.whereis('test'))");
  x.terminate("c");
  x.run("me.tree.child('c').send('add', 1, by=2)");
  CHECK(x.hear()
        == "lost {'child': 'c', 'status': 'stopped', 'method': 'add', 'args': "
           "(1,), 'kwargs': {'by': 2}}");
  x.run("me.tree.request('c', 'report', then='told')");
  CHECK(x.hear_all(2)
        == std::set<std::string>{
          "lost {'child': 'c', 'status': 'stopped', 'method': 'report', "
          "'args': (), 'kwargs': {}}",
          told_down("stopped")});
  auto top
    = *as_supervisor(x.world.call(x.actor, "get", "me.tree.ref").value());
  caf::anon_send(top.child("c").proxy(x.world.system()), 5);
  CHECK(x.hear()
        == "lost {'child': 'c', 'status': 'stopped', 'method': None, 'args': "
           "None, 'kwargs': None}");
}

TEST_CASE("a child collects dead letters, those that come while it is down "
          "itself are lost, and the same collector is no change",
          "[python_request]") {
  requesting_world x;
  x.start("Collected.start(pyactor.self())");
  x.run("me.to = me.tree.child('collector')\n"
        "me.tree.reload(trees.Collected, me.to, mode='otp', then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'changed': ['c']"));
  x.run("me.tree.reload(trees.Collected, me.to, mode='otp', then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'changed': []"));
  x.terminate("c");
  x.run("me.tree.child('c').send('first')");
  CHECK(x.hear() == "collected first");
  x.terminate("collector");
  x.run("me.tree.child('c').send('second')\n"
        "me.tree.restart_child('collector', then='heard')");
  CHECK_THAT(x.hear(), ContainsSubstring("outcome collector "));
  x.run("me.tree.child('c').send('third')");
  CHECK(x.hear() == "collected third");
}

} // namespace python_request_test
