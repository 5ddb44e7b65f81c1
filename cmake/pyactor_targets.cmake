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
    get_target_property(type ${target} TYPE)
    # Where it may lie anywhere, to relocate what the sanitizers note of each line
    # takes half of a program's start.
    if(PYACTOR_SANITIZE MATCHES "address" AND type STREQUAL "EXECUTABLE")
      target_link_options(${target} PRIVATE -no-pie)
    endif()
  endif()
endfunction()

# pyactor_uses_caf(target [check...]): leaves out the check for undefined behaviour
# that CAF's headers do not pass, of virtual tables: a queue of CAF 0.17.6 takes its
# own anchor for an element. And these checks, where they are named.
function(pyactor_uses_caf target)
  if(PYACTOR_SANITIZE MATCHES "undefined")
    set(checks vptr ${ARGN})
    list(JOIN checks "," checks)
    target_compile_options(${target} PRIVATE -fno-sanitize=${checks})
  endif()
endfunction()

# pyactor_data_folder(target folder): says what data_folder() of
# cmake/data_folder.hpp is in this program. One object alone has the path of the
# checkout in it, so that what ccache has of the others serves all checkouts.
function(pyactor_data_folder target folder)
  add_library(${target}_folder OBJECT ${PROJECT_SOURCE_DIR}/cmake/data_folder.cpp)
  pyactor_configure(${target}_folder)
  target_include_directories(${target}_folder PRIVATE ${PROJECT_BINARY_DIR}/include)
  target_compile_definitions(${target}_folder PRIVATE PYACTOR_DATA_FOLDER="${folder}")
  target_link_libraries(${target} PRIVATE ${target}_folder)
endfunction()

set(PYACTOR_JOIN_SOURCES 1 CACHE STRING
    "How many sources are compiled as one, which saves time for their headers")

# pyactor_join(out COUNT SOURCE...): the sources to compile in the place of these:
# COUNT of them joined to one, but for those that have options of their own. CMake's unity builds would do, but
# for the absolute paths in them, which keep checkouts from sharing what ccache has.
function(pyactor_join out count)
  if(count LESS 2)
    set(${out} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(result)
  set(to_join)
  foreach(source IN LISTS ARGN)
    get_source_file_property(definitions ${source} COMPILE_DEFINITIONS)
    get_source_file_property(options ${source} COMPILE_OPTIONS)
    if(definitions OR options)
      list(APPEND result ${source})
    else()
      list(APPEND to_join ${source})
    endif()
  endforeach()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/joined)
  while(to_join)
    list(SUBLIST to_join 0 ${count} batch)
    list(REMOVE_ITEM to_join ${batch})
    set(text)
    foreach(source IN LISTS batch)
      cmake_path(ABSOLUTE_PATH source)
      cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${folder})
      # Some tests name a macro so.
      string(APPEND text "#include \"${source}\"\n#undef TEST\n")
    endforeach()
    list(GET batch 0 name)
    cmake_path(GET name STEM LAST_ONLY name)
    file(CONFIGURE OUTPUT ${folder}/${name}.cpp CONTENT "${text}" @ONLY)
    list(APPEND result ${folder}/${name}.cpp)
  endwhile()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

# pyactor_add_library(name SOURCES ... HEADERS ...): one layer, as pyactor::name.
# HEADERS are those that users include, and what these include in turn: they are
# installed, and what they declare is all that a shared library shows.
function(pyactor_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS")
  set(target pyactor_${name})
  pyactor_join(sources ${PYACTOR_JOIN_SOURCES} ${arg_SOURCES})
  add_library(${target} ${sources})
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
