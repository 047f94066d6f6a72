// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_PICTURE_ENCODER_H
#define LIMITNET_EVALUATION_PICTURE_ENCODER_H

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/image.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/nn/codec-model.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** The device's networks and quantiser: a picture in, what the bitstream sends out. */
class PictureEncoder
{
  public:
    virtual ~PictureEncoder() = default;

    /**
     * \param picture of any size; it is resized to 224x224 without keeping its aspect ratio
     * \return its map and symbols
     */
    virtual PictureSymbols Encode(const Image& picture) const = 0;

    /** \return the probabilities that its fragments are coded with */
    virtual const EntropyTables& Entropy() const = 0;

    /** \return the id of the model, as map fragments carry it */
    virtual uint8_t ModelId() const = 0;

    /** \return whether it computes a saliency; else the order is that of the channels */
    virtual bool HasSaliency() const = 0;
};

/** \return what MakePictureEncoder() knows: "int8", "float" */
std::vector<std::string> PictureEncoderNames();

/**
 * "int8" computes as a microcontroller does, in 8-bit integers from the pixel to the symbol, the
 * same on every machine; it needs no LibTorch. "float" is the network as it was trained.
 *
 * \param name one of PictureEncoderNames()
 * \param codec the trained codec; it encodes for "float", and has to fit the device's for "int8"
 * \param devicePath the device's file, as `limitnet export` makes it; not looked at for "float"
 * \return the encoder
 * \throws Error when the name is unknown, or the device's file is missing, damaged, of another
 *         version, or made from another codec
 */
std::shared_ptr<const PictureEncoder> MakePictureEncoder(const std::string& name,
                                                         std::shared_ptr<const CodecModel> codec,
                                                         const std::filesystem::path& devicePath);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_PICTURE_ENCODER_H
