// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
#define LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H

#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/evaluation/picture-encoder.h"
#include "limitnet/nn/codec-model.h"

#include <memory>
#include <optional>
#include <vector>

namespace limitnet
{

/** LimitNet's device half: networks, quantiser, importance order, entropy code, fragments. */
class LimitNetEncoder : public ImageEncoder
{
  public:
    /**
     * \param encoder networks and quantiser
     * \param valueCount how many latent values to send, 1..LATENT_SIZE
     * \param mapCopies how often to send the saliency map, see FragmentOptions
     * \param order of the values; one that needs no map costs no saliency either
     */
    LimitNetEncoder(std::shared_ptr<const PictureEncoder> encoder,
                    size_t valueCount,
                    unsigned mapCopies,
                    ValueOrder order = ValueOrder::IMPORTANCE);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        size_t maxFragmentBytes) const override;

  private:
    std::shared_ptr<const PictureEncoder> m_encoder;
    size_t m_valueCount;
    unsigned m_mapCopies;
    ValueOrder m_order;
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

    std::string Identity() const override;

  private:
    std::shared_ptr<const CodecModel> m_model;
    ValueOrder m_order;
    size_t m_least;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
