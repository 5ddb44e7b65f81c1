#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/pinned_actor.hpp>

namespace pyactor::runtime {

/// What a handler of `call`, `eval` or `exec` returns. Who sent it as a plain
/// message gets no answer: CAF would send the outcome as another message, of
/// which an error ends its receiver. Such an error goes to the log.
/// @thread the context's, within a handler of `self`
caf::result<value> answer(python_actor& self, expected<value> outcome);

} // namespace pyactor::runtime
