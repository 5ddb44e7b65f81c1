# What `cmake --install` adds to libraries and headers: how other builds find
# them. Nothing here names the prefix, so that the installed tree can be moved.
set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/pyactor)

# What pkg-config calls the CPython that is embedded. Static libraries need it at
# the user's link; shared ones were linked with it.
set(pyactor_python_module python-${pyactor_python_version}-embed)
set(pyactor_static_python)
if(NOT BUILD_SHARED_LIBS)
  set(pyactor_static_python ${pyactor_python_module})
endif()

install(EXPORT pyactor NAMESPACE pyactor:: FILE pyactor-targets.cmake
        DESTINATION ${folder})
configure_file(cmake/pyactor-config.cmake.in pyactor-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
# Before 1.0, each minor version may break what the one before had.
write_basic_package_version_file(
  pyactor-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pyactor-config.cmake
              ${PROJECT_BINARY_DIR}/pyactor-config-version.cmake
              cmake/FindCAF.cmake
        DESTINATION ${folder})

file(RELATIVE_PATH pyactor_prefix_from_pc
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/pyactor.pc.in pyactor.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pyactor.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Within another project, the folder of that name may be the other one's.
set(docs ${CMAKE_INSTALL_DOCDIR})
if(NOT PROJECT_IS_TOP_LEVEL)
  set(docs ${CMAKE_INSTALL_DATAROOTDIR}/doc/pyactor)
endif()
install(FILES LICENSE DESTINATION ${docs})
