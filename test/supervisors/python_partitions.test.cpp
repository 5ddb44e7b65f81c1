// Keys that Python code divides among children, as C++ does.

#include <pyactor/supervisors/partitions.hpp>
#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

namespace python_partitions_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::value;
using pyactor::test::any_context;
using pyactor::test::starter_world;

namespace {

constexpr auto trees = R"(
class Cache(pyactor.Actor):
    fails = False

    def __init__(self, number, folder="", size=0):
        if Cache.fails and number == 2:
            raise OSError("no room")
        self.number = number
        self.text = f"{number} in {folder!r} of {size}"
        self.items = []

    def add(self, item):
        self.items.append(item)

    def contents(self):
        return [self.number, *self.items]

    def describe(self):
        return self.text

    def crash(self):
        raise ValueError("crashed")

class Caches(pyactor.Supervisor):
    intensity = 5

    def children(self, count):
        return pyactor.partition_children(count, pyactor.Child(
            target=Cache, args=("tmp",), kwargs={"size": 3},
            restart="transient", shutdown=2.0))

class Yielding(pyactor.Supervisor):
    def children(self):
        yield pyactor.Child("other", Cache, args=(0,))
        yield from pyactor.partition_children(2, pyactor.Child(target=Cache))

class Store(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("caches", Caches, args=(4,))]

class Natives(pyactor.Supervisor):
    def children(self):
        return pyactor.partition_children(2, pyactor.Child(
            "some", pyactor.Native("numbered")))
)";

/// An actor that has started four caches.
struct cached_world : starter_world {
  explicit cached_world(pyactor::interpreter_kind kind
                        = pyactor::interpreter_kind::main)
    : starter_world(trees, kind) {
    run("me.caches = trees.Caches.start(4, then='heard').partitions(4)");
    CHECK(hear() == "outcome  0 None ");
  }

  /// @returns ids and what they do, in the order of the start
  std::string states() {
    return *get("' '.join(x['id'] + ':' + x['status'] for x in "
                "me.caches.tree.which_children())")
              .as_str();
  }
};

const std::string all_run = "0:running 1:running 2:running 3:running";

} // namespace

// -- declaring ----------------------------------------------------------------

TEST_CASE("partitions are declared with their numbers as ids and first "
          "arguments, and all else as their Child says",
          "[python_partitions]") {
  cached_world x{any_context()};
  CHECK(x.states() == all_run);
  for (auto* id : {"0", "3"}) {
    x.run("me.caches.tree.request('" + std::string{id}
          + "', 'describe', then='told')");
    CHECK_THAT(x.hear(), ContainsSubstring("'answer': \"" + std::string{id}
                                           + " in 'tmp' of 3\""));
    CHECK(x.get("[me.caches.tree.child_spec('" + std::string{id}
                + "')[name] for name in ('restart', 'shutdown')]")
          == value::list({"transient", 2.0}));
  }
}

TEST_CASE("partitions that C++ starts get their numbers, too",
          "[python_partitions]") {
  cached_world x;
  std::vector<pyactor::arguments> given;
  auto make
    = [&](const pyactor::arguments& args) -> pyactor::expected<start_fn> {
    given.push_back(args);
    return start_function([] { return caf::behavior{[](int) {}}; });
  };
  REQUIRE(x.natives->add("numbered", {make}));
  auto top = x.start("Natives");
  CHECK(given
        == std::vector<pyactor::arguments>{{.positional = {0}},
                                           {.positional = {1}}});
  CHECK(top.stop());
}

TEST_CASE("what is no partition is refused before it is declared",
          "[python_partitions]") {
  cached_world x;
  const std::string child = "pyactor.Child(target=trees.Cache";
  const std::pair<std::string, std::string> cases[] = {
    {"0, " + child + ")", "ValueError: partition_children: count must be an "
                          "int of at least 1, not 0"},
    {"True, " + child + ")", "TypeError: partition_children: count must be"},
    {"2, trees.Cache",
     "TypeError: partition_children: child must be a pyactor.Child, not "},
    {"2, " + child + ", restart='temporary')",
     "ValueError: partition_children: a partition must not be temporary"},
    {"2, " + child + ", args=5)",
     "ValueError: partition_children: args must be a tuple or list, not 5"},
    {"2, " + child + ", restrat=5)",
     "TypeError: partition_children: there is no field 'restrat', did you mean "
     "'restart'?"},
  };
  for (const auto& [args, said] : cases) {
    INFO(args);
    CHECK_THAT(x.refusal("pyactor.partition_children(" + args + ")"),
               ContainsSubstring(said));
  }
}

TEST_CASE("partitions under a supervisor that has one depend on another are "
          "refused by its name",
          "[python_partitions]") {
  cached_world x;
  const std::pair<std::string, std::string> cases[] = {
    {"strategy='one_for_all'",
     "strategy must be 'one_for_one' with partition_children, not "
     "'one_for_all'"},
    {"strategy='rest_for_one'", "strategy must be 'one_for_one' with"},
    {"strategy='simple_one_for_one'", "strategy must be 'one_for_one' with"},
    {"auto_shutdown='any_significant'",
     "auto_shutdown must be 'never' with partition_children, not "
     "'any_significant'"},
    {"auto_shutdown='all_significant'", "auto_shutdown must be 'never' with"},
  };
  for (const auto& [flag, said] : cases)
    for (auto* start :
         {"Caches,), flags).start(2)", "Yielding,), flags).start()"}) {
      INFO(flag << ' ' << start);
      CHECK_THAT(x.refusal("flags = dict(" + flag
                           + ")\n"
                             "type('T', (trees."
                           + start),
                 ContainsSubstring("ValueError: T: " + said));
    }
}

// -- dividing keys ------------------------------------------------------------

TEST_CASE("Python and C++ agree on who has a key", "[python_partitions]") {
  cached_world x{any_context()};
  auto group = as_partitions(x.get("me.caches.ref")).value();
  auto id_in_python = [&](const std::string& key) {
    return *x.get("me.caches.id_for(" + key + ")").as_str();
  };
  for (std::string key : {"a", "foobar", "", "user-17", "\xc3\xa9"}) {
    CHECK(id_in_python("'" + key + "'")
          == std::to_string(stable_hash(key) % 4));
    CHECK(id_in_python("'" + key + "'.encode()") == group.id_for(key));
  }
  CHECK(id_in_python("b'\\xff\\0'")
        == std::to_string(stable_hash({"\xff\0", 2}) % 4));
  for (int64_t key : {int64_t{0}, int64_t{1}, int64_t{17}, int64_t{-1},
                      std::numeric_limits<int64_t>::min(),
                      std::numeric_limits<int64_t>::max()}) {
    CHECK(id_in_python(std::to_string(key)) == group.id_for(key));
    CHECK(
      id_in_python(std::to_string(key))
      == std::to_string(stable_hash_of_number(static_cast<uint64_t>(key)) % 4));
  }
  for (uint64_t key : {uint64_t{1} << 63, (uint64_t{1} << 63) + 1,
                       std::numeric_limits<uint64_t>::max()})
    CHECK(id_in_python(std::to_string(key)) == group.id_for(key));
}

TEST_CASE("a key leads to the same child over its restarts",
          "[python_partitions]") {
  cached_world x{any_context()};
  x.run("me.alice = me.caches.child_for('alice')\n"
        "me.alice.send('add', 'book')");
  CHECK(x.get("me.alice == me.caches.tree.child(me.caches.id_for('alice'))")
        == value{true});
  auto contents = "me.caches.tree.request(me.caches.id_for('alice'), "
                  "'contents', then='told')";
  x.run(contents);
  auto number = std::to_string(stable_hash("alice") % 4);
  CHECK_THAT(x.hear(), ContainsSubstring("'answer': [" + number + ", 'book']"));
  x.run("me.caches.tree.cycle_child(me.caches.id_for('alice'), then='heard')");
  CHECK(x.hear() == "outcome " + number + " 5 None ");
  x.run(contents);
  CHECK_THAT(x.hear(), ContainsSubstring("'answer': [" + number + "]"));
}

TEST_CASE("what is no key is refused", "[python_partitions]") {
  cached_world x;
  const std::string must_be = "a partition: key must be a str, bytes or an int "
                              "of 64 bits, not ";
  for (auto* key : {"2**64", "-2**63 - 1", "1.5"})
    for (auto* function : {"id_for(", "child_for("})
      CHECK_THAT(x.refusal("me.caches." + std::string{function} + key + ")"),
                 ContainsSubstring("ValueError: " + must_be));
  for (auto* key : {"True", "None", "('a', 1)", "bytearray(b'a')"})
    CHECK_THAT(x.refusal("me.caches.id_for(" + std::string{key} + ")"),
               ContainsSubstring("TypeError: " + must_be));
  CHECK_THAT(x.refusal("me.caches.id_for('\\ud800')"),
             ContainsSubstring("lone surrogate"));
  CHECK_THAT(x.refusal("pyactor.Partitions(me.caches.tree.ref)"),
             ContainsSubstring("TypeError: a Partitions is wanted, not "));
  CHECK_THAT(x.refusal("me.caches.tree.partitions(0)"),
             ContainsSubstring("ValueError: partitions: count must be an int "
                               "of at least 1, not 0"));
}

// -- resize -------------------------------------------------------------------

TEST_CASE("an actor changes how many partitions there are in its own context, "
          "and hears when that is done",
          "[python_partitions]") {
  cached_world x{any_context()};
  CHECK(x.get("me.caches.size") == value{4});
  x.run("me.caches.resize(2, then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("me.caches.size") == value{2});
  CHECK(x.states() == "0:running 1:running 2:stopped 3:stopped");
  CHECK(x.get("me.caches.id_for('foobar')")
        == value{std::to_string(stable_hash("foobar") % 2)});
  x.run("me.caches.resize(0, then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("(me.caches.size, me.caches.id_for('foobar'), "
              "me.caches.child_for('foobar').alive)")
        == value::tuple({0, "0", false}));
  x.run("me.caches.resize(4, then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.states() == all_run);
}

TEST_CASE("resizes are carried out in the order in which they were asked for",
          "[python_partitions]") {
  cached_world x;
  x.run("for count in (1, 4, 0, 3, 4, 2):\n"
        "  me.caches.resize(count)\n"
        "me.caches.resize(3, then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("me.caches.size") == value{3});
  CHECK(x.states() == "0:running 1:running 2:running 3:stopped");
  CHECK(x.get("[x['starts'] for x in me.caches.tree.which_children()]")
        == value::list({2, 3, 4, 3}));
}

TEST_CASE("a resize that fails says why, and leaves what it could do",
          "[python_partitions]") {
  cached_world x;
  SECTION("there are never more than at first") {
    x.run("me.caches.resize(5, then='heard')");
    CHECK(x.hear()
          == "outcome  0 invalid_spec invalid_spec: no more than 4 partitions");
    CHECK(x.states() == all_run);
  }
  SECTION("one does not start") {
    x.run("trees.Cache.fails = True\n"
          "me.caches.resize(0)\n"
          "me.caches.resize(4, then='heard')");
    auto heard = x.hear();
    CHECK_THAT(heard, ContainsSubstring("outcome 2 0 start_failed "));
    CHECK_THAT(heard, ContainsSubstring("no room"));
    CHECK(x.get("me.caches.size") == value{2});
    x.run("trees.Cache.fails = False\n"
          "me.caches.resize(4, then='heard')");
    CHECK(x.hear() == "outcome  0 None ");
    CHECK(x.states() == all_run);
  }
  SECTION("the supervisor has ended") {
    x.run("me.caches.tree.stop(then='heard')");
    CHECK(x.hear() == "outcome  0 None ");
    x.run("me.caches.resize(1, then='heard')");
    CHECK_THAT(x.hear(), ContainsSubstring("outcome  0 supervisor_down "));
  }
  SECTION("it is no number") {
    CHECK_THAT(x.refusal("me.caches.resize(-1)"),
               ContainsSubstring("ValueError: resize: count must be an int of "
                                 "at least 0, not -1"));
    CHECK_THAT(x.refusal("me.caches.resize(1, then='_heard')"),
               ContainsSubstring("ValueError: an order: then must be"));
    CHECK(x.states() == all_run);
  }
}

TEST_CASE("all who share the ref of partitions know how many there are",
          "[python_partitions]") {
  cached_world x{any_context()};
  auto other = x.world.spawn(R"(
import pyactor

class Main(pyactor.Actor):
    def keep(self, ref):
        self.caches = pyactor.Partitions(ref)

    def size(self):
        return self.caches.size
)");
  auto ref = x.get("me.caches.ref");
  REQUIRE(x.world.call(other, "keep", ref));
  auto group = as_partitions(ref).value();
  CHECK(x.get("pyactor.Partitions(me.caches.ref) == me.caches") == value{true});
  SECTION("Python resizes") {
    x.run("me.caches.resize(3, then='heard')");
    CHECK(x.hear() == "outcome  0 None ");
  }
  SECTION("C++ resizes") {
    REQUIRE(group.resize(3));
  }
  CHECK(group.size() == 3);
  CHECK(x.get("me.caches.size") == value{3});
  CHECK(x.world.call(other, "size").value() == value{3});
}

TEST_CASE("Python divides keys among the partitions that C++ gives it",
          "[python_partitions]") {
  cached_world x;
  auto top = x.start("Caches", {.positional = {3}});
  auto group = partitions_of(top, 3);
  auto user = x.world.spawn(R"(
import pyactor

class Main(pyactor.Actor):
    def id_for(self, ref, key):
        return pyactor.Partitions(ref).id_for(key)
)");
  CHECK(x.world.call(user, "id_for", as_value(group), "foobar").value()
        == value{group.id_for("foobar")});
  CHECK_FALSE(as_partitions(as_value(top)));
  CHECK(top.stop());
}

TEST_CASE("partitions below another supervisor are divided over its restarts",
          "[python_partitions]") {
  cached_world x;
  x.run("me.store = trees.Store.start(then='heard')\n"
        "me.caches = me.store.below('caches').partitions(4)");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("me.caches.resize(1, then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.states() == "0:running 1:stopped 2:stopped 3:stopped");
  x.run("me.store.cycle_child('caches', then='heard')");
  CHECK(x.hear() == "outcome caches 2 None ");
  CHECK(x.get("me.caches.child_for('foobar').alive") == value{true});
  CHECK(x.get("repr(me.caches)")
        == value{"<Partitions <ActorRef partitions of supervisor 'caches'>>"});
}

} // namespace python_partitions_test
