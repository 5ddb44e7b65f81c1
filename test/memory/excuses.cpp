#include <pyactor/test/memory/excuses.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <span>
#include <unordered_map>

#include <dlfcn.h>
#include <execinfo.h>

namespace pyactor::test {

namespace {

struct excuse {
  library whose;
  harm what;
  /// Functions, from the one that asks for memory on; an empty name is any
  /// number of those that no library names. Where the first has a name, others
  /// may be between them: `operator new` is in front of that.
  std::vector<std::string_view> stack;
  /// How often the tests meet it in all, with some room.
  size_t at_most;
  std::atomic<size_t> used = 0;
};

// Of CPython's static functions only debug information knows the names; these
// are in the comments.
std::array<excuse, 7> excuses{{
  // -- what CPython does not survive ------------------------------------

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
  {library::cpython,
   harm::death,
   {"", "PyLong_FromUnsignedLong", "", "_PyAST_Compile"},
   400},
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
  {library::cpython,
   harm::death,
   {"", "_PyObject_MakeTpCall", "PyObject_VectorcallDict", "",
    "PyObject_Vectorcall"},
   50},
  // -- what CPython loses -----------------------------------------------

  // 3.14.8: the compiler leaves a function without leaving its scope, and loses
  // what it has of it, or loses a stack of handlers. No library names the
  // functions in which it does so, so this is about all that the compiler asks
  // for itself:
  //   _PyInstructionSequence_UseLabel  instruction_sequence.c:75
  //   codegen_function_body            codegen.c:1374
  //   codegen_function                 codegen.c:1482
  //   codegen_body                     codegen.c:913
  //   compiler_codegen                 compile.c:836
  //   _PyAST_Compile
  // and
  //   copy_except_stack                flowgraph.c:729
  //   label_exception_targets          flowgraph.c:935
  //   _PyCfg_OptimizeCodeUnit          flowgraph.c:3698
  //   optimize_and_assemble_code_unit  compile.c:1436
  //   _PyAST_Compile
  {library::cpython, harm::loss, {"", "_PyAST_Compile"}, 10000},
  // 3.14.8: so it does where it finds no name for a method.
  //   compiler_set_qualname   compile.c:297
  //   _PyCompile_EnterScope   compile.c:708
  //   codegen_function_body   codegen.c:1354
  //   ... codegen_class ...
  //   _PyAST_Compile
  {library::cpython,
   harm::loss,
   {"", "PyUnicode_New", "PyUnicode_Concat", "", "_PyAST_Compile"},
   50},
  //   compiler_set_qualname   compile.c:302
  {library::cpython,
   harm::loss,
   {"", "PyUnicode_Append", "", "_PyAST_Compile"},
   50},

  // -- what CAF does not survive ----------------------------------------

  // CAF 0.17.6: the envelope of a reply, made when the promise counts as kept;
  // the client waits for ever.
  //   caf::make_mailbox_element
  //   caf::response_promise::deliver_impl
  //   caf::detail::default_invoke_result_visitor::operator()
  //   caf::scheduled_actor::reactivate
  {library::caf,
   harm::death,
   {"_ZN3caf20make_mailbox_elementENS_13intrusive_ptrINS_19actor_control_"
    "blockEEENS_10message_idESt6vectorIS2_SaIS2_EENS_7messageE",
    "_ZN3caf16response_promise12deliver_implENS_7messageE"},
   200},
  // CAF 0.17.6: the news of an actor's end; its monitors wait for ever.
  //   caf::default_attachable::actor_exited
  //   caf::monitorable_actor::cleanup
  //   caf::scheduled_actor::finalize
  {library::caf,
   harm::death,
   {"_ZN3caf18default_attachable12actor_exitedERKNS_5errorEPNS_14execution_"
    "unitE",
    "_ZN3caf17monitorable_actor7cleanupEONS_5errorEPNS_14execution_unitE"},
   200},
}};

bool matches(const excuse& what,
             const std::vector<std::string_view>& functions) {
  const auto& wanted = what.stack;
  if (wanted.front().empty())
    return functions.size() >= wanted.size()
           && std::equal(wanted.begin(), wanted.end(), functions.begin());
  auto at = functions.begin();
  return std::ranges::all_of(wanted, [&](std::string_view name) {
    at = std::find(at, functions.end(), name);
    return at != functions.end();
  });
}

/// @returns empty where no library names it
std::string_view function_at(void* address) {
  // To look it up in a library takes longer than all else of a stack.
  static thread_local std::unordered_map<void*, std::string_view> known;
  auto [found, is_new] = known.try_emplace(address);
  Dl_info where;
  if (is_new && dladdr(address, &where) && where.dli_sname)
    found->second = where.dli_sname;
  return found->second;
}

/// @returns a function, or "library+0x2cf5f4", as addr2line wants it
std::string describe(void* address) {
  Dl_info where;
  if (!dladdr(address, &where))
    return "?";
  if (where.dli_sname)
    return where.dli_sname;
  std::array<char, 20> offset{};
  std::snprintf(offset.data(), offset.size(), "+0x%zx",
                static_cast<size_t>(static_cast<char*>(address)
                                    - static_cast<char*>(where.dli_fbase)));
  return std::filesystem::path{where.dli_fname}.filename().string()
         + offset.data();
}

} // namespace

call_stack call_stack::here() {
  call_stack result;
  result.size = static_cast<size_t>(backtrace(
    result.addresses.data(), static_cast<int>(result.addresses.size())));
  return result;
}

std::vector<std::string_view> call_stack::functions() const {
  std::vector<std::string_view> result;
  for (auto* address : std::span{addresses}.first(size)) {
    auto name = function_at(address);
    if (!name.empty() || result.empty() || !result.back().empty())
      result.push_back(name);
  }
  return result;
}

std::string to_string(const call_stack& what) {
  std::string result;
  for (auto* address : std::span{what.addresses}.first(what.size))
    result += (result.empty() ? "" : " < ") + describe(address);
  return result;
}

harm harm_at(const call_stack& where) {
  auto functions = where.functions();
  auto found = std::ranges::find_if(
    excuses, [&](const excuse& each) { return matches(each, functions); });
  if (found == excuses.end())
    return harm::none;
  ++found->used;
  return found->what;
}

std::string wrong_excuses(library whose, size_t at_least) {
  std::string result;
  for (auto& each : excuses) {
    if (each.whose != whose
        || (each.used >= at_least && each.used <= each.at_most))
      continue;
    result += std::to_string(each.used) + " times, of at most "
              + std::to_string(each.at_most) + ':';
    for (auto name : each.stack)
      result += ' ' + std::string{name.empty() ? "?" : name};
    result += '\n';
  }
  return result;
}

} // namespace pyactor::test
