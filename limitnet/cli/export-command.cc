// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/data/paths.h"
#include "limitnet/training/int8-export.h"

#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

int
RunExport(const std::vector<std::string>& arguments)
{
    Int8ExportOptions o;
    std::string model;
    std::string dataDir;
    std::string output;
    std::string cpp;
    po::options_description options("Options");
    options.add_options()("model", po::value(&model)->required(), MODEL_HELP)(
        "output,o",
        po::value(&output)->required(),
        "device file to write; NAME.int8 beside NAME.pt is found by name")(
        "cpp",
        po::value(&cpp),
        "C++ source to write, the same bytes as an "
        "array")(
        "dataset",
        po::value(&o.datasets)->composing(),
        "cifar10, cifar100, imagenet, ecssd or the path (with a slash) of a folder, to "
        "calibrate on; may be given several times")("data", po::value(&dataDir), SETS_DATA_HELP)(
        "count",
        po::value(&o.count)->default_value(o.count),
        "pictures to calibrate on, in all; at most 1000, each takes 8 MB");
    po::positional_options_description positional;
    positional.add("model", 1);
    if (!ParseArguments("limitnet export MODEL --output=FILE.int8 --dataset=cifar100 [OPTIONS]",
                        "Makes the file that a device needs from a trained codec: encoder and "
                        "saliency decoder in 8-bit\nintegers, quantiser and entropy code.",
                        options,
                        arguments,
                        positional))
    {
        return 0;
    }
    o.model = FindModel(model);
    o.dataDir = dataDir;
    o.output = output;
    o.cpp = cpp;
    ExportInt8(o, std::cout);
    return 0;
}

} // namespace limitnet
