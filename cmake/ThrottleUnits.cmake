# What service managers of Unix need: systemd's unit files from their one template, an example of a
# socket unit, launchd's plist. The paths of this installation are written into them.
include(GNUInstallDirs)
set(SBINDIR ${CMAKE_INSTALL_FULL_SBINDIR})
set(SYSCONFDIR ${CMAKE_INSTALL_FULL_SYSCONFDIR})
set(throttle_units ${PROJECT_BINARY_DIR}/units)

function(throttle_unit name)
  cmake_parse_arguments(ARG "" "COMMENT;SUFFIX;CONFIGURATION" "" ${ARGN})
  set(UNIT_COMMENT ${ARG_COMMENT})
  set(UNIT_SUFFIX ${ARG_SUFFIX})
  set(UNIT_CONFIGURATION ${ARG_CONFIGURATION})
  configure_file(${PROJECT_SOURCE_DIR}/service/unix/throttle.service.in ${throttle_units}/${name}
                 @ONLY)
endfunction()

throttle_unit(throttle.service
              COMMENT "The lease server and the proxies of ${SYSCONFDIR}/throttle/throttle.toml."
              CONFIGURATION ${SYSCONFDIR}/throttle/throttle.toml)
throttle_unit(throttle@.service SUFFIX " (%i)"
              COMMENT "Further ones: throttle@NAME.service for ${SYSCONFDIR}/throttle/NAME.toml."
              CONFIGURATION ${SYSCONFDIR}/throttle/%i.toml)
configure_file(${PROJECT_SOURCE_DIR}/service/unix/throttle.plist.in ${throttle_units}/throttle.plist
               @ONLY)

if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  install(FILES ${throttle_units}/throttle.service ${throttle_units}/throttle@.service
          DESTINATION lib/systemd/system COMPONENT tools)
  install(FILES ${PROJECT_SOURCE_DIR}/service/unix/throttle.sysusers
          DESTINATION lib/sysusers.d RENAME throttle.conf COMPONENT tools)
  install(FILES ${PROJECT_SOURCE_DIR}/service/unix/throttle-http.socket
          DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT tools)
endif()
