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

# pyactor_add_library(name SOURCES ... HEADERS ...): one layer, as pyactor::name.
# HEADERS are those that users include, and what these include in turn: they are
# installed, and what they declare is all that a shared library shows.
function(pyactor_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS")
  set(target pyactor_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(pyactor::${name} ALIAS ${target})
  # No DEFINE_SYMBOL: objects are the same for static and shared libraries.
  set_target_properties(
    ${target}
    PROPERTIES EXPORT_NAME ${name}
               POSITION_INDEPENDENT_CODE ON
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               DEFINE_SYMBOL ""
               VERSION ${PROJECT_VERSION}
               SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
               INSTALL_RPATH $ORIGIN)
  target_include_directories(
    ${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                     $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  pyactor_configure(${target})
  foreach(header IN LISTS arg_HEADERS)
    set_property(GLOBAL APPEND PROPERTY pyactor_headers pyactor/${name}/${header})
  endforeach()
  if(PYACTOR_INSTALL)
    install(TARGETS ${target} EXPORT pyactor)
    foreach(header IN LISTS arg_HEADERS)
      cmake_path(GET header PARENT_PATH folder)
      install(FILES ${header}
              DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pyactor/${name}/${folder})
    endforeach()
  endif()
endfunction()
