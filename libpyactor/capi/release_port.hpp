#pragma once

#include <pyactor/libpyactor/capi/release_queue.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace pyactor::capi {

/// Something that holds Python objects and is done away with by the thread of
/// its interpreter, once.
class release_job {
public:
  virtual ~release_job() = default;

  /// Lets go of the objects.
  virtual void release(attach_scope& py) noexcept = 0;

  /// Leaks the objects: their interpreter is gone, or will never run again.
  virtual void leak() noexcept = 0;

  release_job* next = nullptr;
};

/// Where an interpreter takes back what other threads held of it; outlives the
/// interpreter, for those who still hold something.
struct release_port {
  release_queue<release_job> queue;
  std::atomic<uint64_t> live_environments = 0;
  std::atomic<uint64_t> released_environments = 0;
};

/// Releases `job` now where the calling thread is attached to the interpreter
/// of `home`, queues it otherwise, and leaks what it holds where that
/// interpreter is gone.
/// @thread any
void dispose(const std::shared_ptr<release_port>& home,
             std::unique_ptr<release_job> job) noexcept;

} // namespace pyactor::capi
