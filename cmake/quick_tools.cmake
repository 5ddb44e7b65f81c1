# Lets ccache answer for the compiler and mold link, where they are installed.
# The presets ask for it; a build without them does not use it.

# Paths below the project count as relative ones, so that checkouts and build
# trees share what was compiled; the source paths in debug information are those
# of the tree that compiled it.
find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM)
  cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH ccache_root)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_BASEDIR=${ccache_root}
      CCACHE_NOHASHDIR=true ${CCACHE_PROGRAM})
endif()

# The test programs of all presets are 2 GB of debug information.
find_program(MOLD_PROGRAM mold)
mark_as_advanced(MOLD_PROGRAM)
if(MOLD_PROGRAM)
  foreach(kind IN ITEMS EXE SHARED MODULE)
    string(APPEND CMAKE_${kind}_LINKER_FLAGS_INIT " -fuse-ld=mold")
  endforeach()
endif()
