// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_CODEC_TRAINING_RUN_TORCH_H
#define LIMITNET_TRAINING_CODEC_TRAINING_RUN_TORCH_H

#include "limitnet/training/codec-in-training-torch.h"
#include "limitnet/training/codec-trainer.h"
#include "limitnet/training/training-set-torch.h"
#include "limitnet/training/training-torch.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace limitnet::codec_training
{

using torch::Tensor;

/** A classifier of phase 3. */
struct Task
{
    std::string dataset; // whose classes it tells apart
    const TrainingSource* source = nullptr;
    /** Normalised Nx3x224x224 -> logits. */
    std::function<Tensor(const Tensor&)> forward;
    /** Writes what became of it; empty for one that cannot be trained and stays as it is. */
    std::function<void(const std::filesystem::path&)> write;
};

/** Everything that a run trains. */
struct RunModuleImpl : torch::nn::Module
{
    explicit RunModuleImpl(CodecInTraining trained)
        : codec(register_module("codec", std::move(trained)))
    {
    }

    CodecInTraining codec;
};

TORCH_MODULE(RunModule);

/** Which values of the latent reach the decoder in training. */
enum class Reception
{
    CHANNELS,   //!< those of the first channels
    IMPORTANCE, //!< the first ones of the importance order, with losses
    RANDOM,     //!< each by chance
};

/** A run of TrainCodec(). */
class Trainer
{
  public:
    Trainer(const TrainingSet& set, const CodecTrainingOptions& options)
        : m_options(options),
          m_device(DeviceOf(options.device)),
          m_precision(PrecisionOf(options.precision, m_device)),
          m_set(set.To(m_device)),
          m_module(CodecInTraining(NormalisedIn(options))),
          m_codec(m_module->codec),
          m_hasMasks(std::any_of(m_set.sources.begin(),
                                 m_set.sources.end(),
                                 [](const auto& s) { return s.masks.defined(); })),
          m_isRandom(options.randomSteps > 0)
    {
        if (!options.start.empty())
        {
            Start();
        }
        for (const auto& path : options.classifiers)
        {
            AddTask(path);
        }
        m_module->to(m_device);
        Check();
    }

    bool Run(std::ostream& progress, const std::atomic<bool>* stop);

  private:
    static Normalised NormalisedIn(const CodecTrainingOptions& options)
    {
        return !options.start.empty()  ? Normalised::NOTHING
               : options.mapSteps == 0 ? Normalised::SALIENCY_DECODER
                                       : Normalised::ENCODER_TOO;
    }

    void Start();
    void AddTask(const std::filesystem::path& path);
    void Check() const;

    Tensor OnDevice(const Tensor& drawn) const
    {
        return drawn.to(m_device);
    }

    /** `count` training pictures of all sources in equal shares: Nx3x224x224 in 0..1. */
    Tensor Draw(int64_t count) const;

    /** \return what is kept after phase 1 */
    Reception Late() const
    {
        return m_isRandom ? Reception::RANDOM : Reception::IMPORTANCE;
    }

    /** The latent as a receiver has it. */
    Tensor Received(const Tensor& latent, Reception reception);
    /** Which values that are: bool Nx12x28x28. */
    Tensor Kept(const Tensor& latent, Reception reception);

    /** What the saliency logits are multiplied with for the wanted contrast of the map. */
    double Gain() const;

    Tensor DecoderLoss(const Tensor& received, const Tensor& pictures, bool inLogarithm);
    Tensor SaliencyLoss(int64_t count);
    Tensor PlainLoss(int64_t count, Reception reception);
    Tensor RandomLoss(int64_t step);
    Tensor TaskLoss(const Task& task, int64_t count);
    Tensor StepLoss(int64_t step);
    std::vector<std::pair<std::string, double>> Validate();

    CodecTrainingOptions m_options;
    torch::Device m_device;
    torch::ScalarType m_precision;
    TrainingSet m_set;
    RunModule m_module;
    CodecInTraining m_codec;
    std::vector<Task> m_tasks;
    bool m_hasMasks; // of any picture
    bool m_isRandom; // values are lost by chance, and sent in no order
};

} // namespace limitnet::codec_training

#endif // LIMITNET_TRAINING_CODEC_TRAINING_RUN_TORCH_H
