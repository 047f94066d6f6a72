// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/named-classifier.h"
#include "limitnet/cli/progress.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/lim-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/evaluation/picture-encoder.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/evaluation/published-codec.h"
#include "limitnet/nn/codec-model.h"
#include "limitnet/results/accuracy-curve.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/plot.h"
#include "limitnet/results/result-tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <iostream>
#include <limits>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

constexpr double NO_VALUE = std::numeric_limits<double>::quiet_NaN();

/** Most likely classes that count for top-5. */
constexpr size_t TOP = 5;

/** How often a classifier was right. */
struct Answers
{
    uint64_t correct = 0;
    uint64_t correctOfFive = 0;

    /** \param classifier may be null: then there is no answer. */
    void Add(const Classifier* classifier, const Image& picture, int label)
    {
        if (classifier == nullptr)
        {
            return;
        }
        const auto classes = classifier->TopClasses(picture, TOP);
        for (size_t k = 0; k < classes.size(); ++k)
        {
            const bool right = classes[k].label == label;
            correct += right && k == 0 ? 1 : 0;
            correctOfFive += right ? 1 : 0;
        }
    }
};

/** Sums over the pictures at one p, in the end means. */
struct Point
{
    double percent = 0;
    size_t values = 0;
    double bytes = 0;
    double psnrDb = 0;
    double ssim = 0;
    double publishedBytes = 0;
    double publishedPsnrDb = 0;
    Answers answers;
};

/** The published codec from training pictures, spread evenly over all of them. */
PublishedCodec
Calibrate(const CodecModel& codec, const Dataset& pictures, size_t count)
{
    std::vector<float> latents;
    latents.reserve(count * LATENT_SIZE);
    Progress progress(count, "pictures to calibrate the published codec");
    for (size_t i = 0; i < count; ++i)
    {
        const auto latent = codec.Encode(pictures.At(i * pictures.Size() / count)).latent;
        latents.insert(latents.end(), latent.begin(), latent.end());
        progress.Step();
    }
    return {latents.data(), count};
}

std::string
Number(double value, int width, int decimals)
{
    return std::isnan(value) ? fmt::format("{:>{}}", "-", width)
                             : fmt::format("{:{}.{}f}", value, width, decimals);
}

} // namespace

int
RunEval(const std::vector<std::string>& arguments)
{
    std::string datasetName;
    std::string dataDir;
    std::string model;
    std::string classifierName;
    std::string classifierDataset;
    std::string encoderName;
    std::string output;
    std::string picture;
    std::vector<double> percentages;
    int64_t first = 0;
    int64_t count = 0;
    int64_t calibration = 0;
    int64_t mtu = 0;
    bool decodePublished = false;
    bool noPlot = false;
    po::options_description options("Options");
    options.add_options()("dataset",
                          po::value(&datasetName)->default_value("cifar10"),
                          "cifar10, cifar100, imagenet, or the path (with a slash) of a folder of "
                          "pictures; test pictures are used")(
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
        CLASSIFIER_HELP)("classifier-dataset",
                         po::value(&classifierDataset),
                         CLASSIFIER_DATASET_HELP)(
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
        "largest fragment, bytes")("published",
                                   po::bool_switch(&decodePublished),
                                   "decode the published reconstruction too, for its PSNR: twice "
                                   "the time")(
        "calibration",
        po::value(&calibration)->default_value(5000),
        "training pictures to calibrate the published quantiser and Huffman codes; 0 leaves the "
        "published size out")("output,o",
                              po::value(&output),
                              "CSV file to write (default: eval-DATASET.csv)")(
        "plot",
        po::value(&picture),
        "picture to draw, .png, .pdf or .svg (default: the CSV file's name with .png)")(
        "no-plot",
        po::bool_switch(&noPlot),
        "draw none");
    const auto values = ParseArguments(
        "limitnet eval [OPTIONS]",
        "Encodes and decodes test pictures without a network. For each p, the part of the latent "
        "values that is sent:\nthe mean size of all fragments with their headers and the saliency "
        "map, the size that the published code would\nreport for the same values, PSNR and SSIM at "
        "224x224, top-1 and top-5.",
        options,
        arguments);
    if (!values)
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
    std::for_each(percentages.begin(), percentages.end(), CheckPercentage);
    CheckMtu(mtu);
    for (const auto& [name, value] :
         {std::pair{"count", count}, {"first", first}, {"calibration", calibration}})
    {
        if (value < 0)
        {
            throw Error(fmt::format("--{}={}: has to be 0 or more", name, value));
        }
    }
    if (decodePublished && calibration == 0)
    {
        throw Error("--published needs pictures to calibrate: --calibration=0 gives it none");
    }
    const auto onDisk = DatasetOnDisk(datasetName, dataDir);
    const auto dataset = OpenDataset(onDisk, Split::TEST, dataDir);
    const auto size = static_cast<int64_t>(dataset->Size());
    if (first >= size)
    {
        throw Error(fmt::format("--first={}: {} has {} test pictures", first, onDisk, size));
    }
    count = count == 0 ? size - first : std::min(count, size - first);

    // What messages and files call it: without the ending of an archive, or the folders of a path.
    const auto setName =
        onDisk.find('/') == std::string::npos ? onDisk : LimNameFor(dataset->Name());
    const auto shared = std::make_shared<const CodecModel>(FindModel(model));
    const CodecModel& codec = *shared;
    const auto encoder = MakePictureEncoder(encoderName,
                                            shared,
                                            encoderName == "int8" ? FindDeviceModel(model)
                                                                  : std::filesystem::path{});
    // Whose classes these are. A folder in ImageNet's layout has ImageNet's when it lists 1000.
    const std::string classes = ClassesOf(*dataset);
    std::string noClassifier =
        fmt::format("no classifier knows the {} classes of {}", dataset->ClassCount(), setName);
    const auto classifier =
        classes.empty() && classifierName == "auto"
            ? nullptr
            : FindClassifier(classifierName, {classes}, classifierDataset, noClassifier);
    if (classifier && classifier->DatasetName() != classes)
    {
        throw Error(fmt::format("--classifier={}: knows the classes of {}, not those of {}",
                                classifierName,
                                classifier->DatasetName(),
                                setName));
    }
    std::optional<PublishedCodec> published;
    std::string calibratedOn = "not asked for";
    if (calibration > 0)
    {
        const auto training = OpenDataset(onDisk, Split::TRAIN, dataDir);
        const auto used = std::min<size_t>(static_cast<size_t>(calibration), training->Size());
        published = Calibrate(codec, *training, used);
        calibratedOn = fmt::format(
            "calibrated on {} {}",
            used,
            onDisk.rfind("cifar", 0) == 0
                ? "training pictures"
                : "pictures of the same folder, which flatters it: a folder has no training half");
    }

    std::vector<Point> points;
    for (const auto percent : percentages)
    {
        Point point;
        point.percent = percent;
        point.values = ValuesOfPercentage(percent);
        points.push_back(point);
    }
    Answers clean;
    Fragmenter fragmenter(codec.Tables());
    {
        Progress progress(static_cast<size_t>(count), "pictures");
        for (int64_t i = first; i < first + count; ++i)
        {
            const auto image = dataset->At(static_cast<size_t>(i));
            const auto original = codec.Input(image);
            // The networks run once for a picture; each p is another cut of what they gave.
            const auto symbols = encoder->Encode(image);
            std::array<uint16_t, LATENT_SIZE> order{};
            ImportanceOrder(symbols.map, order.data());
            // what the published code codes
            const auto latent = published ? codec.Encode(image).latent : std::vector<float>{};
            const auto label = dataset->Label(static_cast<size_t>(i));
            clean.Add(classifier.get(), original, label);
            for (auto& point : points)
            {
                FragmentOptions cut;
                cut.maxFragmentBytes = static_cast<size_t>(mtu);
                cut.valueCount = point.values;
                const auto fragments = fragmenter.All(symbols.map, symbols.symbols.data(), cut);
                const auto received = ReceiveLatent(codec.Tables(), fragments).value();
                // One by one: a batch of this decoder is slower than its parts (cache), and in a
                // batch of the classifier the last bits depend on the others.
                const auto decoded = codec.Decode(received.latent);
                point.bytes += static_cast<double>(TotalBytes(fragments));
                point.psnrDb += PsnrDb(decoded, original);
                point.ssim += Ssim(decoded, original);
                point.answers.Add(classifier.get(), decoded, label);
                if (published)
                {
                    point.publishedBytes += static_cast<double>(
                        published->Bytes(latent.data(), order.data(), point.values));
                }
                if (decodePublished)
                {
                    const auto restored =
                        published->Reconstruct(latent.data(), order.data(), point.values);
                    point.publishedPsnrDb += PsnrDb(codec.Decode(restored), original);
                }
            }
            progress.Step();
        }
    }

    const auto n = static_cast<double>(count);
    std::cout << fmt::format("{}, test pictures {} to {}, fragments of at most {} bytes\n",
                             setName,
                             first,
                             first + count - 1,
                             mtu);
    std::cout << (classifier ? fmt::format("without the codec: top-1 {:.2f} %, top-5 {:.2f} %\n",
                                           100 * static_cast<double>(clean.correct) / n,
                                           100 * static_cast<double>(clean.correctOfFive) / n)
                             : fmt::format("no top-1 and top-5: {}\n", noClassifier));
    std::cout << fmt::format("published codec: {}\n", calibratedOn)
              << "             size in bytes             PSNR dB            \n"
                 "    p %     ours  published  +40    ours  published   SSIM   top-1 %   95 % "
                 "interval   top-5 %\n";
    for (auto& point : points)
    {
        const auto interval = WilsonInterval(point.answers.correct, static_cast<uint64_t>(count));
        point.bytes /= n;
        point.psnrDb /= n;
        point.ssim /= n;
        point.publishedBytes = published ? point.publishedBytes / n : NO_VALUE;
        point.publishedPsnrDb = decodePublished ? point.publishedPsnrDb / n : NO_VALUE;
        std::cout << fmt::format(
            "{:7g} {:8.1f} {} {} {:7.2f} {}   {:6.4f} {}   {:<14} {}\n",
            point.percent,
            point.bytes,
            Number(point.publishedBytes, 8, 1),
            Number(point.publishedBytes + PublishedCodec::FORGOTTEN_MAP_BYTES, 8, 1),
            point.psnrDb,
            Number(point.publishedPsnrDb, 8, 2),
            point.ssim,
            Number(classifier ? 100 * static_cast<double>(point.answers.correct) / n : NO_VALUE,
                   8,
                   2),
            classifier ? fmt::format("{:.2f} .. {:.2f}", 100 * interval.low, 100 * interval.high)
                       : "",
            Number(classifier ? 100 * static_cast<double>(point.answers.correctOfFive) / n
                              : NO_VALUE,
                   8,
                   2));
    }

    if (output.empty())
    {
        output = fmt::format("eval-{}.csv", setName);
    }
    CsvWriter csv(output, EvaluationTable().Names());
    for (const auto& point : points)
    {
        csv.Add(point.percent)
            .Add(point.values)
            .Add(count)
            .Add(point.bytes, 2)
            .Add(point.psnrDb, 3)
            .Add(point.ssim, 5)
            .Add(point.publishedBytes, 2)
            .Add(point.publishedBytes + PublishedCodec::FORGOTTEN_MAP_BYTES, 2)
            .Add(point.publishedPsnrDb, 3);
        if (classifier)
        {
            const auto interval =
                WilsonInterval(point.answers.correct, static_cast<uint64_t>(count));
            csv.Add(point.answers.correct)
                .Add(static_cast<double>(point.answers.correct) / n, 5)
                .Add(interval.low, 5)
                .Add(interval.high, 5)
                .Add(static_cast<double>(point.answers.correctOfFive) / n, 5);
        }
        else
        {
            csv.AddEmpty().AddEmpty().AddEmpty().AddEmpty().AddEmpty();
        }
        csv.EndRow();
    }
    csv.Close();
    std::cout << "written: " << output;
    if (!noPlot)
    {
        if (picture.empty())
        {
            picture = std::filesystem::path(output).replace_extension(".png").string();
        }
        const auto plot = PlotEvaluation(
            output,
            picture,
            fmt::format("{}, {} pictures, fragments of {} bytes", setName, count, mtu),
            classes);
        std::cout << (plot.done ? ", " + picture : "\nnot drawn: " + plot.reason);
    }
    std::cout << '\n';
    return 0;
}

} // namespace limitnet
