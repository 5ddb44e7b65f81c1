#include <pyactor/supervisors/engine/roster.hpp>

#include <iterator>

namespace pyactor::supervisors::engine {

child& roster::add(std::string id, std::shared_ptr<const child_spec> spec) {
  auto slot = slots_->slot(id);
  auto position = ++last_position_;
  auto& result = children_.try_emplace(children_.end(), position)->second;
  result.position = position;
  result.id = std::move(id);
  result.spec = std::move(spec);
  result.slot = std::move(slot);
  result.slot->position = position;
  recount(result);
  return result;
}

void roster::remove(const child& who) {
  totals_ -= who.share;
  who.slot->position = 0;
  children_.erase(who.position);
}

void roster::recount(child& who) {
  totals_ -= who.share;
  who.share = share_of(who);
  totals_ += who.share;
}

void roster::move_to_end(child& who) {
  auto node = children_.extract(who.position);
  who.position = ++last_position_;
  node.key() = who.position;
  who.slot->position = who.position;
  children_.insert(std::move(node));
}

child* roster::find(start_position position) {
  auto known = children_.find(position);
  return known == children_.end() ? nullptr : &known->second;
}

child* roster::find(const std::string& id) {
  auto slot = slots_->find(id);
  return slot ? find(slot->position) : nullptr;
}

child* roster::first_from(start_position position) {
  auto known = children_.lower_bound(position);
  return known == children_.end() ? nullptr : &known->second;
}

child* roster::last_before(start_position position) {
  auto known = children_.lower_bound(position);
  return known == children_.begin() ? nullptr : &std::prev(known)->second;
}

child* roster::find_incarnation(incarnation_id incarnation) {
  auto known = by_incarnation_.find(incarnation);
  return known == by_incarnation_.end() ? nullptr : known->second;
}

incarnation_id roster::new_incarnation(child& who) {
  auto result = ++last_incarnation_;
  by_incarnation_.emplace(result, &who);
  return result;
}

void roster::retire(incarnation_id incarnation) {
  by_incarnation_.erase(incarnation);
}

} // namespace pyactor::supervisors::engine
