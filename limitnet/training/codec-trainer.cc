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
#include "limitnet/training/codec-training-run-torch.h"
#include "limitnet/training/training-set-torch.h"
#include "limitnet/training/training-torch.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

namespace limitnet
{

namespace codec_training
{

namespace
{

/** Held-out pictures in a validation, of each kind, and for each classifier. */
constexpr int64_t VALIDATION_PICTURES = 32;
constexpr int64_t VALIDATION_ANSWERS = 200;
constexpr int64_t VALIDATION_MASKS = 256;

/// The note that says what the saliency logits were multiplied with.
const char* const GAIN_NOTE = "saliency_gain";

} // namespace

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
} // namespace codec_training

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
    return codec_training::Trainer(set, options).Run(progress, stop);
}

} // namespace limitnet
