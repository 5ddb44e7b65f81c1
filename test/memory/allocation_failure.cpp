#include <Python.h>

#include <pyactor/test/memory/allocation_failure.hpp>

#include <array>
#include <cstdlib>
#include <new>

namespace pyactor::test {

namespace {

constexpr int64_t nothing = -1;

/// Allocations of this thread, by allocator, before the one that fails.
constinit thread_local std::array<int64_t, 4> remaining{nothing, nothing,
                                                        nothing, nothing};
constinit thread_local bool was_reached = false;

/// Where the allocation was asked for that was to fail.
thread_local call_stack asked_at;
thread_local harm harm_met = harm::none;
thread_local harm harm_allowed = harm::none;

/// @returns whether the allocation that was to fail may
[[gnu::noinline]] bool may_fail_here() {
  was_reached = true;
  asked_at = call_stack::here();
  harm_met = harm_at(asked_at);
  return harm_met <= harm_allowed;
}

/// @returns whether this allocation is to fail
bool fails(allocator whose) {
  auto& left = remaining[static_cast<size_t>(whose)];
  if (left == nothing || left-- > 0)
    return false;
  return may_fail_here();
}

// CPython's own, by `allocator`.
std::array<PyMemAllocatorEx, 4> originals;

PyMemAllocatorEx& original(void* whose) {
  return *static_cast<PyMemAllocatorEx*>(whose);
}

bool python_fails(void* whose) {
  return fails(static_cast<allocator>(&original(whose) - originals.data()));
}

void* allocate(void* whose, size_t size) {
  auto& by = original(whose);
  return python_fails(whose) ? nullptr : by.malloc(by.ctx, size);
}

void* allocate_zeros(void* whose, size_t count, size_t size) {
  auto& by = original(whose);
  return python_fails(whose) ? nullptr : by.calloc(by.ctx, count, size);
}

void* reallocate(void* whose, void* block, size_t size) {
  auto& by = original(whose);
  return python_fails(whose) ? nullptr : by.realloc(by.ctx, block, size);
}

void release(void* whose, void* block) {
  auto& by = original(whose);
  by.free(by.ctx, block);
}

void watch(allocator whose, PyMemAllocatorDomain domain) {
  PyMemAllocatorEx now;
  PyMem_GetAllocator(domain, &now);
  if (now.malloc == allocate)
    return;
  // Each start of CPython brings its own ones back.
  auto& by = originals[static_cast<size_t>(whose)];
  by = now;
  PyMemAllocatorEx ours{&by, allocate, allocate_zeros, reallocate, release};
  PyMem_SetAllocator(domain, &ours);
}

void* allocate_for_cpp(size_t size) {
  if (!fails(allocator::cpp))
    if (auto* result = std::malloc(size != 0 ? size : 1))
      return result;
  throw std::bad_alloc{};
}

} // namespace

bool judges_python() noexcept {
  return PY_VERSION_HEX >> 16 == 0x030e;
}

std::vector<allocator> judged_allocators() {
  if (!judges_python())
    return {allocator::cpp};
  return {allocator::cpp, allocator::raw, allocator::mem, allocator::object};
}

allocation_failure::allocation_failure(allocator whose, size_t number,
                                       harm at_most) {
  was_reached = false;
  harm_met = harm::none;
  harm_allowed = at_most;
  remaining[static_cast<size_t>(whose)] = static_cast<int64_t>(number);
}

allocation_failure::~allocation_failure() {
  remaining.fill(nothing);
}

bool allocation_failure::reached() const noexcept {
  return was_reached;
}

harm allocation_failure::met() noexcept {
  return harm_met;
}

std::string allocation_failure::place() {
  return to_string(asked_at);
}

void allocation_failure::watch_python() {
  watch(allocator::raw, PYMEM_DOMAIN_RAW);
  watch(allocator::mem, PYMEM_DOMAIN_MEM);
  watch(allocator::object, PYMEM_DOMAIN_OBJ);
}

} // namespace pyactor::test

void* operator new(std::size_t size) {
  return pyactor::test::allocate_for_cpp(size);
}

void operator delete(void* what) noexcept {
  std::free(what);
}

void operator delete(void* what, std::size_t) noexcept {
  std::free(what);
}
