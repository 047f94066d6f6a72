// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
#define LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H

#include "limitnet/codec/image-codec.h"
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
     */
    LimitNetEncoder(std::shared_ptr<const PictureEncoder> encoder,
                    size_t valueCount,
                    unsigned mapCopies);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        size_t maxFragmentBytes) const override;

  private:
    std::shared_ptr<const PictureEncoder> m_encoder;
    size_t m_valueCount;
    unsigned m_mapCopies;
};

/** LimitNet's cloud half. */
class LimitNetDecoder : public ImageDecoder
{
  public:
    /** \param model the trained codec, the same as the device's */
    explicit LimitNetDecoder(std::shared_ptr<const CodecModel> model);

    /** \return the 224x224 picture; nothing before the map and at least one value are there */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

    std::string Identity() const override;

  private:
    std::shared_ptr<const CodecModel> m_model;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
