#pragma once

#include <pyactor/libpyactor/host.hpp>
#include <pyactor/runtime/caf.hpp>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace pyactor::supervisors::python {

/// Where dead letters go that Python code collects.
/// @thread any
class letter_boxes {
public:
  /// @returns an actor that calls `method` of `to` for each `dead_letter`, on
  ///          the thread that sends it; the same one for the same reference
  ///          while anybody holds it, so that specs with it are equal
  [[nodiscard]] caf::actor box_for(caf::actor_system& system,
                                   const actor_ref_ptr& to,
                                   const std::string& method);

private:
  std::mutex mtx_;
  // guarded by mtx_
  std::map<std::pair<const actor_ref*, std::string>, caf::actor_addr> boxes_;
};

} // namespace pyactor::supervisors::python
