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

#include "ns3/lpwan-lora-link.h"
#include "ns3/lpwan-offloading-scenario.h"

#include <exception>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

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
        std::vector<std::unique_ptr<ns3::lpwan::OffloadingLink>> links;
        links.push_back(std::make_unique<ns3::lpwan::LoraLink>());
        ns3::lpwan::OffloadingScenario(values, std::move(links)).Run(std::cout);
        return 0;
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
