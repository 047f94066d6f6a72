// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CODEC_MODEL_H
#define LIMITNET_NN_CODEC_MODEL_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/image.h"
#include "limitnet/codec/importance-order.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace limitnet
{

/** What the encoder makes of one picture. */
struct EncodedPicture
{
    std::vector<float> latent;   //!< LATENT_SIZE values, channel by channel
    std::vector<float> saliency; //!< LATENT_CELLS values in 0..1; 0 without a saliency decoder
};

/**
 * A trained codec: encoder, saliency decoder and decoder in floating point, with the tables that
 * both ends of the bitstream share.
 *
 * Results are a function of the model and the input alone; the object may be used by several
 * threads at once. LibTorch stays behind this header.
 */
class CodecModel
{
  public:
    /**
     * \param path a model file of kind "codec", as `limitnet train` and `limitnet import` write it
     * \throws Error naming the file when it is missing, truncated or of another kind
     */
    explicit CodecModel(const std::filesystem::path& path);
    ~CodecModel();
    CodecModel(const CodecModel&) = delete;
    CodecModel& operator=(const CodecModel&) = delete;

    /** \return the file it was read from */
    const std::filesystem::path& Path() const;

    /** \return the quantiser's and the entropy code's tables */
    const CodecTables& Tables() const;

    /** \return whether it has a saliency decoder; without, values are sent channel by channel */
    bool HasSaliency() const;

    /** \return the order of the values that it was trained for */
    ValueOrder Order() const;

    /**
     * \param image a picture of any size; it is resized to 224x224 without keeping its aspect ratio
     * \return latent and saliency
     */
    EncodedPicture Encode(const Image& image) const;

    /**
     * \param image a picture of any size
     * \return the 224x224 picture that Encode() really encodes
     */
    Image Input(const Image& image) const;

    /**
     * \param latent LATENT_SIZE values
     * \return the 224x224 picture
     */
    Image Decode(const std::vector<float>& latent) const;

    /** The networks, for rooms that know LibTorch (see codec-model-torch.h). */
    struct Networks;

    /** \return the networks */
    const Networks& GetNetworks() const;

  private:
    std::filesystem::path m_path;
    CodecTables m_tables;
    std::unique_ptr<Networks> m_networks;
};

} // namespace limitnet

#endif // LIMITNET_NN_CODEC_MODEL_H
