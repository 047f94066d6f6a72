// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/training-torch.h"

#include "limitnet/codec/error.h"

#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace limitnet
{

namespace
{

using Clock = std::chrono::steady_clock;

double
SecondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/** Linear rise, then half a cosine down to the last rate. */
double
RateAt(const TrainingLoop::Options& options, int64_t step)
{
    const auto warmUp = std::max(1.0, options.warmUpFraction * static_cast<double>(options.steps));
    const auto now = static_cast<double>(step);
    if (now < warmUp)
    {
        return options.learningRate * (now + 1) / warmUp;
    }
    const auto fraction = (now - warmUp) / std::max(1.0, options.steps - warmUp);
    const auto last = options.learningRate * options.lastRateFraction;
    return last + (options.learningRate - last) * 0.5 * (1 + std::cos(M_PI * fraction));
}

void
SetRate(torch::optim::Optimizer& optimizer, double rate)
{
    for (auto& group : optimizer.param_groups())
    {
        group.options().set_lr(rate);
    }
}

void
SaveState(const torch::nn::Module& module,
          const torch::optim::Optimizer& optimizer,
          int64_t step,
          const std::string& signature,
          const std::filesystem::path& path)
{
    torch::serialize::OutputArchive archive;
    torch::serialize::OutputArchive modules;
    torch::serialize::OutputArchive optimizers;
    module.save(modules);
    optimizer.save(optimizers);
    archive.write("module", modules);
    archive.write("optimizer", optimizers);
    archive.write("step", c10::IValue(step));
    archive.write("signature", c10::IValue(signature));
    auto temporary = path;
    temporary += ".tmp";
    archive.save_to(temporary.string());
    std::filesystem::rename(temporary, path);
}

/** \return the step to go on with; 0 when there is nothing to continue */
int64_t
LoadState(torch::nn::Module& module,
          torch::optim::Optimizer& optimizer,
          const std::string& signature,
          const std::filesystem::path& path)
{
    if (!std::filesystem::exists(path))
    {
        return 0;
    }
    try
    {
        torch::serialize::InputArchive archive;
        archive.load_from(path.string());
        c10::IValue value;
        archive.read("signature", value);
        if (value.toStringRef() != signature)
        {
            throw Error(fmt::format("{}: was left by a run with other options; remove it to start "
                                    "anew, or repeat that run's options to continue it",
                                    path.string()));
        }
        torch::serialize::InputArchive modules;
        torch::serialize::InputArchive optimizers;
        archive.read("module", modules);
        archive.read("optimizer", optimizers);
        module.load(modules);
        optimizer.load(optimizers);
        archive.read("step", value);
        return value.toInt();
    }
    catch (const c10::Error&)
    {
        throw Error(fmt::format("{}: is no readable training state; remove it", path.string()));
    }
}

} // namespace

std::pair<torch::Tensor, torch::Tensor>
CifarTensors(const CifarDataset& dataset)
{
    const auto count = static_cast<int64_t>(dataset.Size());
    auto pictures = torch::empty({count, 3, 32, 32}, torch::kUInt8);
    auto labels = torch::empty({count}, torch::kLong);
    for (int64_t i = 0; i < count; ++i)
    {
        std::memcpy(pictures.data_ptr<uint8_t>() + i * 3072, dataset.Planar(i), 3072);
        labels.data_ptr<int64_t>()[i] = dataset.Label(i);
    }
    return {pictures, labels};
}

void
TrainingLoop::Run(torch::nn::Module& module,
                  torch::optim::Optimizer& optimizer,
                  const Options& options,
                  const Loss& loss,
                  const Validation& validation,
                  const std::function<void(int64_t)>& afterStep,
                  std::ostream& progress)
{
    auto statePath = options.output;
    statePath += ".state";
    auto logPath = options.output;
    logPath += ".csv";
    const auto first = LoadState(module, optimizer, options.signature, statePath);
    if (first > 0)
    {
        progress << fmt::format("continuing after step {}\n", first) << std::flush;
    }
    std::ofstream log(logPath, first > 0 ? std::ios::app : std::ios::trunc);
    if (!log)
    {
        throw Error(fmt::format("{}: cannot be written", logPath.string()));
    }
    bool headerWritten = first > 0;

    const auto start = Clock::now();
    auto lastSave = start;
    torch::Tensor sum = torch::zeros({});
    int64_t summed = 0;
    for (int64_t step = first; step < options.steps; ++step)
    {
        torch::manual_seed(options.seed * 1000003 + static_cast<uint64_t>(step));
        SetRate(optimizer, RateAt(options, step));
        module.train();
        optimizer.zero_grad();
        auto value = loss(step);
        value.backward();
        torch::nn::utils::clip_grad_norm_(module.parameters(), 5.0);
        optimizer.step();
        afterStep(step);
        sum += value.detach().cpu();
        ++summed;

        const bool last = step + 1 == options.steps;
        if ((step + 1) % options.reportEvery == 0 || last)
        {
            module.eval();
            const auto meanLoss = sum.item<double>() / static_cast<double>(summed);
            const auto values = validation();
            if (!headerWritten)
            {
                log << "step,loss";
                for (const auto& [name, unused] : values)
                {
                    log << ',' << name;
                }
                log << '\n';
                headerWritten = true;
            }
            log << step + 1 << ',' << fmt::format("{:.6f}", meanLoss);
            auto line = fmt::format("step {}/{} loss {:.5f}", step + 1, options.steps, meanLoss);
            for (const auto& [name, v] : values)
            {
                log << ',' << fmt::format("{:.4f}", v);
                line += fmt::format(" {} {:.2f}", name, v);
            }
            log << std::endl;
            const auto left = SecondsSince(start) / static_cast<double>(step + 1 - first) *
                              static_cast<double>(options.steps - step - 1);
            progress << line << fmt::format(" | {:.0f} min left\n", left / 60) << std::flush;
            sum.zero_();
            summed = 0;
        }
        if (SecondsSince(lastSave) > 45 && !last)
        {
            SaveState(module, optimizer, step + 1, options.signature, statePath);
            lastSave = Clock::now();
        }
    }
    SaveState(module, optimizer, options.steps, options.signature, statePath);
}

} // namespace limitnet
