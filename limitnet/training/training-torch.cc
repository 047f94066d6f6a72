// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/training-torch.h"

#include "limitnet/codec/codec-tables.h"
#include "limitnet/codec/error.h"
#include "limitnet/nn/text.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>

namespace limitnet
{

namespace
{

using Clock = std::chrono::steady_clock;

/** Seconds between two states on disk: what a kill can cost at most, and the time of a step. */
constexpr double SAVE_EVERY_S = 30;

double
SecondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/** Linear rise, then half a cosine down to the last rate. */
double
RateAt(const TrainingLoop::Options& options, int64_t step)
{
    const auto steps = static_cast<double>(options.steps);
    const auto warmUp = std::max(1.0, options.warmUpFraction * steps);
    const auto now = static_cast<double>(step);
    if (now < warmUp)
    {
        return options.learningRate * (now + 1) / warmUp;
    }
    const auto fraction = (now - warmUp) / std::max(1.0, steps - warmUp);
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

/** Where a run stands, beside its weights. */
struct Position
{
    int64_t step = 0;      // steps done
    double lossSum = 0;    // since the last line of the log
    int64_t lossCount = 0; // likewise
};

void
SaveState(const torch::nn::Module& module,
          const torch::optim::Optimizer& optimizer,
          const Position& position,
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
    archive.write("step", c10::IValue(position.step));
    archive.write("loss_sum", c10::IValue(position.lossSum));
    archive.write("loss_count", c10::IValue(position.lossCount));
    archive.write("signature", c10::IValue(signature));
    auto temporary = path;
    temporary += ".tmp";
    try
    {
        archive.save_to(temporary.string());
    }
    catch (const c10::Error&)
    {
        throw Error(Text(path.string(), ": cannot be written: is the disk full?"));
    }
    std::filesystem::rename(temporary, path);
}

std::filesystem::path
StatePath(const TrainingLoop::Options& options)
{
    auto path = options.output;
    path += ".state";
    return path;
}

Error
Unreadable(const std::filesystem::path& path)
{
    return Error(Text(path.string(), ": is no readable training state; remove it"));
}

/** \return whether there is a state; it is one with this signature then */
bool
OpenState(torch::serialize::InputArchive& archive,
          const std::string& signature,
          torch::Device device,
          const std::filesystem::path& path)
{
    if (!std::filesystem::exists(path))
    {
        return false;
    }
    try
    {
        archive.load_from(path.string(), device);
        c10::IValue value;
        archive.read("signature", value);
        if (value.toStringRef() != signature)
        {
            throw Error(Text(path.string(),
                             ": was left by a run with other options or pictures; remove it to "
                             "start anew, or repeat that run's options to continue it"));
        }
        return true;
    }
    catch (const c10::Error&)
    {
        throw Unreadable(path);
    }
}

Position
LoadState(torch::nn::Module& module,
          torch::optim::Optimizer& optimizer,
          const std::string& signature,
          torch::Device device,
          const std::filesystem::path& path)
{
    Position position;
    torch::serialize::InputArchive archive;
    if (!OpenState(archive, signature, device, path))
    {
        return position;
    }
    try
    {
        c10::IValue value;
        torch::serialize::InputArchive modules;
        torch::serialize::InputArchive optimizers;
        archive.read("module", modules);
        archive.read("optimizer", optimizers);
        module.load(modules);
        optimizer.load(optimizers);
        archive.read("step", value);
        position.step = value.toInt();
        archive.read("loss_sum", value);
        position.lossSum = value.toDouble();
        archive.read("loss_count", value);
        position.lossCount = value.toInt();
        return position;
    }
    catch (const c10::Error&)
    {
        throw Unreadable(path);
    }
}

/** Take the rows off a log that were written after the state that a run goes on from. */
void
CutLog(const std::filesystem::path& path, int64_t step)
{
    std::ifstream in(path);
    std::string kept;
    std::string line;
    for (bool header = true; std::getline(in, line); header = false)
    {
        const bool whole = !in.eof(); // a kill may have left half a line
        if (header || (whole && std::atoll(line.c_str()) <= step))
        {
            kept += line + '\n';
        }
    }
    in.close();
    std::ofstream(path, std::ios::trunc) << kept;
}

std::string
TimeLeft(double seconds)
{
    const auto minutes = static_cast<int64_t>(std::lround(seconds / 60));
    return minutes < 60 ? Text(minutes, " min") : Text(minutes / 60, " h ", minutes % 60, " min");
}

} // namespace

torch::Device
DeviceOf(const std::string& name)
{
    if (name == "cpu")
    {
        return torch::kCPU;
    }
    if (name != "cuda" && name.rfind("cuda:", 0) != 0)
    {
        throw Error(Text("--device=", name, ": has to be cpu, cuda, or cuda: and a number"));
    }
    const auto count = static_cast<int64_t>(torch::cuda::device_count());
    const auto number = name == "cuda" ? 0 : std::atoll(name.c_str() + 5);
    if (number < 0 || number >= count)
    {
        throw Error(Text("--device=", name, ": LibTorch sees ", count, " CUDA device(s) here"));
    }
    at::globalContext().setDeterministicCuDNN(true);
    return {torch::kCUDA, static_cast<c10::DeviceIndex>(number)};
}

torch::ScalarType
PrecisionOf(const std::string& name, torch::Device device)
{
    if (name == "float32")
    {
        return torch::kFloat;
    }
    if (name == "bfloat16")
    {
        return torch::kBFloat16;
    }
    if (name != "auto")
    {
        throw Error(Text("--precision=", name, ": has to be auto, float32 or bfloat16"));
    }
    if (device.is_cuda())
    {
        return torch::kBFloat16;
    }
#if defined(__x86_64__) && defined(__GNUC__)
    // Without these instructions oneDNN computes bfloat16 by way of float32, slower than that.
    return __builtin_cpu_supports("avx512bf16") ? torch::kBFloat16 : torch::kFloat;
#else
    return torch::kFloat;
#endif
}

std::string
FileSignature(const std::filesystem::path& path)
{
    if (path.empty())
    {
        return "none";
    }
    std::ifstream in(path, std::ios::binary);
    if (!in)
    {
        throw Error(Text(path.string(), ": no such file, or it cannot be read"));
    }
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto* first = reinterpret_cast<const uint8_t*>(bytes.data());
    return Text(path.filename().string(), ':', std::hex, Crc32(first, bytes.size()));
}

void
TrainingLoop::Seed(uint64_t seed, int64_t step)
{
    torch::manual_seed(seed * 1000003 + static_cast<uint64_t>(step));
}

void
TrainingLoop::CheckState(const Options& options)
{
    torch::serialize::InputArchive archive;
    OpenState(archive, options.signature, torch::kCPU, StatePath(options));
}

torch::Tensor
EpochOrder::At(int64_t step)
{
    const auto epoch = step / StepsPerEpoch();
    if (epoch != m_epoch)
    {
        torch::manual_seed(m_seed * 7919 + static_cast<uint64_t>(epoch));
        m_order = torch::randperm(m_pictures);
        m_epoch = epoch;
        TrainingLoop::Seed(m_seed, step);
    }
    return m_order.narrow(0, step % StepsPerEpoch() * m_batch, m_batch);
}

bool
TrainingLoop::Run(torch::nn::Module& module,
                  torch::optim::Optimizer& optimizer,
                  const Options& options,
                  const Loss& loss,
                  const Validation& validation,
                  const std::function<void(int64_t)>& afterStep,
                  std::ostream& progress)
{
    const auto statePath = StatePath(options);
    auto logPath = options.output;
    logPath += ".csv";
    const auto device = module.parameters().front().device();
    auto position = LoadState(module, optimizer, options.signature, device, statePath);
    const auto first = position.step;
    if (first > 0)
    {
        progress << "continuing after step " << first << '\n' << std::flush;
        CutLog(logPath, first);
    }
    bool headerWritten =
        std::filesystem::exists(logPath) && std::filesystem::file_size(logPath) > 0 && first > 0;
    std::ofstream log(logPath, headerWritten ? std::ios::app : std::ios::trunc);
    if (!log)
    {
        throw Error(Text(logPath.string(), ": cannot be written"));
    }
    const auto save = [&] { SaveState(module, optimizer, position, options.signature, statePath); };

    const auto start = Clock::now();
    auto lastSave = start;
    auto sum = torch::zeros({}, torch::TensorOptions(device).dtype(torch::kDouble));
    for (int64_t step = first; step < options.steps; ++step)
    {
        Seed(options.seed, step);
        SetRate(optimizer, RateAt(options, step));
        module.train();
        optimizer.zero_grad();
        auto value = loss(step);
        value.backward();
        torch::nn::utils::clip_grad_norm_(module.parameters(), 5.0);
        optimizer.step();
        afterStep(step);
        sum += value.detach();
        ++position.lossCount;
        position.step = step + 1;

        const bool last = position.step == options.steps;
        const bool stop = options.stop != nullptr && *options.stop;
        const bool report = position.step % options.reportEvery == 0 || last;
        const bool due = SecondsSince(lastSave) > SAVE_EVERY_S || stop || last;
        if (report || due)
        {
            position.lossSum += sum.item<double>();
            sum.zero_();
        }
        if (report)
        {
            module.eval();
            const auto meanLoss = position.lossSum / static_cast<double>(position.lossCount);
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
            log << position.step << ',' << Text(Fixed{meanLoss, 6});
            auto line =
                Text("step ", position.step, '/', options.steps, " loss ", Fixed{meanLoss, 5});
            for (const auto& [name, v] : values)
            {
                log << ',' << Text(Fixed{v, 4});
                line += Text(' ', name, ' ', Fixed{v, 2});
            }
            log << std::endl;
            const auto left = SecondsSince(start) / static_cast<double>(position.step - first) *
                              static_cast<double>(options.steps - position.step);
            progress << line << " | " << TimeLeft(left) << " left\n" << std::flush;
            position.lossSum = 0;
            position.lossCount = 0;
        }
        if (report || due)
        {
            save();
            lastSave = Clock::now();
        }
        if (stop && !last)
        {
            progress << "stopped after step " << position.step
                     << "; the same command goes on from here\n"
                     << std::flush;
            return false;
        }
    }
    return true;
}

} // namespace limitnet
