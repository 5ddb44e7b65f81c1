#include <Python.h>

#include <pyactor/test/leaks/ledger.hpp>

#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/test/leaks/account.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

namespace pyactor::test {

namespace {

/// Of the program; this file is compiled without.
constexpr std::string_view sanitizers = PYACTOR_SANITIZE;

// -- accounts -----------------------------------------------------------------

/// By id of the interpreter, over again from the last.
std::array<account, 1024> accounts;
/// What no interpreter has allocated.
account nobodys;
/// What may leak.
account allowed;
/// What has leaked.
account lost;

thread_local bool is_allowed = false;
constinit std::atomic<const char*> current_test = "no test";

/// @returns the text, until the process ends: Python may end after the test
///          framework and what it knows
const char* keep(const std::string& text) {
  static std::mutex mtx;
  static auto& kept = *new std::set<std::string>;
  std::lock_guard guard{mtx};
  return kept.insert(text).first->c_str();
}

// -- findings -----------------------------------------------------------------

/// Made before CPython starts and gone after CPython's end.
struct findings {
  std::mutex mtx;
  std::vector<leak> leaks;

  void add(leak what) {
    std::lock_guard guard{mtx};
    leaks.push_back(std::move(what));
  }

  ~findings() {
    if (leaks.empty())
      return;
    for (auto& each : leaks)
      std::fprintf(stderr, "leak: %s\n", to_string(each).c_str());
    std::fflush(nullptr);
    std::_Exit(EXIT_FAILURE);
  }
};

findings found;

#ifdef PYACTOR_TEST_LEDGER

constexpr bool enabled = true;

// -- the allocator ------------------------------------------------------------

/// What gives the memory.
PyMemAllocatorEx inner;

account& account_of(PyThreadState* thread) noexcept {
  auto id = PyInterpreterState_GetID(thread->interp);
  return accounts[static_cast<size_t>(id) % accounts.size()];
}

account& current_account() noexcept {
  if (is_allowed)
    return allowed;
  auto* thread = PyThreadState_GetUnchecked();
  return thread ? account_of(thread) : nobodys;
}

entry& entry_of(void* block) noexcept {
  return static_cast<entry*>(block)[-1];
}

/// @returns the bytes of a block with its entry, or too many to be had
size_t with_entry(size_t size) noexcept {
  constexpr auto most = std::numeric_limits<size_t>::max();
  return size > most - sizeof(entry) ? most : size + sizeof(entry);
}

void* enter(void* memory, size_t size) noexcept {
  if (!memory)
    return nullptr;
  auto* what = new (memory) entry{.size = size, .test = current_test};
  current_account().add(*what);
  return what + 1;
}

void* allocate(void*, size_t size) noexcept {
  return enter(inner.malloc(inner.ctx, with_entry(size)), size);
}

void* allocate_zeroed(void*, size_t count, size_t size) noexcept {
  auto all = count * size; // CPython has looked that it does not overflow.
  return enter(inner.calloc(inner.ctx, 1, with_entry(all)), all);
}

void* reallocate(void* ctx, void* block, size_t size) noexcept {
  if (!block)
    return allocate(ctx, size);
  auto* what = &entry_of(block);
  auto& owner = *what->owner;
  owner.remove(*what);
  auto* moved = inner.realloc(inner.ctx, what, with_entry(size));
  if (moved) {
    what = static_cast<entry*>(moved);
    what->size = size;
  }
  owner.add(*what);
  return moved ? what + 1 : nullptr;
}

void release(void*, void* block) noexcept {
  if (!block)
    return;
  auto& what = entry_of(block);
  what.owner->remove(what);
  inner.free(inner.ctx, &what);
}

// -- objects ------------------------------------------------------------------

/// @returns the bytes in front of an object: the collector's links, and a
///          pointer each to a managed dict and to weak references
size_t offset_of(PyObject* what) noexcept {
  constexpr auto pair = 2 * sizeof(void*);
  auto has = [&](unsigned long feature) {
    return PyType_HasFeature(Py_TYPE(what), feature);
  };
  return (has(Py_TPFLAGS_HAVE_GC) ? pair : 0)
         + (has(Py_TPFLAGS_PREHEADER) ? pair : 0);
}

entry& entry_of(PyObject* what) noexcept {
  return entry_of(
    static_cast<void*>(reinterpret_cast<char*>(what) - offset_of(what)));
}

/// CPython keeps some blocks that are freed, and makes the next object of one:
/// lets that leak too.
int let_new_leak(PyObject* what, PyRefTracerEvent event, void*) noexcept {
  if (event == PyRefTracer_CREATE && is_allowed) {
    auto& its_entry = entry_of(what);
    its_entry.owner->remove(its_entry);
    allowed.add(its_entry);
  }
  return 0;
}

// -- the start of Python ------------------------------------------------------

/// Ends the process of a suite that is not run with each CPython, because it is
/// said to start none.
void need_python() {
  if (!std::getenv("PYACTOR_TEST_WITHOUT_PYTHON"))
    return;
  std::fprintf(stderr,
               "\"%s\" starts Python: CMakeLists.txt must not list its"
               " suite as WITHOUT_PYTHON\n",
               current_test.load());
  std::_Exit(EXIT_FAILURE);
}

/// CPython takes its allocators anew for each life, and gives out the first
/// block when it is initialized.
void open_ledger() {
  // The address sanitizer knows only what malloc gives, as to "raw" blocks.
  PyMem_GetAllocator(sanitizers.contains("address") ? PYMEM_DOMAIN_RAW
                                                    : PYMEM_DOMAIN_OBJ,
                     &inner);
  PyMemAllocatorEx ours{nullptr, allocate, allocate_zeroed, reallocate,
                        release};
  PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &ours);
  PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &ours);
}

// -- the end of an interpreter ------------------------------------------------

/// Notes which blocks are objects that the collector tracks, because its lists
/// end with the interpreter.
void mark_objects() noexcept {
  auto mark = [](PyObject* what, void*) {
    auto* type = Py_TYPE(what);
    auto outlives = !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE);
    entry_of(what).type = outlives ? type->tp_name : keep(type->tp_name);
    return 1;
  };
  PyUnstable_GC_VisitObjects(mark, nullptr);
}

/// @returns what a debug CPython has counted, else 0
int64_t count_references() noexcept {
#  ifdef Py_REF_DEBUG
  return _Py_GetGlobalRefTotal();
#  else
  return 0;
#  endif
}

/// Closes the account of an interpreter that has ended.
/// @returns what is left in it
leak close(account& what) {
  leak result;
  allowed.take_held(what);
  while (what.size() > 0) {
    auto& left = what.front();
    ++result.blocks;
    result.bytes += left.size;
    result.tests.insert(left.test);
    if (left.type)
      ++result.tracked[left.type];
    // Whoever frees it after all finds it there.
    what.remove(left);
    lost.add(left);
  }
  return result;
}

int64_t references_before = 0;
size_t allowed_before = 0;

#else

constexpr bool enabled = false;

#endif

} // namespace

static_assert(enabled
                == (PY_VERSION_HEX >= 0x030e0000
                    && !sanitizers.contains("thread")),
              "each CPython from 3.14 on has a ledger");

void need_ledger() {
  if (!enabled)
    SKIP("CPython before 3.14, or the thread sanitizer: there is no ledger");
}

bool counts_references() noexcept {
#ifdef Py_REF_DEBUG
  return enabled;
#else
  return false;
#endif
}

std::string to_string(const leak& what) {
  auto result = "interpreter " + std::to_string(what.interpreter) + " left "
                + std::to_string(what.blocks) + " blocks, "
                + std::to_string(what.bytes) + " bytes";
  if (what.references != 0)
    result += ", " + std::to_string(what.references) + " references";
  const char* separator = "; the collector tracked: ";
  for (const auto& [type, count] : what.tracked)
    result
      += std::exchange(separator, ", ") + std::to_string(count) + ' ' + type;
  separator = "; allocated in: ";
  for (const auto& test : what.tests)
    result += std::exchange(separator, ", ") + ('"' + test + '"');
  return result;
}

std::vector<leak> take_leaks() {
  std::lock_guard guard{found.mtx};
  return std::exchange(found.leaks, {});
}

holdings count_holdings(attach_scope& py) {
  holdings result;
  // What the first collection leaves as it is no garbage, the second may cease
  // to track.
  py.owner().collect_garbage(py);
  py.owner().collect_garbage(py);
  // It holds a few thousand names that were looked up by text.
  PyType_ClearCache();
#ifdef PYACTOR_TEST_LEDGER
  auto count = [](PyObject*, void* objects) {
    ++*static_cast<size_t*>(objects);
    return 1;
  };
  PyUnstable_GC_VisitObjects(count, &result.objects);
  auto* thread = PyThreadState_Get();
  result.blocks = account_of(thread).size();
#  ifdef Py_REF_DEBUG
  result.references = _PyInterpreterState_GetRefTotal(thread->interp);
#  endif
#endif
  return result;
}

void let_leak(bool allow) noexcept {
  is_allowed = allow;
}

void enter_test(const std::string& title) {
  current_test = keep(title);
}

} // namespace pyactor::test

// -- between pyactor and CPython ----------------------------------------------

// The linker leads pyactor's calls here (`--wrap`).

#ifdef PYACTOR_TEST_LEDGER

using namespace pyactor::test;

extern "C" {

PyStatus __real_Py_InitializeFromConfig(const PyConfig* config);
int __real_Py_FinalizeEx();
void __real_Py_EndInterpreter(PyThreadState* thread);

PyStatus __wrap_Py_InitializeFromConfig(const PyConfig* config) {
  need_python();
  open_ledger();
  references_before = count_references();
  allowed_before = allowed.size();
  auto status = __real_Py_InitializeFromConfig(config);
  if (!PyStatus_Exception(status))
    PyRefTracer_SetTracer(let_new_leak, nullptr);
  return status;
}

int __wrap_Py_FinalizeEx() {
  mark_objects();
  auto result = __real_Py_FinalizeEx();
  auto left = close(accounts[0]);
  // What may leak holds references too.
  if (allowed.size() == allowed_before)
    left.references = count_references() - references_before;
  if (left.blocks > 0 || left.references != 0)
    found.add(std::move(left));
  return result;
}

void __wrap_Py_EndInterpreter(PyThreadState* thread) {
  mark_objects();
  auto id = PyInterpreterState_GetID(thread->interp);
  auto& its_account = account_of(thread);
  __real_Py_EndInterpreter(thread);
  auto left = close(its_account);
  left.interpreter = id;
  if (left.blocks > 0)
    found.add(std::move(left));
}

} // extern "C"

#endif
