#include <pyactor/test/storm/plan.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

namespace pyactor::test {

namespace {

struct choice {
  operation what;
  std::string_view name;
  /// How often it is drawn, beside the others.
  unsigned weight;
};

// In the order of the enumerators.
constexpr choice choices[] = {
  {operation::spawn_python, "spawn_python", 6},
  {operation::spawn_pinned, "spawn_pinned", 6},
  {operation::spawn_broken, "spawn_broken", 1},
  {operation::increment, "increment", 24},
  {operation::answer_later, "answer_later", 8},
  {operation::spawn_child, "spawn_child", 4},
  {operation::crash, "crash", 4},
  {operation::ask_and_drop, "ask_and_drop", 4},
  {operation::kill, "kill", 3},
  {operation::shut_down, "shut_down", 3},
  {operation::drop, "drop", 3},
  {operation::evaluate, "evaluate", 12},
  {operation::execute, "execute", 6},
  {operation::make_environment, "make_environment", 3},
  {operation::use_environment, "use_environment", 6},
  {operation::misplace_environment, "misplace_environment", 1},
  {operation::drop_environment, "drop_environment", 3},
  {operation::own_briefly, "own_briefly", 3},
};

} // namespace

std::string_view to_string(operation what) noexcept {
  return choices[static_cast<size_t>(what)].name;
}

operation operation_of(std::string_view name) noexcept {
  return std::ranges::find(choices, name, &choice::name)->what;
}

std::vector<step> make_plan(uint64_t seed, size_t client,
                            const storm_size& size, size_t contexts) {
  std::seed_seq numbers{seed >> 32, seed & 0xffffffff, uint64_t{client}};
  std::mt19937 random{numbers};
  std::vector<unsigned> weights;
  for (auto& one : choices)
    weights.push_back(one.weight);
  std::discrete_distribution<size_t> draw{weights.begin(), weights.end()};
  std::vector<step> result;
  for (size_t i = 0; i < size.steps; ++i)
    result.push_back({.what = choices[draw(random)].what,
                      .member = random() % size.members,
                      .context = random() % contexts});
  return result;
}

std::string_view to_string(interruption what) noexcept {
  switch (what) {
    case interruption::none:
      return "calm";
    case interruption::stop_context:
      return "stop_context";
    case interruption::stop_runtime:
      return "stop_runtime";
  }
  std::unreachable();
}

std::string replay_of(uint64_t seed, interruption how) {
  return "PYACTOR_STORM_SEED=" + std::to_string(seed) + " test_storm '["
         + std::string{to_string(how)} + "]'";
}

interruption interruption_of(uint64_t seed) noexcept {
  switch (std::minstd_rand{static_cast<unsigned>(seed + 1)}() / 1000 % 10) {
    case 0:
      return interruption::stop_context;
    case 1:
      return interruption::stop_runtime;
    default:
      return interruption::none;
  }
}

} // namespace pyactor::test
