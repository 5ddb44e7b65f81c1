#include <pyactor/supervisors/python_tree.hpp>

#include <utility>

namespace pyactor::supervisors {

expected<void> native_children::add(std::string name, native_child what) {
  if (name.empty())
    return fail(errc::invalid_argument, "the name of a native child is empty");
  std::unique_lock guard{mtx_};
  auto [found, added] = children_.try_emplace(std::move(name), std::move(what));
  if (!added)
    return fail(errc::already_exists,
                "there is a native child '" + found->first + "' already");
  return {};
}

expected<void> native_children::add(std::string name, start_fn start,
                                    child_type type) {
  auto make
    = [start = std::move(start)](const arguments& args) -> expected<start_fn> {
    if (!args.positional.empty() || !args.keyword.empty())
      return fail(errc::invalid_argument, "it takes no arguments");
    return start;
  };
  return add(std::move(name), native_child{std::move(make), type});
}

expected<native_child> native_children::find(const std::string& name) const {
  std::unique_lock guard{mtx_};
  if (auto found = children_.find(name); found != children_.end())
    return found->second;
  std::string known;
  for (const auto& [each, what] : children_)
    known += (known.empty() ? "" : ", ") + ("'" + each + "'");
  return fail(errc::invalid_argument,
              "C++ has registered no '" + name + "'; there "
                + (known.empty() ? "is nothing" : "is " + known));
}

} // namespace pyactor::supervisors
