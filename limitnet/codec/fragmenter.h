// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_FRAGMENTER_H
#define LIMITNET_CODEC_FRAGMENTER_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/range-coder.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/codec/symbol-model.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace limitnet
{

/// Most copies of the map; the 16th would wait for 2^15 fragments, more than an image has.
constexpr unsigned MAX_MAP_COPIES = 16;

/**
 * How an image is cut into fragments.
 */
struct FragmentOptions
{
    uint8_t imageId = 0;             //!< Tells the images of one device apart, modulo IMAGE_IDS.
    size_t maxFragmentBytes = 51;    //!< Most bytes of a fragment, header included; at least 11.
    size_t valueCount = LATENT_SIZE; //!< How many values of the order to send, 0..9408.
    unsigned mapCopies = 1;          //!< How often the map is sent in all, 1..16.
    ValueOrder order = ValueOrder::IMPORTANCE; //!< One that needs no map sends none.
};

/**
 * Cuts a quantised latent into fragments: the map first, then the symbols in importance order, each
 * fragment as full as it can be. Further copies of the map follow after 2, 4, 8, ... symbols
 * fragments, and after the last one where there are fewer.
 *
 * Begin() and Next() allocate nothing; All() is the convenient form for a host.
 */
class Fragmenter
{
  public:
    /**
     * \param tables the probabilities; have to outlive the object.
     * \param modelId CodecTables::modelId.
     * \throws Error when the tables fail EntropyTables::Check.
     */
    Fragmenter(const EntropyTables& tables, uint8_t modelId);
    Fragmenter(const EntropyTables&& tables, uint8_t modelId) = delete;

    /// The same with all tables of a codec.
    explicit Fragmenter(const CodecTables& tables)
        : Fragmenter(tables.entropy, tables.modelId)
    {
    }

    explicit Fragmenter(const CodecTables&& tables) = delete;

    /**
     * Starts an image.
     *
     * \param map its saliency map.
     * \param symbols LATENT_SIZE symbols by latent index, each below 64; have to stay until the
     * last fragment.
     * \param options how to cut.
     * \throws Error when an option or a symbol is out of range.
     */
    void Begin(const SaliencyMap& map, const uint8_t* symbols, const FragmentOptions& options);

    /**
     * Next fragment in sending order.
     *
     * \param bytes room for options.maxFragmentBytes bytes, written.
     * \return the size of the fragment, 0 after the last one.
     */
    size_t Next(uint8_t* bytes);

    /**
     * All fragments of an image in sending order: Begin(), then Next() until the end.
     */
    std::vector<Bytes> All(const SaliencyMap& map,
                           const uint8_t* symbols,
                           const FragmentOptions& options);

  private:
    static constexpr int NONE = -1;

    size_t NextMapPiece(uint8_t* bytes);
    size_t NextSymbols(uint8_t* bytes);

    const EntropyTables& m_tables;
    SymbolModel m_model;
    uint8_t m_modelId;
    RangeEncoder m_encoder;
    FragmentOptions m_options;
    std::array<uint8_t, MAX_MAP_BYTES> m_map{};
    size_t m_mapBytes = 0; // of m_map in use
    ImportanceWalk m_walk;
    int m_next = NONE;                  // index of the value at m_position, where it is known
    const uint8_t* m_symbols = nullptr; // by latent index
    bool m_sendingMap = false;          // a copy of the map is being sent
    size_t m_mapOffset = 0;             // its next byte
    unsigned m_copiesLeft = 0;          // copies still to start
    size_t m_symbolFragments = 0;       // sent so far
    size_t m_nextCopyAfter = 0;         // number of symbols fragments the next copy waits for
    size_t m_position = 0;              // next place of the order
};

} // namespace limitnet

#endif // LIMITNET_CODEC_FRAGMENTER_H
