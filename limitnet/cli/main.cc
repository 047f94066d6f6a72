// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/codec/error.h"

#include <array>
#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace
{

constexpr std::array COMMANDS{
    Command{"bitplane-tables", "make the tables of the bit-plane codec", RunBitplaneTables},
    Command{"calibrate", "make the tables of a codec again, on pictures", RunCalibrate},
    Command{"data", "get a data set or published weights and check them", RunData},
    Command{"decode", "decode pictures as the cloud does", RunDecode},
    Command{"demo", "show one picture at several percentages", RunDemo},
    Command{"encode", "encode pictures as the device does", RunEncode},
    Command{"eval", "size, quality and accuracy of a codec over p, without a network", RunEval},
    Command{"export", "make the file that a device needs from a codec", RunExport},
    Command{"import", "turn a checkpoint of LimitNet into model files", RunImport},
    Command{"info", "what a file of encoded pictures holds", RunInfo},
    Command{"pack", "put the pictures for training into one file", RunPack},
    Command{"parquet", "write the tables of a results folder as Parquet files too", RunParquet},
    Command{"teach", "make saliency maps of pictures with a salient-object network", RunTeach},
    Command{"train", "train a codec", RunTrain},
    Command{"train-classifier", "train a small cloud classifier", RunTrainClassifier},
    Command{"train-head", "train a classifier on the features of ResNet-50", RunTrainHead},
    Command{"video", "encode and decode a video frame by frame", RunVideo},
};

void
PrintHelp(std::ostream& out)
{
    out << "Usage: limitnet COMMAND [OPTIONS]\n\nCommands:\n";
    for (const auto& command : COMMANDS)
    {
        out << fmt::format("  {:<18}{}\n", command.name, command.summary);
    }
    out << "\n'limitnet COMMAND --help' lists a command's options.\n";
}

int
Main(const std::vector<std::string>& arguments)
{
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h")
    {
        PrintHelp(arguments.empty() ? std::cerr : std::cout);
        return arguments.empty() ? 1 : 0;
    }
    for (const auto& command : COMMANDS)
    {
        if (arguments[0] == command.name)
        {
            return command.run({arguments.begin() + 1, arguments.end()});
        }
    }
    throw Error(fmt::format("'{}' is no command; 'limitnet --help' lists them", arguments[0]));
}

} // namespace

} // namespace limitnet

int
main(int argc, char* argv[])
{
    try
    {
        return limitnet::Main({argv + 1, argv + argc});
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
