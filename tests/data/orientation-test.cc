// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/orientation.h"

#include <gtest/gtest.h>
#include <string>
#include <tuple>

namespace limitnet
{
namespace
{

/** TIFF data with one directory of one entry, by TIFF 6.0. */
std::string
TiffWith(bool littleEndian, int tag, int type, int value)
{
    const auto number = [littleEndian](unsigned n, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i)
        {
            text += static_cast<char>(n >> 8 * (littleEndian ? i : bytes - 1 - i) & 255);
        }
        return text;
    };
    const int size = type == 1 ? 1 : type == 3 ? 2 : 4;
    return (littleEndian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) +
           number(static_cast<unsigned>(tag), 2) + number(static_cast<unsigned>(type), 2) +
           number(1, 4) + number(static_cast<unsigned>(value), size) + std::string(4 - size, '\0') +
           number(0, 4);
}

int
Orientation(const std::string& bytes)
{
    return OrientationOf(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

TEST(Orientation, IsReadInBothByteOrders)
{
    for (int value = 1; value <= 8; ++value)
    {
        for (const bool little : {false, true})
        {
            EXPECT_EQ(Orientation(TiffWith(little, 0x112, 3, value)), value);
            EXPECT_EQ(Orientation(std::string("Exif\0\0", 6) + TiffWith(little, 0x112, 3, value)),
                      value);
        }
    }
    EXPECT_EQ(Orientation(TiffWith(true, 0x112, 4, 6)), 6) << "as some write it";
}

TEST(Orientation, OfAnythingElseIsUpright)
{
    EXPECT_EQ(Orientation(""), 1);
    EXPECT_EQ(Orientation("Exif"), 1);
    EXPECT_EQ(Orientation(TiffWith(true, 0x113, 3, 6)), 1);
    EXPECT_EQ(Orientation(TiffWith(true, 0x112, 2, 6)), 1) << "a text";
    EXPECT_EQ(Orientation(TiffWith(true, 0x112, 3, 0)), 1);
    EXPECT_EQ(Orientation(TiffWith(true, 0x112, 3, 9)), 1);
    const auto whole = TiffWith(false, 0x112, 3, 6);
    for (std::size_t size = 0; size < 20; ++size)
    {
        EXPECT_EQ(Orientation(whole.substr(0, size)), 1) << size;
    }
    for (std::size_t at = 0; at < whole.size(); ++at)
    {
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
        const int found = Orientation(damaged);
        EXPECT_TRUE(found >= 1 && found <= 8) << at;
    }
}

/**
 * TIFF 6.0, page 36: of each orientation, where the 0th row and the 0th column are seen. The
 * picture has 3 columns and 2 rows that say by their values where they are stored.
 */
TEST(Orientation, UprightIsWhatTheStandardSays)
{
    Image stored{3, 2, {}};
    for (int row = 0; row < 2; ++row)
    {
        for (int column = 0; column < 3; ++column)
        {
            stored.rgb.push_back(static_cast<std::uint8_t>(row));
            stored.rgb.push_back(static_cast<std::uint8_t>(column));
            stored.rgb.push_back(7);
        }
    }
    const std::vector<std::tuple<int, std::string, std::string>> standard{{1, "top", "left"},
                                                                          {2, "top", "right"},
                                                                          {3, "bottom", "right"},
                                                                          {4, "bottom", "left"},
                                                                          {5, "left", "top"},
                                                                          {6, "right", "top"},
                                                                          {7, "right", "bottom"},
                                                                          {8, "left", "bottom"}};
    for (const auto& [orientation, row0, column0] : standard)
    {
        const Image seen = Upright(stored, orientation);
        const bool turned = row0 == "left" || row0 == "right";
        ASSERT_EQ(seen.width, turned ? 2 : 3);
        ASSERT_EQ(seen.height, turned ? 3 : 2);
        for (int y = 0; y < seen.height; ++y)
        {
            for (int x = 0; x < seen.width; ++x)
            {
                const auto distance = [&, x = x, y = y](const std::string& edge) {
                    return edge == "top"      ? y
                           : edge == "bottom" ? seen.height - 1 - y
                           : edge == "left"   ? x
                                              : seen.width - 1 - x;
                };
                const auto at = static_cast<std::size_t>(3 * (y * seen.width + x));
                EXPECT_EQ(seen.rgb[at], distance(row0)) << orientation;
                EXPECT_EQ(seen.rgb[at + 1], distance(column0)) << orientation;
                EXPECT_EQ(seen.rgb[at + 2], 7);
            }
        }
    }
}

} // namespace
} // namespace limitnet
