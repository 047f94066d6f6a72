// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/calibration-torch.h"

#include "limitnet/codec/latent.h"
#include "limitnet/codec/table-calibration.h"

#include <algorithm>

namespace limitnet
{

namespace
{

constexpr int64_t BATCH = 50;
constexpr int64_t REPORT_EVERY = 1000;

} // namespace

CalibrationSample
SampleCodec(const CodecModel::Networks& networks,
            int64_t count,
            const CalibrationPictures& pictures,
            std::ostream& progress)
{
    const torch::NoGradGuard noGrad;
    CalibrationSample sample;
    sample.latents = torch::empty({count, LATENT_CHANNELS, LATENT_HEIGHT, LATENT_WIDTH});
    sample.maps.reserve(static_cast<size_t>(count));
    for (int64_t done = 0; done < count;)
    {
        const auto number = std::min(BATCH, count - done);
        const auto latents = networks.net->encoder(Normalise(pictures(done, number)));
        sample.latents.narrow(0, done, number).copy_(latents);
        const auto saliency = networks.Saliency(latents).contiguous();
        for (int64_t i = 0; i < number; ++i)
        {
            sample.maps.push_back(
                QuantiseSaliency(saliency.data_ptr<float>() + i * int64_t{LATENT_CELLS}));
        }
        done += number;
        if (done % REPORT_EVERY == 0 && done < count)
        {
            progress << done << '/' << count << " pictures\n" << std::flush;
        }
    }
    return sample;
}

std::array<double, LATENT_CHANNELS>
DecoderSensitivity(const CodecModel::Networks& networks, const torch::Tensor& latents)
{
    const torch::NoGradGuard noGrad;
    constexpr int64_t most = 16;
    const auto count = std::min(most, latents.size(0));
    const auto ranges = latents.amax({0, 2, 3}) - latents.amin({0, 2, 3});
    std::array<double, LATENT_CHANNELS> disturbance{};
    std::array<double, LATENT_CHANNELS> sensitivity{};
    for (int64_t i = 0; i < count; ++i)
    {
        const auto latent = latents.narrow(0, i * latents.size(0) / count, 1);
        const auto picture = networks.net->decoder(latent);
        for (int c = 0; c < LATENT_CHANNELS; ++c)
        {
            // twice the published step, 8 levels of 256
            const double step = ranges[c].item<double>() * 8 / 255;
            if (step == 0)
            {
                continue;
            }
            auto rounded = latent.clone();
            const auto channel = rounded.narrow(1, c, 1);
            channel.copy_(torch::round(channel / step) * step);
            disturbance[c] += (rounded - latent).square().sum().item<double>();
            sensitivity[c] +=
                (networks.net->decoder(rounded) - picture).square().sum().item<double>();
        }
    }
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        sensitivity[c] = disturbance[c] > 0 ? sensitivity[c] / disturbance[c] : 0;
    }
    return sensitivity;
}

CodecTables
CalibrateTables(const CodecModel::Networks& networks,
                int64_t count,
                const CalibrationPictures& pictures,
                std::ostream& progress)
{
    const auto sample = SampleCodec(networks, count, pictures, progress);
    CalibrationData data;
    data.latents = sample.latents.data_ptr<float>();
    data.maps = sample.maps.data();
    data.images = sample.maps.size();
    data.sensitivity = DecoderSensitivity(networks, sample.latents);
    return CalibrateTables(data);
}

} // namespace limitnet
