#include <pyactor/libpyactor/error.hpp>

namespace pyactor {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::python_exception:
      return "python_exception";
    case errc::syntax_error:
      return "syntax_error";
    case errc::invalid_source:
      return "invalid_source";
    case errc::not_convertible:
      return "not_convertible";
    case errc::not_found:
      return "not_found";
    case errc::not_callable:
      return "not_callable";
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::wrong_interpreter:
      return "wrong_interpreter";
    case errc::environment_lost:
      return "environment_lost";
    case errc::interpreter_lost:
      return "interpreter_lost";
    case errc::unsupported:
      return "unsupported";
    case errc::rejected:
      return "rejected";
    case errc::reply_lost:
      return "reply_lost";
    case errc::actor_dead:
      return "actor_dead";
    case errc::already_exists:
      return "already_exists";
    case errc::start_failed:
      return "start_failed";
    case errc::timed_out:
      return "timed_out";
    case errc::interrupted:
      return "interrupted";
    case errc::hung:
      return "hung";
    case errc::abandoned:
      return "abandoned";
    case errc::start_ignored:
      return "start_ignored";
  }
  return "unknown";
}

std::string to_string(const error& what) {
  if (what.code != errc::python_exception || what.type.empty())
    return what.message.empty() ? std::string{to_string(what.code)}
                                : what.message;
  if (what.message.empty())
    return what.type;
  return what.type + ": " + what.message;
}

unexpected fail(errc code, std::string message) {
  return unexpected{error{.code = code,
                          .message = std::move(message),
                          .type = {},
                          .traceback = {},
                          .causes = {},
                          .bases = {},
                          .exit_code = {}}};
}

python_error::python_error(error what)
  : info_(std::move(what)), text_(to_string(info_)) {
}

const char* python_error::what() const noexcept {
  return text_.c_str();
}

} // namespace pyactor
