// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"

#include "limitnet/cli/option-texts.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/fragmenter.h"
#include "limitnet/data/paths.h"

#include <filesystem>
#include <fmt/format.h>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/// Most bytes of a fragment, as a .lim file holds it; more than any link carries.
constexpr std::int64_t MAX_MTU = 65535;

/// Above this a budget limits nothing.
constexpr std::int64_t MAX_BYTES = 1'000'000'000;

} // namespace

void
CheckPercentage(double percent)
{
    if (!(percent > 0 && percent <= 100))
    {
        throw Error(fmt::format("--percentage={}: has to be above 0 and at most 100", percent));
    }
}

void
CheckMtu(std::int64_t mtu)
{
    if (mtu < static_cast<std::int64_t>(MIN_FRAGMENT_BYTES) || mtu > MAX_MTU)
    {
        throw Error(
            fmt::format("--mtu={}: has to be {} to {} bytes", mtu, MIN_FRAGMENT_BYTES, MAX_MTU));
    }
}

CodingOptions::CodingOptions(double percentage)
    : m_percentage(percentage)
{
}

void
CodingOptions::AddTo(po::options_description& options)
{
    options.add_options()("model", po::value(&m_model)->default_value("codec-224"), MODEL_HELP)(
        "encoder",
        po::value(&m_encoder)->default_value("int8"),
        "int8, as a microcontroller computes, or float")(
        "percentage,p",
        po::value(&m_percentage)->default_value(m_percentage),
        "percent of the latent values to send, most important first")(
        "bytes,b",
        po::value(&m_bytes),
        "instead: as many values as fit into this many bytes of fragments in all, with headers and "
        "saliency map")("mtu",
                        po::value(&m_mtu)->default_value(222),
                        "largest fragment, bytes (222: LoRaWAN at SF7)")(
        "map-copies",
        po::value(&m_mapCopies)->default_value(1),
        "how often the saliency map is sent, against loss");
}

void
CodingOptions::Check(const po::variables_map& values)
{
    CheckPercentage(m_percentage);
    CheckMtu(m_mtu);
    if (values.count("bytes") > 0)
    {
        if (!values["percentage"].defaulted())
        {
            throw Error("--percentage and --bytes: only one of them can say how much to send");
        }
        if (m_bytes < 1 || m_bytes > MAX_BYTES)
        {
            throw Error(fmt::format("--bytes={}: has to be 1 to {}", m_bytes, MAX_BYTES));
        }
        m_percentage = 100;
    }
    if (m_mapCopies < 1 || m_mapCopies > MAX_MAP_COPIES)
    {
        throw Error(fmt::format("--map-copies={}: has to be 1 to {}", m_mapCopies, MAX_MAP_COPIES));
    }
}

std::shared_ptr<const CodecModel>
CodingOptions::OpenModel() const
{
    return std::make_shared<CodecModel>(FindModel(m_model));
}

std::shared_ptr<const PictureEncoder>
CodingOptions::OpenEncoder(std::shared_ptr<const CodecModel> codec) const
{
    return MakePictureEncoder(m_encoder,
                              std::move(codec),
                              m_encoder == "int8" ? FindDeviceModel(m_model)
                                                  : std::filesystem::path{});
}

std::string
CodingOptions::ModelName() const
{
    return FindModel(m_model).stem().string();
}

double
CodingOptions::Percentage() const
{
    return m_percentage;
}

std::size_t
CodingOptions::Mtu() const
{
    return static_cast<std::size_t>(m_mtu);
}

std::vector<Bytes>
CodingOptions::Cut(const CodecModel& codec,
                   const PictureSymbols& picture,
                   std::uint8_t imageId,
                   const std::string& name) const
{
    FragmentOptions options;
    options.imageId = imageId;
    options.maxFragmentBytes = Mtu();
    options.valueCount = ValuesOfPercentage(m_percentage);
    options.mapCopies = static_cast<unsigned>(m_mapCopies);
    options.order = codec.Order();
    Fragmenter fragmenter(codec.Tables());
    if (m_bytes == 0)
    {
        return fragmenter.All(picture.map, picture.symbols.data(), options);
    }
    auto fragments =
        FragmentsWithin(fragmenter, picture, options, static_cast<std::size_t>(m_bytes));
    if (fragments.empty())
    {
        options.valueCount = 1;
        throw Error(
            fmt::format("--bytes={}: too few for {}: {}one value need{} {} bytes",
                        m_bytes,
                        name,
                        NeedsMap(options.order) ? "the saliency map and " : "",
                        NeedsMap(options.order) ? "" : "s",
                        TotalBytes(fragmenter.All(picture.map, picture.symbols.data(), options))));
    }
    return fragments;
}

} // namespace limitnet
