# How the libraries that throttle stands on are found: each ends as one imported target,
# throttle_dep::NAME, and nobody else needs to know where it came from. The build uses this file
# (ThrottleDependencies.cmake), and so does the installed package, for what its components need.
#
# throttle_find_NAME() defines throttle_dep::NAME, or does not if the library is missing;
# THROTTLE_PACKAGES_NAME says where to get it, THROTTLE_PKG_CONFIG_NAME its name for pkg-config.

# A header-only library as an imported target with SYSTEM includes.
function(throttle_find_headers target header)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "THROTTLE_${target}_INCLUDE_DIR" variable)
  find_path(${variable} ${header})
  if(${variable})
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} SYSTEM INTERFACE ${${variable}})
    set_property(GLOBAL APPEND PROPERTY THROTTLE_HEADER_ONLY ${target})
  endif()
endfunction()

set(THROTTLE_PACKAGES_expected
    "tl/expected.hpp (Debian: libexpected-dev, vcpkg and Homebrew: tl-expected)")
function(throttle_find_expected)
  throttle_find_headers(throttle_dep::expected tl/expected.hpp)
endfunction()

# A compiled library: by its own CMake package if it has one, else by header and library name. The
# static library in a static build, else what the platform has.
#
# throttle_find_compiled(uv PACKAGE libuv SHARED libuv::uv STATIC libuv::uv_a HEADER uv.h
#                        SHARED_NAMES uv STATIC_NAMES libuv_a.a NEEDS …): NEEDS is what the library
# is linked with where it has no package.
function(throttle_find_compiled name)
  cmake_parse_arguments(ARG "" "PACKAGE;SHARED;STATIC;HEADER" "SHARED_NAMES;STATIC_NAMES;NEEDS"
                        ${ARGN})
  if(TARGET throttle_dep::${name})
    return()
  endif()
  find_package(${ARG_PACKAGE} CONFIG QUIET)
  if(TARGET ${ARG_STATIC} AND (THROTTLE_STATIC OR NOT TARGET ${ARG_SHARED}))
    set(libraries ${ARG_STATIC})
  elseif(TARGET ${ARG_SHARED})
    set(libraries ${ARG_SHARED})
  else()
    string(TOUPPER THROTTLE_${name} prefix)
    set(names ${ARG_SHARED_NAMES})
    if(THROTTLE_STATIC)
      set(names ${ARG_STATIC_NAMES})
    endif()
    find_path(${prefix}_INCLUDE_DIR ${ARG_HEADER})
    find_library(${prefix}_LIBRARY NAMES ${names})
    if(NOT ${prefix}_INCLUDE_DIR OR NOT ${prefix}_LIBRARY)
      return()
    endif()
    set(libraries ${${prefix}_LIBRARY} ${ARG_NEEDS})
    if(NOT ${prefix}_INCLUDE_DIR STREQUAL "/usr/include")
      set(folder ${${prefix}_INCLUDE_DIR})
    endif()
  endif()
  add_library(throttle_dep::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(throttle_dep::${name} INTERFACE ${libraries})
  target_include_directories(throttle_dep::${name} SYSTEM INTERFACE ${folder})
endfunction()

set(THROTTLE_PACKAGES_uv "libuv (Debian: libuv1-dev, vcpkg and Homebrew: libuv)")
set(THROTTLE_PKG_CONFIG_uv libuv)
function(throttle_find_uv)
  find_package(Threads REQUIRED)
  set(system Threads::Threads ${CMAKE_DL_LIBS})
  if(WIN32)
    list(APPEND system psapi user32 advapi32 iphlpapi userenv ws2_32 mswsock)
  endif()
  throttle_find_compiled(uv PACKAGE libuv SHARED libuv::uv STATIC libuv::uv_a HEADER uv.h
                         SHARED_NAMES uv uv_a STATIC_NAMES libuv_a.a libuv.a NEEDS ${system})
endfunction()

set(THROTTLE_PACKAGES_cares "c-ares (Debian: libc-ares-dev, vcpkg and Homebrew: c-ares)")
set(THROTTLE_PKG_CONFIG_cares libcares)
function(throttle_find_cares)
  set(system)
  if(WIN32)
    set(system ws2_32 advapi32 iphlpapi)
  endif()
  throttle_find_compiled(cares PACKAGE c-ares SHARED c-ares::cares STATIC c-ares::cares_static
                         HEADER ares.h SHARED_NAMES cares STATIC_NAMES libcares.a
                         NEEDS ${system})
  if(THROTTLE_STATIC AND TARGET throttle_dep::cares)
    target_compile_definitions(throttle_dep::cares INTERFACE CARES_STATICLIB)
  endif()
endfunction()
