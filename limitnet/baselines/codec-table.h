// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_CODEC_TABLE_H
#define LIMITNET_BASELINES_CODEC_TABLE_H

#include "limitnet/codec/image-codec.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** How a rival of LimitNet is set. What a codec has no use for is left alone. */
struct RivalSettings
{
    std::size_t bytes = 0;  //!< most bytes of an image's fragments; 0: no limit
    int side = 224;         //!< the picture is resized to side x side; with bytes the largest side
    int quality = 75;       //!< 1..100; with bytes the highest that is tried
    double lossPercent = 0; //!< part of the fragments whose loss the codec's own parity is for
};

/** Both ends of a codec. */
struct CodecHalves
{
    std::shared_ptr<const ImageEncoder> encoder;
    std::shared_ptr<const ImageDecoder> decoder;
};

/** The largest side of a picture that codec.side_px may say. */
constexpr int MAX_CODEC_SIDE = 1024;

/** A codec: all that the rest of the project has to know of it. docs/extending.md adds one. */
struct CodecRow
{
    /** A stage of its encoder's work. */
    struct Stage
    {
        std::string name; //!< as the encoder reports it
        /** By device profile: the core's cycles for one operation. */
        std::map<std::string, double> cyclesPerOperation;
    };

    std::string name;              //!< codec.name of scenario files
    std::string family;            //!< in sentences, such as "JPEG" of both its kinds
    std::vector<std::string> keys; //!< of the section codec, of those that not all codecs heed
    int mostSide = MAX_CODEC_SIDE; //!< largest side of a picture, pixels
    std::vector<Stage> stages;     //!< those that are its own, whose cycles are known by the row
    /** Opens it. \throws Error when a setting is out of range. Null: OpenCodec() does (LimitNet).
     */
    CodecHalves (*open)(const RivalSettings& settings) = nullptr;
};

/** \return the codecs there are, LimitNet first */
const std::vector<CodecRow>& CodecTable();

/** \return their names */
std::vector<std::string> CodecNames();

/** \return those of LimitNet's rivals */
std::vector<std::string> RivalNames();

/** \return the names of those that heed a key, which is given without its section */
std::vector<std::string> CodecsThatHeed(const std::string& key);

/**
 * \param words one or more
 * \param last what stands before the last one, such as "or"
 * \return "a, b or c"
 */
std::string InWords(const std::vector<std::string>& words, const std::string& last);

} // namespace limitnet

#endif // LIMITNET_BASELINES_CODEC_TABLE_H
