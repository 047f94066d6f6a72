// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/lim-model.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/cli/picture-file.h"
#include "limitnet/cli/progress.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/lim-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/fragment-loss.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <random>
#include <set>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/** Fragments get lost one by one, each with the same probability, the same ones on every machine.
 */
class Loss
{
  public:
    Loss(double probability, std::uint64_t seed, bool keepMap)
        : m_probability(probability),
          m_keepMap(keepMap),
          m_random(seed)
    {
    }

    std::vector<Bytes> Survivors(const std::vector<Bytes>& fragments)
    {
        std::vector<Bytes> survivors;
        for (const auto& fragment : fragments)
        {
            const double draw = FragmentLoss::Uniform(m_random);
            const bool spared = m_keepMap && ParseFragment(fragment.data(), fragment.size()).kind ==
                                                 FragmentKind::MAP;
            if (draw >= m_probability || spared)
            {
                survivors.push_back(fragment);
            }
        }
        return survivors;
    }

  private:
    double m_probability;
    bool m_keepMap;
    std::mt19937_64 m_random;
};

/** \return a file's name of at most as many bytes as systems have them, letters (UTF-8) whole */
std::string
Shortened(const std::string& stem, const std::string& ending)
{
    constexpr std::size_t MOST_BYTES = 255;
    std::size_t length = std::min(stem.size(), MOST_BYTES - ending.size());
    while (length < stem.size() && length > 1 &&
           (static_cast<unsigned char>(stem[length]) & 0xC0) == 0x80)
    {
        --length;
    }
    return stem.substr(0, length) + ending;
}

/**
 * Where each picture of a file goes.
 *
 * A name with an ending is that of a picture; of several pictures, -1, -2, .. come before the
 * ending. Any other name is a folder, in which the pictures keep their names, as PNG.
 */
std::vector<std::filesystem::path>
OutputFiles(const std::filesystem::path& output, const std::vector<LimPicture>& pictures)
{
    std::vector<std::filesystem::path> files;
    const bool folder = !output.has_extension() || std::filesystem::is_directory(output);
    if (!folder)
    {
        CheckPictureName(output);
        if (pictures.size() == 1)
        {
            return {output};
        }
        for (std::size_t i = 0; i < pictures.size(); ++i)
        {
            files.push_back(
                output.parent_path() /
                fmt::format("{}-{}{}", output.stem().string(), i + 1, output.extension().string()));
        }
        return files;
    }
    std::set<std::string> taken;
    for (const auto& picture : pictures)
    {
        const auto stem = std::filesystem::path(picture.name).stem().string();
        auto name = Shortened(stem, ".png");
        for (int number = 2; !taken.insert(name).second; ++number)
        {
            name = Shortened(stem, fmt::format("-{}.png", number));
        }
        files.push_back(output / name);
    }
    return files;
}

} // namespace

int
RunDecode(const std::vector<std::string>& arguments)
{
    std::string input;
    std::string output;
    std::string modelName;
    std::string size;
    double percentage = 0;
    double lose = 0;
    std::int64_t seed = 0;
    bool keepMap = false;
    po::options_description options("Options");
    options.add_options()("file", po::value(&input)->required(), "file of 'limitnet encode'")(
        "output,o",
        po::value(&output)->required(),
        "picture to write, format by its ending; of several pictures: NAME-1.png, NAME-2.png, .. "
        "for NAME.png, or a folder")("percentage,p",
                                     po::value(&percentage)->default_value(100),
                                     "use only this percent of the latent values, most important "
                                     "first")("lose",
                                              po::value(&lose)->default_value(0),
                                              "probability that a fragment is lost, 0 to 1")(
        "seed",
        po::value(&seed)->default_value(1),
        "which ones are lost")("keep-map",
                               po::bool_switch(&keepMap),
                               "never lose the saliency map, without which nothing can be decoded")(
        "size",
        po::value(&size)->default_value("original"),
        "size of the pictures: original, or codec for the 224x224 that the cloud classifies")(
        "model",
        po::value(&modelName),
        MODEL_OF_FILE_HELP);
    po::positional_options_description positional;
    positional.add("file", 1);
    if (!ParseArguments("limitnet decode FILE.lim -o IMAGE [OPTIONS]",
                        "Decodes pictures as the cloud does, from all fragments of a file or from "
                        "some of them.",
                        options,
                        arguments,
                        positional))
    {
        return 0;
    }
    CheckPercentage(percentage);
    if (!(lose >= 0 && lose <= 1))
    {
        throw Error(fmt::format("--lose={}: has to be 0 to 1", lose));
    }
    if (seed < 0)
    {
        throw Error(fmt::format("--seed={}: has to be 0 or more", seed));
    }
    if (size != "original" && size != "codec")
    {
        throw Error(fmt::format("--size={}: has to be original or codec", size));
    }
    const auto file = ReadLimFile(input);
    if (file.pictures.empty())
    {
        throw Error(input + ": has no pictures in it");
    }
    const auto targets = OutputFiles(output, file.pictures);
    const auto model = OpenLimModel(input, file, modelName);
    if (targets[0].has_parent_path())
    {
        std::error_code problem;
        std::filesystem::create_directories(targets[0].parent_path(), problem);
        if (problem)
        {
            throw Error(targets[0].parent_path().string() +
                        ": cannot be made: " + problem.message());
        }
    }

    Loss loss(lose, static_cast<std::uint64_t>(seed), keepMap);
    const auto most = ValuesOfPercentage(percentage);
    std::string table = "  values      %  fragments   bytes  picture\n";
    std::size_t failed = 0;
    {
        Progress progress(file.pictures.size(), "pictures");
        for (std::size_t i = 0; i < file.pictures.size(); ++i)
        {
            const auto& picture = file.pictures[i];
            const auto fragments = loss.Survivors(picture.fragments);
            const auto received = ReceiveLatent(*model, fragments, most);
            const auto valueCount = received ? received->valueCount : 0;
            std::string where = "nothing to decode: the saliency map or all values are missing";
            if (received)
            {
                auto decoded = model->Decode(received->latent);
                if (size == "original")
                {
                    decoded = ToImage(Resized(ToMat(decoded),
                                              cv::Size(static_cast<int>(picture.width),
                                                       static_cast<int>(picture.height))));
                }
                WritePicture(targets[i], decoded);
                where = targets[i].string();
            }
            failed += received ? 0 : 1;
            table += fmt::format("{:8} {:6.2f} {:5}/{:4} {:7}  {}: {}\n",
                                 valueCount,
                                 100.0 * static_cast<double>(valueCount) / LATENT_SIZE,
                                 fragments.size(),
                                 picture.fragments.size(),
                                 TotalBytes(fragments),
                                 picture.name,
                                 where);
            progress.Step();
        }
    }
    std::cout << table;
    if (failed > 0)
    {
        throw Error(fmt::format("{}: {} of {} pictures could not be decoded from what was left "
                                "(other --seed, --keep-map, or encode with --map-copies)",
                                input,
                                failed,
                                file.pictures.size()));
    }
    return 0;
}

} // namespace limitnet
