// On CAF's own scheduler and real time: what only shows with many threads.

#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/supervisors/events.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <fstream>
#include <random>
#include <span>
#include <thread>

#include <malloc.h>
#include <unistd.h>

namespace storm_test {

using namespace pyactor::supervisors;
using pyactor::test::instrumented;
using namespace std::chrono_literals;

namespace {

const supervisor_flags endless{.intensity = 1'000'000, .period = 1ms};

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", size_t{4});
    configure(*this);
  }
};

struct real_world {
  system_config settings;
  caf::actor_system system{settings};
};

/// Lives of all test children, to see that none survives.
std::atomic<int> alive = 0;

/// Answers `n` with `n + 1`, keeps every 16th request for ever.
caf::behavior echo(caf::event_based_actor* self) {
  ++alive;
  self->attach_functor([] { --alive; });
  auto kept = std::make_shared<std::vector<caf::response_promise>>();
  self->attach_functor([kept] { kept->clear(); });
  return {[=](int n) {
    auto promise = self->make_response_promise();
    if (n % 16 != 0)
      promise.deliver(n + 1);
    else
      kept->push_back(promise);
    return promise;
  }};
}

void kill(const caf::actor& who) {
  caf::anon_send_exit(who, caf::exit_reason::kill);
}

/// Waits until every child has ended, for at most 10 s. A child counts as ended
/// a moment after its supervisor heard of it.
bool all_ended() {
  auto limit = std::chrono::steady_clock::now() + 10s;
  while (alive != 0 && std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  return alive == 0;
}

long rss_kib() {
  malloc_trim(0);
  std::ifstream file{"/proc/self/statm"};
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

} // namespace

TEST_CASE("the calls of a supervisor_ref do what they say", "[storm]") {
  real_world w;
  auto sup = start_supervisor(w.system, endless,
                              {{.id = "a", .start = start_function(echo)}});
  REQUIRE(sup);
  CHECK(
    sup->start_child({.id = "b", .start = start_function(echo)})->incarnation
    == 2);
  CHECK(sup->count_children() == child_counts{2, 2, 0, 2});
  CHECK(sup->terminate_child("a"));
  CHECK(sup->restart_child("a")->incarnation == 3);
  CHECK(sup->cycle_child("a")->incarnation == 4);
  CHECK(sup->which_children()->front().id == "b");
  CHECK(sup->which_child("a")->incarnation == 4);
  CHECK(sup->which_child("c").error().code == sup_errc::not_found);
  CHECK(sup->get_child_spec("b")->id == "b");
  CHECK(sup->delete_child("b").error().code == sup_errc::running);
  CHECK(sup->statistics()->restarts == 0);
  CHECK(sup->child("a").incarnation() == 4);
  CHECK(
    sup->start_child({.id = generated_id, .start = start_function(echo)})->id
    == "child-1");
  CHECK(sup->stop());
  CHECK(sup->stop());
  CHECK(sup->count_children().error().code == sup_errc::supervisor_down);
  CHECK(all_ended());
}

TEST_CASE("a supervisor that cannot start says why and leaves nothing",
          "[storm]") {
  real_world w;
  auto fail = [](const start_context&) -> start_result {
    return caf::make_error(caf::sec::runtime_error, "no model");
  };
  for (int i = 0; i < 100; ++i) {
    auto sup = start_supervisor(
      w.system, endless,
      {{.id = "a", .start = start_function(echo)}, {.id = "b", .start = fail}});
    REQUIRE_FALSE(sup);
    CHECK(to_string(sup.error()) == "failed_to_start_child 'b': no model");
    CHECK(all_ended());
  }
}

TEST_CASE("a call that takes too long is timed_out and blocks nobody",
          "[storm]") {
  real_world w;
  auto never_ready = [](const start_context& context) {
    return context.spawn(
      [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  };
  auto sup = start_supervisor(w.system, endless, {}).value();
  auto slow = sup.start_child({.id = "a", .start = never_ready}, 20ms);
  CHECK(slow.error().code == sup_errc::timed_out);
  CHECK(sup.which_children()->front().status == child_status::starting);
  auto stuck = start_supervisor(w.system, endless,
                                {{.id = "a", .start = never_ready}}, 20ms);
  CHECK(stuck.error().code == sup_errc::timed_out);
}

TEST_CASE("ten thousand restarts leave no memory behind", "[storm]") {
  real_world w;
  constexpr int rounds = 10'000;
  event_stream news;
  auto flags = endless;
  flags.events = news;
  auto sup = start_supervisor(w.system, flags,
                              {{.id = "a", .start = start_function(echo)}})
               .value();
  auto ref = sup.child("a");
  long before = 0;
  auto begin = std::chrono::steady_clock::now();
  for (int n = 0; n < 1000 + rounds; ++n) {
    if (n == 1000)
      before = rss_kib();
    kill(ref.current().value());
    REQUIRE(await_event(news, supervision_event::kind::restarted));
  }
  auto end = std::chrono::steady_clock::now();
  auto growth = rss_kib() - before;
  WARN("RSS grew by " << growth << " KiB over " << rounds << " restarts; "
                      << (end - begin) / (rounds + 1000) / 1us
                      << " us for each");
  if (!instrumented)
    CHECK(growth < 300);
  CHECK(sup.stop());
  CHECK(all_ended());
}

namespace {

/// Counts what becomes of requests.
struct tally {
  std::atomic<int> answered = 0;
  std::atomic<int> down = 0;
  std::atomic<int> unavailable = 0;
  std::atomic<int> other = 0;

  void add(const caf::error& error) {
    if (child_down::from_error(error))
      ++down;
    else if (child_unavailable::from_error(error))
      ++unavailable;
    else
      ++other;
  }

  int total() const {
    return answered + down + unavailable + other;
  }
};

/// Sends `count` requests, eight at a time.
class client : public caf::event_based_actor {
public:
  client(caf::actor_config& config, child_ref ref, tally& all,
         std::span<std::atomic<int>> outcomes)
    : caf::event_based_actor(config), ref_(std::move(ref)), all_(all),
      outcomes_(outcomes) {
    // nop
  }

  caf::behavior make_behavior() override {
    for (int i = 0; i < 8; ++i)
      send_next();
    return {[](int) {}};
  }

private:
  void send_next() {
    if (next_ == outcomes_.size())
      return;
    auto* outcome = &outcomes_[next_];
    auto number = static_cast<int>(next_++);
    ref_.request(this, caf::infinite, number)
      .then(
        [this, outcome](int) {
          ++*outcome;
          ++all_.answered;
          send_next();
        },
        [this, outcome](const caf::error& error) {
          ++*outcome;
          all_.add(error);
          send_next();
        });
  }

  child_ref ref_;
  tally& all_;
  std::span<std::atomic<int>> outcomes_;
  size_t next_ = 0;
};

} // namespace

TEST_CASE("under a storm of crashes every request has exactly one outcome",
          "[storm]") {
  real_world w;
  constexpr int clients = 20;
  constexpr int requests = 1000;
  auto sup = start_supervisor(w.system, endless,
                              {{.id = "a", .start = start_function(echo)}})
               .value();
  auto ref = sup.child("a");
  std::vector<std::atomic<int>> outcomes(clients * requests);
  tally all;
  std::vector<caf::actor> actors;
  for (int c = 0; c < clients; ++c)
    actors.push_back(w.system.spawn<client>(
      ref, all, std::span{outcomes}.subspan(c * requests, requests)));
  auto seen = 0;
  while (seen < clients * requests) {
    auto now = all.total();
    if (auto child = ref.current(); child && (now > seen + 200 || now == seen))
      kill(*child);
    seen = now;
    std::this_thread::yield();
  }
  for (auto& actor : actors)
    kill(actor);
  CHECK(std::ranges::all_of(outcomes, [](const auto& n) { return n == 1; }));
  CHECK(all.other == 0);
  CHECK(all.total() == clients * requests);
  WARN("answered " << all.answered << ", child_down " << all.down
                   << ", child_unavailable " << all.unavailable << ", restarts "
                   << sup.statistics()->restarts);
  CHECK(all.answered > 0);
  CHECK(all.down > 0);
  CHECK(sup.stop());
}

TEST_CASE("a blocking client gets exactly one outcome for each request, and "
          "keeps no leftovers",
          "[storm]") {
  real_world w;
  auto sup = start_supervisor(w.system, endless,
                              {{.id = "a", .start = start_function(echo)}})
               .value();
  auto ref = sup.child("a");
  std::atomic<int> sent = 0;
  std::jthread killer{[&](const std::stop_token& stop) {
    for (auto last = 0; !stop.stop_requested(); std::this_thread::yield())
      if (auto child = ref.current(); child && sent >= last + 5) {
        last = sent;
        kill(*child);
      }
  }};
  caf::scoped_actor self{w.system};
  tally all;
  while (all.total() < 2000) {
    if (!ref.current())
      continue;
    auto response = ref.request(self, caf::infinite, 16 * (++sent % 7) + 1);
    std::move(response).receive(
      [&](int) { ++all.answered; },
      [&](const caf::error& error) { all.add(error); });
  }
  killer.request_stop();
  killer.join();
  WARN("answered " << all.answered << ", child_down " << all.down
                   << ", child_unavailable " << all.unavailable);
  CHECK(all.other == 0);
  CHECK_FALSE(self->has_next_message());
  CHECK(sup.stop());
}

TEST_CASE(
  "orders from many threads in the middle of crashes all get an answer, "
  "and the supervisor stops",
  "[storm]") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    real_world w;
    auto flags = endless;
    flags.min_retry_delay = 100us;
    std::vector<child_spec> specs;
    for (auto id : {"a", "b", "c"})
      specs.push_back({.id = id, .start = start_function(echo)});
    specs[0].backoff = restart_backoff{.initial = 50us, .max = 5ms};
    auto sup = start_supervisor(w.system, flags, specs).value();
    std::atomic<int> unanswered = 0;
    auto answered = [&](const auto& order) {
      unanswered += !order && order.error().code == sup_errc::timed_out;
    };
    auto work = [&](unsigned own_seed) {
      std::minstd_rand random{own_seed};
      for (int i = 0; i < 300; ++i) {
        std::string id{"abcd"[random() % 4]};
        switch (random() % 8) {
          case 0:
            answered(sup.terminate_child(id, 10s));
            break;
          case 1:
            answered(sup.restart_child(id, 10s));
            break;
          case 2:
            answered(sup.cycle_child(id, 10s));
            break;
          case 3:
            answered(sup.delete_child(id, 10s));
            break;
          case 4:
            answered(
              sup.start_child({.id = id, .start = start_function(echo)}, 10s));
            break;
          case 5:
            unanswered += sup.which_children(10s) ? 0 : 1;
            break;
          case 6:
            answered(sup.retry_now(id, 10s));
            break;
          default:
            if (auto child = sup.child(id).current())
              kill(*child);
        }
      }
    };
    {
      std::vector<std::jthread> threads;
      for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back(work, seed * 10 + t);
    }
    CHECK(unanswered == 0);
    auto last = sup.terminate_child("a", 10s);
    CHECK((last || last.error().code == sup_errc::not_found));
    CHECK(sup.stop(10s));
    CHECK(all_ended());
  }
}

TEST_CASE("a supervisor that is killed under load leaves no child behind",
          "[storm]") {
  real_world w;
  for (int round = 0; round < 20; ++round) {
    std::vector<child_spec> specs;
    for (int i = 0; i < 50; ++i)
      specs.push_back({.id = std::to_string(i), .start = start_function(echo)});
    auto sup = start_supervisor(w.system, endless, specs).value();
    for (int i = 0; i < 50; i += 3)
      if (auto child = sup.child(std::to_string(i)).current())
        kill(*child);
    kill(sup.handle());
  }
  w.system.await_all_actors_done();
  CHECK(all_ended());
}

} // namespace storm_test
