// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Cameras offload images over NB-IoT: how right is the cloud's answer after t seconds?
 *
 *     ./ns3 run limitnet-nbiot-scenario -- --scenario=scenarios/nbiot-mcl-154.ini --run=2
 *
 * All keys are in docs/nbiot-scenario.md, and in --help.
 */

#include "ns3/lpwan-offloading-program.h"

int
main(int argc, char* argv[])
{
    ns3::lpwan::EndProgram(ns3::lpwan::RunOffloadingProgram("nbiot", argc, argv));
}
