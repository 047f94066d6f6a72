// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/codec-comparison.h"

#include "limitnet/codec/error.h"
#include "limitnet/evaluation/parallel-work.h"
#include "limitnet/evaluation/reception.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace limitnet
{

namespace
{

/** Most likely classes that count for top-5. */
constexpr std::size_t TOP = 5;

/** \return the seed of what is lost of a picture (Steele et al. 2014, SplitMix64's finalizer) */
std::uint64_t
SeedOf(std::uint64_t seed, std::uint64_t picture)
{
    std::uint64_t mixed = seed * 0x9E3779B97F4A7C15U + picture;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBU;
    return mixed ^ mixed >> 31;
}

/** \return how an encoding is told from others of the same comparison */
std::string
EncodingKey(const CodecChoice& codec)
{
    return fmt::format("{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}",
                       codec.name,
                       codec.bytes,
                       codec.model,
                       codec.encoder,
                       codec.valuesPercent,
                       codec.mapCopies,
                       codec.order,
                       codec.progressive,
                       codec.side,
                       codec.lossPercent,
                       fmt::join(codec.parityPercent, ","),
                       codec.quality);
}

bool
IsBetter(const ComparisonFigures& a, const ComparisonFigures& b)
{
    return a.correct != b.correct ? a.correct > b.correct : a.psnrDb > b.psnrDb;
}

/**
 * \return the encoded picture; without fragments where nothing of it fits the bytes, so that a
 * codec that sends a fragment however long it is has no more bytes than others
 */
EncodedImage
EncodeWithin(const ImageEncoder& encoder, const Image& picture, std::size_t mtu, std::size_t bytes)
{
    EncodedImage encoded;
    try
    {
        encoded = encoder.Encode(picture, 0, {mtu});
    }
    catch (const Error&)
    {
        return {}; // too few bytes for anything: the settings themselves were checked before
    }
    std::size_t size = 0;
    for (const auto& fragment : encoded.fragments)
    {
        size += fragment.size();
    }
    if (bytes > 0 && size > bytes)
    {
        encoded.fragments.clear();
    }
    return encoded;
}

} // namespace

struct CodecComparison::Way
{
    const ComparisonEntry* entry;
    CodecChoice codec;
    FragmentLoss loss;
};

void
ComparisonFigures::Add(const ComparisonFigures& other)
{
    images += other.images;
    withPicture += other.withPicture;
    correct += other.correct;
    correctOfFive += other.correctOfFive;
    bytes += other.bytes;
    fragments += other.fragments;
    psnrDb += other.psnrDb;
    ssim += other.ssim;
    encodingS += other.encodingS;
}

CodecComparison::CodecComparison(std::vector<ComparisonEntry> entries, ComparisonOptions options)
    : m_entries(std::move(entries)),
      m_options(std::move(options))
{
    for (const auto& entry : m_entries)
    {
        FragmentLoss(entry.loss, entry.meanBurst);
        m_sides.push_back(entry.sides.empty() ? 0 : entry.sides.front());
        CodecChoice codec = entry.codec;
        codec.side = entry.sides.empty() ? codec.side : entry.sides.front();
        OpenCodec(codec);
    }
}

bool
CodecComparison::HasChoice() const
{
    return std::any_of(m_entries.begin(), m_entries.end(), [](const ComparisonEntry& entry) {
        return entry.sides.size() > 1;
    });
}

std::vector<std::vector<ComparisonFigures>>
CodecComparison::MeasureWays(const std::vector<Way>& ways,
                             const PictureSource& source,
                             std::size_t count,
                             const ProgressCallback& progress) const
{
    // What differs in losses alone is encoded once.
    std::map<std::string, std::vector<std::size_t>> encodings;
    for (std::size_t w = 0; w < ways.size(); ++w)
    {
        encodings[EncodingKey(ways[w].codec)].push_back(w);
    }
    std::vector<std::pair<OpenedCodec, std::vector<std::size_t>>> opened;
    opened.reserve(encodings.size());
    for (const auto& [key, members] : encodings)
    {
        opened.emplace_back(OpenCodec(ways[members.front()].codec), members);
    }
    std::vector<std::vector<ComparisonFigures>> figures(ways.size());
    for (auto& each : figures)
    {
        each.resize(count);
    }
    const auto measure = [&](std::size_t i) {
        const ComparisonPicture picture = source(i);
        const std::uint64_t seed = SeedOf(m_options.seed, picture.number);
        for (const auto& [codec, members] : opened)
        {
            const EncodedImage encoded = EncodeWithin(*codec.encoder,
                                                      picture.picture,
                                                      m_options.fragmentBytes,
                                                      ways[members.front()].codec.bytes);
            for (const std::size_t w : members)
            {
                ComparisonFigures& made = figures[w][i];
                made.images = 1;
                made.fragments = static_cast<double>(encoded.fragments.size());
                if (m_options.encodingSeconds)
                {
                    made.encodingS = m_options.encodingSeconds(encoded.work);
                }
                const auto lost = ways[w].loss.Draw(encoded.fragments.size(), seed);
                std::vector<Bytes> arrived;
                for (std::size_t f = 0; f < encoded.fragments.size(); ++f)
                {
                    made.bytes += static_cast<double>(encoded.fragments[f].size());
                    if (!lost[f])
                    {
                        arrived.push_back(encoded.fragments[f]);
                    }
                }
                const auto received = Receive(*codec.decoder,
                                              DistinctFragments(std::move(arrived)),
                                              m_options.quality ? &picture.picture : nullptr);
                if (!received)
                {
                    continue;
                }
                made.withPicture = 1;
                made.psnrDb = received->psnrDb.value_or(0);
                made.ssim = received->ssim.value_or(0);
                if (m_options.classifier)
                {
                    const auto classes = m_options.classifier->TopClasses(received->picture, TOP);
                    for (std::size_t k = 0; k < classes.size(); ++k)
                    {
                        const bool right = classes[k].label == picture.label;
                        made.correct += right && k == 0 ? 1 : 0;
                        made.correctOfFive += right ? 1 : 0;
                    }
                }
            }
        }
        progress();
    };
    ForEachInParallel(count, m_options.workers, measure);
    return figures;
}

void
CodecComparison::ChooseSides(const PictureSource& source,
                             std::size_t count,
                             const ProgressCallback& progress)
{
    std::vector<Way> ways;
    for (const auto& entry : m_entries)
    {
        for (const int side : entry.sides.size() > 1 ? entry.sides : std::vector<int>{})
        {
            ways.push_back({&entry, entry.codec, FragmentLoss(entry.loss, entry.meanBurst)});
            ways.back().codec.side = side;
        }
    }
    const auto figures = MeasureWays(ways, source, count, progress);
    std::size_t w = 0;
    for (std::size_t e = 0; e < m_entries.size(); ++e)
    {
        ComparisonFigures best;
        for (; w < ways.size() && ways[w].entry == &m_entries[e]; ++w)
        {
            ComparisonFigures sum;
            for (const auto& one : figures[w])
            {
                sum.Add(one);
            }
            if (best.images == 0 || IsBetter(sum, best))
            {
                best = sum;
                m_sides[e] = ways[w].codec.side;
            }
        }
    }
}

std::vector<ComparisonResult>
CodecComparison::Measure(const PictureSource& source,
                         std::size_t count,
                         const ProgressCallback& progress) const
{
    std::vector<Way> ways;
    for (std::size_t e = 0; e < m_entries.size(); ++e)
    {
        const auto& entry = m_entries[e];
        ways.push_back({&entry, entry.codec, FragmentLoss(entry.loss, entry.meanBurst)});
        ways.back().codec.side = m_sides[e] > 0 ? m_sides[e] : entry.codec.side;
    }
    auto figures = MeasureWays(ways, source, count, progress);
    std::vector<ComparisonResult> results(m_entries.size());
    for (std::size_t e = 0; e < m_entries.size(); ++e)
    {
        results[e].side = m_sides[e];
        for (const auto& one : figures[e])
        {
            results[e].sum.Add(one);
        }
        results[e].each = std::move(figures[e]);
    }
    return results;
}

} // namespace limitnet
