// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/training-set-torch.h"

#include <ATen/Parallel.h>
#include <cstring>
#include <exception>
#include <mutex>

namespace limitnet
{

namespace
{

TrainingSource
FromCifar(const std::string& name, const TrainingSetOptions& options)
{
    const auto dataset = CifarDataset::Open(name, Split::TRAIN, options.dataDir);
    const auto count = static_cast<int64_t>(dataset->Size());
    TrainingSource source;
    source.name = name;
    source.classes = dataset->ClassCount();
    source.trainCount = count - options.holdOutPictures;
    if (options.holdOutPictures < 0 || source.trainCount < 1)
    {
        throw Error(Text("--hold-out-pictures=",
                         options.holdOutPictures,
                         ": has to be 0 to ",
                         count - 1,
                         ", since ",
                         name,
                         " has ",
                         count,
                         " training pictures"));
    }
    source.pictures =
        torch::empty({count, 3, CifarDataset::SIDE, CifarDataset::SIDE}, torch::kByte);
    source.labels = torch::empty({count}, torch::kLong);
    for (int64_t i = 0; i < count; ++i)
    {
        std::memcpy(source.pictures.data_ptr<uint8_t>() + i * CifarDataset::PLANAR_BYTES,
                    dataset->Planar(i),
                    CifarDataset::PLANAR_BYTES);
        source.labels.data_ptr<int64_t>()[i] = dataset->Label(i);
    }
    return source;
}

/** The picture's mask as the network sees it: brought to 224x224, then averaged over 8x8. */
torch::Tensor
MaskTensor(const Image& mask)
{
    const auto large = PictureTensor(mask).narrow(1, 0, 1).to(torch::kFloat);
    return torch::avg_pool2d(large, 8).round().to(torch::kByte);
}

TrainingSource
FromFolder(const std::string& name, const TrainingSetOptions& options)
{
    const auto opened = OpenDataset(name, Split::TRAIN, options.dataDir);
    const auto* folder = dynamic_cast<const ImageFolder*>(opened.get());
    if (folder == nullptr)
    {
        throw Error(Text("data set ", name, " is no folder of pictures"));
    }
    std::vector<size_t> training;
    std::vector<size_t> heldOut;
    size_t masked = 0;
    const auto all = folder->Size();
    const auto count =
        options.mostOfFolder > 0 ? std::min(all, static_cast<size_t>(options.mostOfFolder)) : all;
    for (size_t i = 0; i < count; ++i)
    {
        const auto index = i * all / count;
        masked += folder->HasMask(index) ? 1 : 0;
        (IsHeldOut(index, options.holdOutPercent) ? heldOut : training).push_back(index);
    }
    if (masked != 0 && masked != count)
    {
        throw Error(Text("data set ",
                         name,
                         ": has masks for ",
                         masked,
                         " of its ",
                         count,
                         " pictures; either all have one in mask/, or none"));
    }
    if (training.empty())
    {
        throw Error(Text("data set ",
                         name,
                         ": --hold-out=",
                         options.holdOutPercent,
                         " leaves none "
                         "of its ",
                         count,
                         " pictures to train on"));
    }
    TrainingSource source;
    source.name = std::filesystem::path(folder->Name()).stem().string();
    source.trainCount = static_cast<int64_t>(training.size());
    source.classes = folder->ClassCount();
    training.insert(training.end(), heldOut.begin(), heldOut.end());
    const auto n = static_cast<int64_t>(training.size());
    source.pictures = torch::empty({n, 3, PICTURE_SIZE, PICTURE_SIZE}, torch::kByte);
    if (masked > 0)
    {
        source.masks = torch::empty({n, 1, PICTURE_SIZE / 8, PICTURE_SIZE / 8}, torch::kByte);
    }
    if (source.classes > 0)
    {
        source.labels = torch::empty({n}, torch::kLong);
    }
    std::exception_ptr failure;
    std::mutex failureMutex;
    at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
        const torch::NoGradGuard noGrad;
        for (int64_t i = begin; i < end; ++i)
        {
            try
            {
                const auto index = training[static_cast<size_t>(i)];
                source.pictures.narrow(0, i, 1).copy_(PictureTensor(folder->At(index)));
                if (source.masks.defined())
                {
                    source.masks.narrow(0, i, 1).copy_(MaskTensor(folder->Mask(index)));
                }
                if (source.labels.defined())
                {
                    source.labels.data_ptr<int64_t>()[i] = folder->Label(index);
                }
            }
            catch (...)
            {
                const std::lock_guard lock(failureMutex);
                failure = std::current_exception();
            }
        }
    });
    if (failure)
    {
        std::rethrow_exception(failure);
    }
    return source;
}

} // namespace

std::shared_ptr<const TrainingSet>
LoadTrainingSet(const TrainingSetOptions& options, std::ostream& progress)
{
    if (options.datasets.empty())
    {
        throw Error("no training pictures: name sets with --dataset, such as cifar100 or the path "
                    "of a folder, or a packed file with --pack");
    }
    if (options.holdOutPercent < 0 || options.holdOutPercent > 100 || options.mostOfFolder < 0)
    {
        throw Error("--hold-out has to be 0 to 100 percent, and --most 0 or more");
    }
    UseAllCores();
    auto set = std::make_shared<TrainingSet>();
    for (const auto& dataset : options.datasets)
    {
        const auto name = DatasetOnDisk(dataset, options.dataDir);
        auto source =
            CifarDataset::Knows(name) ? FromCifar(name, options) : FromFolder(name, options);
        if (set->Find(source.name) != nullptr)
        {
            throw Error(
                Text("--dataset=", dataset, ": there is a set called ", source.name, " already"));
        }
        set->sources.push_back(std::move(source));
    }
    set->Describe(progress);
    return set;
}

} // namespace limitnet
