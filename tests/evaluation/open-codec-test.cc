// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/device/device-profile.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/open-codec.h"
#include "limitnet/evaluation/picture-encoder.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/scenario/offloading-options.h"
#include "tests/evaluation/wave-picture.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

using namespace limitnet;

TEST(OpenCodec, EachOneEncodesAndDecodesWithinItsBytes)
{
    const Image picture = Waves(224);
    std::set<std::string> identities;
    for (const auto& name : CodecNames())
    {
        CodecChoice choice;
        choice.name = name;
        choice.bytes = 900;
        const auto codec = OpenCodec(choice);
        EXPECT_EQ(codec.model != nullptr, name == "limitnet");
        const auto encoded = codec.encoder->Encode(picture, 70, 51);
        EXPECT_LE(TotalBytes(encoded.fragments), 900U) << name;
        EXPECT_GT(TotalBytes(encoded.fragments), 450U) << name;
        EXPECT_FALSE(encoded.work.stages.empty());
        for (const auto& profile : DeviceProfile::Names())
        {
            EXPECT_GT(DeviceProfile::Get(profile).EncodingSeconds(encoded.work), 0) << name;
        }
        for (const auto& fragment : encoded.fragments)
        {
            EXPECT_EQ(codec.decoder->ImageIdOf(fragment), 70 % IMAGE_IDS) << name;
        }
        EXPECT_TRUE(codec.decoder->Decode(encoded.fragments)) << name;
        EXPECT_TRUE(identities.insert(codec.decoder->Identity()).second) << name;
    }
}

TEST(OpenCodec, EachOrderIsUnderstoodByItsOwnCloud)
{
    const Image picture = Waves(224);
    CodecChoice choice;
    for (const auto& order : ValueOrderNames())
    {
        choice.order = order;
        const auto codec = OpenCodec(choice);
        const auto encoded = codec.encoder->Encode(picture, 0, 222);
        const auto decoded = codec.decoder->Decode(encoded.fragments);
        ASSERT_TRUE(decoded);
        EXPECT_GT(PsnrDb(*decoded, picture), 20) << order;
        uint64_t saliency = 0;
        for (const auto& stage : encoded.work.stages)
        {
            saliency += stage.name == "saliency" ? stage.operations : 0;
        }
        EXPECT_EQ(saliency > 0, NeedsMap(codec.order)) << order;
    }
}

/** The entropy code works on the values that are sent, however many those are. */
TEST(OpenCodec, WorksOnTheValuesThatItSends)
{
    const Image picture = Waves(224);
    const auto entropyOf = [](const EncodedImage& encoded) {
        uint64_t operations = 0;
        for (const auto& stage : encoded.work.stages)
        {
            operations += stage.name == "entropy" ? stage.operations : 0;
        }
        return operations;
    };
    CodecChoice choice;
    choice.valuesPercent = 50;
    choice.mapCopies = 2; // which are no values
    const auto whole = OpenCodec(choice).encoder->Encode(picture, 0, 51);
    EXPECT_EQ(entropyOf(whole), 4704U);
    choice.bytes = 300;
    const auto codec = OpenCodec(choice);
    for (const size_t most : {300, 120, 10}) // of the last the map and one value are more
    {
        const auto encoded = codec.encoder->Encode(picture, 0, {51, most});
        const auto received = ReceiveLatent(*codec.model, encoded.fragments);
        ASSERT_TRUE(received);
        EXPECT_EQ(entropyOf(encoded), received->valueCount) << most;
        EXPECT_EQ(received->valueCount == 1, most == 10);
        EXPECT_LT(received->valueCount, 4704U);
    }
}

TEST(OpenCodec, WithoutProgressAllValuesAreNeeded)
{
    CodecChoice choice;
    choice.progressive = false;
    choice.valuesPercent = 20;
    const auto codec = OpenCodec(choice);
    auto fragments = codec.encoder->Encode(Waves(224), 0, 51).fragments;
    EXPECT_TRUE(codec.decoder->Decode(fragments));
    fragments.pop_back();
    EXPECT_FALSE(codec.decoder->Decode(fragments));
}

TEST(OpenCodec, NonsenseGetsALine)
{
    const auto errorOf = [](auto change) {
        CodecChoice choice;
        change(choice);
        try
        {
            const auto codec = OpenCodec(choice);
            codec.encoder->Encode(Waves(32), 0, 51);
        }
        catch (const Error& error)
        {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_NE(errorOf([](auto& c) { c.name = "gif"; }).find("'gif'"), std::string::npos);
    EXPECT_NE(errorOf([](auto& c) {
                  c.progressive = false;
                  c.bytes = 500;
              }).find("progressive"),
              std::string::npos);
    EXPECT_NE(errorOf([](auto& c) { c.bytes = 20; }).find("20 bytes"), std::string::npos);
    EXPECT_NE(errorOf([](auto& c) {
                  c.name = "jpeg";
                  c.side = 3;
              }).find("3x3"),
              std::string::npos);
}

TEST(OpenCodec, ScenarioFilesOfferWhatThereIs)
{
    const OptionTable table = OffloadingOptions("lora", "test");
    const auto choicesOf = [&](const std::string& key) {
        const auto& options = table.Options();
        const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
            return option.key == key;
        });
        return found == options.end() ? std::vector<std::string>{} : found->choices;
    };
    EXPECT_EQ(choicesOf("codec.name"), CodecNames());
    EXPECT_EQ(choicesOf("codec.order"), ValueOrderNames());
    EXPECT_EQ(choicesOf("codec.encoder"), PictureEncoderNames());
}
