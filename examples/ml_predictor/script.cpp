#include <pyactor/examples/ml_predictor/script.hpp>

#include <pyactor/cmake/data_folder.hpp>
#include <pyactor/examples/ml_predictor/failure.hpp>

#include <array>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ml_predictor {

namespace {

/// A file descriptor that closes itself.
class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_(fd) {
  }

  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  ~descriptor() {
    close();
  }

  [[nodiscard]] int get() const noexcept {
    return fd_;
  }

  void close() noexcept {
    if (fd_ >= 0)
      ::close(std::exchange(fd_, -1));
  }

private:
  int fd_;
};

/// How the child starts: with this as its output, with no signal blocked, and
/// out of reach of the terminal's Ctrl-C, which is ours to pass on.
class spawn_settings {
public:
  explicit spawn_settings(const descriptor& output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, output.get(), STDOUT_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }

  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;

  ~spawn_settings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  /// @throws failure
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& command) const {
    std::vector<char*> words;
    for (auto& word : command)
      words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_t result = 0;
    if (auto failed = posix_spawn(&result, words.front(), &actions_,
                                  &attributes_, words.data(), environ))
      throw failure{"cannot run " + command.front() + ": "
                    + std::strerror(failed)};
    return result;
  }

private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::string read_all(const descriptor& from) {
  std::string result;
  std::array<char, 65536> buffer;
  for (;;) {
    auto count = ::read(from.get(), buffer.data(), buffer.size());
    if (count > 0)
      result.append(buffer.data(), static_cast<size_t>(count));
    else if (count == 0 || errno != EINTR)
      return result;
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

/// Until it has a process group of its own, a child hears Ctrl-C by itself, and
/// maybe before us.
bool was_interrupted(int status) {
  return WIFSIGNALED(status)
         && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM);
}

} // namespace

std::string script_path(const std::string& name) {
  return std::string{pyactor::data_folder()} + '/' + name;
}

std::string run_script(const std::string& venv, const std::string& name,
                       const std::vector<std::string>& arguments,
                       const std::stop_token& stop) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw failure{std::string{"cannot make a pipe: "} + std::strerror(errno)};
  descriptor source{ends[0]};
  descriptor sink{ends[1]};
  std::vector<std::string> command{venv + "/bin/python", "-E", "-s", "-B",
                                   script_path(name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto child = spawn_settings{sink}.spawn(command);
  sink.close();
  std::string output;
  {
    std::stop_callback on_stop{stop, [child] { kill(child, SIGTERM); }};
    output = read_all(source);
  }
  auto status = wait_for(child);
  if (stop.stop_requested() || was_interrupted(status))
    throw interrupted{};
  // A script that exits with 1 has told the user why.
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
    throw failure{""};
  if (status != 0)
    throw failure{name + " ended with wait status " + std::to_string(status)};
  return output;
}

} // namespace ml_predictor
