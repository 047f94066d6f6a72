// SPDX-License-Identifier: GPL-2.0-only
// `limitnet eval --codec`, run as a user does.
#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/data/image-file.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/open-codec.h"
#include "tests/cli/csv-rows.h"
#include "tests/cli/program.h"

#include <map>

namespace limitnet
{
namespace
{

using Row = std::map<std::string, std::string>;

std::string
Key(const Row& row)
{
    return row.at("codec") + ' ' + row.at("limit_bytes") + ' ' + row.at("parity_percent") + ' ' +
           row.at("loss");
}

class EvalCodecs : public testing::Test
{
  protected:
    void SetUp() override
    {
        std::filesystem::create_directories(Path("set"));
        for (int i = 0; i < 6; ++i)
        {
            WriteMat(m_folder, "set/" + std::to_string(i) + ".png", TestPicture(96, 64, i));
        }
    }

    std::string Path(const std::string& name) const
    {
        return (m_folder.Path() / name).string();
    }

    std::string Run(std::vector<std::string> arguments)
    {
        std::vector<std::string> all{"eval",
                                     "--dataset=" + Path("set/"),
                                     "-o",
                                     Path("x.csv"),
                                     "--each=" + Path("each.csv"),
                                     "--no-plot"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return RunWell(all);
    }

    TestFolder m_folder;
};

TEST_F(EvalCodecs, KeepsToTheBytesAndGivesWhatTheCodecsGive)
{
    Run({"--codec=webp,limitnet,limitnet:channel", "--bytes=300,900", "--side=64", "--count=0"});
    const auto rows = ReadCsvRows(Path("x.csv"));
    ASSERT_EQ(rows.size(), 6U);
    for (const auto& row : rows)
    {
        EXPECT_LE(Number(row, "mean_size_bytes"), Number(row, "limit_bytes"));
        EXPECT_GT(Number(row, "mean_size_bytes"), 0.6 * Number(row, "limit_bytes"));
        EXPECT_EQ(row.at("images"), "6");
        EXPECT_EQ(row.at("images_decoded"), "6");
        EXPECT_TRUE(row.at("top1").empty()); // the folder has no classes
        EXPECT_EQ(row.at("side_px"), row.at("codec") == "webp" ? "64" : "");
        EXPECT_GT(Number(row, "mean_encoding_s"), 0);
    }
    // The first row, by the codec's two halves.
    CodecChoice choice;
    choice.name = "webp";
    choice.side = 64;
    choice.bytes = 300;
    choice.quality = 95;
    const auto codec = OpenCodec(choice);
    double bytes = 0;
    double psnrDb = 0;
    for (int i = 0; i < 6; ++i)
    {
        const auto picture = ReadImage(Path("set/" + std::to_string(i) + ".png"));
        const auto fragments = codec.encoder->Encode(picture, 0, 222).fragments;
        for (const auto& fragment : fragments)
        {
            bytes += static_cast<double>(fragment.size());
        }
        psnrDb += PsnrDb(ResizePicture(codec.decoder->Decode(fragments).value(), 224),
                         ResizePicture(picture, 224));
    }
    EXPECT_NEAR(Number(rows[0], "mean_size_bytes"), bytes / 6, 0.01);
    EXPECT_NEAR(Number(rows[0], "mean_psnr_db"), psnrDb / 6, 0.001);
}

/** A codec that sends a fragment however long it is would have more bytes than the others. */
TEST_F(EvalCodecs, WhatDoesNotFitIsNotSent)
{
    Run({"--codec=webp,jpeg,limitnet,bitplane", "--bytes=10,25", "--side=64", "--count=0"});
    for (const auto& row : ReadCsvRows(Path("x.csv")))
    {
        EXPECT_LE(Number(row, "mean_size_bytes"), Number(row, "limit_bytes")) << row.at("codec");
        EXPECT_EQ(row.at("images"), "6");
        if (row.at("codec") != "bitplane")
        {
            EXPECT_EQ(row.at("images_decoded"), "0") << row.at("codec");
            EXPECT_TRUE(row.at("mean_psnr_db").empty());
        }
    }
}

TEST_F(EvalCodecs, ParityBringsBackWhatIsLost)
{
    Run({"--codec=webp",
         "--bytes=2000",
         "--side=96",
         "--mtu=51",
         "--lose=0,0.3",
         "--parity=0,150",
         "--count=0"});
    std::map<std::string, Row> rows;
    for (const auto& row : ReadCsvRows(Path("x.csv")))
    {
        rows[Key(row)] = row;
    }
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows.at("webp 2000 0 0").at("images_decoded"), "6");
    EXPECT_GT(Number(rows.at("webp 2000 0 0"), "mean_psnr_db"),
              Number(rows.at("webp 2000 150 0"), "mean_psnr_db")); // fewer bytes for the picture
    EXPECT_NEAR(Number(rows.at("webp 2000 150 0.3"), "mean_psnr_db"),
                Number(rows.at("webp 2000 150 0"), "mean_psnr_db"),
                0.001);
    EXPECT_GT(Number(rows.at("webp 2000 150 0.3"), "mean_psnr_db"),
              Number(rows.at("webp 2000 0 0.3"), "mean_psnr_db") + 3);
}

/** Of two sides, the one that is better on pictures that are not reported. */
TEST_F(EvalCodecs, ChoosesTheSideOnOtherPictures)
{
    const auto text =
        Run({"--codec=webp", "--bytes=200,3000", "--side=16,96", "--count=3", "--choose=2"});
    EXPECT_NE(text.find("sides chosen by 2 others"), std::string::npos) << text;
    const auto rows = ReadCsvRows(Path("x.csv"));
    ASSERT_EQ(rows.size(), 2U);
    std::map<std::string, std::map<int, double>> best; // of pictures 3 and 4
    for (const int side : {16, 96})
    {
        Run({"--codec=webp",
             "--bytes=200,3000",
             "--side=" + std::to_string(side),
             "--first=3",
             "--count=2"});
        for (const auto& row : ReadCsvRows(Path("x.csv")))
        {
            best[row.at("limit_bytes")][side] = Number(row, "mean_psnr_db");
        }
    }
    for (const auto& row : rows)
    {
        const auto& sides = best.at(row.at("limit_bytes"));
        EXPECT_EQ(row.at("side_px"), sides.at(16) > sides.at(96) ? "16" : "96");
    }
    EXPECT_EQ(rows[1].at("side_px"), "96");
}

/** Bit planes have their own parity, for the loss of each row. */
TEST_F(EvalCodecs, BitPlanesAreProtectedForTheirLoss)
{
    const auto rows = [this](const std::string& losses) {
        Run({"--codec=bitplane", "--bytes=600", "--side=32", "--count=4", "--mtu=51", losses});
        return ReadCsvRows(Path("x.csv"));
    };
    const auto both = rows("--lose=0,0.5");
    const auto alone = rows("--lose=0.5");
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both.at(1), alone.at(0));
    EXPECT_GT(Number(both[0], "mean_psnr_db"), Number(both[1], "mean_psnr_db"));
    EXPECT_GE(Number(both[1], "images_decoded"), 2);
}

TEST_F(EvalCodecs, TheSameHoweverManyPicturesAtOnce)
{
    std::string first;
    for (const char* jobs : {"1", "3"})
    {
        Run({"--codec=jpeg,raw",
             "--bytes=500",
             "--side=32,64",
             "--count=3",
             "--lose=0.3",
             std::string("--jobs=") + jobs});
        const auto text = ReadText(Path("x.csv")) + ReadText(Path("each.csv"));
        EXPECT_TRUE(first.empty() || text == first);
        first = text;
    }
}

/** What a scenario says of a picture, and what is said here. */
TEST_F(EvalCodecs, AgreesWithTheSimulator)
{
    for (const std::string codec : {"limitnet", "webp", "bitplane"})
    {
        std::vector<std::string> command{std::string(LIMITNET_TEST_BIN_DIR) +
                                             "/limitnet-lora-scenario",
                                         "--out=" + Path(codec),
                                         "--plot=false",
                                         "--cloud.cache=none",
                                         "--cloud.quality=true",
                                         "--codec.name=" + codec,
                                         "--codec.max_bytes=600",
                                         "--devices.count=1",
                                         "--devices.radius_m=200",
                                         "--lora.sf=7",
                                         "--images.per_device=3",
                                         "--images.period_s=1000",
                                         "--scenario.duration_s=4000"};
        if (codec == "limitnet")
        {
            command.push_back("--codec.values_percent=100");
        }
        else
        {
            command.push_back("--codec.side_px=32");
        }
        if (codec == "webp")
        {
            command.push_back("--codec.quality=95");
        }
        const auto run = RunCommand(command);
        ASSERT_EQ(run.exitCode, 0) << run.err;
        RunWell({"eval",
                 "--codec=" + codec,
                 "--bytes=600",
                 "--side=32",
                 "--count=3",
                 "--each=" + Path("each.csv"),
                 "-o",
                 Path("x.csv"),
                 "--no-plot"});
        const auto here = ReadCsvRows(Path("each.csv"));
        const auto images = ReadCsvRows(Path(codec + "/lora/1/images.csv"));
        const auto fragments = ReadCsvRows(Path(codec + "/lora/1/fragments.csv"));
        ASSERT_EQ(here.size(), 3U);
        ASSERT_EQ(images.size(), 3U);
        for (std::size_t i = 0; i < 3; ++i)
        {
            EXPECT_EQ(images[i].at("dataset_index"), here[i].at("dataset_index"));
            EXPECT_EQ(images[i].at("bytes"), here[i].at("bytes"));
            EXPECT_EQ(images[i].at("fragments"), here[i].at("fragments"));
            EXPECT_EQ(images[i].at("correct"), here[i].at("correct"));
            std::string psnrDb; // of the last arrival
            for (const auto& fragment : fragments)
            {
                psnrDb =
                    fragment.at("image") == images[i].at("image") ? fragment.at("psnr_db") : psnrDb;
            }
            EXPECT_NEAR(std::stod(psnrDb), Number(here[i], "psnr_db"), 0.001) << codec;
        }
    }
}

TEST_F(EvalCodecs, BadArgumentsGetOneLine)
{
    const auto bad = [this](std::vector<std::string> arguments, const std::string& word) {
        arguments.insert(arguments.begin(), {"eval", "--dataset=" + Path("set/"), "-o", Path("y")});
        RunBadly(arguments, {word});
        EXPECT_FALSE(std::filesystem::exists(Path("y")));
    };
    bad({"--codec=png"}, "png");
    bad({"--codec=,webp"}, "jpeg-progressive");
    bad({"--codec=limitnet:size"}, "saliency");
    bad({"--codec=webp:channel"}, "webp:channel");
    bad({"--codec=webp,webp"}, "twice");
    bad({"--codec=webp", "--bytes=0"}, "--bytes=0");
    bad({"--codec=webp", "--bytes=300,x"}, "--bytes=300,x");
    bad({"--codec=webp", "--bytes=300.5"}, "whole");
    bad({"--codec=webp", "--lose=2"}, "--lose=2");
    bad({"--codec=webp", "--lose=0.9", "--burst=2"}, "bursts of 2");
    bad({"--codec=webp", "--parity=500"}, "--parity=500");
    bad({"--codec=webp", "--side=8"}, "--side=8");
    bad({"--codec=webp", "--choose=0"}, "--choose=0");
    bad({"--codec=webp", "--count=0"}, "leaves none");
    bad({"--codec=webp", "--side=32", "--no-quality"}, "--no-quality");
    bad({"--codec=webp", "--burst=-4"}, "--burst=-4");
    bad({"--codec=webp", "--profile=pdp11"}, "pdp11");
    bad({"--codec=webp", "--percentage=10"}, "percentage");
}

} // namespace
} // namespace limitnet
