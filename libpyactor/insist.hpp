#pragma once

#include <new>
#include <thread>

namespace pyactor {

/// Runs `body` until it has the memory that it takes: for news that somebody
/// waits for, who would wait for ever if they were dropped.
/// @param body leaves no trace where it throws `std::bad_alloc`
/// @throws what else `body` throws
/// @thread any
template <class F>
void insist(const F& body) {
  for (;; std::this_thread::yield()) // meanwhile others may free some
    try {
      body();
      return;
    } catch (const std::bad_alloc&) {
      continue;
    }
}

} // namespace pyactor
