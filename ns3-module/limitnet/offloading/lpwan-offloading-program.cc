// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-program.h"

#include "limitnet/scenario/offloading-options.h"
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

const OffloadingLinkMakers&
GetOffloadingLinkMakers()
{
    static const OffloadingLinkMakers makers{
        {"lora", [] { return std::make_unique<LoraLink>(); }},
        {"nbiot", [] { return std::make_unique<NbiotLink>(); }},
    };
    return makers;
}

int
RunOffloadingProgram(const std::string& name, int argc, char* argv[])
{
    return RunOffloadingProgram(limitnet::FindOffloadingProgram(name),
                                GetOffloadingLinkMakers(),
                                argc,
                                argv);
}

int
RunOffloadingProgram(const limitnet::OffloadingProgram& program,
                     const OffloadingLinkMakers& makers,
                     int argc,
                     char* argv[])
{
    try
    {
        const auto table = limitnet::OffloadingOptions(program, limitnet::Version());
        const auto values = table.Parse(argc, argv);
        if (values.HelpWanted())
        {
            table.PrintHelp(std::cout);
            return 0;
        }
        for (const auto& warning : values.Warnings())
        {
            std::cerr << "warning: " << warning << '\n';
        }
        std::vector<std::unique_ptr<OffloadingLink>> links;
        for (const auto& link : program.links)
        {
            links.push_back(makers.at(link.name)());
        }
        OffloadingScenario scenario(values, std::move(links));
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
