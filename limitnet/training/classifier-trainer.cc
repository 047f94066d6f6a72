// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/training/classifier-trainer.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/classifier-torch.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/gradual-scoring-torch.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/nn/threads-torch.h"
#include "limitnet/training/training-set-torch.h"
#include "limitnet/training/training-torch.h"

#include <fstream>
#include <limits>
#include <memory>

namespace limitnet
{

namespace
{

using torch::Tensor;

using ClassifierInTrainingImpl = AveragedImpl<SmallClassifier>;
TORCH_MODULE(ClassifierInTraining);

/** What is said of a run that was stopped before its first step. */
constexpr auto STOPPED = "stopped; the same command goes on from here\n";

/**
 * Crop of 32x32 at a random place of each picture padded by 4, and a flip of half of them.
 *
 * \param pictures NxCx32x32: all channels of one are cropped and flipped alike
 */
Tensor
Augment(const Tensor& pictures)
{
    const auto n = pictures.size(0);
    const auto device = pictures.device();
    const auto padded = torch::reflection_pad2d(pictures.to(torch::kFloat), {4, 4, 4, 4});
    const auto row = torch::randint(9, {n, 1, 1, 1}) + torch::arange(32).view({1, 1, 32, 1});
    const auto column = torch::randint(9, {n, 1, 1, 1}) + torch::arange(32).view({1, 1, 1, 32});
    const auto channels = pictures.size(1);
    auto x = padded.gather(2, row.to(device).expand({n, channels, 32, 40}))
                 .gather(3, column.to(device).expand({n, channels, 32, 32}));
    return torch::where((torch::rand({n, 1, 1, 1}) < 0.5).to(device), x.flip(3), x);
}

Tensor
Prepare(const Tensor& bytes)
{
    return Normalise(bytes.to(torch::kFloat) / 255);
}

/** \return uint8 nx3x32x32: pictures in 0..1 at 224x224, averaged as the classifier does */
Tensor
Averaged(const Tensor& at224)
{
    return (torch::avg_pool2d(at224, PICTURE_SIZE / 32) * 255).round().to(torch::kByte);
}

/**
 * Small pictures as the cloud's classifier sees them when nothing is lost: enlarged to 224x224 and
 * averaged back, which blurs. A classifier that has seen only sharp ones loses 4 points (CIFAR-10)
 * and 6 (CIFAR-100) on these.
 *
 * \param source the pictures
 * \param stop may be null
 * \return uint8 Nx3x32x32; undefined after a stop
 */
Tensor
EnlargedAndAveraged(const TrainingSource& source, const std::atomic<bool>* stop)
{
    const torch::NoGradGuard noGrad;
    auto all = torch::empty_like(source.pictures);
    constexpr int64_t BATCH = 250;
    for (int64_t i = 0; i < source.Size(); i += BATCH)
    {
        if (stop != nullptr && *stop)
        {
            return {};
        }
        const auto n = std::min(BATCH, source.Size() - i);
        all.narrow(0, i, n).copy_(Averaged(source.At224(i, n)));
    }
    return all;
}

/** Gives what the cloud's classifier sees of pictures on their way through a codec. */
class Reconstructor
{
  public:
    Reconstructor() = default;
    virtual ~Reconstructor() = default;
    Reconstructor(const Reconstructor&) = delete;
    Reconstructor& operator=(const Reconstructor&) = delete;

    /** Draws what it needs for a number of pictures, so that nothing depends on how they are
     * split into batches. */
    virtual void Draw(int64_t count) = 0;

    /**
     * \param source where the pictures are
     * \param chosen which of them
     * \param first number of the first of them among those that Draw() was told of
     * \return uint8 nx3x32x32 on the CPU
     */
    virtual Tensor Decode(const TrainingSource& source, const Tensor& chosen, int64_t first) = 0;
};

/** LimitNet: encoded, quantised, cut at a random p, decoded at 224x224 and averaged back. */
class LimitNetReconstructor : public Reconstructor
{
  public:
    LimitNetReconstructor(const ClassifierTrainingOptions& options,
                          torch::Device device,
                          torch::ScalarType precision)
        : m_codec(options.codec),
          m_device(device),
          m_lossyShare(options.lossyShare),
          m_seed(options.seed)
    {
        auto& net = m_codec.GetNetworks().net;
        net->to(device);
        m_kernels = net->decoder->Kernels(precision);
    }

    void Draw(int64_t count) override
    {
        const auto upTo = torch::where(torch::rand({count}) < 0.5, 0.25, 0.95);
        m_fraction = torch::rand({count}) * upTo + 0.05;
    }

    Tensor Decode(const TrainingSource& source, const Tensor& chosen, int64_t first) override
    {
        const auto x = source.At224(chosen);
        const auto fraction = m_fraction.narrow(0, first, chosen.size(0));
        const auto& networks = m_codec.GetNetworks();
        const auto& tables = m_codec.Tables();
        const auto table = [&](const float* values, at::IntArrayRef shape) {
            return torch::from_blob(const_cast<float*>(values), shape).to(m_device);
        };
        const auto scale = table(tables.scale.data(), {1, LATENT_CHANNELS, 1, 1});
        const auto offset = table(tables.offset.data(), {1, LATENT_CHANNELS, 1, 1});
        const auto values =
            table(tables.reconstruction[0].data(), {LATENT_CHANNELS * SYMBOL_COUNT});
        const auto channel =
            torch::arange(LATENT_CHANNELS, torch::TensorOptions(m_device).dtype(torch::kLong))
                .view({1, LATENT_CHANNELS, 1, 1}) *
            SYMBOL_COUNT;
        const auto latent = networks.net->encoder(Normalise(x));
        // Its own draws for each batch: a continued run makes the very same.
        const auto generator =
            at::detail::createCPUGenerator(m_seed + static_cast<uint64_t>(first));
        const auto rank =
            networks.randomOrder
                ? at::rand({x.size(0), LATENT_SIZE}, generator, at::TensorOptions())
                      .argsort(1, false)
                      .view(latent.sizes())
                      .to(m_device)
                : ImportanceRanks(QuantiseSaliencyPublished(networks.Saliency(latent)));
        auto keep = rank < fraction.to(m_device).view({-1, 1, 1, 1}) * LATENT_SIZE;
        if (m_lossyShare > 0)
        {
            keep = keep & ~LostRuns(rank, m_lossyShare, generator);
        }
        const auto symbol =
            (latent * scale + offset).floor().clamp(0, SYMBOL_COUNT - 1).to(torch::kLong);
        const auto restored =
            values.index_select(0, (symbol + channel).flatten()).view(latent.sizes()) *
            keep.to(torch::kFloat);
        const auto decoded =
            DecoderImpl::Run(m_kernels, restored.contiguous(torch::MemoryFormat::ChannelsLast));
        return Averaged(decoded).cpu().contiguous();
    }

  private:
    CodecModel m_codec;
    torch::Device m_device;
    DecoderKernels m_kernels;
    double m_lossyShare;
    uint64_t m_seed;
    Tensor m_fraction; // p of each picture
};

/** Other codecs: their pictures enlarged to 224x224 and averaged back. */
class RivalReconstructor : public Reconstructor
{
  public:
    explicit RivalReconstructor(PictureChannel channel)
        : m_channel(std::move(channel))
    {
    }

    void Draw(int64_t count) override
    {
        m_seeds = torch::randint(std::numeric_limits<int32_t>::max(), {count}, torch::kLong);
    }

    Tensor Decode(const TrainingSource& source, const Tensor& chosen, int64_t first) override
    {
        const auto pictures =
            source.pictures.index_select(0, chosen.to(source.pictures.device())).cpu();
        std::vector<Tensor> decoded;
        for (int64_t i = 0; i < chosen.size(0); ++i)
        {
            const auto rows = pictures[i].permute({1, 2, 0}).contiguous();
            Image image;
            image.width = static_cast<int>(rows.size(1));
            image.height = static_cast<int>(rows.size(0));
            image.rgb.assign(rows.data_ptr<uint8_t>(), rows.data_ptr<uint8_t>() + rows.numel());
            const auto seed = static_cast<uint64_t>(m_seeds[first + i].item<int64_t>());
            decoded.push_back(PictureTensor(m_channel(image, seed)));
        }
        return Averaged(torch::cat(decoded).to(torch::kFloat) / 255).contiguous();
    }

  private:
    PictureChannel m_channel;
    Tensor m_seeds; // of each picture
};

/** \return what the options name; null: pictures are not reconstructed */
std::unique_ptr<Reconstructor>
MakeReconstructor(const ClassifierTrainingOptions& options,
                  torch::Device device,
                  torch::ScalarType precision)
{
    if (options.lossyShare > 0 && options.codec.empty())
    {
        throw Error("--lossy-share is of the reconstructions of a --codec");
    }
    if (!options.codec.empty() && !options.rivals.empty())
    {
        throw Error("--codec and --rival: one of them is right");
    }
    if (!options.codec.empty())
    {
        return std::make_unique<LimitNetReconstructor>(options, device, precision);
    }
    if (!options.rivals.empty())
    {
        if (!options.openRivals)
        {
            throw Error("--rival: this program knows no codec but LimitNet; use `limitnet "
                        "train-classifier`");
        }
        return std::make_unique<RivalReconstructor>(options.openRivals(options.rivals));
    }
    return nullptr;
}

/**
 * Reconstructions of pictures at 32x32, as the cloud's classifier sees them.
 *
 * They are appended to a file as they are made, from whose end a later call goes on.
 */
class Reconstructions
{
  public:
    Reconstructions(const std::filesystem::path& output,
                    Reconstructor& reconstructor,
                    torch::Device device)
        : m_reconstructor(reconstructor),
          m_device(device),
          m_file(output)
    {
        m_file += ".decoded";
    }

    /**
     * \param source where the pictures are
     * \param chosen which ones
     * \param signature what the file's content depends on
     * \param progress lines
     * \param stop may be null
     * \return uint8 Nx3x32x32; undefined after a stop
     */
    Tensor Make(const TrainingSource& source,
                const Tensor& chosen,
                const std::string& signature,
                std::ostream& progress,
                const std::atomic<bool>* stop)
    {
        const torch::NoGradGuard noGrad;
        const auto count = chosen.size(0);
        // Drawn for all at once, so that nothing depends on where a run was stopped.
        m_reconstructor.Draw(count);
        const auto done = Continue(signature);
        std::ofstream out(m_file, std::ios::app | std::ios::binary);
        for (int64_t i = done; i < count; i += BATCH)
        {
            const auto n = std::min(BATCH, count - i);
            const auto pictures = m_reconstructor.Decode(source, chosen.narrow(0, i, n), i);
            out.write(static_cast<const char*>(pictures.data_ptr()), pictures.numel());
            out.flush();
            if (!out)
            {
                throw Error(Text(m_file.string(), ": cannot be written: is the disk full?"));
            }
            if (i / BATCH % 250 == 0)
            {
                progress << "decoding training pictures: " << i << '/' << count << '\n'
                         << std::flush;
            }
            if (stop != nullptr && *stop)
            {
                progress << STOPPED << std::flush;
                return {};
            }
        }
        out.close();
        auto all = torch::empty({count, 3, SIDE, SIDE}, torch::kByte);
        std::ifstream in(m_file, std::ios::binary);
        std::string line;
        std::getline(in, line);
        in.read(static_cast<char*>(all.data_ptr()), all.numel());
        if (!in)
        {
            throw Error(Text(m_file.string(), ": cannot be read; remove it"));
        }
        return all.to(m_device);
    }

  private:
    static constexpr int64_t BATCH = 8;
    static constexpr int64_t SIDE = 32;
    static constexpr int64_t BYTES = 3 * SIDE * SIDE;

    /** \return how many pictures the file has already; the file ends with a whole batch then */
    int64_t Continue(const std::string& signature)
    {
        std::ifstream in(m_file, std::ios::binary);
        std::string line;
        const auto header = static_cast<int64_t>(signature.size()) + 1;
        if (std::getline(in, line) && line == signature)
        {
            in.close();
            const auto size = static_cast<int64_t>(std::filesystem::file_size(m_file));
            const auto whole = (size - header) / (BYTES * BATCH) * BATCH;
            // Batch by batch, so that a continued run computes the very same batches.
            std::filesystem::resize_file(m_file, static_cast<uintmax_t>(header + whole * BYTES));
            return whole;
        }
        in.close();
        std::ofstream(m_file, std::ios::trunc | std::ios::binary) << signature << '\n';
        return 0;
    }

    Reconstructor& m_reconstructor;
    torch::Device m_device;
    std::filesystem::path m_file;
};

/** Pictures and labels to learn from or to be measured on. */
struct LabelledPictures
{
    Tensor pictures; // uint8 Nx3x32x32
    Tensor labels;
    Tensor numbers = {}; // of the same pictures in the set, where they are learned from
};

/**
 * What a classifier is taught by another one that sees the undamaged picture (knowledge
 * distillation, arXiv 1503.02531, equation 4 with its factor T^2).
 */
Tensor
DistillationLoss(const Tensor& logits, const Tensor& teacherLogits)
{
    constexpr double TEMPERATURE = 2;
    return torch::nn::functional::kl_div(
               torch::log_softmax(logits / TEMPERATURE, 1),
               torch::softmax(teacherLogits / TEMPERATURE, 1),
               torch::nn::functional::KLDivFuncOptions().reduction(torch::kBatchMean)) *
           (TEMPERATURE * TEMPERATURE);
}

double
Accuracy(SmallClassifier& net, const LabelledPictures& set, torch::ScalarType precision)
{
    const torch::NoGradGuard noGrad;
    int64_t correct = 0;
    constexpr int64_t BATCH = 500;
    const auto count = set.pictures.size(0);
    for (int64_t i = 0; i < count; i += BATCH)
    {
        const auto n = std::min(BATCH, count - i);
        const auto logits = net->forward(Prepare(set.pictures.narrow(0, i, n)), precision);
        correct += (logits.argmax(1) == set.labels.narrow(0, i, n)).sum().item<int64_t>();
    }
    return 100.0 * static_cast<double>(correct) / static_cast<double>(count);
}

} // namespace

void
DescribeOptions(OptionList& list, ClassifierTrainingOptions& o)
{
    list.Add("output", o.output, "model file to write; its log, plot and state appear beside it");
    list.Require();
    list.Add("epochs", o.epochs, "passes over the pictures");
    list.Add("batch", o.batch, "pictures in a step");
    list.Add("learning-rate", o.learningRate, "highest rate of SGD");
    list.Add("weight-decay", o.weightDecay, "of all weights");
    list.Add("label-smoothing", o.labelSmoothing, "share of the target spread over all classes");
    list.Add("start", o.start, "classifier to start from (default: from nothing)");
    list.Add("codec", o.codec, "train on reconstructions of this codec as well");
    list.Add("lossy-share", o.lossyShare, "part of these that lose fragments, 0..1");
    list.Add("rival",
             o.rivals,
             "train on what another codec makes of pictures within a few bytes, with losses, by "
             "its name in codec.name; several times for several");
    list.Add("teacher",
             o.teacher,
             "classifier that sees the undamaged picture and whose answers are learned as well");
    list.Add("teacher-share", o.teacherShare, "weight of its answers beside the classes', 0..1");
    list.Add("decoded-pictures", o.decodedPictures, "how many reconstructions");
    list.Add("device", o.device, "cpu, cuda or cuda:N");
    list.Add("precision", o.precision, "of the convolutions: auto, float32, bfloat16");
    list.Add("seed", o.seed, "seed of all random draws");
}

bool
TrainClassifier(const TrainingSet& set,
                const ClassifierTrainingOptions& options,
                std::ostream& progress,
                const std::atomic<bool>* stop)
{
    UseAllCores();
    KeepFreedMemory();
    const auto device = DeviceOf(options.device);
    const auto precision = PrecisionOf(options.precision, device);
    if (set.sources.size() != 1 || !set.sources[0].IsSmall() || !set.sources[0].labels.defined())
    {
        throw Error("a small classifier learns from one set of small pictures with classes: name "
                    "cifar10 or cifar100");
    }
    const auto moved = set.To(device);
    const auto& source = moved.sources[0];
    const auto trainCount = source.trainCount;
    const auto heldOutCount = source.Size() - trainCount;
    if (options.epochs < 1 || options.batch < 2 || options.batch > trainCount || heldOutCount < 1 ||
        !(options.learningRate > 0) || options.decodedPictures < 1 ||
        !(options.lossyShare >= 0 && options.lossyShare <= 1) ||
        !(options.teacherShare >= 0 && options.teacherShare <= 1))
    {
        throw Error(
            Text("--epochs and --decoded-pictures have to be 1 or more, --batch 2 to ",
                 trainCount,
                 ", --learning-rate above 0, --lossy-share and --teacher-share 0 to 1, and some "
                 "pictures held out"));
    }

    std::string rivals;
    for (const auto& rival : options.rivals)
    {
        rivals += rival + ' ';
    }
    // What the reconstructions depend on: they serve for any other way to learn from them.
    const auto decodedSignature = Text("decoded, averaged ",
                                       set.Signature(),
                                       ' ',
                                       FileSignature(options.codec),
                                       ' ',
                                       options.decodedPictures,
                                       ' ',
                                       rivals,
                                       options.lossyShare,
                                       ' ',
                                       precision,
                                       ' ',
                                       options.seed);
    const auto signature = Text("classifier, ",
                                decodedSignature,
                                ' ',
                                options.epochs,
                                ' ',
                                options.batch,
                                ' ',
                                options.learningRate,
                                ' ',
                                options.weightDecay,
                                ' ',
                                options.labelSmoothing,
                                ' ',
                                FileSignature(options.start),
                                ' ',
                                FileSignature(options.teacher),
                                ' ',
                                options.teacherShare);

    EpochOrder order(trainCount, options.batch, options.seed);
    const auto stepsPerEpoch = order.StepsPerEpoch();
    TrainingLoop::Options loop;
    loop.output = options.output;
    loop.steps = options.epochs * stepsPerEpoch;
    loop.learningRate = options.learningRate;
    loop.warmUpFraction = options.start.empty() ? 0.2 : 0.05;
    loop.reportEvery = stepsPerEpoch;
    loop.seed = options.seed;
    loop.signature = signature;
    loop.stop = stop;

    // Before reconstructions are written where those of the state's run are, and before the minute
    // that the pictures take.
    TrainingLoop::CheckState(loop);

    const auto clean = EnlargedAndAveraged(source, stop);
    if (!clean.defined())
    {
        progress << STOPPED << std::flush;
        return false;
    }

    SmallClassifier teacher(nullptr);
    if (!options.teacher.empty())
    {
        teacher = SmallClassifier(source.classes);
        ReadClassifier(options.teacher, teacher);
        teacher->to(device);
        teacher->eval();
    }

    // The teacher is made before, so that all draws are the same with one and without.
    torch::manual_seed(options.seed);
    ClassifierInTraining classifier(source.classes);
    if (!options.start.empty())
    {
        ReadClassifier(options.start, classifier->net);
        classifier->MoveAverage(1.0);
    }
    classifier->to(device);

    // Reconstructed pictures: of a part of the training pictures, and of those held out.
    LabelledPictures reconstructed;
    LabelledPictures reconstructedHeldOut;
    const auto reconstructor = MakeReconstructor(options, device, precision);
    if (reconstructor)
    {
        const auto made = std::min(trainCount, options.decodedPictures);
        const auto chosen = torch::cat({torch::randperm(trainCount).narrow(0, 0, made),
                                        torch::arange(trainCount, source.Size())});
        Reconstructions maker(options.output, *reconstructor, device);
        const auto all = maker.Make(source, chosen, decodedSignature, progress, stop);
        if (!all.defined())
        {
            return false;
        }
        const auto labels = source.labels.index_select(0, chosen.to(device));
        const auto part = [&](int64_t from, int64_t count) {
            return LabelledPictures{all.narrow(0, from, count),
                                    labels.narrow(0, from, count),
                                    chosen.to(device).narrow(0, from, count)};
        };
        reconstructed = part(0, made);
        reconstructedHeldOut = part(made, heldOutCount);
    }

    torch::optim::SGD optimizer(classifier->net->parameters(),
                                torch::optim::SGDOptions(options.learningRate)
                                    .momentum(0.9)
                                    .nesterov(true)
                                    .weight_decay(options.weightDecay));

    const auto loss = [&](int64_t step) {
        const auto all = order.At(step);
        const auto half = reconstructed.pictures.defined() ? options.batch / 2 : 0;
        auto numbers = all.narrow(0, 0, options.batch - half).to(device);
        auto x = clean.index_select(0, numbers);
        if (half > 0)
        {
            const auto other = torch::randint(reconstructed.pictures.size(0), {half}).to(device);
            x = torch::cat({x, reconstructed.pictures.index_select(0, other)});
            numbers = torch::cat({numbers, reconstructed.numbers.index_select(0, other)});
        }
        if (teacher)
        {
            x = torch::cat({x, clean.index_select(0, numbers)}, 1);
        }
        x = Augment(x) / 255;
        const auto logits = classifier->net->forward(Normalise(x.narrow(1, 0, 3)), precision);
        const auto classes = torch::nn::functional::cross_entropy(
            logits,
            source.labels.index_select(0, numbers),
            torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(
                options.labelSmoothing));
        if (!teacher)
        {
            return classes;
        }
        Tensor answers;
        {
            const torch::NoGradGuard noGrad;
            answers = teacher->forward(Normalise(x.narrow(1, 3, 3)), precision);
        }
        return torch::lerp(classes, DistillationLoss(logits, answers), options.teacherShare);
    };
    const LabelledPictures heldOut{clean.narrow(0, trainCount, heldOutCount),
                                   source.labels.narrow(0, trainCount, heldOutCount)};
    const auto validate = [&] {
        std::vector<std::pair<std::string, double>> values{
            {"clean_top1_percent", Accuracy(classifier->average, heldOut, precision)}};
        if (reconstructor)
        {
            values.emplace_back("reconstructed_top1_percent",
                                Accuracy(classifier->average, reconstructedHeldOut, precision));
        }
        return values;
    };
    const bool done = TrainingLoop::Run(
        *classifier,
        optimizer,
        loop,
        loss,
        validate,
        [&](int64_t step) {
            classifier->MoveAverage(classifier->ShareAt(step, stepsPerEpoch / 2.0));
        },
        progress);
    if (!done)
    {
        return false;
    }
    classifier->eval();
    WriteClassifier(options.output, classifier->average, source.name);
    progress << "wrote " << options.output.string() << '\n';
    return true;
}

} // namespace limitnet
