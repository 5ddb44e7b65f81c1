#include <Python.h>

#include <pyactor/test/memory/allocation_failure.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <string_view>

#include <dlfcn.h>
#include <execinfo.h>

namespace pyactor::test {

namespace {

constexpr int64_t nothing = -1;

/// Allocations of this thread, by allocator, before the one that fails.
constinit thread_local std::array<int64_t, 4> remaining{nothing, nothing,
                                                        nothing, nothing};
constinit thread_local bool was_reached = false;

/// Where CPython crashes for want of memory, with no code of pyactor at fault:
/// the function of CPython's that asks for the memory, and one that called it.
struct deadly_place {
  std::string_view asking;
  std::string_view within;
};

constexpr std::array deadly_places{
  // 3.14.8, codegen.c: maybe_optimize_function_call takes the symbol table of
  // a generator that is a call's only argument, `any(x for x in y)`, for
  // granted; the look-up makes an int of an address, and gives null without
  // memory. A program of compilations alone crashes there too:
  //   codegen_visit_expr  codegen.c:5267, reads ste_coroutine at null
  //   codegen_visit_stmt  codegen.c:3015
  //   codegen_function    codegen.c:1482
  //   codegen_body        codegen.c:913
  //   compiler_codegen    compile.c:836
  //   _PyAST_Compile      compile.c:1491
  //   Py_CompileStringObject
  deadly_place{"PyLong_FromUnsignedLong", "_PyAST_Compile"},
};

std::string_view function_at(void* address) {
  Dl_info where;
  if (dladdr(address, &where) && where.dli_sname)
    return where.dli_sname;
  return {};
}

/// @returns whether this thread is where CPython does not survive a failure
bool is_deadly() {
  std::array<void*, 64> addresses;
  auto count = backtrace(addresses.data(), static_cast<int>(addresses.size()));
  std::array<std::string_view, 64> stack;
  std::transform(addresses.begin(), addresses.begin() + count, stack.begin(),
                 function_at);
  return std::ranges::any_of(deadly_places, [&](const deadly_place& place) {
    auto asking = std::ranges::find(stack, place.asking);
    return std::find(asking, stack.end(), place.within) != stack.end();
  });
}

/// @returns whether this allocation is to fail
bool fails(allocator whose) {
  auto& left = remaining[static_cast<size_t>(whose)];
  if (left == nothing || left-- > 0)
    return false;
  was_reached = true;
  return whose == allocator::cpp || !is_deadly();
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
  auto& by = originals[static_cast<size_t>(whose)];
  if (by.malloc)
    return;
  PyMem_GetAllocator(domain, &by);
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

allocation_failure::allocation_failure(allocator whose, size_t number) {
  was_reached = false;
  remaining[static_cast<size_t>(whose)] = static_cast<int64_t>(number);
}

allocation_failure::~allocation_failure() {
  remaining.fill(nothing);
}

bool allocation_failure::reached() const noexcept {
  return was_reached;
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
