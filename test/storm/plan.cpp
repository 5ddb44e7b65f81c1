#include <pyactor/test/storm/plan.hpp>

#include <algorithm>
#include <filesystem>
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

std::optional<size_t> context_of(const step& what, size_t contexts) noexcept {
  switch (what.what) {
    case operation::increment:
    case operation::answer_later:
    case operation::spawn_child:
    case operation::crash:
    case operation::kill:
    case operation::shut_down:
    case operation::drop:
      return std::nullopt;
    case operation::misplace_environment:
      return (what.context + 1) % contexts;
    default:
      return what.context;
  }
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

context_stop context_stop_of(uint64_t seed, const storm_size& size,
                             size_t contexts) {
  std::seed_seq numbers{seed >> 32, seed & 0xffffffff};
  std::mt19937 random{numbers};
  context_stop result{.from = static_cast<stopper>(seed % 4)};
  if (result.from == stopper::actor_client)
    result.client = random() % size.actor_clients;
  if (result.from == stopper::thread_client)
    result.client = size.actor_clients + random() % size.thread_clients;
  auto first = random() % contexts;
  result.contexts.insert(first);
  if (contexts > 2 && (seed / 2 + seed / 4) % 2 != 0)
    result.contexts.insert((first + 1 + random() % (contexts - 1)) % contexts);
  return result;
}

std::string replay_of(uint64_t seed, interruption how) {
  auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return "PYACTOR_STORM_SEED=" + std::to_string(seed) + ' '
         + (here / "test_storm").string() + " '[" + std::string{to_string(how)}
         + "]'";
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
