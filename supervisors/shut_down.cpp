#include <pyactor/supervisors/shut_down.hpp>

#include <algorithm>
#include <ranges>

namespace pyactor::supervisors {

using clock = std::chrono::steady_clock;

runtime::stop_report shut_down(runtime::runtime& python,
                               const std::vector<supervisor_ref>& trees,
                               std::chrono::milliseconds deadline) {
  auto start = clock::now();
  auto left_until = [&](clock::time_point end) {
    return std::max<clock::duration>(end - clock::now(),
                                     std::chrono::milliseconds{1});
  };
  // One that is slow leaves the others their share, and is not waited for while
  // it is stopped by force.
  std::vector<supervisor_ref> slow;
  auto waiting = static_cast<clock::rep>(trees.size());
  for (const auto& tree : std::views::reverse(trees)) {
    if (tree.stop(left_until(start + deadline / 2) / waiting--))
      continue;
    static_cast<void>(
      tree.stop(clock::duration::zero(), stop_supervisor::forced));
    slow.push_back(tree);
  }
  std::vector<std::string> stuck;
  for (const auto& tree : slow) {
    auto forced = tree.stop(left_until(start + deadline * 3 / 4),
                            stop_supervisor::forced);
    if (!forced)
      stuck.push_back("supervisor " + std::to_string(tree.handle().id()) + ": "
                      + to_string(forced.error()));
  }
  // Interrupts what is still in the way.
  auto report
    = python.stop(std::chrono::duration_cast<std::chrono::milliseconds>(
      left_until(start + deadline)));
  report.left.insert(report.left.begin(), stuck.begin(), stuck.end());
  return report;
}

} // namespace pyactor::supervisors
