# Finds the CPython to embed, as `pyactor_python`; to users who need its headers
# it is pyactor::python, as where pyactor is installed.
#
# By pkg-config, because CMake 3.25 looks for no CPython newer than 3.12 of its
# own accord, and because `python3` on the PATH may be another interpreter.
# PYACTOR_PYTHON_VERSION names the one wanted; 3.14d is the debug build of 3.14.
set(PYACTOR_PYTHON_VERSION "" CACHE STRING
    "CPython to build against, for example 3.13; empty: see python_versions.txt")

find_package(PkgConfig REQUIRED)
set(candidates ${PYACTOR_PYTHON_VERSION})
if(NOT candidates)
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/python_versions.txt candidates
       REGEX "^[0-9]")
endif()
foreach(version IN LISTS candidates)
  pkg_check_modules(pyactor_python QUIET IMPORTED_TARGET GLOBAL
                    python-${version}-embed)
  if(pyactor_python_FOUND)
    add_library(pyactor_python ALIAS PkgConfig::pyactor_python)
    add_library(pyactor::python ALIAS PkgConfig::pyactor_python)
    set(pyactor_python_version ${version})
    # The headers of a debug build are links to those of the other, and GCC would
    # read the configuration beside these.
    if(version MATCHES d$ AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(PkgConfig::pyactor_python
                             INTERFACE -fno-canonical-system-headers)
    endif()
    message(STATUS "Embedding CPython ${pyactor_python_VERSION}")
    break()
  endif()
endforeach()
if(NOT pyactor_python_FOUND)
  list(GET candidates 0 version)
  list(JOIN candidates ", " candidates)
  message(FATAL_ERROR "CPython to embed not found (tried ${candidates}). "
                      "Install libpython${version}-dev, or run scripts/setup.")
endif()
