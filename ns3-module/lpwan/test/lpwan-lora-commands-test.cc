// SPDX-License-Identifier: GPL-2.0-only

// MAC commands as bytes: lengths, fields and their ranges, by the tables of TS001-1.0.4, section 5.

#include "lpwan-test-bytes.h"

#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/test.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

template <typename Command>
std::vector<uint8_t>
BytesOf(const Command& command)
{
    std::vector<uint8_t> bytes;
    AppendCommand(command, bytes);
    return bytes;
}

/** A command that is read wherever it is whole, and nowhere else. */
class LengthTestCase : public TestCase
{
  public:
    LengthTestCase()
        : TestCase("each command has its length; one byte less and it is none")
    {
    }

  private:
    /** Command and its payload's length, by identifier; -1: no such command. */
    using Lengths = std::vector<int>;

    template <typename Parse>
    void Check(const Lengths& lengths, const Parse& parse, const std::string& direction)
    {
        for (int identifier = 0; identifier < 256; ++identifier)
        {
            const int length = identifier < static_cast<int>(lengths.size())
                                   ? lengths[static_cast<std::size_t>(identifier)]
                                   : -1;
            for (int size = 0; size < 8; ++size)
            {
                std::vector<uint8_t> bytes(1 + static_cast<std::size_t>(size), 0x11);
                bytes[0] = static_cast<uint8_t>(identifier);
                // What follows must be no command, so that one command or none is read.
                for (int i = std::max(0, length); i < size; ++i)
                {
                    bytes[1 + static_cast<std::size_t>(i)] = 0xff;
                }
                const auto commands = parse(bytes.data(), bytes.size());
                NS_TEST_EXPECT_MSG_EQ(commands.size(),
                                      (length >= 0 && size >= length ? 1 : 0),
                                      direction << ", identifier " << identifier << " and " << size
                                                << " bytes");
                if (!commands.empty())
                {
                    NS_TEST_EXPECT_MSG_EQ(BytesOf(commands[0]).size(),
                                          1 + static_cast<std::size_t>(length),
                                          direction << ": as long as it was read");
                }
            }
        }
    }

    void DoRun() override
    {
        // TS001-1.0.4, table 4 and sections 5.1 to 5.7: identifiers 2 to 8.
        Check({-1, -1, 0, 1, 0, 1, 2, 1, 0}, &ParseUplinkCommands, "up");
        Check({-1, -1, 2, 4, 1, 4, 0, 5, 1}, &ParseDownlinkCommands, "down");
    }
};

/** Fields. */
class FieldsTestCase : public TestCase
{
  public:
    FieldsTestCase()
        : TestCase("each field of each command has its place, and reserved bits are ignored")
    {
    }

  private:
    template <typename Command>
    static Command Down(const std::string& hex)
    {
        const auto bytes = Hex(hex);
        return std::get<Command>(ParseDownlinkCommands(bytes.data(), bytes.size()).at(0));
    }

    template <typename Command>
    static Command Up(const std::string& hex)
    {
        const auto bytes = Hex(hex);
        return std::get<Command>(ParseUplinkCommands(bytes.data(), bytes.size()).at(0));
    }

    void Downwards()
    {
        const auto check = Down<LinkCheckAns>("02fe07");
        NS_TEST_EXPECT_MSG_EQ(+check.marginDb, 254, "Margin");
        NS_TEST_EXPECT_MSG_EQ(+check.gatewayCount, 7, "GwCnt");

        // DataRate 7..4, TXPower 3..0; ChMask, low byte first; RFU 7, ChMaskCntl 6..4,
        // NbTrans 3..0.
        const auto adr = Down<LinkAdrReq>("03a53412e9");
        NS_TEST_EXPECT_MSG_EQ(+adr.dataRate, 0xa, "DataRate");
        NS_TEST_EXPECT_MSG_EQ(+adr.txPower, 0x5, "TXPower");
        NS_TEST_EXPECT_MSG_EQ(adr.channelMask, 0x1234, "ChMask");
        NS_TEST_EXPECT_MSG_EQ(+adr.maskControl, 6, "ChMaskCntl");
        NS_TEST_EXPECT_MSG_EQ(+adr.transmissions, 9, "NbTrans");
        NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraDownlinkCommand(adr)) == Hex("03a5341269")),
                              true,
                              "and back, without the reserved bit");

        NS_TEST_EXPECT_MSG_EQ(+Down<DutyCycleReq>("04fb").maxDutyCycle,
                              0xb,
                              "MaxDCycle: four bits");
        NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraDownlinkCommand(DutyCycleReq{15})) == Hex("040f")),
                              true,
                              "MaxDCycle");

        // RFU 7, RX1DROffset 6..4, RX2DataRate 3..0; then hundreds of hertz, low byte first.
        const auto rx = Down<RxParamSetupReq>("05dc563412");
        NS_TEST_EXPECT_MSG_EQ(+rx.rx1DataRateOffset, 5, "RX1DROffset: three bits");
        NS_TEST_EXPECT_MSG_EQ(+rx.rx2DataRate, 12, "RX2DataRate");
        NS_TEST_EXPECT_MSG_EQ(rx.rx2FrequencyHz, 0x123456 * 100, "Frequency");
        NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraDownlinkCommand(rx)) == Hex("055c563412")),
                              true,
                              "and back");

        // ChIndex; Frequency; MaxDR 7..4, MinDR 3..0.
        const auto channel = Down<NewChannelReq>("070f563412a3");
        NS_TEST_EXPECT_MSG_EQ(+channel.channel, 15, "ChIndex");
        NS_TEST_EXPECT_MSG_EQ(channel.frequencyHz, 0x123456 * 100, "Frequency");
        NS_TEST_EXPECT_MSG_EQ(+channel.minDataRate, 3, "MinDR");
        NS_TEST_EXPECT_MSG_EQ(+channel.maxDataRate, 10, "MaxDR");
        NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraDownlinkCommand(channel)) == Hex("070f563412a3")),
                              true,
                              "and back");

        NS_TEST_EXPECT_MSG_EQ(+Down<RxTimingSetupReq>("08f7").delayS, 7, "Del: four bits");
        NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraDownlinkCommand(RxTimingSetupReq{15})) == Hex("080f")),
                              true,
                              "Del");
    }

    void Upwards()
    {
        for (unsigned bits = 0; bits < 8; ++bits)
        {
            const auto byte = static_cast<uint8_t>(bits);
            const auto reserved = static_cast<uint8_t>(bits | 0xf8);
            // PowerACK 2, DataRateACK 1, ChannelMaskACK 0.
            for (const uint8_t value : {byte, reserved})
            {
                const std::vector<uint8_t> bytes{0x03, value};
                const auto adr = std::get<LinkAdrAns>(ParseUplinkCommands(bytes.data(), 2).at(0));
                NS_TEST_EXPECT_MSG_EQ(adr.powerOk, ((bits & 4) != 0), "PowerACK");
                NS_TEST_EXPECT_MSG_EQ(adr.dataRateOk, ((bits & 2) != 0), "DataRateACK");
                NS_TEST_EXPECT_MSG_EQ(adr.channelMaskOk, ((bits & 1) != 0), "ChannelMaskACK");
                const std::vector<uint8_t> again{0x03, byte};
                NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraUplinkCommand(adr)) == again), true, "back");
            }
            // RX1DROffsetACK 2, RX2DataRateACK 1, ChannelACK 0.
            const std::vector<uint8_t> setup{0x05, reserved};
            const auto rx = std::get<RxParamSetupAns>(ParseUplinkCommands(setup.data(), 2).at(0));
            NS_TEST_EXPECT_MSG_EQ(rx.rx1OffsetOk, ((bits & 4) != 0), "RX1DROffsetACK");
            NS_TEST_EXPECT_MSG_EQ(rx.rx2DataRateOk, ((bits & 2) != 0), "RX2DataRateACK");
            NS_TEST_EXPECT_MSG_EQ(rx.rx2ChannelOk, ((bits & 1) != 0), "ChannelACK");
            const std::vector<uint8_t> setupAgain{0x05, byte};
            NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraUplinkCommand(rx)) == setupAgain), true, "back");
            // DataRateRangeOK 1, ChannelFrequencyOK 0.
            const std::vector<uint8_t> add{0x07, static_cast<uint8_t>((bits & 3) | 0xfc)};
            const auto channel = std::get<NewChannelAns>(ParseUplinkCommands(add.data(), 2).at(0));
            NS_TEST_EXPECT_MSG_EQ(channel.dataRatesOk, ((bits & 2) != 0), "DataRateRangeOK");
            NS_TEST_EXPECT_MSG_EQ(channel.frequencyOk, ((bits & 1) != 0), "ChannelFrequencyOK");
            const std::vector<uint8_t> addAgain{0x07, static_cast<uint8_t>(bits & 3)};
            NS_TEST_EXPECT_MSG_EQ((BytesOf(LoraUplinkCommand(channel)) == addAgain), true, "back");
        }
        // Battery; RFU 7..6, RadioStatus 5..0 as a signed number, -32 to 31 (section 5.5).
        for (int snrDb = -32; snrDb <= 31; ++snrDb)
        {
            const auto bytes =
                BytesOf(LoraUplinkCommand(DevStatusAns{200, static_cast<int8_t>(snrDb)}));
            NS_TEST_ASSERT_MSG_EQ(bytes.size(), 3, "length");
            NS_TEST_EXPECT_MSG_EQ(+bytes[1], 200, "Battery");
            NS_TEST_EXPECT_MSG_EQ(+bytes[2], (snrDb < 0 ? snrDb + 64 : snrDb), "RadioStatus");
            const std::vector<uint8_t> reserved{6, 200, static_cast<uint8_t>(bytes[2] | 0xc0)};
            const auto status =
                std::get<DevStatusAns>(ParseUplinkCommands(reserved.data(), 3).at(0));
            NS_TEST_EXPECT_MSG_EQ(+status.snrDb, snrDb, "and back");
            NS_TEST_EXPECT_MSG_EQ(+status.battery, 200, "and back");
        }
        Up<LinkCheckReq>("02");
        Up<DutyCycleAns>("04");
        Up<RxTimingSetupAns>("08");
        Down<DevStatusReq>("06");
    }

    void DoRun() override
    {
        Downwards();
        Upwards();
        // One after the other, each at the byte after the one before.
        const auto all = Hex("02fe07"
                             "0351ff0001"
                             "0404"
                             "0503d2ad84"
                             "06"
                             "0703184f8450"
                             "0805");
        const auto commands = ParseDownlinkCommands(all.data(), all.size());
        NS_TEST_ASSERT_MSG_EQ(commands.size(), 7, "all kinds");
        std::vector<uint8_t> again;
        for (std::size_t i = 0; i < commands.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(commands[i].index(), i, "in order");
            AppendCommand(commands[i], again);
        }
        NS_TEST_EXPECT_MSG_EQ((again == all), true, "and back");
        const auto up = Hex("02"
                            "0307"
                            "04"
                            "0507"
                            "06fe3b"
                            "0703"
                            "08");
        const auto answers = ParseUplinkCommands(up.data(), up.size());
        NS_TEST_ASSERT_MSG_EQ(answers.size(), 7, "all kinds");
        again.clear();
        for (std::size_t i = 0; i < answers.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(answers[i].index(), i, "in order");
            AppendCommand(answers[i], again);
        }
        NS_TEST_EXPECT_MSG_EQ((again == up), true, "and back");
    }
};

/** All of the above. */
class LoraCommandsTestSuite : public TestSuite
{
  public:
    LoraCommandsTestSuite()
        : TestSuite("lpwan-lora-commands")
    {
        AddTestCase(new LengthTestCase);
        AddTestCase(new FieldsTestCase);
    }
};

LoraCommandsTestSuite g_loraCommandsTestSuite; //!< registers the suite

} // namespace
