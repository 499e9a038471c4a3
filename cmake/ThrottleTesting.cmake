# throttle_test(core SOURCES … DEPENDS … [LABELS …] [TIMEOUT seconds]): one GoogleTest executable a
# room, core_tests. Every TEST is a ctest case of its own, labelled `core`; cross-built ones run
# as one case, for starting Wine costs more than most tests do.
find_package(GTest REQUIRED)
include(GoogleTest)

function(throttle_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  set(target ${name}_tests)
  add_executable(${target} ${ARG_SOURCES})
  throttle_common(${target})
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gmock
                        GTest::gtest_main)
  target_precompile_headers(${target} PRIVATE <gtest/gtest.h> <gmock/gmock.h> <string> <vector>
                            <chrono> <optional>)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  set(properties TIMEOUT ${ARG_TIMEOUT} LABELS "${name};${ARG_LABELS}")
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
    list(APPEND properties
         ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/false_races.txt")
  endif()
  if(CMAKE_CROSSCOMPILING)
    add_test(NAME ${target} COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${target} PROPERTIES ${properties} TIMEOUT 1800)
  else()
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                         PROPERTIES ${properties})
  endif()
endfunction()
