// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/pickle-tensor-torch.h"

#include "limitnet/codec/error.h"

namespace limitnet
{

namespace
{

torch::ScalarType
TorchType(ElementType type)
{
    switch (type)
    {
    case ElementType::FLOAT16:
        return torch::kHalf;
    case ElementType::BFLOAT16:
        return torch::kBFloat16;
    case ElementType::FLOAT32:
        return torch::kFloat;
    case ElementType::FLOAT64:
        return torch::kDouble;
    case ElementType::UINT8:
        return torch::kUInt8;
    case ElementType::INT8:
        return torch::kInt8;
    case ElementType::INT16:
        return torch::kInt16;
    case ElementType::INT32:
        return torch::kInt32;
    case ElementType::INT64:
        return torch::kInt64;
    case ElementType::OTHER:
        break;
    }
    throw Error("has values of a type that is not supported");
}

} // namespace

torch::Tensor
TensorView(const PickleTensor& parts, const torch::Tensor& bytes)
{
    const auto type = TorchType(parts.storage->elementType);
    const auto elementSize = static_cast<int64_t>(ElementSize(parts.storage->elementType));
    const auto elements = parts.storage->integer;
    constexpr size_t MOST_DIMENSIONS = 16;
    if (parts.size.size() > MOST_DIMENSIONS)
    {
        throw Error("has too many dimensions");
    }
    // All quantities stay within `elements`, which is checked against the bytes: no overflow.
    int64_t count = 1;
    int64_t last = parts.offset;
    bool isInside = elements <= bytes.numel() / elementSize && parts.offset <= elements;
    for (size_t d = 0; d < parts.size.size(); ++d)
    {
        const auto size = parts.size[d];
        const auto stride = parts.stride[d];
        if (size == 0)
        {
            throw Error("is empty");
        }
        isInside = isInside && size <= elements / count;
        if (!isInside)
        {
            break;
        }
        count *= size;
        if (size > 1)
        {
            isInside = stride <= (elements - last) / (size - 1);
            last += isInside ? stride * (size - 1) : 0;
        }
        isInside = isInside && last <= elements;
    }
    // An expanded tensor (stride 0) may be larger than its storage; no network has one.
    if (!isInside || last >= elements)
    {
        throw Error("reaches beyond its storage");
    }
    return bytes.narrow(0, 0, elements * elementSize)
        .view(type)
        .as_strided(parts.size, parts.stride, parts.offset);
}

} // namespace limitnet
