// Children on the thread of a context, in real time.

#include <pyactor/supervisors/python_child.hpp>

#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/supervisors/events.hpp>
#include <pyactor/test/supervisors/otp_world.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace python_child_test {

using namespace pyactor::supervisors;
using pyactor::runtime::exec;
using pyactor::runtime::python_actor;
using pyactor::test::patience;
using pyactor::test::runtime_world;

namespace {

/// A request that is not answered: the child keeps the promise.
struct ask_later {};

} // namespace

} // namespace python_child_test

PYACTOR_LOCAL_MESSAGE(python_child_test::ask_later)

namespace python_child_test {

namespace {

class keeper : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    return {
      [this](ask_later) {
        kept_.push_back(make_promise<int64_t>());
        return kept_.back().later();
      },
      [this](const exec& request) {
        python().exec(request.code);
        return int64_t{0};
      },
    };
  }

private:
  std::vector<pyactor::runtime::promise<int64_t>> kept_;
};

using response = decltype(std::declval<const child_ref&>().request(
  std::declval<caf::scoped_actor&>(), patience, ask_later{}));

/// A supervised child that owes its client two answers.
struct owing_child {
  owing_child() {
    for (int i = 0; i < 2; ++i)
      owed.push_back(ref.request(world.client(), patience, ask_later{}));
    // By the time of this answer the child has taken both promises.
    CHECK_FALSE(ask("owed = 2"));
  }

  /// Runs `code` in the child and awaits the outcome.
  /// @returns none for an answer
  caf::error ask(std::string code) {
    return outcome(
      ref.request(world.client(), patience, exec{std::move(code)}));
  }

  static caf::error outcome(response what) {
    caf::error result;
    std::move(what).receive([](int64_t) {},
                            [&](const caf::error& why) { result = why; });
    return result;
  }

  runtime_world world;
  supervisor_ref supervisor
    = start_supervisor(
        world.system(), {},
        {{.id = "keeper", .start = start_pinned<keeper>(world.python(), {})}})
        .value();
  child_ref ref = supervisor.child("keeper");
  std::vector<response> owed;
};

} // namespace

TEST_CASE("each request that a pinned child owes an answer when it is told to "
          "end fails once with child_down",
          "[python_child]") {
  owing_child x;
  SECTION("by a kill") {
    caf::anon_send_exit(x.ref.current().value(), caf::exit_reason::kill);
  }
  SECTION("by being terminated") {
    CHECK(x.supervisor.terminate_child("keeper"));
  }
  SECTION("by being reset") {
    CHECK(x.supervisor.cycle_child("keeper")->incarnation == 2);
  }
  for (auto& what : x.owed) {
    auto why = child_down::from_error(owing_child::outcome(std::move(what)));
    REQUIRE(why);
    CHECK(why->incarnation == 1);
  }
  CHECK(x.supervisor.stop());
  CHECK_FALSE(x.world.client()->has_next_message());
}

TEST_CASE("each request that a pinned child owes an answer when it crashes "
          "fails once, with the error that ended it",
          "[python_child]") {
  owing_child x;
  auto raised = x.ask("raise ValueError('crashed')");
  CHECK(pyactor::runtime::is_error(raised, pyactor::errc::python_exception));
  SECTION("seen at once") {
  }
  SECTION("seen when all is over") {
    CHECK(x.supervisor.stop());
  }
  for (auto& what : x.owed)
    CHECK(owing_child::outcome(std::move(what)) == raised);
  CHECK(x.supervisor.stop());
  CHECK_FALSE(x.world.client()->has_next_message());
}

TEST_CASE("a pinned child says in which context it is", "[python_child]") {
  runtime_world world{
    pyactor::test::one_pool(pyactor::interpreter_kind::main, 2)};
  auto supervisor
    = start_supervisor(world.system(), {},
                       {{.id = "keeper",
                         .start = start_pinned<keeper>(
                           world.python(), {.pool = "default", .index = 1})}})
        .value();
  CHECK(supervisor.which_children()->at(0).context == "default/1");
  CHECK(supervisor.stop());
}

namespace {

/// @returns how a permanent Python actor ends whose method runs `code`, if it
///          is judged by `classify`
exit_info end_of(const std::string& code, classify_fn classify = {}) {
  runtime_world world;
  event_stream news;
  constexpr auto text = "import pyactor\n"
                        "class Main(pyactor.Actor):\n"
                        "  def run(self, code): exec(code, globals())\n";
  auto start = start_python(world.python(),
                            pyactor::actor_class::from_source(text, "Main"));
  auto supervisor
    = start_supervisor(
        world.system(), {.events = news},
        {{.id = "c", .start = start, .classify = std::move(classify)}})
        .value();
  caf::anon_send(supervisor.child("c").current().value(),
                 runtime_world::make_call("run", code));
  auto ended = await_event(news, supervision_event::kind::exited);
  REQUIRE(ended);
  CHECK(supervisor.stop());
  return *ended->exit;
}

} // namespace

TEST_CASE("each request has a Python actor of its own, with its own arguments",
          "[python_child]") {
  runtime_world world;
  auto job = pyactor::actor_class::from_source("import pyactor\n"
                                               "class Job(pyactor.Actor):\n"
                                               "  def __init__(self, number):\n"
                                               "    self.number = number\n"
                                               "  def run(self):\n"
                                               "    return 10 * self.number\n",
                                               "Job");
  auto start = [&](const pyactor::value& number) {
    return start_python(world.python(), job, {.positional = {number}});
  };
  auto jobs
    = start_supervisor(
        world.system(),
        {.strategy = restart_strategy::simple_one_for_one, .max_children = 2},
        {{.id = "job",
          .start = with_arguments<pyactor::value>(start),
          .restart = restart_type::temporary}})
        .value();
  for (int number : {1, 2, 3}) {
    auto one = jobs.start_child_with(caf::make_message(pyactor::value{number}));
    REQUIRE(one);
    jobs.child(one->id)
      .request(world.client(), patience, pyactor::runtime::call{"run"})
      .receive(
        [&](const pyactor::value& answer) {
          CHECK(answer == pyactor::value{10 * number});
        },
        [](const caf::error& why) { FAIL(caf::to_string(why)); });
    CHECK(jobs.terminate_child(one->id));
  }
  CHECK(jobs.count_children() == child_counts{1, 0, 0, 0});
  auto raised = jobs.start_child_with(caf::make_message(pyactor::value{}, 1));
  CHECK(raised.error().code == sup_errc::start_failed);
  CHECK(jobs.stop());
}

TEST_CASE("the end of a Python actor tells the type of what it raised, its "
          "bases and its causes",
          "[python_child]") {
  auto how = end_of("try: {}['k']\n"
                    "except KeyError as e:\n"
                    "  raise ConnectionError('gone') from e\n",
                    [](const exit_info& exit) {
                      return exit.exception->is_a("builtins.OSError")
                               ? exit_class::fatal
                               : exit.cls;
                    });
  CHECK(how.cls == exit_class::fatal);
  REQUIRE(how.exception);
  CHECK(how.exception->type == "builtins.ConnectionError");
  CHECK(how.exception->is_a("builtins.OSError"));
  REQUIRE(how.exception->causes.size() == 1);
  CHECK(how.exception->causes[0].type == "builtins.KeyError");
  CHECK(how.exception->causes[0].is_a("builtins.LookupError"));
}

TEST_CASE("a Python actor ends normally by sys.exit(), and abnormally by a "
          "code or KeyboardInterrupt",
          "[python_child]") {
  CHECK(end_of("import sys; sys.exit()").cls == exit_class::normal);
  CHECK(end_of("import sys; sys.exit(0)").cls == exit_class::normal);
  CHECK(end_of("import sys; sys.exit(3)").cls == exit_class::abnormal);
  CHECK(end_of("raise KeyboardInterrupt").cls == exit_class::abnormal);
}

TEST_CASE("a Python actor whose __init__ raises StartIgnored has nothing to "
          "start until somebody orders it again",
          "[python_child]") {
  runtime_world world;
  constexpr auto source = "import pyactor\n"
                          "class Main(pyactor.Actor):\n"
                          "    def __init__(self):\n"
                          "        if pyactor.whereis('model') is None:\n"
                          "            raise pyactor.StartIgnored\n";
  auto start = start_python(world.python(),
                            pyactor::actor_class::from_source(source, "Main"));
  auto top
    = start_supervisor(
        world.system(), {},
        {{.id = "idle", .start = start},
         {.id = "once", .start = start, .restart = restart_type::temporary},
         {.id = "killed",
          .start = start,
          .shutdown = stop_policy{stop_mode::brutal_kill}}})
        .value();
  CHECK(top.count_children() == child_counts{2, 0, 0, 2});
  CHECK(top.restart_child("idle")->incarnation == 0);
  CHECK(top.statistics()->shutdown_errors == 0);
  CHECK(top.statistics()->kills == 0);
  REQUIRE(world.python().register_name(
    "model", caf::actor_cast<caf::actor>(world.client())));
  CHECK(top.restart_child("idle")->incarnation == 5);
  CHECK(top.count_children() == child_counts{2, 1, 0, 2});
}

TEST_CASE("a pinned actor whose make_behavior throws start_ignored has nothing "
          "to start",
          "[python_child]") {
  class idle : public python_actor {
  public:
    using python_actor::python_actor;

    caf::behavior make_behavior() override {
      python().exec("tried = True");
      throw start_ignored{};
    }
  };

  runtime_world world;
  auto top
    = start_supervisor(
        world.system(), {},
        {{.id = "idle", .start = start_pinned<idle>(world.python(), {})}})
        .value();
  CHECK(top.count_children() == child_counts{1, 0, 0, 1});
  CHECK(top.restart_child("idle")->incarnation == 0);
  CHECK(top.statistics()->shutdown_errors == 0);
  CHECK(world.await_environments(0));
}

TEST_CASE("faulty_application_shutdown: a tree that cannot start names the "
          "child below, and what Python said",
          "[python_child]") {
  runtime_world world;
  constexpr auto broken = "import pyactor\n"
                          "class Main(pyactor.Actor):\n"
                          "    def __init__(self):\n"
                          "        no_such_function()\n";
  child_spec child{
    .id = "inner",
    .start = start_python(world.python(),
                          pyactor::actor_class::from_source(broken, "Main"))};
  child_spec sub{.id = "sub",
                 .start
                 = supervise(as_otp(supervisor_flags{}), {as_otp(child)}),
                 .type = child_type::supervisor};
  auto tree = start_supervisor(world.system(), as_otp(supervisor_flags{}),
                               {as_otp(sub)});
  REQUIRE_FALSE(tree);
  CHECK(tree.error().code == sup_errc::failed_to_start_child);
  CHECK(tree.error().id == "sub");
  auto text = to_string(tree.error());
  CAPTURE(text);
  CHECK(text.find("'inner'") != std::string::npos);
  CHECK(text.find("NameError: name 'no_such_function' is not defined")
        != std::string::npos);
  CHECK(text.find("line 4, in __init__") != std::string::npos);
}

} // namespace python_child_test
