# What Windows expects of an executable besides its code: who it is (icon, version, manifest), and
# that its memory is protected. tests/windows/executables_test.py reads all of it back.
enable_language(RC)
set(THROTTLE_WINDOWS_DIR ${CMAKE_CURRENT_LIST_DIR}/windows)

function(throttle_windows_executable name)
  set(THROTTLE_TOOL ${name})
  set(resources ${PROJECT_BINARY_DIR}/windows/${name}.rc)
  configure_file(${THROTTLE_WINDOWS_DIR}/tool.rc.in ${resources} @ONLY)
  set_property(SOURCE ${resources} APPEND PROPERTY OBJECT_DEPENDS
               "${THROTTLE_WINDOWS_DIR}/tool.manifest;${THROTTLE_WINDOWS_DIR}/throttle.ico")
  target_sources(${name} PRIVATE ${resources})
  if(MINGW)
    # The subsystem's version is the oldest Windows that it runs on: 10, and Server 2016.
    target_link_options(${name} PRIVATE
      -Wl,--nxcompat,--dynamicbase,--high-entropy-va,--tsaware,--no-insert-timestamp
      -Wl,--subsystem,console:10.0,--major-os-version,10,--minor-os-version,0)
  elseif(MSVC)
    target_link_options(${name} PRIVATE /NXCOMPAT /DYNAMICBASE /HIGHENTROPYVA /TSAWARE /BREPRO
                        /SUBSYSTEM:CONSOLE,10.0 /MANIFEST:NO)
  endif()
endfunction()
