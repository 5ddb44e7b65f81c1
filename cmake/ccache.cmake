# Lets ccache answer for the compiler, where it is installed. The presets ask
# for it; a build without them does not use it. Paths below the project count as
# relative ones, so that checkouts and build trees share what was compiled; the
# source paths in debug information are those of the tree that compiled it.
find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=true ${CCACHE_PROGRAM})
endif()
