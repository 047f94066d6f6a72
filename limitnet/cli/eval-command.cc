// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/eval-codecs.h"
#include "limitnet/cli/named-classifier.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/cli/picture-part.h"
#include "limitnet/cli/progress.h"
#include "limitnet/cli/saliency-report.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/data/lim-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/evaluation/parallel-work.h"
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
#include <functional>
#include <iostream>
#include <limits>
#include <mutex>
#include <optional>
#include <sstream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

constexpr double NO_VALUE = std::numeric_limits<double>::quiet_NaN();

/** Most likely classes that count for top-5. */
constexpr size_t TOP = 5;

/// Pictures that calibrate the published codec, as the published code takes.
constexpr std::int64_t CALIBRATION_PICTURES = 5000;

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

    void Add(const Answers& other)
    {
        correct += other.correct;
        correctOfFive += other.correctOfFive;
    }
};

/** What is sent of each picture for one row of the result. */
struct Cut
{
    double percent;
    int channels; // that are sent whole; 0 for the values that are most important
    size_t values;
};

/** What a cut of a picture gives, or a sum over pictures. */
struct Figures
{
    double bytes = 0;
    double psnrDb = 0;
    double ssim = 0;
    double publishedBytes = 0;
    double publishedPsnrDb = 0;
    double unquantisedPsnrDb = 0;
    Answers answers;

    void Add(const Figures& other)
    {
        bytes += other.bytes;
        psnrDb += other.psnrDb;
        ssim += other.ssim;
        publishedBytes += other.publishedBytes;
        publishedPsnrDb += other.publishedPsnrDb;
        unquantisedPsnrDb += other.unquantisedPsnrDb;
        answers.Add(other.answers);
    }
};

/** What one picture gives. */
struct PictureFigures
{
    Answers clean; // without the codec
    std::vector<Figures> cuts;
    PictureSymbols symbols;
};

/** How pictures are measured. Measure() may be called by several threads at once. */
struct Measurement
{
    std::shared_ptr<const CodecModel> codec;
    std::shared_ptr<const PictureEncoder> encoder;
    std::shared_ptr<const Classifier> classifier; // may be null
    std::optional<PublishedCodec> published;
    bool decodePublished = false;
    bool decodeUnquantised = false;
    size_t mtu = 0;
    std::vector<Cut> cuts;

    PictureFigures Measure(const Image& image, int label) const
    {
        PictureFigures result;
        const auto original = codec->Input(image);
        result.clean.Add(classifier.get(), original, label);
        // The networks run once for a picture; each row is another cut of what they gave.
        result.symbols = encoder->Encode(image);
        // what the published code codes
        const auto latent =
            published || decodeUnquantised ? codec->Encode(image).latent : std::vector<float>{};
        Fragmenter fragmenter(codec->Tables());
        const ValueOrder own = codec->Order();
        for (const auto& cut : cuts)
        {
            // A map without differences orders channel by channel, cell by cell. Where the codec
            // sends no map, there is an order of that kind.
            const SaliencyMap map = cut.channels > 0 ? SaliencyMap{} : result.symbols.map;
            std::array<uint16_t, LATENT_SIZE> order{};
            const ValueOrder kind = cut.channels > 0 && !NeedsMap(own) ? ValueOrder::CHANNEL : own;
            ImportanceOrder(map, order.data(), kind);
            FragmentOptions options;
            options.maxFragmentBytes = mtu;
            options.valueCount = cut.values;
            options.order = kind;
            const auto fragments = fragmenter.All(map, result.symbols.symbols.data(), options);
            const auto received =
                ReceiveLatent(codec->Tables(), fragments, LATENT_SIZE, kind).value();
            // One by one: a batch of this decoder is slower than its parts (cache), and in a batch
            // of the classifier the last bits depend on the others.
            const auto decoded = codec->Decode(received.latent);
            Figures figures;
            figures.bytes = static_cast<double>(TotalBytes(fragments));
            figures.psnrDb = PsnrDb(decoded, original);
            figures.ssim = Ssim(decoded, original);
            figures.answers.Add(classifier.get(), decoded, label);
            if (published)
            {
                figures.publishedBytes =
                    static_cast<double>(published->Bytes(latent.data(), order.data(), cut.values));
            }
            if (decodePublished)
            {
                const auto restored =
                    published->Reconstruct(latent.data(), order.data(), cut.values);
                figures.publishedPsnrDb = PsnrDb(codec->Decode(restored), original);
            }
            if (decodeUnquantised)
            {
                auto kept = latent;
                for (size_t n = cut.values; n < LATENT_SIZE; ++n)
                {
                    kept[order[n]] = 0;
                }
                figures.unquantisedPsnrDb = PsnrDb(codec->Decode(kept), original);
            }
            result.cuts.push_back(figures);
        }
        return result;
    }
};

/** Calls a function for the numbers of some pictures, several at once, and shows how far it is. */
void
ForEachPicture(size_t count,
               unsigned jobs,
               const std::string& unit,
               const std::function<void(size_t)>& work)
{
    Progress progress(count, unit);
    std::mutex mutex;
    ForEachInParallel(count, jobs, [&](size_t i) {
        work(i);
        const std::lock_guard lock(mutex);
        progress.Step();
    });
}

/** The published codec from some of the pictures, spread evenly over all of them. */
PublishedCodec
Calibrate(const CodecModel& codec, const ChosenPictures& pictures, size_t count, unsigned jobs)
{
    std::vector<float> latents(count * LATENT_SIZE);
    ForEachPicture(count, jobs, "pictures to calibrate the published codec", [&](size_t i) {
        const auto index = pictures.indices[i * pictures.indices.size() / count];
        const auto latent = codec.Encode(pictures.dataset->At(index)).latent;
        std::copy(latent.begin(), latent.end(), latents.begin() + i * LATENT_SIZE);
    });
    return {latents.data(), count};
}

/** \return the numbers of lists such as "1,2,6". */
std::vector<int>
ChannelCounts(const std::vector<std::string>& lists)
{
    std::vector<int> counts;
    for (const auto& list : lists)
    {
        std::istringstream in(list + ",");
        for (std::string item; std::getline(in, item, ',');)
        {
            const bool isNumber = !item.empty() && item.size() < 3 &&
                                  std::all_of(item.begin(), item.end(), [](unsigned char c) {
                                      return c >= '0' && c <= '9';
                                  });
            const int number = isNumber ? std::stoi(item) : 0;
            if (number < 1 || number > LATENT_CHANNELS)
            {
                throw Error(fmt::format("--channels={}: has to be numbers from 1 to {}, such as "
                                        "1,2,6",
                                        list,
                                        LATENT_CHANNELS));
            }
            counts.push_back(number);
        }
    }
    return counts;
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
    if (std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
            return argument == "--codec" || argument.rfind("--codec=", 0) == 0;
        }))
    {
        return RunEvalCodecs(arguments);
    }
    std::string datasetName;
    std::string dataDir;
    std::string model;
    std::string classifierName;
    std::string classifierDataset;
    std::string encoderName;
    std::string output;
    std::string picture;
    std::vector<double> percentages;
    std::vector<std::string> channels;
    int64_t first = 0;
    int64_t count = 0;
    int64_t calibration = 0;
    int64_t mtu = 0;
    int jobs = 0;
    bool noPlot = false;
    PicturePart part;
    Measurement measurement;
    po::options_description options("Options");
    options.add_options()("dataset",
                          po::value(&datasetName)->default_value("cifar10"),
                          DATASET_HELP)("data", po::value(&dataDir), DATA_HELP);
    part.AddTo(options);
    options.add_options()("first", po::value(&first)->default_value(0), "first of these pictures")(
        "count",
        po::value(&count)->default_value(200),
        "number of pictures; 0 for all the rest")("model",
                                                  po::value(&model)->default_value("codec-224"),
                                                  MODEL_HELP)(
        "encoder",
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
        "channels",
        po::value(&channels)->composing(),
        "instead of p: send the first channels whole, so many of the 12; several, as 1,2,6")(
        "mtu",
        po::value(&mtu)->default_value(222),
        "largest fragment, bytes")("unquantised",
                                   po::bool_switch(&measurement.decodeUnquantised),
                                   "decode the values without quantiser too, for the PSNR: twice "
                                   "the time")(
        "published",
        po::bool_switch(&measurement.decodePublished),
        "compare with the published quantiser and Huffman codes: size, and PSNR, for twice the "
        "time")("calibration",
                po::value(&calibration),
                "training pictures to calibrate those with (default: 5000 with --published, else "
                "none); without --published: for the size alone")(
        "jobs,j",
        po::value(&jobs)->default_value(0),
        "pictures at once, each on one core; 0 for as many as there are cores (or "
        "OMP_NUM_THREADS says). The results are the same")("output,o",
                                                           po::value(&output),
                                                           "CSV file to write (default: "
                                                           "eval-DATASET.csv)")(
        "plot",
        po::value(&picture),
        "picture to draw, .png, .pdf or .svg (default: the CSV file's name with .png)")(
        "no-plot",
        po::bool_switch(&noPlot),
        "draw none");
    const auto given = ParseArguments(
        "limitnet eval [OPTIONS]",
        "Encodes and decodes pictures without a network. For each p, the part of the latent values "
        "that is sent, or number\nof channels: the mean size of all fragments with their headers "
        "and the saliency map, PSNR and SSIM at 224x224,\ntop-1 and top-5. Where pictures have "
        "masks of salient objects: how near the device's saliency comes to them.\n\n"
        "limitnet eval --codec NAME[,NAME...] compares codecs at equal bytes; its options: "
        "limitnet eval --codec=webp --help",
        options,
        arguments);
    if (!given)
    {
        return 0;
    }
    if (!channels.empty() && !percentages.empty())
    {
        throw Error("--channels and --percentage: only one of them can be given");
    }
    std::for_each(percentages.begin(), percentages.end(), CheckPercentage);
    CheckMtu(mtu);
    part.Check();
    if (measurement.decodePublished && given->count("calibration") == 0)
    {
        calibration = CALIBRATION_PICTURES;
    }
    for (const auto& [name, value] : {std::pair{"count", count},
                                      {"first", first},
                                      {"calibration", calibration},
                                      {"jobs", int64_t{jobs}}})
    {
        if (value < 0)
        {
            throw Error(fmt::format("--{}={}: has to be 0 or more", name, value));
        }
    }
    if (measurement.decodePublished && calibration == 0)
    {
        throw Error("--published needs pictures to calibrate: --calibration=0 gives it none");
    }
    const unsigned workers = jobs == 0 ? WorkerCount() : static_cast<unsigned>(jobs);
    if (channels.empty() && percentages.empty())
    {
        for (int p = 10; p <= 100; p += 10)
        {
            percentages.push_back(p);
        }
    }
    for (const auto percent : percentages)
    {
        measurement.cuts.push_back({percent, 0, ValuesOfPercentage(percent)});
    }
    for (const int number : ChannelCounts(channels))
    {
        // Four decimals are plenty to tell twelfths apart.
        measurement.cuts.push_back({std::round(1e6 * number / LATENT_CHANNELS) / 1e4,
                                    number,
                                    static_cast<size_t>(number) * LATENT_CELLS});
    }
    const auto onDisk = DatasetOnDisk(datasetName, dataDir);
    const auto pictures = part.Choose(onDisk, dataDir);
    const auto& dataset = *pictures.dataset;
    const auto size = static_cast<int64_t>(pictures.indices.size());
    if (first >= size)
    {
        throw Error(fmt::format("--first={}: {} has {} {}", first, onDisk, size, pictures.what));
    }
    count = count == 0 ? size - first : std::min(count, size - first);

    // What messages and files call it: without the ending of an archive, or the folders of a path.
    const auto setName =
        onDisk.find('/') == std::string::npos ? onDisk : LimNameFor(dataset.Name());
    measurement.codec = std::make_shared<const CodecModel>(FindModel(model));
    measurement.mtu = static_cast<size_t>(mtu);
    measurement.encoder = MakePictureEncoder(encoderName,
                                             measurement.codec,
                                             encoderName == "int8" ? FindDeviceModel(model)
                                                                   : std::filesystem::path{});
    // Whose classes these are. A folder in ImageNet's layout has ImageNet's when it lists 1000.
    const std::string classes = ClassesOf(dataset);
    std::string noClassifier =
        fmt::format("no classifier knows the {} classes of {}", dataset.ClassCount(), setName);
    measurement.classifier =
        classes.empty() && classifierName == "auto"
            ? nullptr
            : FindClassifier(classifierName, {classes}, classifierDataset, noClassifier);
    const auto& classifier = measurement.classifier;
    if (classifier && classifier->DatasetName() != classes)
    {
        throw Error(fmt::format("--classifier={}: knows the classes of {}, not those of {}",
                                classifierName,
                                classifier->DatasetName(),
                                setName));
    }
    std::string calibratedOn = "not asked for (--published, --calibration)";
    if (calibration > 0)
    {
        const auto training = part.ChooseForPreparing(onDisk, dataDir);
        const auto used =
            std::min<size_t>(static_cast<size_t>(calibration), training.indices.size());
        measurement.published = Calibrate(*measurement.codec, training, used, workers);
        calibratedOn =
            fmt::format("calibrated on {} of {} {}", used, training.indices.size(), training.what);
    }
    const auto* folder = dynamic_cast<const ImageFolder*>(&dataset);
    const auto indexOf = [&](size_t i) { return pictures.indices[static_cast<size_t>(first) + i]; };
    std::vector<PictureFigures> measured(static_cast<size_t>(count));
    const auto hasSaliencyToJudge = [&](size_t i) {
        return folder != nullptr && folder->HasMask(indexOf(i)) &&
               measurement.encoder->HasSaliency();
    };
    ForEachPicture(measured.size(), workers, "pictures", [&](size_t i) {
        measured[i] = measurement.Measure(dataset.At(indexOf(i)), dataset.Label(indexOf(i)));
        if (!hasSaliencyToJudge(i))
        {
            measured[i].symbols = {}; // 12 KB
        }
    });

    // Sums in the order of the pictures, so that they do not depend on which was done first.
    const auto& cuts = measurement.cuts;
    std::vector<Figures> sums(cuts.size());
    Answers clean;
    std::optional<SaliencyReport> saliency;
    for (size_t i = 0; i < measured.size(); ++i)
    {
        clean.Add(measured[i].clean);
        for (size_t k = 0; k < cuts.size(); ++k)
        {
            sums[k].Add(measured[i].cuts[k]);
        }
        if (hasSaliencyToJudge(i))
        {
            if (!saliency)
            {
                saliency.emplace(part.ChooseForPreparing(onDisk, dataDir));
            }
            saliency->Add(measured[i].symbols, MaskOfCells(folder->Mask(indexOf(i))));
        }
    }

    const auto n = static_cast<double>(count);
    std::cout << fmt::format("{}: {} of {} {}, from number {} on; fragments of at most {} bytes\n",
                             setName,
                             count,
                             size,
                             pictures.what,
                             first,
                             mtu);
    std::cout << (classifier ? fmt::format("without the codec: top-1 {:.2f} %, top-5 {:.2f} %\n",
                                           100 * static_cast<double>(clean.correct) / n,
                                           100 * static_cast<double>(clean.correctOfFive) / n)
                             : fmt::format("no top-1 and top-5: {}\n", noClassifier));
    std::cout << fmt::format("published codec: {}\n", calibratedOn)
              << fmt::format("             size in bytes                  PSNR dB\n"
                             "{}     ours  published  +40    ours  published  unquantised   SSIM   "
                             "top-1 %   95 % interval   top-5 %\n",
                             channels.empty() ? "    p %" : "  chan.");
    for (size_t k = 0; k < cuts.size(); ++k)
    {
        auto& sum = sums[k];
        const auto interval = WilsonInterval(sum.answers.correct, static_cast<uint64_t>(count));
        sum.bytes /= n;
        sum.psnrDb /= n;
        sum.ssim /= n;
        sum.publishedBytes = measurement.published ? sum.publishedBytes / n : NO_VALUE;
        sum.publishedPsnrDb = measurement.decodePublished ? sum.publishedPsnrDb / n : NO_VALUE;
        sum.unquantisedPsnrDb =
            measurement.decodeUnquantised ? sum.unquantisedPsnrDb / n : NO_VALUE;
        std::cout << fmt::format(
            "{:7g} {:8.1f} {} {} {:7.2f} {} {}      {:6.4f} {}   {:<14} {}\n",
            channels.empty() ? cuts[k].percent : cuts[k].channels,
            sum.bytes,
            Number(sum.publishedBytes, 8, 1),
            Number(sum.publishedBytes + PublishedCodec::FORGOTTEN_MAP_BYTES, 8, 1),
            sum.psnrDb,
            Number(sum.publishedPsnrDb, 8, 2),
            Number(sum.unquantisedPsnrDb, 8, 2),
            sum.ssim,
            Number(classifier ? 100 * static_cast<double>(sum.answers.correct) / n : NO_VALUE,
                   8,
                   2),
            classifier ? fmt::format("{:.2f} .. {:.2f}", 100 * interval.low, 100 * interval.high)
                       : "",
            Number(classifier ? 100 * static_cast<double>(sum.answers.correctOfFive) / n : NO_VALUE,
                   8,
                   2));
    }

    if (output.empty())
    {
        output = fmt::format("eval-{}.csv", setName);
    }
    CsvWriter csv(output, EvaluationTable().Names());
    for (size_t k = 0; k < cuts.size(); ++k)
    {
        const auto& sum = sums[k];
        csv.Add(cuts[k].percent);
        cuts[k].channels > 0 ? csv.Add(cuts[k].channels) : csv.AddEmpty();
        csv.Add(cuts[k].values)
            .Add(count)
            .Add(sum.bytes, 2)
            .Add(sum.psnrDb, 3)
            .Add(sum.ssim, 5)
            .Add(sum.publishedBytes, 2)
            .Add(sum.publishedBytes + PublishedCodec::FORGOTTEN_MAP_BYTES, 2)
            .Add(sum.publishedPsnrDb, 3)
            .Add(sum.unquantisedPsnrDb, 3);
        if (classifier)
        {
            const auto interval = WilsonInterval(sum.answers.correct, static_cast<uint64_t>(count));
            csv.Add(sum.answers.correct)
                .Add(static_cast<double>(sum.answers.correct) / n, 5)
                .Add(interval.low, 5)
                .Add(interval.high, 5)
                .Add(static_cast<double>(sum.answers.correctOfFive) / n, 5);
        }
        else
        {
            csv.AddEmpty().AddEmpty().AddEmpty().AddEmpty().AddEmpty();
        }
        csv.EndRow();
    }
    csv.Close();
    std::string written = output;
    if (saliency)
    {
        saliency->Print(std::cout);
        const auto file =
            std::filesystem::path(output).replace_extension("").string() + "-saliency.csv";
        saliency->Write(file);
        written += ", " + file;
    }
    std::cout << "written: " << written;
    if (!noPlot)
    {
        if (picture.empty())
        {
            picture = std::filesystem::path(output).replace_extension(".png").string();
        }
        const auto plot = PlotEvaluation(
            output,
            picture,
            fmt::format("{}, {} {}, fragments of {} bytes", setName, count, pictures.what, mtu),
            classes);
        std::cout << (plot.done ? ", " + picture : "\nnot drawn: " + plot.reason);
    }
    std::cout << '\n';
    return 0;
}

} // namespace limitnet
