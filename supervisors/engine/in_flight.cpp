#include <pyactor/supervisors/engine/in_flight.hpp>

#include <pyactor/libpyactor/insist.hpp>
#include <pyactor/supervisors/error.hpp>

namespace pyactor::supervisors::engine {

in_flight::ticket::ticket(std::shared_ptr<in_flight> home,
                          std::list<request>::iterator place)
  : home_(std::move(home)), place_(place) {
  // nop
}

in_flight::ticket::~ticket() {
  settle();
}

bool in_flight::ticket::settle() {
  if (in_time_)
    return *in_time_;
  std::list<request> gone; // freed outside of the lock
  std::unique_lock guard{home_->mutex_};
  in_time_ = !home_->closed_;
  if (*in_time_)
    gone.splice(gone.begin(), home_->requests_, place_);
  return *in_time_;
}

void in_flight::ticket::lose() {
  if (!in_time_ && settle())
    ++*home_->lost_;
}

in_flight::in_flight(incarnation_id incarnation,
                     std::shared_ptr<std::atomic<uint64_t>> lost)
  : incarnation_(incarnation), lost_(std::move(lost)) {
  // nop
}

void in_flight::fail(const request& what, caf::execution_unit* host) {
  ++*lost_;
  insist([&] {
    runtime::respond_with_error(runtime::upgrade(what.client), host,
                                what.response,
                                child_down{incarnation_}.to_error());
  });
}

std::shared_ptr<in_flight::ticket> in_flight::enter(request what) {
  std::list<request> fresh;
  fresh.push_back(std::move(what));
  auto place = fresh.begin();
  auto result = std::make_shared<ticket>(shared_from_this(), place);
  {
    std::unique_lock guard{mutex_};
    if (!closed_) {
      requests_.splice(requests_.end(), fresh);
      return result;
    }
  }
  fail(*place, nullptr);
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
    fail(what, host);
}

} // namespace pyactor::supervisors::engine
