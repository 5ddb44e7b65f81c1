#include <pyactor/examples/ml_predictor/interruption.hpp>

#include <csignal>

#include <pthread.h>
#include <unistd.h>

namespace ml_predictor {

namespace {

/// Tells the waiting thread to end.
constexpr int leave = SIGUSR1;

sigset_t awaited_signals() {
  sigset_t result;
  sigemptyset(&result);
  for (auto signal : {SIGINT, SIGTERM, leave})
    sigaddset(&result, signal);
  return result;
}

void wait_for_signals(std::stop_source stop) {
  auto awaited = awaited_signals();
  for (int signal = 0; sigwait(&awaited, &signal) == 0 && signal != leave;)
    if (!stop.request_stop())
      _exit(interruption::exit_code);
}

} // namespace

interruption::interruption() {
  auto awaited = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  waiter_ = std::jthread{wait_for_signals, stop_};
}

interruption::~interruption() {
  pthread_kill(waiter_.native_handle(), leave);
}

} // namespace ml_predictor
