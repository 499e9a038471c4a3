# throttle_bench(ledger SOURCES … DEPENDS …): one Google Benchmark executable, bench/ledger_bench. Where
# tests are built too, ctest runs each benchmark once, so that none rots.
find_package(benchmark REQUIRED)

function(throttle_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  set(target ${name}_bench)
  add_executable(${target} ${ARG_SOURCES})
  throttle_common(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} benchmark::benchmark)
  if(THROTTLE_BUILD_TESTS)
    add_test(NAME ${target} COMMAND ${target} --benchmark_min_time=0)
    set_tests_properties(${target} PROPERTIES TIMEOUT 120 LABELS bench)
  endif()
endfunction()
