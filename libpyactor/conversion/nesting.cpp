#include <pyactor/libpyactor/conversion/nesting.hpp>

#include <pyactor/libpyactor/conversion/path.hpp>

namespace pyactor {

constinit thread_local nesting* nesting::innermost_ = nullptr;

std::string too_deep(size_t limit) {
  return "nested deeper than " + std::to_string(limit)
         + " levels; flatten it, or raise the limit nesting_depth";
}

std::string too_many(size_t limit) {
  return "more than " + std::to_string(limit)
         + " elements in all, counting what is reached in several ways each "
           "time; pass less at once, or raise the limit value_elements";
}

unexpected nesting::refuse_depth(std::string_view type, size_t limit) {
  if (auto* again = first_repetition()) {
    again->leave_out();
    return refuse("a cycle: this " + std::string{type}
                  + " contains itself; pass one that does not");
  }
  auto deep = depth_ > shown_steps + 1;
  if (deep) {
    auto* last = this;
    while (last->depth_ > shown_steps + 1)
      last = last->up_;
    last->leave_out();
  }
  return fail(errc::not_convertible,
              (deep ? "$...: " : "$: ") + too_deep(limit));
}

error nesting::at(error what, std::string_view step) const {
  return left_out_ ? what : at_step(std::move(what), step);
}

nesting* nesting::first_repetition() noexcept {
  nesting* result = nullptr;
  for (auto* inner = this; inner; inner = inner->up_) {
    auto* outer = inner->up_;
    while (outer && outer->container_ != inner->container_)
      outer = outer->up_;
    if (outer)
      result = inner;
  }
  return result;
}

void nesting::leave_out() noexcept {
  for (auto* inner = innermost_; inner != up_; inner = inner->up_)
    inner->left_out_ = true;
}

} // namespace pyactor
