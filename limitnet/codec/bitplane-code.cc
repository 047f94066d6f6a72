// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/bitplane-code.h"

#include "limitnet/codec/bitplane-layout.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/range-coder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <istream>
#include <ostream>

namespace limitnet
{

namespace
{

constexpr int MAX_LEVEL = 5;
constexpr int LIKELY = -96; // of 64 in the logit: a significance this likely comes early
constexpr const char* MAGIC = "limitnet-bitplane 1";

/// A place in the scan of a plane: a frequency of a component.
struct Band
{
    int component;
    int u;
    int v;
};

/// The order within a plane: low frequencies first, luma before chroma.
const std::vector<Band>&
Bands()
{
    static const std::vector<Band> bands = [] {
        std::vector<Band> list;
        for (int sum = 0; sum <= 14; ++sum)
        {
            for (int c = 0; c < BITPLANE_COMPONENTS; ++c)
            {
                for (int u = 0; u <= sum; ++u)
                {
                    if (u < BITPLANE_BLOCK[c] && sum - u < BITPLANE_BLOCK[c])
                    {
                        list.push_back({c, u, sum - u});
                    }
                }
            }
        }
        return list;
    }();
    return bands;
}

int
BitLength(uint32_t number)
{
    int length = 0;
    for (; number > 0; number >>= 1)
    {
        ++length;
    }
    return length;
}

/// 32768 / (1 + 2^(-z / 64)), at least 8 and at most 32760.
uint32_t
Probability(int logit)
{
    constexpr int STEP_BITS = 2; // the table has steps of 1/16
    constexpr int LIMIT = 12 * 16;
    static const std::array<uint16_t, 2 * LIMIT + 1> table = [] {
        std::array<uint16_t, 2 * LIMIT + 1> values{};
        for (int i = 0; i <= 2 * LIMIT; ++i)
        {
            const double one = 32768 / (1 + std::exp2((LIMIT - i) / 16.0));
            values[static_cast<size_t>(i)] =
                static_cast<uint16_t>(std::clamp(std::lround(one), 8L, 32760L));
        }
        return values;
    }();
    const int step = std::clamp(logit >> STEP_BITS, -LIMIT, LIMIT);
    return table[static_cast<size_t>(step + LIMIT)];
}

/// The state of a walk, and the walk.
class Walk
{
  public:
    Walk(int side, const BitplaneTables& tables, BitplaneDecider& decider)
        : m_layout(side),
          m_tables(tables),
          m_decider(decider),
          m_magnitude(static_cast<size_t>(m_layout.size)),
          m_negative(m_magnitude.size()),
          m_open(m_magnitude.size(), FIRST_PLANE + 1),
          m_refined(m_magnitude.size()),
          m_done(m_magnitude.size())
    {
    }

    BitplaneCoefficients Run()
    {
        int first = BITPLANE_AC_FIRST_PLANE + BitLength(static_cast<uint32_t>(m_layout.grid - 1));
        first = std::min(first, FIRST_PLANE);
        for (m_plane = first; m_plane >= LAST_PLANE; --m_plane)
        {
            if (!Plane())
            {
                break;
            }
        }
        BitplaneCoefficients coefficients;
        coefficients.side = m_layout.grid * BITPLANE_CELL;
        for (size_t i = 0; i < m_magnitude.size(); ++i)
        {
            int32_t value = m_magnitude[i];
            if (value > 0)
            {
                // Small values are more likely than large ones, most so in the first plane.
                const int share = m_refined[i] == 0 ? 6 : 7;
                value += share << m_open[i] >> 4;
            }
            coefficients.values.push_back(m_negative[i] ? -value : value);
        }
        return coefficients;
    }

  private:
    bool Plane()
    {
        std::fill(m_done.begin(), m_done.end(), false);
        SumLevels();
        for (const auto pass : {Pass::LIKELY, Pass::REFINEMENT, Pass::REST})
        {
            for (const Band& band : Bands())
            {
                const bool second = band.u + band.v == 0;
                if (!second && m_plane > BITPLANE_AC_FIRST_PLANE)
                {
                    continue;
                }
                for (int block = 0; block < m_layout.blocks; ++block)
                {
                    if (!Visit(band, block, pass))
                    {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    enum class Pass
    {
        LIKELY,
        REFINEMENT,
        REST
    };

    bool Visit(const Band& band, int block, Pass pass)
    {
        const size_t at = m_layout.At(band.component, band.u, band.v, block);
        if (m_done[at])
        {
            return true;
        }
        if (m_magnitude[at] > 0)
        {
            return pass != Pass::REFINEMENT || Refine(band, at);
        }
        if (pass == Pass::REFINEMENT)
        {
            return true;
        }
        BitplaneDecision decision;
        decision.kind = BitplaneDecision::Kind::SIGNIFICANCE;
        decision.coefficient = at;
        decision.plane = m_plane;
        decision.group = ClassOf(band, block);
        const auto features = FeaturesOf(band, block);
        decision.features = &features;
        const auto& model = m_tables.classes[decision.group];
        int logit = model.bias[static_cast<size_t>(m_plane - LAST_PLANE)];
        for (size_t i = 0; i < BITPLANE_FEATURES; ++i)
        {
            logit += model.weight[i] * features[i];
        }
        if (pass == Pass::LIKELY && logit < LIKELY)
        {
            return true;
        }
        decision.one = Probability(logit);
        const int significant = m_decider.Decide(decision);
        if (significant < 0)
        {
            return false;
        }
        m_done[at] = true;
        m_open[at] = m_plane;
        if (significant == 0)
        {
            return true;
        }
        decision.kind = BitplaneDecision::Kind::SIGN;
        decision.one = 16384;
        const int negative = m_decider.Decide(decision);
        if (negative < 0)
        {
            return false;
        }
        m_magnitude[at] = 1 << m_plane;
        m_negative[at] = negative == 1;
        AddLevel(band, block, 1);
        return true;
    }

    bool Refine(const Band& band, size_t at)
    {
        BitplaneDecision decision;
        decision.kind = BitplaneDecision::Kind::REFINEMENT;
        decision.coefficient = at;
        decision.plane = m_plane;
        decision.group = static_cast<size_t>(band.component * 6 + (band.u + band.v == 0 ? 0 : 3) +
                                             std::min<int>(m_refined[at], 2));
        decision.one = m_tables.refinement[decision.group];
        const int bit = m_decider.Decide(decision);
        if (bit < 0)
        {
            return false;
        }
        m_done[at] = true;
        m_open[at] = m_plane;
        ++m_refined[at];
        m_magnitude[at] |= bit << m_plane;
        return true;
    }

    size_t ClassOf(const Band& band, int block) const
    {
        const int frequency = band.u * BITPLANE_BLOCK[band.component] + band.v;
        if (frequency == 0)
        {
            const int row = std::min(block / m_layout.grid, 3);
            const int column = std::min(block % m_layout.grid, 3);
            return static_cast<size_t>(16 * band.component + 4 * row + column);
        }
        constexpr std::array<int, BITPLANE_COMPONENTS> FIRST{48, 48 + 63, 48 + 63 + 15};
        return static_cast<size_t>(FIRST[band.component] + frequency - 1);
    }

    /// How far a coefficient is known to reach above the plane: 0 for one that does not reach it.
    int Level(int component, int u, int v, int block) const
    {
        const auto known = static_cast<uint32_t>(m_magnitude[m_layout.At(component, u, v, block)]);
        return std::min(BitLength(known >> m_plane), MAX_LEVEL);
    }

    /// Likewise of a place of a block, but 0 for the second transform's and outside.
    int Ac(int component, int u, int v, int block) const
    {
        const bool inside = u >= 0 && v >= 0 && u + v > 0 && u < BITPLANE_BLOCK[component] &&
                            v < BITPLANE_BLOCK[component];
        return inside ? Level(component, u, v, block) : 0;
    }

    /// Likewise of a place of the second transform, or of a block of a frequency; 0 outside.
    int InGrid(const Band& band, int row, int column) const
    {
        const bool inside =
            row >= 0 && column >= 0 && row < m_layout.grid && column < m_layout.grid;
        return inside ? Level(band.component, band.u, band.v, row * m_layout.grid + column) : 0;
    }

    std::array<int, BITPLANE_FEATURES> FeaturesOf(const Band& band, int block) const
    {
        const auto [c, u, v] = band;
        const int row = block / m_layout.grid;
        const int column = block % m_layout.grid;
        const bool second = u + v == 0;
        std::array<int, BITPLANE_FEATURES> f{};
        const int before = InGrid(band, row - 1, column) + InGrid(band, row, column - 1);
        const int after = InGrid(band, row + 1, column) + InGrid(band, row, column + 1);
        if (second)
        {
            f[0] = before;
            f[1] = InGrid(band, row - 1, column - 1) + InGrid(band, row - 2, column) +
                   InGrid(band, row, column - 2);
            f[2] = after;
            f[3] = row == column ? 0 : InGrid(band, column, row);
        }
        else
        {
            f[0] = Ac(c, u - 1, v, block) + Ac(c, u, v - 1, block);
            f[1] = Ac(c, u - 1, v - 1, block) + Ac(c, u - 2, v, block) + Ac(c, u, v - 2, block);
            f[2] = Ac(c, u + 1, v, block) + Ac(c, u, v + 1, block) + Ac(c, u + 1, v + 1, block);
            f[3] = before;
            f[4] = after;
            f[5] = u == v ? 0 : Ac(c, v, u, block);
        }
        // Luma looks at both chromas, Cb and Cr at luma and each other.
        const int one = c == 0 ? 1 : 0;
        const int other = c == 2 ? 1 : 2;
        if (second)
        {
            f[6] = Level(one, 0, 0, block);
            f[7] = Level(other, 0, 0, block);
        }
        else
        {
            f[6] = Ac(one, u, v, block);
            f[7] = Ac(other, u, v, block);
        }
        f[8] = BitLength(static_cast<uint32_t>(second ? m_componentSum[c] * 16 / m_layout.blocks
                                                      : m_blockSum[c][block]));
        f[9] = BitLength(
            static_cast<uint32_t>(m_bandSum[c][u * BITPLANE_BLOCK[c] + v] * 16 / m_layout.blocks));
        f[10] = BitLength(static_cast<uint32_t>(
            (m_componentSum[0] + m_componentSum[1] + m_componentSum[2]) * 16 / m_layout.blocks));
        return f;
    }

    void SumLevels()
    {
        for (int c = 0; c < BITPLANE_COMPONENTS; ++c)
        {
            m_componentSum[c] = 0;
            m_blockSum[c].assign(static_cast<size_t>(m_layout.blocks), 0);
            m_bandSum[c].assign(static_cast<size_t>(BITPLANE_BLOCK[c] * BITPLANE_BLOCK[c]), 0);
        }
        for (const Band& band : Bands())
        {
            for (int block = 0; block < m_layout.blocks; ++block)
            {
                AddLevel(band, block, Level(band.component, band.u, band.v, block));
            }
        }
    }

    void AddLevel(const Band& band, int block, int level)
    {
        const int c = band.component;
        m_bandSum[c][static_cast<size_t>(band.u * BITPLANE_BLOCK[c] + band.v)] += level;
        if (band.u + band.v > 0)
        {
            m_blockSum[c][static_cast<size_t>(block)] += level;
            m_componentSum[c] += level;
        }
    }

    BitplaneLayout m_layout;
    const BitplaneTables& m_tables;
    BitplaneDecider& m_decider;
    int m_plane = 0;
    std::vector<int32_t> m_magnitude; // known bits
    std::vector<bool> m_negative;
    std::vector<int> m_open; // bits below this one are not known
    std::vector<uint8_t> m_refined;
    std::vector<bool> m_done; // in this plane
    // Sums of levels: of a block's frequencies but the first, of a frequency, of a component
    std::array<std::vector<int>, BITPLANE_COMPONENTS> m_blockSum;
    std::array<std::vector<int>, BITPLANE_COMPONENTS> m_bandSum;
    std::array<int, BITPLANE_COMPONENTS> m_componentSum{};
};

/// Decides as a picture's coefficients are, and codes it.
class EncodingDecider : public BitplaneDecider
{
  public:
    EncodingDecider(const BitplaneCoefficients& coefficients, size_t bytes)
        : m_coefficients(coefficients),
          m_bytes(std::min(bytes, MAX_BITPLANE_BYTES))
    {
        m_encoder.Reset();
    }

    int Decide(const BitplaneDecision& decision) override
    {
        const int32_t value = m_coefficients.values[decision.coefficient];
        const bool bit = decision.kind == BitplaneDecision::Kind::SIGN
                             ? value < 0
                             : (std::abs(value) >> decision.plane & 1) != 0;
        const uint32_t zero = 32768 - decision.one;
        m_encoder.Encode(bit ? zero : 0, bit ? decision.one : zero);
        if (m_encoder.Size() > m_bytes)
        {
            m_encoder.Undo();
            return -1;
        }
        ++m_decisions;
        return bit ? 1 : 0;
    }

    Bytes Finish()
    {
        Bytes stream(m_encoder.Size());
        m_encoder.Finish(stream.data());
        return stream;
    }

    size_t Decisions() const
    {
        return m_decisions;
    }

  private:
    const BitplaneCoefficients& m_coefficients;
    size_t m_bytes;
    size_t m_decisions = 0;
    RangeEncoder m_encoder;
};

/// Decides as a stream says, as long as what follows it cannot change that.
class DecodingDecider : public BitplaneDecider
{
  public:
    explicit DecodingDecider(const Bytes& stream)
        : m_high(Continued(stream)),
          m_lowDecoder(stream.data(), stream.size()),
          m_highDecoder(m_high.data(), m_high.size())
    {
    }

    int Decide(const BitplaneDecision& decision) override
    {
        const uint32_t zero = 32768 - decision.one;
        const bool bit = m_lowDecoder.Target() >= zero;
        if (bit != (m_highDecoder.Target() >= zero))
        {
            return -1;
        }
        m_lowDecoder.Consume(bit ? zero : 0, bit ? decision.one : zero);
        m_highDecoder.Consume(bit ? zero : 0, bit ? decision.one : zero);
        return bit ? 1 : 0;
    }

  private:
    /// The stream with the largest bytes behind it: four of them are looked at ahead of a decision.
    static Bytes Continued(Bytes stream)
    {
        stream.insert(stream.end(), 8, 0xFF);
        return stream;
    }

    Bytes m_high;
    RangeDecoder m_lowDecoder;
    RangeDecoder m_highDecoder;
};

} // namespace

void
CheckBitplaneSide(int side)
{
    if (side < MIN_BITPLANE_SIDE || side > MAX_BITPLANE_SIDE || side % BITPLANE_CELL != 0)
    {
        throw Error(
            "bit planes need pictures of 16 to 224 pixels on a side, a multiple of 8, not " +
            std::to_string(side));
    }
}

void
BitplaneTables::Write(std::ostream& out) const
{
    const auto line = [&out](const auto& numbers) {
        const char* space = "";
        for (const auto number : numbers)
        {
            out << space << number;
            space = " ";
        }
        out << '\n';
    };
    out << MAGIC << '\n' << note << '\n' << chromaGain << '\n';
    constexpr size_t HALF = REFINEMENT_GROUPS / 2; // lines of at most 100 characters
    line(std::vector<uint16_t>(refinement.begin(), refinement.begin() + HALF));
    line(std::vector<uint16_t>(refinement.begin() + HALF, refinement.end()));
    for (const Class& model : classes)
    {
        line(model.bias);
        line(model.weight);
    }
}

BitplaneTables
BitplaneTables::Read(std::istream& in, const std::string& name)
{
    const auto failed = [&](const std::string& why) { return Error(name + ": " + why); };
    BitplaneTables tables;
    std::string magic;
    std::getline(in, magic);
    if (magic != MAGIC)
    {
        throw failed("holds no tables of bit planes");
    }
    std::getline(in, tables.note);
    const auto next = [&](int least, int most) {
        int number = 0;
        if (!(in >> number) || number < least || number > most)
        {
            throw failed("is cut off or damaged");
        }
        return number;
    };
    tables.chromaGain = next(1, 64);
    for (auto& one : tables.refinement)
    {
        one = static_cast<uint16_t>(next(8, 32760));
    }
    for (Class& model : tables.classes)
    {
        for (auto& number : model.bias)
        {
            number = static_cast<int16_t>(next(INT16_MIN, INT16_MAX));
        }
        for (auto& number : model.weight)
        {
            number = static_cast<int16_t>(next(INT16_MIN, INT16_MAX));
        }
    }
    return tables;
}

uint32_t
BitplaneTables::Checksum() const
{
    // FNV-1a over 16-bit numbers, low byte first
    uint32_t sum = 2166136261U;
    const auto add = [&](uint32_t number) {
        for (const uint32_t byte : {number & 255, number >> 8 & 255})
        {
            sum = (sum ^ byte) * 16777619U;
        }
    };
    add(static_cast<uint32_t>(chromaGain));
    for (const auto one : refinement)
    {
        add(one);
    }
    for (const Class& model : classes)
    {
        for (const auto number : model.bias)
        {
            add(static_cast<uint16_t>(number));
        }
        for (const auto number : model.weight)
        {
            add(static_cast<uint16_t>(number));
        }
    }
    return sum;
}

BitplaneCoefficients
WalkBitplanes(int side, const BitplaneTables& tables, BitplaneDecider& decider)
{
    CheckBitplaneSide(side);
    return Walk(side, tables, decider).Run();
}

const BitplaneTables&
BitplaneTablesFor(int side)
{
    return side < LARGE_BITPLANE_SIDE ? SmallBitplaneTables() : LargeBitplaneTables();
}

Bytes
EncodeBitplanes(const Image& picture, const BitplaneTables& tables, size_t bytes, size_t* decisions)
{
    const auto coefficients = TransformPicture(picture, tables.chromaGain);
    EncodingDecider decider(coefficients, bytes);
    WalkBitplanes(picture.width, tables, decider);
    if (decisions != nullptr)
    {
        *decisions = decider.Decisions();
    }
    return decider.Finish();
}

BitplaneCoefficients
DecodeBitplaneCoefficients(const Bytes& stream, int side, const BitplaneTables& tables)
{
    DecodingDecider decider(stream);
    return WalkBitplanes(side, tables, decider);
}

Image
DecodeBitplanes(const Bytes& stream, int side, const BitplaneTables& tables)
{
    return RestorePicture(DecodeBitplaneCoefficients(stream, side, tables), tables.chromaGain);
}

} // namespace limitnet
