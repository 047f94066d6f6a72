// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/reception.h"

#include "limitnet/codec/picture-resize.h"
#include "limitnet/evaluation/image-quality.h"

#include <algorithm>

namespace limitnet
{

std::vector<Bytes>
DistinctFragments(std::vector<Bytes> fragments)
{
    std::sort(fragments.begin(), fragments.end());
    fragments.erase(std::unique(fragments.begin(), fragments.end()), fragments.end());
    return fragments;
}

std::optional<ReceivedPicture>
Receive(const ImageDecoder& decoder, const std::vector<Bytes>& fragments, const Image* original)
{
    auto picture = decoder.Decode(fragments);
    if (!picture)
    {
        return std::nullopt;
    }
    ReceivedPicture received;
    received.picture = std::move(*picture);
    if (original != nullptr)
    {
        const auto shown = ResizePicture(received.picture, CAMERA_SIDE);
        const auto taken = ResizePicture(*original, CAMERA_SIDE);
        received.psnrDb = PsnrDb(shown, taken);
        received.ssim = Ssim(shown, taken);
    }
    return received;
}

} // namespace limitnet
