// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_PROGRAM_H
#define LPWAN_OFFLOADING_PROGRAM_H

#include "limitnet/scenario/offloading-options.h"

namespace ns3
{
namespace lpwan
{

/**
 * What limitnet-lora-scenario, limitnet-nbiot-scenario and limitnet-mixed-scenario do: reads the
 * command line and the scenario file, runs an OffloadingScenario over these links, and prints its
 * summary, or what is wrong in one line on standard error.
 *
 * \param links of the program
 * \param argc of main()
 * \param argv of main()
 * \return exit status
 */
int RunOffloadingProgram(limitnet::OffloadingLinks links, int argc, char* argv[]);

/**
 * Ends the program after what has been printed is out, without the destructors of static objects:
 * those of the three hundred libraries that LibTorch brings along take a tenth of a second, which
 * counts in a sweep of short runs.
 *
 * \param status exit status
 */
[[noreturn]] void EndProgram(int status);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_PROGRAM_H
