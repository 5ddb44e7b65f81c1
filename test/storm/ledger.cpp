#include <pyactor/test/storm/ledger.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace pyactor::test {

namespace {

std::string describe(request_key key, operation what) {
  return "client " + std::to_string(key.client) + ", step "
         + std::to_string(key.step) + " (" + std::string{to_string(what)} + ")";
}

/// @returns whether a member can have counted so far
bool is_count(const value& what) {
  auto* number = what.as_int64();
  return number && *number >= 1;
}

bool is_one_of(errc code, std::initializer_list<errc> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

} // namespace

void ledger::count_steps(size_t n) {
  std::unique_lock guard{mtx_};
  steps_ += n;
  changed_.notify_all();
}

void ledger::open(request_key key, operation what,
                  std::optional<size_t> context, const caf::actor_addr& client,
                  caf::message_id response) {
  std::unique_lock guard{mtx_};
  open_.emplace(key, entry{what, context, client, response});
}

void ledger::settle(request_key key, const expected<value>& outcome,
                    const value& wanted) {
  auto text = outcome ? "value " + pyactor::to_string(*outcome)
                      : std::string{to_string(outcome.error().code)} + ": "
                          + outcome.error().message;
  std::unique_lock guard{mtx_};
  auto found = open_.extract(key);
  if (found.empty()) {
    faults_.push_back("client " + std::to_string(key.client) + ", step "
                      + std::to_string(key.step)
                      + ": one outcome too many: " + text);
    return;
  }
  ++outcomes_[outcome ? "value" : std::string{to_string(outcome.error().code)}];
  ++outcomes_by_client_.at(key.client);
  if (!is_right(found.mapped(), outcome, wanted))
    faults_.push_back(describe(key, found.mapped().what)
                      + ": wrong outcome: " + text);
}

bool ledger::may_be_lost(std::optional<size_t> context) const {
  return context ? stopped_.contains(*context) : !stopped_.empty();
}

bool ledger::is_right(const entry& asked, const expected<value>& outcome,
                      const value& wanted) const {
  using enum errc;
  if (!outcome && may_be_lost(asked.context)
      && is_one_of(outcome.error().code, {actor_dead, environment_lost,
                                          interpreter_lost, reply_lost}))
    return true;
  switch (asked.what) {
    case operation::increment:
      return outcome ? is_count(*outcome) : outcome.error().code == actor_dead;
    case operation::answer_later:
      // The promise of a member that ends first fails with what ended it.
      return outcome ? is_count(*outcome)
                     : is_one_of(outcome.error().code,
                                 {actor_dead, reply_lost, python_exception});
    case operation::spawn_child:
      // The child may come to a context that has stopped, whichever is asked.
      return outcome ? is_count(*outcome)
                     : outcome.error().code == actor_dead
                         || (!stopped_.empty()
                             && outcome.error().code == python_exception);
    case operation::ask_and_drop:
      // A request that is under way keeps its actor.
      return outcome && *outcome == value{1};
    case operation::crash:
      return !outcome
             && is_one_of(outcome.error().code, {actor_dead, python_exception});
    case operation::misplace_environment:
      return !outcome && outcome.error().code == wrong_interpreter;
    default:
      return outcome && (wanted.is_none() || *outcome == wanted);
  }
}

void ledger::finish() {
  std::unique_lock guard{mtx_};
  --running_;
  changed_.notify_all();
}

void ledger::add_fault(std::string what) {
  std::unique_lock guard{mtx_};
  faults_.push_back(std::move(what));
}

void ledger::allow_losses(const std::set<size_t>& contexts) {
  std::unique_lock guard{mtx_};
  stopped_.insert(contexts.begin(), contexts.end());
}

bool ledger::losses_allowed(std::optional<size_t> context) const {
  std::unique_lock guard{mtx_};
  return may_be_lost(context);
}

std::set<size_t> ledger::stopped() const {
  std::unique_lock guard{mtx_};
  return stopped_;
}

void ledger::await_steps(size_t n, std::chrono::seconds limit) {
  std::unique_lock guard{mtx_};
  changed_.wait_for(guard, limit, [&] { return steps_ >= n || running_ == 0; });
}

void ledger::await_clients(std::chrono::seconds limit) {
  std::unique_lock guard{mtx_};
  auto finished = [&] { return running_ == 0; };
  if (changed_.wait_for(guard, limit, finished))
    return;
  given_up_ = true;
  for (auto& line : still_outstanding())
    faults_.push_back(std::move(line));
  auto unanswered = open_;
  guard.unlock();
  for (auto& [key, one] : unanswered)
    runtime::respond_with_error(
      runtime::upgrade(one.client), nullptr, one.response,
      runtime::to_caf(error{errc::timed_out, "the storm is over"}));
  guard.lock();
  changed_.wait_for(guard, limit, finished);
}

size_t ledger::steps() const {
  std::unique_lock guard{mtx_};
  return steps_;
}

std::map<std::string, size_t> ledger::outcomes() const {
  std::unique_lock guard{mtx_};
  return outcomes_;
}

std::vector<size_t> ledger::outcomes_by_client() const {
  std::unique_lock guard{mtx_};
  return outcomes_by_client_;
}

std::vector<std::string> ledger::outstanding() const {
  std::unique_lock guard{mtx_};
  return still_outstanding();
}

std::vector<std::string> ledger::still_outstanding() const {
  std::vector<std::string> result;
  if (running_ > 0)
    result.push_back(std::to_string(running_) + " clients have not finished");
  for (auto& [key, one] : open_)
    result.push_back(describe(key, one.what) + ": no outcome");
  return result;
}

std::vector<std::string> ledger::faults() const {
  std::unique_lock guard{mtx_};
  return faults_;
}

} // namespace pyactor::test
