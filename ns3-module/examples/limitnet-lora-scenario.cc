// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Cameras offload images over LoRaWAN: how right is the cloud's answer after t seconds?
 *
 *     ./ns3 run limitnet-lora-scenario -- --scenario=scenarios/lora-village.ini --run=2
 *
 * All keys are in docs/scenario.md and in --help.
 */

#include "limitnet/scenario/lora-scenario-options.h"
#include "limitnet/scenario/version.h"

#include "ns3/lpwan-lora-scenario.h"

#include <exception>
#include <iostream>

int
main(int argc, char* argv[])
{
    try
    {
        const auto table = limitnet::LoraScenarioOptions(limitnet::Version());
        const auto values = table.Parse(argc, argv);
        if (values.HelpWanted())
        {
            table.PrintHelp(std::cout);
            return 0;
        }
        ns3::lpwan::LoraScenario(values).Run(std::cout);
        return 0;
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
