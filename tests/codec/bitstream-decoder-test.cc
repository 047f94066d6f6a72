// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/map-code.h"
#include "tests/codec/codec-test-data.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

// Compares the sources with bitstream_decoder.py, a receiver that was written from
// docs/bitstream.md without a look at them: the same fragments have to give the same symbols.

namespace limitnet::test
{
namespace
{

/// Tables whose latent values say which symbol they stand for.
CodecTables
Readable(CodecTables tables)
{
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        for (int s = 0; s < SYMBOL_COUNT; ++s)
        {
            tables.reconstruction[c][s] = static_cast<float>(1000 * (c + 1) + s);
        }
    }
    return tables;
}

/// Tables that no calibration would make: every entry anywhere in its range.
CodecTables
WildTables(uint64_t seed)
{
    Random random(seed);
    const auto below = [&random](uint32_t limit) {
        return static_cast<uint8_t>(random.Below(limit));
    };
    CodecTables tables = MakeTables();
    tables.modelId = below(256);
    EntropyTables& entropy = tables.entropy;
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        // from even to nearly all on one symbol
        auto& frequency = entropy.frequency[c];
        frequency.fill(static_cast<uint16_t>(512 >> std::min(c, 9)));
        frequency[random.Below(64)] += static_cast<uint16_t>(32768 - 64 * frequency[0]);
        entropy.mean[c] = static_cast<uint16_t>(random.Below(1009));
        entropy.weightSet[c] = below(WEIGHT_SETS);
        for (auto& byConfidence : entropy.width[c])
        {
            for (auto& bySpread : byConfidence)
            {
                bySpread = {below(WIDTH_COUNT), below(WIDTH_COUNT)};
            }
        }
    }
    for (int set = 0; set < WEIGHT_SETS; ++set)
    {
        for (int pattern = 0; pattern < NEIGHBOUR_PATTERNS; ++pattern)
        {
            // small ones in half of the patterns: large ones mostly end at 0 or 1008
            const bool small = random.Below(2) == 0;
            for (auto& weight : entropy.weight[set][pattern])
            {
                const int any = static_cast<int>(random.Below(256)) - 128;
                weight = static_cast<int8_t>(small ? any / 8 : any);
            }
            entropy.confidence[set][pattern] = below(CONFIDENCE_CLASSES);
        }
    }
    for (auto& width : entropy.mapWidth)
    {
        width = below(WIDTH_COUNT);
    }
    return tables;
}

/// An image without any regularity.
Sample
NoiseSample(Random& random)
{
    Sample sample;
    sample.map.range = static_cast<uint8_t>(random.Below(256));
    for (auto& level : sample.map.level)
    {
        level = static_cast<uint8_t>(random.Below(MAP_LEVELS));
    }
    sample.symbols.resize(LATENT_SIZE);
    for (auto& symbol : sample.symbols)
    {
        symbol = static_cast<uint8_t>(random.Below(SYMBOL_COUNT));
    }
    return sample;
}

/// A fragment nobody would send: a valid header before noise, noise alone, or a damaged real one.
Bytes
Garbage(Random& random, const std::vector<Bytes>& real, const CodecTables& tables, uint8_t imageId)
{
    const auto noise = [&random](size_t size) {
        Bytes bytes(size);
        for (auto& byte : bytes)
        {
            byte = static_cast<uint8_t>(random.Below(3) == 0 ? 255 : random.Below(256));
        }
        return bytes;
    };
    Bytes bytes;
    switch (random.Below(4))
    {
    case 0:
        return noise(random.Below(60));
    case 1: {
        const size_t first = random.Below(LATENT_SIZE - 50);
        const size_t count = 1 + random.Below(50);
        // around the longest payload that is valid
        bytes = noise(FRAGMENT_HEADER_BYTES + (random.Below(3) == 0
                                                   ? MaxSymbolPayload(count) - 1 + random.Below(3)
                                                   : random.Below(40)));
        WriteSymbolsHeader(imageId, first, count, bytes.data());
        return bytes;
    }
    case 2:
        bytes = noise(FRAGMENT_HEADER_BYTES + random.Below(20));
        WriteMapHeader(imageId,
                       random.Below(64),
                       random.Below(4) == 0,
                       static_cast<uint8_t>(tables.modelId + (random.Below(4) == 0 ? 1 : 0)),
                       bytes.data());
        return bytes;
    default:
        bytes = real[random.Below(static_cast<uint32_t>(real.size()))];
        // the header is hit as often as the rest
        bytes[random.Below(2) == 0 ? random.Below(4)
                                   : random.Below(static_cast<uint32_t>(bytes.size()))] ^=
            static_cast<uint8_t>(1U << random.Below(8));
        if (random.Below(3) == 0)
        {
            bytes.resize(random.Below(static_cast<uint32_t>(bytes.size()) + 4));
        }
        return bytes;
    }
}

/// Hands the same to both receivers and compares what they have at the end.
class BitstreamDecoder : public testing::Test
{
  protected:
    /// What one receiver has.
    struct Outcome
    {
        std::string image = "-";
        std::string map = "-";
        std::vector<std::string> symbols; ///< "." or the symbol, by latent index
        bool clean = false;               ///< everything that it got was made by a Fragmenter
    };

    ~BitstreamDecoder() override
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_folder, ignored);
    }

    void SetUp() override
    {
        std::string name = testing::TempDir() + "limitnet-bitstream-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr) << name;
        m_folder = name;
    }

    /// From now on these tables hold.
    void UseTables(const CodecTables& tables)
    {
        m_tables = std::make_unique<CodecTables>(Readable(tables));
        m_tables->Check();
        const EntropyTables& entropy = m_tables->entropy;
        m_input << "model " << int{m_tables->modelId} << '\n';
        for (int c = 0; c < LATENT_CHANNELS; ++c)
        {
            m_input << "frequency " << c;
            Line(entropy.frequency[c]);
            for (int confidence = 0; confidence < CONFIDENCE_CLASSES; ++confidence)
            {
                m_input << "width " << c << ' ' << confidence;
                for (const auto& bySpread : entropy.width[c][confidence])
                {
                    m_input << ' ' << int{bySpread[0]} << ' ' << int{bySpread[1]};
                }
                m_input << '\n';
            }
        }
        m_input << "mean";
        Line(entropy.mean);
        m_input << "weight_set";
        Line(entropy.weightSet);
        for (int set = 0; set < WEIGHT_SETS; ++set)
        {
            for (int pattern = 0; pattern < NEIGHBOUR_PATTERNS; ++pattern)
            {
                m_input << "weight " << set << ' ' << pattern;
                Line(entropy.weight[set][pattern]);
            }
            m_input << "confidence " << set;
            Line(entropy.confidence[set]);
        }
        m_input << "map_width";
        Line(entropy.mapWidth);
    }

    const CodecTables& Tables() const
    {
        return *m_tables;
    }

    /**
     * Gives fragments to a new receiver of each kind.
     *
     * \param fragments the fragments in the order of their arrival.
     * \param clean whether all of them are as a Fragmenter made them.
     */
    void Receive(const std::vector<Bytes>& fragments, bool clean)
    {
        Reassembler reassembler(*m_tables);
        m_input << "receiver " << m_outcomes.size() << '\n';
        for (const Bytes& bytes : fragments)
        {
            m_input << "fragment " << Hex(bytes) << '\n';
            // a full store is not a matter of the bitstream
            ASSERT_NE(Add(reassembler, bytes), Reassembler::Result::NO_ROOM);
        }
        m_input << "report\n";
        Outcome outcome;
        outcome.clean = clean;
        if (reassembler.HasImageId())
        {
            outcome.image = std::to_string(reassembler.ImageId());
        }
        if (reassembler.HasMap())
        {
            outcome.map = std::to_string(reassembler.Map().range);
            for (const int level : reassembler.Map().level)
            {
                outcome.map += "," + std::to_string(level);
            }
        }
        std::vector<uint8_t> received(LATENT_SIZE);
        reassembler.Received(received.data());
        const std::vector<float> latent = LatentOf(reassembler);
        for (int i = 0; i < LATENT_SIZE; ++i)
        {
            // 1000 (c + 1) + s where received, 0 elsewhere
            const int symbol = static_cast<int>(latent[i]) - 1000 * (i / LATENT_CELLS + 1);
            ASSERT_EQ(received[i] != 0, symbol >= 0);
            outcome.symbols.push_back(received[i] != 0 ? std::to_string(symbol) : ".");
            m_values += received[i];
        }
        m_outcomes.push_back(outcome);
    }

    /// Runs the other receiver and compares.
    void Compare()
    {
        const auto input = m_folder / "input.txt";
        std::ofstream(input) << m_input.str();
        const std::string command =
            std::string("\"" LIMITNET_TEST_PYTHON "\" -B \"" LIMITNET_TEST_SOURCE_DIR
                        "/tests/codec/bitstream_decoder.py\" < \"") +
            input.string() + "\"";
        FILE* pipe = popen(command.c_str(), "r");
        ASSERT_NE(pipe, nullptr) << command;
        std::string output;
        std::array<char, 4096> part;
        while (const size_t size = std::fread(part.data(), 1, part.size(), pipe))
        {
            output.append(part.data(), size);
        }
        ASSERT_EQ(pclose(pipe), 0) << command;

        std::istringstream lines(output);
        for (size_t i = 0; i < m_outcomes.size(); ++i)
        {
            const Outcome& outcome = m_outcomes[i];
            std::string line;
            ASSERT_TRUE(std::getline(lines, line)) << "report " << i << " is missing";
            std::istringstream words(line);
            std::string name;
            std::string image;
            std::string map;
            size_t oddCodes = 0;
            ASSERT_TRUE(words >> name >> image >> map >> oddCodes);
            EXPECT_EQ(name, std::to_string(i));
            EXPECT_EQ(image, outcome.image) << "receiver " << i;
            EXPECT_EQ(map, outcome.map) << "receiver " << i;
            if (outcome.clean)
            {
                EXPECT_EQ(oddCodes, 0U) << "receiver " << i << ": codes that are not the shortest";
            }
            for (int index = 0; index < LATENT_SIZE; ++index)
            {
                std::string symbol;
                ASSERT_TRUE(words >> symbol);
                ASSERT_EQ(symbol, outcome.symbols[index]) << "receiver " << i << " index " << index;
            }
        }
    }

    /// How many values all receivers have in all.
    size_t Values() const
    {
        return m_values;
    }

  private:
    template <typename T>
    void Line(const T& numbers)
    {
        for (const int number : numbers)
        {
            m_input << ' ' << number;
        }
        m_input << '\n';
    }

    static std::string Hex(const Bytes& bytes)
    {
        std::string text;
        for (const uint8_t byte : bytes)
        {
            text += "0123456789abcdef"[byte >> 4];
            text += "0123456789abcdef"[byte & 15];
        }
        return text.empty() ? "-" : text;
    }

    std::filesystem::path m_folder;
    std::ostringstream m_input;
    std::unique_ptr<CodecTables> m_tables;
    std::vector<Outcome> m_outcomes;
    size_t m_values = 0;
};

TEST_F(BitstreamDecoder, WholeImagesAtAllLimits)
{
    Random random(101);
    for (uint64_t seed : {0, 1, 2})
    {
        UseTables(seed == 0 ? MakeTables() : WildTables(seed));
        for (size_t limit : {11, 51, 222, 1500})
        {
            const auto image = static_cast<uint8_t>(random.Below(64));
            const Sample sample = limit == 51 ? NoiseSample(random) : MakeSample(Tables(), random);
            Receive(Cut(Tables(), sample, limit, LATENT_SIZE, 1, image), true);
        }
    }
    EXPECT_EQ(Values(), 12U * LATENT_SIZE);
    Compare();
}

TEST_F(BitstreamDecoder, SomeFragmentsInAnyOrderAndTwice)
{
    Random random(102);
    for (uint64_t seed : {0, 3})
    {
        UseTables(seed == 0 ? MakeTables() : WildTables(seed));
        for (size_t limit : {11, 51, 222, 1500})
        {
            const Sample sample = MakeSample(Tables(), random);
            auto fragments = Cut(Tables(), sample, limit, 500 + random.Below(6000), 3);
            const auto again = fragments;
            fragments.insert(fragments.end(), again.begin(), again.end());
            random.Shuffle(fragments);
            fragments.resize(fragments.size() * 2 / 3);
            Receive(fragments, true);
        }
    }
    EXPECT_GT(Values(), 5000U);
    Compare();
}

TEST_F(BitstreamDecoder, OverlapsOfTwoLimitsAndALateMap)
{
    Random random(103);
    for (uint64_t seed : {0, 4})
    {
        UseTables(seed == 0 ? MakeTables() : WildTables(seed));
        const Sample sample = MakeSample(Tables(), random);
        auto fragments = Cut(Tables(), sample, 51, 1500);
        const auto other = Cut(Tables(), sample, 222, 2500);
        fragments.insert(fragments.end(), other.begin(), other.end());
        random.Shuffle(fragments);
        fragments.resize(fragments.size() * 3 / 4);
        Receive(fragments, true);
        // the map last, and not at all
        auto late = Cut(Tables(), sample, 11, 1000);
        std::reverse(late.begin(), late.end());
        Receive(late, true);
        while (IsMap(late.back()))
        {
            late.pop_back();
        }
        Receive(late, true);
        // two images of other contents with the same map: ranges overlap and disagree
        Sample second = MakeSample(Tables(), random);
        second.map = sample.map;
        auto mixed = Cut(Tables(), sample, 51, 1200);
        const auto conflicting = Cut(Tables(), second, 115, 1200);
        mixed.insert(mixed.end(), conflicting.begin(), conflicting.end());
        random.Shuffle(mixed);
        Receive(mixed, true);
    }
    EXPECT_GT(Values(), 8000U);
    Compare();
}

TEST_F(BitstreamDecoder, DamageAndOtherSenders)
{
    Random random(104);
    for (uint64_t seed : {0, 5, 6})
    {
        UseTables(seed == 0 ? MakeTables() : WildTables(seed));
        for (int round = 0; round < 8; ++round)
        {
            const Sample sample = MakeSample(Tables(), random);
            const size_t limit = round % 3 == 0 ? 11 : 51;
            const auto fragments = Cut(Tables(), sample, limit, 300, 2, 63);
            auto received = fragments;
            // of another image, of a sender with another model, and of a map that disagrees
            const auto others = Cut(Tables(), sample, 51, 100, 1, 62);
            received.insert(received.end(), others.begin(), others.end());
            CodecTables otherTables = Tables();
            ++otherTables.modelId;
            const auto foreign = Cut(otherTables, sample, 222, 200, 1, 63);
            received.insert(received.end(), foreign.begin(), foreign.end());
            const auto second = Cut(Tables(), MakeSample(Tables(), random), 11, 30, 1, 63);
            received.insert(received.end(), second.begin(), second.end());
            for (int i = 0; i < 60; ++i)
            {
                received.push_back(Garbage(random, fragments, Tables(), 63));
            }
            random.Shuffle(received);
            Receive(received, false);
        }
    }
    EXPECT_GT(Values(), 5000U);
    Compare();
}

TEST_F(BitstreamDecoder, OnlyWhatIsValidFixesTheImage)
{
    Random random(106);
    UseTables(MakeTables());
    const auto fragments = Cut(Tables(), MakeSample(Tables(), random), 51, 100, 1, 9);
    const auto map = [this](size_t offset, size_t size, bool last, uint8_t modelId) {
        Bytes bytes(FRAGMENT_HEADER_BYTES + size, 0x55);
        WriteMapHeader(10, offset, last, modelId, bytes.data());
        return bytes;
    };
    const auto symbols = [](size_t first, size_t count, size_t size) {
        Bytes bytes(FRAGMENT_HEADER_BYTES + size, 0x55);
        WriteSymbolsHeader(10, first, count, bytes.data());
        return bytes;
    };
    const uint8_t model = Tables().modelId;
    std::vector<Bytes> first{{},
                             {40, 0, 0},
                             {40, 0, 0, 0},
                             map(0, 1, false, static_cast<uint8_t>(model + 1)),
                             map(3, 0, false, model),
                             map(3, 0, true, model),
                             map(0, 0, true, model)};
    for (size_t offset : {0, 1, 39, 40, 41, 63})
    {
        for (size_t size : {1, 39, 40, 41})
        {
            first.push_back(map(offset, size, offset == 39, model));
        }
    }
    for (size_t size : {0, 4, 5, 20})
    {
        first.push_back(symbols(0, 1, size));
        first.push_back(symbols(9407, 1, size));
        first.push_back(symbols(4703, 9, size));
        first.push_back(symbols(4704, 9, size + 1));
    }
    // the first codes beyond the symbols, of every version, and beyond all that are used
    for (uint32_t code : {44259935U, 44259936U, 44292703U, 44325472U, 44391007U, 44391008U})
    {
        const uint32_t word = 10U << 26 | code;
        Bytes bytes(FRAGMENT_HEADER_BYTES + 1, 0x55);
        for (int i = 0; i < 4; ++i)
        {
            bytes[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
        }
        first.push_back(bytes);
    }
    for (const Bytes& bytes : first)
    {
        auto received = fragments;
        received.insert(received.begin(), bytes);
        Receive(received, false);
    }
    EXPECT_GT(Values(), 1000U);
    Compare();
}

TEST_F(BitstreamDecoder, MapsOfAllKinds)
{
    Random random(105);
    int coarse = 0;
    int empty = 0;
    int partly = 0;
    for (uint64_t seed : {0, 7, 8})
    {
        UseTables(seed == 0 ? MakeTables() : WildTables(seed));
        for (int round = 0; round < 12; ++round)
        {
            Sample sample = NoiseSample(random);
            const int kind = round % 6;
            if (kind == 1)
            {
                sample.map = SaliencyMap();
            }
            else if (kind == 2)
            {
                sample.map.range = 0; // the levels do not matter
            }
            else if (kind >= 3)
            {
                // level ground with fewer or more steps of every height: all contexts
                const uint32_t rarity = 1U << kind;
                for (size_t i = 1; i < sample.map.level.size(); ++i)
                {
                    if (random.Below(rarity) != 0)
                    {
                        sample.map.level[i] = sample.map.level[i - 1];
                    }
                }
            }
            SaliencyMap sent = sample.map;
            std::array<uint8_t, MAX_MAP_BYTES> bytes{};
            const size_t size = EncodeSaliencyMap(Tables().entropy, sent, bytes.data());
            coarse += sent == sample.map ? 0 : 1;
            empty += size == 0 ? 1 : 0;
            partly += size > 7 ? 1 : 0;
            Receive(Cut(Tables(), sample, 11, 64), true);
            // noise is a map as well, whole or cut
            Bytes noise(FRAGMENT_HEADER_BYTES + random.Below(MAX_MAP_BYTES + 1));
            for (auto& byte : noise)
            {
                byte = static_cast<uint8_t>(random.Below(256));
            }
            if (noise.size() > 5 && round % 4 == 0)
            {
                noise[5] = 0xFF; // where the flag is: coarse
            }
            WriteMapHeader(0, 0, true, Tables().modelId, noise.data());
            Receive({noise}, false);
        }
    }
    EXPECT_GT(coarse, 4);
    EXPECT_GE(empty, 3);
    EXPECT_GT(partly, 10);
    Compare();
}

} // namespace
} // namespace limitnet::test
