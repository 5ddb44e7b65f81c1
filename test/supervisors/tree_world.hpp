#pragma once

#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

inline const pyactor::supervisors::supervisor_flags many{
  .intensity = 100, .period = std::chrono::minutes{1}};

inline pyactor::supervisors::child_spec
group(std::string id, std::vector<pyactor::supervisors::child_spec> specs) {
  return {.id = std::move(id),
          .start = pyactor::supervisors::supervise(many, std::move(specs)),
          .type = pyactor::supervisors::child_type::supervisor};
}

inline pyactor::supervisors::tree_node look(world& w) {
  auto reply = w.ask<pyactor::supervisors::get_tree_reply>(
    pyactor::supervisors::get_tree{});
  w.run();
  return reply->value().result.value();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}
