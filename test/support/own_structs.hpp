#pragma once

#include <pyactor/libpyactor/conversion.hpp>

#include <string>
#include <vector>

namespace pyactor::test {

// Structs as users have them: flat, nested, and one that nests in itself.

struct point {
  int x = 0;
  int y = 0;
};

PYACTOR_FIELDS(point, x, y)

struct track {
  std::string name;
  std::vector<point> points;
};

PYACTOR_FIELDS(track, name, points)

struct tree {
  std::vector<tree> children;
};

PYACTOR_FIELDS(tree, children)

} // namespace pyactor::test
