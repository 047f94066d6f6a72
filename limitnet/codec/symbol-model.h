// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_SYMBOL_MODEL_H
#define LIMITNET_CODEC_SYMBOL_MODEL_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/latent.h"

#include <array>
#include <cstdint>

namespace limitnet
{

/// Index of each neighbour relative to the cell, in the order of a pattern's bits: the row above
/// from the left, the two beside, the row below.
constexpr std::array<int, NEIGHBOURS> NEIGHBOUR_INDEX = {-LATENT_WIDTH - 1,
                                                         -LATENT_WIDTH,
                                                         -LATENT_WIDTH + 1,
                                                         -1,
                                                         1,
                                                         LATENT_WIDTH - 1,
                                                         LATENT_WIDTH,
                                                         LATENT_WIDTH + 1};

/**
 * A two-sided exponential distribution of a symbol around a prediction, with a wide share so that
 * a surprise does not cost too much (docs/bitstream.md, "Probabilities around a prediction").
 */
class PredictedDistribution
{
  public:
    /**
     * \param mean16 the prediction in units of 1/16 symbol, 0..1008.
     * \param width 0 (narrowest) .. WIDTH_COUNT - 1 (widest).
     */
    PredictedDistribution(int mean16, int width);

    /**
     * \param symbol 0..count.
     * \param count number of symbols; from the symbol `count` on there is nothing.
     * \return sum of the frequencies of the symbols below: 0 for 0, FREQUENCY_TOTAL for count.
     */
    uint32_t Cumulative(int symbol, int count = SYMBOL_COUNT) const;

  private:
    uint32_t Tail(uint32_t distance16) const;

    int m_mean16;
    uint32_t m_rate;
};

/**
 * Probabilities of the symbols of one fragment, each given those before it in the fragment
 * (docs/bitstream.md, "Probabilities").
 *
 * A symbol is predicted from those of its eight neighbours in the same channel that the fragment
 * has already coded; nothing carries over from one fragment to the next.
 *
 * About 3 KB; nothing is allocated.
 */
class SymbolModel
{
  public:
    /// What the known neighbours say of a symbol.
    struct Prediction
    {
        bool any = false;      //!< Whether a neighbour is known; the rest has no meaning else.
        int mean16 = 0;        //!< Predicted symbol in units of 1/16, 0..1008.
        int confidence = 0;    //!< Class of the pattern, 0..CONFIDENCE_CLASSES - 1.
        int spread = 0;        //!< Class of the neighbours' differences, 0..SPREAD_CLASSES - 1.
        bool belowOne = false; //!< Whether mean16 is below 16.
    };

    /// Probabilities of the next symbol.
    class Distribution
    {
      public:
        /// Sum of the frequencies of the symbols below this one (symbol 0..64).
        uint32_t Cumulative(int symbol) const
        {
            return m_fixed != nullptr ? m_fixed[symbol] : m_predicted.Cumulative(symbol);
        }

        /// The symbol whose frequency interval holds a target of 0..FREQUENCY_TOTAL - 1.
        uint8_t Find(uint32_t target) const;

      private:
        friend class SymbolModel;

        Distribution(const uint16_t* fixed, PredictedDistribution predicted)
            : m_fixed(fixed),
              m_predicted(predicted)
        {
        }

        const uint16_t* m_fixed; // cumulative frequencies where nothing is known, else null
        PredictedDistribution m_predicted;
    };

    /**
     * \param tables the probabilities; have to outlive the object.
     * \throws Error when the tables fail EntropyTables::Check.
     */
    explicit SymbolModel(const EntropyTables& tables);
    explicit SymbolModel(const EntropyTables&& tables) = delete;

    /// Starts a fragment: nothing is known.
    void Begin();

    /**
     * \param latentIndex index of the next symbol.
     * \param symbols LATENT_SIZE symbols by latent index; only those made known are looked at.
     * \return what is predicted for it.
     */
    Prediction Predict(int latentIndex, const uint8_t* symbols) const;

    /**
     * \param latentIndex index of the next symbol.
     * \param symbols as for Predict().
     * \return its distribution, valid until the tables or the object go.
     */
    Distribution Next(int latentIndex, const uint8_t* symbols) const;

    /// From now on the symbol at this index is known.
    void Know(int latentIndex);

    /// Takes Know() back.
    void Unknow(int latentIndex);

  private:
    // a row and a column of nothing on each side
    static constexpr int MASK_ROWS = LATENT_HEIGHT + 2;

    /// Mask of a row, shifted so that bit x + 1 is column x.
    uint32_t& Row(int channel, int row)
    {
        return m_known[channel * MASK_ROWS + row + 1];
    }

    const EntropyTables& m_tables;
    std::array<std::array<uint16_t, SYMBOL_COUNT + 1>, LATENT_CHANNELS> m_cumulative;
    std::array<uint32_t, LATENT_CHANNELS * MASK_ROWS> m_known{};
};

} // namespace limitnet

#endif // LIMITNET_CODEC_SYMBOL_MODEL_H
