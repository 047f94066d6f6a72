// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_INTERFERENCE_H
#define LPWAN_LORA_INTERFERENCE_H

#include "lpwan-lora-phy.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace ns3
{
namespace lpwan
{

/** A frame in the air at a receiver, as far as it matters for interference. */
struct LoraSignal
{
    double powerMw{0};          //!< received power
    uint32_t frequencyHz{0};    //!< carrier
    uint32_t bandwidthHz{0};    //!< bandwidth
    uint8_t spreadingFactor{0}; //!< 7..12
};

/**
 * \param text of the attribute CaptureThreshold: a number in dB, or empty
 * \return the number, nothing for an empty text; no optional at all when it is something else
 */
std::optional<std::optional<double>> ParseLoraCapture(const std::string& text);

/** What a frame needs over others, by their spreading factors, as ratios of energies. */
class LoraSirRatios
{
  public:
    /** By spreading factor of the other frame. */
    using Row = std::array<double, LORA_SF_COUNT>;

    /**
     * \param matrix the thresholds
     * \param captureDb stands in for those of frames of one spreading factor, dB; nothing: the
     *                  matrix's own
     */
    explicit LoraSirRatios(LoraSirMatrix matrix, std::optional<double> captureDb = std::nullopt);

    /** \param wanted spreading factor, 7..12 \return its ratios; 0: no other can disturb it */
    const Row& Of(uint8_t wanted) const
    {
        return m_ratios[wanted - LORA_MIN_SF];
    }

  private:
    std::array<Row, LORA_SF_COUNT> m_ratios{};
};

/**
 * \ingroup lpwan
 *
 * What disturbs one frame at one receiver, a gateway or a device: the energies of the other frames,
 * that is, power x time of the overlap x share of the other's band inside the frame's, summed by
 * spreading factor. The frame survives when its own energy is above each sum by the ratio of
 * LoraSirRatios. At another bandwidth it is the chirp's slope that counts
 * (LoraEquivalentSpreadingFactor()).
 *
 * Time is in whole steps of ns-3, of any length: only ratios matter.
 */
class LoraInterference
{
  public:
    /**
     * Adds another frame.
     * \param wanted the frame that is disturbed
     * \param other the other one
     * \param overlap time in which both are in the air and the receiver needs the wanted one, > 0
     * \param ratios thresholds
     * \return how much harm it does: its energy x ratio
     */
    double Add(const LoraSignal& wanted,
               const LoraSignal& other,
               int64_t overlap,
               const LoraSirRatios& ratios)
    {
        double energy = other.powerMw * static_cast<double>(overlap);
        uint8_t spreadingFactor = other.spreadingFactor;
        if (wanted.frequencyHz != other.frequencyHz || wanted.bandwidthHz != other.bandwidthHz)
        {
            energy *= LoraBandOverlap(wanted.frequencyHz,
                                      wanted.bandwidthHz,
                                      other.frequencyHz,
                                      other.bandwidthHz);
            spreadingFactor = LoraEquivalentSpreadingFactor(wanted.bandwidthHz,
                                                            spreadingFactor,
                                                            other.bandwidthHz);
        }
        const std::size_t column = spreadingFactor - LORA_MIN_SF;
        m_energy[column] += energy;
        return energy * ratios.Of(wanted.spreadingFactor)[column];
    }

    /**
     * \param wanted the frame
     * \param needed time for which the receiver needs it
     * \param ratios thresholds
     * \return whether it survives what was added
     */
    bool Spares(const LoraSignal& wanted, int64_t needed, const LoraSirRatios& ratios) const;

  private:
    std::array<double, LORA_SF_COUNT> m_energy{}; //!< of the others, by spreading factor
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_INTERFERENCE_H
