# Lets ccache answer for the compiler, where it is installed. The presets ask
# for it; a build without them does not use it. Paths below the project count as
# relative ones, so that checkouts and build trees share what was compiled; the
# source paths in debug information are those of the tree that compiled it.
find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM)
  cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH ccache_root)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_BASEDIR=${ccache_root}
      CCACHE_NOHASHDIR=true ${CCACHE_PROGRAM})
endif()
