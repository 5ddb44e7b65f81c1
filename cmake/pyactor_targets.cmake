# How every target of this project is built: one include form, one set of
# warnings, sanitizers on request.

# `#include <pyactor/runtime/router.hpp>` means the same in the tree and
# installed: in the build tree `pyactor` is a link to the source tree.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include/pyactor
     SYMBOLIC)

# Settings that every target of this project shares.
function(pyactor_configure target)
  target_compile_features(${target} PUBLIC cxx_std_23)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-deprecated-declarations)
  if(PYACTOR_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${PYACTOR_SANITIZE}
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${PYACTOR_SANITIZE})
  endif()
endfunction()

# pyactor_add_library(name SOURCES ...): one layer, as pyactor::name.
function(pyactor_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  set(target pyactor_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(pyactor::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name}
                                             POSITION_INDEPENDENT_CODE ON
                                             CXX_VISIBILITY_PRESET hidden
                                             VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(
    ${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                     $<INSTALL_INTERFACE:include>)
  pyactor_configure(${target})
endfunction()
