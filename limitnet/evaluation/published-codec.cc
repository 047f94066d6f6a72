// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/published-codec.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>

namespace limitnet
{

std::vector<int>
HuffmanLengths(const std::vector<std::uint64_t>& counts)
{
    if (counts.empty() || std::count(counts.begin(), counts.end(), 0U) > 0)
    {
        throw Error("a Huffman code needs symbols that each occur at least once");
    }
    if (counts.size() == 1)
    {
        return {1};
    }
    // Nodes by number: the symbols, then the joined ones; of equal counts the lower number first.
    using Node = std::pair<std::uint64_t, std::size_t>;
    std::priority_queue<Node, std::vector<Node>, std::greater<>> open;
    for (std::size_t i = 0; i < counts.size(); ++i)
    {
        open.emplace(counts[i], i);
    }
    std::vector<std::size_t> parent(2 * counts.size() - 1);
    for (std::size_t next = counts.size(); next < parent.size(); ++next)
    {
        const Node a = open.top();
        open.pop();
        const Node b = open.top();
        open.pop();
        parent[a.second] = next;
        parent[b.second] = next;
        open.emplace(a.first + b.first, next);
    }
    // A parent has a higher number than its children, so depths are known from the root down.
    std::vector<int> depth(parent.size(), 0);
    for (std::size_t i = parent.size() - 1; i-- > 0;)
    {
        depth[i] = depth[parent[i]] + 1;
    }
    depth.resize(counts.size());
    return depth;
}

PublishedCodec::PublishedCodec(const float* latents, std::size_t images)
{
    if (images == 0)
    {
        throw Error("calibration needs at least one picture");
    }
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        const auto forEach = [&](auto action) {
            for (std::size_t image = 0; image < images; ++image)
            {
                const float* first = latents + image * LATENT_SIZE + c * LATENT_CELLS;
                std::for_each(first, first + LATENT_CELLS, action);
            }
        };
        m_min[c] = m_max[c] = latents[c * LATENT_CELLS];
        forEach([&](float value) {
            if (!std::isfinite(value))
            {
                throw Error("a latent value of the calibration is not finite");
            }
            m_min[c] = std::min(m_min[c], value);
            m_max[c] = std::max(m_max[c], value);
        });
        if (m_min[c] == m_max[c])
        {
            m_max[c] = m_min[c] + 1;
        }
        std::vector<std::uint64_t> counts(SYMBOLS, 0);
        forEach([&](float value) { ++counts[Symbol(c, value)]; });
        for (auto& count : counts)
        {
            count = std::max<std::uint64_t>(count, 1);
        }
        const auto lengths = HuffmanLengths(counts);
        std::copy(lengths.begin(), lengths.end(), m_length[c].begin());
    }
}

std::uint8_t
PublishedCodec::Symbol(int channel, float value) const
{
    const float scaled = (value - m_min[channel]) / (m_max[channel] - m_min[channel]) * 255.0F;
    if (!(scaled > 0.0F))
    {
        return 0;
    }
    return static_cast<std::uint8_t>(static_cast<int>(std::min(scaled, 255.0F)) / 4);
}

float
PublishedCodec::Reconstruction(int channel, std::uint8_t symbol) const
{
    return static_cast<float>(symbol * 4) / 255.0F * (m_max[channel] - m_min[channel]) +
           m_min[channel];
}

int
PublishedCodec::CodeLength(int channel, std::uint8_t symbol) const
{
    return m_length[channel][symbol];
}

std::size_t
PublishedCodec::Bytes(const float* latent, const std::uint16_t* order, std::size_t count) const
{
    std::array<std::size_t, LATENT_CHANNELS> bits{};
    for (std::size_t n = 0; n < count; ++n)
    {
        const int channel = order[n] / LATENT_CELLS;
        bits[channel] +=
            static_cast<std::size_t>(m_length[channel][Symbol(channel, latent[order[n]])]);
    }
    std::size_t bytes = 0;
    for (const std::size_t ofChannel : bits)
    {
        bytes += (ofChannel + 7) / 8;
    }
    return bytes;
}

std::vector<float>
PublishedCodec::Reconstruct(const float* latent,
                            const std::uint16_t* order,
                            std::size_t count) const
{
    std::vector<float> result(LATENT_SIZE, 0.0F);
    for (std::size_t n = 0; n < count; ++n)
    {
        const int channel = order[n] / LATENT_CELLS;
        result[order[n]] = Reconstruction(channel, Symbol(channel, latent[order[n]]));
    }
    return result;
}

} // namespace limitnet
