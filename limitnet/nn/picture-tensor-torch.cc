// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/picture-tensor-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/networks-torch.h"

#include <cstring>

namespace limitnet
{

namespace
{

torch::Tensor
Resize(const torch::Tensor& pixels)
{
    return ResizeAntialiased(pixels, PICTURE_SIZE, PICTURE_SIZE);
}

} // namespace

torch::Tensor
ResizeAntialiased(const torch::Tensor& x, int64_t height, int64_t width)
{
    // The scales follow from the sizes. ({} is no value in LibTorch 1.13's optional and in
    // today's.)
    return at::_upsample_bilinear2d_aa(x, {height, width}, false, {}, {});
}

torch::Tensor
PictureTensor(const Image& image)
{
    if (image.width <= 0 || image.height <= 0 ||
        image.rgb.size() != static_cast<size_t>(image.width) * image.height * 3)
    {
        throw Error("a picture without pixels cannot be encoded");
    }
    const auto rows = torch::from_blob(const_cast<uint8_t*>(image.rgb.data()),
                                       {1, image.height, image.width, 3},
                                       torch::kUInt8)
                          .permute({0, 3, 1, 2});
    if (image.width == PICTURE_SIZE && image.height == PICTURE_SIZE)
    {
        return rows.contiguous();
    }
    // Rounded to bytes after the resize: the codec's input is a picture of bytes, as a camera's is.
    return Resize(rows.to(torch::kFloat).contiguous()).round().clamp(0, 255).to(torch::kUInt8);
}

Image
TensorPicture(const torch::Tensor& pixels)
{
    const auto planes = pixels.dim() == 4 ? pixels.squeeze(0) : pixels;
    const auto bytes =
        (planes * 255).round().clamp(0, 255).to(torch::kUInt8).permute({1, 2, 0}).contiguous();
    Image image;
    image.height = static_cast<int>(bytes.size(0));
    image.width = static_cast<int>(bytes.size(1));
    image.rgb.assign(bytes.data_ptr<uint8_t>(), bytes.data_ptr<uint8_t>() + bytes.numel());
    return image;
}

torch::Tensor
EnlargeToPicture(const torch::Tensor& small)
{
    return Resize(small.to(torch::kFloat)).round().clamp(0, 255) / 255;
}

} // namespace limitnet
