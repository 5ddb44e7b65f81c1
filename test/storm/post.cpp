#include <pyactor/test/storm/post.hpp>

#include <pyactor/runtime/actor_host.hpp>

#include <utility>

namespace pyactor::test {

using namespace runtime;

namespace {

/// @returns an invalid handle where the actor is gone
caf::actor handle_of(const value& who) {
  return caf::actor_cast<caf::actor>(actor_behind(who.as_actor()));
}

size_t number_at(const std::vector<value>& args, size_t index) {
  return static_cast<size_t>(*args.at(index).as_int64());
}

} // namespace

post::post(caf::actor_config& config, std::shared_ptr<storm_ground> ground)
  : requester(config, ground->book), ground_(std::move(ground)) {
}

caf::behavior post::make_behavior() {
  return {[this](const call& letter) { take(letter); }};
}

void post::take(const call& letter) {
  auto& book = ground_->book;
  auto& args = letter.args.positional;
  auto client = number_at(args, 0);
  auto name = "Python thread " + std::to_string(client) + ": ";
  auto& from = writers_[client];
  if (auto number = *args.at(1).as_int64(); number != from.letters)
    book.add_fault(name + letter.function + " " + std::to_string(number)
                   + " came instead of " + std::to_string(from.letters));
  ++from.letters;
  if (letter.function == "ask") {
    run({.key = {client, number_at(args, 2)},
         .client = args.at(3),
         .member = args.at(4),
         .method = *args.at(5).as_str()});
  } else if (letter.function == "done") {
    book.count_steps(number_at(args, 2));
    if (!args.at(3).is_none())
      book.add_fault(name + to_string(args.at(3)));
    from.done = true;
    finish_if_done(from);
  }
}

void post::run(errand what) {
  auto& book = ground_->book;
  if (book.given_up())
    return tell(what); // whoever would answer may hang
  ++writers_[what.key.client].open;
  auto operation = operation_of(what.method);
  auto member = handle_of(what.member);
  if (!member) {
    // The thread's reference is a weak one: that the member has ended is the
    // outcome, and there is nobody to ask.
    book.open(what.key, operation, {}, address(), {});
    return settle(what, fail(errc::actor_dead, "the member has ended"));
  }
  auto handle = ask(member, call{.function = what.method, .args = {}});
  book.open(what.key, operation, ground_->home_of(member), address(),
            handle.id());
  handle.then([this, what](const value& x) { settle(what, x); },
              [this, what](const caf::error& why) {
                settle(what, unexpected{from_caf(why)});
              });
}

void post::settle(const errand& what, const expected<value>& outcome) {
  ground_->book.settle(what.key, outcome);
  auto& from = writers_[what.key.client];
  --from.open;
  tell(what);
  finish_if_done(from);
}

void post::tell(const errand& what) {
  auto step = static_cast<int64_t>(what.key.step);
  // Its context may have stopped: then the thread waits for nothing any more.
  if (auto client = handle_of(what.client))
    caf::anon_send(client, call{"hear", {.positional = {step}}});
}

void post::finish_if_done(const writer& whose) {
  if (whose.done && whose.open == 0)
    ground_->book.finish();
}

} // namespace pyactor::test
