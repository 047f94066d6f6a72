// SPDX-License-Identifier: GPL-2.0-only
// What the programs that offload images do not take, and what they say of it.
#include "tests/cli/run-scenario.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace limitnet
{
namespace
{

TEST(OffloadingInput, AttributesThatNs3CannotTakeGetOneLine)
{
    // Of each type one that ns-3 3.37 itself ends the program for, and what the line has to say.
    const std::vector<std::pair<std::string, std::string>> cases{
        {"lpwan::LoraGateway::Demodulators = abc", "uint"},
        {"lpwan::LoraGateway::Demodulators = 8 x", "uint"},
        {"lpwan::LoraGateway::Demodulators = 1e9", "uint"},
        {"lpwan::ImageSource::ImageCount = 1.5", "uint32_t"},
        {"lpwan::ImageSource::ImageCount = -1", "uint32_t"},
        {"lpwan::ImageSource::ImageCount = 4294967296", "uint32_t"},
        {"lpwan::ImageSource::Interval = abc", "RandomVariableStream"},
        {"lpwan::ImageSource::Interval = ns3::ConstantRandomVariable[Constant=x]",
         "RandomVariable"},
        {"lpwan::ImageSource::Deadline = 1parsec", "Time"},
        {"lpwan::ImageSource::NewestFirst = maybe", "bool"},
        {"lpwan::LoraGateway::NoiseFigure = abc", "double"},
        {"ns3::UniformRandomVariable::Min = abc", "double"},
        {"RandomWalk2dMobilityModel::Mode = fly", "Distance"},
        {"RandomWalk2dMobilityModel::Bounds = 1", "Rectangle"},
        {"ConstantPositionMobilityModel::Position = 1:2:3:4", "Vector"},
        {"lpwan::LoraGateway::Demodulator = 8", "no such attribute"},
    };
    for (const auto& [line, words] : cases)
    {
        const TestFolder folder;
        const auto file = folder.Write("a.ini", "[attributes]\n" + line + "\n");
        const auto run = RunScenario("lora", folder, {"--check", "--scenario=" + file.string()});
        EXPECT_EQ(run.exitCode, 1) << line << ": " << run.err;
        EXPECT_EQ(run.err.rfind("error: " + file.string() + ":2: attributes." + line, 0), 0U)
            << run.err;
        EXPECT_NE(run.err.find(words), std::string::npos) << run.err;
        EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
        EXPECT_EQ(run.out, "");
    }
    const TestFolder folder;
    const auto good = RunScenario("lora",
                                  folder,
                                  {"--check",
                                   "--attributes.lpwan::LoraGateway::Demodulators=4",
                                   "--attributes.RandomVariableStream::Antithetic=true"});
    EXPECT_EQ(good.exitCode, 0) << good.err;
}

TEST(OffloadingInput, AttributesThatAKeySetsAreRefused)
{
    const std::vector<std::pair<std::string, std::string>> cases{
        {"LoraGateway::NoiseFigure=30", "lora.noise_figure_db"},
        {"LoraEndDevice::TxPower=2", "lora.tx_power_dbm"},
        {"LoraEndDevice::DataRate=7", "lora.sf"},
        {"NbiotUe::TxPower=14", "nbiot.tx_power_dbm"},
        {"LoraChannel::PropagationLossModel=ns3::FriisPropagationLossModel", "lora.propagation"},
        {"ns3::LogDistancePropagationLossModel::Exponent=2",
         "lora.path_loss_exponent and nbiot.path_loss_exponent"},
        {"ns3::LogDistancePropagationLossModel::ReferenceLoss=2", "lora.path_loss_reference_db"},
        {"ns3::OkumuraHataPropagationLossModel::Environment=OpenAreas", "lora.propagation"},
        {"ns3::FixedRssLossModel::Rss=-3", "nbiot.coupling_loss_db"},
        {"ns3::BasicEnergySource::BasicEnergySourceInitialEnergyJ=3", "devices.battery_j"},
        {"LpwanEnergyModel::BasePower=3", "devices.base_power_w"},
        {"ns3::RandomWaypointMobilityModel::Speed=ns3::ConstantRandomVariable[Constant=5]",
         "devices.speed_m_s"},
        {"ns3::UniformDiscPositionAllocator::rho=5", "devices.radius_m"},
        {"ns3::Application::StartTime=5s", "images.traffic"},
        {"ImageSource::StartTime=5s", "images.traffic"},
        {"ImageSource::Interval=ns3::ConstantRandomVariable[Constant=5]", "images.period_s"},
    };
    for (const auto& [attribute, key] : cases)
    {
        const TestFolder folder;
        const std::string name = attribute.rfind("ns3::", 0) == 0 ? "" : "lpwan::";
        const auto run =
            RunScenario("mixed", folder, {"--check", "--attributes." + name + attribute});
        EXPECT_EQ(run.exitCode, 1) << attribute;
        EXPECT_NE(run.err.find(key), std::string::npos) << run.err;
        EXPECT_NE(run.err.find("; use that"), std::string::npos) << run.err;
        EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    }
}

TEST(OffloadingInput, AttributesThatNothingGoesByAreRefused)
{
    const std::vector<std::pair<std::string, std::string>> cases{
        {"lpwan::NbiotUe::TxPower=14", "nothing in this program goes by it"}, // of another link
        {"lpwan::NbiotEnb::RsrpThresholdCe1=-90", "nothing"},
        {"FriisPropagationLossModel::Frequency=1e9", "nothing"},
        {"RandomWalk2dMobilityModel::Mode=Time", "nothing"},
        {"UniformRandomVariable::Min=1e-3", "nothing"},
        {"BasicEnergySource::BasicEnergySupplyVoltageV=5", "nothing"},
        {"BasicEnergySource::PeriodicEnergyUpdateInterval=5s", "the program itself sets it"},
        {"RandomWaypointMobilityModel::Pause=ns3::ConstantRandomVariable[Constant=5]",
         "the program itself sets it"},
        {"lpwan::LoraChannel::Id=3", "nothing"}, // can only be read
    };
    for (const auto& [attribute, words] : cases)
    {
        const TestFolder folder;
        const auto run = RunScenario("lora", folder, {"--check", "--attributes." + attribute});
        EXPECT_EQ(run.exitCode, 1) << attribute;
        EXPECT_NE(run.err.find("would have no effect"), std::string::npos) << run.err;
        EXPECT_NE(run.err.find(words), std::string::npos) << run.err;
        EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    }
}

TEST(OffloadingInput, AnAttributeOfABaseClassIsTakenWhereItIsOneClasss)
{
    // Two images at once do not fit in a queue of one packet.
    for (const std::string name : {"LoraEndDevice", "LpwanNetDevice"})
    {
        const TestFolder folder;
        const auto run = RunScenario("lora",
                                     folder,
                                     {"--devices.role=meter",
                                      "--meter.period_s=1",
                                      "--lora.sf=12",
                                      "--attributes.lpwan::" + name + "::QueueLimit=1"});
        ASSERT_EQ(run.exitCode, 0) << name << run.err;
        const auto with = ReadText(folder.Path() / "lora/1/nodes.csv");
        EXPECT_FALSE(with.empty());
    }
    // In a program with both links it would be set for the other one too, so it is said how.
    const TestFolder folder;
    const auto both = RunScenario("mixed",
                                  folder,
                                  {"--check", "--attributes.lpwan::LoraEndDevice::QueueLimit=16"});
    EXPECT_EQ(both.exitCode, 1);
    EXPECT_NE(
        both.err.find("of ns3::lpwan::LoraEndDevice, ns3::lpwan::NbiotUe; set it for them all "
                      "by attributes.ns3::lpwan::LpwanNetDevice::QueueLimit"),
        std::string::npos)
        << both.err;
    const auto all =
        RunScenario("mixed",
                    folder,
                    {"--check", "--attributes.ns3::lpwan::LpwanNetDevice::QueueLimit=16"});
    EXPECT_EQ(all.exitCode, 0) << all.err;
}

TEST(OffloadingInput, BadInputGetsOneLine)
{
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
        {{"--nbiot.category=nb3"}, "nbiot.category"},
        {{"--nbiot.fragment_bytes=16"}, "nbiot.fragment_bytes"},
        {{"--nbiot.tx_power_dbm=30"}, "nbiot.tx_power_dbm"},
        {{"--nbiot.edrx_cycle_s=5"}, "nbiot.edrx_cycle_s"},
        {{"--cloud.cache=/proc/nowhere/x"}, "/proc/nowhere/x"},
        {{"--codec.name=gif"}, "codec.name"},
        {{"--codec.max_bytes=20"}, "20 bytes"},
        {{"--codec.progressive=false", "--codec.max_bytes=500"}, "progressive"},
        {{"--cloud.pictures_of=1-2"}, "cloud.pictures_of"},
        {{"--cloud.pictures_of=9/0"}, "there is no camera 9"},
        {{"--devices.placement=list"},
         "command line: devices.placement = list needs devices.positions: places"},
        {{"--devices.placement=list", "--devices.positions=1e300,0"},
         "command line: devices.positions: '1e300,0': each has to be a number from -1000000"},
        {{"--check", "--codec.name=jpeg", "--codec.side_px=1024", "--codec.quality=100"},
         "codec.name = jpeg, codec.side_px = 1024, codec.quality = 100: an image of "},
        {{"--faults.cloud_down_from_s=5"}, "faults.cloud_down_s"},
        {{"--strategy.confirm_map=true"}, "strategy.confirm_map"},
        {{"--group.cams=3"}, "group.cams"},
        {{"--devices.positions=1,2"}, "placement"},
        {{"--images.traffic=trace"}, "images.times"},
        {{"--images.traffic=trace", "--images.times=/proc/none.csv"},
         "command line: images.times: /proc/none.csv: no such file"},
        {{"--strategy.fit_deadline=true"},
         "command line: strategy.fit_deadline = true needs a strategy.deadline_s"},
        {{"--strategy.parity_percent=500"}, "strategy.parity_percent"},
        {{"--group.ce1.devices.count=1"}, "group.ce1: has the name of a level of nbiot"},
        {{"--group.a.codec.name=limitnet", "--group.a.codec.model=none"}, "group a: "},
        {{"--strategy.stop_confidence=2"}, "strategy.stop_confidence"},
        {{"--lora.sf=7"}, "lora.sf"},
        {{"--attributes.lpwan::NbiotEnb::PreambleRepetitions=1,3,32"}, "PreambleRepetitions"},
        {{"--attributes.lpwan::NbiotEnb::PreambleRepetitions=1 3 32"}, "PreambleRepetitions"},
        {{"--attributes.lpwan::NbiotEnb::Backof=1,2,3"}, "Backof"},
    };
    for (const auto& [arguments, words] : cases)
    {
        const TestFolder folder;
        const auto run = RunScenario("nbiot", folder, arguments);
        EXPECT_EQ(run.exitCode, 1) << words;
        EXPECT_EQ(run.err.rfind("error: ", 0), 0U) << run.err;
        EXPECT_NE(run.err.find(words), std::string::npos) << run.err;
        EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
        EXPECT_EQ(run.out, "") << words;
        EXPECT_FALSE(std::filesystem::exists(folder.Path() / "nbiot/1"));
    }
}

/** A sweep may go over the codec and a key of one of them. */
TEST(OffloadingInput, AKeyThatCountsNowhereIsWarnedOf)
{
    const TestFolder folder;
    const auto run = RunScenario("nbiot", folder, {"--check", "--codec.side_px=64"});
    EXPECT_EQ(run.exitCode, 0) << run.err;
    EXPECT_EQ(run.err.rfind("warning: command line: codec.side_px = 64: counts only with ", 0), 0U)
        << run.err;
}

} // namespace
} // namespace limitnet
