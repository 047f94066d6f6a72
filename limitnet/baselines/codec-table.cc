// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/codec-table.h"

#include "limitnet/baselines/bitplane-image-codec.h"
#include "limitnet/baselines/btc-codec.h"
#include "limitnet/baselines/jpeg-codec.h"
#include "limitnet/baselines/raw-codec.h"
#include "limitnet/baselines/webp-codec.h"

#include <algorithm>

namespace limitnet
{

namespace
{

// Cycles per operation of the rivals on the STM32F7, a Cortex-M7 (see device-profile.cc).
//
// JPEG in software at 200 MHz without data cache, floating-point DCT: about 80 us for each block of
// 8x8 samples (OpenMV forum, topic 1083), so 16,000 cycles. At 224x224 that is 87 ms at 216 MHz,
// where LimitNet takes 462; in LimitNet's paper, on the same kind of part, its encoder takes 4 %
// longer than JPEG, of which no times are given.
constexpr double JPEG_CYCLES = 16000;
// WebP: assumption, four times JPEG's for a macroblock of six blocks, for want of a published
// figure.
constexpr double WEBP_CYCLES = 4 * 6 * JPEG_CYCLES;
// Block truncation: assumption, 25 for each pixel: luminance (3 multiply-accumulates), comparison,
// sums of three colours, loads and stores.
constexpr double BTC_CYCLES = 25;

CodecHalves
OpenJpeg(const RivalSettings& settings, bool progressive)
{
    JpegOptions options;
    options.progressive = progressive;
    options.side = settings.side;
    options.quality = settings.quality;
    options.bytes = settings.bytes;
    return {std::make_shared<JpegEncoder>(options), std::make_shared<JpegDecoder>(options)};
}

CodecHalves
OpenWebp(const RivalSettings& settings)
{
    WebpOptions options;
    options.side = settings.side;
    options.quality = settings.quality;
    options.bytes = settings.bytes;
    return {std::make_shared<WebpEncoder>(options), std::make_shared<WebpDecoder>(options)};
}

CodecHalves
OpenRaw(const RivalSettings& settings)
{
    RawOptions options;
    options.side = std::min(settings.side, MAX_RAW_SIDE);
    options.bytes = settings.bytes;
    return {std::make_shared<RawEncoder>(options), std::make_shared<RawDecoder>()};
}

CodecHalves
OpenBitplane(const RivalSettings& settings)
{
    BitplaneOptions options;
    options.side = std::min(settings.side, MAX_BITPLANE_SIDE) / BITPLANE_CELL * BITPLANE_CELL;
    options.bytes = settings.bytes;
    options.lossPercent = settings.lossPercent;
    return {std::make_shared<BitplaneEncoder>(options),
            std::make_shared<BitplaneDecoder>(options.side)};
}

std::vector<CodecRow>
Rows()
{
    return {
        {"limitnet",
         "LimitNet",
         {"model", "encoder", "values_percent", "map_copies", "order", "progressive"},
         MAX_CODEC_SIDE,
         {}, // the networks' stages are in the device profiles
         nullptr},
        {"jpeg",
         "JPEG",
         {"side_px", "quality"},
         MAX_CODEC_SIDE,
         {{"jpeg", {{"stm32f7", JPEG_CYCLES}}}},
         [](const RivalSettings& settings) { return OpenJpeg(settings, false); }},
        {"jpeg-progressive",
         "JPEG",
         {"side_px", "quality"},
         MAX_CODEC_SIDE,
         {{"jpeg", {{"stm32f7", JPEG_CYCLES}}}},
         [](const RivalSettings& settings) { return OpenJpeg(settings, true); }},
        {"webp",
         "WebP",
         {"side_px", "quality"},
         MAX_CODEC_SIDE,
         {{"webp", {{"stm32f7", WEBP_CYCLES}}}},
         OpenWebp},
        {"raw", "raw", {"side_px"}, MAX_RAW_SIDE, {}, OpenRaw},
        {"btc", "BTC", {"side_px"}, MAX_BTC_SIDE, {{"btc", {{"stm32f7", BTC_CYCLES}}}}, OpenBtc},
        // Its decisions are counted as LimitNet's values, its blocks as JPEG's.
        {"bitplane",
         "bit planes",
         {"side_px", "loss_percent"},
         MAX_BITPLANE_SIDE,
         {{"jpeg", {{"stm32f7", JPEG_CYCLES}}}},
         OpenBitplane},
    };
}

/** \return the names of those codecs for which something is true */
template <class Predicate>
std::vector<std::string>
NamesWhere(Predicate isWanted)
{
    std::vector<std::string> names;
    for (const CodecRow& row : CodecTable())
    {
        if (isWanted(row))
        {
            names.push_back(row.name);
        }
    }
    return names;
}

} // namespace

const std::vector<CodecRow>&
CodecTable()
{
    static const std::vector<CodecRow> table = Rows();
    return table;
}

std::vector<std::string>
CodecNames()
{
    return NamesWhere([](const CodecRow&) { return true; });
}

std::vector<std::string>
RivalNames()
{
    return NamesWhere([](const CodecRow& row) { return row.open != nullptr; });
}

std::vector<std::string>
CodecsThatHeed(const std::string& key)
{
    return NamesWhere([&key](const CodecRow& row) {
        return std::find(row.keys.begin(), row.keys.end(), key) != row.keys.end();
    });
}

std::string
InWords(const std::vector<std::string>& words, const std::string& last)
{
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
    {
        const bool isLast = i + 1 == words.size();
        text += (i == 0 ? "" : isLast ? " " + last + " " : ", ") + words[i];
    }
    return text;
}

} // namespace limitnet
