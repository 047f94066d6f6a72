// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/number-columns.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(NumberColumns, TakesTheColumnsAskedFor)
{
    const TestFolder folder;
    const auto good =
        folder.Write("b.csv", "# places\nname,y_m,x_m\r\nA,2,-1.5\n\n\"B, or C\",\"4e2\",3\n");
    EXPECT_EQ(ReadNumberColumns(good, {"x_m", "y_m"}),
              (std::vector<std::vector<double>>{{-1.5, 2}, {3, 400}}));
    const auto marked = folder.Write("m.csv", "\xEF\xBB\xBFx_m,y_m\n5,6\n");
    EXPECT_EQ(ReadNumberColumns(marked, {"x_m"}), (std::vector<std::vector<double>>{{5}}))
        << "spreadsheets put a byte-order mark in front";
    const auto bad = folder.Write("e.csv", "x_m,y_m\n1,2\n3\n");
    EXPECT_EQ(ErrorOf([&] {
                  ReadNumberColumns(bad, {"x_m", "y_m"});
              }),
              bad.string() + ":3: y_m = '': has to be a number");
    EXPECT_EQ(ErrorOf([&] { ReadNumberColumns(good, {"z_m"}); }),
              good.string() + ":2: no column z_m in the header row");
    EXPECT_EQ(ErrorOf([&] { ReadNumberColumns(folder.Path() / "c.csv", {"x"}); }),
              (folder.Path() / "c.csv").string() + ": no such file, or it cannot be read");
    const auto wide = folder.Write("w.csv", "x_m,y_m\n1,2\n3,4,5\n");
    EXPECT_EQ(ErrorOf([&] { ReadNumberColumns(wide, {"x_m"}); }),
              wide.string() + ":3: 3 fields, but the header row has 2");
    const auto empty = folder.Write("d.csv", "x_m\n");
    EXPECT_EQ(ErrorOf([&] { ReadNumberColumns(empty, {"x_m"}); }),
              empty.string() + ": has no row of numbers");
}

TEST(Positions, AListOrAFile)
{
    const auto list = ReadPositions("0,0; 1500, -200.5");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[1].x, 1500);
    EXPECT_EQ(list[1].y, -200.5);
    const TestFolder folder;
    const auto file = folder.Write("p.csv", "x_m,y_m\n7,8\n");
    EXPECT_EQ(ReadPositions(file.string()).at(0).y, 8);
    EXPECT_NE(ErrorOf([] { ReadPositions("1,2;3"); }).find("'3': neither a file nor a place"),
              std::string::npos);
    EXPECT_NE(ErrorOf([] { ReadPositions(""); }), "");
    const auto far = folder.Write("f.csv", "x_m,y_m\n1000000,-1000000\n0,1e300\n");
    EXPECT_EQ(ErrorOf([&] { ReadPositions(far.string()); }),
              far.string() + ":3: y_m = 1e300: has to be a number from -1000000 to 1000000");
    EXPECT_EQ(ErrorOf([] { ReadPositions("0,0; 1e300,0"); }),
              "'1e300,0': each has to be a number from -1000000 to 1000000 (m)");
}

TEST(CaptureTimes, OfEachDeviceInOrder)
{
    const TestFolder folder;
    const auto file = folder.Write("t.csv", "device,time_s\n1,30\n0,5\n1,10.5\n");
    EXPECT_EQ(ReadCaptureTimes(file, 3), (std::vector<std::vector<double>>{{5}, {10.5, 30}, {}}));
    EXPECT_EQ(ErrorOf([&] { ReadCaptureTimes(file, 1); }),
              file.string() + ": device, time_s = 1, 30: devices are 0 to 0, times 0 or more");
    const auto twice = folder.Write("u.csv", "device,time_s\n0,5\n0,5\n");
    EXPECT_EQ(ErrorOf([&] { ReadCaptureTimes(twice, 1); }),
              twice.string() + ": a device has the same time_s twice");
}

} // namespace
} // namespace limitnet
