# SPDX-License-Identifier: GPL-2.0-only
# Package lpwan: the imported target lpwan::lpwan, LoRaWAN and NB-IoT for the installed ns-3. What
# links it has to be compiled for the C++ standard that ns-3 wants: LPWAN_NS3_STANDARD.
include("${CMAKE_CURRENT_LIST_DIR}/find-ns3.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/lpwanModuleTargets.cmake")
