// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"

#include "limitnet/codec/error.h"

#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

std::optional<po::variables_map>
ParseArguments(const std::string& usage,
               const std::string& about,
               po::options_description options,
               const std::vector<std::string>& arguments,
               const po::positional_options_description& positional)
{
    options.add_options()("help,h", "print this text");
    po::variables_map values;
    try
    {
        po::store(po::command_line_parser(arguments)
                      .options(options)
                      .positional(positional)
                      .style(po::command_line_style::default_style &
                             ~po::command_line_style::allow_guessing)
                      .run(),
                  values);
        if (values.count("help") > 0)
        {
            std::cout << "Usage: " << usage << "\n\n" << about << "\n\n" << options;
            return std::nullopt;
        }
        po::notify(values);
    }
    catch (const po::error& error)
    {
        throw Error(fmt::format("{} (see --help)", error.what()));
    }
    return values;
}

} // namespace limitnet
