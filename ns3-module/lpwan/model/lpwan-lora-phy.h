// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_PHY_H
#define LPWAN_LORA_PHY_H

#include "lpwan-lora-time-on-air.h"

#include "ns3/attribute.h"
#include "ns3/ptr.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ns3
{
namespace lpwan
{

/**
 * \file
 * What a LoRa receiver needs to hear a frame: noise, sensitivity, errors by SNR, and the thresholds
 * against other frames. Gateways and end devices both use it.
 */

/** Number of spreading factors, SF7 to SF12; tables by spreading factor begin with SF7. */
constexpr std::size_t LORA_SF_COUNT = 6;

/** Lowest spreading factor of the tables. */
constexpr uint8_t LORA_MIN_SF = 7;

/**
 * \param bandwidthHz bandwidth
 * \param noiseFigureDb noise figure of the receiver
 * \return -174 dBm/Hz (thermal noise at 290 K) + 10 log10(bandwidth) + noise figure, dBm
 */
double LoraNoiseFloorDbm(uint32_t bandwidthHz, double noiseFigureDb);

/**
 * \param spreadingFactor 7..12
 * \return SNR that the demodulator needs: -7.5 dB at SF7, 2.5 dB less for each further one, -20 dB
 *         at SF12 (SX1276 datasheet, table 13)
 */
double LoraSnrThresholdDb(uint8_t spreadingFactor);

/**
 * Sensitivity of a receiver at 125 kHz, by spreading factor; at other bandwidths it differs as the
 * noise does, by 10 log10(BW / 125 kHz).
 */
class LoraSensitivity
{
  public:
    /** Noise and threshold decide: noise floor + LoraSnrThresholdDb(). */
    LoraSensitivity() = default;

    /**
     * \param text empty: noise and threshold decide; the name of a chip; or six numbers in dBm,
     * -200 to below 0, for SF7 to SF12 at 125 kHz, with spaces or commas between them
     * \return the sensitivity; nothing when the text is something else
     *
     * | chip | SF7 .. SF12, dBm | source |
     * |---|---|---|
     * | SX1272 | -124 -127 -130 -133 -135 -137 | datasheet, table 10 |
     * | SX1276 | -123 -126 -129 -132 -133 -136 | datasheet, 868 MHz, table 10 |
     * | SX1301 | -126.5 -129 -131.5 -134 -136.5 -139.5 | datasheet, reference design with SX1257 |
     * | SX1301-best | -130 -132.5 -135 -137.5 -140 -142.5 | the same, best case ("up to -142") |
     * | SX1303 | -127 -129 -132.5 -135.5 -138 -141 | SX1302/3 as in LoRaWAN-SIM @6d86bde |
     */
    static std::optional<LoraSensitivity> Parse(const std::string& text);

    /** \return what Parse() takes, in words for error messages */
    static std::string Expected();

    /**
     * \param spreadingFactor 7..12
     * \param bandwidthHz bandwidth
     * \param noiseFigureDb noise figure, used when there is no table
     * \return weakest power that is received, dBm
     */
    double GetDbm(uint8_t spreadingFactor, uint32_t bandwidthHz, double noiseFigureDb) const;

    /** \return the text it was made from */
    const std::string& GetText() const;

  private:
    /** A table and the text it was made from. */
    struct Table
    {
        std::string text;
        std::array<double, LORA_SF_COUNT> dbm;
    };

    /** Null: noise and threshold decide. Shared by copies, since there may be many devices. */
    std::shared_ptr<const Table> m_table;
};

/** How noise decides over a frame. */
enum class LoraErrorModel : uint8_t
{
    THRESHOLD, //!< received at the sensitivity and above, never below
    CURVE,     //!< by chance, with LoraFrameErrorRate()
};

/** \param model a model \return its name */
const char* ToString(LoraErrorModel model);

/** \return the checker of an attribute that is a LoraErrorModel: Threshold or Curve */
Ptr<const AttributeChecker> MakeLoraErrorModelChecker();

/**
 * Error rate of a LoRa symbol over white noise, not coded, by the closed-form approximation of
 * Elshabrawy and Robert, "Closed-Form Approximation of LoRa Modulation BER Performance", IEEE
 * Communications Letters 22(9), 2018, equation 21, for the bit error rate
 *
 *     Pb = 0.5 Q(sqrt(snr 2^(SF+1)) - sqrt(1.386 SF + 1.154))
 *
 * and Ps = Pb (2^SF - 1) / 2^(SF-1), since a wrong symbol is any of the others alike.
 *
 * \param spreadingFactor 7..12
 * \param snrDb signal over noise in the signal's bandwidth
 * \return probability that a symbol is taken for another one
 */
double LoraSymbolErrorRate(uint8_t spreadingFactor, double snrDb);

/**
 * A frame is lost when any of its symbols after the preamble is. That is right for coding rates 4/5
 * and 4/6, whose parity finds errors and mends none; 4/7 and 4/8 mend single bits, so for them this
 * is an upper bound.
 *
 * \param modulation of the frame
 * \param payloadBytes PHY payload
 * \param snrDb signal over noise
 * \return probability that the frame is lost
 */
double LoraFrameErrorRate(const LoraModulation& modulation, uint32_t payloadBytes, double snrDb);

/** Published thresholds between spreading factors. */
enum class LoraSirMatrix : uint8_t
{
    /** C. Goursaud, J. M. Gorce, "Dedicated networks for IoT", EAI Endorsed Trans. IoT 1, 2015. */
    GOURSAUD,
    /**
     * D. Croce et al., "Impact of LoRa Imperfect Orthogonality", IEEE Communications Letters
     * 22(4), 2018: measured.
     */
    CROCE,
    /** Spreading factors do not disturb each other; 6 dB within one. */
    ORTHOGONAL,
};

/** \param matrix a table \return its name */
const char* ToString(LoraSirMatrix matrix);

/** \return the checker of an attribute that is a LoraSirMatrix: Goursaud, Croce or Orthogonal */
Ptr<const AttributeChecker> MakeLoraSirMatrixChecker();

/**
 * \param matrix which table
 * \param wanted spreading factor of the wanted frame, 7..12
 * \param interferer that of the other, 7..12
 * \return what the wanted frame needs above the other, dB; minus infinity where they do not disturb
 */
double LoraSirThresholdDb(LoraSirMatrix matrix, uint8_t wanted, uint8_t interferer);

/**
 * Share of a frame's power that falls into the band of another.
 *
 * \param wantedHz carrier of the wanted frame \param wantedBandwidthHz its bandwidth
 * \param otherHz carrier of the other \param otherBandwidthHz its bandwidth
 * \return 0..1: overlap of the two bands over the other's bandwidth (a chirp sweeps its band
 * evenly)
 */
double LoraBandOverlap(uint32_t wantedHz,
                       uint32_t wantedBandwidthHz,
                       uint32_t otherHz,
                       uint32_t otherBandwidthHz);

/**
 * The spreading factor whose chirps, at the wanted frame's bandwidth, are as steep as the other's:
 * the slope is BW^2 / 2^SF, so twice the bandwidth is as two spreading factors less. Chirps of the
 * same slope disturb each other as those of one spreading factor do. Clamped to 7..12.
 *
 * \param wantedBandwidthHz bandwidth of the wanted frame
 * \param otherSpreadingFactor of the other frame \param otherBandwidthHz its bandwidth
 * \return spreading factor to look up in a LoraSirMatrix
 */
uint8_t LoraEquivalentSpreadingFactor(uint32_t wantedBandwidthHz,
                                      uint8_t otherSpreadingFactor,
                                      uint32_t otherBandwidthHz);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_PHY_H
