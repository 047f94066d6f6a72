// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_PROGRAM_H
#define LPWAN_OFFLOADING_PROGRAM_H

#include "limitnet/scenario/offloading-programs.h"

#include "ns3/lpwan-offloading-link.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace ns3
{
namespace lpwan
{

/** How to make links, by the names of their keys (limitnet::LinkKeys::name). */
using OffloadingLinkMakers =
    std::map<std::string, std::function<std::unique_ptr<OffloadingLink>()>>;

/** \return those of this module: "lora" and "nbiot" */
const OffloadingLinkMakers& GetOffloadingLinkMakers();

/**
 * What limitnet-lora-scenario, limitnet-nbiot-scenario and limitnet-mixed-scenario do: reads the
 * command line and the scenario file, runs an OffloadingScenario over these links, and prints its
 * summary, or what is wrong in one line on standard error.
 *
 * \param name of a program of the project, see limitnet::OffloadingPrograms()
 * \param argc of main()
 * \param argv of main()
 * \return exit status
 */
int RunOffloadingProgram(const std::string& name, int argc, char* argv[]);

/**
 * The same for any program and any links, as in the example limitnet-ideal-scenario.
 *
 * \param program its name and the keys of its links
 * \param makers how to make each of these
 * \param argc of main()
 * \param argv of main()
 * \return exit status
 */
int RunOffloadingProgram(const limitnet::OffloadingProgram& program,
                         const OffloadingLinkMakers& makers,
                         int argc,
                         char* argv[]);

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
