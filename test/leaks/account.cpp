#include <pyactor/test/leaks/account.hpp>

#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

namespace pyactor::test {

namespace {

uintptr_t begin_of(const entry& what) noexcept {
  return reinterpret_cast<uintptr_t>(&what + 1);
}

/// Blocks by the address of their first byte.
using address_map = std::map<uintptr_t, entry*>;

/// @returns the block that has the address, taken out of the map, or null
entry* take_at(address_map& blocks, uintptr_t address) {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return nullptr;
  auto [begin, block] = *--after;
  if (address - begin >= block->size)
    return nullptr;
  blocks.erase(after);
  return block;
}

/// @returns the blocks to which words of `what` point, taken out of the map
std::vector<entry*> take_held_by(const entry& what, address_map& blocks) {
  std::vector<entry*> result;
  auto* bytes = reinterpret_cast<const char*>(&what + 1);
  for (size_t i = 0; i + sizeof(uintptr_t) <= what.size;
       i += sizeof(uintptr_t)) {
    uintptr_t word = 0;
    std::memcpy(&word, bytes + i, sizeof(word));
    if (auto* held = take_at(blocks, word))
      result.push_back(held);
  }
  return result;
}

} // namespace

void account::add(entry& what) noexcept {
  std::lock_guard guard{mtx_};
  link(what);
}

void account::remove(entry& what) noexcept {
  std::lock_guard guard{mtx_};
  unlink(what);
}

void account::take_held(account& from) {
  // Locked, no block of either can go meanwhile.
  std::scoped_lock guard{mtx_, from.mtx_};
  address_map left;
  for (auto* each = from.head_.next; each != &from.head_; each = each->next)
    left.emplace(begin_of(*each), each);
  std::vector<entry*> todo;
  if (!left.empty())
    for (auto* each = head_.next; each != &head_; each = each->next)
      todo.push_back(each);
  while (!todo.empty()) {
    auto* holder = todo.back();
    todo.pop_back();
    for (auto* held : take_held_by(*holder, left)) {
      from.unlink(*held);
      link(*held);
      todo.push_back(held);
    }
  }
}

void account::link(entry& what) noexcept {
  what.owner = this;
  what.previous = &head_;
  what.next = head_.next;
  what.previous->next = &what;
  what.next->previous = &what;
  ++size_;
}

void account::unlink(entry& what) noexcept {
  what.previous->next = what.next;
  what.next->previous = what.previous;
  --size_;
}

} // namespace pyactor::test
