# What is installed beside the tools; and, with THROTTLE_PACKAGES, the packages that CPack makes of
# the component `tools`: throttle_VERSION_ARCH.deb and throttle-VERSION-linux-x64.tar.gz. `./dev
# package` makes them from the preset `package`, whose prefix is /usr, so that the units name the
# right paths. The configuration of a build needs `date` and `gzip` only for these.
if(NOT CMAKE_SYSTEM_NAME STREQUAL Linux)
  return()
endif()

# Below the prefix, unless that is the system's own.
set(throttle_etc ${CMAKE_INSTALL_SYSCONFDIR})
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(throttle_etc /etc)
endif()
install(FILES ${THROTTLE_SAMPLE} DESTINATION ${throttle_etc}/throttle
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ COMPONENT configuration)
install(FILES ${THROTTLE_SAMPLE} DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT tools)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT tools)
install(FILES docs/capacity.md docs/compare.md docs/http-api.md docs/migrate.md docs/monitoring.md
              docs/operations.md docs/proxy.md docs/python.md docs/recipes.md docs/service.md
              docs/troubleshooting.md docs/inspect.md docs/journal.md docs/benchmarks.md
              docs/benchmarks-proxy.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT tools)
install(DIRECTORY examples/monitoring DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        COMPONENT tools)

configure_file(LICENSE ${PROJECT_BINARY_DIR}/package/copyright COPYONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT tools)

if(NOT THROTTLE_PACKAGES)
  return()
endif()

set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_COMPONENTS_ALL tools configuration)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_NAME throttle)
set(CPACK_PACKAGE_VENDOR throttle)
set(CPACK_PACKAGE_CONTACT "The authors of throttle <throttle@localhost>")

# The changelog of Debian has the day of the newest entry of CHANGELOG.md.
file(STRINGS CHANGELOG.md headings REGEX "^## .*[(][0-9]+-[0-9]+-[0-9]+[)]$")
list(GET headings 0 newest)
string(REGEX REPLACE "^.*[(](.*)[)]$" "\\1" day "${newest}")
execute_process(COMMAND date -u -R -d "${day} 00:00" OUTPUT_VARIABLE THROTTLE_CHANGE_DATE
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
configure_file(cmake/debian/changelog.in ${PROJECT_BINARY_DIR}/package/changelog @ONLY)
execute_process(COMMAND gzip --force --no-name --best ${PROJECT_BINARY_DIR}/package/changelog
                COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${PROJECT_BINARY_DIR}/package/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT configuration)
install(FILES cmake/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
        RENAME throttle COMPONENT configuration)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "fair semaphores over HTTP and in front of TCP services")
set(CPACK_PACKAGE_FILE_NAME throttle-${PROJECT_VERSION}-linux-x64)
set(CPACK_ARCHIVE_FILE_NAME ${CPACK_PACKAGE_FILE_NAME})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Throttle controls how many may use something at once: it lets a few clients
connect to a TCP service and the others wait in a fair queue, and it grants
leases on named semaphores to jobs on many machines.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)  # released tools are static
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(throttle_debian ${PROJECT_SOURCE_DIR}/cmake/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${throttle_debian}/conffiles ${throttle_debian}/postinst ${throttle_debian}/prerm
    ${throttle_debian}/postrm)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/cpack_generator.cmake)
include(CPack)
