// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/cli/picture-file.h"
#include "limitnet/cli/progress.h"
#include "limitnet/cli/saliency-teacher.h"
#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/evaluation/saliency-quality.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <optional>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/// Name of the network that `limitnet data fetch` gets.
constexpr const char* U2NETP = "u2netp";

/// Of a map: from here on a pixel counts as salient, as for a mask (SaliencyQuality::OBJECT).
constexpr int HALF = 128;

/** \return three numbers of a text such as "0.485,0.456,0.406". */
std::array<double, 3>
ThreeNumbers(const std::string& option, const std::string& text)
{
    std::array<double, 3> numbers{};
    const char* next = text.c_str();
    for (std::size_t i = 0; i < numbers.size(); ++i)
    {
        char* end = nullptr;
        numbers[i] = std::strtod(next, &end);
        const char expected = i + 1 < numbers.size() ? ',' : '\0';
        if (end == next || *end != expected || !std::isfinite(numbers[i]))
        {
            throw Error(fmt::format("--{}={}: has to be three numbers, such as 0.485,0.456,0.406",
                                    option,
                                    text));
        }
        next = end + 1;
    }
    return numbers;
}

/** \return one of two words as whether it is the first. */
bool
IsFirst(const std::string& option, const std::string& value, const char* first, const char* second)
{
    if (value != first && value != second)
    {
        throw Error(fmt::format("--{}={}: has to be {} or {}", option, value, first, second));
    }
    return value == first;
}

std::filesystem::path
FindTeacher(const std::string& model)
{
    if (model != U2NETP)
    {
        return model;
    }
    const NpmFiles& files = *FindNpmFiles(U2NETP);
    const auto problem = ProblemOfNpmFiles(files);
    if (!problem.empty())
    {
        throw Error(problem);
    }
    return NpmFilePaths(files).front();
}

/**
 * What a picture is called in the folder that is written: the name of its file, with its class
 * before it where two classes may have files of one name; in CIFAR its number.
 */
std::string
NameOf(const Dataset& dataset, const ImageFolder* folder, std::size_t index)
{
    if (folder == nullptr)
    {
        return fmt::format("{}-{:05}", dataset.Name(), index);
    }
    const auto stem = folder->File(index).stem().string();
    const int label = dataset.Label(index);
    const std::string className = label < 0 ? "" : dataset.ClassName(label);
    return stem.rfind(className, 0) == 0 ? stem : className + "-" + stem;
}

/** Refuses to go on in a folder whose maps another network made, or the same in another way. */
void
CheckRecord(const std::filesystem::path& file, const std::string& record)
{
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
    {
        WriteBytes(file, {record.begin(), record.end()});
        return;
    }
    const auto before = ReadBytes(file);
    if (std::string(before.begin(), before.end()) != record)
    {
        throw Error(fmt::format("{}: the maps there were made by another network or with other "
                                "options; name another folder with --out",
                                file.string()));
    }
}

std::vector<float>
Parts(const cv::Mat& grey)
{
    std::vector<float> parts;
    grey.reshape(1, 1).convertTo(parts, CV_32F, 1 / 255.0);
    return parts;
}

} // namespace

int
RunTeach(const std::vector<std::string>& arguments)
{
    std::string datasetName;
    std::string dataDir;
    std::string output;
    std::string model;
    std::string mean;
    std::string deviation;
    std::string one;
    std::string scale;
    std::int64_t count = 0;
    TeacherFormat format;
    po::options_description options("Options");
    options.add_options()(
        "dataset",
        po::value(&datasetName)->required(),
        "cifar10 or cifar100 (their training half), imagenet, ecssd, or the path "
        "(with a slash) of a folder of pictures")("data", po::value(&dataDir), DATA_HELP)(
        "out,o",
        po::value(&output)->required(),
        "folder to write or to go on in: image/NAME.jpg or .png, mask/NAME.png")(
        "count",
        po::value(&count)->default_value(0),
        "number of pictures, spread evenly over all; 0 for all")(
        "model",
        po::value(&model)->default_value(U2NETP),
        "u2netp, or the path of another network as ONNX file: 1x3xHxW in, red first, 1x1xHxW out")(
        "side",
        po::value(&format.side)->default_value(format.side),
        "columns and rows of its input")(
        "one",
        po::value(&one)->default_value("brightest"),
        "which value of a pixel is 1: brightest, the largest of its picture, or 255")(
        "mean",
        po::value(&mean)->default_value("0.485,0.456,0.406"),
        "what is taken off red, green, blue")(
        "std",
        po::value(&deviation)->default_value("0.229,0.224,0.225"),
        "what they are divided by then")(
        "range",
        po::value(&scale)->default_value("scaled"),
        "what the output's values mean: scaled, least to largest are 0 to 1, or as-is, 0 to 1")(
        "output-name",
        po::value(&format.output),
        "which output is the map (default: the first)");
    if (!ParseArguments(
            "limitnet teach --dataset DATASET --out FOLDER [OPTIONS]",
            "Makes saliency maps of pictures with a salient-object network, to train a codec with, "
            "as a folder of pictures and\nmasks. Pictures that have their map there already are "
            "kept as they are. Training and `limitnet eval` hold out\npictures by their place in a "
            "folder, so take all of a set of which some are to stay unseen.",
            options,
            arguments))
    {
        return 0;
    }
    if (count < 0)
    {
        throw Error(fmt::format("--count={}: has to be 0 or more", count));
    }
    if (format.side < 1 || format.side > 4096)
    {
        throw Error(fmt::format("--side={}: has to be 1 to 4096", format.side));
    }
    format.mean = ThreeNumbers("mean", mean);
    format.deviation = ThreeNumbers("std", deviation);
    for (const double value : format.deviation)
    {
        if (!(value > 0))
        {
            throw Error(fmt::format("--std={}: each has to be above 0", deviation));
        }
    }
    format.brightestIsOne = IsFirst("one", one, "brightest", "255");
    format.scaled = IsFirst("range", scale, "scaled", "as-is");
    // As the other commands: all cores, or as many as this variable says.
    const char* threads = std::getenv("OMP_NUM_THREADS");
    if (threads != nullptr && std::atoi(threads) > 0)
    {
        cv::setNumThreads(std::atoi(threads));
    }

    const auto onDisk = DatasetOnDisk(datasetName, dataDir);
    const auto dataset = OpenDataset(onDisk, Split::TRAIN, dataDir);
    const auto* folder = dynamic_cast<const ImageFolder*>(dataset.get());
    const auto size = dataset->Size();
    const auto wanted =
        count == 0 ? size : std::min<std::size_t>(static_cast<std::size_t>(count), size);
    const auto modelFile = FindTeacher(model);
    SaliencyTeacher teacher(modelFile, format);

    const std::filesystem::path root = output;
    std::error_code problem;
    std::filesystem::create_directories(root / "image", problem);
    if (!problem)
    {
        std::filesystem::create_directories(root / "mask", problem);
    }
    if (problem)
    {
        throw Error(fmt::format("--out={}: cannot be written: {}", output, problem.message()));
    }
    CheckRecord(root / "teacher.txt",
                fmt::format("Saliency maps made by limitnet teach.\nmodel {}\nsha256 {}\nside {}\n"
                            "one {}\nmean {}\nstd {}\nrange {}\noutput {}\n",
                            modelFile.filename().string(),
                            Sha256OfFiles({modelFile}),
                            format.side,
                            one,
                            mean,
                            deviation,
                            scale,
                            format.output.empty() ? "the first" : format.output));

    struct Work
    {
        std::size_t index;
        std::filesystem::path image;
        std::filesystem::path mask;
        bool isDone;
    };

    std::vector<Work> all;
    std::map<std::string, std::size_t> names;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < wanted; ++i)
    {
        const auto index = i * size / wanted;
        const auto name = NameOf(*dataset, folder, index);
        if (!names.emplace(name, index).second)
        {
            throw Error(fmt::format("{}: another picture of this folder is called {} too; their "
                                    "maps would have one name",
                                    folder->File(index).string(),
                                    name));
        }
        const auto ending = folder == nullptr ? ".png" : folder->File(index).extension().string();
        Work work{index, root / "image" / (name + ending), root / "mask" / (name + ".png"), false};
        work.isDone = std::filesystem::exists(work.image) && std::filesystem::exists(work.mask);
        kept += work.isDone ? 1 : 0;
        all.push_back(work);
    }

    SaliencyQuality quality;
    double salient = 0;
    const auto start = std::chrono::steady_clock::now();
    {
        Progress progress(wanted - kept, "pictures");
        for (const auto& work : all)
        {
            cv::Mat map;
            if (work.isDone)
            {
                map = cv::imread(work.mask.string(), cv::IMREAD_GRAYSCALE);
                if (map.empty())
                {
                    throw Error(work.mask.string() +
                                ": is damaged; without it, it would be made again");
                }
            }
            else
            {
                const auto picture = dataset->At(work.index);
                map = teacher.Map(picture);
                std::vector<std::uint8_t> png;
                cv::imencode(".png", map, png);
                // The mask first: a picture is never there without its map.
                WriteBytes(work.mask, png);
                if (folder == nullptr)
                {
                    WritePng(work.image, picture);
                }
                else
                {
                    WriteBytes(work.image, ReadBytes(folder->File(work.index)));
                }
                progress.Step();
            }
            salient += cv::mean(map)[0] / 255;
            if (folder != nullptr && folder->HasMask(work.index))
            {
                cv::Mat mask;
                cv::extractChannel(ToMat(folder->Mask(work.index)), mask, 0);
                quality.Add(Parts(map), Parts(mask));
            }
        }
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::cout << fmt::format(
        "{}: {} of {} pictures, {} kept from before, {} new{}; on average "
        "{:.1f} % salient\n",
        onDisk,
        wanted,
        size,
        kept,
        wanted - kept,
        kept == wanted
            ? ""
            : fmt::format(" in {:.2f} s each", seconds / static_cast<double>(wanted - kept)),
        100 * salient / static_cast<double>(wanted));
    if (quality.Pictures() > 0)
    {
        std::cout << fmt::format("against the masks of {} of them: mean absolute error {:.3f}, "
                                 "intersection over union {:.3f} (threshold one half)\n",
                                 quality.Pictures(),
                                 quality.MeanAbsoluteError(),
                                 quality.IntersectionOverUnion(HALF));
    }
    std::cout << "written: " << output << '\n';
    return 0;
}

} // namespace limitnet
