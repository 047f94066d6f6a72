// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_RECEPTION_H
#define LIMITNET_EVALUATION_RECEPTION_H

#include "limitnet/codec/image-codec.h"

#include <optional>
#include <vector>

namespace limitnet
{

/** A picture as the cloud has it. */
struct ReceivedPicture
{
    Image picture;                //!< of the size that the decoder gives
    std::optional<double> psnrDb; //!< see PsnrDb(), at CAMERA_SIDE; only with the camera's picture
    std::optional<double> ssim;   //!< see Ssim(); likewise
};

/** Columns and rows at which what arrived is compared with the camera's picture. */
constexpr int CAMERA_SIDE = 224;

/**
 * \param fragments in any order, some perhaps several times
 * \return each once, in an order that does not depend on theirs: what a prediction is a function of
 */
std::vector<Bytes> DistinctFragments(std::vector<Bytes> fragments);

/**
 * What the cloud decodes, in a simulation as without a network.
 *
 * \param decoder a codec's cloud half
 * \param fragments DistinctFragments()
 * \param original the camera's picture, to compare with; may be null
 * \return the picture; nothing when the fragments make none
 */
std::optional<ReceivedPicture> Receive(const ImageDecoder& decoder,
                                       const std::vector<Bytes>& fragments,
                                       const Image* original);

} // namespace limitnet

#endif // LIMITNET_EVALUATION_RECEPTION_H
