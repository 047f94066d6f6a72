// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_TRAINING_TORCH_H
#define LIMITNET_TRAINING_TRAINING_TORCH_H

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <torch/torch.h>
#include <utility>
#include <vector>

namespace limitnet
{

/**
 * \param name "cpu", "cuda" or "cuda:1"
 * \return the device
 * \throws Error when there is no such device here
 */
torch::Device DeviceOf(const std::string& name);

/**
 * \param name "float32", "bfloat16", or "auto": bfloat16 where the device multiplies it faster
 * \param device where it is computed
 * \return the type to compute convolutions in
 * \throws Error on another name
 */
torch::ScalarType PrecisionOf(const std::string& name, torch::Device device);

/**
 * What a run that begins with a file can be continued with: the file's name and a checksum, so that
 * another file of that name is not taken for it.
 *
 * \param path a file; empty: none
 * \throws Error naming the file when it cannot be read
 */
std::string FileSignature(const std::filesystem::path& path);

/**
 * What the trainers share: the schedule, saving and resuming, the log.
 *
 * Each step reseeds LibTorch from (seed, step), so a resumed run draws what an unbroken one would
 * and ends with the same weights, bit for bit, on the same machine and as many cores.
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
        /** Asks to stop after the step at hand, by being true; null: never. */
        const std::atomic<bool>* stop = nullptr;
    };

    /** \param step number of the step \return its loss, not yet differentiated */
    using Loss = std::function<torch::Tensor(int64_t step)>;
    /** \return names and values to log beside the loss; the same names in the same order always */
    using Validation = std::function<std::vector<std::pair<std::string, double>>()>;

    /**
     * \param module its parameters are trained
     * \param optimizer the optimiser of those parameters
     * \param options see there
     * \param loss the forward pass of a step
     * \param validation called at each report
     * \param afterStep called after each optimiser step (averaging)
     * \param progress lines with loss, validation and time left
     * \return whether all steps are done; false after a stop, when the same call goes on
     */
    static bool Run(torch::nn::Module& module,
                    torch::optim::Optimizer& optimizer,
                    const Options& options,
                    const Loss& loss,
                    const Validation& validation,
                    const std::function<void(int64_t)>& afterStep,
                    std::ostream& progress);

    /**
     * What Run() checks first, for trainers that write something or take long before.
     *
     * \param options output and signature are looked at
     * \throws Error when another run left a state there
     */
    static void CheckState(const Options& options);

    /**
     * Seed all draws of a step; for trainers that draw something by epoch.
     *
     * \param seed the run's \param step the step's number
     */
    static void Seed(uint64_t seed, int64_t step);
};

/**
 * The pictures of each step of a classifier's training: all of them once in an epoch, in another
 * order each time. The order is a function of seed and epoch alone, so a resumed run sees the same.
 */
class EpochOrder
{
  public:
    /** \param pictures how many there are \param batch of a step \param seed the run's */
    EpochOrder(int64_t pictures, int64_t batch, uint64_t seed)
        : m_pictures(pictures),
          m_batch(batch),
          m_seed(seed)
    {
    }

    /** \return steps of an epoch; what does not fill a batch is left out */
    int64_t StepsPerEpoch() const
    {
        return m_pictures / m_batch;
    }

    /** \param step the step's number \return int64 batch, which pictures */
    torch::Tensor At(int64_t step);

  private:
    int64_t m_pictures;
    int64_t m_batch;
    uint64_t m_seed;
    torch::Tensor m_order;
    int64_t m_epoch = -1;
};

/**
 * A network that learns, and the moving average of its weights, which is what is kept.
 */
template <typename Net>
struct AveragedImpl : torch::nn::Module
{
    /** \param arguments of the network's constructor */
    template <typename... Arguments>
    explicit AveragedImpl(const Arguments&... arguments)
        : net(register_module("net", Net(arguments...))),
          average(register_module("average", Net(arguments...)))
    {
        MoveAverage(1.0);
        for (auto& p : average->parameters())
        {
            p.set_requires_grad(false);
        }
    }

    /** average += share * (net - average), statistics of normalisations included. */
    void MoveAverage(double share)
    {
        const torch::NoGradGuard noGrad;
        const auto move = [share](const auto& from, const auto& to) {
            for (size_t i = 0; i < to.size(); ++i)
            {
                auto target = to[i];
                if (target.is_floating_point())
                {
                    target.lerp_(from[i], share);
                }
                else
                {
                    target.copy_(from[i]);
                }
            }
        };
        move(net->parameters(), average->parameters());
        move(net->buffers(), average->buffers());
    }

    /**
     * The share for a step: a short memory at first, a part of an epoch in the end.
     *
     * \param step the step's number \param longest memory, in steps
     */
    static double ShareAt(int64_t step, double longest)
    {
        return 1 / std::min(static_cast<double>(step) / 4 + 1, longest);
    }

    Net net;
    Net average;
};

} // namespace limitnet

#endif // LIMITNET_TRAINING_TRAINING_TORCH_H
