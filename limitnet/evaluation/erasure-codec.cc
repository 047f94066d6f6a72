// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/erasure-codec.h"

#include "limitnet/baselines/cauchy-code.h"
#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace limitnet
{

namespace
{

constexpr size_t MAX_BLOCK = MAX_CAUCHY_PLACES;
constexpr size_t MAX_BLOCKS = 256;
constexpr size_t LENGTH_BYTES = 2;

/** \return a fragment as the code sees it */
Bytes
Shard(const Bytes& fragment, size_t length)
{
    Bytes shard(length);
    shard[0] = static_cast<uint8_t>(fragment.size() >> 8);
    shard[1] = static_cast<uint8_t>(fragment.size());
    std::copy(fragment.begin(), fragment.end(), shard.begin() + LENGTH_BYTES);
    return shard;
}

Bytes
WithHeader(uint8_t imageId, size_t block, size_t place, size_t k, const Bytes& bytes)
{
    Bytes whole(ERASURE_HEADER_BYTES + bytes.size());
    whole[0] = static_cast<uint8_t>(imageId % IMAGE_IDS << 2);
    whole[1] = static_cast<uint8_t>(block);
    whole[2] = static_cast<uint8_t>(place);
    whole[3] = static_cast<uint8_t>(k);
    std::copy(bytes.begin(), bytes.end(), whole.begin() + ERASURE_HEADER_BYTES);
    return whole;
}

size_t
ParityOf(size_t k, double percent)
{
    return static_cast<size_t>(std::ceil(static_cast<double>(k) * percent / 100 - 1e-9));
}

/** What arrived of a block. */
struct Block
{
    size_t k{0};
    std::map<size_t, Bytes> places;
};

/** Adds the fragments of a block that arrived, or can be computed. */
void
RecoverBlock(const Block& block, std::vector<Bytes>& fragments)
{
    const size_t k = block.k;
    size_t length = 0;
    for (const auto& [place, bytes] : block.places)
    {
        if (place < k)
        {
            fragments.push_back(bytes);
        }
        else if (length == 0)
        {
            length = bytes.size();
        }
    }
    const size_t direct = fragments.size();
    std::map<size_t, Bytes> shards;
    for (const auto& [place, bytes] : block.places)
    {
        const size_t needed = place < k ? bytes.size() + LENGTH_BYTES : bytes.size();
        if (place < k ? needed <= length : needed == length)
        {
            shards.emplace(place, place < k ? Shard(bytes, length) : bytes);
        }
    }
    if (length <= LENGTH_BYTES)
    {
        return; // no parity arrived
    }
    for (auto& [place, shard] : RecoverCauchy(shards, k))
    {
        const size_t size = static_cast<size_t>(shard[0]) << 8 | shard[1];
        const bool missing = block.places.count(place) == 0;
        if (missing && size > 0 && size <= length - LENGTH_BYTES) // else somebody sent nonsense
        {
            const auto begin = shard.begin() + static_cast<std::ptrdiff_t>(LENGTH_BYTES);
            fragments.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(size));
        }
    }
    std::sort(fragments.begin() + static_cast<std::ptrdiff_t>(direct), fragments.end());
}

} // namespace

ErasureEncoder::ErasureEncoder(std::shared_ptr<const ImageEncoder> inner,
                               std::vector<double> parityPercent,
                               size_t bytes)
    : m_inner(std::move(inner)),
      m_parityPercent(std::move(parityPercent)),
      m_bytes(bytes)
{
    constexpr double MOST = 400;
    if (m_parityPercent.empty() ||
        std::any_of(m_parityPercent.begin(), m_parityPercent.end(), [](double percent) {
            return !(percent >= 0 && percent <= MOST);
        }))
    {
        throw Error("parity has to be 0 to 400 percent, for one part at least");
    }
}

EncodedImage
ErasureEncoder::Encode(const Image& image, uint8_t imageId, const EncodingLimits& limits) const
{
    if (limits.fragmentBytes < ERASURE_OVERHEAD_BYTES + MIN_FRAGMENT_BYTES)
    {
        throw Error("fragments of " + std::to_string(limits.fragmentBytes) +
                    " bytes are too short for erasure coding; it takes " +
                    std::to_string(ERASURE_OVERHEAD_BYTES));
    }
    const size_t bytes = limits.Bytes(m_bytes);
    EncodingLimits inner = limits;
    inner.fragmentBytes -= ERASURE_OVERHEAD_BYTES;
    if (bytes > 0)
    {
        // What parity and headers leave of the bytes, about; the end of it is cut off below.
        double whole = 0;
        for (const double percent : m_parityPercent)
        {
            whole += 1 + percent / 100;
        }
        const double share = static_cast<double>(m_parityPercent.size()) / whole *
                             static_cast<double>(inner.fragmentBytes) /
                             static_cast<double>(limits.fragmentBytes);
        inner.bytes = std::max<size_t>(MIN_FRAGMENT_BYTES,
                                       static_cast<size_t>(share * static_cast<double>(bytes)));
    }
    EncodedImage encoded = m_inner->Encode(image, imageId, inner);
    const auto fragments = std::move(encoded.fragments);
    const auto vital = std::move(encoded.vital);
    encoded.fragments.clear();
    encoded.vital.clear();
    uint64_t work = 0;
    size_t block = 0;
    const size_t parts = m_parityPercent.size();
    for (size_t part = 0; part < parts; ++part)
    {
        const size_t end = (part + 1) * fragments.size() / parts;
        const double percent = m_parityPercent[part];
        // The longest blocks that have room for their parity, all about as long.
        size_t begin = part * fragments.size() / parts;
        size_t most = MAX_BLOCK;
        while (most + ParityOf(most, percent) > MAX_BLOCK)
        {
            --most;
        }
        for (size_t left = (end - begin + most - 1) / most; left > 0; --left)
        {
            const size_t k = (end - begin + left - 1) / left;
            const size_t m = ParityOf(k, percent);
            if (block >= MAX_BLOCKS)
            {
                throw Error("an image has more fragments than erasure coding can number");
            }
            size_t length = 0;
            for (size_t i = 0; i < k; ++i)
            {
                length = std::max(length, fragments[begin + i].size() + LENGTH_BYTES);
                encoded.fragments.push_back(WithHeader(imageId, block, i, k, fragments[begin + i]));
                encoded.vital.push_back(begin + i < vital.size() && vital[begin + i]);
            }
            std::vector<Bytes> shards;
            for (size_t i = 0; i < k; ++i)
            {
                shards.push_back(Shard(fragments[begin + i], length));
            }
            const auto parity = CauchyParity(std::move(shards), m);
            for (size_t i = 0; i < m; ++i)
            {
                encoded.fragments.push_back(WithHeader(imageId, block, k + i, k, parity[i]));
                encoded.vital.push_back(false);
            }
            work += static_cast<uint64_t>(k) * m * length;
            begin += k;
            ++block;
        }
    }
    size_t sum = 0;
    for (size_t i = 0; bytes > 0 && i < encoded.fragments.size(); ++i)
    {
        sum += encoded.fragments[i].size();
        if (sum > bytes)
        {
            encoded.fragments.resize(i);
            encoded.vital.resize(i);
        }
    }
    encoded.work.stages.push_back({"erasure", work});
    return encoded;
}

ErasureDecoder::ErasureDecoder(std::shared_ptr<const ImageDecoder> inner)
    : m_inner(std::move(inner))
{
}

std::vector<Bytes>
ErasureDecoder::Recover(const std::vector<Bytes>& received) const
{
    std::map<uint8_t, Block> blocks;
    std::optional<uint8_t> image;
    for (const auto& fragment : received)
    {
        if (!ImageIdOf(fragment) || (image && *image != *ImageIdOf(fragment)))
        {
            continue; // of another image than the first one's
        }
        image = ImageIdOf(fragment);
        Block& block = blocks[fragment[1]];
        block.k = block.k == 0 ? fragment[3] : block.k;
        if (block.k == fragment[3])
        {
            block.places.emplace(fragment[2],
                                 Bytes(fragment.begin() + ERASURE_HEADER_BYTES, fragment.end()));
        }
    }
    std::vector<Bytes> fragments;
    for (const auto& [number, block] : blocks)
    {
        std::vector<Bytes> own;
        RecoverBlock(block, own);
        fragments.insert(fragments.end(), own.begin(), own.end());
    }
    return fragments;
}

std::optional<Image>
ErasureDecoder::Decode(const std::vector<Bytes>& fragments) const
{
    return m_inner->Decode(Recover(fragments));
}

std::optional<uint8_t>
ErasureDecoder::ImageIdOf(const Bytes& fragment) const
{
    const bool good = fragment.size() > ERASURE_HEADER_BYTES && (fragment[0] & 3) == 0 &&
                      fragment[3] > 0 && fragment[2] < MAX_BLOCK;
    return good ? std::optional<uint8_t>(static_cast<uint8_t>(fragment[0] >> 2)) : std::nullopt;
}

std::string
ErasureDecoder::Identity() const
{
    return "erasure " + m_inner->Identity();
}

} // namespace limitnet
