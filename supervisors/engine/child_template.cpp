#include <pyactor/supervisors/engine/child_template.hpp>

#include <charconv>
#include <utility>

namespace pyactor::supervisors::engine {

child_template::child_template(child_spec spec) : prefix_(spec.id + '-') {
  change(std::move(spec));
}

void child_template::change(child_spec spec) {
  spec_ = std::make_shared<const child_spec>(std::move(spec));
}

std::string child_template::next_id() {
  return prefix_ + std::to_string(++last_);
}

bool child_template::has_given(std::string_view id) const noexcept {
  if (!id.starts_with(prefix_))
    return false;
  id.remove_prefix(prefix_.size());
  uint64_t number = 0;
  auto [end, wrong] = std::from_chars(id.begin(), id.end(), number);
  return wrong == std::errc{} && end == id.end() && !id.starts_with('0')
         && number <= last_;
}

} // namespace pyactor::supervisors::engine
