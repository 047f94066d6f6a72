// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/bitplane-calibration.h"
#include "limitnet/codec/bitplane-code.h"
#include "limitnet/codec/error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{
namespace
{

constexpr double PI = 3.14159265358979323846;

/// A coloured picture with slopes, an edge and some noise.
Image
MadeUp(int side, unsigned seed)
{
    std::mt19937 random(seed);
    Image image{side, side, {}};
    const double turn = static_cast<double>(random() % 628) / 100;
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const double along = (x * std::cos(turn) + y * std::sin(turn)) / side;
            const double base = 128 + 70 * std::sin(5 * along) + (along > 0.4 ? 40 : 0);
            for (const double gain : {1.0, 0.8, 0.5})
            {
                const double noise = static_cast<double>(random() % 17) - 8;
                image.rgb.push_back(
                    static_cast<uint8_t>(std::clamp(base * gain + noise + 20, 0.0, 255.0)));
            }
        }
    }
    return image;
}

double
MeanSquaredError(const Image& a, const Image& b)
{
    EXPECT_EQ(a.rgb.size(), b.rgb.size());
    double sum = 0;
    for (size_t i = 0; i < a.rgb.size(); ++i)
    {
        const double error = static_cast<double>(a.rgb[i]) - b.rgb[i];
        sum += error * error;
    }
    return sum / static_cast<double>(a.rgb.size());
}

/// Tables fitted to some made-up pictures.
const BitplaneTables&
Tables()
{
    static const BitplaneTables tables = [] {
        BitplaneCalibrationOptions options;
        options.rounds = 2;
        options.note = "made up";
        return CalibrateBitplanes(
            30,
            [](size_t i) { return MadeUp(32, static_cast<unsigned>(i)); },
            options);
    }();
    return tables;
}

TEST(BitplaneTransform, IsThatOfItsDefinition)
{
    // The second transform of the means of 8x8 luma samples is the cosine transform of the whole
    // picture's block means, so everything can be computed from sums over the picture.
    constexpr int SIDE = 24;
    const Image image = MadeUp(SIDE, 5);
    const auto coefficients = TransformPicture(image, 16);
    ASSERT_EQ(coefficients.values.size(), size_t{SIDE * SIDE * 3 / 2});
    const auto luma = [&](int x, int y) {
        const uint8_t* p = &image.rgb[3 * static_cast<size_t>(y * SIDE + x)];
        return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2] - 128;
    };
    const auto basis = [](int k, int i, int n) {
        return std::sqrt((k == 0 ? 1.0 : 2.0) / n) * std::cos(PI * (2 * i + 1) * k / (2.0 * n));
    };
    const auto block = [&](int by, int bx, int u, int v) {
        double sum = 0;
        for (int y = 0; y < 8; ++y)
        {
            for (int x = 0; x < 8; ++x)
            {
                sum += luma(8 * bx + x, 8 * by + y) * basis(u, y, 8) * basis(v, x, 8);
            }
        }
        return sum;
    };
    constexpr int GRID = SIDE / 8;
    constexpr double UNITS = 8;
    for (int u = 0; u < 8; ++u)
    {
        for (int v = 0; v < 8; ++v)
        {
            for (int b = 0; b < GRID * GRID; ++b)
            {
                double expected = block(b / GRID, b % GRID, u, v);
                if (u + v == 0)
                {
                    expected = 0;
                    for (int i = 0; i < GRID * GRID; ++i)
                    {
                        expected += block(i / GRID, i % GRID, 0, 0) *
                                    basis(b / GRID, i / GRID, GRID) *
                                    basis(b % GRID, i % GRID, GRID);
                    }
                }
                const auto at = static_cast<size_t>((u * 8 + v) * GRID * GRID + b);
                EXPECT_NEAR(coefficients.values[at], UNITS * expected, 6)
                    << u << ' ' << v << ' ' << b;
            }
        }
    }
    // Of a chroma component the sum: 4x4 blocks of 2x2 pixels' averages, mean of all.
    double cr = 0;
    for (size_t i = 0; i < image.rgb.size(); i += 3)
    {
        cr += 0.5 * image.rgb[i] - 0.418688 * image.rgb[i + 1] - 0.081312 * image.rgb[i + 2];
    }
    const auto first = static_cast<size_t>(SIDE * SIDE + SIDE * SIDE / 4);
    EXPECT_NEAR(coefficients.values[first], UNITS * cr / 4 / (SIDE / 2), 6);
}

TEST(BitplaneTransform, IsUndone)
{
    for (const int side : {16, 32, 104, 224})
    {
        const Image image = MadeUp(side, 3);
        const Image restored = RestorePicture(TransformPicture(image, 24), 24);
        EXPECT_LT(MeanSquaredError(image, restored), 40) << "noise of chroma is averaged";
        Image grey = image;
        for (size_t i = 0; i < grey.rgb.size(); i += 3)
        {
            grey.rgb[i + 1] = grey.rgb[i + 2] = grey.rgb[i];
        }
        EXPECT_LT(MeanSquaredError(grey, RestorePicture(TransformPicture(grey, 24), 24)), 0.1);
    }
}

/// Decides as coefficients are, and remembers nothing.
class TruthfulDecider : public BitplaneDecider
{
  public:
    TruthfulDecider(const BitplaneCoefficients& coefficients, size_t count)
        : m_coefficients(coefficients),
          m_left(count)
    {
    }

    int Decide(const BitplaneDecision& decision) override
    {
        if (m_left-- == 0)
        {
            return -1;
        }
        const int32_t value = m_coefficients.values[decision.coefficient];
        EXPECT_GE(decision.one, 8U);
        EXPECT_LE(decision.one, 32760U);
        return decision.kind == BitplaneDecision::Kind::SIGN
                   ? (value < 0 ? 1 : 0)
                   : std::abs(value) >> decision.plane & 1;
    }

  private:
    const BitplaneCoefficients& m_coefficients;
    size_t m_left;
};

TEST(BitplaneCode, SaysEverythingAtItsEnd)
{
    const Image image = MadeUp(32, 100);
    const auto coefficients = TransformPicture(image, Tables().chromaGain);
    TruthfulDecider decider(coefficients, ~size_t{0});
    const auto known = WalkBitplanes(32, Tables(), decider);
    for (size_t i = 0; i < known.values.size(); ++i)
    {
        const int32_t value = coefficients.values[i];
        EXPECT_LE(std::abs(known.values[i] - value), 8) << i;
    }
}

TEST(BitplaneCode, AStreamGivesWhatWasDecided)
{
    for (unsigned seed = 200; seed < 206; ++seed)
    {
        const Image image = MadeUp(seed % 2 == 0 ? 32 : 48, seed);
        const auto coefficients = TransformPicture(image, Tables().chromaGain);
        for (const size_t bytes : {10, 47, 150, 600})
        {
            size_t decisions = 0;
            const Bytes stream = EncodeBitplanes(image, Tables(), bytes, &decisions);
            ASSERT_LE(stream.size(), bytes);
            const auto decoded = DecodeBitplaneCoefficients(stream, image.width, Tables());
            // The decoder takes a decision only when no further byte could change it, so it may
            // stop before the encoder did, by decisions that cost a byte or two.
            bool found = false;
            for (size_t less = 0; less <= std::min<size_t>(decisions, 400) && !found; ++less)
            {
                TruthfulDecider decider(coefficients, decisions - less);
                found = WalkBitplanes(image.width, Tables(), decider).values == decoded.values;
            }
            EXPECT_TRUE(found) << seed << ' ' << bytes;
        }
    }
}

TEST(BitplaneCode, IsEmbedded)
{
    for (unsigned seed = 300; seed < 310; ++seed)
    {
        const Image image = MadeUp(32, seed);
        const Bytes whole = EncodeBitplanes(image, Tables(), 800);
        double before = 1e9;
        for (const size_t bytes : {10, 40, 100, 200, 400, 800})
        {
            const size_t size = std::min<size_t>(bytes, whole.size());
            const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const double error =
                MeanSquaredError(image, DecodeBitplanes(part, image.width, Tables()));
            const double own = MeanSquaredError(
                image,
                DecodeBitplanes(EncodeBitplanes(image, Tables(), bytes), image.width, Tables()));
            EXPECT_LE(error, before * 1.02) << seed << ' ' << bytes;
            EXPECT_NEAR(error, own, 0.2 * own) << "what is cut is what was made so short";
            before = error;
        }
        EXPECT_LT(before, 60);
    }
}

TEST(BitplaneCode, AnyBytesGiveAPicture)
{
    std::mt19937 random(1);
    for (int i = 0; i < 60; ++i)
    {
        Bytes stream(random() % 300);
        for (auto& byte : stream)
        {
            byte = i % 3 == 0 ? 0xFF : static_cast<uint8_t>(random());
        }
        const int side = 16 + 8 * (i % 27);
        const Image image = DecodeBitplanes(stream, side, i % 2 == 0 ? Tables() : BitplaneTables());
        EXPECT_EQ(image.rgb.size(), size_t{3} * side * side);
    }
}

TEST(BitplaneCode, IsWhatThePageSays)
{
    // bitplane_decoder.py was written from docs/bitplane.md: it has to find the same coefficients.
    std::string pattern = (std::filesystem::temp_directory_path() / "bitplane-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    const std::filesystem::path folder = pattern;
    {
        std::ofstream file(folder / "tables");
        Tables().Write(file);
    }
    std::mt19937 random(11);
    std::vector<std::pair<int, Bytes>> streams;
    for (const int side : {16, 32, 40})
    {
        for (const size_t bytes : {0, 1, 100})
        {
            streams.emplace_back(
                side,
                EncodeBitplanes(MadeUp(side, static_cast<unsigned>(bytes)), Tables(), bytes));
            Bytes nonsense(bytes);
            std::generate(nonsense.begin(), nonsense.end(), [&] { return random() & 0xFF; });
            streams.emplace_back(side, nonsense);
        }
    }
    {
        std::ofstream file(folder / "streams");
        for (const auto& [side, stream] : streams)
        {
            file << side << ' ' << (stream.empty() ? "-" : "");
            for (const unsigned byte : stream)
            {
                file << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
            }
            file << '\n';
        }
    }
    const std::string command =
        std::string(LIMITNET_TEST_PYTHON) + " " + LIMITNET_TEST_BITPLANE_DECODER + " " +
        (folder / "tables").string() + " < " + (folder / "streams").string() + " > " +
        (folder / "values").string();
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream values(folder / "values");
    for (const auto& [side, stream] : streams)
    {
        const auto expected = DecodeBitplaneCoefficients(stream, side, Tables()).values;
        std::string line;
        ASSERT_TRUE(std::getline(values, line));
        std::istringstream words(line);
        const std::vector<int32_t> found{std::istream_iterator<int32_t>(words), {}};
        EXPECT_EQ(found, expected) << side << ' ' << stream.size();
    }
    std::filesystem::remove_all(folder);
}

TEST(BitplaneCode, TakesSquaresOfEights)
{
    const Image oblong{32, 16, std::vector<uint8_t>(3 * 32 * 16)};
    EXPECT_THROW(EncodeBitplanes(oblong, Tables(), 100), Error);
    for (const int side : {0, 8, 20, 232})
    {
        EXPECT_THROW(DecodeBitplanes({}, side, Tables()), Error) << side;
        const Image image{side, side, std::vector<uint8_t>(size_t{3} * side * side)};
        EXPECT_THROW(TransformPicture(image, 16), Error) << side;
    }
}

TEST(BitplaneTables, AreWrittenAndRead)
{
    std::stringstream file;
    Tables().Write(file);
    const auto read = BitplaneTables::Read(file, "x");
    EXPECT_EQ(read.Checksum(), Tables().Checksum());
    EXPECT_EQ(read.note, "made up");
    const std::string text = file.str();
    for (const std::string& damaged : {std::string("something else"),
                                       text.substr(0, text.size() / 2),
                                       std::string("limitnet-bitplane 1\nx\n24\n99999 ")})
    {
        std::istringstream in(damaged);
        EXPECT_THROW(BitplaneTables::Read(in, "x"), Error);
    }
}

TEST(BitplaneTables, FittedOnesSaveBytes)
{
    BitplaneTables plain; // every decision costs a bit
    plain.refinement.fill(16384);
    double fitted = 0;
    double unfitted = 0;
    for (unsigned seed = 400; seed < 405; ++seed)
    {
        const Image image = MadeUp(32, seed);
        const auto error = [&](const BitplaneTables& tables) {
            return MeanSquaredError(
                image,
                DecodeBitplanes(EncodeBitplanes(image, tables, 200), 32, tables));
        };
        fitted += error(Tables());
        unfitted += error(plain);
    }
    EXPECT_LT(fitted, unfitted / 10);
    EXPECT_THROW(CalibrateBitplanes(0, [](size_t) { return Image(); }, {}), Error);
}

} // namespace
} // namespace limitnet
