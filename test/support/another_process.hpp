#pragma once

#include <csignal>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pyactor::test {

/// What has become of a process, and what it has said on stderr.
struct process_end {
  [[nodiscard]] bool exited_with(int code) const {
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
  }

  [[nodiscard]] bool aborted() const {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  }

  /// As `waitpid` has it.
  int status = 0;
  std::string said;
};

/// Runs `what` in a process of its own, which then exits with 0.
/// @pre there are no other threads
template <class F>
process_end in_another_process(F what) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0)
    return {-1, {}};
  auto child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL); // Catch2 handles it
    rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(ends[1], STDERR_FILENO);
    what();
    _exit(0);
  }
  close(ends[1]);
  process_end result;
  char buffer[512];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    result.said.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  waitpid(child, &result.status, 0);
  return result;
}

} // namespace pyactor::test
