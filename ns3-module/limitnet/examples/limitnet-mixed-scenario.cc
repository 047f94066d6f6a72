// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Cameras, some on LoRaWAN and some on NB-IoT, in one run and one set of results.
 *
 *     ./ns3 run limitnet-mixed-scenario -- --scenario=scenarios/mixed.ini --run=2
 *
 * All keys are in docs/scenario.md and docs/nbiot-scenario.md, and in --help.
 */

#include "ns3/lpwan-offloading-program.h"

int
main(int argc, char* argv[])
{
    ns3::lpwan::EndProgram(ns3::lpwan::RunOffloadingProgram("mixed", argc, argv));
}
