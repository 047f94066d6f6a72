// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_IMPORTANCE_ORDER_H
#define LIMITNET_CODEC_IMPORTANCE_ORDER_H

#include "limitnet/codec/latent.h"
#include "limitnet/codec/saliency-map.h"

#include <array>
#include <cstdint>

namespace limitnet
{

/// In which order the values of a latent are sent; both ends have to know.
enum class ValueOrder : uint8_t
{
    IMPORTANCE, //!< LimitNet's: by saliency and channel, see ImportanceWalk.
    SALIENCY,   //!< By the saliency of the cell alone: all channels of a cell, then the next cell.
    CHANNEL,    //!< By channel alone, each from the first cell to the last. No map is sent.
    RANDOM,     //!< An order that has nothing to do with the image, always the same. No map.
};

/// Whether an order depends on the saliency map, so that the map has to be sent.
constexpr bool
NeedsMap(ValueOrder order)
{
    return order == ValueOrder::IMPORTANCE || order == ValueOrder::SALIENCY;
}

/**
 * The order in which the values of a latent are sent, most important first: LimitNet's "gradual
 * scoring" in integers, so that both ends derive exactly the same order from the map. This form
 * goes through it once, in 3 KB; ImportanceOrder() gives all of it.
 *
 * The score of the value of channel c in a cell is
 *     range * sum(w_y * w_x * level * 8)  +  (12 - c) * 13005 * 196
 * with the bilinear weights w of the 8 -> 28 resize in units of 1/14 (two per axis, sum 14). That
 * is the published saliency + (12 - c) / 5, less the map's minimum, times 255 * 255 * 196. Higher
 * scores go first; equal scores go by lower channel, then by lower cell.
 *
 * The other orders are for comparison: docs/bitstream.md, "Other orders".
 */
class ImportanceWalk
{
  public:
    /// Starts at the first place. \param map the map. \param order which order.
    void Begin(const SaliencyMap& map, ValueOrder order = ValueOrder::IMPORTANCE);

    /// \return latent index of the value at the next place; at most LATENT_SIZE calls.
    int Next();

  private:
    uint32_t Score(int channel) const;

    ValueOrder m_order = ValueOrder::IMPORTANCE;
    uint32_t m_place = 0; // SALIENCY, RANDOM: numbers gone through
    uint32_t m_range = 0;
    // All channels share the order of the cells, so the cells are sorted once (by their sum, and
    // upside down in the low bits their number) and the channels merged.
    std::array<uint32_t, LATENT_CELLS> m_cells{};
    std::array<uint16_t, LATENT_CHANNELS> m_taken{}; // cells of each channel gone through
    std::array<uint32_t, LATENT_CHANNELS> m_score{}; // of each channel's next cell; 0 at its end
};

/**
 * The whole order of ImportanceWalk.
 *
 * \param map the map.
 * \param order LATENT_SIZE entries, written: order[n] is the latent index of the n-th value.
 * \param kind which order.
 */
void ImportanceOrder(const SaliencyMap& map,
                     uint16_t* order,
                     ValueOrder kind = ValueOrder::IMPORTANCE);

/**
 * The saliency part of the score above without the range: sum(w_y * w_x * level * 8), 0..48608.
 *
 * \param map the map.
 * \param sums LATENT_CELLS entries, written.
 */
void UpsampleSaliency(const SaliencyMap& map, uint16_t* sums);

} // namespace limitnet

#endif // LIMITNET_CODEC_IMPORTANCE_ORDER_H
