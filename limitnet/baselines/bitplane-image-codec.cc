// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/bitplane-image-codec.h"

#include "limitnet/baselines/cauchy-code.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace limitnet
{

namespace
{

constexpr uint64_t CAMERA_SIDE = 224;
constexpr uint8_t VERSION = 1; // of the header, in its lowest two bits

} // namespace

double
BitplaneValue(size_t bytes)
{
    constexpr std::array<std::pair<double, double>, 12> CURVE{{{0, 0.01},
                                                               {10, 0.05},
                                                               {25, 0.15},
                                                               {50, 0.32},
                                                               {75, 0.42},
                                                               {100, 0.49},
                                                               {140, 0.56},
                                                               {200, 0.62},
                                                               {300, 0.655},
                                                               {400, 0.67},
                                                               {800, 0.695},
                                                               {2048, 0.70}}};
    const auto at = static_cast<double>(bytes);
    for (size_t i = 1; i < CURVE.size(); ++i)
    {
        const auto& [x0, y0] = CURVE[i - 1];
        const auto& [x1, y1] = CURVE[i];
        if (at <= x1)
        {
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0);
        }
    }
    return CURVE.back().second;
}

size_t
BitplaneDataFragments(size_t fragments, size_t payload, double loss)
{
    if (loss <= 0 || fragments < 2)
    {
        return fragments;
    }
    // arrive[m]: chance that m arrive
    std::vector<double> arrive(fragments + 1);
    arrive[0] = 1;
    for (size_t i = 0; i < fragments; ++i)
    {
        for (size_t m = i + 1; m > 0; --m)
        {
            arrive[m] = arrive[m] * loss + arrive[m - 1] * (1 - loss);
        }
        arrive[0] *= loss;
    }
    size_t best = 1;
    double most = -1;
    double enough = 0;
    for (size_t k = fragments; k > 0; --k)
    {
        enough += arrive[k];
        const double value = enough * BitplaneValue(k * payload);
        if (value > most)
        {
            most = value;
            best = k;
        }
    }
    return best;
}

BitplaneEncoder::BitplaneEncoder(const BitplaneOptions& options)
    : m_options(options)
{
    CheckBitplaneSide(options.side);
    if (!(options.lossPercent >= 0 && options.lossPercent <= MAX_BITPLANE_LOSS_PERCENT))
    {
        throw Error(fmt::format("bit planes can be protected against a loss of 0 to {} %",
                                MAX_BITPLANE_LOSS_PERCENT));
    }
}

EncodedImage
BitplaneEncoder::Encode(const Image& image, uint8_t imageId, const EncodingLimits& limits) const
{
    if (limits.fragmentBytes < MIN_FRAGMENT_BYTES)
    {
        throw Error(fmt::format("fragments of {} bytes are too short; it takes {}",
                                limits.fragmentBytes,
                                MIN_FRAGMENT_BYTES));
    }
    const Image picture = ResizePicture(image, m_options.side);
    const double loss = m_options.lossPercent / 100;
    const size_t bytes = limits.Bytes(m_options.bytes);

    // As many fragments as it takes, all of one length; where there is no limit, as many as the
    // longest stream and its parity take.
    size_t count = 0;
    size_t length = limits.fragmentBytes;
    if (bytes > 0)
    {
        count = std::min((bytes + length - 1) / length, MAX_CAUCHY_PLACES);
        length = std::min(bytes / count, length);
        if (length <= BITPLANE_HEADER_BYTES)
        {
            throw Error(fmt::format("a picture cannot be sent in {} bytes", bytes));
        }
    }
    else
    {
        const auto all = static_cast<double>(MAX_BITPLANE_BYTES) / (1 - loss);
        const auto payload = static_cast<double>(length - BITPLANE_HEADER_BYTES);
        count = std::min(static_cast<size_t>(std::ceil(all / payload)), MAX_CAUCHY_PLACES);
    }
    const size_t payload = length - BITPLANE_HEADER_BYTES;
    const size_t room = BitplaneDataFragments(count, payload, loss) * payload;
    size_t decisions = 0;
    Bytes stream = EncodeBitplanes(picture,
                                   BitplaneTablesFor(m_options.side),
                                   std::min(room, MAX_BITPLANE_BYTES),
                                   &decisions);
    stream.resize(std::max<size_t>(stream.size(), 1)); // zeros follow anyway
    const size_t k = (stream.size() + payload - 1) / payload;
    const size_t parity = loss > 0 ? count - k : 0;

    std::vector<Bytes> pieces;
    for (size_t i = 0; i < k; ++i)
    {
        const size_t begin = std::min(i * payload, stream.size());
        const size_t end = std::min(begin + payload, stream.size());
        Bytes piece(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                    stream.begin() + static_cast<std::ptrdiff_t>(end));
        if (parity > 0)
        {
            piece.resize(payload); // zeros, which the stream may be continued with
        }
        pieces.push_back(std::move(piece));
    }
    for (auto& piece : CauchyParity(pieces, parity))
    {
        pieces.push_back(std::move(piece));
    }
    EncodedImage encoded;
    for (size_t place = 0; place < pieces.size(); ++place)
    {
        Bytes fragment{static_cast<uint8_t>(imageId % IMAGE_IDS << 2 | VERSION),
                       static_cast<uint8_t>(k),
                       static_cast<uint8_t>(place)};
        fragment.insert(fragment.end(), pieces[place].begin(), pieces[place].end());
        encoded.fragments.push_back(std::move(fragment));
    }
    const auto cells = static_cast<uint64_t>(m_options.side / BITPLANE_CELL);
    encoded.work.stages = {{"resize", CAMERA_SIDE * CAMERA_SIDE},
                           {"jpeg", cells * cells * 3 / 2},
                           {"entropy", decisions},
                           {"erasure", static_cast<uint64_t>(k) * parity * payload}};
    return encoded;
}

BitplaneDecoder::BitplaneDecoder(int side)
    : m_side(side)
{
    CheckBitplaneSide(side);
}

Bytes
BitplaneDecoder::Stream(const std::vector<Bytes>& fragments) const
{
    std::optional<uint8_t> image;
    size_t k = 0;
    std::map<size_t, Bytes> places;
    for (const auto& fragment : fragments)
    {
        const auto id = ImageIdOf(fragment);
        if (!id || (image && (*image != *id || k != fragment[1])))
        {
            continue; // of another image than the first one's, or cut in another way
        }
        image = id;
        k = fragment[1];
        places.emplace(fragment[2],
                       Bytes(fragment.begin() + BITPLANE_HEADER_BYTES, fragment.end()));
    }
    // Parity counts with what has its length.
    size_t length = 0;
    for (const auto& [place, bytes] : places)
    {
        length = place >= k && length == 0 ? bytes.size() : length;
    }
    std::map<size_t, Bytes> equal;
    for (const auto& [place, bytes] : places)
    {
        if (bytes.size() == length)
        {
            equal.emplace(place, bytes);
        }
    }
    for (auto& [place, bytes] : RecoverCauchy(equal, k))
    {
        places.emplace(place, std::move(bytes));
    }
    Bytes stream;
    for (size_t place = 0; place < k && places.count(place) > 0; ++place)
    {
        stream.insert(stream.end(), places[place].begin(), places[place].end());
    }
    return stream;
}

std::optional<Image>
BitplaneDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    const Bytes stream = Stream(fragments);
    if (stream.empty())
    {
        return std::nullopt;
    }
    return DecodeBitplanes(stream, m_side, BitplaneTablesFor(m_side));
}

std::optional<uint8_t>
BitplaneDecoder::ImageIdOf(const Bytes& fragment) const
{
    const bool good = fragment.size() > BITPLANE_HEADER_BYTES && (fragment[0] & 3) == VERSION &&
                      fragment[1] > 0 && fragment[1] <= MAX_CAUCHY_PLACES &&
                      fragment[2] < MAX_CAUCHY_PLACES;
    return good ? std::optional<uint8_t>(static_cast<uint8_t>(fragment[0] >> 2)) : std::nullopt;
}

std::string
BitplaneDecoder::Identity() const
{
    return fmt::format("bitplane 1 tables {:08x} side {}",
                       BitplaneTablesFor(m_side).Checksum(),
                       m_side);
}

} // namespace limitnet
