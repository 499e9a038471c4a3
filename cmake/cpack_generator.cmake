# Read by CPack for each kind of package. An archive is unpacked anywhere, so it has a folder of its
# own and no prefix, and no file outside of that; the sample is in share/doc/throttle/examples.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_COMPONENTS_ALL tools)
  set(CPACK_PACKAGING_INSTALL_PREFIX "")
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
