# `cmake --install` puts down the tools and, for a server of somebody else's, a package: the rooms
# that have public headers are its components, each with only what it needs itself:
#
#   find_package(throttle REQUIRED COMPONENTS gate)      and link throttle::gate
#   pkg-config --cflags --libs throttle-gate
include(CMakePackageConfigHelpers)
set(THROTTLE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/throttle)
set(THROTTLE_PKG_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# throttle_component(gate throttle::core throttle::uv …): installs the library of a room with its
# public headers, and notes which rooms and libraries it needs. They come before it.
function(throttle_component name)
  get_property(header_only GLOBAL PROPERTY THROTTLE_HEADER_ONLY)
  set(rooms)
  set(libraries)
  foreach(target IN LISTS ARGN)
    string(REGEX REPLACE "^.*::" "" short ${target})
    if(target MATCHES "^throttle::")
      list(APPEND rooms ${short})
    elseif(target MATCHES "^throttle_dep::" AND COMMAND throttle_find_${short})
      list(APPEND libraries ${short})
    elseif(NOT target IN_LIST header_only)
      message(FATAL_ERROR "throttle::${name} is installed, so cmake/ThrottleFind.cmake has to say "
                          "how ${target} is found (throttle_find_${short})")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY THROTTLE_COMPONENTS ${name})
  set_property(GLOBAL PROPERTY THROTTLE_ROOMS_OF_${name} ${rooms})
  set_property(GLOBAL PROPERTY THROTTLE_LIBRARIES_OF_${name} ${libraries})

  set(target throttle_${name})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  throttle_for_any_linker(${target})
  install(TARGETS ${target} EXPORT throttle-${name} FILE_SET HEADERS)
  install(EXPORT throttle-${name} NAMESPACE throttle:: DESTINATION ${THROTTLE_PACKAGE_DIR}
          FILE throttle-${name}.cmake)
endfunction()

# An archive of link-time optimisation alone can be read by the compiler that wrote it and by no
# other: GCC adds machine code for everybody else, clang 14 cannot.
function(throttle_for_any_linker target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(optimised $<BOOL:$<TARGET_PROPERTY:INTERPROCEDURAL_OPTIMIZATION>>)
    target_compile_options(${target} PRIVATE $<${optimised}:-ffat-lto-objects>)
  else()
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
  endif()
endfunction()

# All that a component needs, directly or not, each after what it needs itself: rooms (the component
# is the last one) and libraries.
function(throttle_needs_of name rooms_variable libraries_variable)
  get_property(direct GLOBAL PROPERTY THROTTLE_ROOMS_OF_${name})
  get_property(libraries GLOBAL PROPERTY THROTTLE_LIBRARIES_OF_${name})
  get_property(components GLOBAL PROPERTY THROTTLE_COMPONENTS)
  set(rooms)
  foreach(room IN LISTS direct)
    if(NOT room IN_LIST components)
      message(FATAL_ERROR "throttle::${name} is installed, so throttle::${room} has to be: "
                          "list its public headers (HEADERS)")
    endif()
    throttle_needs_of(${room} its_rooms its_libraries)
    list(APPEND rooms ${its_rooms})
    list(PREPEND libraries ${its_libraries})
  endforeach()
  list(APPEND rooms ${name})
  list(REMOVE_DUPLICATES rooms)
  list(REMOVE_DUPLICATES libraries)
  set(${rooms_variable} ${rooms} PARENT_SCOPE)
  set(${libraries_variable} ${libraries} PARENT_SCOPE)
endfunction()

function(throttle_install_pkg_config name)
  get_property(rooms GLOBAL PROPERTY THROTTLE_ROOMS_OF_${name})
  get_property(libraries GLOBAL PROPERTY THROTTLE_LIBRARIES_OF_${name})
  list(TRANSFORM rooms PREPEND throttle- OUTPUT_VARIABLE requires)
  set(THROTTLE_PC_CFLAGS)
  foreach(library IN LISTS libraries)
    if(THROTTLE_PKG_CONFIG_${library})
      list(APPEND requires ${THROTTLE_PKG_CONFIG_${library}})
      continue()
    endif()
    get_target_property(folders throttle_dep::${library} INTERFACE_INCLUDE_DIRECTORIES)
    foreach(folder IN LISTS folders)
      if(folder AND NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
        string(APPEND THROTTLE_PC_CFLAGS " -I${folder}")
      endif()
    endforeach()
  endforeach()
  list(JOIN requires ", " THROTTLE_PC_REQUIRES)
  file(RELATIVE_PATH THROTTLE_PC_PREFIX /p/${THROTTLE_PKG_CONFIG_DIR} /p)
  string(REGEX REPLACE "/$" "" THROTTLE_PC_PREFIX ${THROTTLE_PC_PREFIX})
  set(THROTTLE_PC_NAME ${name})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/throttle.pc.in
                 ${PROJECT_BINARY_DIR}/package/throttle-${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/throttle-${name}.pc
          DESTINATION ${THROTTLE_PKG_CONFIG_DIR})
endfunction()

# After all rooms.
function(throttle_install_package)
  get_property(THROTTLE_COMPONENTS GLOBAL PROPERTY THROTTLE_COMPONENTS)
  set(THROTTLE_COMPONENT_TABLE)
  foreach(name IN LISTS THROTTLE_COMPONENTS)
    throttle_needs_of(${name} rooms libraries)
    string(APPEND THROTTLE_COMPONENT_TABLE "set(throttle_rooms_of_${name} ${rooms})\n"
           "set(throttle_libraries_of_${name} ${libraries})\n")
    throttle_install_pkg_config(${name})
  endforeach()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/throttleConfig.cmake.in
                                ${PROJECT_BINARY_DIR}/package/throttleConfig.cmake
                                INSTALL_DESTINATION ${THROTTLE_PACKAGE_DIR})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/throttleConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/package/throttleConfig.cmake
                ${PROJECT_BINARY_DIR}/package/throttleConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/ThrottleFind.cmake
          DESTINATION ${THROTTLE_PACKAGE_DIR})
endfunction()
