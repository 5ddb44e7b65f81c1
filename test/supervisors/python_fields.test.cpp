// What the fields of trees that Python declares become, and do.

#include <pyactor/supervisors/child_names.hpp>
#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <atomic>
#include <vector>

namespace python_fields_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using pyactor::test::any_context;
using pyactor::test::python_tree_world;

namespace {

constexpr auto all_fields = R"(
import math

class All(pyactor.Supervisor):
    strategy = "one_for_all"
    intensity = 7
    period = 2.5
    auto_shutdown = "all_significant"
    min_retry_delay = 0.5
    stop_order = "newest_first"
    on_limit = "stop_child"
    max_zombies = 2
    give_up_is_failure = False
    throttle = pyactor.Throttle(4, restarts_per_second=2.5, restart_burst=7)

    def children(self):
        probe = pyactor.Probe("ready", args=(1,), period=0.25, timeout=0.5,
                              initial_delay=1, failure_threshold=4)
        return [
            pyactor.Child(
                "c", Counter, restart="transient", significant=True, shutdown=3,
                kill_grace=0.25, start_timeout=math.inf, max_handler_time=1.5,
                while_down=pyactor.Buffer(9, ttl=2), register_as="first", tags=["gpu", "v2"], limit=pyactor.Limit(2, period=9),
                max_total_restarts=8, poison_threshold=3, startup=probe, liveness=probe,
                readiness=probe,
                backoff=pyactor.Backoff(1, max=2, factor=3, jitter=0.5,
                                        reset_after=4)),
            pyactor.Child("k", Counter, restart="temporary", shutdown="kill",
                          while_down=pyactor.Buffer(ttl=math.inf)),
            pyactor.Child("i", Counter, shutdown=math.inf, start_timeout=0.5,
                          kill_grace=2),
            pyactor.Child("d", Counter, kill_grace=0,
                          isolation="subinterpreter"),
            pyactor.Child("z", Counter, shutdown=0)]

class Defaults(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter), pyactor.Child("below", Empty),
                pyactor.Child("graceful", Empty, kill_grace=4)]

class Empty(pyactor.Supervisor):
    def children(self):
        return []
)";

} // namespace

TEST_CASE("every field of a declared child reaches its spec",
          "[python_fields]") {
  python_tree_world x{all_fields};
  auto tree = declare_tree(x.world.python(), "trees:All").value();
  CHECK(tree.flags.strategy == restart_strategy::one_for_all);
  CHECK(tree.flags.intensity == 7);
  CHECK(tree.flags.period == 2500ms);
  CHECK(tree.flags.auto_shutdown == auto_shutdown::all_significant);
  CHECK(tree.flags.min_retry_delay == 500ms);
  CHECK(tree.flags.stop_order == stop_order::newest_first);
  CHECK(std::get<escalation>(tree.flags.on_limit) == escalation::stop_child);
  CHECK(tree.flags.max_zombies == 2);
  CHECK_FALSE(tree.flags.exits.give_up_is_failure);
  CHECK(tree.flags.throttle);
  REQUIRE(tree.specs.size() == 5);
  const auto& c = tree.specs[0];
  CHECK(c.restart == restart_type::transient);
  CHECK(c.significant);
  CHECK(c.shutdown == stop_policy{.timeout = 3s, .kill_grace = 250ms});
  CHECK(c.max_handler_time == 1500ms);
  CHECK(c.while_down == while_down{buffer{.capacity = 9, .ttl = 2s}});
  CHECK(c.register_as == "first");
  CHECK(c.tags == std::vector<std::string>{"gpu", "v2"});
  CHECK(c.start_timeout == forever);
  CHECK(c.limit == restart_limit{.intensity = 2, .period = 9s});
  CHECK(c.max_total_restarts == 8);
  CHECK(c.poison_threshold == 3);
  CHECK(
    c.backoff
    == restart_backoff{
      .initial = 1s, .max = 2s, .factor = 3, .jitter = 0.5, .reset_after = 4s});
  for (const auto& asked : {c.startup, c.liveness, c.readiness}) {
    REQUIRE(asked);
    CHECK(asked->period == 250ms);
    CHECK(asked->timeout == 500ms);
    CHECK(asked->initial_delay == 1s);
    CHECK(asked->failure_threshold == 4);
    CHECK(asked->success_threshold == 1);
  }
  CHECK(tree.specs[1].restart == restart_type::temporary);
  CHECK(tree.specs[1].shutdown->mode == stop_mode::brutal_kill);
  CHECK(tree.specs[1].while_down == while_down{buffer{.ttl = forever}});
  CHECK(tree.specs[2].restart == restart_type::permanent);
  CHECK(tree.specs[2].shutdown
        == stop_policy{.mode = stop_mode::infinity, .kill_grace = 2s});
  CHECK(tree.specs[2].start_timeout == 500ms);
  CHECK(tree.specs[2].isolation == isolation::instance);
  CHECK(tree.specs[3].shutdown == stop_policy{.kill_grace = 0s});
  CHECK(tree.specs[3].isolation == isolation::subinterpreter);
  CHECK(tree.specs[4].shutdown == stop_policy{.timeout = 0s});
}

TEST_CASE("what a declared tree does not give is as C++ has it",
          "[python_fields]") {
  python_tree_world x{all_fields};
  auto tree = declare_tree(x.world.python(), "trees:Defaults").value();
  const supervisor_flags flags;
  CHECK(tree.flags.intensity == flags.intensity);
  CHECK(tree.flags.period == flags.period);
  CHECK(std::get<escalation>(tree.flags.on_limit)
        == std::get<escalation>(flags.on_limit));
  CHECK(tree.flags.min_retry_delay == flags.min_retry_delay);
  CHECK(tree.flags.stop_order == flags.stop_order);
  CHECK(tree.flags.max_children == flags.max_children);
  CHECK(tree.flags.max_zombies == flags.max_zombies);
  CHECK_FALSE(tree.flags.throttle);
  CHECK(tree.flags.exits.give_up_is_failure);
  REQUIRE(tree.specs.size() == 3);
  for (auto i : {0, 1}) {
    const child_spec none{.type = tree.specs[i].type};
    CHECK(tree.specs[i].restart == none.restart);
    CHECK(tree.specs[i].shutdown == none.shutdown);
    CHECK(tree.specs[i].start_timeout == none.start_timeout);
    CHECK(tree.specs[i].max_handler_time == none.max_handler_time);
    CHECK_FALSE(tree.specs[i].classify);
    CHECK(tree.specs[i].while_down == none.while_down);
    CHECK(tree.specs[i].register_as.empty());
    CHECK(tree.specs[i].isolation == none.isolation);
  }
  // A supervisor is waited for, whatever else is given.
  CHECK(tree.specs[2].shutdown
        == stop_policy{.mode = stop_mode::infinity, .kill_grace = 4s});
}

TEST_CASE("the nearest type that a child classifies says what an exception "
          "means",
          "[python_fields]") {
  python_tree_world x{R"(
class Classified(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, classify={
            Exception: "shutdown", OSError: "fatal",
            FileNotFoundError: "normal", ArithmeticError: "abnormal"})]
)"};
  auto tree = declare_tree(x.world.python(), "trees:Classified").value();
  const auto& classify = tree.specs.at(0).classify;
  auto class_of = [&](std::string type, std::vector<std::string> bases) {
    exit_info how{.kind = exit_kind::error, .cls = exit_class::abnormal};
    how.exception = exception_info{std::move(type), std::move(bases)};
    return classify(how);
  };
  const std::string root = "builtins.BaseException";
  const std::string all = "builtins.Exception";
  CHECK(class_of("builtins.FileNotFoundError", {"builtins.OSError", all, root})
        == exit_class::normal);
  CHECK(class_of("builtins.PermissionError", {"builtins.OSError", all, root})
        == exit_class::fatal);
  CHECK(class_of("builtins.ZeroDivisionError",
                 {"builtins.ArithmeticError", all, root})
        == exit_class::abnormal);
  CHECK(class_of("model.Bad", {all, root}) == exit_class::shutdown);
  CHECK(class_of("builtins.KeyboardInterrupt", {root}) == exit_class::abnormal);
  CHECK(classify({.cls = exit_class::normal}) == exit_class::normal);
}

TEST_CASE("where no type of an exception is listed, its nearest cause that is "
          "says what it means",
          "[python_fields]") {
  python_tree_world x{R"(
class Classified(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, classify={
            OSError: "fatal", KeyError: "normal"})]
)"};
  auto tree = declare_tree(x.world.python(), "trees:Classified").value();
  const auto& classify = tree.specs.at(0).classify;
  const std::string root = "builtins.BaseException";
  const std::string all = "builtins.Exception";
  const exception_info no_file{.type = "builtins.FileNotFoundError",
                               .bases = {"builtins.OSError", all, root}};
  const exception_info no_key{.type = "builtins.KeyError",
                              .bases = {"builtins.LookupError", all, root}};
  const exception_info other{.type = "model.Bad", .bases = {all, root}};
  auto class_of = [&](exception_info what, std::vector<exception_info> causes) {
    exit_info how{.kind = exit_kind::error, .cls = exit_class::abnormal};
    what.causes = std::move(causes);
    how.exception = std::move(what);
    return classify(how);
  };
  CHECK(class_of(other, {no_file}) == exit_class::fatal);
  CHECK(class_of(other, {other, no_file}) == exit_class::fatal);
  CHECK(class_of(other, {no_key, no_file}) == exit_class::normal);
  CHECK(class_of(no_key, {no_file}) == exit_class::normal);
  CHECK(class_of(other, {other}) == exit_class::abnormal);
  for (auto* said : {"builtins.SystemExit", "pyactor.Interrupted"})
    CHECK(class_of({.type = said, .bases = {root}}, {no_file})
          == exit_class::abnormal);
}

TEST_CASE("a child ends for good by what followed from an exception that is "
          "fatal, unless that was hidden",
          "[python_fields]") {
  python_tree_world x{R"(
class Loader(pyactor.Actor):
    def __init__(self, cause):
        pyactor.send("test", "started")
        self.cause = cause

    def load(self):
        try:
            raise FileNotFoundError("model")
        except FileNotFoundError as e:
            if self.cause == "explicit":
                raise RuntimeError("x") from e
            if self.cause == "hidden":
                raise RuntimeError("x") from None
            raise RuntimeError("x")

class Loaders(pyactor.Supervisor):
    def children(self):
        for cause in "explicit", "implicit", "hidden":
            yield pyactor.Child(cause, Loader, args=(cause,),
                                classify={OSError: "fatal"})
)",
                      any_context()};
  auto top = x.start("Loaders");
  for (auto* id : {"explicit", "implicit", "hidden"})
    caf::anon_send(top.child(id).current().value(),
                   pyactor::runtime::call{"load"});
  REQUIRE(x.world.eventually([&] {
    return top.child("explicit").status() == child_status::stopped
           && top.child("implicit").status() == child_status::stopped
           && top.child("hidden").incarnation() == 4;
  }));
  CHECK(top.which_child("explicit")->given_up);
  CHECK(top.which_child("implicit")->given_up);
  CHECK(top.stop());
}

TEST_CASE("a child ends for good by an exception that is fatal, and comes back "
          "after others",
          "[python_fields]") {
  python_tree_world x{R"(
class Fatal(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, classify={ArithmeticError: "fatal",
                                                      ValueError: "abnormal"}),
                pyactor.Child("d", Counter, classify={ValueError: "fatal"})]
)"};
  auto top = x.start("Fatal");
  for (auto* id : {"c", "d"})
    caf::anon_send(top.child(id).current().value(),
                   pyactor::runtime::call{"crash"});
  REQUIRE(x.world.eventually([&] {
    return top.child("d").status() == child_status::stopped
           && top.child("c").incarnation() == 3;
  }));
  CHECK(top.which_children()->at(0).given_up);
  CHECK(top.stop());
}

TEST_CASE("supervisors share the limits on starts of one Throttle, also over a "
          "new declaration",
          "[python_fields]") {
  python_tree_world x{R"(
shared = pyactor.Throttle(max_concurrent_starts=1)

class One(pyactor.Supervisor):
    throttle = shared
    def children(self): return []

class Two(One):
    pass

class Other(One):
    throttle = pyactor.Throttle(max_concurrent_starts=1)
)"};
  auto limits_of = [&](const std::string& target) {
    return declare_tree(x.world.python(), "trees:" + target)
      .value()
      .flags.throttle.state();
  };
  auto one = limits_of("One");
  REQUIRE(one);
  CHECK(limits_of("One") == one);
  CHECK(limits_of("Two") == one);
  CHECK(limits_of("Other") != one);
}

TEST_CASE("a Throttle has the limits that it is given, others as in C++",
          "[python_fields]") {
  python_tree_world x{R"(
class Base(pyactor.Supervisor):
    def children(self): return []

class Given(Base):
    throttle = pyactor.Throttle(3, restarts_per_second=2.5, restart_burst=7)

class Defaults(Base):
    throttle = pyactor.Throttle()

class Unlimited(Base):
    throttle = pyactor.Throttle(None)
)"};
  auto limits_of = [&](const std::string& target) {
    auto tree = declare_tree(x.world.python(), "trees:" + target);
    return tree.value().flags.throttle.limits();
  };
  CHECK(limits_of("Given") == start_limits{3, 2.5, 7});
  CHECK(limits_of("Defaults") == start_limits{});
  CHECK(limits_of("Unlimited") == start_limits{std::nullopt});
}

TEST_CASE("a tree starts no more children at a time than its Throttle says",
          "[python_fields]") {
  python_tree_world x{R"(
class Slowly(pyactor.Supervisor):
    throttle = pyactor.Throttle(max_concurrent_starts=1)
    intensity = 9

    def children(self):
        return [pyactor.Child(f"c{i}", pyactor.Native("slow"))
                for i in range(2)]
)"};
  // Says that it is ready when it is told to.
  std::atomic<int> begun = 0;
  std::vector<init_ack> acks(9);
  auto slow = [&](const start_context& context) -> start_result {
    acks.at(begun) = context.ack();
    ++begun;
    return context.spawn(
      [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  };
  REQUIRE(x.natives->add("slow", slow));
  auto declared = declare_tree(x.world.python(), "trees:Slowly").value();
  auto top = spawn_supervisor(x.world.system(), declared.flags, declared.specs);
  REQUIRE(top);
  auto await_starts
    = [&](int n) { return x.world.eventually([&] { return begun == n; }); };
  for (auto i : {0, 1}) {
    REQUIRE(await_starts(i + 1));
    acks[i]();
  }
  REQUIRE(top->await_start());
  for (auto* id : {"c0", "c1"})
    caf::anon_send_exit(top->child(id).current().value(),
                        caf::exit_reason::kill);
  REQUIRE(
    x.world.eventually([&] { return declared.flags.throttle.waiting() == 1; }));
  CHECK(begun == 3);
  acks[2]();
  REQUIRE(await_starts(4));
  acks[3]();
  CHECK(top->stop());
}

TEST_CASE("a call of a declared child that takes longer than its "
          "max_handler_time is interrupted",
          "[python_fields]") {
  python_tree_world x{R"(
class Busy(pyactor.Actor):
    max_handler_time = 10_000_000

    def spin(self):
        while True:
            pass

class Limited(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("busy", Busy, max_handler_time=0.05,
                              classify={pyactor.Interrupted: "fatal"})]
)",
                      any_context()};
  auto top = x.start("Limited");
  caf::anon_send(top.child("busy").current().value(),
                 pyactor::runtime::call{"spin"});
  REQUIRE(x.world.eventually(
    [&] { return top.child("busy").status() == child_status::stopped; }));
  auto seen = top.which_children()->at(0);
  CHECK(seen.given_up);
  CHECK(seen.last_exit->kind == exit_kind::hung);
  CHECK(top.stop());
}

TEST_CASE("on_limit of a declared supervisor says what follows too many "
          "restarts",
          "[python_fields]") {
  python_tree_world x{R"(
class Lenient(pyactor.Supervisor):
    intensity = 0
    on_limit = "stop_child"

    def children(self):
        return [pyactor.Child("c", Counter), pyactor.Child("d", Counter)]
)"};
  auto top = x.start("Lenient");
  caf::anon_send(top.child("c").current().value(),
                 pyactor::runtime::call{"crash"});
  REQUIRE(x.world.eventually(
    [&] { return top.child("c").status() == child_status::stopped; }));
  CHECK(top.child("d").status() == child_status::running);
  CHECK(top.stop());
}

TEST_CASE("C++ finds a declared child by its name", "[python_fields]") {
  python_tree_world x{R"(
class Named(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, register_as="counter")]
)"};
  auto top = x.start("Named");
  auto found = whereis(x.world.system(), "counter");
  REQUIRE(found);
  CHECK(found->identity() == top.child("c").identity());
  CHECK(top.stop());
}

} // namespace python_fields_test
