// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/picture-resize.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>

namespace limitnet
{

namespace
{

/// Input samples and weights of one output sample.
struct Taps
{
    int first = 0;
    std::vector<uint64_t> weights;
    uint64_t total = 0;
};

/// The weights of an axis as whole numbers: those of the header times 2 max(n, side), less what all
/// have in common.
std::vector<Taps>
TapsOf(int64_t n, int64_t side)
{
    std::vector<Taps> all(static_cast<size_t>(side));
    const int64_t width = 2 * std::max(n, side);
    uint64_t common = 0;
    for (int64_t i = 0; i < side; ++i)
    {
        Taps& taps = all[static_cast<size_t>(i)];
        // distance of sample j from the centre, times 2 side
        const auto distance = [&](int64_t j) { return 2 * side * j + side - n * (2 * i + 1); };
        // the first j with distance > -width
        int64_t j = std::max<int64_t>(0, (n * (2 * i + 1) - side - width) / (2 * side));
        while (distance(j) <= -width)
        {
            ++j;
        }
        taps.first = static_cast<int>(j);
        for (; j < n && distance(j) < width; ++j)
        {
            const auto weight = static_cast<uint64_t>(width - std::abs(distance(j)));
            taps.weights.push_back(weight);
            common = std::gcd(common, weight);
        }
    }
    for (Taps& taps : all)
    {
        for (uint64_t& weight : taps.weights)
        {
            weight /= common;
            taps.total += weight;
        }
    }
    return all;
}

} // namespace

Image
ResizePicture(const Image& image, int side)
{
    if (image.width <= 0 || image.height <= 0 ||
        image.rgb.size() != static_cast<size_t>(image.width) * image.height * 3)
    {
        throw Error("a picture without pixels cannot be encoded");
    }
    if (image.width > MAX_RESIZE_SIDE || image.height > MAX_RESIZE_SIDE)
    {
        throw Error("a picture of " + std::to_string(image.width) + " x " +
                    std::to_string(image.height) + " pixels is too large; at most " +
                    std::to_string(MAX_RESIZE_SIDE) + " on a side are possible");
    }
    if (image.width == side && image.height == side)
    {
        return image;
    }
    const auto columns = TapsOf(image.width, side);
    const auto rows = TapsOf(image.height, side);
    const auto rowSamples = static_cast<size_t>(side) * 3;
    std::vector<uint64_t> narrow(rowSamples * image.height);
    for (int y = 0; y < image.height; ++y)
    {
        const uint8_t* from = image.rgb.data() + static_cast<size_t>(y) * image.width * 3;
        uint64_t* to = narrow.data() + rowSamples * y;
        for (const Taps& taps : columns)
        {
            uint64_t sum[3] = {0, 0, 0};
            const uint8_t* pixel = from + static_cast<size_t>(taps.first) * 3;
            for (const uint64_t weight : taps.weights)
            {
                for (uint64_t& s : sum)
                {
                    s += weight * *pixel++;
                }
            }
            to = std::copy(sum, sum + 3, to);
        }
    }
    Image result{side, side, std::vector<uint8_t>(rowSamples * side)};
    std::vector<uint64_t> sums(rowSamples);
    for (int y = 0; y < side; ++y)
    {
        const Taps& taps = rows[y];
        std::fill(sums.begin(), sums.end(), 0);
        for (size_t t = 0; t < taps.weights.size(); ++t)
        {
            const uint64_t weight = taps.weights[t];
            const uint64_t* from = narrow.data() + rowSamples * (taps.first + t);
            for (size_t i = 0; i < rowSamples; ++i)
            {
                sums[i] += weight * from[i];
            }
        }
        uint8_t* to = result.rgb.data() + rowSamples * y;
        for (size_t i = 0; i < rowSamples; ++i)
        {
            const uint64_t total = taps.total * columns[i / 3].total;
            const uint64_t whole = sums[i] / total;
            const uint64_t rest = 2 * (sums[i] - whole * total);
            const bool up = rest > total || (rest == total && whole % 2 == 1);
            to[i] = static_cast<uint8_t>(whole + (up ? 1 : 0));
        }
    }
    return result;
}

} // namespace limitnet
