#include <pyactor/supervisors/while_down.hpp>

namespace pyactor::supervisors {

bool is_valid(const while_down& what) noexcept {
  if (const auto* kept = std::get_if<buffer>(&what))
    return kept->capacity > 0 && kept->ttl.count() > 0;
  if (const auto* letters = std::get_if<to_dead_letters>(&what))
    return static_cast<bool>(letters->to);
  return true;
}

} // namespace pyactor::supervisors
