// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/cli/lim-model.h"
#include "limitnet/cli/option-texts.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/data/lim-file.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/result-tables.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/** What one fragment brings to those before it. */
struct FragmentInfo
{
    FragmentKind kind = FragmentKind::INVALID;
    std::size_t bytes = 0;
    std::size_t values = 0;     ///< new ones
    std::size_t firstPlace = 0; ///< of the new values in the importance order
    std::size_t lastPlace = 0;
};

struct PictureInfo
{
    std::vector<FragmentInfo> fragments;
    std::size_t values = 0;
    bool isPlaced = false; ///< all is there that the order of the values follows from
    SaliencyMap map;
};

FragmentKind
KindOf(const Bytes& fragment)
{
    return ParseFragment(fragment.data(), fragment.size()).kind;
}

const char*
NameOf(FragmentKind kind)
{
    switch (kind)
    {
    case FragmentKind::MAP:
        return "map";
    case FragmentKind::SYMBOLS:
        return "values";
    default:
        return "invalid";
    }
}

/** \param model the codec; null: places and map stay unknown */
PictureInfo
Examine(const LimPicture& picture, const CodecModel* model)
{
    PictureInfo info;
    for (const auto& fragment : picture.fragments)
    {
        info.fragments.push_back({KindOf(fragment), fragment.size(), 0, 0, 0});
    }
    if (model == nullptr)
    {
        return info;
    }
    // The map first, so that each fragment of values can be placed when its turn comes.
    const auto reassembler = std::make_unique<Reassembler>(model->Tables(), model->Order());
    for (const auto& fragment : picture.fragments)
    {
        if (KindOf(fragment) == FragmentKind::MAP)
        {
            reassembler->Add(fragment.data(), fragment.size());
        }
    }
    info.isPlaced = reassembler->HasMap();
    if (!info.isPlaced)
    {
        return info;
    }
    info.map = reassembler->Map();
    std::array<std::uint16_t, LATENT_SIZE> order{};
    ImportanceOrder(info.map, order.data(), model->Order());
    std::array<std::uint8_t, LATENT_SIZE> before{};
    std::array<std::uint8_t, LATENT_SIZE> after{};
    for (std::size_t i = 0; i < picture.fragments.size(); ++i)
    {
        auto& row = info.fragments[i];
        if (row.kind != FragmentKind::SYMBOLS)
        {
            continue;
        }
        reassembler->Add(picture.fragments[i].data(), picture.fragments[i].size());
        reassembler->Received(after.data());
        for (std::size_t n = 0; n < LATENT_SIZE; ++n)
        {
            if (after[order[n]] != before[order[n]])
            {
                row.firstPlace = row.values == 0 ? n : row.firstPlace;
                row.lastPlace = n;
                ++row.values;
            }
        }
        before = after;
    }
    info.values = reassembler->ValueCount();
    return info;
}

/** Two characters a cell, the darker the more salient. */
std::string
Drawn(const SaliencyMap& map)
{
    static const std::string SHADES = " .:-=+*#%@";
    std::string text = "  saliency map:\n    +" + std::string(2 * MAP_SIDE, '-') + "+\n";
    for (int y = 0; y < MAP_SIDE; ++y)
    {
        text += "    |";
        for (int x = 0; x < MAP_SIDE; ++x)
        {
            const std::size_t level = map.level[static_cast<std::size_t>(y * MAP_SIDE + x)];
            text += std::string(2, SHADES[level * SHADES.size() / MAP_LEVELS]);
        }
        text += "|\n";
    }
    return text + "    +" + std::string(2 * MAP_SIDE, '-') + "+\n";
}

} // namespace

int
RunInfo(const std::vector<std::string>& arguments)
{
    std::string input;
    std::string modelName;
    std::string output;
    bool brief = false;
    po::options_description options("Options");
    options.add_options()("file", po::value(&input)->required(), "file of 'limitnet encode'")(
        "brief",
        po::bool_switch(&brief),
        "one line for each picture, without its fragments and map")(
        "output,o",
        po::value(&output),
        "CSV file to write: a row for each fragment")("model",
                                                      po::value(&modelName),
                                                      MODEL_OF_FILE_HELP);
    po::positional_options_description positional;
    positional.add("file", 1);
    if (!ParseArguments("limitnet info FILE.lim [OPTIONS]",
                        "Says what a file of encoded pictures holds: for each picture its saliency "
                        "map and its fragments with\nthe places of the importance order (0 is the "
                        "most important of 9408 values) whose values they carry.",
                        options,
                        arguments,
                        positional))
    {
        return 0;
    }
    const auto file = ReadLimFile(input);
    std::shared_ptr<const CodecModel> model;
    std::string without;
    try
    {
        model = OpenLimModel(input, file, modelName);
    }
    catch (const Error& error)
    {
        if (!modelName.empty())
        {
            throw;
        }
        without = error.what();
    }
    std::size_t bytes = 0;
    std::size_t fragments = 0;
    std::vector<PictureInfo> infos;
    for (const auto& picture : file.pictures)
    {
        infos.push_back(Examine(picture, model.get()));
        bytes += TotalBytes(picture.fragments);
        fragments += picture.fragments.size();
    }
    std::cout << fmt::format("{}: {} picture{}, {} fragments, {} bytes of fragments, codec {} (id "
                             "{})\n",
                             input,
                             file.pictures.size(),
                             file.pictures.size() == 1 ? "" : "s",
                             fragments,
                             bytes,
                             file.model,
                             file.modelId);
    const bool hasMap = model && NeedsMap(model->Order());
    if (model && !hasMap)
    {
        std::cout << "the order of this codec's values needs no saliency map: none is sent\n";
    }
    if (!model)
    {
        std::cout << "places and maps are not shown: " << without << '\n';
    }
    for (std::size_t i = 0; i < infos.size(); ++i)
    {
        const auto& picture = file.pictures[i];
        const auto& info = infos[i];
        std::cout << fmt::format("{}{} ({} x {}): {} fragments, {} bytes",
                                 brief ? "" : "\n",
                                 picture.name,
                                 picture.width,
                                 picture.height,
                                 picture.fragments.size(),
                                 TotalBytes(picture.fragments));
        if (model)
        {
            std::cout << fmt::format(", {} of {} values ({:.2f} %){}",
                                     info.values,
                                     LATENT_SIZE,
                                     100.0 * static_cast<double>(info.values) / LATENT_SIZE,
                                     info.isPlaced ? "" : ", no saliency map");
        }
        std::cout << '\n';
        if (brief)
        {
            continue;
        }
        if (info.isPlaced && hasMap)
        {
            std::cout << Drawn(info.map);
        }
        std::cout << "  fragment  kind       places         values   bytes   in all   bits/value\n";
        std::size_t sum = 0;
        for (std::size_t k = 0; k < info.fragments.size(); ++k)
        {
            const auto& row = info.fragments[k];
            sum += row.bytes;
            const bool known = row.values > 0;
            std::cout << fmt::format(
                "  {:8}  {:<7}  {:<13}  {:>6}  {:6}   {:6}   {:>10}\n",
                k,
                NameOf(row.kind),
                known ? fmt::format("{:4} .. {:4}", row.firstPlace, row.lastPlace) : "",
                known ? std::to_string(row.values) : "",
                row.bytes,
                sum,
                known ? fmt::format("{:.2f}",
                                    8.0 * static_cast<double>(row.bytes) /
                                        static_cast<double>(row.values))
                      : "");
        }
    }
    if (!output.empty())
    {
        CsvWriter csv(output, LimFragmentsTable().Names());
        for (std::size_t i = 0; i < infos.size(); ++i)
        {
            for (std::size_t k = 0; k < infos[i].fragments.size(); ++k)
            {
                const auto& row = infos[i].fragments[k];
                csv.Add(i).Add(file.pictures[i].name).Add(k).Add(NameOf(row.kind)).Add(row.bytes);
                if (row.values > 0)
                {
                    csv.Add(row.values).Add(row.firstPlace).Add(row.lastPlace);
                }
                else
                {
                    csv.AddEmpty().AddEmpty().AddEmpty();
                }
                csv.EndRow();
            }
        }
        csv.Close();
    }
    return 0;
}

} // namespace limitnet
