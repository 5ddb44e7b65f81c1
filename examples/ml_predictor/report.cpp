#include <pyactor/examples/ml_predictor/report.hpp>

#include <spdlog/fmt/fmt.h>

#include <string>
#include <string_view>

namespace ml_predictor {

namespace {

constexpr std::string_view rule = "--------------------------------------------"
                                  "------------------------------";

void print_head(std::string_view title) {
  fmt::print("{}\n {}\n", rule, title);
}

void print_row(std::string_view name, std::string_view figure,
               std::string_view note = {}) {
  fmt::print("   {:<42} {:>10}{}{}\n", name, figure, note.empty() ? "" : "   ",
             note);
}

void print_row(std::string_view name, uint64_t count,
               std::string_view note = {}) {
  print_row(name, fmt::to_string(count), note);
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>{time}.count();
}

void print_time(std::string_view name,
                const std::vector<std::chrono::nanoseconds>& times,
                double share) {
  print_row(name,
            fmt::format("{:.2f} ms", milliseconds(quantile(times, share))));
}

void print_predictions(const report& what) {
  auto& all = what.requests;
  auto count = all.latencies.size();
  auto share = static_cast<double>(all.correct) / static_cast<double>(count);
  auto rate = static_cast<double>(count) * 1000 / milliseconds(what.load_time);
  print_head("predictions");
  print_row("of held-out samples", count,
            fmt::format("of {} wanted", what.wanted));
  print_row("right", all.correct,
            fmt::format("accuracy {:.2f} %", 100 * share));
  print_row("equal to scikit-learn's own", count - all.different,
            fmt::format("{} differ", all.different));
  print_time("latency as the clients see it: p50", all.latencies, 0.5);
  print_time("latency as the clients see it: p99", all.latencies, 0.99);
  print_row("throughput", fmt::format("{:.0f}/s", rate));
}

void print_requests(const tally& all) {
  print_head("requests");
  print_row("sent", all.sent);
  print_row("answered", all.answered);
  print_row("failed", all.failures());
  for (auto& [reason, count] : all.failed)
    print_row("- " + reason, count);
  print_row("without an outcome", all.without_outcome());
  print_row("samples sent again after a failure", all.sent_again);
}

void print_supervision(const report& what) {
  print_head("supervision");
  print_row("restarts after a crash", what.restart_latencies.size());
  print_time("- crash to replacement ready: p50", what.restart_latencies, 0.5);
  print_time("- max", what.restart_latencies, 1);
  print_row("resets by terminating", what.reset_latencies.size());
  print_time("- order to replacement ready: max", what.reset_latencies, 1);
  print_row("crashes until the supervisor gave up", what.given_up.crashes,
            what.given_up.in_order ? "in order" : "NOT in order");
  print_row("predictors that answer at the end", what.alive,
            fmt::format("of {}", what.pool_size));
  fmt::print("{}\n", rule);
}

} // namespace

bool report::good() const {
  return requests.without_outcome() == 0 && requests.different == 0
         && requests.latencies.size() == wanted && given_up.in_order
         && alive == pool_size;
}

void report::print() const {
  print_predictions(*this);
  print_requests(requests);
  print_supervision(*this);
}

} // namespace ml_predictor
