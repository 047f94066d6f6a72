// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_TRAINING_MADE_UP_SET_TORCH_H
#define LIMITNET_TESTS_TRAINING_MADE_UP_SET_TORCH_H

#include "limitnet/training/training-set-torch.h"

#include <torch/torch.h>

namespace limitnet
{

/** Small pictures of two classes, warm and cold colours, with noise. */
inline TrainingSource
MadeUpSmall(const std::string& name, int64_t count, int64_t trainCount)
{
    torch::manual_seed(11);
    TrainingSource source;
    source.name = name;
    source.classes = 2;
    source.trainCount = trainCount;
    source.labels = torch::arange(count) % 2;
    const auto warm = source.labels.view({-1, 1, 1}).to(torch::kFloat);
    auto pictures = torch::rand({count, 3, 32, 32}) * 60;
    pictures.select(1, 0).add_(warm * 150);
    pictures.select(1, 2).add_((1 - warm) * 150);
    source.pictures = pictures.to(torch::kByte);
    return source;
}

/** Large pictures of a bright square on a dark ground, which is what is salient. */
inline TrainingSource
MadeUpSalient(int64_t count, int64_t trainCount)
{
    torch::manual_seed(12);
    TrainingSource source;
    source.name = "squares";
    source.trainCount = trainCount;
    source.pictures = (torch::rand({count, 3, 224, 224}) * 40).to(torch::kByte);
    source.masks = torch::zeros({count, 1, 28, 28}, torch::kByte);
    for (int64_t i = 0; i < count; ++i)
    {
        const auto row = i % 4 * 5;
        const auto column = i / 4 % 4 * 5;
        source.masks[i].narrow(1, row, 8).narrow(2, column, 8).fill_(255);
        source.pictures[i].narrow(1, row * 8, 64).narrow(2, column * 8, 64).add_(180);
    }
    return source;
}

} // namespace limitnet

#endif // LIMITNET_TESTS_TRAINING_MADE_UP_SET_TORCH_H
