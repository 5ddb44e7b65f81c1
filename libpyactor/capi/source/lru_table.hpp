#pragma once

#include <bit>
#include <cstddef>
#include <list>
#include <optional>
#include <utility>
#include <vector>

namespace pyactor::capi {

/// A hash table of bounded size that drops what was used least recently. The
/// caller brings the hash; a hit allocates nothing.
template <class Entry>
class lru_table {
public:
  /// @param capacity at least 1 is kept
  explicit lru_table(size_t capacity)
    : capacity_(capacity ? capacity : 1),
      buckets_(std::bit_ceil(capacity_), nullptr) {
  }

  lru_table(const lru_table&) = delete;
  lru_table& operator=(const lru_table&) = delete;

  /// @param same tells whether an entry of this hash is the one
  /// @returns the entry, from now on the newest, or null
  template <class Same>
  Entry* find(size_t hash, Same&& same) {
    for (auto* x = bucket(hash); x; x = x->chain)
      if (x->hash == hash && same(std::as_const(x->entry))) {
        if (x->self != nodes_.begin())
          nodes_.splice(nodes_.begin(), nodes_, x->self);
        return &x->entry;
      }
    return nullptr;
  }

  /// Adds an entry as the newest.
  /// @returns what had to go for it
  std::optional<Entry> insert(size_t hash, Entry entry) {
    nodes_.push_front({std::move(entry), hash, bucket(hash), {}});
    auto& added = nodes_.front();
    added.self = nodes_.begin();
    bucket(hash) = &added;
    if (nodes_.size() <= capacity_)
      return std::nullopt;
    return take_oldest();
  }

  std::optional<Entry> take_oldest() {
    if (nodes_.empty())
      return std::nullopt;
    auto& oldest = nodes_.back();
    auto** link = &bucket(oldest.hash);
    while (*link != &oldest)
      link = &(*link)->chain;
    *link = oldest.chain;
    std::optional<Entry> result{std::move(oldest.entry)};
    nodes_.pop_back();
    return result;
  }

  [[nodiscard]] size_t size() const noexcept {
    return nodes_.size();
  }

private:
  struct node {
    Entry entry;
    size_t hash;
    node* chain;
    typename std::list<node>::iterator self;
  };

  node*& bucket(size_t hash) noexcept {
    return buckets_[hash & (buckets_.size() - 1)];
  }

  size_t capacity_;
  std::list<node> nodes_;
  std::vector<node*> buckets_;
};

} // namespace pyactor::capi
