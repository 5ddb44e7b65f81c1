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

/// Where CPython or CAF does not survive a want of memory, with no code of
/// pyactor at fault: the function that asks for it, and one that called that.
struct deadly_place {
  std::string_view asking;
  std::string_view within;
  /// No function whose name a library shows comes below `asking`: what asks is
  /// static there.
  bool is_direct = false;
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
  // 3.14.8, dictobject.c: _PyDict_NewKeysForClass goes on with the keys that it
  // found no memory for, when a class is made.
  //   unicodekeys_lookup_unicode  reads at null
  //   insert_split_key            dictobject.c:1846
  //   _PyDict_NewKeysForClass     dictobject.c:6816
  //   type_ready_managed_dict     typeobject.c:8888
  //   type_new_impl               typeobject.c:4659
  //   type_call                   typeobject.c:2372
  //   _PyObject_MakeTpCall
  //   PyObject_VectorcallDict
  //   builtin___build_class__
  deadly_place{"_PyObject_MakeTpCall", "PyObject_VectorcallDict", true},
  // CAF 0.17.6: the envelope of a reply, made when the promise counts as kept;
  // the client waits for ever.
  //   caf::make_mailbox_element
  //   caf::response_promise::deliver_impl
  //   caf::detail::default_invoke_result_visitor::operator()
  //   caf::scheduled_actor::reactivate
  deadly_place{"_ZN3caf20make_mailbox_elementENS_13intrusive_ptrINS_19actor_"
               "control_blockEEENS_10message_idESt6vectorIS2_SaIS2_EENS_"
               "7messageE",
               "_ZN3caf16response_promise12deliver_implENS_7messageE"},
  // CAF 0.17.6: the news of an actor's end; its monitors wait for ever.
  //   caf::default_attachable::actor_exited
  //   caf::monitorable_actor::cleanup
  //   caf::scheduled_actor::finalize
  deadly_place{
    "_ZN3caf18default_attachable12actor_exitedERKNS_5errorEPNS_14execution_"
    "unitE",
    "_ZN3caf17monitorable_actor7cleanupEONS_5errorEPNS_14execution_unitE"},
};

std::string_view function_at(void* address) {
  Dl_info where;
  if (dladdr(address, &where) && where.dli_sname)
    return where.dli_sname;
  return {};
}

/// @returns whether this thread is where a failure is not survived
bool is_deadly() {
  std::array<void*, 64> addresses;
  auto count = backtrace(addresses.data(), static_cast<int>(addresses.size()));
  std::array<std::string_view, 64> stack;
  std::transform(addresses.begin(), addresses.begin() + count, stack.begin(),
                 function_at);
  return std::ranges::any_of(deadly_places, [&](const deadly_place& place) {
    auto asking = std::ranges::find(stack, place.asking);
    auto is_unnamed = [](std::string_view name) { return name.empty(); };
    if (place.is_direct && !std::all_of(stack.begin(), asking, is_unnamed))
      return false;
    return std::find(asking, stack.end(), place.within) != stack.end();
  });
}

/// @returns whether this allocation is to fail
bool fails(allocator whose) {
  auto& left = remaining[static_cast<size_t>(whose)];
  if (left == nothing || left-- > 0)
    return false;
  was_reached = true;
  return !is_deadly();
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

std::vector<allocator> judged_allocators() {
  if (PY_VERSION_HEX >> 16 != 0x030e)
    return {allocator::cpp};
  return {allocator::cpp, allocator::raw, allocator::mem, allocator::object};
}

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
