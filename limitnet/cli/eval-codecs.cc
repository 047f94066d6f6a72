// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/eval-codecs.h"

#include "limitnet/baselines/bitplane-image-codec.h"
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/named-classifier.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/cli/picture-part.h"
#include "limitnet/cli/progress.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/lim-file.h"
#include "limitnet/device/device-profile.h"
#include "limitnet/evaluation/codec-comparison.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/evaluation/parallel-work.h"
#include "limitnet/results/accuracy-curve.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/plot.h"
#include "limitnet/results/result-tables.h"
#include "limitnet/scenario/text-parts.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <mutex>
#include <tuple>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/** The options as they are given. */
struct EvalCodecsOptions
{
    std::string dataset;
    std::string dataDir;
    std::string codecs;
    std::string bytes;
    std::string losses;
    std::string parities;
    std::string sides;
    std::string model;
    std::string encoder;
    std::string classifier;
    std::string classifierDataset;
    std::string profile;
    std::string output;
    std::string each;
    std::string picture;
    double burst = 0;
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t choose = 0;
    std::int64_t mtu = 0;
    std::int64_t mapCopies = 0;
    std::int64_t quality = 0;
    std::int64_t seed = 0;
    int jobs = 0;
    std::string usedClassifier; //!< its name; empty: none
    bool hasMapCopies = false;  //!< whether they were given
    bool noPlot = false;
    bool noQuality = false;
    PicturePart part;
};

/** \return the numbers of a list such as "150,300,600" */
std::vector<double>
Numbers(const std::string& option, const std::string& list, double least, double most)
{
    std::vector<double> numbers;
    for (const auto& item : Split(list, ","))
    {
        const auto read = NumberOf(item);
        if (!read || *read < least || *read > most)
        {
            throw Error(fmt::format("--{}={}: has to be numbers from {} to {} with commas between",
                                    option,
                                    list,
                                    least,
                                    most));
        }
        const double number = *read;
        if (std::find(numbers.begin(), numbers.end(), number) != numbers.end())
        {
            throw Error(fmt::format("--{}={}: {} is there twice", option, list, item));
        }
        numbers.push_back(number);
    }
    return numbers;
}

/** \return the same of whole numbers */
std::vector<std::int64_t>
WholeNumbers(const std::string& option,
             const std::string& list,
             std::int64_t least,
             std::int64_t most)
{
    std::vector<std::int64_t> whole;
    for (const double number :
         Numbers(option, list, static_cast<double>(least), static_cast<double>(most)))
    {
        whole.push_back(static_cast<std::int64_t>(number));
        if (static_cast<double>(whole.back()) != number)
        {
            throw Error(fmt::format("--{}={}: {} is no whole number", option, list, number));
        }
    }
    return whole;
}

po::options_description
Describe(EvalCodecsOptions& given)
{
    auto orders = ValueOrderNames();
    orders.erase(std::remove(orders.begin(), orders.end(), "model"), orders.end());
    po::options_description options("Options with --codec");
    options.add_options()("codec",
                          po::value(&given.codecs),
                          fmt::format("codecs with commas between: limitnet, or limitnet:ORDER "
                                      "with one of its orders ({}), {}",
                                      fmt::join(orders, ", "),
                                      fmt::join(RivalNames(), ", "))
                              .c_str())(
        "bytes",
        po::value(&given.bytes)->default_value("150,300,600,1200"),
        "most bytes of all fragments of a picture, headers and parity counted; several with "
        "commas")("lose",
                  po::value(&given.losses)->default_value("0"),
                  "part of the fragments that is lost, 0..1; several with commas")(
        "burst",
        po::value(&given.burst)->default_value(0),
        "mean length of a run of lost fragments (Gilbert's model); 0: each is lost for itself")(
        "parity",
        po::value(&given.parities)->default_value("0"),
        "percent of parity fragments, 0 to 400; each of several with commas is another way to "
        "send")(
        "side",
        po::value(&given.sides)->default_value("32,64,112,224"),
        "sides that rivals may scale the picture to, pixels; which of them, is chosen for each "
        "number of bytes, loss and parity on other pictures")(
        "choose",
        po::value(&given.choose)->default_value(100),
        "number of these: those that follow the ones evaluated, or stand before")(
        "dataset",
        po::value(&given.dataset)->default_value("cifar10"),
        DATASET_HELP)("data", po::value(&given.dataDir), DATA_HELP);
    given.part.AddTo(options);
    options.add_options()("first",
                          po::value(&given.first)->default_value(0),
                          "first of these pictures")("count",
                                                     po::value(&given.count)->default_value(200),
                                                     "number of pictures; 0 for all the rest")(
        "model",
        po::value(&given.model)->default_value("codec-224"),
        "LimitNet: weights, by name or path")("encoder",
                                              po::value(&given.encoder)->default_value("int8"),
                                              "LimitNet: int8, as a microcontroller computes, or "
                                              "float")(
        "map-copies",
        po::value(&given.mapCopies)->default_value(2),
        "LimitNet: how often the saliency map is sent")(
        "quality",
        po::value(&given.quality)->default_value(95),
        "JPEG, WebP: highest quality that is tried")(
        "classifier",
        po::value(&given.classifier)->default_value("auto"),
        CLASSIFIER_HELP)("classifier-dataset",
                         po::value(&given.classifierDataset),
                         CLASSIFIER_DATASET_HELP)("mtu",
                                                  po::value(&given.mtu)->default_value(222),
                                                  "largest fragment, bytes")(
        "profile",
        po::value(&given.profile)->default_value("stm32f7"),
        "microcontroller whose time for the encoding is given")("no-quality",
                                                                po::bool_switch(&given.noQuality),
                                                                "without PSNR and SSIM")(
        "seed",
        po::value(&given.seed)->default_value(1),
        "of what is lost")("jobs,j",
                           po::value(&given.jobs)->default_value(0),
                           "pictures at once; 0 for as many as there are "
                           "cores. The results are the same")(
        "output,o",
        po::value(&given.output),
        "CSV file to write (default: codecs-DATASET.csv)")(
        "each",
        po::value(&given.each),
        "CSV file with a row for each picture too")(
        "plot",
        po::value(&given.picture),
        "picture to draw, .png, .pdf or .svg (default: "
        "the CSV file's name with .png)")("no-plot", po::bool_switch(&given.noPlot), "draw none");
    return options;
}

/** \return whether a codec is told the loss, and chooses its parity by it */
bool
HasOwnParity(const std::string& codec)
{
    const auto codecs = CodecsThatHeed("loss_percent");
    return std::find(codecs.begin(), codecs.end(), codec) != codecs.end();
}

/** Adds the parity of an entry, empty where the codec has chosen its own. */
void
AddParity(CsvWriter& csv, const ComparisonEntry& entry)
{
    if (!entry.codec.parityPercent.empty())
    {
        csv.Add(entry.codec.parityPercent.front());
    }
    else if (entry.codec.lossPercent > 0)
    {
        csv.AddEmpty();
    }
    else
    {
        csv.Add(0);
    }
}

/** \return the entries of a comparison: each codec with each parity, limit of bytes and loss */
std::vector<ComparisonEntry>
EntriesOf(const EvalCodecsOptions& given)
{
    const auto bytes = WholeNumbers("bytes", given.bytes, 1, 1 << 20);
    const auto losses = Numbers("lose", given.losses, 0, 1);
    const auto parities = Numbers("parity", given.parities, 0, 400);
    const auto sides = WholeNumbers("side", given.sides, 16, 1024);
    const auto codecs = CodecNames();
    const auto orders = ValueOrderNames();
    std::vector<ComparisonEntry> entries;
    std::vector<std::string> names;
    for (const auto& name : Split(given.codecs, ","))
    {
        ComparisonEntry entry;
        entry.name = name;
        entry.meanBurst = given.burst;
        const auto colon = name.find(':');
        entry.codec.name = name.substr(0, colon);
        entry.codec.model = given.model;
        entry.codec.encoder = given.encoder;
        entry.codec.mapCopies = static_cast<unsigned>(given.mapCopies);
        entry.codec.quality = static_cast<int>(given.quality);
        const bool isLimitNet = entry.codec.name == "limitnet";
        const bool hasOwnParity = HasOwnParity(entry.codec.name);
        if (colon != std::string::npos)
        {
            entry.codec.order = name.substr(colon + 1);
        }
        const bool known =
            std::find(codecs.begin(), codecs.end(), entry.codec.name) != codecs.end() &&
            std::find(orders.begin(), orders.end(), entry.codec.order) != orders.end() &&
            (isLimitNet || colon == std::string::npos);
        if (!known)
        {
            throw Error(fmt::format("--codec={}: '{}' is none; there are {}, and limitnet:ORDER "
                                    "with {}",
                                    given.codecs,
                                    name,
                                    fmt::join(codecs, ", "),
                                    fmt::join(orders, ", ")));
        }
        if (std::find(names.begin(), names.end(), name) != names.end())
        {
            throw Error(fmt::format("--codec={}: {} is there twice", given.codecs, name));
        }
        names.push_back(name);
        if (!isLimitNet)
        {
            entry.sides.assign(sides.begin(), sides.end());
        }
        for (const double parity : parities)
        {
            entry.codec.parityPercent = parity > 0 ? std::vector{parity} : std::vector<double>{};
            // A second copy of the map is what parity is there for.
            entry.codec.mapCopies =
                parity > 0 && !given.hasMapCopies ? 1 : static_cast<unsigned>(given.mapCopies);
            for (const double loss : losses)
            {
                entry.loss = loss;
                entry.codec.lossPercent =
                    hasOwnParity ? std::min(100 * loss, MAX_BITPLANE_LOSS_PERCENT) : 0;
                for (const auto limit : bytes)
                {
                    entry.codec.bytes = static_cast<std::size_t>(limit);
                    entries.push_back(entry);
                }
            }
        }
    }
    return entries;
}

void
CheckNumbers(const EvalCodecsOptions& given)
{
    CheckMtu(given.mtu);
    given.part.Check();
    for (const auto& [name, value, least, most] : {std::tuple{"count", given.count, 0, 1 << 30},
                                                   {"first", given.first, 0, 1 << 30},
                                                   {"choose", given.choose, 1, 1 << 30},
                                                   {"map-copies", given.mapCopies, 1, 8},
                                                   {"quality", given.quality, 1, 100},
                                                   {"seed", given.seed, 0, 1 << 30},
                                                   {"jobs", std::int64_t{given.jobs}, 0, 1024}})
    {
        if (value < least || value > most)
        {
            throw Error(fmt::format("--{}={}: has to be {} to {}", name, value, least, most));
        }
    }
    if (!(given.burst == 0 || given.burst >= 1))
    {
        throw Error(fmt::format("--burst={}: has to be 0, or 1 and more", given.burst));
    }
}

/** \return the places of pictures to choose sides by: after those evaluated, or else before */
std::vector<std::size_t>
OtherPictures(const ChosenPictures& pictures,
              std::size_t first,
              std::size_t count,
              std::size_t most)
{
    std::vector<std::size_t> others;
    for (std::size_t i = first + count; i < pictures.indices.size() && others.size() < most; ++i)
    {
        others.push_back(i);
    }
    for (std::size_t i = first; i > 0 && others.size() < most; --i)
    {
        others.push_back(i - 1);
    }
    return others;
}

double
Mean(double sum, std::uint64_t count)
{
    return sum / static_cast<double>(count); // not a number without pictures: an empty field
}

void
WriteTable(const std::string& file,
           const std::vector<ComparisonEntry>& entries,
           const std::vector<ComparisonResult>& results,
           const EvalCodecsOptions& given,
           bool hasClassifier)
{
    CsvWriter csv(file, CodecsTable().Names());
    for (std::size_t e = 0; e < entries.size(); ++e)
    {
        const auto& entry = entries[e];
        const auto& sum = results[e].sum;
        csv.Add(entry.name);
        results[e].side > 0 ? csv.Add(results[e].side) : csv.AddEmpty();
        csv.Add(entry.codec.bytes);
        AddParity(csv, entry);
        csv.Add(entry.loss)
            .Add(entry.meanBurst)
            .Add(given.mtu)
            .Add(given.seed)
            .Add(given.usedClassifier)
            .Add(sum.images)
            .Add(Mean(sum.bytes, sum.images), 2)
            .Add(Mean(sum.fragments, sum.images), 3)
            .Add(sum.withPicture);
        if (given.noQuality)
        {
            csv.AddEmpty().AddEmpty();
        }
        else
        {
            csv.Add(Mean(sum.psnrDb, sum.withPicture), 3).Add(Mean(sum.ssim, sum.withPicture), 5);
        }
        if (hasClassifier)
        {
            const auto interval = WilsonInterval(sum.correct, sum.images);
            csv.Add(sum.correct)
                .Add(Mean(static_cast<double>(sum.correct), sum.images), 5)
                .Add(interval.low, 5)
                .Add(interval.high, 5)
                .Add(Mean(static_cast<double>(sum.correctOfFive), sum.images), 5);
        }
        else
        {
            csv.AddEmpty().AddEmpty().AddEmpty().AddEmpty().AddEmpty();
        }
        csv.Add(Mean(sum.encodingS, sum.images), 6);
        csv.EndRow();
    }
    csv.Close();
}

void
WriteEach(const std::string& file,
          const std::vector<ComparisonEntry>& entries,
          const std::vector<ComparisonResult>& results,
          const std::vector<std::size_t>& indices,
          const EvalCodecsOptions& given,
          bool hasClassifier)
{
    CsvWriter csv(file, CodecsEachTable().Names());
    for (std::size_t e = 0; e < entries.size(); ++e)
    {
        for (std::size_t i = 0; i < indices.size(); ++i)
        {
            const auto& entry = entries[e];
            const auto& one = results[e].each[i];
            csv.Add(entry.name);
            csv.Add(entry.codec.bytes);
            AddParity(csv, entry);
            csv.Add(entry.loss)
                .Add(entry.meanBurst)
                .Add(indices[i])
                .Add(static_cast<std::uint64_t>(one.bytes))
                .Add(static_cast<std::uint64_t>(one.fragments))
                .Add(one.withPicture);
            if (given.noQuality || one.withPicture == 0)
            {
                csv.AddEmpty().AddEmpty();
            }
            else
            {
                csv.Add(one.psnrDb, 3).Add(one.ssim, 5);
            }
            hasClassifier ? csv.Add(one.correct) : csv.AddEmpty();
            csv.EndRow();
        }
    }
    csv.Close();
}

void
Print(const std::vector<ComparisonEntry>& entries,
      const std::vector<ComparisonResult>& results,
      bool hasClassifier)
{
    std::cout
        << "codec                  side  limit  parity %   loss   sent bytes  pictures  PSNR dB"
           "   top-1 %   95 % interval   encoding s\n";
    for (std::size_t e = 0; e < entries.size(); ++e)
    {
        const auto& entry = entries[e];
        const auto& sum = results[e].sum;
        const auto interval = WilsonInterval(sum.correct, sum.images);
        const auto percent = [&](double part) { return fmt::format("{:.1f}", 100 * part); };
        std::cout << fmt::format(
            "{:<22} {:>4} {:>6} {:>9} {:>6} {:>12.1f} {:>9} {:>8} {:>9}   {:<13} {:>12.3f}\n",
            entry.name,
            results[e].side > 0 ? std::to_string(results[e].side) : "-",
            entry.codec.bytes,
            !entry.codec.parityPercent.empty()
                ? fmt::format("{}", entry.codec.parityPercent.front())
            : entry.codec.lossPercent > 0 ? "its own"
                                          : "0",
            entry.loss,
            Mean(sum.bytes, sum.images),
            sum.withPicture,
            sum.withPicture > 0 && sum.psnrDb > 0
                ? fmt::format("{:.2f}", Mean(sum.psnrDb, sum.withPicture))
                : "-",
            hasClassifier ? percent(Mean(static_cast<double>(sum.correct), sum.images)) : "-",
            hasClassifier ? percent(interval.low) + " .. " + percent(interval.high) : "",
            Mean(sum.encodingS, sum.images));
    }
}

} // namespace

int
RunEvalCodecs(const std::vector<std::string>& arguments)
{
    EvalCodecsOptions given;
    const auto parsed = ParseArguments(
        "limitnet eval --codec NAME[,NAME...] [OPTIONS]",
        "Compares codecs at equal bytes, with losses and erasure coding, without a network. "
        "Pictures go through the same\nencoders, decoders and classifier as in a scenario.",
        Describe(given),
        arguments);
    if (!parsed)
    {
        return 0;
    }
    given.hasMapCopies = !(*parsed)["map-copies"].defaulted();
    CheckNumbers(given);
    const auto entries = EntriesOf(given);
    const auto onDisk = DatasetOnDisk(given.dataset, given.dataDir);
    const auto pictures = given.part.Choose(onDisk, given.dataDir);
    const auto size = static_cast<std::int64_t>(pictures.indices.size());
    if (given.first >= size)
    {
        throw Error(
            fmt::format("--first={}: {} has {} {}", given.first, onDisk, size, pictures.what));
    }
    const auto first = static_cast<std::size_t>(given.first);
    const auto count = static_cast<std::size_t>(
        given.count == 0 ? size - given.first : std::min(given.count, size - given.first));
    const auto setName =
        onDisk.find('/') == std::string::npos ? onDisk : LimNameFor(pictures.dataset->Name());

    ComparisonOptions options;
    options.fragmentBytes = static_cast<std::size_t>(given.mtu);
    options.seed = static_cast<std::uint64_t>(given.seed);
    options.quality = !given.noQuality;
    options.workers = given.jobs == 0 ? WorkerCount() : static_cast<unsigned>(given.jobs);
    const DeviceProfile& profile = DeviceProfile::Get(given.profile);
    options.encodingSeconds = [&profile](const EncodingWork& work) {
        return profile.EncodingSeconds(work);
    };
    const std::string classes = ClassesOf(*pictures.dataset);
    std::string noClassifier = fmt::format("no classifier knows the {} classes of {}",
                                           pictures.dataset->ClassCount(),
                                           setName);
    if (!classes.empty() || given.classifier != "auto")
    {
        options.classifier =
            FindClassifier(given.classifier, {classes}, given.classifierDataset, noClassifier);
    }
    if (options.classifier && options.classifier->DatasetName() != classes)
    {
        throw Error(fmt::format("--classifier={}: knows the classes of {}, not those of {}",
                                given.classifier,
                                options.classifier->DatasetName(),
                                setName));
    }
    if (options.classifier)
    {
        given.usedClassifier = given.classifier == "auto" ? classes : given.classifier;
    }
    if (!options.classifier && given.noQuality)
    {
        throw Error("--no-quality: without a classifier nothing is left to compare by");
    }
    CodecComparison comparison(entries, options);
    const auto source = [&pictures](std::size_t place) {
        const std::size_t index = pictures.indices[place];
        return ComparisonPicture{pictures.dataset->At(index),
                                 pictures.dataset->Label(index),
                                 index};
    };
    std::mutex mutex;
    const auto stepping = [&mutex](Progress& progress) {
        return [&mutex, &progress] {
            const std::lock_guard lock(mutex);
            progress.Step();
        };
    };
    const auto others =
        OtherPictures(pictures, first, count, static_cast<std::size_t>(given.choose));
    if (comparison.HasChoice())
    {
        if (others.empty())
        {
            throw Error(
                fmt::format("--count={}: leaves none of the {} {} to choose a side by; give "
                            "fewer, or one --side",
                            given.count,
                            size,
                            pictures.what));
        }
        Progress progress(others.size(), "pictures to choose sides");
        comparison.ChooseSides([&](std::size_t i) { return source(others[i]); },
                               others.size(),
                               stepping(progress));
    }
    std::vector<ComparisonResult> results;
    {
        Progress progress(count, "pictures");
        results = comparison.Measure([&](std::size_t i) { return source(first + i); },
                                     count,
                                     stepping(progress));
    }

    std::cout << fmt::format(
        "{}: {} of {} {}, from number {} on; fragments of at most {} bytes{}\n",
        setName,
        count,
        size,
        pictures.what,
        given.first,
        given.mtu,
        comparison.HasChoice() ? fmt::format("; sides chosen by {} others", others.size()) : "");
    if (options.classifier)
    {
        std::cout << "classifier: " << given.usedClassifier
                  << (given.classifier == "auto"
                          ? " (tuned to LimitNet; --classifier takes another)\n"
                          : "\n");
    }
    else
    {
        std::cout << "no top-1 and top-5: " << noClassifier << '\n';
    }
    Print(entries, results, options.classifier != nullptr);
    if (given.output.empty())
    {
        given.output = fmt::format("codecs-{}.csv", setName);
    }
    WriteTable(given.output, entries, results, given, options.classifier != nullptr);
    std::cout << "written: " << given.output;
    if (!given.each.empty())
    {
        std::vector<std::size_t> indices;
        for (std::size_t i = 0; i < count; ++i)
        {
            indices.push_back(pictures.indices[first + i]);
        }
        WriteEach(given.each, entries, results, indices, given, options.classifier != nullptr);
        std::cout << ", " << given.each;
    }
    if (!given.noPlot)
    {
        if (given.picture.empty())
        {
            given.picture = std::filesystem::path(given.output).replace_extension(".png").string();
        }
        const auto plot = PlotCodecs(given.output,
                                     given.picture,
                                     fmt::format("{}, {} {}, fragments of {} bytes",
                                                 setName,
                                                 count,
                                                 pictures.what,
                                                 given.mtu));
        std::cout << (plot.done ? ", " + given.picture : "\nnot drawn: " + plot.reason);
    }
    std::cout << '\n';
    return 0;
}

} // namespace limitnet
