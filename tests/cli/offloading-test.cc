// SPDX-License-Identifier: GPL-2.0-only
// The programs that offload images, run as a user does.
#include "limitnet/baselines/codec-table.h"
#include "tests/cli/csv-rows.h"
#include "tests/cli/run-scenario.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{
namespace
{

TEST(OffloadingProgram, BothLinksInOneRunAndOneSetOfFiles)
{
    const TestFolder folder;
    const auto run = RunScenario("mixed", folder, {});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    const auto results = folder.Path() / "mixed/1";
    const auto nodes = ReadCsvRows(results / "nodes.csv");
    ASSERT_EQ(nodes.size(), 4U);
    for (std::size_t i = 0; i < nodes.size(); ++i)
    {
        const bool lora = i < 2;
        EXPECT_EQ(nodes[i].at("link"), lora ? "lora" : "nbiot");
        EXPECT_EQ(nodes[i].at("sf").empty(), !lora);
        EXPECT_EQ(nodes[i].at("ce_level").empty(), lora);
        EXPECT_EQ(Number(nodes[i], "radio_drx_energy_j") > 0, !lora);
    }
    for (const auto& fragment : ReadCsvRows(results / "fragments.csv"))
    {
        ASSERT_EQ(fragment.at("fate"), "delivered");
        if (Number(fragment, "device") < 2)
        {
            EXPECT_TRUE(fragment.at("access_wait_s").empty());
            continue;
        }
        // The parts are the whole, but for the way from the base station to the cloud.
        constexpr double CORE_DELAY_S = 0.05;
        EXPECT_NEAR(Number(fragment, "access_wait_s") + Number(fragment, "access_s") +
                        Number(fragment, "scheduling_s") + Number(fragment, "transmission_s") +
                        CORE_DELAY_S,
                    Number(fragment, "arrived_s") - Number(fragment, "queued_s"),
                    1e-6);
    }
    std::map<std::string, int> groups;
    for (const auto& row : ReadCsvRows(results / "accuracy.csv"))
    {
        ++groups[row.at("group")];
    }
    EXPECT_EQ(groups.at("all"), 3);
    EXPECT_EQ(groups.count("ce0"), 1U);
}

TEST(OffloadingProgram, AnIdealLinkTakesSizeOverBitRateAndADelay)
{
    const TestFolder folder;
    const auto run = RunScenario("ideal",
                                 folder,
                                 {"--ideal.bit_rate_bps=1000",
                                  "--ideal.delay_s=2",
                                  "--ideal.tx_power_w=0.5",
                                  "--ideal.mtu_bytes=100"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    const auto results = folder.Path() / "ideal/1";
    const auto fragments = ReadCsvRows(results / "fragments.csv");
    EXPECT_GT(fragments.size(), 10U);
    std::map<std::string, double> airtimeS; // by device
    for (const auto& row : fragments)
    {
        EXPECT_EQ(row.at("fate"), "delivered");
        EXPECT_LE(Number(row, "bytes"), 100);
        const double onAirS = Number(row, "bytes") * 8 / 1000;
        EXPECT_NEAR(Number(row, "time_on_air_s"), onAirS, 1e-6);
        EXPECT_NEAR(Number(row, "arrived_s") - Number(row, "sent_s"), onAirS + 2, 1e-5);
        EXPECT_NEAR(Number(row, "tx_energy_j"), 0.5 * onAirS, 1e-6);
        airtimeS[row.at("device")] += onAirS;
    }
    for (const auto& row : ReadCsvRows(results / "nodes.csv"))
    {
        EXPECT_EQ(row.at("link"), "ideal");
        EXPECT_NEAR(Number(row, "time_on_air_s"), airtimeS[row.at("device")], 1e-5);
        EXPECT_NEAR(Number(row, "radio_tx_energy_j"), 0.5 * airtimeS[row.at("device")], 1e-5);
        EXPECT_EQ(Number(row, "radio_rx_energy_j"), 0);
    }
}

TEST(OffloadingProgram, NbiotTakesLongerAndMoreEnergyFarAway)
{
    std::vector<double> arrival;
    std::vector<double> joule;
    for (const char* loss : {"130", "154", "164"})
    {
        const TestFolder folder;
        const auto run =
            RunScenario("nbiot", folder, {std::string("--nbiot.coupling_loss_db=") + loss});
        ASSERT_EQ(run.exitCode, 0) << run.err;
        const auto images = ReadCsvRows(folder.Path() / "nbiot/1/images.csv");
        const auto nodes = ReadCsvRows(folder.Path() / "nbiot/1/nodes.csv");
        ASSERT_EQ(images.size(), 2U);
        EXPECT_EQ(images[0].at("fragments"), images[0].at("fragments_received"));
        EXPECT_EQ(Number(nodes[0], "path_loss_db"), std::stod(loss));
        arrival.push_back(Number(images[0], "last_arrival_s") - Number(images[0], "encoded_s"));
        joule.push_back(Number(nodes[0], "radio_tx_energy_j"));
    }
    EXPECT_LT(arrival[0], 3);
    EXPECT_GT(arrival[1], arrival[0]);
    EXPECT_GT(arrival[2], 5 * arrival[1]);
    EXPECT_GT(joule[1], 3 * joule[0]);
    EXPECT_GT(joule[2], 3 * joule[1]);
}

TEST(OffloadingProgram, ABatteryEndsADeviceOnEitherLink)
{
    // Enough for a few images of a quarter of a joule each.
    const TestFolder folder;
    const auto run = RunScenario("mixed",
                                 folder,
                                 {"--devices.battery_j=1.2",
                                  "--devices.base_power_w=0.005",
                                  "--images.per_device=20",
                                  "--images.period_s=30"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    for (const auto& node : ReadCsvRows(folder.Path() / "mixed/1/nodes.csv"))
    {
        const double offAtS = Number(node, "off_at_s");
        EXPECT_GT(offAtS, 10) << node.at("device");
        EXPECT_LT(offAtS, 400) << node.at("device");
        double joule = 0.005 * offAtS;
        for (const char* column : {"encoding_energy_j",
                                   "mcu_sleep_energy_j",
                                   "radio_tx_energy_j",
                                   "radio_rx_energy_j",
                                   "radio_light_sleep_energy_j",
                                   "radio_drx_energy_j",
                                   "radio_sleep_energy_j"})
        {
            joule += Number(node, column);
        }
        // An encoding that the end broke off (0.23 J whole) is not in encoding_energy_j; a frame
        // that was in the air is counted to its end.
        EXPECT_GT(joule, 1.2 - 0.25) << node.at("device");
        EXPECT_LT(joule, 1.2 + 0.05) << node.at("device");
        EXPECT_NEAR(Number(node, "lifetime_days") * 86400, offAtS, 0.2 * offAtS);
        EXPECT_LT(Number(node, "images"), 20);
    }
}

TEST(OffloadingProgram, ASecondRunNeedsNoInferenceAndWritesTheSame)
{
    const TestFolder folder;
    const std::string cache = "--cloud.cache=" + (folder.Path() / "p.sqlite").string();
    const auto first = RunScenario("nbiot", folder, {cache, "--scenario.name=first"});
    ASSERT_EQ(first.exitCode, 0) << first.err;
    EXPECT_NE(first.err.find("images/s"), std::string::npos) << first.err;
    const auto second = RunScenario("nbiot", folder, {cache, "--scenario.name=second"});
    ASSERT_EQ(second.exitCode, 0) << second.err;
    EXPECT_NE(second.err.find("0 decoded and classified"), std::string::npos) << second.err;
    const auto without = RunScenario("nbiot", folder, {"--scenario.name=without"});
    ASSERT_EQ(without.exitCode, 0) << without.err;
    for (const char* file : {"accuracy.csv", "fragments.csv", "images.csv", "nodes.csv"})
    {
        const auto bytes = ReadText(folder.Path() / "first/1" / file);
        EXPECT_EQ(bytes, ReadText(folder.Path() / "second/1" / file)) << file;
        EXPECT_EQ(bytes, ReadText(folder.Path() / "without/1" / file)) << file;
    }
}

TEST(OffloadingProgram, FeedbackSavesAirtimeAndChangesNoPrediction)
{
    for (const std::string link : {"lora", "nbiot"})
    {
        std::vector<std::string> common{"--cloud.moments=all", "--images.per_device=2"};
        if (link == "nbiot")
        {
            // Slow enough that an answer comes before the end.
            common.insert(common.end(),
                          {"--nbiot.coupling_loss_db=158", "--nbiot.fragment_bytes=64"});
        }
        else
        {
            common.insert(common.end(), {"--lora.sf=9", "--scenario.duration_s=4000"});
        }
        const TestFolder folder;
        const auto without = RunScenario(link, folder, common);
        ASSERT_EQ(without.exitCode, 0) << without.err;
        common.insert(common.end(), {"--strategy.stop_confidence=0.6", "--scenario.name=stop"});
        const auto with = RunScenario(link, folder, common);
        ASSERT_EQ(with.exitCode, 0) << with.err;
        EXPECT_NE(with.out.find("that an image is enough"), std::string::npos) << with.out;

        const auto all = ReadCsvRows(folder.Path() / link / "1/fragments.csv");
        const auto some = ReadCsvRows(folder.Path() / "stop/1/fragments.csv");
        ASSERT_EQ(all.size(), some.size());
        int notNeeded = 0;
        int compared = 0;
        for (std::size_t i = 0; i < all.size(); ++i)
        {
            const auto& fate = some[i].at("fate");
            EXPECT_EQ(all[i].at("fate"), "delivered");
            EXPECT_TRUE(fate == "delivered" || fate == "not_needed") << fate;
            notNeeded += fate == "not_needed" ? 1 : 0;
            if (fate == "delivered")
            {
                EXPECT_EQ(all[i].at("prediction"), some[i].at("prediction")) << i;
                EXPECT_EQ(all[i].at("confidence"), some[i].at("confidence")) << i;
                ++compared;
            }
        }
        EXPECT_GT(notNeeded, 3) << link;
        EXPECT_GT(compared, 8) << link;
        double before = 0;
        double after = 0;
        for (std::size_t i = 0; i < 2; ++i)
        {
            before += Number(ReadCsvRows(folder.Path() / link / "1/nodes.csv")[i], "time_on_air_s");
            after += Number(ReadCsvRows(folder.Path() / "stop/1/nodes.csv")[i], "time_on_air_s");
        }
        EXPECT_LT(after, 0.9 * before) << link;
    }
}

TEST(OffloadingProgram, WhatIsLostIsSentAgainOnRequest)
{
    const std::vector<std::string> lossy{"--lora.sf=7",
                                         "--lora.extra_loss=0.4",
                                         "--devices.count=6",
                                         "--scenario.duration_s=4000"};
    const auto delivered = [](const std::filesystem::path& results) {
        double part = 0;
        const auto fragments = ReadCsvRows(results / "fragments.csv");
        for (const auto& fragment : fragments)
        {
            part += fragment.at("fate") == "delivered" ? 1 : 0;
            EXPECT_GE(Number(fragment, "transmissions"), 1);
        }
        return part / static_cast<double>(fragments.size());
    };
    const TestFolder folder;
    const auto once = RunScenario("lora", folder, lossy);
    ASSERT_EQ(once.exitCode, 0) << once.err;
    EXPECT_LT(delivered(folder.Path() / "lora/1"), 0.8);
    auto again = lossy;
    again.insert(again.end(), {"--strategy.max_reports=8", "--scenario.name=again"});
    const auto run = RunScenario("lora", folder, again);
    ASSERT_EQ(run.exitCode, 0) << run.err;
    EXPECT_GT(delivered(folder.Path() / "again/1"), 0.95);
    EXPECT_NE(run.out.find("about what is missing"), std::string::npos) << run.out;
    // The label of two bytes is on the air, and so in bytes: AN1200.13 for SF7, 125 kHz, 4/5, with
    // a header of 13 bytes.
    const auto bare = ReadCsvRows(folder.Path() / "lora/1/fragments.csv");
    const auto labelled = ReadCsvRows(folder.Path() / "again/1/fragments.csv");
    double inImages = 0;
    double inFragments = 0;
    for (const auto& image : ReadCsvRows(folder.Path() / "again/1/images.csv"))
    {
        inImages += Number(image, "bytes");
    }
    for (const auto& fragment : labelled)
    {
        const double bytes = Number(fragment, "bytes");
        inFragments += bytes;
        const double symbols = 8 + 5 * std::ceil((8 * (bytes + 13) - 4 * 7 + 44) / (4 * 7));
        EXPECT_NEAR(Number(fragment, "time_on_air_s"), (12.25 + symbols) * 128 / 125000, 1e-6);
    }
    EXPECT_EQ(inImages, inFragments);
    ASSERT_FALSE(bare.empty());
    EXPECT_EQ(Number(labelled[0], "bytes"), Number(bare[0], "bytes") + 2);
}

TEST(OffloadingProgram, EveryCodecGoesTheSameWay)
{
    for (const CodecRow& row : CodecTable())
    {
        const std::string& codec = row.name;
        std::vector<std::string> arguments{"--codec.name=" + codec, "--codec.max_bytes=900"};
        if (row.open)
        {
            arguments.push_back("--codec.side_px=64");
        }
        const TestFolder folder;
        const auto run = RunScenario("nbiot", folder, arguments);
        ASSERT_EQ(run.exitCode, 0) << codec << ": " << run.err;
        for (const auto& image : ReadCsvRows(folder.Path() / "nbiot/1/images.csv"))
        {
            EXPECT_LE(Number(image, "bytes"), 900) << codec;
            EXPECT_GT(Number(image, "bytes"), 400) << codec;
            EXPECT_EQ(image.at("values_received").empty(), codec != "limitnet");
            EXPECT_FALSE(image.at("prediction").empty()) << codec;
        }
    }
}

TEST(OffloadingProgram, GroupsHaveTheirOwnPlaceCodecTrafficAndStrategy)
{
    const TestFolder folder;
    const auto times = folder.Write("times.csv", "device,time_s\n0,10\n0,100\n1,50\n");
    const auto file =
        folder.Write("groups.ini",
                     "[lora]\nsf = 7\n"
                     "[group.plain]\ndevices.placement = grid\n"
                     "[group.webp]\ncodec.name = webp\ncodec.side_px = 32\n"
                     "devices.placement = list\ndevices.positions = 300,0; 0,-400\n"
                     "images.traffic = trace\nimages.times = " +
                         times.string() +
                         "\n[group.fec]\nstrategy.parity_percent = 100\n"
                         "[group.meters]\ndevices.role = meter\nmeter.period_s = 100\n");
    const auto run = RunScenario("lora",
                                 folder,
                                 {"--scenario=" + file.string(),
                                  "--images.per_device=2",
                                  "--cloud.quality=true",
                                  "--cloud.pictures_of=0/0; 1/1"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    const auto results = folder.Path() / "lora/1";
    const auto nodes = ReadCsvRows(results / "nodes.csv");
    ASSERT_EQ(nodes.size(), 8U);
    const std::vector<std::string> groups{"plain", "webp", "fec", "meters"};
    for (std::size_t i = 0; i < nodes.size(); ++i)
    {
        EXPECT_EQ(nodes[i].at("group"), groups[i / 2]);
        EXPECT_EQ(nodes[i].at("role"), i < 6 ? "camera" : "meter");
    }
    EXPECT_EQ(Number(nodes[0], "x_m"), 0) << "a grid begins in the middle";
    EXPECT_EQ(Number(nodes[3], "y_m"), -400) << "as listed";
    EXPECT_EQ(Number(nodes[6], "frames_sent"), 4) << "400 s, one reading in each 100";
    EXPECT_EQ(Number(nodes[6], "frames_delivered"), 4);
    const auto images = ReadCsvRows(results / "images.csv");
    ASSERT_EQ(images.size(), 2U * 2 + 3 + 2 * 2);
    EXPECT_EQ(Number(images[4], "captured_s"), 10) << "as the file says";
    EXPECT_EQ(Number(images[5], "captured_s"), 100);
    EXPECT_EQ(Number(images[6], "captured_s"), 50);
    double encodingJ = 0;
    int compared = 0;
    for (const auto& image : images)
    {
        EXPECT_EQ(image.at("values_received").empty(), image.at("group") == "webp");
        EXPECT_EQ(image.at("psnr_db").empty(), image.at("prediction").empty());
        compared += image.at("ssim").empty() ? 0 : 1;
        encodingJ += image.at("device") == "0" ? Number(image, "encoding_energy_j") : 0;
    }
    EXPECT_GT(compared, 6);
    EXPECT_NEAR(encodingJ, Number(nodes[0], "encoding_energy_j"), 1e-8);
    EXPECT_EQ(images[0].at("dataset_index"), images[7].at("dataset_index"))
        << "groups see the same pictures";
    // Half of the fragments with parity are parity.
    EXPECT_GT(Number(images[7], "fragments"), 1.8 * Number(images[0], "fragments"));
    double airtimeJ = 0;
    for (const auto& fragment : ReadCsvRows(results / "fragments.csv"))
    {
        airtimeJ += fragment.at("device") == "0" ? Number(fragment, "tx_energy_j") : 0;
    }
    EXPECT_NEAR(airtimeJ, Number(nodes[0], "radio_tx_energy_j"), 1e-7)
        << "all that it sends are fragments";
    std::map<std::string, int> rows;
    for (const auto& row : ReadCsvRows(results / "accuracy.csv"))
    {
        ++rows[row.at("group")];
    }
    EXPECT_EQ(rows,
              (std::map<std::string,
                        int>{{"all", 3}, {"plain", 3}, {"webp", 3}, {"fec", 3}, {"sf7", 3}}));
    EXPECT_TRUE(std::filesystem::exists(results / "pictures/0-0-original.png"));
    EXPECT_TRUE(std::filesystem::exists(results / "pictures/0-0-1.png"));
    EXPECT_TRUE(std::filesystem::exists(results / "pictures/1-1-original.png"));
    const auto gateways = ReadCsvRows(results / "gateways.csv");
    ASSERT_EQ(gateways.size(), 1U);
    EXPECT_EQ(gateways[0].at("operator"), "1");
}

TEST(OffloadingProgram, ParityBringsBackWhatIsLost)
{
    const auto received = [](const std::string& parity) {
        const TestFolder folder;
        const auto run = RunScenario("lora",
                                     folder,
                                     {"--lora.sf=7",
                                      "--lora.extra_loss=0.3",
                                      "--devices.count=10",
                                      "--codec.map_copies=1",
                                      "--strategy.parity_percent=" + parity});
        EXPECT_EQ(run.exitCode, 0) << run.err;
        double maps = 0;
        for (const auto& image : ReadCsvRows(folder.Path() / "lora/1/images.csv"))
        {
            maps += Number(image, "map_received");
        }
        return maps;
    };
    EXPECT_LT(received(""), 10) << "3 of 10 maps are lost on average";
    EXPECT_EQ(received("300"), 10);
}

TEST(OffloadingProgram, FaultsHaveAFateAndMixNothingUp)
{
    const TestFolder folder;
    const auto run = RunScenario("lora",
                                 folder,
                                 {"--lora.sf=7",
                                  "--devices.count=5",
                                  "--images.per_device=20",
                                  "--scenario.duration_s=3600",
                                  "--images.period_s=120",
                                  "--faults.reboots_per_day=200",
                                  "--faults.cloud_down_from_s=1000",
                                  "--faults.cloud_down_s=500"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    EXPECT_EQ(run.err.find("warning"), std::string::npos) << run.err;
    std::map<std::string, int> fates;
    for (const auto& fragment : ReadCsvRows(folder.Path() / "lora/1/fragments.csv"))
    {
        const std::string& fate = fragment.at("fate");
        ++fates[fate];
        if (fate == "cloud_down")
        {
            EXPECT_GT(Number(fragment, "sent_s") + Number(fragment, "time_on_air_s"), 999.9);
            EXPECT_LT(Number(fragment, "sent_s"), 1500);
            EXPECT_TRUE(fragment.at("arrived_s").empty());
        }
    }
    EXPECT_GT(fates["cloud_down"], 10);
    EXPECT_GT(fates["device_reboot"], 10);
    EXPECT_GT(fates["delivered"], 100);
}

TEST(OffloadingProgram, ItsRecordRepeatsARunWithPlacesTimesAndGroups)
{
    const TestFolder folder;
    const auto times = folder.Write("times.csv", "device,time_s\n0,1\n0,50\n0,90\n1,9\n");
    const auto file = folder.Write("a.ini",
                                   "[lora]\nsf = 7\noperators = 2\n"
                                   "gateway_positions = 0,0; 500,0\n[images]\ntraffic = trace\n"
                                   "times = " +
                                       times.string() +
                                       "\n[devices]\nplacement = list\n"
                                       "positions = 0,10; 20,0; 40,40\n[scenario]\nname = first\n"
                                       "duration_s = 200\n[cloud]\ncache = none\n"
                                       "[group.one]\n[group.two]\nlora.operator = 2\n");
    const std::string program = std::string(LIMITNET_TEST_BIN_DIR) + "/limitnet-lora-scenario";
    const std::string out = "--out=" + folder.Path().string();
    const auto run = RunCommand({program, out, "--scenario=" + file.string(), "--plot=false"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    const auto first = folder.Path() / "first/1";
    EXPECT_EQ(ReadCsvRows(first / "images.csv").size(), 8U) << "as the file says, in each group";
    EXPECT_EQ(ReadCsvRows(first / "gateways.csv").size(), 2U);
    const auto again = RunCommand(
        {program, "--scenario=" + (first / "scenario.ini").string(), "--scenario.name=again"});
    ASSERT_EQ(again.exitCode, 0) << again.err;
    for (const char* name : {"nodes.csv", "images.csv", "fragments.csv", "gateways.csv"})
    {
        EXPECT_EQ(ReadText(folder.Path() / "again/1" / name), ReadText(first / name)) << name;
    }
}

TEST(OffloadingProgram, LimitsHoldWithParityAndDeadlines)
{
    const TestFolder folder;
    const auto run = RunScenario("lora",
                                 folder,
                                 {"--lora.sf=12",
                                  "--strategy.fit_deadline=true",
                                  "--strategy.deadline_s=60",
                                  "--group.few.devices.count=2",
                                  "--group.parity.strategy.parity_percent=100",
                                  "--group.parity.strategy.fit_deadline=false",
                                  "--group.parity.lora.sf=7",
                                  "--group.parity.codec.max_bytes=300"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    for (const auto& image : ReadCsvRows(folder.Path() / "lora/1/images.csv"))
    {
        EXPECT_GT(Number(image, "fragments"), 0);
        EXPECT_LE(Number(image, "bytes"), image.at("group") == "few" ? 110 : 300)
            << "where only one frame fits: the least that makes an image, its map and a value";
    }
}

TEST(OffloadingProgram, BatteriesFeedTheMicrocontrollerFromTheBeginning)
{
    const TestFolder folder;
    const auto run = RunScenario("lora",
                                 folder,
                                 {"--lora.sf=7",
                                  "--devices.battery_j=100",
                                  "--group.cameras.devices.count=1",
                                  "--group.meters.devices.count=1",
                                  "--group.meters.devices.role=meter"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    for (const auto& node : ReadCsvRows(folder.Path() / "lora/1/nodes.csv"))
    {
        double joule = 0;
        for (const auto& [name, value] : node)
        {
            const bool isEnergy = name.size() > 9 && name.substr(name.size() - 9) == "_energy_j";
            joule += isEnergy ? std::stod(value) : 0;
        }
        // 100 J at the mean power of these 400 s.
        EXPECT_NEAR(Number(node, "lifetime_days"), 100 / (joule / 400) / 86400, 0.02)
            << node.at("role");
    }
}

TEST(OffloadingProgram, CheckSaysWhatARunIs)
{
    const TestFolder folder;
    const auto file = folder.Write(
        "a.ini",
        "[lora]\nsf = 12\n[group.cameras]\ndevices.count = 3\ncodec.name = raw\n"
        "codec.max_bytes = 100\n[group.meters]\ndevices.role = meter\ndevices.count = 10\n"
        "meter.period_s = 1000\nlora.sf = 7\n");
    const auto run = RunScenario("lora",
                                 folder,
                                 {"--check", "--scenario=" + file.string(), "--scenario.name=x"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    EXPECT_NE(run.out.find("13 devices, 1 gateway(s), at most 3 images of cifar10"),
              std::string::npos)
        << run.out;
    // Two frames with 51 bytes at most at SF12: 2465.792 ms each when full (AN1200.13), and a
    // hundred times that from the first to the second.
    EXPECT_NE(run.out.find("cameras, sf12: 3 cameras: an image is 2.0 fragments of at most 51 "),
              std::string::npos)
        << run.out;
    // 20 bytes at SF7: 33 with headers are 71.936 ms, of 10 devices in 1000 s.
    EXPECT_NE(run.out.find("meters, sf7: 10 meters: a reading of 20 bytes each 1000.0 s, 0.1 s on "
                           "air; all of them send 0.1 % of the time"),
              std::string::npos)
        << run.out;
    EXPECT_FALSE(std::filesystem::exists(folder.Path() / "x"));
}

TEST(OffloadingProgram, CheckCountsFramesAsLongAsTheyAre)
{
    // Raw pictures of 16 x 16: 768 bytes of colour, in the same fragments each time. Of the last,
    // short one the estimate has to be short too, and the run shows when it leaves.
    const TestFolder folder;
    std::vector<std::string> same{"--lora.sf=7",
                                  "--lora.shadowing_sigma_db=0",
                                  "--devices.count=1",
                                  "--devices.radius_m=300",
                                  "--codec.name=raw",
                                  "--codec.side_px=16",
                                  "--images.per_device=1000000",
                                  "--images.period_s=1000",
                                  "--scenario.duration_s=1500"};
    const auto run = RunScenario("lora", folder, same);
    ASSERT_EQ(run.exitCode, 0) << run.err;
    const auto fragments = ReadCsvRows(folder.Path() / "lora/1/fragments.csv");
    const auto images = ReadCsvRows(folder.Path() / "lora/1/images.csv");
    const auto count = static_cast<std::size_t>(Number(images.at(0), "fragments"));
    ASSERT_GE(fragments.size(), count);
    ASSERT_GT(count, 2U);
    const auto& last = fragments[count - 1];
    ASSERT_LT(Number(last, "bytes"), Number(fragments[0], "bytes"));
    const double sentAfterS =
        Number(last, "sent_s") + Number(last, "time_on_air_s") - Number(fragments[0], "sent_s");
    same.emplace_back("--check");
    const auto check = RunScenario("lora", folder, same);
    ASSERT_EQ(check.exitCode, 0) << check.err;
    const auto number = [&](const std::string& before) {
        const auto at = check.out.find(before);
        EXPECT_NE(at, std::string::npos) << check.out;
        return at == std::string::npos ? 0 : std::stod(check.out.substr(at + before.size()));
    };
    EXPECT_NEAR(number("sent after "), sentAfterS, 0.06);
    // One percent of the time is on the air (EU868).
    double airS = 0;
    for (std::size_t i = 0; i < count; ++i)
    {
        airS += Number(fragments[i], "time_on_air_s");
    }
    EXPECT_NEAR(number("one after the other each takes "), 100 * airS, 0.06);
    EXPECT_EQ(number("at most "), 2); // captures in 1500 s, one each 1000 s
    EXPECT_EQ(check.out.find("queue"), std::string::npos) << check.out;
}

TEST(OffloadingProgram, MetersAloneHaveNoCurveToDraw)
{
    const TestFolder folder;
    const auto run = RunScenario("lora", folder, {"--devices.role=meter", "--plot=true"});
    ASSERT_EQ(run.exitCode, 0) << run.err;
    EXPECT_EQ(run.err.find("warning"), std::string::npos) << run.err;
    EXPECT_TRUE(std::filesystem::exists(folder.Path() / "lora/1/accuracy.csv"));
}

TEST(OffloadingProgram, TakingAPictureCostsItsEnergy)
{
    // Raw pictures take no time to encode, LimitNet's do.
    for (const std::string codec : {"raw", "limitnet"})
    {
        const TestFolder folder;
        const auto run = RunScenario("lora",
                                     folder,
                                     {"--codec.name=" + codec,
                                      "--codec.max_bytes=300",
                                      "--devices.battery_j=100",
                                      "--devices.picture_energy_j=2",
                                      "--devices.sleep_power_w=10 mW",
                                      "--devices.run_power_w=300 mW",
                                      "--images.per_device=3"});
        ASSERT_EQ(run.exitCode, 0) << run.err;
        EXPECT_NE(run.out.find("taking pictures"), std::string::npos) << run.out;
        for (const auto& node : ReadCsvRows(folder.Path() / "lora/1/nodes.csv"))
        {
            ASSERT_EQ(Number(node, "images"), 3);
            const double encodingS = Number(node, "encoding_s");
            EXPECT_EQ(Number(node, "picture_energy_j"), 6);
            EXPECT_NEAR(Number(node, "encoding_energy_j"), 0.3 * encodingS, 1e-6);
            EXPECT_NEAR(Number(node, "mcu_sleep_energy_j"), 0.01 * (400 - encodingS), 1e-6);
            double joule = 0;
            for (const auto& [name, value] : node)
            {
                const bool isEnergy =
                    name.size() > 9 && name.substr(name.size() - 9) == "_energy_j";
                joule += isEnergy ? std::stod(value) : 0;
            }
            // The battery knows of all of it: 100 J at the mean power of these 400 s.
            EXPECT_NEAR(Number(node, "lifetime_days"), 100 / (joule / 400) / 86400, 1e-3);
        }
    }
}

} // namespace
} // namespace limitnet
