#include <pyactor/supervisors/engine/in_flight.hpp>

#include <pyactor/supervisors/error.hpp>

namespace pyactor::supervisors::engine {

namespace {

void fail(const in_flight::request& what, incarnation_id incarnation,
          caf::execution_unit* host) {
  runtime::respond_with_error(runtime::upgrade(what.client), host,
                              what.response,
                              child_down{incarnation}.to_error());
}

} // namespace

in_flight::ticket::ticket(std::shared_ptr<in_flight> home,
                          std::list<request>::iterator place)
  : home_(std::move(home)), place_(place) {
  // nop
}

in_flight::ticket::~ticket() {
  settle();
}

bool in_flight::ticket::settle() {
  if (std::exchange(settled_, true))
    return true;
  std::list<request> gone; // freed outside of the lock
  std::unique_lock guard{home_->mutex_};
  if (home_->closed_)
    return false;
  gone.splice(gone.begin(), home_->requests_, place_);
  return true;
}

in_flight::in_flight(incarnation_id incarnation) : incarnation_(incarnation) {
  // nop
}

std::shared_ptr<in_flight::ticket> in_flight::enter(request what) {
  std::list<request> fresh;
  fresh.push_back(std::move(what));
  auto place = fresh.begin();
  {
    std::unique_lock guard{mutex_};
    if (!closed_) {
      requests_.splice(requests_.end(), fresh);
      return std::make_shared<ticket>(shared_from_this(), place);
    }
  }
  fail(*place, incarnation_, nullptr);
  return nullptr;
}

void in_flight::close(caf::execution_unit* host) {
  std::list<request> open;
  {
    std::unique_lock guard{mutex_};
    closed_ = true;
    open.swap(requests_);
  }
  for (const auto& what : open)
    fail(what, incarnation_, host);
}

} // namespace pyactor::supervisors::engine
