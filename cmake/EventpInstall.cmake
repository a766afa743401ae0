# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/eventp)

install(TARGETS eventp EXPORT eventp-targets FILE_SET HEADERS)
install(EXPORT eventp-targets NAMESPACE eventp:: DESTINATION ${config_dir})

# An export set of its own: a user without gmock must not be asked for it.
if(TARGET eventp_testing)
  install(TARGETS eventp_testing EXPORT eventp-testing-targets FILE_SET HEADERS)
  install(EXPORT eventp-testing-targets NAMESPACE eventp:: DESTINATION ${config_dir})
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/eventp-config.cmake.in
  ${PROJECT_BINARY_DIR}/eventp-config.cmake INSTALL_DESTINATION ${config_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/eventp-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/eventp-config.cmake
              ${PROJECT_BINARY_DIR}/eventp-config-version.cmake
        DESTINATION ${config_dir})

# pkg-config: every path starts at the .pc file, so that the prefix can be moved. An absolute
# directory that was given when configuring is kept as it is.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${pkgconfig_dir})
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
    BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${pkgconfig_dir} OUTPUT_VARIABLE up)
  set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(kind LIBDIR INCLUDEDIR)
  set(pc_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  if(IS_ABSOLUTE ${CMAKE_INSTALL_${kind}})
    set(pc_${kind} ${CMAKE_INSTALL_${kind}})
  endif()
endforeach()
# A shared library brings its own dependencies; a static one leaves them to the user's link line.
set(pc_libs_private ${CMAKE_THREAD_LIBS_INIT})
set(pc_libs "")
get_target_property(eventp_type eventp TYPE)
if(eventp_type STREQUAL STATIC_LIBRARY)
  set(pc_libs " ${CMAKE_THREAD_LIBS_INIT}")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/eventp.pc.in ${PROJECT_BINARY_DIR}/eventp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/eventp.pc DESTINATION ${pkgconfig_dir})

install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
