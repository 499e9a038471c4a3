# `cmake --install` puts down the tools, the libraries, their headers and a CMake package, so that a
# server of somebody else's says find_package(throttle) and links throttle::core, throttle::uv …
include(CMakePackageConfigHelpers)
set(THROTTLE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/throttle)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/libthrottle DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(EXPORT throttleTargets NAMESPACE throttle:: DESTINATION ${THROTTLE_PACKAGE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/throttleConfig.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/throttleConfig.cmake
                              INSTALL_DESTINATION ${THROTTLE_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/throttleConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/throttleConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/throttleConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/ThrottleDependencies.cmake
        DESTINATION ${THROTTLE_PACKAGE_DIR})
