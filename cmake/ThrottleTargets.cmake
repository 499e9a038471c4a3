# throttle_library(core SOURCES … DEPENDS … [PRIVATE_DEPENDS …] [HEADERS …]): one library a room,
# with an alias throttle::core. The include root is the top of the tree, in the build and where it
# is installed: #include "libthrottle/core/duration.h". HEADERS are the public ones: a room that has
# some is installed with them, as a component of the package (ThrottleInstall.cmake).
include(GNUInstallDirs)
set(THROTTLE_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough)
if(MSVC)
  set(THROTTLE_WARNINGS /W4 /permissive-)
endif()

function(throttle_common target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE ${THROTTLE_WARNINGS})
  if(MINGW AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # No path of the build is in what it makes: ccache sees to that by itself (CCACHE_BASEDIR).
    target_compile_options(${target} PRIVATE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
  endif()
  if(WIN32)
    target_compile_definitions(${target} PUBLIC _WIN32_WINNT=0x0A00 UNICODE _UNICODE NOMINMAX
                               WIN32_LEAN_AND_MEAN BOOST_ALL_NO_LIB)
  endif()
endfunction()

function(throttle_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPENDS;PRIVATE_DEPENDS;PRECOMPILE" ${ARGN})
  set(target throttle_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(throttle::${name} ALIAS ${target})
  throttle_common(${target})
  target_compile_options(${target} PRIVATE
                         $<$<CXX_COMPILER_ID:Clang>:-Wglobal-constructors>)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  throttle_without_header_only(private ${ARG_PRIVATE_DEPENDS})
  target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} PRIVATE ${private})
  if(ARG_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARG_PRECOMPILE})
  endif()
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/libthrottle/")
    set_property(GLOBAL APPEND PROPERTY THROTTLE_ROOMS ${name})
  endif()
  if(ARG_HEADERS)
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                   FILES ${ARG_HEADERS})
    throttle_component(${name} ${ARG_DEPENDS} ${ARG_PRIVATE_DEPENDS})
  endif()
endfunction()

# A header-only library that only the sources of a room use is none of its users' business.
function(throttle_without_header_only variable)
  get_property(header_only GLOBAL PROPERTY THROTTLE_HEADER_ONLY)
  set(targets)
  foreach(target IN LISTS ARGN)
    if(target IN_LIST header_only)
      set(target $<BUILD_INTERFACE:${target}>)
    endif()
    list(APPEND targets ${target})
  endforeach()
  set(${variable} ${targets} PARENT_SCOPE)
endfunction()

# throttle_tool(throttle-server SOURCES … DEPENDS … [DESTINATION …]): one executable in bin/, static
# if asked for.
function(throttle_tool name)
  cmake_parse_arguments(ARG "" "DESTINATION" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_DESTINATION)
    set(ARG_DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  add_executable(${name} ${ARG_SOURCES})
  throttle_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(THROTTLE_STATIC AND NOT WIN32)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_options(${name} PRIVATE -static-pie)
  endif()
  if(THROTTLE_PACKAGES)
    # What the linker reads, for the list of what is linked in (scripts/sbom): GNU ld 2.35, lld 12.
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/links)
    target_link_options(${name} PRIVATE
                        LINKER:--dependency-file=${PROJECT_BINARY_DIR}/links/${name}.d)
  endif()
  if(WIN32)
    throttle_windows_executable(${name})
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${ARG_DESTINATION} COMPONENT tools)
endfunction()
