# Pipes the page that PAGE prints through "promtool check metrics" (PROMTOOL). It has to parse, and
# the linter may complain of nothing but the names that published clients know.
if(NOT PROMTOOL)
  message(FATAL_ERROR "promtool is missing: install Debian's package prometheus")
endif()
execute_process(COMMAND ${PAGE} COMMAND ${PROMTOOL} check metrics
                RESULTS_VARIABLE results OUTPUT_VARIABLE out ERROR_VARIABLE complaints)
list(GET results 0 page_result)
list(GET results 1 promtool_result)
set(expected
"throttle_count non-histogram and non-summary metrics should not have \"_count\" suffix
throttle_full_count non-histogram and non-summary metrics should not have \"_count\" suffix
throttle_longest_pending_sec metric names should not contain abbreviated units
throttle_num_404 counter metrics should have \"_total\" suffix
")
# 3 is promtool's result for a page that is valid, but which its linter complains of.
if(NOT page_result EQUAL 0 OR NOT promtool_result EQUAL 3 OR NOT complaints STREQUAL expected)
  message(FATAL_ERROR "promtool (${promtool_result}) says:\n${out}${complaints}")
endif()
