#pragma once

#include <pyactor/runtime/runtime.hpp>
#include <pyactor/test/storm/client.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace pyactor::test {

/// The actor "post", to which those clients write that are Python threads. It
/// looks that each letter comes, in its turn.
///
/// Python code of the runtime sends, and has no requests; those of a supervised
/// tree are made by an actor of their own. So a Python thread hands its request
/// to this actor, which makes it, puts its outcome into the ledger, and then
/// tells the thread that there is one. What a thread tells a member directly is
/// in no ledger: the member handles it or ends first, and nobody hears which.
class post : public requester {
public:
  post(caf::actor_config& config, std::shared_ptr<storm_ground> ground);

  caf::behavior make_behavior() override;

private:
  /// A client.
  struct writer {
    int64_t letters = 0;
    /// Requests without an outcome.
    size_t open = 0;
    /// It writes no more.
    bool done = false;
  };

  /// What a client hands in to be asked.
  struct errand {
    request_key key;
    /// The client's actor, which hears that there is an outcome.
    value client;
    value member;
    std::string method;
  };

  void take(const runtime::call& letter);
  void run(errand what);
  void settle(const errand& what, const expected<value>& outcome);
  static void tell(const errand& what);
  void finish_if_done(const writer& whose);

  std::shared_ptr<storm_ground> ground_;
  std::map<size_t, writer> writers_;
};

} // namespace pyactor::test
