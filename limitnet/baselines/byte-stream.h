// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_BYTE_STREAM_H
#define LIMITNET_BASELINES_BYTE_STREAM_H

#include "limitnet/codec/fragment.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace limitnet
{

/**
 * Bytes of the header of a rival's fragment: image id (6 bits) and two flags, a parameter of the
 * codec, the place of the first byte in the stream (16 bits, most significant byte first).
 */
constexpr size_t STREAM_HEADER_BYTES = 4;

/** Longest stream. */
constexpr size_t MAX_STREAM_BYTES = 65536;

/** A piece of the byte stream of a codec that knows no fragments. */
struct StreamPiece
{
    uint8_t imageId = 0;   //!< modulo IMAGE_IDS
    bool last = false;     //!< the stream ends with it
    uint8_t parameter = 0; //!< the codec's, such as the quality; the same in all pieces
    size_t offset = 0;     //!< place of its first byte
    Bytes bytes;           //!< at least one
};

/**
 * \param piece to be written
 * \return a fragment: header and bytes
 */
Bytes WritePiece(const StreamPiece& piece);

/** \return the piece; nothing when the bytes are none */
std::optional<StreamPiece> ParsePiece(const Bytes& fragment);

/**
 * Cuts a stream into fragments, each as long as it may be.
 *
 * \param stream of 1 to MAX_STREAM_BYTES bytes
 * \param imageId modulo IMAGE_IDS
 * \param parameter the codec's
 * \param maxFragmentBytes most bytes of a fragment, header included
 * \throws Error when the stream is too long, or nothing fits into a fragment
 */
std::vector<Bytes> CutStream(const Bytes& stream,
                             uint8_t imageId,
                             uint8_t parameter,
                             size_t maxFragmentBytes);

/** What arrived of a stream. */
struct ReceivedStream
{
    /** A stretch without a gap. */
    struct Run
    {
        size_t offset = 0; //!< place of its first byte
        Bytes bytes;       //!< more than none
    };

    uint8_t parameter = 0;       //!< the codec's
    std::vector<Run> runs;       //!< by offset, with a gap between any two
    std::optional<size_t> size;  //!< of the whole stream, once its end is there
    bool IsWhole() const;        //!< \return whether nothing is missing
    const Bytes& Prefix() const; //!< \return its bytes up to the first gap; may be empty
};

/**
 * Puts the pieces of one image together. Where two differ, the one that comes first holds; a piece
 * of another image or parameter than the first one's is left out.
 *
 * \param fragments in any order
 * \return the stream; nothing when there is no piece
 */
std::optional<ReceivedStream> AssembleStream(const std::vector<Bytes>& fragments);

/** Streams by a number that says how good they are, such as a quality; see BestWithin(). */
using StreamOfQuality = std::function<Bytes(int)>;

/** The best stream that fits, and what it took to find it. */
struct ChosenStream
{
    int quality = 0;      //!< of the stream
    Bytes stream;         //!< what is sent
    size_t encodings = 0; //!< how often the picture was encoded
};

/**
 * Searches the highest quality whose fragments fit into a number of bytes.
 *
 * \param encode makes the stream of a quality; longer ones for higher qualities, about
 * \param least lowest quality, which is taken when none fits
 * \param most highest quality
 * \param bytes most bytes of all fragments, headers included; 0: any number, so the highest
 * \param maxFragmentBytes most bytes of a fragment
 * \param headerBytes bytes of each that are not of the stream
 */
ChosenStream BestWithin(const StreamOfQuality& encode,
                        int least,
                        int most,
                        size_t bytes,
                        size_t maxFragmentBytes,
                        size_t headerBytes = STREAM_HEADER_BYTES);

/**
 * Drops the last fragments of those that do not fit: where even the lowest quality is too much.
 *
 * \param fragments in sending order
 * \param bytes most bytes of all; 0: any number
 */
void KeepWithin(std::vector<Bytes>& fragments, size_t bytes);

/** \return bytes of all fragments of a stream of that many bytes */
size_t FragmentedSize(size_t streamBytes,
                      size_t maxFragmentBytes,
                      size_t headerBytes = STREAM_HEADER_BYTES);

} // namespace limitnet

#endif // LIMITNET_BASELINES_BYTE_STREAM_H
