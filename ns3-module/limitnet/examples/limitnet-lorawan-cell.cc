// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * Devices send packets of one length over LoRaWAN at fixed intervals: what becomes of them?
 *
 *     ./ns3 run limitnet-lorawan-cell -- --scenario=scenarios/benchmark-lorawan.ini
 *
 * All keys are in docs/lorawan-cell.md and in --help.
 */

#include "limitnet/scenario/lorawan-cell-options.h"
#include "limitnet/scenario/version.h"

#include "ns3/lpwan-lorawan-cell.h"
#include "ns3/nstime.h"

#include <exception>
#include <iostream>

int
main(int argc, char* argv[])
{
    try
    {
        const auto table = limitnet::LorawanCellOptions(limitnet::Version());
        const auto values = table.Parse(argc, argv);
        if (values.HelpWanted())
        {
            table.PrintHelp(std::cout);
            return 0;
        }
        // ns-3 otherwise keeps track of every Time until the simulation runs.
        ns3::Time::SetResolution(ns3::Time::NS);
        ns3::lpwan::LorawanCell cell(values);
        values.CheckWanted() ? cell.Explain(std::cout) : cell.Run(std::cout, std::cerr);
        return 0;
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
