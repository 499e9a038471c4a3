# throttle_fuzzer(name SOURCES … DEPENDS …): one source, two lives. With THROTTLE_BUILD_FUZZERS
# (clang) it is the libFuzzer executable <name>_fuzz; in every other build it is <name>_replay, a
# ctest case that runs each file of corpus/<name>/ through it once, so that a finding stays found.
set(THROTTLE_FUZZ_REPLAY_MAIN ${CMAKE_CURRENT_LIST_DIR}/../tests/fuzz/replay_main.cc)

function(throttle_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(THROTTLE_BUILD_FUZZERS)
    set(target ${name}_fuzz)
    add_executable(${target} ${ARG_SOURCES})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    set(target ${name}_replay)
    add_executable(${target} ${ARG_SOURCES} ${THROTTLE_FUZZ_REPLAY_MAIN})
    add_test(NAME Fuzz.${name}_replay COMMAND ${target} corpus/${name}
             WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(Fuzz.${name}_replay PROPERTIES TIMEOUT 600 LABELS fuzz)
  endif()
  throttle_common(${target})
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS})
endfunction()
