// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/temporary-folder.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/limitnet-image-codec.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "tests/evaluation/wave-picture.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace limitnet;

class EvaluatorTest : public testing::Test
{
  protected:
    std::shared_ptr<const CodecModel> m_model =
        std::make_shared<CodecModel>(FindModel("codec-224"));
    std::shared_ptr<const Classifier> m_classifier =
        std::make_shared<Classifier>(FindModel("cifar10"));
    std::shared_ptr<const ImageDecoder> m_decoder = std::make_shared<LimitNetDecoder>(m_model);
};

TEST_F(EvaluatorTest, MoreFragmentsGiveABetterPicture)
{
    const auto picture = Waves(224);
    const auto fragments = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE, 1)
                               .Encode(picture, 7, 222)
                               .fragments;
    ASSERT_GT(fragments.size(), 4U);
    for (const auto& fragment : fragments)
    {
        EXPECT_LE(fragment.size(), 222U);
    }
    std::vector<Bytes> few(fragments.begin(), fragments.begin() + 2);
    const auto early = m_decoder->Decode(few);
    const auto late = m_decoder->Decode(fragments);
    ASSERT_TRUE(early && late);
    EXPECT_GT(PsnrDb(*late, picture), PsnrDb(*early, picture) + 3);
    EXPECT_GT(PsnrDb(*late, picture), 20);
}

TEST_F(EvaluatorTest, WholeImageDecodesToTheQuantisedLatent)
{
    // Independent path: quantise and look up without any fragment.
    const auto picture = Waves(32);
    const auto& tables = m_model->Tables();
    auto latent = m_model->Encode(picture).latent;
    for (size_t i = 0; i < latent.size(); ++i)
    {
        const auto c = i / LATENT_CELLS;
        const auto symbol = std::floor(latent[i] * tables.scale[c] + tables.offset[c]);
        latent[i] = tables.reconstruction[c][static_cast<int>(std::clamp(symbol, 0.0F, 63.0F))];
    }
    const auto expected = m_model->Decode(latent);
    auto fragments = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE, 2)
                         .Encode(picture, 0, 51)
                         .fragments;
    std::shuffle(fragments.begin(), fragments.end(), std::mt19937(5));
    const auto decoded = m_decoder->Decode(fragments);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->rgb, expected.rgb);
}

TEST_F(EvaluatorTest, FewerValuesMakeFewerBytes)
{
    const auto picture = Waves(224);
    const auto tenth =
        LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE / 10, 1)
            .Encode(picture, 0, 222);
    const auto half = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE / 2, 1)
                          .Encode(picture, 0, 222);
    EXPECT_LT(TotalBytes(tenth.fragments), TotalBytes(half.fragments));
}

TEST_F(EvaluatorTest, WorkIsThatOfThePublishedNetworks)
{
    const auto work = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), 100, 1)
                          .Encode(Waves(32), 0, 222)
                          .work;
    uint64_t encoder = 0;
    uint64_t saliency = 0;
    for (const auto& stage : work.stages)
    {
        encoder += stage.name.rfind("conv", 0) == 0 ? stage.operations : 0;
        saliency += stage.name == "saliency" ? stage.operations : 0;
    }
    // 35.9 M and 4.3 M multiply-accumulates in LimitNet's table.
    EXPECT_NEAR(static_cast<double>(encoder), 35.9e6, 0.05e6);
    EXPECT_NEAR(static_cast<double>(saliency), 4.3e6, 0.05e6);
}

TEST_F(EvaluatorTest, NothingDecodableGivesNoPrediction)
{
    Evaluator evaluator(m_decoder, m_classifier);
    EXPECT_EQ(evaluator.Evaluate({}).label, -1);
    EXPECT_EQ(evaluator.Evaluate({{1, 2, 3}}).label, -1);
    // The map alone places no value.
    const auto fragments = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), 500, 1)
                               .Encode(Waves(32), 0, 222)
                               .fragments;
    EXPECT_EQ(evaluator.Evaluate({fragments[0]}).label, -1);
    // Symbols without the map neither.
    EXPECT_EQ(evaluator.Evaluate({fragments[1]}).label, -1);
}

TEST_F(EvaluatorTest, EachSetOfFragmentsIsEvaluatedOnce)
{
    Evaluator evaluator(m_decoder, m_classifier);
    auto fragments = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), 500, 1)
                         .Encode(Waves(32), 0, 222)
                         .fragments;
    const auto first = evaluator.Evaluate(fragments);
    EXPECT_GE(first.label, 0);
    EXPECT_EQ(first.label, m_classifier->Classify(*m_decoder->Decode(fragments)).label);
    // In another order, and one of them twice.
    std::reverse(fragments.begin(), fragments.end());
    fragments.push_back(fragments.front());
    const auto again = evaluator.Evaluate(fragments);
    EXPECT_EQ(first.label, again.label);
    EXPECT_EQ(first.confidence, again.confidence);
    const auto counts = evaluator.Counts();
    EXPECT_EQ(counts.requests, 2U);
    EXPECT_EQ(counts.known, 1U);
    EXPECT_EQ(counts.evaluated, 1U);
    EXPECT_GT(counts.busyS, 0);
}

TEST_F(EvaluatorTest, SeveralAtOnceGiveWhatOneAtATimeGives)
{
    const LimitNetEncoder encoder(MakePictureEncoder("float", m_model, {}), 2000, 1);
    EvaluatorOptions one;
    one.workers = 1;
    EvaluatorOptions four;
    four.workers = 4;
    Evaluator slow(m_decoder, m_classifier, one);
    Evaluator fast(m_decoder, m_classifier, four);
    std::vector<std::pair<Evaluator::Id, Prediction>> asked;
    for (int side = 20; side < 26; ++side)
    {
        auto fragments = encoder.Encode(Waves(side), 0, 222).fragments;
        while (fragments.size() > 1)
        {
            const auto id = fast.Request(fragments); // all of them before the first answer
            asked.emplace_back(id, slow.Evaluate(fragments));
            fragments.pop_back();
        }
    }
    for (const auto& [id, expected] : asked)
    {
        EXPECT_EQ(fast.Get(id).label, expected.label);
        EXPECT_EQ(fast.Get(id).confidence, expected.confidence);
    }
}

TEST_F(EvaluatorTest, ASecondRunEvaluatesNothing)
{
    const TemporaryFolder folder(testing::TempDir(), "evaluator");
    EvaluatorOptions options;
    options.cache = folder.Path() / "predictions.sqlite";
    const auto fragments = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), 500, 1)
                               .Encode(Waves(32), 0, 222)
                               .fragments;
    const auto first = Evaluator(m_decoder, m_classifier, options).Evaluate(fragments);
    Evaluator second(m_decoder, m_classifier, options);
    const auto again = second.Evaluate(fragments);
    EXPECT_EQ(first.label, again.label);
    EXPECT_EQ(first.confidence, again.confidence);
    EXPECT_EQ(second.Counts().evaluated, 0U);
    EXPECT_EQ(second.Counts().cached, 1U);

    // Another classifier: nothing of it is known.
    Evaluator other(m_decoder, std::make_shared<Classifier>(FindModel("cifar10-clean")), options);
    other.Evaluate(fragments);
    EXPECT_EQ(other.Counts().evaluated, 1U);
}

namespace
{

/** Counts what it decodes, and fails on demand. */
class CountingDecoder : public ImageDecoder
{
  public:
    mutable std::atomic<int> m_decoded{0};
    std::string m_identity;
    bool m_fails{false};

    std::optional<Image> Decode(const std::vector<Bytes>&) const override
    {
        if (m_fails)
        {
            throw Error("the decoder fails");
        }
        ++m_decoded;
        return Waves(32);
    }

    std::optional<uint8_t> ImageIdOf(const Bytes&) const override
    {
        return 0;
    }

    std::string Identity() const override
    {
        return m_identity;
    }
};

} // namespace

TEST_F(EvaluatorTest, EvaluatorsThatShareACacheShareTheWork)
{
    const TemporaryFolder folder(testing::TempDir(), "evaluator");
    EvaluatorOptions options;
    options.cache = folder.Path() / "predictions.sqlite";
    options.workers = 2;
    const auto decoder = std::make_shared<CountingDecoder>();
    Evaluator a(decoder, m_classifier, options);
    Evaluator b(decoder, m_classifier, options);
    constexpr int RECEPTIONS = 50;
    std::vector<std::pair<Evaluator::Id, Evaluator::Id>> ids;
    for (uint8_t i = 0; i < RECEPTIONS; ++i)
    {
        ids.emplace_back(a.Request({{i}}), b.Request({{i}}));
    }
    for (const auto& [idA, idB] : ids)
    {
        EXPECT_EQ(a.Get(idA).label, b.Get(idB).label);
    }
    EXPECT_EQ(decoder->m_decoded, RECEPTIONS);
    EXPECT_EQ(a.Counts().evaluated + b.Counts().evaluated, RECEPTIONS);

    // Another model at the same place in the disk's eyes: nothing is taken from the old one.
    const auto changed = std::make_shared<CountingDecoder>();
    changed->m_identity = "changed";
    Evaluator c(changed, m_classifier, options);
    c.Evaluate({{1}});
    EXPECT_EQ(changed->m_decoded, 1);
}

TEST_F(EvaluatorTest, AFailureComesOutAndIsNoPrediction)
{
    const auto decoder = std::make_shared<CountingDecoder>();
    decoder->m_fails = true;
    Evaluator evaluator(decoder, m_classifier);
    const auto id = evaluator.Request({{1}});
    EXPECT_THROW(evaluator.Get(id), Error);
    EXPECT_THROW(evaluator.Get(id), Error);
}

TEST_F(EvaluatorTest, TopClassesAreOrderedAndStartWithTheBest)
{
    const auto best = m_classifier->Classify(Waves(100));
    const auto all = m_classifier->TopClasses(Waves(100), 99);
    ASSERT_EQ(all.size(), 10U);
    std::set<int> labels;
    double sum = 0;
    for (size_t k = 0; k < all.size(); ++k)
    {
        EXPECT_TRUE(k == 0 || all[k].confidence <= all[k - 1].confidence);
        labels.insert(all[k].label);
        sum += all[k].confidence;
    }
    EXPECT_EQ(labels.size(), 10U);
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_EQ(all[0].label, best.label);
    EXPECT_EQ(all[0].confidence, best.confidence);
    const auto five = m_classifier->TopClasses(Waves(100), 5);
    ASSERT_EQ(five.size(), 5U);
    EXPECT_EQ(five[4].label, all[4].label);
}

TEST_F(EvaluatorTest, ImpossibleNumbersOfValuesAreRefused)
{
    EXPECT_THROW(LimitNetEncoder(MakePictureEncoder("float", m_model, {}), 0, 1), Error);
    EXPECT_THROW(LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE + 1, 1),
                 Error);
    EXPECT_THROW(
        LimitNetEncoder(MakePictureEncoder("float", m_model, {}), 100, 1).Encode(Image{}, 0, 222),
        Error);
}

TEST_F(EvaluatorTest, ComparesWithTheOriginalWhereAsked)
{
    const auto picture = std::make_shared<const Image>(Waves(224));
    const auto fragments = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE, 1)
                               .Encode(*picture, 7, 222)
                               .fragments;
    Evaluator evaluator(m_decoder, m_classifier);
    const auto plain = evaluator.Get(evaluator.Request(fragments));
    EXPECT_FALSE(plain.psnrDb || plain.ssim);
    const auto compared = evaluator.Get(evaluator.Request(fragments, 0, picture));
    EXPECT_EQ(compared.label, plain.label);
    EXPECT_EQ(compared.psnrDb, PsnrDb(*m_decoder->Decode(fragments), *picture));
    EXPECT_EQ(compared.ssim, Ssim(*m_decoder->Decode(fragments), *picture));
    const auto nothing = evaluator.Get(evaluator.Request({}, 0, picture));
    EXPECT_FALSE(nothing.psnrDb) << "there is no picture";
}

TEST_F(EvaluatorTest, HasADecoderForEachCodec)
{
    Evaluator evaluator(m_decoder, m_classifier);
    EXPECT_EQ(evaluator.AddDecoder(std::make_shared<LimitNetDecoder>(m_model)), 0U)
        << "the same as the first";
    const auto whole = evaluator.AddDecoder(
        std::make_shared<LimitNetDecoder>(m_model, ValueOrder::IMPORTANCE, LATENT_SIZE));
    EXPECT_EQ(whole, 1U);
    const auto some = LimitNetEncoder(MakePictureEncoder("float", m_model, {}), LATENT_SIZE / 2, 1)
                          .Encode(Waves(224), 7, 222)
                          .fragments;
    EXPECT_GE(evaluator.Get(evaluator.Request(some, 0)).label, 0);
    EXPECT_EQ(evaluator.Get(evaluator.Request(some, whole)).label, -1) << "not all is there";
}

TEST_F(EvaluatorTest, AnotherModelsMapIsNoPicture)
{
    // The device's tables are not the cloud's: as if its model had been trained again.
    struct OtherModel : PictureEncoder
    {
        std::shared_ptr<const PictureEncoder> inner;

        PictureSymbols Encode(const Image& picture) const override
        {
            return inner->Encode(picture);
        }

        const EntropyTables& Entropy() const override
        {
            return inner->Entropy();
        }

        uint8_t ModelId() const override
        {
            return static_cast<uint8_t>(inner->ModelId() + 1);
        }

        bool HasSaliency() const override
        {
            return inner->HasSaliency();
        }
    };

    auto other = std::make_shared<OtherModel>();
    other->inner = MakePictureEncoder("float", m_model, {});
    const auto fragments =
        LimitNetEncoder(other, LATENT_SIZE, 1).Encode(Waves(224), 7, 222).fragments;
    EXPECT_EQ(Evaluator(m_decoder, m_classifier).Evaluate(fragments).label, -1)
        << "refused, not mistaken";
}
