# throttle_library(core SOURCES … DEPENDS …): one library a room, with an alias throttle::core.
# The include root is the top of the tree, in the build and where it is installed:
# #include "libthrottle/core/duration.h".
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
  if(WIN32)
    target_compile_definitions(${target} PUBLIC _WIN32_WINNT=0x0A00 UNICODE _UNICODE NOMINMAX
                               WIN32_LEAN_AND_MEAN BOOST_ALL_NO_LIB)
  endif()
endfunction()

function(throttle_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS;PRECOMPILE" ${ARGN})
  set(target throttle_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(throttle::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  throttle_common(${target})
  target_compile_options(${target} PRIVATE
                         $<$<CXX_COMPILER_ID:Clang>:-Wglobal-constructors>)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  if(ARG_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARG_PRECOMPILE})
  endif()
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/libthrottle/")
    install(TARGETS ${target} EXPORT throttleTargets)
  endif()
endfunction()

# throttle_tool(throttle-server SOURCES … DEPENDS …): one executable in bin/, static if asked for.
function(throttle_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  throttle_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(THROTTLE_STATIC AND NOT WIN32)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_options(${name} PRIVATE -static-pie)
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
