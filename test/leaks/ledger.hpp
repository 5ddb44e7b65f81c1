#pragma once

#include <pyactor/libpyactor/attach.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

// A leak sanitizer sees no leak of CPython's objects: the collector's own lists
// reach a leaked list, and whole environments with it. So every test program
// keeps a ledger: each block that CPython's object allocators give out, by
// interpreter. CPython 3.14 gives all of them back at the end of an
// interpreter. What is left then is a leak, and the program that did not expect
// it fails.
//
// There is none before CPython 3.14, which leaves blocks of its own behind, and
// none under the thread sanitizer, to which its locks would hide races.
//
// Warm-up counts for nothing: what caches, interned strings and modules hold
// goes with their interpreter too.

namespace pyactor::test {

/// Skips the test case where there is no ledger.
void need_ledger();

/// Whether CPython is a debug build, which counts references.
[[nodiscard]] bool counts_references() noexcept;

/// What an interpreter has left behind.
struct leak {
  /// CPython's id of the interpreter; 0 is the main one.
  int64_t interpreter = 0;
  size_t blocks = 0;
  size_t bytes = 0;
  /// How many objects of each type the collector tracked among them.
  std::map<std::string, size_t> tracked;
  /// The test cases that allocated the blocks.
  std::set<std::string> tests;
  /// How many more references there are than before Python started. Counted by
  /// a debug CPython for all interpreters of a life, and reported with the main
  /// one.
  int64_t references = 0;
};

[[nodiscard]] std::string to_string(const leak& what);

/// @returns the leaks that were found since the last call; those that nobody
///          takes fail the program at its end
/// @thread any
[[nodiscard]] std::vector<leak> take_leaks();

/// How much an interpreter holds.
struct holdings {
  /// Objects that the collector tracks.
  size_t objects = 0;
  size_t blocks = 0;
  /// Counted by a debug CPython only.
  int64_t references = 0;

  bool operator==(const holdings&) const = default;
};

/// Counts what the interpreter holds beside garbage and its cache of names.
[[nodiscard]] holdings count_holdings(attach_scope& py);

/// What the calling thread allocates until the next call may leak, or no
/// longer.
void let_leak(bool allowed) noexcept;

/// Names the test case for which blocks are allocated from now on.
/// @thread that of the test cases
void enter_test(const std::string& title);

} // namespace pyactor::test
