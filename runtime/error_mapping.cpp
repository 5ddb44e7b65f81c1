#include <pyactor/runtime/error_mapping.hpp>

#include <pyactor/runtime/messages.hpp>

namespace pyactor::runtime {

namespace {

const error* payload(const caf::error& what) {
  if (!what || what.category() != error_category || what.context().empty()
      || !what.context().match_element<error>(0))
    return nullptr;
  return &what.context().get_as<error>(0);
}

std::string describe(const error& what) {
  auto text = to_string(what);
  if (!what.traceback.empty()) {
    text += '\n';
    text += what.traceback;
  }
  return text;
}

/// CAF's way to say that a request will get no other answer.
errc code_of(const caf::error& what) {
  if (what == caf::sec::request_timeout)
    return errc::timed_out;
  if (what == caf::sec::unexpected_message
      || what == caf::sec::unexpected_response)
    return errc::invalid_argument;
  if (what == caf::sec::request_receiver_down
      || what == caf::sec::invalid_argument || what.category() == exit_category)
    return errc::actor_dead;
  // A C++ handler's own error, for example: nothing is known of the actor.
  return errc::reply_lost;
}

} // namespace

caf::error to_caf(error what) {
  auto code = static_cast<uint8_t>(what.code);
  return caf::error{code, error_category, caf::make_message(std::move(what))};
}

error from_caf(const caf::error& what) {
  if (auto* own = payload(what))
    return *own;
  error result;
  result.code = code_of(what);
  result.message = render(what);
  return result;
}

bool is_error(const caf::error& what, errc code) noexcept {
  return what && what.category() == error_category
         && what.code() == static_cast<uint8_t>(code);
}

std::string describe(const caf::error& what) {
  if (auto* own = payload(what))
    return describe(*own);
  return what ? render(what) : "normal";
}

caf::error to_caf(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const python_error& e) {
    return to_caf(e.info());
  } catch (const std::exception& e) {
    return to_caf(
      error{.code = errc::reply_lost,
            .message = std::string{"the actor's handler threw: "} + e.what()});
  } catch (...) {
    return to_caf(error{.code = errc::reply_lost,
                        .message = "the actor's handler threw something that "
                                   "is not a std::exception"});
  }
}

void add_error_renderer(caf::actor_system_config& config) {
  config.add_error_category(
    error_category, [](uint8_t, caf::atom_value, const caf::message& context) {
      if (!context.empty() && context.match_element<error>(0))
        return describe(context.get_as<error>(0));
      return std::string{"pyactor error"};
    });
}

} // namespace pyactor::runtime
