// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Cameras offload images over LoRaWAN: how right is the cloud's answer after t seconds?
 *
 *     ./ns3 run limitnet-lora-scenario -- --scenario=scenarios/lora-far.ini --run=2
 *
 * All keys are in docs/scenario.md, and in --help.
 */

#include "ns3/lpwan-offloading-program.h"

int
main(int argc, char* argv[])
{
    ns3::lpwan::EndProgram(ns3::lpwan::RunOffloadingProgram("lora", argc, argv));
}
