// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_REASSEMBLER_H
#define LIMITNET_CODEC_REASSEMBLER_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/range-coder.h"
#include "limitnet/codec/saliency-map.h"
#include "limitnet/codec/symbol-model.h"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace limitnet
{

/**
 * Collects the fragments of one image, in any order, and gives the values they carry.
 *
 * Total: any bytes may be added. Where two fragments disagree about a place of the order or a byte
 * of the map, the one added first holds. Without the whole map no value has a place, so none is
 * given; symbols fragments are kept and used when the map is there, with the same result as if it
 * had come first.
 *
 * All storage is part of the object (about 120 KB); nothing is allocated after construction.
 */
class Reassembler
{
  public:
    /// What became of a fragment.
    enum class Result
    {
        ACCEPTED,    //!< It brought something new.
        DUPLICATE,   //!< All it carries was there.
        INVALID,     //!< Not a fragment of this bitstream.
        OTHER_IMAGE, //!< Of another image than the first fragment; ignored.
        OTHER_MODEL, //!< A map made with other tables; ignored.
        NO_ROOM,     //!< Map still missing and the store full (never for one image sent once).
    };

    /**
     * \param tables probabilities, reconstruction values and model id; have to outlive the object.
     * \param order the sender's; with one that needs no map, HasMap() is true from the start.
     * \throws Error when the tables fail CodecTables::Check.
     */
    explicit Reassembler(const CodecTables& tables, ValueOrder order = ValueOrder::IMPORTANCE);
    explicit Reassembler(const CodecTables&& tables,
                         ValueOrder order = ValueOrder::IMPORTANCE) = delete;

    /// Forgets all fragments and the image id.
    void Reset();

    /**
     * Adds a fragment. The first one that is accepted fixes the image id.
     *
     * \param bytes the bytes; may be null when size is 0.
     * \param size number of bytes.
     * \return what became of it.
     */
    Result Add(const uint8_t* bytes, size_t size);

    /// Whether a fragment was accepted, and so whether ImageId() means something.
    bool HasImageId() const;

    /// The image the fragments belong to.
    uint8_t ImageId() const;

    /// Whether the whole map is there.
    bool HasMap() const;

    /// The map; all zero until HasMap().
    const SaliencyMap& Map() const;

    /// Number of distinct values that can be decoded now; 0 without the map.
    size_t ValueCount() const;

    /// Number of distinct places of the order whose symbols arrived, with or without the map.
    size_t ReceivedCount() const;

    /**
     * The latent as far as it is known.
     *
     * \param latent LATENT_SIZE values, written: the reconstruction of what arrived, 0 elsewhere;
     * all zero without the map.
     */
    void Latent(float* latent) const;

    /**
     * Which values of the latent arrived.
     *
     * \param received LATENT_SIZE entries by latent index, written: 1 where Latent() gives a
     * received value, else 0.
     */
    void Received(uint8_t* received) const;

  private:
    // Room for the fragments that wait for the map. One image sent once with 11-byte fragments
    // needs at most 3136 fragments (3 symbols each at the least) of 7 + STORED_HEADER bytes.
    static constexpr size_t STORE_BYTES = 65536;
    static constexpr size_t STORED_HEADER = 6;
    static constexpr size_t UNKNOWN = ~size_t{0};

    Result AddMap(const Fragment& fragment);
    Result AddSymbols(const Fragment& fragment);
    void Place(size_t first, size_t count, const uint8_t* payload, size_t payloadSize);
    void CompleteMap();

    const CodecTables& m_tables;
    ValueOrder m_kind;
    SymbolModel m_model;
    bool m_hasImageId = false;
    uint8_t m_imageId = 0;
    bool m_hasMap = false;
    SaliencyMap m_map;
    std::array<uint8_t, MAX_MAP_BYTES> m_mapBytes{};
    std::bitset<MAX_MAP_BYTES> m_mapReceived;
    size_t m_mapEnd = UNKNOWN;                    // number of map bytes, known from the last piece
    std::array<uint16_t, LATENT_SIZE> m_order{};  // valid with the map
    std::array<uint8_t, LATENT_SIZE> m_symbols{}; // by place of the order, valid with the map
    std::array<uint8_t, LATENT_SIZE> m_context{}; // of the fragment being decoded, by latent index
    std::bitset<LATENT_SIZE> m_placed;            // by place: symbol decoded
    std::bitset<LATENT_SIZE> m_received;          // by place: symbol arrived
    std::array<uint8_t, STORE_BYTES> m_store{};   // waiting fragments: first, count, size, payload
    size_t m_stored = 0;                          // bytes of m_store in use
};

} // namespace limitnet

#endif // LIMITNET_CODEC_REASSEMBLER_H
