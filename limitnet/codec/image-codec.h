// SPDX-License-Identifier: GPL-2.0-only

#ifndef LIMITNET_CODEC_IMAGE_CODEC_H
#define LIMITNET_CODEC_IMAGE_CODEC_H

#include "limitnet/codec/fragment.h"
#include "limitnet/codec/image.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * The work of encoding one image, from which a device profile derives the time it takes there.
 */
struct EncodingWork
{
    /// One stage.
    struct Stage
    {
        std::string name;        //!< Name that device profiles know, such as "conv1".
        uint64_t operations = 0; //!< Multiply-accumulates of a network stage, else values handled.
    };

    std::vector<Stage> stages; //!< In the order in which they run.
};

/**
 * An encoded image.
 */
struct EncodedImage
{
    std::vector<Bytes> fragments; //!< In sending order.
    std::vector<bool> vital; //!< Of each fragment: without it nothing can be decoded. Empty: none.
    EncodingWork work;       //!< What it took.
};

/**
 * What an encoder has to keep to.
 */
struct EncodingLimits
{
    /**
     * \param fragment most bytes of a fragment.
     * \param all most bytes of all fragments; 0: no limit but the encoder's own.
     */
    EncodingLimits(size_t fragment, size_t all = 0)
        : fragmentBytes(fragment),
          bytes(all)
    {
    }

    size_t fragmentBytes; //!< Most bytes of a fragment.
    size_t bytes;         //!< Most bytes of all fragments; 0: no limit but the encoder's own.

    /// The tighter of an encoder's own limit of bytes (0: none) and this one.
    size_t Bytes(size_t own) const
    {
        return own == 0 ? bytes : bytes == 0 ? own : own < bytes ? own : bytes;
    }
};

/**
 * The device's half of an image codec.
 */
class ImageEncoder
{
  public:
    virtual ~ImageEncoder() = default;

    /**
     * Encodes an image into fragments, each of which is of use without the others as far as the
     * codec allows.
     *
     * \param image the picture, of any size.
     * \param imageId identifies the image among those of the device.
     * \param limits of the fragments.
     * \return the fragments and the work.
     * \throws Error when the image is empty or the limit too small.
     */
    virtual EncodedImage Encode(const Image& image,
                                uint8_t imageId,
                                const EncodingLimits& limits) const = 0;
};

/**
 * The cloud's half of an image codec.
 */
class ImageDecoder
{
  public:
    virtual ~ImageDecoder() = default;

    /**
     * Decodes what arrived of an image. Never fails, whatever the bytes are.
     *
     * \param fragments what arrived, in the order of arrival.
     * \return the picture, or nothing where the fragments do not yet make one.
     */
    virtual std::optional<Image> Decode(const std::vector<Bytes>& fragments) const = 0;

    /**
     * Which image a fragment belongs to. Never fails, whatever the bytes are.
     *
     * \param fragment the bytes.
     * \return its image id, 0..IMAGE_IDS - 1; nothing for what is no fragment of this codec.
     */
    virtual std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const = 0;

    /**
     * What its pictures depend on beside the fragments, in words: the codec, its version, checksums
     * of its models. Decoders of one identity give one picture for the same fragments.
     *
     * \return the identity.
     */
    virtual std::string Identity() const = 0;
};

/**
 * What is left of a picture on its way through an image codec and over a link.
 *
 * A function of its arguments: \p seed draws how the codec is set and what is lost.
 */
using PictureChannel = std::function<Image(const Image& picture, uint64_t seed)>;

} // namespace limitnet

#endif // LIMITNET_CODEC_IMAGE_CODEC_H
