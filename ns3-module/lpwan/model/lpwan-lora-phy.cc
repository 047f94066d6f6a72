// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-phy.h"

#include "lpwan-compatibility.h"

#include "ns3/abort.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

namespace
{

/** Thermal noise at 290 K, dBm in 1 Hz. */
constexpr double THERMAL_NOISE_DBM_HZ = -174;

/** Bandwidth that sensitivities are given for. */
constexpr double REFERENCE_BANDWIDTH_HZ = 125000;

using Row = std::array<double, LORA_SF_COUNT>;

constexpr Row SNR_THRESHOLD_DB{-7.5, -10, -12.5, -15, -17.5, -20};

struct Chip
{
    const char* name;
    Row sensitivityDbm;
};

/** Sources: see LoraSensitivity::Parse(). */
constexpr std::array<Chip, 5> CHIPS{{
    {"SX1272", {-124, -127, -130, -133, -135, -137}},
    {"SX1276", {-123, -126, -129, -132, -133, -136}},
    {"SX1301", {-126.5, -129, -131.5, -134, -136.5, -139.5}},
    {"SX1301-best", {-130, -132.5, -135, -137.5, -140, -142.5}},
    {"SX1303", {-127, -129, -132.5, -135.5, -138, -141}},
}};

/** What a frame needs over frames of its own spreading factor where nothing else is published. */
constexpr double CAPTURE_DB = 6;

// Rows: wanted frame, SF7 to SF12; columns: the other frame.
constexpr std::array<Row, LORA_SF_COUNT> GOURSAUD_DB{{
    {CAPTURE_DB, -16, -18, -19, -19, -20},
    {-24, CAPTURE_DB, -20, -22, -22, -22},
    {-27, -27, CAPTURE_DB, -23, -25, -25},
    {-30, -30, -30, CAPTURE_DB, -26, -28},
    {-33, -33, -33, -33, CAPTURE_DB, -29},
    {-36, -36, -36, -36, -36, CAPTURE_DB},
}};
constexpr std::array<Row, LORA_SF_COUNT> CROCE_DB{{
    {1, -8, -9, -9, -9, -9},
    {-11, 1, -11, -12, -13, -13},
    {-15, -13, 1, -13, -14, -15},
    {-19, -18, -17, 1, -17, -18},
    {-22, -22, -21, -20, 1, -20},
    {-25, -25, -25, -24, -23, 1},
}};

std::size_t
IndexOf(uint8_t spreadingFactor)
{
    NS_ABORT_MSG_UNLESS(spreadingFactor >= LORA_MIN_SF &&
                            spreadingFactor < LORA_MIN_SF + LORA_SF_COUNT,
                        "spreading factor is " << +spreadingFactor << ", must be 7 to 12");
    return spreadingFactor - LORA_MIN_SF;
}

/** Far below the thermal noise of 1 Hz: a smaller one is a slip of the pen, as one above 0 is. */
constexpr double LEAST_SENSITIVITY_DBM = -200;

/** Upper tail of the standard normal distribution. */
double
Q(double x)
{
    return 0.5 * std::erfc(x / std::sqrt(2.0));
}

} // namespace

double
LoraNoiseFloorDbm(uint32_t bandwidthHz, double noiseFigureDb)
{
    return THERMAL_NOISE_DBM_HZ + 10 * std::log10(double(bandwidthHz)) + noiseFigureDb;
}

double
LoraSnrThresholdDb(uint8_t spreadingFactor)
{
    return SNR_THRESHOLD_DB[IndexOf(spreadingFactor)];
}

std::optional<LoraSensitivity>
LoraSensitivity::Parse(const std::string& text)
{
    LoraSensitivity result;
    const auto chip = std::find_if(CHIPS.begin(), CHIPS.end(), [&](const Chip& candidate) {
        return text == candidate.name;
    });
    if (chip != CHIPS.end())
    {
        // Each chip's table is made once and shared.
        static const auto tables = [] {
            std::array<std::shared_ptr<const Table>, CHIPS.size()> made;
            std::transform(CHIPS.begin(), CHIPS.end(), made.begin(), [](const Chip& c) {
                return std::make_shared<const Table>(Table{c.name, c.sensitivityDbm});
            });
            return made;
        }();
        result.m_table = tables[static_cast<std::size_t>(chip - CHIPS.begin())];
        return result;
    }
    std::string numbers = text;
    std::replace(numbers.begin(), numbers.end(), ',', ' ');
    std::istringstream stream(numbers);
    stream.imbue(std::locale::classic());
    std::vector<double> values;
    double value = 0;
    while (stream >> value)
    {
        values.push_back(value);
    }
    const bool isLevel = std::all_of(values.begin(), values.end(), [](double dbm) {
        return dbm >= LEAST_SENSITIVITY_DBM && dbm < 0;
    });
    if (!stream.eof() || !isLevel || (!values.empty() && values.size() != LORA_SF_COUNT))
    {
        return std::nullopt;
    }
    if (!values.empty())
    {
        Table table{text, {}};
        std::copy(values.begin(), values.end(), table.dbm.begin());
        result.m_table = std::make_shared<const Table>(table);
    }
    return result;
}

std::string
LoraSensitivity::Expected()
{
    std::string names;
    for (const auto& chip : CHIPS)
    {
        names += std::string(chip.name) + ", ";
    }
    return names + "six numbers in dBm, -200 to below 0, for SF7 to SF12, or empty";
}

double
LoraSensitivity::GetDbm(uint8_t spreadingFactor, uint32_t bandwidthHz, double noiseFigureDb) const
{
    const auto index = IndexOf(spreadingFactor);
    if (!m_table)
    {
        return LoraNoiseFloorDbm(bandwidthHz, noiseFigureDb) + SNR_THRESHOLD_DB[index];
    }
    return m_table->dbm[index] + 10 * std::log10(bandwidthHz / REFERENCE_BANDWIDTH_HZ);
}

const std::string&
LoraSensitivity::GetText() const
{
    static const std::string none;
    return m_table ? m_table->text : none;
}

const char*
ToString(LoraErrorModel model)
{
    return model == LoraErrorModel::CURVE ? "Curve" : "Threshold";
}

Ptr<const AttributeChecker>
MakeLoraErrorModelChecker()
{
    return MakeCheckerOfEnum(LoraErrorModel::THRESHOLD,
                             ToString(LoraErrorModel::THRESHOLD),
                             LoraErrorModel::CURVE,
                             ToString(LoraErrorModel::CURVE));
}

const char*
ToString(LoraSirMatrix matrix)
{
    switch (matrix)
    {
    case LoraSirMatrix::GOURSAUD:
        return "Goursaud";
    case LoraSirMatrix::CROCE:
        return "Croce";
    case LoraSirMatrix::ORTHOGONAL:
        break;
    }
    return "Orthogonal";
}

Ptr<const AttributeChecker>
MakeLoraSirMatrixChecker()
{
    return MakeCheckerOfEnum(LoraSirMatrix::GOURSAUD,
                             ToString(LoraSirMatrix::GOURSAUD),
                             LoraSirMatrix::CROCE,
                             ToString(LoraSirMatrix::CROCE),
                             LoraSirMatrix::ORTHOGONAL,
                             ToString(LoraSirMatrix::ORTHOGONAL));
}

double
LoraSymbolErrorRate(uint8_t spreadingFactor, double snrDb)
{
    IndexOf(spreadingFactor); // checks it
    const double snr = std::pow(10.0, snrDb / 10);
    const double symbols = std::pow(2.0, spreadingFactor);
    const double bitErrorRate =
        0.5 * Q(std::sqrt(snr * 2 * symbols) - std::sqrt(1.386 * spreadingFactor + 1.154));
    return std::min(1.0, bitErrorRate * (symbols - 1) / (symbols / 2));
}

double
LoraFrameErrorRate(const LoraModulation& modulation, uint32_t payloadBytes, double snrDb)
{
    const Time symbol = LoraSymbolTime(modulation);
    // Preamble and synchronisation take 4.25 symbols more than programmed.
    const double preamble = modulation.preambleSymbols + 4.25;
    const double symbols =
        LoraTimeOnAir(modulation, payloadBytes).GetSeconds() / symbol.GetSeconds() - preamble;
    const double symbolErrorRate = LoraSymbolErrorRate(modulation.spreadingFactor, snrDb);
    return symbolErrorRate >= 1 ? 1 : -std::expm1(symbols * std::log1p(-symbolErrorRate));
}

double
LoraSirThresholdDb(LoraSirMatrix matrix, uint8_t wanted, uint8_t interferer)
{
    const auto row = IndexOf(wanted);
    const auto column = IndexOf(interferer);
    switch (matrix)
    {
    case LoraSirMatrix::GOURSAUD:
        return GOURSAUD_DB[row][column];
    case LoraSirMatrix::CROCE:
        return CROCE_DB[row][column];
    case LoraSirMatrix::ORTHOGONAL:
        break;
    }
    return row == column ? CAPTURE_DB : -std::numeric_limits<double>::infinity();
}

double
LoraBandOverlap(uint32_t wantedHz,
                uint32_t wantedBandwidthHz,
                uint32_t otherHz,
                uint32_t otherBandwidthHz)
{
    if (wantedHz == otherHz && wantedBandwidthHz == otherBandwidthHz)
    {
        return 1;
    }
    const double low =
        std::max(wantedHz - wantedBandwidthHz / 2.0, otherHz - otherBandwidthHz / 2.0);
    const double high =
        std::min(wantedHz + wantedBandwidthHz / 2.0, otherHz + otherBandwidthHz / 2.0);
    return std::max(0.0, high - low) / otherBandwidthHz;
}

uint8_t
LoraEquivalentSpreadingFactor(uint32_t wantedBandwidthHz,
                              uint8_t otherSpreadingFactor,
                              uint32_t otherBandwidthHz)
{
    int equivalent = otherSpreadingFactor;
    for (uint32_t bandwidth = otherBandwidthHz; bandwidth < wantedBandwidthHz; bandwidth *= 2)
    {
        equivalent += 2;
    }
    for (uint32_t bandwidth = wantedBandwidthHz; bandwidth < otherBandwidthHz; bandwidth *= 2)
    {
        equivalent -= 2;
    }
    constexpr int MAX_SF = LORA_MIN_SF + LORA_SF_COUNT - 1;
    return static_cast<uint8_t>(std::clamp(equivalent, int{LORA_MIN_SF}, MAX_SF));
}

} // namespace lpwan
} // namespace ns3
