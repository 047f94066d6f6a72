// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/rival-channel.h"

#include "limitnet/codec/bitplane-code.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/evaluation/open-codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace limitnet
{

namespace
{

/** Draws that are the same with every standard library, unlike its distributions. */
class Draws
{
  public:
    explicit Draws(uint64_t seed)
        : m_engine(seed)
    {
    }

    /** \return uniform in 0..1, 1 excluded */
    double Uniform()
    {
        constexpr int BITS = 53;
        return std::ldexp(static_cast<double>(m_engine() >> (64 - BITS)), -BITS);
    }

    template <typename T, std::size_t N>
    T Of(const std::array<T, N>& values)
    {
        return values[static_cast<std::size_t>(Uniform() * N)];
    }

  private:
    std::mt19937_64 m_engine;
};

/**
 * The bit-plane codec: the beginning of a stream, since no loss leaves anything else of one. At the
 * picture's own size, as far as the codec can.
 */
Image
ThroughBitplanes(const Image& picture, Draws& draws)
{
    constexpr double LEAST_BYTES = 20;
    constexpr double MOST_BYTES = 1200;
    const int own = std::min(picture.width, picture.height) / BITPLANE_CELL * BITPLANE_CELL;
    const int side = std::clamp(own, MIN_BITPLANE_SIDE, MAX_BITPLANE_SIDE);
    const BitplaneTables& tables = BitplaneTablesFor(side);
    const auto bytes =
        static_cast<std::size_t>(LEAST_BYTES * std::pow(MOST_BYTES / LEAST_BYTES, draws.Uniform()));
    return DecodeBitplanes(EncodeBitplanes(ResizePicture(picture, side), tables, bytes),
                           side,
                           tables);
}

Image
ThroughRival(const std::vector<std::string>& names, const Image& picture, uint64_t seed)
{
    constexpr double LEAST_BYTES = 60;
    constexpr double MOST_BYTES = 2000;
    constexpr std::array<int, 6> SIDES{32, 48, 64, 96, 128, 224};
    constexpr std::array<std::size_t, 4> FRAGMENT_BYTES{51, 115, 222, 242}; // EU868, US915
    constexpr int ATTEMPTS = 20;
    Draws draws(seed);
    for (int attempt = 0;; ++attempt)
    {
        CodecChoice choice;
        choice.name = names[static_cast<std::size_t>(draws.Uniform() * names.size())];
        if (choice.name == "bitplane")
        {
            return ThroughBitplanes(picture, draws);
        }
        choice.bytes = static_cast<std::size_t>(
            LEAST_BYTES * std::pow(MOST_BYTES / LEAST_BYTES, draws.Uniform()));
        choice.side = draws.Of(SIDES);
        choice.quality = 95;
        const double loss = draws.Uniform() < 0.5 ? 0 : draws.Uniform() / 2;
        const auto codec = OpenCodec(choice);
        const auto encoded = codec.encoder->Encode(picture, 0, draws.Of(FRAGMENT_BYTES));
        std::vector<Bytes> received;
        for (const auto& fragment : encoded.fragments)
        {
            if (draws.Uniform() >= loss)
            {
                received.push_back(fragment);
            }
        }
        if (auto decoded = codec.decoder->Decode(received))
        {
            return *std::move(decoded);
        }
        if (attempt == ATTEMPTS)
        {
            throw Error("a rival's pictures do not arrive, however often one tries");
        }
    }
}

} // namespace

PictureChannel
OpenRivalChannel(const std::vector<std::string>& names)
{
    const auto rivals = RivalNames();
    for (const auto& name : names)
    {
        if (std::find(rivals.begin(), rivals.end(), name) == rivals.end())
        {
            throw Error("--rival " + name + ": is none; right would be " + InWords(rivals, "or"));
        }
    }
    return
        [names](const Image& picture, uint64_t seed) { return ThroughRival(names, picture, seed); };
}

} // namespace limitnet
