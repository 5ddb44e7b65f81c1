#include <pyactor/test/support/module_folder.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

namespace text_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Collects what the process writes to a file descriptor.
class captured {
public:
  explicit captured(int fd) : fd_(fd), before_(dup(fd)), file_(tmpfile()) {
    std::fflush(nullptr);
    dup2(fileno(file_), fd_);
  }

  captured(const captured&) = delete;
  captured& operator=(const captured&) = delete;

  ~captured() {
    restore();
    std::fclose(file_);
  }

  /// Ends the collection.
  std::string text() {
    restore();
    return so_far();
  }

  [[nodiscard]] std::string so_far() const {
    std::string result;
    char block[256];
    for (ssize_t n = 0; (n = pread(fileno(file_), block, sizeof(block),
                                   static_cast<off_t>(result.size())))
                        > 0;)
      result.append(block, static_cast<size_t>(n));
    return result;
  }

private:
  void restore() {
    if (before_ < 0)
      return;
    std::fflush(nullptr);
    dup2(before_, fd_);
    close(std::exchange(before_, -1));
  }

  int fd_;
  int before_;
  std::FILE* file_;
};

/// Of two, three and four bytes in UTF-8.
constexpr auto words = "añb ∀ 🐍";

constexpr auto crashing = R"(
import pyactor

class Main(pyactor.Actor):
    def crash(self):
        raise RuntimeError("on purpose")
)";

} // namespace

TEST_CASE("print goes to where the process prints, in any script", "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  captured out{STDOUT_FILENO};
  {
    runtime_world world{one_pool(kind)};
    REQUIRE(
      world.ask(world.server(), exec{"print('" + std::string{words} + "')"}));
  }
  CHECK(out.text() == std::string{words} + "\n");
}

TEST_CASE("what an actor printed is out soon after its end", "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  captured out{STDOUT_FILENO};
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn("import pyactor\n"
                           "class Main(pyactor.Actor):\n"
                           "    def speak(self):\n"
                           "        print('last words')\n");
  REQUIRE(world.call(actor, "speak"));
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  CHECK(world.eventually([&] { return out.so_far() == "last words\n"; }));
}

TEST_CASE("warnings go to where the process complains, in any script",
          "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  captured out{STDOUT_FILENO};
  captured complaints{STDERR_FILENO};
  {
    runtime_world world{one_pool(kind)};
    REQUIRE(world.ask(world.server(), exec{"import warnings\nwarnings.warn('"
                                           + std::string{words} + "')"}));
  }
  CHECK(complaints.text().find("UserWarning: " + std::string{words})
        != std::string::npos);
  CHECK(out.text().empty());
}

TEST_CASE("nothing is printed that nobody asked for", "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  captured out{STDOUT_FILENO};
  captured complaints{STDERR_FILENO};
  {
    runtime_world world{one_pool(kind, 2)};
    auto actor = world.spawn(crashing);
    CHECK_FALSE(world.call(actor, "crash"));
    world.await_exit(actor);
    CHECK_FALSE(world.call(actor, "crash"));
    auto failing = world.spawn("import pyactor\n"
                               "class Main(pyactor.Actor):\n"
                               "    def __init__(self):\n"
                               "        raise ValueError\n");
    world.await_exit(failing);
    auto throwing = world.python().spawn_function({}, [](python_actor*) {
      return caf::behavior{
        [](int64_t) -> int64_t { throw std::runtime_error{"on purpose"}; }};
    });
    CHECK_FALSE(world.ask<int64_t>(throwing, int64_t{1}));
    CHECK_FALSE(world.ask<value>(world.server(), std::string{"unexpected"}));
    CHECK_FALSE(world.ask(world.server(), eval{"1 / 0"}));
    CHECK(world.python().stop(patience).complete());
  }
  CHECK(complaints.text().empty());
  CHECK(out.text().empty());
}

TEST_CASE("source and names may be of any script", "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto server = world.server();
  REQUIRE(world.ask(server, exec{"größe = '" + std::string{words}
                                 + "'\n"
                                   "def fünf(x): return [größe, x]\n"}));
  CHECK(world.ask(server, eval{"größe"}) == words);
  CHECK(world.ask(server, eval{"len(größe)"}) == 7);
  CHECK(
    world.ask(server, call{.function = "fünf", .args = {.positional = {words}}})
    == value::list({words, words}));
  auto actor = world.spawn("import pyactor\n"
                           "class Main(pyactor.Actor):\n"
                           "    def größe(self, *, länge):\n"
                           "        return länge * 2\n");
  CHECK(world.ask(
          actor, call{.function = "größe", .args = {.keyword = {{"länge", 4}}}})
        == 8);
}

TEST_CASE("tracebacks show file names and lines of any script", "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto failed = world.ask(world.server(),
                          exec{"x = '∀🐍'\nraise ValueError(x)\n", "añb.py"});
  REQUIRE_FALSE(failed);
  auto& why = failed.error();
  CHECK(why.message == "∀🐍");
  CHECK(why.traceback.find("File \"añb.py\", line 2") != std::string::npos);
  auto bad = world.ask(world.server(), exec{"añb = = 1\n", "añb.py"});
  REQUIRE_FALSE(bad);
  CHECK((bad.error().message + bad.error().traceback).find("añb = = 1")
        != std::string::npos);
}

TEST_CASE("files and modules may have names of any script", "[text]") {
  auto kind = GENERATE(from_range(kinds()));
  module_folder folder;
  folder.add("größen", "länge = '∀🐍'\n");
  auto options = one_pool(kind);
  options.python.search_paths = {folder.path()};
  runtime_world world{options};
  auto server = world.server();
  CHECK(world.ask(server, eval{"__import__('größen').länge"}) == "∀🐍");
  auto name = folder.path() + "/∀🐍.txt";
  REQUIRE(world.ask(
    server, exec{"with open('" + name + "', 'w') as f: f.write('añb')"}));
  std::ifstream in{name};
  CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == "añb");
  CHECK(world.ask(server, eval{"'∀🐍.txt' in __import__('os').listdir('"
                               + folder.path() + "')"})
        == true);
}

} // namespace text_test
