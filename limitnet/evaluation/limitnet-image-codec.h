// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
#define LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H

#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/latent.h"
#include "limitnet/evaluation/picture-encoder.h"
#include "limitnet/nn/codec-model.h"

#include <memory>
#include <optional>
#include <vector>

namespace limitnet
{

/** What LimitNet's device half sends. */
struct LimitNetOptions
{
    size_t valueCount = LATENT_SIZE;           //!< how many latent values, at most; 1..LATENT_SIZE
    unsigned mapCopies = 1;                    //!< how often the saliency map, see FragmentOptions
    ValueOrder order = ValueOrder::IMPORTANCE; //!< one that needs no map costs no saliency either
    size_t bytes = 0;                          //!< most bytes of all fragments; 0: no limit
};

/** LimitNet's device half: networks, quantiser, importance order, entropy code, fragments. */
class LimitNetEncoder : public ImageEncoder
{
  public:
    /**
     * \param encoder networks and quantiser
     * \param options what is sent
     * \throws Error when they make no sense
     */
    LimitNetEncoder(std::shared_ptr<const PictureEncoder> encoder, const LimitNetOptions& options);

    /** The same with options for so many values and copies of the map. */
    LimitNetEncoder(std::shared_ptr<const PictureEncoder> encoder,
                    size_t valueCount,
                    unsigned mapCopies);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        const EncodingLimits& limits) const override;

  private:
    std::shared_ptr<const PictureEncoder> m_encoder;
    LimitNetOptions m_options;
};

/** LimitNet's cloud half. */
class LimitNetDecoder : public ImageDecoder
{
  public:
    /**
     * \param model the trained codec, the same as the device's
     * \param order the device's
     * \param least so many values have to be there, for a picture that counts whole or not at all
     */
    explicit LimitNetDecoder(std::shared_ptr<const CodecModel> model,
                             ValueOrder order = ValueOrder::IMPORTANCE,
                             size_t least = 1);

    /** \return the 224x224 picture; nothing before the map and enough values are there */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::optional<uint8_t> ImageIdOf(const Bytes& fragment) const override;

    std::string Identity() const override;

  private:
    std::shared_ptr<const CodecModel> m_model;
    ValueOrder m_order;
    size_t m_least;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
