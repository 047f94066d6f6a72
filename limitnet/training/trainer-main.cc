// SPDX-License-Identifier: GPL-2.0-only

// The trainers alone, built with LibTorch and a C++17 compiler and nothing else: see
// docs/training.md. `limitnet train` and `limitnet train-classifier` are the same trainers with all
// sources of pictures.

#include "limitnet/codec/error.h"
#include "limitnet/nn/text.h"
#include "limitnet/training/classifier-trainer.h"
#include "limitnet/training/codec-trainer.h"
#include "limitnet/training/stop-request.h"

#include <iostream>
#include <torch/torch.h>

namespace limitnet
{

namespace
{

const char* const USAGE = "Usage: limitnet-trainer train|train-classifier --pack=FILE "
                          "--output=FILE [OPTIONS]\n\n"
                          "--pack names a file that `limitnet pack` wrote.\n";

template <typename Options, typename Train>
int
RunTrainer(const std::vector<std::string>& arguments, const Train& train)
{
    Options options;
    std::filesystem::path pack;
    std::string only;
    OptionList list;
    list.Add("pack", pack, "file with the pictures, of `limitnet pack`");
    list.Require();
    list.Add("only", only, "take this one of its sets");
    DescribeOptions(list, options);
    if (!list.Parse(arguments))
    {
        std::cout << USAGE << '\n' << list.Help();
        return 0;
    }
    const auto& stop = StopRequest();
    return train(*ReadTrainingSet(pack, only), options, std::cout, &stop) ? 0 : STOPPED_STATUS;
}

int
Main(const std::vector<std::string>& arguments)
{
    const auto command = arguments.empty() ? "--help" : arguments[0];
    if (command == "--help" || command == "-h")
    {
        std::cout << USAGE << "LibTorch " << TORCH_VERSION << ", " << torch::cuda::device_count()
                  << " CUDA device(s)\n";
        return 0;
    }
    const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    if (command == "train")
    {
        return RunTrainer<CodecTrainingOptions>(rest, TrainCodec);
    }
    if (command == "train-classifier")
    {
        return RunTrainer<ClassifierTrainingOptions>(rest, TrainClassifier);
    }
    throw Error(Text("'", command, "' is no command; right would be train or train-classifier"));
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
