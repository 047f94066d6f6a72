# SPDX-License-Identifier: GPL-2.0-only
# Sets CMAKE_CXX_STANDARD, unless somebody has, to the lowest that all headers here take: C++17 for
# our own; LibTorch's say what they want themselves (an #error below "__cplusplus < 202002L"); for
# ns-3 see find-ns3.cmake, which has set LPWAN_NS3_STANDARD.
if(NOT CMAKE_CXX_STANDARD)
  set(standard 17)
  foreach(folder ${TORCH_INCLUDE_DIRS})
    if(EXISTS ${folder}/torch/all.h)
      file(STRINGS ${folder}/torch/all.h wants REGEX "__cplusplus < 20[0-9]+L")
      if(wants MATCHES "__cplusplus < 20([0-9][0-9])")
        if(CMAKE_MATCH_1 GREATER standard)
          set(standard ${CMAKE_MATCH_1})
        endif()
      endif()
    endif()
  endforeach()
  if(LPWAN_NS3_STANDARD AND LPWAN_NS3_STANDARD GREATER standard)
    set(standard ${LPWAN_NS3_STANDARD})
  endif()
  set(CMAKE_CXX_STANDARD ${standard} CACHE STRING "C++ standard")
endif()
message(STATUS "C++ standard: ${CMAKE_CXX_STANDARD}")
