# The configuration that packages install: examples/throttle.toml with its semaphores commented out,
# as a file for the packages of Unix (THROTTLE_SAMPLE) and as a source for the service of Windows
# (THROTTLE_SAMPLE_SOURCE).
set(throttle_example ${PROJECT_SOURCE_DIR}/examples/throttle.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${throttle_example})
file(READ ${throttle_example} THROTTLE_SAMPLE_TEXT)
string(REGEX REPLACE
       "\n(office = |database = |[[]semaphores[.]|max = |level = [0-9]|order = |max_pending = )"
       "\n#\\1" THROTTLE_SAMPLE_TEXT "${THROTTLE_SAMPLE_TEXT}")
set(THROTTLE_SAMPLE ${PROJECT_BINARY_DIR}/package/throttle.toml)
set(THROTTLE_SAMPLE_SOURCE ${PROJECT_BINARY_DIR}/package/sample_configuration.cc)
file(CONFIGURE OUTPUT ${THROTTLE_SAMPLE} CONTENT "@THROTTLE_SAMPLE_TEXT@" @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/service/sample_configuration.cc.in ${THROTTLE_SAMPLE_SOURCE}
               @ONLY)
