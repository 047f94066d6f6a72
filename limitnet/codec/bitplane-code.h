// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_BITPLANE_CODE_H
#define LIMITNET_CODEC_BITPLANE_CODE_H

#include "limitnet/codec/fragment.h"
#include "limitnet/codec/image.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace limitnet
{

/// Pixels on a side of a cell: a block of 8 x 8 luma samples, and 4 x 4 of each chroma.
constexpr int BITPLANE_CELL = 8;

/// Smallest and largest side of a picture that can be coded, in pixels.
constexpr int MIN_BITPLANE_SIDE = 16;
constexpr int MAX_BITPLANE_SIDE = 224;

/**
 * \param side pixels on a side of a picture.
 * \throws Error when a picture of that size cannot be coded.
 */
void CheckBitplaneSide(int side);

/// Most bytes of a stream: what the range coder holds.
constexpr size_t MAX_BITPLANE_BYTES = 2048;

/// Coefficients are in units of 1/8 of a sample's step; the last plane is the one of this bit.
constexpr int LAST_PLANE = 3;

/// Highest plane of any coefficient: 28 * 8 * 128 * 8 is below 2^18.
constexpr int FIRST_PLANE = 17;

/// How many planes there are.
constexpr int BITPLANE_COUNT = FIRST_PLANE - LAST_PLANE + 1;

/// What a decision's probability follows from (docs/bitplane.md, "Probabilities").
constexpr size_t BITPLANE_FEATURES = 11;

/// Classes of coefficients: 16 places of the second transform for each component, and the 63
/// (luma) and 2 * 15 (chroma) other frequencies of a block.
constexpr size_t BITPLANE_CLASSES = 3 * 16 + 63 + 2 * 15;

/// Groups of refinements: component, second transform or not, how often refined before (0, 1, 2
/// and more).
constexpr size_t REFINEMENT_GROUPS = 3 * 2 * 3;

/**
 * What both ends know beforehand: a logistic model of each class of coefficients.
 *
 * A coefficient becomes significant in a plane with the probability 1 / (1 + 2^-z),
 * 64 z = bias[plane - LAST_PLANE] + sum of weight[i] * feature[i].
 */
struct BitplaneTables
{
    /// Of one class.
    struct Class
    {
        std::array<int16_t, BITPLANE_COUNT> bias{};
        std::array<int16_t, BITPLANE_FEATURES> weight{};
    };

    std::array<Class, BITPLANE_CLASSES> classes{};
    /// Probability of a 1 in a refinement, of 32768.
    std::array<uint16_t, REFINEMENT_GROUPS> refinement{};
    /// What chroma is multiplied with before it is coded, in 1/16.
    int chromaGain = 24;
    std::string note; //!< Where they came from; not part of the code.

    /**
     * Writes the tables as text.
     *
     * \param out the file.
     */
    void Write(std::ostream& out) const;

    /**
     * Reads what Write() wrote.
     *
     * \param in the file.
     * \param name of the file, for messages.
     * \return the tables.
     * \throws Error when it is not such a file.
     */
    static BitplaneTables Read(std::istream& in, const std::string& name);

    /// \return a checksum of all that the code depends on.
    uint32_t Checksum() const;
};

/// Pictures of this side and above have tables of their own.
constexpr int LARGE_BITPLANE_SIDE = 48;

/// \return the tables of small pictures, made from CIFAR-100's (bitplane-tables-small.cc)
const BitplaneTables& SmallBitplaneTables();

/// \return the tables of large pictures, made from photographs (bitplane-tables-large.cc)
const BitplaneTables& LargeBitplaneTables();

/**
 * \param side of a picture, in pixels.
 * \return the tables that both ends use for it
 */
const BitplaneTables& BitplaneTablesFor(int side);

/**
 * The coefficients of a picture: three components, of each first the second transform of the
 * blocks' means, then each other frequency of all blocks.
 */
struct BitplaneCoefficients
{
    int side = 0;                //!< Pixels on a side of the picture.
    std::vector<int32_t> values; //!< side * side * 3 / 2 of them.
};

/**
 * Transforms a picture.
 *
 * \param picture a square whose side is a multiple of 8, 16 to 224.
 * \param chromaGain see BitplaneTables.
 * \return its coefficients.
 * \throws Error when the picture has another size.
 */
BitplaneCoefficients TransformPicture(const Image& picture, int chromaGain);

/**
 * The inverse of TransformPicture(), but for rounding and for what chroma loses.
 *
 * \param coefficients of a picture.
 * \param chromaGain the sender's.
 * \return the picture.
 */
Image RestorePicture(const BitplaneCoefficients& coefficients, int chromaGain);

/// One binary decision of the code, and what is known before it.
struct BitplaneDecision
{
    /// What is decided.
    enum class Kind
    {
        SIGNIFICANCE, //!< Whether a coefficient's highest bit is in this plane.
        SIGN,         //!< Whether it is negative.
        REFINEMENT,   //!< A further bit of it.
    };

    Kind kind = Kind::SIGN;
    size_t coefficient = 0; //!< Index into BitplaneCoefficients::values.
    int plane = 0;          //!< Number of the bit.
    size_t group = 0;       //!< Class, or group of refinements.
    const std::array<int, BITPLANE_FEATURES>* features = nullptr; //!< Of a significance.
    uint32_t one = 0;                                             //!< Probability of a 1, of 32768.
};

/// Takes the decisions of a walk one after the other.
class BitplaneDecider
{
  public:
    virtual ~BitplaneDecider() = default;

    /**
     * \param decision the next one.
     * \return 0 or 1; -1 to end the walk.
     */
    virtual int Decide(const BitplaneDecision& decision) = 0;
};

/**
 * Goes through the planes of a picture in the order of the code: encoder, decoder and the training
 * of tables differ in who decides.
 *
 * \param side pixels on a side of the picture.
 * \param tables the model.
 * \param decider makes or looks up the decisions.
 * \return what the decisions say of the coefficients, in the middle of what is left open.
 * \throws Error when the side is none that can be coded.
 */
BitplaneCoefficients WalkBitplanes(int side,
                                   const BitplaneTables& tables,
                                   BitplaneDecider& decider);

/**
 * Encodes a picture into an embedded stream: its first n bytes are what could be said in n bytes.
 *
 * \param picture as TransformPicture() takes it.
 * \param tables the model.
 * \param bytes most bytes of the stream, at most MAX_BITPLANE_BYTES.
 * \param decisions how many decisions were coded, written unless it is null.
 * \return the stream; it ends in no zero, and what is missing of it counts as zeros.
 * \throws Error when the picture has a size that is not possible.
 */
Bytes EncodeBitplanes(const Image& picture,
                      const BitplaneTables& tables,
                      size_t bytes,
                      size_t* decisions = nullptr);

/**
 * Decodes the beginning of a stream, without the inverse transform. Total: any bytes give
 * coefficients.
 *
 * All decisions are taken that are the same whatever bytes follow.
 *
 * \param stream the beginning.
 * \param side of the picture, in pixels.
 * \param tables the sender's.
 * \return the coefficients.
 * \throws Error when the side is none that can be coded.
 */
BitplaneCoefficients DecodeBitplaneCoefficients(const Bytes& stream,
                                                int side,
                                                const BitplaneTables& tables);

/**
 * Decodes the beginning of a stream into a picture, see DecodeBitplaneCoefficients().
 *
 * \param stream the beginning.
 * \param side of the picture, in pixels.
 * \param tables the sender's.
 * \return the picture.
 * \throws Error when the side is none that can be coded.
 */
Image DecodeBitplanes(const Bytes& stream, int side, const BitplaneTables& tables);

} // namespace limitnet

#endif // LIMITNET_CODEC_BITPLANE_CODE_H
