// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/image-quality.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace limitnet
{

namespace
{

constexpr int WINDOW = 11;

/** Numbers in rows. */
struct Plane
{
    int width;
    int height;
    std::vector<double> values;

    double At(int x, int y) const
    {
        return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x)];
    }
};

void
CheckSameSize(const Image& a, const Image& b, const char* what)
{
    if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size() || a.rgb.empty())
    {
        throw Error(std::string(what) + " needs two pictures of the same size");
    }
}

Plane
Luma(const Image& image)
{
    Plane plane{image.width, image.height, {}};
    plane.values.reserve(image.rgb.size() / 3);
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
    {
        plane.values.push_back(0.299 * image.rgb[i] + 0.587 * image.rgb[i + 1] +
                               0.114 * image.rgb[i + 2]);
    }
    return plane;
}

/** \return the product of two planes, value by value. */
Plane
Product(const Plane& a, const Plane& b)
{
    Plane product = a;
    for (std::size_t i = 0; i < product.values.size(); ++i)
    {
        product.values[i] *= b.values[i];
    }
    return product;
}

std::array<double, WINDOW>
Gaussian()
{
    std::array<double, WINDOW> weights{};
    double sum = 0;
    for (int i = 0; i < WINDOW; ++i)
    {
        const double d = (i - WINDOW / 2) / 1.5;
        weights[i] = std::exp(-d * d / 2);
        sum += weights[i];
    }
    for (double& weight : weights)
    {
        weight /= sum;
    }
    return weights;
}

/** Weighted mean under the window wherever it lies whole in the plane: 10 rows and columns less. */
Plane
Blur(const Plane& in)
{
    // The window is the product of a row and a column, so one follows the other.
    static const auto WEIGHTS = Gaussian();
    Plane rows{in.width - WINDOW + 1, in.height, {}};
    rows.values.reserve(in.values.size());
    for (int y = 0; y < rows.height; ++y)
    {
        for (int x = 0; x < rows.width; ++x)
        {
            double sum = 0;
            for (int k = 0; k < WINDOW; ++k)
            {
                sum += WEIGHTS[k] * in.At(x + k, y);
            }
            rows.values.push_back(sum);
        }
    }
    Plane out{rows.width, in.height - WINDOW + 1, {}};
    out.values.reserve(rows.values.size());
    for (int y = 0; y < out.height; ++y)
    {
        for (int x = 0; x < out.width; ++x)
        {
            double sum = 0;
            for (int k = 0; k < WINDOW; ++k)
            {
                sum += WEIGHTS[k] * rows.At(x, y + k);
            }
            out.values.push_back(sum);
        }
    }
    return out;
}

} // namespace

double
PsnrDb(const Image& a, const Image& b)
{
    CheckSameSize(a, b, "PSNR");
    uint64_t sum = 0;
    for (size_t i = 0; i < a.rgb.size(); ++i)
    {
        const int difference = int{a.rgb[i]} - int{b.rgb[i]};
        sum += static_cast<uint64_t>(difference * difference);
    }
    if (sum == 0)
    {
        return MAX_PSNR_DB;
    }
    const auto mse = static_cast<double>(sum) / static_cast<double>(a.rgb.size());
    return std::min(10 * std::log10(255.0 * 255.0 / mse), MAX_PSNR_DB);
}

double
Ssim(const Image& a, const Image& b)
{
    CheckSameSize(a, b, "SSIM");
    if (a.width < WINDOW || a.height < WINDOW)
    {
        throw Error("SSIM needs pictures of at least 11x11 pixels");
    }
    constexpr double C1 = (0.01 * 255) * (0.01 * 255);
    constexpr double C2 = (0.03 * 255) * (0.03 * 255);
    const Plane x = Luma(a);
    const Plane y = Luma(b);
    const Plane meanX = Blur(x);
    const Plane meanY = Blur(y);
    const Plane meanXx = Blur(Product(x, x));
    const Plane meanYy = Blur(Product(y, y));
    const Plane meanXy = Blur(Product(x, y));
    double sum = 0;
    for (std::size_t i = 0; i < meanX.values.size(); ++i)
    {
        const double mx = meanX.values[i];
        const double my = meanY.values[i];
        const double varianceX = meanXx.values[i] - mx * mx;
        const double varianceY = meanYy.values[i] - my * my;
        const double covariance = meanXy.values[i] - mx * my;
        sum += (2 * mx * my + C1) * (2 * covariance + C2) /
               ((mx * mx + my * my + C1) * (varianceX + varianceY + C2));
    }
    return sum / static_cast<double>(meanX.values.size());
}

} // namespace limitnet
