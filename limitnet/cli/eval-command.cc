// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/nn/codec-model.h"
#include "limitnet/results/accuracy-curve.h"
#include "limitnet/results/csv-writer.h"

#include <cmath>
#include <fmt/format.h>
#include <iostream>
#include <unistd.h>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/** Sums over the pictures at one p. */
struct Totals
{
    double bytes = 0;
    double psnrDb = 0;
    uint64_t correct = 0;
};

} // namespace

int
RunEval(const std::vector<std::string>& arguments)
{
    std::string datasetName;
    std::string dataDir;
    std::string model;
    std::string classifierName;
    std::string encoderName;
    std::string output;
    std::vector<double> percentages;
    size_t first = 0;
    size_t count = 0;
    size_t mtu = 0;
    po::options_description options("Options");
    options.add_options()("dataset",
                          po::value(&datasetName)->default_value("cifar10"),
                          "cifar10 or cifar100; test pictures are used")(
        "data",
        po::value(&dataDir),
        "folder that holds it (else $LIMITNET_DATA, then the cache)")(
        "model",
        po::value(&model)->default_value("codec-224"),
        "codec, by name or path")("encoder",
                                  po::value(&encoderName)->default_value("int8"),
                                  "int8, as a microcontroller computes, or float")(
        "classifier",
        po::value(&classifierName)->default_value("auto"),
        "classifier, by name or path; auto takes the one for the data set")(
        "percentage,p",
        po::value(&percentages)->composing(),
        "percent of the latent values to send; several times for several; default 10, 20 .. 100")(
        "first",
        po::value(&first)->default_value(0),
        "first test picture")("count",
                              po::value(&count)->default_value(200),
                              "number of test pictures; 0 for all the rest")(
        "mtu",
        po::value(&mtu)->default_value(222),
        "largest fragment, bytes")("output,o", po::value(&output), "CSV file to write");
    if (!ParseArguments("limitnet eval [OPTIONS]",
                        "Encodes and decodes test pictures without a network and gives, for each "
                        "p, the mean size of all\nfragments with their headers and the saliency "
                        "map, the mean PSNR at 224x224, and top-1.",
                        options,
                        arguments))
    {
        return 0;
    }
    if (percentages.empty())
    {
        for (int p = 10; p <= 100; p += 10)
        {
            percentages.push_back(p);
        }
    }
    for (const auto p : percentages)
    {
        if (!(p > 0 && p <= 100))
        {
            throw Error(fmt::format("--percentage={}: has to be above 0 and at most 100", p));
        }
    }
    const auto dataset = OpenDataset(datasetName, Split::TEST, dataDir);
    if (first >= dataset->Size())
    {
        throw Error(fmt::format("--first={}: {} has {} test pictures",
                                first,
                                datasetName,
                                dataset->Size()));
    }
    count = count == 0 ? dataset->Size() - first : std::min(count, dataset->Size() - first);

    const auto codec = std::make_shared<CodecModel>(FindModel(model));
    const auto classifier = std::make_shared<Classifier>(
        FindModel(classifierName == "auto" ? datasetName : classifierName));
    if (classifier->DatasetName() != datasetName)
    {
        throw Error(fmt::format("--classifier={}: knows the classes of {}, not of {}",
                                classifierName,
                                classifier->DatasetName(),
                                datasetName));
    }
    const auto device = encoderName == "int8" ? FindDeviceModel(model) : std::filesystem::path{};
    const LimitNetDecoder decoder(codec);
    std::vector<std::shared_ptr<const ImageEncoder>> encoders;
    for (const auto p : percentages)
    {
        const auto values = std::max<long>(1, std::lround(p / 100 * LATENT_SIZE));
        encoders.push_back(
            MakeLimitNetEncoder(encoderName, codec, device, static_cast<size_t>(values), 1));
    }

    std::vector<Totals> totals(percentages.size());
    uint64_t cleanCorrect = 0;
    const bool showProgress = isatty(STDERR_FILENO) == 1;
    for (size_t i = 0; i < count; ++i)
    {
        const auto index = first + i;
        const auto picture = dataset->At(index);
        const auto label = dataset->Label(index);
        const auto original = codec->Input(picture);
        cleanCorrect += classifier->Classify(original).label == label ? 1 : 0;
        for (size_t k = 0; k < percentages.size(); ++k)
        {
            const auto fragments = encoders[k]->Encode(picture, 0, mtu).fragments;
            const auto decoded = decoder.Decode(fragments).value();
            for (const auto& fragment : fragments)
            {
                totals[k].bytes += static_cast<double>(fragment.size());
            }
            totals[k].psnrDb += PsnrDb(decoded, original);
            totals[k].correct += classifier->Classify(decoded).label == label ? 1 : 0;
        }
        if (showProgress)
        {
            std::cerr << fmt::format("\r{}/{} pictures ", i + 1, count) << std::flush;
        }
    }
    if (showProgress)
    {
        std::cerr << "\r\033[K";
    }

    const auto n = static_cast<double>(count);
    std::cout << fmt::format("{}, test pictures {} to {}, fragments of at most {} bytes\n"
                             "without the codec: top-1 {:.2f} %\n",
                             datasetName,
                             first,
                             first + count - 1,
                             mtu,
                             100 * cleanCorrect / n);
    std::cout << "    p %    bytes   PSNR dB   top-1 %   95 % interval\n";
    for (size_t k = 0; k < percentages.size(); ++k)
    {
        const auto interval = WilsonInterval(totals[k].correct, count);
        std::cout << fmt::format("{:7g} {:8.1f} {:9.2f} {:9.2f}   {:.2f} .. {:.2f}\n",
                                 percentages[k],
                                 totals[k].bytes / n,
                                 totals[k].psnrDb / n,
                                 100 * static_cast<double>(totals[k].correct) / n,
                                 100 * interval.low,
                                 100 * interval.high);
    }
    if (!output.empty())
    {
        CsvWriter csv(output,
                      {"p_percent",
                       "images",
                       "mean_size_bytes",
                       "mean_psnr_db",
                       "correct",
                       "top1",
                       "wilson_low",
                       "wilson_high"});
        for (size_t k = 0; k < percentages.size(); ++k)
        {
            const auto interval = WilsonInterval(totals[k].correct, count);
            csv.Add(percentages[k])
                .Add(count)
                .Add(totals[k].bytes / n, 2)
                .Add(totals[k].psnrDb / n, 3)
                .Add(totals[k].correct)
                .Add(static_cast<double>(totals[k].correct) / n, 5)
                .Add(interval.low, 5)
                .Add(interval.high, 5);
            csv.EndRow();
        }
        csv.Close();
    }
    return 0;
}

} // namespace limitnet
