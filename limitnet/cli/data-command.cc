// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/fetch.h"

#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

int
RunData(const std::vector<std::string>& arguments)
{
    std::string action;
    std::string name;
    std::string dataDir;
    po::options_description options("Options");
    options.add_options()("action", po::value(&action)->required(), "fetch or check")(
        "dataset",
        po::value(&name)->required(),
        "cifar10 or cifar100")("data",
                               po::value(&dataDir),
                               "check: folder that holds it (else $LIMITNET_DATA, then the cache)");
    po::positional_options_description positional;
    positional.add("action", 1).add("dataset", 1);
    if (!ParseArguments("limitnet data fetch|check DATASET",
                        "fetch: gets a data set into $XDG_CACHE_HOME/limitnet (or "
                        "~/.cache/limitnet).\ncheck: opens it and says what it holds; exit code 1 "
                        "when it is not there.",
                        options,
                        arguments,
                        positional))
    {
        return 0;
    }
    if (action == "fetch")
    {
        FetchDataset(name, std::cerr);
    }
    else if (action != "check")
    {
        throw Error(fmt::format("'{}' is not known here; right would be fetch or check", action));
    }
    for (const auto split : {Split::TRAIN, Split::TEST})
    {
        const auto dataset = OpenDataset(name, split, dataDir);
        std::cout << fmt::format("{}: {} {} pictures, {} classes\n",
                                 name,
                                 dataset->Size(),
                                 split == Split::TRAIN ? "training" : "test",
                                 dataset->ClassCount());
    }
    return 0;
}

} // namespace limitnet
