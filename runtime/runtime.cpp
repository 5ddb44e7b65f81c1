#include <pyactor/runtime/runtime.hpp>

#include <pyactor/runtime/actor_host.hpp>
#include <pyactor/runtime/blas.hpp>
#include <pyactor/runtime/context_set.hpp>
#include <pyactor/runtime/log.hpp>
#include <pyactor/runtime/loop/guest_relief.hpp>
#include <pyactor/runtime/name_registry.hpp>
#include <pyactor/runtime/os_thread.hpp>
#include <pyactor/runtime/python_owner.hpp>
#include <pyactor/runtime/watchdog.hpp>

#include <algorithm>
#include <mutex>
#include <optional>

namespace pyactor::runtime {

using clock = std::chrono::steady_clock;

namespace {

/// How long a stop waits before it says for what.
constexpr auto patience = std::chrono::seconds{1};

} // namespace

/// The contexts whose guests are looked after. Shared with the contexts,
/// because one that is left behind may still announce a guest.
struct hosts {
  std::mutex mtx;
  std::vector<std::weak_ptr<context>> members;
  loop::guest_relief relief{
    [this](clock::time_point now) { return inspect(now); }};

  hosts() {
    pthread_setname_np(relief.native_handle(), "py:relief");
  }

  void add(const std::shared_ptr<context>& one) {
    std::unique_lock guard{mtx};
    std::erase_if(members, [](auto& known) { return known.expired(); });
    members.push_back(one);
  }

  /// @returns whether guests still wait
  bool inspect(clock::time_point now) {
    std::unique_lock guard{mtx};
    bool waiting = false;
    for (auto& member : members)
      if (auto one = member.lock())
        waiting |= one->relieve_guests(now, loop::guest_relief::patience);
    return waiting;
  }
};

struct PYACTOR_HIDDEN runtime::parts {
  parts(caf::actor_system& sys, runtime_options opts)
    : system(sys), options(std::move(opts)) {
  }

  expected<void> start(runtime& self);
  expected<void> start_pool(const std::string& name, const pool_options& what);
  void complete(context_settings& config);
  python_source find_python();
  stop_report stop(std::chrono::milliseconds deadline);
  void await_contexts(clock::time_point kill_at, clock::time_point deadline);
  void end_python(clock::time_point deadline, stop_report& report);
  void report_wedged_gil(const context& where,
                         const loop::activity::snapshot& runs) const;

  caf::actor_system& system;
  runtime_options options;
  std::shared_ptr<router> routes = std::make_shared<router>();
  std::shared_ptr<name_registry> names = std::make_shared<name_registry>();
  std::shared_ptr<python_owner> python;
  main_interpreter* main = nullptr;
  /// Whether CPython belongs to a context's thread.
  bool owned_by_context = false;
  std::shared_ptr<hosts> guests = std::make_shared<hosts>();
  std::shared_ptr<context_set> contexts = std::make_shared<context_set>(
    system, routes,
    context_set::maker{
      .complete = [this](context_settings& config) { complete(config); },
      .python = [this] { return find_python(); },
      .announce =
        [this](const std::shared_ptr<context>& one) {
          guests->add(one);
          dog->watch(one);
        },
      .wedged =
        [this](const context& where) {
          report_wedged_gil(where, where.running().read());
        },
    });
  std::shared_ptr<watchdog> dog = std::make_shared<watchdog>(watchdog::settings{
    .grace = options.interrupt_grace,
    .gil_patience = options.gil_patience,
    .interrupted =
      [](const watched& where, const loop::activity::snapshot& runs) {
        static_cast<const context&>(where).report_call(runs,
                                                       call_trouble::hung);
      },
    .give_up =
      [set = contexts](watchdog::hung_call call) {
        set->replace(std::static_pointer_cast<context>(call.where),
                     call.what.turn, call.why);
      },
    .wedged =
      [this](const watched& where, const loop::activity::snapshot& runs) {
        report_wedged_gil(static_cast<const context&>(where), runs);
      },
  });
  /// Has the watchdog look after what the pools limit.
  std::vector<std::shared_ptr<void>> limits;
  std::mutex stop_mtx; // held for all of a stop
  std::optional<stop_report> stopped;
};

// -- start --------------------------------------------------------------------

expected<std::unique_ptr<runtime>> runtime::start(caf::actor_system& system) {
  auto options
    = read_options(system.config(), system.scheduler().num_workers());
  if (!options)
    return unexpected{std::move(options).error()};
  return start(system, std::move(*options));
}

expected<std::unique_ptr<runtime>> runtime::start(caf::actor_system& system,
                                                  runtime_options options) {
  if (options.pools.empty())
    options.pools.emplace("default",
                          default_pool(system.scheduler().num_workers()));
  if (auto good = check(options); !good)
    return unexpected{std::move(good).error()};
  if (auto set = set_log_level(options.log_level); !set)
    return unexpected{std::move(set).error()};
  std::unique_ptr<runtime> result{
    new runtime{std::make_unique<parts>(system, std::move(options))}};
  if (auto started = result->parts_->start(*result); !started)
    return unexpected{std::move(started).error()};
  return result;
}

expected<void> runtime::parts::start(runtime& self) {
  limit_blas_threads(options);
  std::vector<extension> extensions;
  for (auto& make : options.extensions)
    extensions.push_back(make(self));
  python = std::make_shared<python_owner>(
    options.python,
    std::make_shared<actor_host>(system, routes, names, std::move(extensions)));
  auto first_main = std::ranges::find_if(options.pools, [](auto& entry) {
    return entry.second.kind == interpreter_kind::main;
  });
  owned_by_context
    = options.main_thread_is_context && first_main != options.pools.end();
  if (owned_by_context) {
    if (auto ok = start_pool(first_main->first, first_main->second); !ok)
      return ok;
  } else {
    auto started = python->start_on_own_thread();
    if (!started)
      return unexpected{std::move(started).error()};
    main = *started;
  }
  for (auto& [name, what] : options.pools)
    if (!routes->find(name))
      if (auto ok = start_pool(name, what); !ok)
        return ok;
  contexts->start_servers();
  return {};
}

expected<void> runtime::parts::start_pool(const std::string& name,
                                          const pool_options& what) {
  if (what.max_handler_time.count() > 0)
    limits.push_back(dog->expect(what.max_handler_time));
  if (what.kind == interpreter_kind::main && options.gil_patience.count() > 0)
    limits.push_back(dog->expect(options.gil_patience));
  return contexts->start_pool(name, what);
}

void runtime::parts::complete(context_settings& config) {
  config.limits = options.limits;
  config.poison = [set = std::weak_ptr{contexts}](context& where,
                                                  const std::string& reason) {
    auto still = set.lock();
    return still ? still->poison(where.shared_from_this(), reason)
                 : std::shared_future<expected<void>>{};
  };
  config.is_bound = [routes = std::weak_ptr{routes}](const context& where) {
    auto still = routes.lock();
    return still && still->leads_to(where);
  };
  config.announce_guest = [desk = guests] { desk->relief.announce(); };
  config.expect_limit = [dog = std::weak_ptr{dog}](clock::duration limit) {
    auto still = dog.lock();
    return still ? still->expect(limit) : nullptr;
  };
}

python_source runtime::parts::find_python() {
  if (main)
    return {
      [running = main]() -> expected<main_interpreter*> { return running; },
      {}};
  return {[this, owner = python]() -> expected<main_interpreter*> {
            auto result = owner->start_here();
            if (result)
              main = *result;
            return result;
          },
          [owner = python] { owner->await_and_finalize(); }};
}

runtime::runtime(std::unique_ptr<parts> impl) noexcept
  : parts_(std::move(impl)) {
}

// -- stop ---------------------------------------------------------------------

runtime::~runtime() {
  auto report = stop(parts_->options.stop_deadline);
  for (auto& line : report.left)
    log().error("left behind at the runtime's end: {}", line);
}

stop_report runtime::stop(std::chrono::milliseconds deadline) {
  return parts_->stop(deadline);
}

stop_report runtime::parts::stop(std::chrono::milliseconds deadline) {
  std::unique_lock guard{stop_mtx};
  if (stopped)
    return *stopped;
  auto& report = stopped.emplace();
  auto now = clock::now();
  auto kill_at = now + deadline / 2;
  routes->close();
  dog->end();
  contexts->close();
  auto all = contexts->all();
  for (auto& one : all)
    one->request_stop(kill_at);
  await_contexts(kill_at, now + deadline);
  for (auto& one : contexts->given_up())
    report.left.push_back(one->what_runs() + ", given up");
  for (auto& one : all)
    if (!one->is_given_up() && !one->await_end(clock::now()))
      report.left.push_back(one->abandon());
  end_python(now + deadline, report);
  if (report.complete()) {
    for (auto& one : all)
      one->join();
  } else {
    // The last handle of an actor that may still be running must not go, nor
    // what Python code that is left behind may still ask.
    static_cast<void>(new auto(contexts->servers()));
    static_cast<void>(new auto(python));
  }
  guests->relief.end();
  return report;
}

/// Waits for the contexts; says after a second what holds them up, and
/// interrupts that when its actors are killed.
void runtime::parts::await_contexts(clock::time_point kill_at,
                                    clock::time_point deadline) {
  std::vector<std::shared_ptr<context>> left;
  for (auto& one : contexts->all())
    if (!one->is_given_up())
      left.push_back(one);
  auto await_until = [&](clock::time_point when) {
    std::erase_if(left, [&](auto& one) { return one->await_end(when); });
  };
  await_until(std::min(kill_at, clock::now() + patience));
  for (auto& one : left)
    if (auto threads = one->python().lingering_threads(); !threads.empty())
      log().warn("{}: waiting for Python threads to end: {}", one->name(),
                 join(threads));
    else
      log().warn("waiting for {}", one->what_runs());
  // The second time for code that has caught the exception.
  for (auto when : {kill_at, kill_at + (deadline - kill_at) / 2}) {
    await_until(when);
    for (auto& one : left)
      one->interrupt_for_stop();
  }
  await_until(deadline);
}

void runtime::parts::end_python(clock::time_point deadline,
                                stop_report& report) {
  if (!main)
    return;
  python->request_end(report.complete());
  if (!report.complete()) {
    report.left.push_back("main interpreter: not finalized, because something "
                          "still uses it");
    python->abandon();
    return;
  }
  if (!python->await_end(std::min(deadline, clock::now() + patience)))
    log().warn("main interpreter: waiting for {}", python->what_lingers());
  if (!python->await_end(deadline)) {
    report.left.push_back("main interpreter: " + python->what_lingers());
    python->abandon();
  } else if (auto& outcome = python->outcome(); !outcome) {
    report.left.push_back("main interpreter: " + to_string(outcome.error()));
  }
}

/// @param where a context that is inside Python
/// @param runs the call that is
void runtime::parts::report_wedged_gil(
  const context& where, const loop::activity::snapshot& runs) const {
  auto text = "the GIL that all contexts of kind main share cannot be had, and "
              "no Python code runs in them: "
              + where.what_runs();
  if (options.on_wedged_gil == wedged_gil_policy::abort_process)
    abort_process(layer::runtime, text + "; the process is ended");
  log().critical(text);
  where.report_call(runs, call_trouble::gil_wedged);
}

// -- actors -------------------------------------------------------------------

context& runtime::context_at(const placement& where) const {
  return *value_or_throw(parts_->routes->place(where));
}

caf::actor runtime::spawn_python(actor_class what, arguments args,
                                 const placement& where, on_started started) {
  return spawn_on<python_class_actor>(context_at(where), std::move(what),
                                      std::move(args), std::move(started));
}

caf::actor runtime::context_of(caf::local_actor& who, placement where) {
  where.from = &who;
  auto* home = value_or_throw(parts_->routes->bind(who.ctrl(), where));
  return parts_->contexts->server_of(*home);
}

caf::actor runtime::context_server_at(const placement& where) {
  return parts_->contexts->server_of(context_at(where));
}

expected<void> runtime::register_name(std::string name, const caf::actor& who) {
  return parts_->names->put(std::move(name),
                            caf::actor_cast<caf::strong_actor_ptr>(who));
}

caf::actor runtime::whereis(std::string_view name) const {
  return caf::actor_cast<caf::actor>(parts_->names->find(name));
}

// -- state --------------------------------------------------------------------

caf::actor_system& runtime::system() const noexcept {
  return parts_->system;
}

const runtime_options& runtime::options() const noexcept {
  return parts_->options;
}

std::vector<context_stats> runtime::stats() const {
  std::vector<context_stats> result;
  for (auto& one : parts_->contexts->all())
    if (!one->is_over())
      result.push_back(one->stats());
  return result;
}

size_t runtime::contexts_poisoned() const {
  return parts_->contexts->poisoned();
}

size_t runtime::contexts_given_up() const {
  return parts_->contexts->given_up().size();
}

bool runtime::give_up(context& where, uint64_t call, const error& why) {
  return parts_->contexts->replace(where.shared_from_this(), call, why);
}

// -- from outside -------------------------------------------------------------

weak_runtime::weak_runtime(const runtime& python) noexcept
  : routes_(python.parts_->routes), contexts_(python.parts_->contexts) {
}

expected<std::shared_ptr<context>>
weak_runtime::place(const placement& where) const {
  auto contexts = contexts_.lock(); // keeps what is placed in
  auto routes = routes_.lock();
  if (!contexts || !routes)
    return fail(errc::interpreter_lost, "the runtime has ended");
  auto home = routes->place(where);
  if (!home)
    return unexpected{std::move(home).error()};
  return (*home)->shared_from_this();
}

expected<std::shared_ptr<context>>
weak_runtime::place_dedicated(const placement& where) const {
  auto contexts = contexts_.lock();
  if (!contexts)
    return fail(errc::interpreter_lost, "the runtime has ended");
  if (where.index)
    return fail(errc::invalid_argument,
                "an interpreter of its own is none of the contexts of pool '"
                  + where.pool + "': leave out the index "
                  + std::to_string(*where.index));
  return contexts->dedicate(where.pool);
}

bool weak_runtime::give_up(context& where, uint64_t call,
                           const error& why) const {
  auto contexts = contexts_.lock();
  return contexts && contexts->replace(where.shared_from_this(), call, why);
}

} // namespace pyactor::runtime
