# SPDX-License-Identifier: GPL-2.0-only
# Sets LIMITNET_LIBRARY (a target or the library's file) and LIMITNET_INCLUDE_DIRS. Looks at
#  - the target, when this build makes the library itself;
#  - limitnet_DIR and CMAKE_PREFIX_PATH, as always;
#  - the build tree of the checkout that this folder belongs to, also through a symbolic link.
if(TARGET limitnet::limitnet)
  set(LIMITNET_LIBRARY limitnet::limitnet)
  set(LIMITNET_INCLUDE_DIRS)
  return()
endif()

file(REAL_PATH ${CMAKE_CURRENT_LIST_DIR}/../.. checkout)
find_package(limitnet CONFIG QUIET HINTS ${checkout}/build)
if(NOT limitnet_FOUND)
  message(FATAL_ERROR
    "The ns-3 module limitnet needs the library limitnet, which was not found. Build it "
    "(./ns3 build in its checkout) or install it (cmake --install build), and pass "
    "-Dlimitnet_DIR=<its build folder, or lib/cmake/limitnet under its prefix>.")
endif()

# By file, not by target: an imported target is seen in this folder only, and ns-3 uses the names
# of what its modules link in its top folder as well.
get_target_property(LIMITNET_INCLUDE_DIRS limitnet::limitnet INTERFACE_INCLUDE_DIRECTORIES)
get_target_property(configurations limitnet::limitnet IMPORTED_CONFIGURATIONS)
list(GET configurations 0 configuration)
get_target_property(LIMITNET_LIBRARY limitnet::limitnet IMPORTED_LOCATION_${configuration})
message(STATUS "Library limitnet: ${LIMITNET_LIBRARY}")
