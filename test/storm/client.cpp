#include <pyactor/test/storm/client.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace pyactor::test {

using namespace runtime;

namespace {

/// Makes an environment, and ends with the outcome of that.
caf::behavior brief_owner(caf::event_based_actor* self,
                          const caf::actor& server) {
  self->request(server, caf::infinite, exec{"x = [globals()]"})
    .then([self](const value&) { self->quit(); },
          [self](const caf::error&) { self->quit(); });
  return {[](int) {}};
}

std::string member_name(size_t number) {
  return "member " + std::to_string(number);
}

template <class Request>
using answer_to = std::conditional_t<std::is_same_v<Request, make_environment>,
                                     environment_id, value>;

expected<value> failure(const caf::error& why) {
  return unexpected{from_caf(why)};
}

} // namespace

// -- storm_ground -------------------------------------------------------------

storm_ground::storm_ground(runtime::runtime& on, std::vector<placement> where,
                           const storm_size& size, size_t clients)
  : python(on), contexts(std::move(where)), window(size.window), book(clients),
    members(size.members) {
  for (auto& each : contexts)
    numbers_.emplace(&python.context_at(each), numbers_.size());
}

void storm_ground::stop(const std::set<size_t>& which) {
  book.allow_losses(which);
  for (auto each : which)
    ask_to_stop(python.context_at(contexts[each]));
}

std::optional<size_t> storm_ground::home_of(const caf::actor& who) const {
  auto* member
    = pinned_base::behind(caf::actor_cast<caf::strong_actor_ptr>(who));
  auto found = member ? numbers_.find(&member->home()) : numbers_.end();
  return found != numbers_.end() ? std::optional{found->second} : std::nullopt;
}

// -- agenda -------------------------------------------------------------------

std::optional<order> agenda::next() {
  if (!stops_.empty() && next_ == steps_.size() / 2)
    ground_->stop(std::exchange(stops_, {}));
  auto& now = steps_[next_++];
  ground_->book.count_steps(1);
  auto context = context_of(now, ground_->contexts.size());
  try {
    auto result = perform(now);
    if (result)
      result->context = context ? context : ground_->home_of(result->whom);
    return result;
  } catch (const python_error& e) {
    if (e.info().code != errc::interpreter_lost
        || !ground_->book.losses_allowed(context))
      ground_->book.add_fault(std::string{to_string(now.what)}
                              + " threw: " + to_string(e.info()));
    return std::nullopt;
  }
}

std::optional<order> agenda::perform(const step& what) {
  auto server = [&] {
    return ground_->python.context_server_at(ground_->contexts[what.context]);
  };
  auto me = static_cast<int64_t>(client_);
  switch (what.what) {
    case operation::spawn_python:
    case operation::spawn_pinned:
    case operation::spawn_broken:
      spawn(what);
      return std::nullopt;
    case operation::increment:
    case operation::answer_later:
    case operation::spawn_child:
    case operation::crash:
      return ask_member(what);
    case operation::ask_and_drop:
      return order{
        ground_->python.spawn_python(actor_class::from_module("crew:Member"),
                                     {}, ground_->contexts[what.context]),
        call{.function = "increment", .args = {}}};
    case operation::kill:
      if (auto who = ground_->members.at(what.member))
        caf::anon_send_exit(who, caf::exit_reason::kill);
      return std::nullopt;
    case operation::shut_down:
      if (auto who = ground_->members.at(what.member))
        caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
      return std::nullopt;
    case operation::drop:
      ground_->members.put(what.member, {});
      return std::nullopt;
    case operation::evaluate:
      return order{server(),
                   eval{"globals().setdefault('owner', me)", {{"me", me}}}, me};
    case operation::execute:
      return order{server(), exec{"count = globals().get('count', 0) + 1"}};
    case operation::make_environment:
      return order{server(), runtime::make_environment{}};
    case operation::use_environment:
      return use_environment(what, what.context);
    case operation::misplace_environment:
      return use_environment(what,
                             (what.context + 1) % ground_->contexts.size());
    case operation::drop_environment:
      if (auto& mine = environments_[what.context]; !mine.empty()) {
        caf::anon_send(server(), runtime::drop_environment{mine.back()});
        mine.pop_back();
      }
      return std::nullopt;
    case operation::own_briefly:
      auto owner = ground_->python.system().spawn(brief_owner, server());
      if (what.member % 2 == 0)
        caf::anon_send_exit(owner, caf::exit_reason::kill);
      return std::nullopt;
  }
  std::unreachable();
}

void agenda::spawn(const step& what) {
  auto& where = ground_->contexts[what.context];
  auto python_class
    = what.what == operation::spawn_broken ? "crew:Broken" : "crew:Member";
  auto who = what.what == operation::spawn_pinned
               ? ground_->python.spawn_function(where, pinned_member)
               : ground_->python.spawn_python(
                   actor_class::from_module(python_class), {}, where);
  // Fails where the member that had the name, or this one, is ending.
  static_cast<void>(
    ground_->python.register_name(member_name(what.member), who));
  ground_->members.put(what.member, std::move(who));
}

std::optional<order> agenda::ask_member(const step& what) const {
  auto who = ground_->members.at(what.member);
  if (!who)
    return std::nullopt;
  return order{std::move(who),
               call{.function = std::string{to_string(what.what)}, .args = {}}};
}

std::optional<order> agenda::use_environment(const step& what,
                                             size_t in_context) {
  auto& mine = environments_[what.context];
  if (mine.empty())
    return std::nullopt;
  auto number = static_cast<int64_t>(mine.back().number);
  return order{
    ground_->python.context_server_at(ground_->contexts[in_context]),
    eval{"globals().setdefault('number', n)", {{"n", number}}, mine.back()},
    number};
}

void agenda::note(request_key key, const environment_id& made,
                  const value& wanted) {
  ground_->book.settle(key, value{}, wanted);
  environments_[steps_[key.step].context].push_back(made);
}

// -- requester ----------------------------------------------------------------

requester::requester(caf::actor_config& config, ledger& book)
  : caf::event_based_actor(config), book_(book) {
}

void requester::enqueue(caf::mailbox_element_ptr what,
                        caf::execution_unit* where) {
  responses_ += what->mid.is_response();
  caf::event_based_actor::enqueue(std::move(what), where);
}

void requester::on_exit() {
  if (responses_ != requests_ && !book_.given_up())
    book_.add_fault("a CAF actor got " + std::to_string(responses_)
                    + " responses to " + std::to_string(requests_)
                    + " requests");
}

// -- actor_client -------------------------------------------------------------

actor_client::actor_client(caf::actor_config& config, agenda what)
  : requester(config, what.ground().book), agenda_(std::move(what)) {
}

caf::behavior actor_client::make_behavior() {
  go_on();
  return {[](int) {}};
}

void actor_client::go_on() {
  while (!agenda_.done() && requests() - outcomes_ < agenda_.ground().window)
    if (auto request = agenda_.next())
      send(std::move(*request));
  if (agenda_.done() && outcomes_ == requests()
      && !std::exchange(finished_, true))
    agenda_.ground().book.finish();
}

void actor_client::send(order what) {
  auto heard
    = [this, key = agenda_.key(), wanted = what.wanted](const auto& outcome) {
        agenda_.note(key, outcome, wanted);
        ++outcomes_;
        go_on();
      };
  std::visit(
    [&]<class T>(T& message) {
      auto handle = ask(what.whom, std::move(message));
      agenda_.note_request(what.context, address(), handle.id());
      handle.then([heard](const answer_to<T>& x) { heard(x); },
                  [heard](const caf::error& why) { heard(failure(why)); });
    },
    what.what);
}

// -- thread client ------------------------------------------------------------

namespace {

/// Sends the request of the step that `from` has just done.
/// @returns what receives its outcome
std::function<void()> send(caf::blocking_actor& self, agenda& from,
                           order what) {
  auto heard = [&from, key = from.key(), wanted = what.wanted](
                 const auto& outcome) { from.note(key, outcome, wanted); };
  return std::visit(
    [&]<class T>(T& message) -> std::function<void()> {
      auto handle = self.request(what.whom, caf::infinite, std::move(message));
      from.note_request(what.context, self.address(), handle.id());
      return [handle, heard]() mutable {
        handle.receive([&](const answer_to<T>& x) { heard(x); },
                       [&](caf::error& why) { heard(failure(why)); });
      };
    },
    what.what);
}

} // namespace

void run_thread_client(agenda what, const std::shared_future<void>& calm) {
  auto& ground = what.ground();
  caf::scoped_actor self{ground.python.system()};
  while (!what.done()) {
    std::vector<std::function<void()>> receives;
    while (!what.done() && receives.size() < ground.window)
      if (auto request = what.next())
        receives.push_back(send(*self, what, std::move(*request)));
    for (auto& receive : receives)
      receive();
  }
  ground.book.finish();
  calm.wait();
  if (self->has_next_message() && !ground.book.given_up())
    ground.book.add_fault("a plain thread got one outcome too many");
}

} // namespace pyactor::test
