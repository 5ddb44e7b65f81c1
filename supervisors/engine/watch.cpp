#include <pyactor/supervisors/engine/watch.hpp>

#include <pyactor/libpyactor/insist.hpp>
#include <pyactor/supervisors/engine/signals.hpp>

namespace pyactor::supervisors::engine {

namespace {

/// What `abstract_actor::detach` hands to each attachable.
struct watch_query {
  static constexpr size_t token_type = 0x77617463;

  /// Watches of this key are taken off; null takes none off.
  const watch_key* remove = nullptr;
  /// Set to the key of the first watch that supervises.
  watch_key* first = nullptr;
};

class watcher : public caf::attachable {
public:
  watcher(watch_key key, std::shared_ptr<in_flight> requests)
    : key_(std::move(key)), requests_(std::move(requests)) {
    // nop
  }

  void actor_exited(const caf::error& reason,
                    caf::execution_unit* host) override {
    if (requests_)
      requests_->close(host);
    insist([&] {
      runtime::send_urgently(runtime::upgrade(key_.observer), host,
                             child_ended{key_.incarnation, reason});
    });
  }

  bool matches(const token& what) override {
    using runtime::call_trouble_token;
    if (what.subtype == call_trouble_token::token_type && key_.incarnation != 0)
      pass_on(*static_cast<const call_trouble_token*>(what.ptr));
    if (what.subtype != watch_query::token_type)
      return false;
    const auto& query = *static_cast<const watch_query*>(what.ptr);
    // CAF asks the latest first.
    if (query.first && key_.incarnation != 0)
      *query.first = key_;
    return query.remove && *query.remove == key_;
  }

private:
  /// The last reference to an observer must not go under the actor's lock.
  void pass_on(const runtime::call_trouble_token& trouble) const {
    trouble.then.emplace_back(
      [observer = runtime::upgrade(key_.observer),
       signal
       = child_in_trouble{key_.incarnation, trouble.what, trouble.call}] {
        runtime::send_urgently(observer, nullptr, signal);
      });
  }

  watch_key key_;
  std::shared_ptr<in_flight> requests_;
};

} // namespace

void watch(const caf::strong_actor_ptr& who, watch_key key,
           std::shared_ptr<in_flight> requests) {
  who->get()->attach(
    caf::attachable_ptr{new watcher(std::move(key), std::move(requests))});
}

void tell_exit(const caf::strong_actor_ptr& who, const caf::actor_addr& sender,
               caf::exit_reason reason, caf::execution_unit* host) {
  if (!who)
    return;
  caf::exit_msg message{sender, caf::make_error(reason)};
  runtime::send_urgently(who, host, message);
  if (reason == caf::exit_reason::kill)
    who->enqueue(nullptr, caf::make_message_id(),
                 caf::make_message(std::move(message)), host);
}

void unwatch(const caf::strong_actor_ptr& who, const watch_key& key) {
  if (who)
    who->get()->detach(watch_query{&key, nullptr});
}

bool claim(const caf::strong_actor_ptr& who, const watch_key& key,
           std::shared_ptr<in_flight> requests) {
  watch(who, key, std::move(requests));
  auto first = key; // an actor that has ended has no watch any more
  who->get()->detach(watch_query{nullptr, &first});
  if (first == key)
    return true;
  unwatch(who, key);
  return false;
}

} // namespace pyactor::supervisors::engine
