// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/codec-trainer.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/calibration-torch.h"
#include "limitnet/training/codec-in-training-torch.h"
#include "limitnet/training/training-set-torch.h"
#include "limitnet/training/training-torch.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

namespace limitnet
{

namespace
{

using torch::Tensor;

/** Latent cells on a side of the window that the decoder sees in a step. */
constexpr int64_t WINDOW = 12;
constexpr int64_t LATENT_SIDE = LATENT_WIDTH;

/** The published quantiser has steps of 4/255 of a channel's range. */
constexpr double PUBLISHED_STEP = 4.0 / 255;

/** In phases 2 and 3, parts of a batch. As published, p is uniform in 0..1 for most pictures. */
constexpr double CHANNEL_SHARE = 0.3; // keeps the first channels, as in phase 1
constexpr double LOW_SHARE = 0.3;     // p uniform in 0..0.3, where most is gained
constexpr double LOW_FRACTION = 0.3;
constexpr double LOSSY_SHARE = 0.3; // see LostRuns()

/** Where channels are kept, this share of the pictures keeps 1 to 3, the others 1 to 12: the first
 * ones matter most, and there the error differs most. */
constexpr double FEW_SHARE = 0.5;
constexpr int64_t FEW_CHANNELS = 3;

/**
 * Squared error of the normalised picture, below which no more is gained much: about 40 dB. It
 * keeps the logarithm from chasing the last error of windows without any detail.
 */
constexpr double LEAST_ERROR = 2e-3;

/** Of the steps of a run with random losses: by the squared error itself. */
constexpr double SQUARED_SHARE = 0.3;

/** Of the squared error in phase 1, so that it compares with the saliency loss as its logarithm. */
constexpr double SQUARED_WEIGHT = 6;

/** Held-out pictures in a validation, of each kind, and for each classifier. */
constexpr int64_t VALIDATION_PICTURES = 32;
constexpr int64_t VALIDATION_ANSWERS = 200;
constexpr int64_t VALIDATION_MASKS = 256;

/// The note that says what the saliency logits were multiplied with.
const char* const GAIN_NOTE = "saliency_gain";

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

void
Trainer::Start()
{
    const auto& path = m_options.start;
    const auto networks = ReadCodecNetworks(path);
    m_isRandom = networks.randomOrder;
    if (m_isRandom && m_options.channelSteps + m_options.saliencySteps > 0)
    {
        throw Error(Text(path.string(),
                         ": its values are sent in no order, so it goes on with phase 3 alone: "
                         "--channel-steps=0 --saliency-steps=0"));
    }
    if (!m_isRandom && !networks.hasSaliency)
    {
        throw Error(Text(path.string(), ": has no saliency decoder to go on from"));
    }
    const torch::NoGradGuard noGrad;
    const auto from = networks.net->named_parameters();
    for (auto& parameter : m_codec->net->named_parameters())
    {
        parameter.value().copy_(from[parameter.key()]);
    }
    if (m_isRandom)
    {
        return;
    }
    const auto notes = ModelFile::Read(path, "").notes;
    const auto gain = notes.find(GAIN_NOTE);
    const double value = gain == notes.end() ? 1 : std::strtod(gain->second.c_str(), nullptr);
    if (!(value > 0))
    {
        throw Error(Text(path.string(), ": note '", GAIN_NOTE, "' has to be a number above 0"));
    }
    // The gain is folded into the file's weights; here they are without.
    const auto last = m_codec->net->sal_decoder->Layers().back();
    last->weight.div_(value);
    last->bias.div_(value);
}

void
Trainer::AddTask(const std::filesystem::path& path)
{
    const auto loaded = LoadClassifier(path, m_options.classifierOptions);
    const auto& dataset = loaded.dataset;
    const auto name = Text("classifier_", dataset);
    Task task;
    task.dataset = dataset;
    if (std::any_of(m_tasks.begin(), m_tasks.end(), [&](const Task& other) {
            return other.dataset == dataset;
        }))
    {
        // Both would be learned, logged and written under the set's name.
        throw Error(Text("--classifier=",
                         path.string(),
                         ": is the second one for ",
                         dataset,
                         "; name one for each set"));
    }
    if (loaded.kind == "small-classifier")
    {
        SmallClassifier net(loaded.classes);
        ReadClassifier(path, net);
        m_module->register_module(name, net);
        task.forward = [net, this](const Tensor& x) mutable {
            return net->forward(x, m_precision);
        };
        task.write = [net, dataset](const std::filesystem::path& to) {
            WriteClassifier(to, net, dataset);
        };
    }
    else if (loaded.kind == "efficientnet-b0")
    {
        EfficientNetB0 net(loaded.classes);
        ModelFile::Read(path, loaded.kind).Give(*net, path);
        m_module->register_module(name, net);
        task.forward = [net](const Tensor& x) mutable { return net->forward(x); };
        task.write = [net, dataset, path](const std::filesystem::path& to) {
            WriteClassifier(to, net, dataset, path.filename().string());
        };
    }
    else
    {
        // Others stay as they are; the codec learns to serve them.
        task.forward = loaded.forward;
    }
    for (const auto& source : m_set.sources)
    {
        const bool same =
            source.name == dataset || (dataset == "imagenet" && source.classes == 1000);
        if (same && source.labels.defined())
        {
            task.source = &source;
        }
    }
    if (task.source == nullptr)
    {
        throw Error(Text(path.string(),
                         ": tells the classes of ",
                         dataset,
                         " apart, which is none of the training sets"));
    }
    m_tasks.push_back(task);
}

void
Trainer::Check() const
{
    const auto& o = m_options;
    const auto steps = o.channelSteps + o.saliencySteps + o.taskSteps;
    const auto isAlone = [&](int64_t own, int64_t other) {
        return own == 0 || (own > 0 && steps + other == 0 && o.start.empty());
    };
    if (!isAlone(o.mapSteps, o.randomSteps) || !isAlone(o.randomSteps, o.mapSteps))
    {
        throw Error("--map-steps and --random-steps have to be 0 or more, and are each a run of "
                    "their own: without --start, and with 0 steps of the others");
    }
    if (o.channelSteps < 0 || o.saliencySteps < 0 || o.taskSteps < 0 ||
        steps + o.mapSteps + o.randomSteps == 0)
    {
        throw Error("--channel-steps, --saliency-steps and --task-steps have to be 0 or more, and "
                    "one of them, --map-steps or --random-steps more");
    }
    if (o.batch < 2 || !(o.learningRate > 0) || o.saliencyContrast < 0 || o.saliencyWeight < 0 ||
        o.taskWeight < 0 || o.reportEvery < 1 || o.calibrationPictures < 1)
    {
        throw Error(
            "--batch has to be 2 or more, --learning-rate above 0, the weights and "
            "--saliency-contrast 0 or more, --report-every and --calibration-pictures 1 or more");
    }
    if (o.saliencySteps + o.mapSteps > 0 && !m_hasMasks)
    {
        throw Error("phase 2 and --map-steps need pictures with saliency masks: name a folder with "
                    "image/ and "
                    "mask/ with --dataset, or set --saliency-steps=0");
    }
    if ((o.taskSteps > 0) != !m_tasks.empty())
    {
        throw Error("phase 3 needs both, --task-steps and a --classifier to train with");
    }
}

/** Calls a function with each source that `wanted` accepts and its share of `count` pictures. */
template <typename Wanted, typename Function>
void
ForShares(const TrainingSet& set, int64_t count, const Wanted& wanted, const Function& function)
{
    std::vector<const TrainingSource*> sources;
    for (const auto& source : set.sources)
    {
        if (wanted(source))
        {
            sources.push_back(&source);
        }
    }
    const auto n = static_cast<int64_t>(sources.size());
    for (int64_t s = 0; s < n; ++s)
    {
        const auto share = count * (s + 1) / n - count * s / n;
        if (share > 0)
        {
            function(*sources[static_cast<size_t>(s)], share);
        }
    }
}

Tensor
Trainer::Draw(int64_t count) const
{
    std::vector<Tensor> pictures;
    ForShares(
        m_set,
        count,
        [](const TrainingSource&) { return true; },
        [&](const TrainingSource& source, int64_t share) {
            pictures.push_back(source.At224(torch::randint(source.trainCount, {share})));
        });
    const auto x = torch::cat(pictures);
    return torch::where(OnDevice(torch::rand({count, 1, 1, 1}) < 0.5), x.flip(3), x);
}

Tensor
Trainer::Received(const Tensor& latent, Reception reception)
{
    {
        const torch::NoGradGuard noGrad;
        m_codec->channelMax.mul_(0.98).add_(latent.amax({0, 2, 3}, true), 0.02);
    }
    // What a quantiser does to a value is at most half a step in either direction.
    const auto step = m_codec->channelMax.clamp_min(1e-3) * PUBLISHED_STEP;
    const auto noisy = latent + (torch::rand_like(latent) - 0.5) * step;
    return noisy * Kept(latent.detach(), reception).to(torch::kFloat);
}

Tensor
Trainer::Kept(const Tensor& latent, Reception reception)
{
    const torch::NoGradGuard noGrad;
    const auto count = latent.size(0);
    const auto uniform = [count] { return torch::rand({count, 1, 1, 1}); };
    if (reception == Reception::RANDOM)
    {
        const auto upTo = torch::where(uniform() < LOW_SHARE, LOW_FRACTION, 1.0);
        return OnDevice(torch::rand(latent.sizes()) < uniform() * upTo);
    }
    const auto channels = OnDevice(
        torch::where(uniform() < FEW_SHARE,
                     torch::randint(1, FEW_CHANNELS + 1, {count, 1, 1, 1}, torch::kLong),
                     torch::randint(1, LATENT_CHANNELS + 1, {count, 1, 1, 1}, torch::kLong)));
    const auto channel =
        torch::arange(LATENT_CHANNELS, channels.options()).view({1, LATENT_CHANNELS, 1, 1});
    const auto first = channel < channels;
    if (reception == Reception::CHANNELS)
    {
        return first;
    }
    const auto logits = m_codec->SaliencyLogits(latent);
    m_codec->NoteLogitRange(logits);
    const auto saliency = torch::sigmoid(logits * Gain());
    const auto rank = ImportanceRanks(QuantiseSaliencyPublished(saliency));
    const auto upTo = torch::where(uniform() < LOW_SHARE, LOW_FRACTION, 1.0);
    const auto p = OnDevice(uniform() * upTo);
    const auto inOrder = (rank < (p * LATENT_SIZE)) & ~LostRuns(rank, LOSSY_SHARE);
    return torch::where(OnDevice(uniform() < CHANNEL_SHARE), first, inOrder);
}

double
Trainer::Gain() const
{
    // The sigmoid's slope at 0 is a quarter.
    const auto range = m_codec->logitRange.item<double>();
    return m_options.saliencyContrast > 0 && range > 0 ? 4 * m_options.saliencyContrast / range : 1;
}

/** Squared error of the normalised picture, of each picture. */
Tensor
SquaredError(const Tensor& difference)
{
    return (difference / ImageNetStd().to(difference.device())).square().mean({1, 2, 3});
}

/**
 * What phases 2 and 3 minimise: the mean of each picture's error in logarithm, that is, in dB. So a
 * picture at 30 dB counts as much as one at 20 dB, whose error is ten times as large, and few
 * values do not drown many. From nothing it learns colour too late: grey pictures weigh too much.
 */
Tensor
LogError(const Tensor& difference)
{
    return (SquaredError(difference) + LEAST_ERROR).log().mean();
}

Tensor
Trainer::DecoderLoss(const Tensor& received, const Tensor& pictures, bool inLogarithm)
{
    const auto place = torch::randint(LATENT_SIDE - WINDOW + 1, {2});
    const auto top = place[0].item<int64_t>();
    const auto left = place[1].item<int64_t>();
    const auto window = received.narrow(2, top, WINDOW)
                            .narrow(3, left, WINDOW)
                            .contiguous(torch::MemoryFormat::ChannelsLast);
    const auto decoded = m_codec->net->decoder(window, m_precision);
    const auto wanted = pictures.narrow(2, top * 8, WINDOW * 8).narrow(3, left * 8, WINDOW * 8);
    // The outermost cell lacks its neighbours, except at the picture's own edge.
    const auto inner = [](const Tensor& t, int64_t dim, int64_t start) {
        const int64_t before = start == 0 ? 0 : 8;
        const int64_t after = start + WINDOW == LATENT_SIDE ? 0 : 8;
        return t.narrow(dim, before, WINDOW * 8 - before - after);
    };
    const auto difference = inner(inner(decoded - wanted, 2, top), 3, left);
    return inLogarithm ? LogError(difference) : SQUARED_WEIGHT * SquaredError(difference).mean();
}

Tensor
Trainer::SaliencyLoss(int64_t count)
{
    std::vector<Tensor> pictures;
    std::vector<Tensor> masks;
    ForShares(
        m_set,
        count,
        [](const TrainingSource& source) { return source.masks.defined(); },
        [&](const TrainingSource& source, int64_t share) {
            const auto chosen = torch::randint(source.trainCount, {share});
            pictures.push_back(source.At224(chosen));
            masks.push_back(source.MasksAt(chosen));
        });
    // There are few pictures with masks, so they are varied: a part of about 0.5 to 1 times the
    // sides, somewhat stretched, mirrored or not; colours mixed, other contrast, other light.
    const auto side = torch::rand({count, 1}) * 0.45 + 0.55;
    const auto stretch = torch::exp((torch::rand({count, 1}) - 0.5) * 0.5);
    const auto sides = torch::cat({side * stretch, side / stretch}, 1).clamp_max(1);
    const auto mirror = torch::where(torch::rand({count}) < 0.5, -1.0, 1.0);
    auto place = torch::zeros({count, 2, 3});
    place.select(1, 0).select(1, 0).copy_(sides.select(1, 0) * mirror);
    place.select(1, 1).select(1, 1).copy_(sides.select(1, 1));
    place.select(2, 2).copy_((torch::rand({count, 2}) * 2 - 1) * (1 - sides));
    auto mix = torch::eye(3) + (torch::rand({count, 3, 3}) - 0.5) * 0.5;
    mix = OnDevice(mix / mix.sum(2, true));
    const auto contrast = OnDevice(torch::rand({count, 1, 1, 1}) * 0.6 + 0.7);
    const auto light = OnDevice((torch::rand({count, 3, 1, 1}) - 0.5) * 0.3);
    const auto part = [&](const Tensor& x) {
        namespace F = torch::nn::functional;
        const auto grid = F::affine_grid(OnDevice(place), x.sizes(), false);
        return F::grid_sample(x, grid, F::GridSampleFuncOptions().align_corners(false));
    };
    const auto mixed = torch::einsum("bij,bjhw->bihw", {mix, part(torch::cat(pictures))});
    const auto x = ((mixed - 0.5) * contrast + 0.5 + light).clamp(0, 1);
    const auto wanted = part(torch::cat(masks));
    const auto latent = m_codec->Latent(Normalise(x).contiguous(torch::MemoryFormat::ChannelsLast));
    const auto logits = m_codec->SaliencyLogits(latent);
    const auto entropy = torch::binary_cross_entropy_with_logits(logits, wanted);
    // Beside the cross entropy the overlap, soft: what the map is measured by.
    const auto map = torch::sigmoid(logits);
    const auto both = (map * wanted).sum({1, 2, 3});
    const auto either = (map + wanted - map * wanted).sum({1, 2, 3});
    return entropy + (1 - (both + 1) / (either + 1)).mean();
}

Tensor
Trainer::PlainLoss(int64_t count, Reception reception)
{
    const auto pictures = Draw(count);
    const auto latent = m_codec->Latent(Normalise(pictures));
    auto loss =
        DecoderLoss(Received(latent, reception), pictures, reception != Reception::CHANNELS);
    if (m_hasMasks && !m_isRandom && m_options.saliencyWeight > 0)
    {
        loss = loss + m_options.saliencyWeight * SaliencyLoss(m_options.batch);
    }
    return loss;
}

Tensor
Trainer::RandomLoss(int64_t step)
{
    const auto pictures = Draw(m_options.batch);
    const auto latent = m_codec->Latent(Normalise(pictures));
    // As long without the logarithm as phase 1 is of the run that the rival is compared with.
    const bool inLogarithm =
        static_cast<double>(step) >= SQUARED_SHARE * static_cast<double>(m_options.randomSteps);
    return DecoderLoss(Received(latent, Reception::RANDOM), pictures, inLogarithm);
}

Tensor
Trainer::TaskLoss(const Task& task, int64_t count)
{
    const auto chosen = torch::randint(task.source->trainCount, {count});
    const auto flip = OnDevice(torch::rand({count, 1, 1, 1}) < 0.5);
    auto x = task.source->At224(chosen);
    x = torch::where(flip, x.flip(3), x);
    const auto labels = task.source->labels.index_select(0, OnDevice(chosen));
    const auto received = Received(m_codec->Latent(Normalise(x)), Late());
    const auto decoded =
        m_codec->net->decoder(received.contiguous(torch::MemoryFormat::ChannelsLast), m_precision);
    const auto entropy = torch::cross_entropy_loss(task.forward(Normalise(decoded)), labels);
    return LogError(decoded - x) + m_options.taskWeight * entropy;
}

Tensor
Trainer::StepLoss(int64_t step)
{
    const auto& o = m_options;
    if (o.mapSteps > 0)
    {
        return SaliencyLoss(o.batch);
    }
    if (o.randomSteps > 0)
    {
        return RandomLoss(step);
    }
    if (step < o.channelSteps + o.saliencySteps)
    {
        return PlainLoss(o.batch, step < o.channelSteps ? Reception::CHANNELS : Late());
    }
    const auto tasks = static_cast<int64_t>(m_tasks.size());
    const auto each = std::max<int64_t>(1, o.batch / 2 / tasks);
    auto loss = PlainLoss(std::max<int64_t>(1, o.batch - each * tasks), Late());
    for (const auto& task : m_tasks)
    {
        loss = loss + TaskLoss(task, each) / static_cast<double>(tasks);
    }
    return loss;
}

/** Mean of each picture's PSNR, as the reference figures are. */
double
Psnr(const Tensor& decoded, const Tensor& wanted)
{
    return (-10 * (decoded - wanted).square().mean({1, 2, 3}).log10()).mean().item<double>();
}

/** Mean over the pictures of the overlap at the threshold that is best for all of them. */
double
BestIou(const Tensor& saliency, const Tensor& masks)
{
    const auto wanted = masks > 0.5;
    double best = 0;
    for (int level = 0; level < 256; level += 2)
    {
        const auto marked = saliency > level / 255.0;
        const auto both = (marked & wanted).sum({1, 2, 3}).to(torch::kFloat);
        const auto either = (marked | wanted).sum({1, 2, 3}).to(torch::kFloat);
        best = std::max(best, (both / either.clamp_min(1)).mean().item<double>());
    }
    return best;
}

std::vector<std::pair<std::string, double>>
Trainer::Validate()
{
    const torch::NoGradGuard noGrad;
    auto plain = m_codec->Plain(Gain());
    plain->to(m_device);
    const auto kernels = plain->decoder->Kernels(m_precision);
    const auto decode = [&](const Tensor& latent) {
        std::vector<Tensor> decoded;
        constexpr int64_t AT_ONCE = 4;
        for (int64_t i = 0; i < latent.size(0); i += AT_ONCE)
        {
            decoded.push_back(
                DecoderImpl::Run(kernels,
                                 latent.narrow(0, i, std::min(AT_ONCE, latent.size(0) - i))
                                     .contiguous(torch::MemoryFormat::ChannelsLast)));
        }
        return torch::cat(decoded);
    };
    const auto rank = [&](const Tensor& latent) {
        if (m_isRandom)
        {
            // As good as by chance, and the same each time: 7919 is a prime.
            const auto any = torch::arange(LATENT_SIZE, torch::kLong) * 7919 % LATENT_SIZE;
            return OnDevice(any).view({1, LATENT_CHANNELS, LATENT_HEIGHT, LATENT_WIDTH});
        }
        return ImportanceRanks(
            QuantiseSaliencyPublished(torch::sigmoid(plain->sal_decoder(latent))));
    };
    std::vector<std::pair<std::string, double>> results;
    const std::vector<double> fractions{0.1, 0.2, 0.5, 0.9};

    for (const bool small : {true, false})
    {
        std::vector<Tensor> pictures;
        int64_t sources = 0;
        for (const auto& source : m_set.sources)
        {
            sources += source.IsSmall() == small && source.Size() > source.trainCount ? 1 : 0;
        }
        for (const auto& source : m_set.sources)
        {
            const auto heldOut = source.Size() - source.trainCount;
            if (source.IsSmall() == small && heldOut > 0)
            {
                const auto count = std::min(heldOut, VALIDATION_PICTURES / sources);
                pictures.push_back(source.At224(source.trainCount, count));
            }
        }
        if (pictures.empty())
        {
            continue;
        }
        const auto x = torch::cat(pictures);
        const auto latent = plain->encoder(Normalise(x));
        const auto places = rank(latent);
        const auto score = [&](const std::string& what, const Tensor& keep) {
            results.emplace_back(Text(small ? "small_" : "large_", what, "_psnr_db"),
                                 Psnr(decode(latent * keep.to(torch::kFloat)), x));
        };
        for (const auto channels : {1, 2, 3, 6, 12})
        {
            const auto channel = torch::arange(LATENT_CHANNELS, places.options());
            score(Text("first_", channels), (channel < channels).view({1, LATENT_CHANNELS, 1, 1}));
        }
        for (const auto p : fractions)
        {
            score(Text("p", p), places < p * LATENT_SIZE);
        }
    }

    std::vector<Tensor> maps;
    std::vector<Tensor> masks;
    for (const auto& source : m_set.sources)
    {
        const auto count = std::min(source.Size() - source.trainCount, VALIDATION_MASKS);
        if (!source.masks.defined() || count == 0 || m_isRandom)
        {
            continue;
        }
        const auto latent = plain->encoder(Normalise(source.At224(source.trainCount, count)));
        results.emplace_back(
            Text(source.name, "_saliency_iou"),
            BestIou(torch::sigmoid(plain->sal_decoder(latent)),
                    source.MasksAt(torch::arange(source.trainCount, source.trainCount + count))));
    }

    for (const auto& task : m_tasks)
    {
        const auto& source = *task.source;
        const auto count = std::min(source.Size() - source.trainCount, VALIDATION_ANSWERS);
        constexpr int64_t AT_ONCE = 8;
        std::vector<int64_t> correct(fractions.size(), 0);
        for (int64_t i = 0; i < count; i += AT_ONCE)
        {
            const auto number = std::min(AT_ONCE, count - i);
            const auto latent =
                plain->encoder(Normalise(source.At224(source.trainCount + i, number)));
            const auto labels = source.labels.narrow(0, source.trainCount + i, number);
            const auto places = rank(latent);
            for (size_t f = 0; f < fractions.size(); ++f)
            {
                const auto keep = (places < fractions[f] * LATENT_SIZE).to(torch::kFloat);
                const auto logits = task.forward(Normalise(decode(latent * keep)));
                correct[f] += (logits.argmax(1) == labels).sum().item<int64_t>();
            }
        }
        for (size_t f = 0; f < fractions.size() && count > 0; ++f)
        {
            results.emplace_back(Text(source.name, "_p", fractions[f], "_top1_percent"),
                                 100.0 * static_cast<double>(correct[f]) /
                                     static_cast<double>(count));
        }
    }
    return results;
}

bool
Trainer::Run(std::ostream& progress, const std::atomic<bool>* stop)
{
    const auto& o = m_options;
    // As published, phase 3 alone leaves the saliency decoder as it is. Its loss still keeps the
    // encoder from drifting away under it.
    std::vector<Tensor> trained;
    for (auto& entry : m_module->named_parameters())
    {
        const bool frozen = o.channelSteps + o.saliencySteps + o.mapSteps == 0 &&
                            entry.key().find("sal_decoder") != std::string::npos;
        entry.value().set_requires_grad(!frozen);
        if (!frozen)
        {
            trained.push_back(entry.value());
        }
    }
    torch::optim::Adam optimizer(trained, torch::optim::AdamOptions(o.learningRate));

    TrainingLoop::Options loop;
    loop.output = o.output;
    loop.steps = o.mapSteps + o.randomSteps + o.channelSteps + o.saliencySteps + o.taskSteps;
    loop.learningRate = o.learningRate;
    loop.reportEvery = o.reportEvery;
    loop.seed = o.seed;
    loop.stop = stop;
    std::string classifiers;
    for (const auto& path : o.classifiers)
    {
        classifiers += FileSignature(path) + ' ';
    }
    loop.signature = Text("codec ",
                          m_set.Signature(),
                          ' ',
                          FileSignature(o.start),
                          ' ',
                          classifiers,
                          o.mapSteps,
                          ' ',
                          o.randomSteps,
                          ' ',
                          o.channelSteps,
                          ' ',
                          o.saliencySteps,
                          ' ',
                          o.taskSteps,
                          ' ',
                          o.batch,
                          ' ',
                          o.learningRate,
                          ' ',
                          o.saliencyWeight,
                          ' ',
                          o.saliencyContrast,
                          ' ',
                          o.taskWeight,
                          ' ',
                          o.reportEvery,
                          ' ',
                          m_precision,
                          ' ',
                          o.seed);
    const bool done = TrainingLoop::Run(
        *m_module,
        optimizer,
        loop,
        [&](int64_t step) { return StepLoss(step); },
        [&] { return Validate(); },
        [](int64_t) {},
        progress);
    if (!done)
    {
        return false;
    }

    m_module->eval();
    progress << "calibrating quantiser and entropy code\n" << std::flush;
    CodecModel::Networks networks{m_codec->Plain(Gain())};
    networks.hasSaliency = !m_isRandom;
    networks.randomOrder = m_isRandom;
    torch::manual_seed(o.seed);
    const auto tables = CalibrateTables(
        networks,
        o.calibrationPictures,
        [&](int64_t, int64_t count) { return Draw(count).cpu(); },
        progress);
    WriteCodecModel(o.output, networks, tables, {{GAIN_NOTE, Text(Gain())}});
    progress << "wrote " << o.output.string() << '\n';
    for (const auto& task : m_tasks)
    {
        if (task.write)
        {
            auto path = o.output;
            path.replace_extension();
            path += Text('-', task.source->name, ".pt");
            m_module->to(torch::kCPU);
            task.write(path);
            progress << "wrote " << path.string() << '\n';
        }
    }
    return true;
}

} // namespace

void
DescribeOptions(OptionList& list, CodecTrainingOptions& o)
{
    list.Add("output", o.output, "model file to write; its log, plot and state appear beside it");
    list.Require();
    list.Add("start", o.start, "codec to go on from (default: from nothing)");
    list.Add("map-steps",
             o.mapSteps,
             "steps of a run before phase 1: the saliency map alone; the decoder stays untrained");
    list.Add("random-steps",
             o.randomSteps,
             "steps of a run for the rival without order: each value is lost by chance");
    list.Add("channel-steps", o.channelSteps, "steps of phase 1: keep the first k channels");
    list.Add("saliency-steps", o.saliencySteps, "steps of phase 2: importance order by saliency");
    list.Add("task-steps", o.taskSteps, "steps of phase 3: as 2, then the classifiers");
    list.Add("classifier",
             o.classifiers,
             "classifier of phase 3, one for each data set; written as OUTPUT-SET.pt");
    list.Add("batch", o.batch, "pictures in a step");
    list.Add("learning-rate", o.learningRate, "highest rate of Adam");
    list.Add("saliency-weight", o.saliencyWeight, "weight of the saliency loss");
    list.Add("saliency-contrast",
             o.saliencyContrast,
             "mean difference of the map's largest and least value, about; 0: as it comes, as "
             "published");
    list.Add("task-weight", o.taskWeight, "weight of the classifiers' cross entropy");
    list.Add("calibration-pictures", o.calibrationPictures, "training pictures for the tables");
    list.Add("report-every", o.reportEvery, "steps between validations");
    list.Add("device", o.device, "cpu, cuda or cuda:N");
    list.Add("precision", o.precision, "of decoder and classifiers: auto, float32, bfloat16");
    list.Add("seed", o.seed, "seed of all random draws");
}

bool
TrainCodec(const TrainingSet& set,
           const CodecTrainingOptions& options,
           std::ostream& progress,
           const std::atomic<bool>* stop)
{
    UseAllCores();
    KeepFreedMemory();
    torch::manual_seed(options.seed);
    return Trainer(set, options).Run(progress, stop);
}

} // namespace limitnet
