// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_TRAINING_TORCH_H
#define LIMITNET_TRAINING_TRAINING_TORCH_H

#include "limitnet/data/cifar-dataset.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>
#include <torch/torch.h>
#include <utility>
#include <vector>

namespace limitnet
{

/** All pictures of a CIFAR set as one tensor. \return uint8 Nx3x32x32 and int64 N labels */
std::pair<torch::Tensor, torch::Tensor> CifarTensors(const CifarDataset& dataset);

/**
 * What the trainers share: the schedule, saving and resuming, the log.
 *
 * Each step reseeds LibTorch from (seed, step), so a resumed run draws what an unbroken one would.
 */
class TrainingLoop
{
  public:
    struct Options
    {
        std::filesystem::path output;   //!< the model file; the state is `<output>.state`
        int64_t steps = 0;              //!< steps in all
        double learningRate = 0;        //!< the highest
        double warmUpFraction = 0.05;   //!< of the steps, with a rising rate
        double lastRateFraction = 0.01; //!< of the highest rate, at the end of the cosine
        int64_t reportEvery = 100;      //!< steps between lines in the log
        uint64_t seed = 1;
        std::string signature; //!< a saved state with another signature is not continued
    };

    /** \param step number of the step \return its loss, not yet differentiated */
    using Loss = std::function<torch::Tensor(int64_t step)>;
    /** \return names and values to log beside the loss */
    using Validation = std::function<std::vector<std::pair<std::string, double>>()>;

    /**
     * \param module its parameters are trained
     * \param optimizer the optimiser of those parameters
     * \param options see there
     * \param loss the forward pass of a step
     * \param validation called at each report
     * \param afterStep called after each optimiser step (averaging)
     * \param progress lines with loss, validation and time left
     */
    static void Run(torch::nn::Module& module,
                    torch::optim::Optimizer& optimizer,
                    const Options& options,
                    const Loss& loss,
                    const Validation& validation,
                    const std::function<void(int64_t)>& afterStep,
                    std::ostream& progress);
};

} // namespace limitnet

#endif // LIMITNET_TRAINING_TRAINING_TORCH_H
