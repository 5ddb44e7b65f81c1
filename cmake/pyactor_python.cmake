# Finds the CPython to embed, as `pyactor_python`.
#
# By pkg-config, because CMake 3.25 looks for no CPython newer than 3.12 of its
# own accord, and because `python3` on the PATH may be another interpreter.
# PYACTOR_PYTHON_VERSION names the one wanted; empty takes the newest.
set(PYACTOR_PYTHON_VERSION "" CACHE STRING
    "CPython version to build against, for example 3.14; empty: the newest")

find_package(PkgConfig REQUIRED)
set(candidates ${PYACTOR_PYTHON_VERSION})
if(NOT candidates)
  set(candidates 3.14 3.13 3.12)
endif()
foreach(version IN LISTS candidates)
  pkg_check_modules(pyactor_python QUIET IMPORTED_TARGET python-${version}-embed)
  if(pyactor_python_FOUND)
    add_library(pyactor_python ALIAS PkgConfig::pyactor_python)
    set(pyactor_python_version ${version})
    message(STATUS "Embedding CPython ${pyactor_python_VERSION}")
    break()
  endif()
endforeach()
if(NOT pyactor_python_FOUND)
  list(JOIN candidates ", " candidates)
  message(FATAL_ERROR "CPython to embed not found (tried ${candidates}). "
                      "Install libpython3.14-dev, or run scripts/setup.")
endif()
