// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/error.h"
#include "limitnet/codec/int8-model.h"
#include "tests/codec/int8-reference.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace limitnet::test
{
namespace
{

/// Puts a right checksum at the end again.
void
Seal(std::vector<uint8_t>& file)
{
    const uint32_t crc = Crc32(file.data(), file.size() - 4);
    for (int i = 0; i < 4; ++i)
    {
        file[file.size() - 4 + static_cast<size_t>(i)] = static_cast<uint8_t>(crc >> (8 * i));
    }
}

TEST(Int8Model, IsReadAsItWasWritten)
{
    for (const bool hasSaliency : {true, false})
    {
        auto made = MakeInt8Model(11, hasSaliency);
        made.model.modelId = 77;
        made.model.quantiser.offset[3] = -(int64_t{1} << 50);
        made.model.layers[1].bias[2] = -5;
        const auto file = made.model.Serialise();
        const Int8Model read = Int8Model::Parse(file.data(), file.size());
        EXPECT_EQ(read.hasSaliency, hasSaliency);
        EXPECT_EQ(read.modelId, 77);
        EXPECT_EQ(read.entropy.frequency, made.model.entropy.frequency);
        EXPECT_EQ(read.quantiser.multiplier, made.model.quantiser.multiplier);
        EXPECT_EQ(read.quantiser.offset, made.model.quantiser.offset);
        EXPECT_EQ(read.quantiser.shift, made.model.quantiser.shift);
        for (int l = 0; l < (hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS); ++l)
        {
            EXPECT_EQ(read.layers[l].bias, made.model.layers[l].bias);
            EXPECT_EQ(read.layers[l].multiplier, made.model.layers[l].multiplier);
            EXPECT_EQ(read.layers[l].shift, made.model.layers[l].shift);
            EXPECT_TRUE(
                std::equal(made.weights[l].begin(), made.weights[l].end(), read.layers[l].weights));
        }
        EXPECT_EQ(read.Serialise(), file);
    }
}

TEST(Int8Model, WeightsTakeAtMost24Kilobytes)
{
    size_t weights = 0;
    for (const Int8Shape& shape : INT8_SHAPES)
    {
        weights += static_cast<size_t>(shape.outputs) * shape.PaddedTaps();
    }
    // 15,988 weights, and zeros up to a multiple of 16 for each output channel: 13 x 16 for conv1,
    // and 4 x 16, 8 x 4 and 12 in the saliency decoder
    EXPECT_EQ(weights, 15988U + 208 + 64 + 32 + 12);
    EXPECT_LE(weights, 24U * 1024);
    EXPECT_LE(MakeInt8Model(12).model.Serialise().size(), 32U * 1024);
}

TEST(Int8Model, BeginsAsDocumented)
{
    auto made = MakeInt8Model(13);
    made.model.modelId = 0x2A;
    const auto file = made.model.Serialise();
    const std::vector<uint8_t> head{'L', 'N', 'I', '8', 1, 0, 0x2A, 1};
    EXPECT_TRUE(std::equal(head.begin(), head.end(), file.begin()));
    EXPECT_EQ(file[8] + 256U * file[9] + 65536U * file[10], file.size());
    EXPECT_EQ(static_cast<int8_t>(file[16]), made.weights[0][0]);
}

TEST(Int8Model, AnyOtherBytesAreAnError)
{
    const auto file = MakeInt8Model(14).model.Serialise();
    EXPECT_THROW(Int8Model::Parse(nullptr, 0), Error);
    for (size_t size = 0; size < file.size(); size += size < 64 ? 1 : 97)
    {
        const std::vector<uint8_t> cut(file.begin(),
                                       file.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_THROW(Int8Model::Parse(cut.data(), cut.size()), Error) << size;
    }
    auto longer = file;
    longer.push_back(0);
    EXPECT_THROW(Int8Model::Parse(longer.data(), longer.size()), Error);
    Random random(15);
    for (int round = 0; round < 200; ++round)
    {
        auto damaged = file;
        damaged[random.Below(static_cast<uint32_t>(file.size()))] ^=
            static_cast<uint8_t>(1U << random.Below(8));
        EXPECT_THROW(Int8Model::Parse(damaged.data(), damaged.size()), Error);
    }
}

TEST(Int8Model, NumbersOutOfRangeAreAnErrorEvenWithARightChecksum)
{
    const auto made = MakeInt8Model(16);
    const auto file = made.model.Serialise();
    const size_t bias = 16 + 16 * 160;
    const auto with = [&](size_t at, uint8_t value) {
        auto changed = file;
        changed[at] = value;
        Seal(changed);
        return changed;
    };
    const auto parse = [](const std::vector<uint8_t>& bytes) {
        Int8Model::Parse(bytes.data(), bytes.size());
    };
    EXPECT_NO_THROW(parse(with(bias, 1)));
    EXPECT_THROW(parse(with(bias + 3, 0x7F)), Error);          // a bias of 2^30 and more
    EXPECT_THROW(parse(with(bias + 3, 0x80)), Error);          // and its negative
    EXPECT_THROW(parse(with(bias + 16 * 4 + 3, 0x80)), Error); // a multiplier of 2^31
    EXPECT_THROW(parse(with(bias + 16 * 8, 0)), Error);        // a shift of 0
    EXPECT_THROW(parse(with(bias + 16 * 8, 63)), Error);       // and of 63
    EXPECT_THROW(parse(with(4, 2)), Error);                    // a later version
    EXPECT_THROW(parse(with(7, 0)), Error);                    // no saliency decoder, yet there
    EXPECT_THROW(parse(with(12, 0)), Error);                   // another length of the tables
    EXPECT_THROW(parse(with(file.size() - 5, 0xFF)), Error);   // frequencies that do not add up
}

TEST(Int8Model, RandomBodiesNeverCrash)
{
    // every byte after the header random, sealed: read or refused, nothing else
    auto file = MakeInt8Model(17).model.Serialise();
    Random random(18);
    size_t refused = 0;
    for (int round = 0; round < 200; ++round)
    {
        for (size_t i = 16; i < file.size(); ++i)
        {
            file[i] = static_cast<uint8_t>(random.Below(256));
        }
        Seal(file);
        try
        {
            Int8Model::Parse(file.data(), file.size());
        }
        catch (const Error&)
        {
            ++refused;
        }
    }
    EXPECT_EQ(refused, 200U);
}

} // namespace
} // namespace limitnet::test
