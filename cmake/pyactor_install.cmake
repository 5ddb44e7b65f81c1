# What `cmake --install` adds to libraries and headers: how other builds find
# them. Nothing here names the prefix, so that the installed tree can be moved.
set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/pyactor)

# Static libraries need at the user's link what shared ones were linked with.
set(pyactor_static_python)
if(NOT BUILD_SHARED_LIBS)
  set(pyactor_static_python python-${pyactor_python_version}-embed)
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

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
