// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
#define LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H

#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/int8-model.h"
#include "limitnet/nn/codec-model.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** LimitNet's device half: networks in floating point, bitstream in integers. */
class LimitNetEncoder : public ImageEncoder
{
  public:
    /**
     * \param model the trained codec
     * \param valueCount how many latent values to send, 1..LATENT_SIZE
     * \param mapCopies how often to send the saliency map, see FragmentOptions
     */
    LimitNetEncoder(std::shared_ptr<const CodecModel> model, size_t valueCount, unsigned mapCopies);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        size_t maxFragmentBytes) const override;

  private:
    std::shared_ptr<const CodecModel> m_model;
    size_t m_valueCount;
    unsigned m_mapCopies;
};

/** A device's file, as `limitnet export` makes it, in memory. */
class DeviceModel
{
  public:
    /**
     * \param path the .int8 file
     * \throws Error that names the file when it is missing, damaged or of another version
     */
    explicit DeviceModel(const std::filesystem::path& path);
    DeviceModel(const DeviceModel&) = delete; // the model points into the bytes
    DeviceModel& operator=(const DeviceModel&) = delete;

    /** \return the model */
    const Int8Model& Model() const
    {
        return m_model;
    }

    /**
     * \param cloud the tables of the codec that is to decode
     * \throws Error that names the file when it was made from another codec
     */
    void CheckFits(const CodecTables& cloud) const;

  private:
    std::filesystem::path m_path;
    std::vector<uint8_t> m_bytes;
    Int8Model m_model;
};

/**
 * LimitNet's device half as a microcontroller runs it: 8-bit integers from the pixel to the byte,
 * the same on every machine. Needs the device's file alone, and no LibTorch.
 */
class LimitNetInt8Encoder : public ImageEncoder
{
  public:
    /**
     * \param model the device's file
     * \param valueCount how many latent values to send, 1..LATENT_SIZE
     * \param mapCopies how often to send the saliency map, see FragmentOptions
     */
    LimitNetInt8Encoder(std::shared_ptr<const DeviceModel> model,
                        size_t valueCount,
                        unsigned mapCopies);

    EncodedImage Encode(const Image& image,
                        uint8_t imageId,
                        size_t maxFragmentBytes) const override;

  private:
    std::shared_ptr<const DeviceModel> m_model;
    size_t m_valueCount;
    unsigned m_mapCopies;
};

/** \return what MakeLimitNetEncoder() knows: "int8", "float" */
std::vector<std::string> LimitNetEncoderNames();

/**
 * \param name one of LimitNetEncoderNames()
 * \param codec the trained codec; it encodes for "float", and has to fit the device's for "int8"
 * \param devicePath the device's file; not looked at for "float"
 * \param valueCount how many latent values to send, 1..LATENT_SIZE
 * \param mapCopies how often to send the saliency map, see FragmentOptions
 * \return the encoder
 * \throws Error when the name is unknown or the device's file cannot be used
 */
std::shared_ptr<const ImageEncoder> MakeLimitNetEncoder(const std::string& name,
                                                        std::shared_ptr<const CodecModel> codec,
                                                        const std::filesystem::path& devicePath,
                                                        size_t valueCount,
                                                        unsigned mapCopies);

/** LimitNet's cloud half. */
class LimitNetDecoder : public ImageDecoder
{
  public:
    /** \param model the trained codec, the same as the device's */
    explicit LimitNetDecoder(std::shared_ptr<const CodecModel> model);

    /** \return the 224x224 picture; nothing before the map and at least one value are there */
    std::optional<Image> Decode(const std::vector<Bytes>& fragments) const override;

  private:
    std::shared_ptr<const CodecModel> m_model;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_LIMITNET_IMAGE_CODEC_H
