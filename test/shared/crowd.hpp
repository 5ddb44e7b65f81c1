#pragma once

#include <latch>
#include <thread>
#include <vector>

namespace pyactor::test {

/// Runs `what(i)` on so many threads at once, and waits for all of them.
template <class F>
void crowd(int threads, F what) {
  std::latch start{threads};
  std::vector<std::jthread> members;
  for (int i = 0; i < threads; ++i)
    members.emplace_back([&start, &what, i] {
      start.arrive_and_wait();
      what(i);
    });
}

} // namespace pyactor::test
