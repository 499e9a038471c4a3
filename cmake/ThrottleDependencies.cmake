# What the build of throttle needs; ThrottleFind.cmake says how the libraries that an installed
# component needs, too, are found.
include(ThrottleFind)

function(throttle_require name)
  cmake_language(CALL throttle_find_${name})
  if(NOT TARGET throttle_dep::${name})
    message(FATAL_ERROR "Not found: ${THROTTLE_PACKAGES_${name}}")
  endif()
endfunction()

# A header-only library that no installed component needs.
function(throttle_require_headers target header)
  throttle_find_headers(${target} ${header})
  if(NOT TARGET ${target})
    message(FATAL_ERROR "Not found: ${header}")
  endif()
endfunction()

find_package(Threads REQUIRED)
throttle_require(expected)
throttle_require(uv)
throttle_require(cares)

# SQLite: by header and library name, so that a static build gets the static library.
if(NOT TARGET throttle_dep::sqlite)
  find_path(THROTTLE_SQLITE_INCLUDE_DIR sqlite3.h REQUIRED)
  if(THROTTLE_STATIC)
    find_library(THROTTLE_SQLITE_LIBRARY NAMES libsqlite3.a REQUIRED)
  else()
    find_library(THROTTLE_SQLITE_LIBRARY NAMES sqlite3 REQUIRED)
  endif()
  add_library(throttle_dep::sqlite INTERFACE IMPORTED GLOBAL)
  target_link_libraries(throttle_dep::sqlite INTERFACE ${THROTTLE_SQLITE_LIBRARY} Threads::Threads
                        ${CMAKE_DL_LIBS})
  if(UNIX)
    target_link_libraries(throttle_dep::sqlite INTERFACE m)
  endif()
  if(NOT THROTTLE_SQLITE_INCLUDE_DIR STREQUAL "/usr/include")
    target_include_directories(throttle_dep::sqlite SYSTEM INTERFACE
                               ${THROTTLE_SQLITE_INCLUDE_DIR})
  endif()
endif()

if(THROTTLE_STATIC)
  set(Boost_USE_STATIC_LIBS ON)
  set(ZLIB_USE_STATIC_LIBS ON)
endif()
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
set_property(GLOBAL APPEND PROPERTY THROTTLE_HEADER_ONLY Boost::headers)
find_package(ZLIB REQUIRED)
throttle_require_headers(throttle_dep::toml toml++/toml.h)
throttle_require_headers(throttle_dep::json nlohmann/json.hpp)
throttle_require_headers(throttle_dep::spdlog spdlog/spdlog.h)
throttle_require_headers(throttle_dep::fmt fmt/format.h)
target_compile_definitions(throttle_dep::toml INTERFACE TOML_HEADER_ONLY=1)
# Header-only on every platform: one build recipe, and a static tool needs no second library.
target_compile_definitions(throttle_dep::fmt INTERFACE FMT_HEADER_ONLY=1)
target_compile_definitions(throttle_dep::spdlog INTERFACE SPDLOG_FMT_EXTERNAL=1
                           SPDLOG_HEADER_ONLY=1)
target_link_libraries(throttle_dep::spdlog INTERFACE throttle_dep::fmt)
