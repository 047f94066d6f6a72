// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-program.h"

#include "limitnet/scenario/version.h"
#include "lpwan-lora-link.h"
#include "lpwan-nbiot-link.h"
#include "lpwan-offloading-scenario.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

int
RunOffloadingProgram(limitnet::OffloadingLinks links, int argc, char* argv[])
{
    try
    {
        const auto table = limitnet::OffloadingOptions(links, limitnet::Version());
        const auto values = table.Parse(argc, argv);
        if (values.HelpWanted())
        {
            table.PrintHelp(std::cout);
            return 0;
        }
        std::vector<std::unique_ptr<OffloadingLink>> made;
        if (links != limitnet::OffloadingLinks::NBIOT)
        {
            made.push_back(std::make_unique<LoraLink>());
        }
        if (links != limitnet::OffloadingLinks::LORA)
        {
            made.push_back(std::make_unique<NbiotLink>());
        }
        OffloadingScenario scenario(values, std::move(made));
        values.CheckWanted() ? scenario.Explain(std::cout) : scenario.Run(std::cout);
        return 0;
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}

void
EndProgram(int status)
{
    std::cout.flush();
    std::cerr.flush();
    std::fflush(nullptr);
    std::_Exit(status);
}

} // namespace lpwan
} // namespace ns3
