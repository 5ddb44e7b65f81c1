# What holds where pyactor is a part of this project, which has ASKED_FOR some of
# its options.

# Its libraries are of the kind that this project builds.
get_target_property(type pyactor::libpyactor TYPE)
if(BUILD_SHARED_LIBS)
  set(expected SHARED_LIBRARY)
else()
  set(expected STATIC_LIBRARY)
endif()
if(NOT type STREQUAL expected)
  message(FATAL_ERROR "pyactor::libpyactor is a ${type}, not a ${expected}")
endif()

# CPython's headers are there for those who ask for them.
if(NOT TARGET pyactor::python)
  message(FATAL_ERROR "there is no pyactor::python")
endif()

# How pyactor is built is its own business, and it is not the top-level project.
set(imposed ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_STANDARD})
foreach(property IN ITEMS COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS
                          INCLUDE_DIRECTORIES LINK_DIRECTORIES)
  get_directory_property(value ${property})
  list(APPEND imposed ${value})
endforeach()
foreach(layer IN ITEMS libpyactor runtime supervisors)
  foreach(property IN ITEMS COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS)
    get_target_property(value pyactor::${layer} INTERFACE_${property})
    if(value)
      list(APPEND imposed ${value})
    endif()
  endforeach()
endforeach()
if(imposed)
  message(FATAL_ERROR "pyactor changes how others are built: ${imposed}")
endif()
foreach(option IN ITEMS BUILD_TESTS BUILD_EXAMPLES BUILD_BENCH INSTALL)
  if(PYACTOR_${option} AND NOT option IN_LIST ASKED_FOR)
    message(FATAL_ERROR "PYACTOR_${option} is on where nobody asked for it")
  endif()
endforeach()
