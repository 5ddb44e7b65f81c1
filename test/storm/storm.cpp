#include <pyactor/test/storm/storm.hpp>

#include <pyactor/test/storm/post.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/on_context.hpp>

#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace pyactor::test {

using namespace runtime;

namespace {

/// Longer than anything that works takes.
constexpr auto limit = 60s;

/// What CPython remembers of look-ups holds names, a few thousand in the end.
constexpr auto clear_caches = R"(
import sys
(getattr(sys, '_clear_internal_caches', None) or sys._clear_type_cache)()
)";

/// Nobody announces what the contexts and the system count, so look again.
/// @returns whether it holds soon
bool eventually(const std::function<bool()>& holds) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

} // namespace

/// The clients of one storm.
struct storm_world::clients {
  std::vector<caf::actor> actors;
  std::vector<caf::actor> python;
  caf::actor post;
  std::promise<void> calm;
  std::vector<std::jthread> threads;
};

// -- start --------------------------------------------------------------------

storm_world::storm_world(const storm_size& size, const std::string& planted)
  : size_(size), system_(configured()) {
  modules_.add("crew", crew_source + planted);
  python_ = value_or_throw(runtime::runtime::start(system_, options()));
  for (auto& [name, pool] : python_->options().pools)
    for (size_t index = 0; index < pool.size; ++index)
      contexts_.push_back({.pool = name, .index = index});
  live_contexts_ = contexts_.size();
  threads_ = measure().threads;
}

caf::actor_system_config& storm_world::configured() {
  configure(config_);
  config_.set("scheduler.max-threads", 2);
  return config_;
}

runtime_options storm_world::options() const {
  runtime_options result;
  result.pools["default"] = {.kind = interpreter_kind::main, .size = 2};
  if (main_interpreter::supports_own_gil())
    result.pools["parallel"] = {.kind = interpreter_kind::own_gil, .size = 2};
  result.python.search_paths = {modules_.path()};
  result.stop_deadline = limit;
  result.log_level = "error"; // crashes are planned, and warned of
  return result;
}

// -- one storm ----------------------------------------------------------------

storm_report storm_world::run(uint64_t seed, interruption how) {
  auto python_clients = python_->options().pools.size();
  auto cpp_clients = size_.actor_clients + size_.thread_clients;
  auto ground = begin(cpp_clients + python_clients);
  auto& book = ground->book;
  std::optional<context_stop> stops;
  if (how == interruption::stop_context)
    stops = context_stop_of(seed, size_, contexts_.size());
  clients all;
  start_clients(all, seed, stops, ground);
  interrupt(how, stops, *ground);
  book.await_clients(limit);
  live_contexts_ = contexts_.size() - book.stopped().size();

  // The clients end when nobody is left who could answer once more.
  ground->members.clear();
  all.python.clear();
  await_members_gone(book);
  all.calm.set_value();
  all.threads.clear();
  for (auto& client : std::exchange(all.actors, {}))
    caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
  await_nothing_left(book);
  return end();
}

std::shared_ptr<storm_ground> storm_world::begin(size_t number_of_clients) {
  std::unique_lock guard{mtx_};
  ground_ = std::make_shared<storm_ground>(*python_, contexts_, size_,
                                           number_of_clients);
  return ground_;
}

storm_report storm_world::end() {
  std::unique_lock guard{mtx_};
  auto over = std::move(ground_);
  auto& book = over->book;
  steps_ += book.steps();
  return {book.steps(), book.outcomes(), book.outcomes_by_client(),
          book.stopped(), book.faults()};
}

void storm_world::start_clients(clients& all, uint64_t seed,
                                const std::optional<context_stop>& stops,
                                const std::shared_ptr<storm_ground>& ground) {
  size_t number = 0;
  auto next_agenda = [&] {
    auto steps = make_plan(seed, number, size_, contexts_.size());
    auto mine
      = stops && stops->client == number ? stops->contexts : std::set<size_t>{};
    return agenda{ground, number++, std::move(steps), std::move(mine)};
  };
  for (size_t i = 0; i < size_.actor_clients; ++i)
    all.actors.push_back(system_.spawn<actor_client>(next_agenda()));
  std::shared_future<void> calm{all.calm.get_future()};
  for (size_t i = 0; i < size_.thread_clients; ++i)
    all.threads.emplace_back(run_thread_client, next_agenda(), calm);
  caf::actor office = system_.spawn<post>(ground);
  value_or_throw(python_->register_name("post", office));
  for (auto& [pool, ignored] : python_->options().pools)
    all.python.push_back(
      python_->spawn_python(actor_class::from_module("crew:Client"),
                            {.positional = {seed, number++, size_.steps,
                                            size_.members, size_.window}},
                            {.pool = pool}));
  all.actors.push_back(std::move(office));
}

/// Does so once the clients are half done, unless one of them does.
void storm_world::interrupt(interruption how,
                            const std::optional<context_stop>& stops,
                            storm_ground& ground) {
  if (how == interruption::none || (stops && stops->client))
    return;
  auto& book = ground.book;
  auto cpp_clients = size_.actor_clients + size_.thread_clients;
  book.await_steps(cpp_clients * size_.steps / 2, limit);
  if (!stops)
    stop_all(book);
  else if (stops->from == stopper::main_thread)
    ground.stop(stops->contexts);
  else
    stop_from_within(stops->contexts, book);
}

/// Has each context stopped by an actor that lives there.
void storm_world::stop_from_within(const std::set<size_t>& which,
                                   ledger& book) {
  book.allow_losses(which);
  caf::scoped_actor self{system_};
  for (auto each : which)
    self
      ->request(python_->spawn_function(contexts_[each], pinned_member), limit,
                call{.function = "stop_home", .args = {}})
      .receive(
        [&](const value& count) {
          if (count != value{1})
            book.add_fault("stop_home: wrong outcome: value "
                           + pyactor::to_string(count));
        },
        [&](const caf::error& why) {
          book.add_fault("stop_home: wrong outcome: " + describe(why));
        });
}

void storm_world::stop_all(ledger& book) {
  std::set<size_t> all;
  while (all.size() < contexts_.size())
    all.insert(all.size());
  book.allow_losses(all);
  for (auto& fault : stop())
    book.add_fault(fault);
}

std::vector<std::string> storm_world::stop() {
  live_contexts_ = 0;
  return python_->stop(limit).left;
}

void storm_world::await_members_gone(ledger& book) const {
  // The actor that serves a context ends with it, and not before.
  if (!eventually([&] { return live_actors() == live_contexts_; }))
    book.add_fault(std::to_string(live_actors()) + " pinned actors are left in "
                   + std::to_string(live_contexts_) + " contexts");
}

void storm_world::await_nothing_left(ledger& book) {
  if (!eventually([&] { return live_environments() == 0; }))
    book.add_fault(std::to_string(live_environments())
                   + " environments are left");
  auto& registry = system_.registry();
  if (!eventually([&] { return registry.running() == live_contexts_; }))
    book.add_fault(std::to_string(registry.running()) + " actors are left in "
                   + std::to_string(live_contexts_) + " contexts");
  if (!await_threads(threads_))
    book.add_fault(std::to_string(measure().threads - threads_)
                   + " threads are left");
}

// -- what is there ------------------------------------------------------------

uint64_t storm_world::live_actors() const {
  uint64_t result = 0;
  for (auto& one : python_->stats())
    result += one.live_actors;
  return result;
}

uint64_t storm_world::live_environments() const {
  uint64_t result = 0;
  for (auto& one : python_->stats())
    result += one.live_environments;
  return result;
}

size_t storm_world::steps() const {
  std::unique_lock guard{mtx_};
  return steps_ + (ground_ ? ground_->book.steps() : 0);
}

std::vector<std::string> storm_world::outstanding() const {
  std::unique_lock guard{mtx_};
  if (!ground_)
    return {};
  auto result = ground_->book.faults();
  for (auto& line : ground_->book.outstanding())
    result.push_back(std::move(line));
  return result;
}

int64_t storm_world::count_blocks() {
  for (auto& where : contexts_)
    on_context(*python_, where, [](python_actor* self) {
      self->python().exec(clear_caches);
      auto& py = self->python().attached();
      py.owner().collect_garbage(py);
      return true;
    });
  // CPython counts what the others have without their GILs, so they must rest;
  // and what visitors leave would count too.
  if (!eventually([&] {
        return live_actors() <= live_contexts_ && live_environments() == 0;
      }))
    throw std::runtime_error{"the contexts do not come to rest"};
  return on_context(*python_, contexts_.front(), [](python_actor* self) {
    return self->python().eval<int64_t>(
      "__import__('sys').getallocatedblocks()");
  });
}

void storm_world::visit_contexts(
  const std::function<void(attach_scope&)>& look) {
  for (auto& where : contexts_)
    on_context(*python_, where, [&look](python_actor* self) {
      look(self->python().attached());
      return true;
    });
}

} // namespace pyactor::test
