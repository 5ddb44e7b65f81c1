#include <pyactor/examples/ml_predictor/load.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>

#include <utility>

namespace ml_predictor {

namespace {

/// The signals' thread tells the boss of the clients.
struct wake_up {};

} // namespace

} // namespace ml_predictor

PYACTOR_LOCAL_MESSAGE(ml_predictor::wake_up)

namespace ml_predictor {

namespace {

/// The clients of one load, and who hears from them.
class crew {
public:
  crew(caf::actor_system& system, const assignment& work)
    : self_(system), total_(work.samples->size() * work.passes) {
    for (size_t i = 0; i < work.clients; ++i) {
      auto share = work;
      share.number = i;
      members_.push_back(self_->spawn<client, caf::monitored>(
        std::move(share), caf::actor_cast<caf::actor>(self_)));
    }
    left_ = members_.size();
  }

  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  ~crew() {
    dismiss();
    while (left_ > 0)
      listen();
  }

  [[nodiscard]] caf::actor boss() {
    return caf::actor_cast<caf::actor>(self_);
  }

  void dismiss() {
    for (auto& member : members_)
      caf::anon_send_exit(member, caf::exit_reason::user_shutdown);
  }

  /// Takes one message.
  void listen() {
    self_->receive([this](const progress& more) { done_ += more.predictions; },
                   [this](const finished& what) { result_.add(what.requests); },
                   [this](const caf::down_msg&) { --left_; }, [](wake_up) {});
  }

  [[nodiscard]] bool busy() const noexcept {
    return left_ > 0;
  }

  [[nodiscard]] size_t done() const noexcept {
    return done_;
  }

  [[nodiscard]] size_t total() const noexcept {
    return total_;
  }

  [[nodiscard]] const tally& result() const noexcept {
    return result_;
  }

private:
  caf::scoped_actor self_;
  std::vector<caf::actor> members_;
  size_t total_;
  size_t left_ = 0;
  size_t done_ = 0;
  tally result_;
};

} // namespace

tally run_load(caf::actor_system& system, const assignment& work,
               std::vector<incident> incidents, progress_bar& bar,
               const std::stop_token& stop) {
  crew clients{system, work};
  std::stop_callback on_stop{
    stop, [boss = clients.boss()] { caf::anon_send(boss, wake_up{}); }};
  auto next = incidents.begin();
  while (clients.busy()) {
    clients.listen();
    if (stop.stop_requested())
      throw interrupted{};
    bar.show(clients.done());
    auto share = static_cast<double>(clients.done())
                 / static_cast<double>(clients.total());
    for (; next != incidents.end() && share >= next->at; ++next)
      next->happen();
  }
  if (clients.done() != clients.total())
    throw failure{"a client ended before its samples were predicted"};
  return clients.result();
}

} // namespace ml_predictor
