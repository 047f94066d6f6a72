# SPDX-License-Identifier: GPL-2.0-only
# Finds an installed ns-3 of any release from 3.37 on. Sets LPWAN_NS3_STANDARD to the C++ standard
# that its headers want, and lib<module> to the target of each module that is used here.
find_package(ns3 REQUIRED)

# CHANGES.md of ns-3: C++20 since 3.41, C++23 since 3.46.
if(ns3_VERSION VERSION_GREATER_EQUAL 3.46)
  set(LPWAN_NS3_STANDARD 23)
elseif(ns3_VERSION VERSION_GREATER_EQUAL 3.41)
  set(LPWAN_NS3_STANDARD 20)
else()
  set(LPWAN_NS3_STANDARD 17)
endif()

foreach(module core network mobility propagation applications energy)
  # Targets were named ns3::libcore up to 3.42, ns3::core after that.
  set(lib${module} ns3::${module})
  if(NOT TARGET ns3::${module})
    set(lib${module} ns3::lib${module})
  endif()
endforeach()

# A package may export folders that were on the machine that built it and are not on this one
# (Debian's 3.48: the headers of a Python that is no longer the default); CMake refuses those.
get_property(lpwan_targets DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER lpwan_targets INCLUDE REGEX "^ns3::")
foreach(target ${lpwan_targets})
  get_target_property(lpwan_folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
  if(lpwan_folders)
    set(lpwan_present)
    foreach(folder ${lpwan_folders})
      if(folder MATCHES "\\$<" OR IS_DIRECTORY ${folder})
        list(APPEND lpwan_present ${folder})
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${lpwan_present}")
  endif()
endforeach()
