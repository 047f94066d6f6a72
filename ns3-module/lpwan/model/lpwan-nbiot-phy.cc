// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-phy.h"

#include "ns3/abort.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

/** TS 36.213, table 16.5.1.2-2. */
constexpr std::array<std::array<uint16_t, 8>, NBIOT_I_TBS_COUNT> TRANSPORT_BLOCK_BITS{{
    {16, 32, 56, 88, 120, 152, 208, 256},
    {24, 56, 88, 144, 176, 208, 256, 344},
    {32, 72, 144, 176, 208, 256, 328, 424},
    {40, 104, 176, 208, 256, 328, 440, 568},
    {56, 120, 208, 256, 328, 408, 552, 680},
    {72, 144, 224, 328, 424, 504, 680, 872},
    {88, 176, 256, 392, 504, 600, 808, 1000},
    {104, 224, 328, 472, 584, 712, 1000, 1224},
    {120, 256, 392, 536, 680, 808, 1096, 1384},
    {136, 296, 456, 616, 776, 936, 1256, 1544},
    {144, 328, 504, 680, 872, 1000, 1384, 1736},
    {176, 376, 584, 776, 1000, 1192, 1608, 2024},
    {208, 440, 680, 1000, 1128, 1352, 1800, 2280},
    {224, 488, 744, 1032, 1256, 1544, 2024, 2536},
}};

constexpr uint32_t BLOCK_CRC_BITS = 24;

bool
IsSingleTone(NbiotTones tones)
{
    return tones == NbiotTones::ONE_3K75 || tones == NbiotTones::ONE;
}

/** A point of a loss that is linear between points. */
struct LossPoint
{
    double rate;
    double lossDb;
};

/** Sources: NbiotSnrAtTenPercentDb(). */
constexpr std::array<LossPoint, 5> PUNCTURING{
    {{0.2, 0}, {0.243, 0.09}, {0.324, 0.54}, {0.486, 1.84}, {0.81, 2.2}}};

double
PuncturingLossDb(double rate)
{
    if (rate <= PUNCTURING.front().rate)
    {
        return 0;
    }
    for (std::size_t i = 1; i < PUNCTURING.size(); ++i)
    {
        const LossPoint& low = PUNCTURING[i - 1];
        const LossPoint& high = PUNCTURING[i];
        if (rate <= high.rate || i + 1 == PUNCTURING.size())
        {
            return low.lossDb +
                   (high.lossDb - low.lossDb) * (rate - low.rate) / (high.rate - low.rate);
        }
    }
    return 0;
}

/** Signal over noise at one block in ten, for each format. */
class Thresholds
{
  public:
    Thresholds()
    {
        for (uint8_t single = 0; single < 2; ++single)
        {
            for (uint8_t iTbs = 0; iTbs < NBIOT_I_TBS_COUNT; ++iTbs)
            {
                for (uint8_t iRu = 0; iRu < NBIOT_N_RU.size(); ++iRu)
                {
                    for (uint8_t r = 0; r <= NBIOT_MAX_REPETITIONS_LOG2; ++r)
                    {
                        m_db[single][iTbs][iRu][r] = Compute(
                            {single != 0 ? NbiotTones::ONE : NbiotTones::TWELVE, iTbs, iRu, r});
                    }
                }
            }
        }
    }

    double Of(const NbiotFormat& f) const
    {
        return m_db[IsSingleTone(f.tones) ? 1 : 0][f.iTbs][f.iRu][f.repetitionsLog2];
    }

  private:
    static double Compute(const NbiotFormat& f)
    {
        constexpr double ENERGY_PER_BIT_DB = 2.75;
        constexpr double SIX_UNITS_ONCE_DB = 0.54;
        const double units = NBIOT_N_RU[f.iRu];
        const double bits = f.Bits() + BLOCK_CRC_BITS;
        const double repetitions = f.Repetitions();
        const double perSymbol = bits / (NbiotSymbolsPerResourceUnit(f.tones) * units);
        const double rate = bits / (f.CodedBitsPerResourceUnit() * units * repetitions);
        double lossDb = PuncturingLossDb(rate);
        if (NBIOT_N_RU[f.iRu] == 6 && f.repetitionsLog2 == 0)
        {
            lossDb = std::max(lossDb, SIX_UNITS_ONCE_DB);
        }
        return ENERGY_PER_BIT_DB + 10 * std::log10(perSymbol / repetitions) + lossDb;
    }

    std::array<std::array<std::array<std::array<double, NBIOT_MAX_REPETITIONS_LOG2 + 1>,
                                     NBIOT_N_RU.size()>,
                          NBIOT_I_TBS_COUNT>,
               2>
        m_db{};
};

const Thresholds&
GetThresholds()
{
    static const Thresholds thresholds;
    return thresholds;
}

} // namespace

const char*
ToString(NbiotTones tones)
{
    constexpr std::array<const char*, NBIOT_TONES_COUNT> NAMES{"1x3.75",
                                                               "1x15",
                                                               "3x15",
                                                               "6x15",
                                                               "12x15"};
    return NAMES.at(static_cast<std::size_t>(tones));
}

uint32_t
NbiotSubcarriers(NbiotTones tones)
{
    constexpr std::array<uint32_t, NBIOT_TONES_COUNT> COUNT{1, 4, 12, 24, 48};
    return COUNT.at(static_cast<std::size_t>(tones));
}

double
NbiotBandwidthHz(NbiotTones tones)
{
    return 3750.0 * NbiotSubcarriers(tones);
}

Time
NbiotResourceUnit(NbiotTones tones)
{
    constexpr std::array<int64_t, NBIOT_TONES_COUNT> MILLISECONDS{32, 8, 4, 2, 1};
    return MilliSeconds(MILLISECONDS.at(static_cast<std::size_t>(tones)));
}

uint32_t
NbiotSymbolsPerResourceUnit(NbiotTones tones)
{
    // 6 of 7 symbols of a slot carry data; 16 slots of a single tone, 24 slot x tones of several.
    return IsSingleTone(tones) ? 96 : 144;
}

uint16_t
NbiotTransportBlockBits(uint8_t iTbs, uint8_t iRu)
{
    return TRANSPORT_BLOCK_BITS.at(iTbs).at(iRu);
}

uint8_t
NbiotMaxITbs(NbiotCategory category, NbiotTones tones)
{
    if (IsSingleTone(tones))
    {
        return 10;
    }
    return category == NbiotCategory::NB2 ? 13 : 12;
}

uint16_t
NbiotMaxTransportBlockBits(NbiotCategory category)
{
    return category == NbiotCategory::NB2 ? 2536 : 1000;
}

uint16_t
NbiotFormat::Bits() const
{
    return NbiotTransportBlockBits(iTbs, iRu);
}

uint32_t
NbiotFormat::Repetitions() const
{
    return 1U << repetitionsLog2;
}

uint32_t
NbiotFormat::CodedBitsPerResourceUnit() const
{
    const bool bpsk = IsSingleTone(tones) && (iTbs == 0 || iTbs == 2);
    return NbiotSymbolsPerResourceUnit(tones) * (bpsk ? 1 : 2);
}

Time
NbiotSendingTime(const NbiotFormat& format)
{
    return NbiotResourceUnit(format.tones) *
           static_cast<int64_t>(NBIOT_N_RU.at(format.iRu) * format.Repetitions());
}

Time
NbiotWithCompensationGaps(Time sending)
{
    const int64_t part = MilliSeconds(256).GetNanoSeconds();
    const int64_t gaps = (std::max<int64_t>(1, sending.GetNanoSeconds()) - 1) / part;
    return sending + MilliSeconds(40) * gaps;
}

Time
NbiotPreambleTime(uint32_t repetitions, uint8_t format)
{
    NS_ABORT_MSG_IF(repetitions == 0 || format > 1, "no such NPRACH preamble");
    const int64_t gaps = (repetitions - 1) / 64;
    return MicroSeconds(format == 0 ? 5600 : 6400) * static_cast<int64_t>(repetitions) +
           MilliSeconds(40) * gaps;
}

double
NbiotSnrDb(double txPowerDbm, double couplingLossDb, double bandwidthHz, double noiseFigureDb)
{
    constexpr double THERMAL_NOISE_DBM_PER_HZ = -174;
    return txPowerDbm - couplingLossDb - THERMAL_NOISE_DBM_PER_HZ - 10 * std::log10(bandwidthHz) -
           noiseFigureDb;
}

double
NbiotSnrAtTenPercentDb(const NbiotFormat& format)
{
    return GetThresholds().Of(format);
}

namespace
{

constexpr double CURVE_SIGMA_DB = 0.5;
/** Q(1.2816) = 0.1 */
constexpr double TEN_PERCENT = 1.2815515655446004;

} // namespace

double
NbiotBlockErrorRate(double aboveDb)
{
    return 0.5 * std::erfc((aboveDb / CURVE_SIGMA_DB + TEN_PERCENT) / std::sqrt(2.0));
}

double
NbiotMarginDb(double blockErrorRate)
{
    // The curve falls, so halving finds the place; it is asked for once in a simulation.
    double low = -20;
    double high = 20;
    for (int i = 0; i < 60; ++i)
    {
        const double middle = (low + high) / 2;
        (NbiotBlockErrorRate(middle) > blockErrorRate ? low : high) = middle;
    }
    return high;
}

std::optional<NbiotFormat>
NbiotChooseFormat(const std::array<double, NBIOT_TONES_COUNT>& snrDb,
                  uint32_t bits,
                  const NbiotAdaptation& adaptation)
{
    constexpr double CONTROL_MS = 24;
    std::optional<NbiotFormat> best;
    double bestCost = std::numeric_limits<double>::infinity();
    const uint16_t most = NbiotMaxTransportBlockBits(adaptation.category);
    for (std::size_t t = 0; t < NBIOT_TONES_COUNT; ++t)
    {
        const auto tones = static_cast<NbiotTones>(t);
        if ((tones == NbiotTones::ONE_3K75 && !adaptation.subcarrier3k75) ||
            (!IsSingleTone(tones) && !adaptation.multiTone) ||
            NbiotSubcarriers(tones) > adaptation.maxSubcarriers)
        {
            continue;
        }
        const double spectrum =
            std::pow(static_cast<double>(NbiotSubcarriers(tones)), adaptation.spectrumWeight);
        const double unitMs = NbiotResourceUnit(tones).GetMilliSeconds();
        const double wanted = snrDb[t] - adaptation.marginDb;
        const uint8_t rows = NbiotMaxITbs(adaptation.category, tones);
        for (uint8_t iTbs = 0; iTbs <= rows; ++iTbs)
        {
            for (uint8_t iRu = 0; iRu < NBIOT_N_RU.size(); ++iRu)
            {
                NbiotFormat format{tones, iTbs, iRu, 0};
                const uint32_t size = format.Bits();
                if (size > most)
                {
                    break;
                }
                const uint32_t blocks = (bits + size - 1) / size;
                // Without a repetition it costs this much already.
                const double once = unitMs * NBIOT_N_RU[iRu];
                if ((once + CONTROL_MS) * spectrum * blocks >= bestCost)
                {
                    continue;
                }
                while (NbiotSnrAtTenPercentDb(format) > wanted &&
                       format.repetitionsLog2 < NBIOT_MAX_REPETITIONS_LOG2)
                {
                    ++format.repetitionsLog2;
                }
                if (NbiotSnrAtTenPercentDb(format) > wanted)
                {
                    continue;
                }
                const double cost = (once * format.Repetitions() + CONTROL_MS) * spectrum * blocks;
                if (cost < bestCost)
                {
                    bestCost = cost;
                    best = format;
                }
            }
        }
    }
    return best;
}

NbiotFormat
NbiotMostRobustFormat(uint32_t bits, const NbiotAdaptation& adaptation)
{
    const NbiotTones tones = adaptation.subcarrier3k75 ? NbiotTones::ONE_3K75 : NbiotTones::ONE;
    NbiotFormat best{tones, 0, NBIOT_N_RU.size() - 1, NBIOT_MAX_REPETITIONS_LOG2};
    if (best.Bits() < bits)
    {
        return best;
    }
    double leastDb = std::numeric_limits<double>::infinity();
    for (uint8_t iTbs = 0; iTbs <= NbiotMaxITbs(adaptation.category, tones); ++iTbs)
    {
        for (uint8_t iRu = 0; iRu < NBIOT_N_RU.size(); ++iRu)
        {
            const NbiotFormat format{tones, iTbs, iRu, NBIOT_MAX_REPETITIONS_LOG2};
            const double db = NbiotSnrAtTenPercentDb(format);
            if (format.Bits() >= bits &&
                format.Bits() <= NbiotMaxTransportBlockBits(adaptation.category) && db < leastDb)
            {
                leastDb = db;
                best = format;
            }
        }
    }
    return best;
}

double
NbiotPreambleDetection(double snrDb, uint32_t repetitions)
{
    constexpr double SLOPE = 0.3227;
    constexpr double HALF_DB = -9.85;
    constexpr double DOUBLING_DB = 1.6;
    const double half = HALF_DB - DOUBLING_DB * std::log2(static_cast<double>(repetitions));
    return 1 / (1 + std::exp(-SLOPE * (snrDb - half)));
}

namespace
{

/** Subframes of two frames that can be used, from frame 0: see NbiotDownlink(). */
constexpr std::array<bool, 20> USABLE{false, true,  true,  true,  true, false, true,
                                      true,  true,  false, false, true, true,  true,
                                      false, false, true,  true,  true, true};
constexpr int64_t USABLE_COUNT = 14;

} // namespace

NbiotDownlinkSpan
NbiotDownlink(Time from, uint32_t subframes, bool anchor)
{
    const int64_t millisecond = MilliSeconds(1).GetNanoSeconds();
    const auto period = static_cast<int64_t>(USABLE.size());
    // Rounded up to the start of a subframe.
    int64_t at = (from.GetNanoSeconds() + millisecond - 1) / millisecond;
    if (!anchor)
    {
        return {MilliSeconds(at), MilliSeconds(at + subframes)};
    }
    const auto next = [&] {
        while (!USABLE[static_cast<std::size_t>(at % period)])
        {
            ++at;
        }
    };
    next();
    NbiotDownlinkSpan span;
    span.start = MilliSeconds(at);
    // Whole periods at once, but for the last subframe, whose end is asked for.
    const int64_t whole = (subframes - 1) / USABLE_COUNT;
    at += whole * period;
    for (int64_t left = subframes - whole * USABLE_COUNT; left > 0; --left)
    {
        next();
        ++at;
    }
    span.end = MilliSeconds(at);
    return span;
}

NbiotDownlinkEffort
NbiotDownlinkSubframes(uint32_t bits, double snrDb, double energyPerBitDb, uint32_t maxSubframes)
{
    constexpr double SYMBOLS = 152; // 12 x 14 less the reference signals of two ports
    constexpr double DOUBLING_DB = 3.01;
    constexpr double DOUBLING_IN_NOISE_DB = 2.25;
    constexpr double NOISE_DB = -10;
    constexpr uint32_t MOST_BITS = 272; // of 304 coded ones
    NbiotDownlinkEffort effort{1, 0};
    double wantedDb = energyPerBitDb + 10 * std::log10(bits / SYMBOLS);
    while ((wantedDb > snrDb || bits > MOST_BITS * effort.subframes) &&
           effort.subframes * 2 <= maxSubframes)
    {
        wantedDb -= wantedDb > NOISE_DB ? DOUBLING_DB : DOUBLING_IN_NOISE_DB;
        effort.subframes *= 2;
    }
    effort.deficitDb = std::max(0.0, wantedDb - snrDb);
    return effort;
}

} // namespace lpwan
} // namespace ns3
