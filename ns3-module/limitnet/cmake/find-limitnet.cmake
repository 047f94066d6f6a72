# SPDX-License-Identifier: GPL-2.0-only
# Sets LIMITNET_LIBRARY and LIMITNET_SCENARIO_LIBRARY (targets or the libraries' files) and
# LIMITNET_INCLUDE_DIRS; the first is empty where there is no library. Looks at
#  - the targets, when this build makes the libraries itself;
#  - limitnet_DIR and CMAKE_PREFIX_PATH, as always;
#  - the build tree of the checkout that this folder belongs to, also through a symbolic link.
if(TARGET limitnet::limitnet)
  set(LIMITNET_LIBRARY limitnet::limitnet)
  set(LIMITNET_SCENARIO_LIBRARY limitnet::scenario)
  set(LIMITNET_INCLUDE_DIRS)
  return()
endif()

file(REAL_PATH ${CMAKE_CURRENT_LIST_DIR}/../../.. checkout)
find_package(limitnet CONFIG QUIET HINTS ${checkout}/build)
if(NOT limitnet_FOUND)
  set(LIMITNET_LIBRARY)
  message(STATUS "The ns-3 module limitnet is left out (lpwan is not): it needs the library "
                 "limitnet. Build it, ./ns3 build in ${checkout}, or install it and give "
                 "-Dlimitnet_DIR=PREFIX/lib/cmake/limitnet; then configure again.")
  return()
endif()

# By file, not by target: an imported target is seen in this folder only, and ns-3 uses the names
# of what its modules link in its top folder as well.
get_target_property(LIMITNET_INCLUDE_DIRS limitnet::scenario INTERFACE_INCLUDE_DIRECTORIES)
foreach(part limitnet scenario)
  get_target_property(configurations limitnet::${part} IMPORTED_CONFIGURATIONS)
  list(GET configurations 0 configuration)
  get_target_property(location limitnet::${part} IMPORTED_LOCATION_${configuration})
  string(TOUPPER "${part}" upper)
  set(LIMITNET_${upper}_LIBRARY ${location})
endforeach()
set(LIMITNET_LIBRARY ${LIMITNET_LIMITNET_LIBRARY})
message(STATUS "Library limitnet: ${LIMITNET_LIBRARY}")
