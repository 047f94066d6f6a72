// SPDX-License-Identifier: GPL-2.0-only

// The MAC of a device without a radio: frames in, frames out.

#include "lpwan-lora-test-pair.h"

#include "ns3/test.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Frames up. */
class UplinkTestCase : public TestCase
{
  public:
    UplinkTestCase()
        : TestCase("uplinks have counters, flags and ports as TS001-1.0.4, section 4.3 says")
    {
    }

  private:
    void DoRun() override
    {
        Pair pair;
        for (uint16_t counter = 0; counter < 3; ++counter)
        {
            NS_TEST_EXPECT_MSG_EQ(pair.m_mac.GetFrameCounter(), counter, "of the next one");
            const auto view = pair.Up(10);
            NS_TEST_EXPECT_MSG_EQ(view.frameCounter16, counter, "FCnt");
            NS_TEST_EXPECT_MSG_EQ(view.devAddr, ADDRESS, "DevAddr");
            NS_TEST_EXPECT_MSG_EQ(+view.fCtrl, 0, "no flags");
            NS_TEST_EXPECT_MSG_EQ(+view.port.value(), 1, "FPort");
            NS_TEST_EXPECT_MSG_EQ(view.payloadSize, 10, "payload");
            NS_TEST_EXPECT_MSG_EQ(view.CheckMic(Keys().nwkSKey, counter), true, "MIC");
            NS_TEST_EXPECT_MSG_EQ((view.type == LoraMessageType::UNCONFIRMED_UP), true, "type");
        }
        const auto confirmed = pair.m_mac.BuildFrame(LoraDeviceMac::Payload{223, true, {1, 2, 3}});
        const auto view = LoraFrameView::Parse(confirmed.data(), confirmed.size());
        NS_TEST_EXPECT_MSG_EQ((view->type == LoraMessageType::CONFIRMED_UP), true, "confirmed");
        NS_TEST_EXPECT_MSG_EQ(+view->port.value(), 223, "port");
        NS_TEST_EXPECT_MSG_EQ((view->DecryptPayload(Keys(), 3) == std::vector<uint8_t>{1, 2, 3}),
                              true,
                              "payload");
        NS_TEST_EXPECT_MSG_EQ(pair.Up().port.has_value(), false, "no payload, no port");

        // A confirmed downlink is acknowledged once; FPending asks class A for an uplink.
        LoraDataFrame down;
        down.type = LoraMessageType::CONFIRMED_DOWN;
        NS_TEST_EXPECT_MSG_EQ(pair.Down(down)->uplinkWanted, true, "an acknowledgement is due");
        NS_TEST_EXPECT_MSG_EQ(+pair.Up().fCtrl, +LORA_FCTRL_ACK, "ACK");
        NS_TEST_EXPECT_MSG_EQ(+pair.Up().fCtrl, 0, "once");
        down.type = LoraMessageType::UNCONFIRMED_DOWN;
        NS_TEST_EXPECT_MSG_EQ(pair.Down(down)->uplinkWanted, false, "nothing is due");
        NS_TEST_EXPECT_MSG_EQ(+pair.Up().fCtrl, 0, "no ACK");
        down.fCtrl = LORA_FCTRL_PENDING;
        NS_TEST_EXPECT_MSG_EQ(pair.Down(down)->uplinkWanted, true, "FPending");
        NS_TEST_EXPECT_MSG_EQ(pair.Down(down, true, LoraDeviceClass::C)->uplinkWanted,
                              false,
                              "class C has no need to ask");

        // Longest FOpts and payload by data rate, with and without a repeater.
        const std::vector<std::pair<int, int>>
            most{{51, 51}, {51, 51}, {51, 51}, {115, 115}, {222, 242}, {222, 242}, {222, 242}};
        for (uint8_t dataRate = 0; dataRate < most.size(); ++dataRate)
        {
            pair.m_mac.SetDataRate(dataRate);
            pair.m_mac.SetRepeaterCompatible(true);
            NS_TEST_EXPECT_MSG_EQ(pair.m_mac.MaxContent(), most[dataRate].first, "repeater");
            pair.m_mac.SetRepeaterCompatible(false);
            NS_TEST_EXPECT_MSG_EQ(pair.m_mac.MaxContent(), most[dataRate].second, "none");
        }
        // A new session begins its counters anew.
        pair.m_mac.BeginSession(ADDRESS, Keys());
        pair.m_downlinks = 0;
        NS_TEST_EXPECT_MSG_EQ(pair.Up(1).frameCounter16, 0, "up");
        NS_TEST_EXPECT_MSG_EQ(pair.Down(down).has_value(), true, "down");
    }
};

/** Frames down. */
class DownlinkTestCase : public TestCase
{
  public:
    DownlinkTestCase()
        : TestCase("a downlink is taken once, when it is for this device and signed")
    {
    }

  private:
    void DoRun() override
    {
        Pair pair;
        LoraDataFrame frame;
        frame.type = LoraMessageType::UNCONFIRMED_DOWN;
        frame.devAddr = ADDRESS;
        frame.frameCounter = 5;
        frame.port = 9;
        frame.payload = {4, 5, 6};
        const auto good = frame.Serialize(Keys());
        auto spoilt = good;
        spoilt.back() ^= 1;
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(spoilt, 0, true).has_value(), false, "bad MIC");
        const auto opened = pair.m_mac.Open(good, 0, true);
        NS_TEST_ASSERT_MSG_EQ(opened.has_value(), true, "good");
        NS_TEST_EXPECT_MSG_EQ(opened->counter, 5, "FCnt");
        const auto content = pair.m_mac.Take(*opened, LoraDeviceClass::A);
        NS_TEST_EXPECT_MSG_EQ(+content.port.value(), 9, "port");
        NS_TEST_EXPECT_MSG_EQ((content.payload == std::vector<uint8_t>{4, 5, 6}), true, "payload");
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(good, 0, true).has_value(), false, "once");
        frame.frameCounter = 4;
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(frame.Serialize(Keys()), 0, true).has_value(),
                              false,
                              "an older one");
        frame.frameCounter = 70005;
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(frame.Serialize(Keys()), 0, true).has_value(),
                              false,
                              "more than 65,535 ahead");
        frame.frameCounter = 65540;
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(frame.Serialize(Keys()), 0, true)->counter,
                              65540,
                              "beyond 16 bits");
        ++frame.frameCounter;
        frame.devAddr = ADDRESS + 1;
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(frame.Serialize(Keys()), 0, true).has_value(),
                              false,
                              "another device's");
        frame.devAddr = ADDRESS;
        frame.type = LoraMessageType::UNCONFIRMED_UP;
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open(frame.Serialize(Keys()), 0, true).has_value(),
                              false,
                              "an uplink");
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Open({1, 2, 3}, 0, true).has_value(), false, "no frame");

        // Commands on port 0 are encrypted; LinkCheckAns goes to whoever asked.
        Pair zero;
        LoraDataFrame commands;
        commands.type = LoraMessageType::UNCONFIRMED_DOWN;
        commands.port = 0;
        AppendCommand(LoraDownlinkCommand(LinkCheckAns{17, 3}), commands.payload);
        AppendCommand(LoraDownlinkCommand(DutyCycleReq{4}), commands.payload);
        const auto taken = zero.Down(commands);
        NS_TEST_ASSERT_MSG_EQ(taken->linkChecks.size(), 1, "one answer");
        NS_TEST_EXPECT_MSG_EQ(+taken->linkChecks[0].marginDb, 17, "margin");
        NS_TEST_EXPECT_MSG_EQ(+taken->linkChecks[0].gatewayCount, 3, "gateways");
        NS_TEST_EXPECT_MSG_EQ(+zero.m_mac.GetMaxDutyCycle(), 4, "DutyCycleReq");

        // DevStatusAns: SNR rounded, -32 to 31 (section 5.5), and the battery.
        for (const auto& [snrDb, told] : std::vector<std::pair<double, int>>{{-5.4, -5},
                                                                             {-5.6, -6},
                                                                             {10.5, 11},
                                                                             {31.4, 31},
                                                                             {40, 31},
                                                                             {-32, -32},
                                                                             {-33, -32}})
        {
            Pair status;
            status.m_snrDb = snrDb;
            status.m_mac.SetBattery(77);
            const auto answer = status.AnswerTo<DevStatusAns>(DevStatusReq{});
            NS_TEST_EXPECT_MSG_EQ(+answer.snrDb, told, snrDb << " dB");
            NS_TEST_EXPECT_MSG_EQ(+answer.battery, 77, "battery");
        }
        NS_TEST_EXPECT_MSG_EQ(+Pair().AnswerTo<DevStatusAns>(DevStatusReq{}).battery,
                              255,
                              "not known");
    }
};

/** Receive windows. */
class WindowsTestCase : public TestCase
{
  public:
    WindowsTestCase()
        : TestCase("RX1 and RX2 are when, where and at the data rate that the regions say")
    {
    }

  private:
    void DoRun() override
    {
        // EU868: RX1 on the uplink's carrier at its data rate, RX2 at SF12 on 869.525 MHz. A symbol
        // takes 1.024 ms at SF7 and 32.768 ms at SF12.
        Pair eu;
        const auto w = eu.m_mac.Windows({Seconds(10), 868300000, 5, false}, 8);
        NS_TEST_EXPECT_MSG_EQ(w.from1, Seconds(11), "RECEIVE_DELAY1");
        NS_TEST_EXPECT_MSG_EQ(w.until1, Seconds(11) + MicroSeconds(8 * 1024), "eight symbols");
        NS_TEST_EXPECT_MSG_EQ(w.from2, Seconds(12), "RECEIVE_DELAY2");
        NS_TEST_EXPECT_MSG_EQ(w.until2, Seconds(12) + MicroSeconds(8 * 32768), "eight symbols");
        NS_TEST_EXPECT_MSG_EQ(w.frequency1Hz, 868300000, "where the uplink was");
        NS_TEST_EXPECT_MSG_EQ(w.frequency2Hz, 869525000, "RX2");
        NS_TEST_EXPECT_MSG_EQ(+w.modulation1.spreadingFactor, 7, "the uplink's");
        NS_TEST_EXPECT_MSG_EQ(+w.modulation2.spreadingFactor, 12, "RX2");
        // RX1 is over when RX2 begins.
        const auto longer = eu.m_mac.Windows({Seconds(10), 868300000, 0, false}, 40);
        NS_TEST_EXPECT_MSG_EQ(longer.until1, Seconds(12), "cut short");
        // Join: 5 and 6 s, whatever was set for data.
        eu.Ask({RxTimingSetupReq{7}, RxParamSetupReq{2, 3, 868500000}});
        const auto join = eu.m_mac.Windows({Seconds(10), 868300000, 5, true}, 8);
        NS_TEST_EXPECT_MSG_EQ(join.from1, Seconds(15), "JOIN_ACCEPT_DELAY1");
        NS_TEST_EXPECT_MSG_EQ(join.from2, Seconds(16), "JOIN_ACCEPT_DELAY2");
        NS_TEST_EXPECT_MSG_EQ(+join.modulation1.spreadingFactor, 7, "no offset");
        NS_TEST_EXPECT_MSG_EQ(+join.modulation2.spreadingFactor, 12, "the region's RX2");
        NS_TEST_EXPECT_MSG_EQ(join.frequency2Hz, 869525000, "the region's RX2");
        const auto data = eu.m_mac.Windows({Seconds(10), 868300000, 5, false}, 8);
        NS_TEST_EXPECT_MSG_EQ(data.from1, Seconds(17), "RXTimingSetupReq");
        NS_TEST_EXPECT_MSG_EQ(data.from2, Seconds(18), "a second later");
        NS_TEST_EXPECT_MSG_EQ(+data.modulation1.spreadingFactor, 9, "RX1DROffset");
        NS_TEST_EXPECT_MSG_EQ(+data.modulation2.spreadingFactor, 9, "RX2DataRate");
        NS_TEST_EXPECT_MSG_EQ(data.frequency2Hz, 868500000, "its frequency");
        // US915: channel 9 is answered on 923.3 + 0.6 MHz; DR0 with DR10, SF10 at 500 kHz.
        Pair us(LoraRegion::Us915());
        const auto u = us.m_mac.Windows({Seconds(10), 904100000, 0, false}, 8);
        NS_TEST_EXPECT_MSG_EQ(u.frequency1Hz, 923900000, "RX1");
        NS_TEST_EXPECT_MSG_EQ(u.modulation1.bandwidthHz, 500000, "wide");
        NS_TEST_EXPECT_MSG_EQ(+u.modulation1.spreadingFactor, 10, "DR10");
        NS_TEST_EXPECT_MSG_EQ(u.until1, Seconds(11) + MicroSeconds(8 * 2048), "eight symbols");
        NS_TEST_EXPECT_MSG_EQ(+u.modulation2.spreadingFactor, 12, "DR8");
    }
};

/** What is answered when. */
class RoomTestCase : public TestCase
{
  public:
    RoomTestCase()
        : TestCase("answers go with a payload or before it, whole, and some until one is heard")
    {
    }

  private:
    void DoRun() override
    {
        {
            // RXParamSetupAns and RXTimingSetupAns, 2 + 1 bytes, are repeated until something comes
            // down; DevStatusAns, 3 bytes, is sent once.
            Pair pair;
            pair.Ask({RxParamSetupReq{0, 0, 869525000}, RxTimingSetupReq{1}, DevStatusReq{}});
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 3, "all of them");
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 2, "those that are repeated");
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 2, "again");
            LoraDataFrame down;
            down.type = LoraMessageType::UNCONFIRMED_DOWN;
            pair.Down(down, false);
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 2, "between the windows does not count");
            pair.Down(down, true);
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 0, "heard");
        }
        {
            // DR0 has room for 51 bytes. The answer has 3: 48 bytes go with it, 49 after it.
            for (const std::size_t size : {48U, 49U})
            {
                Pair pair;
                pair.Ask({DevStatusReq{}});
                const auto first = pair.Up(size);
                NS_TEST_EXPECT_MSG_EQ(first.fOptsSize, 3, "the answer");
                NS_TEST_EXPECT_MSG_EQ(first.payloadSize, (size == 48 ? 48 : 0), "beside it");
                const auto second = pair.Up(size);
                NS_TEST_EXPECT_MSG_EQ(second.fOptsSize, 0, "once");
                NS_TEST_EXPECT_MSG_EQ(second.payloadSize, size, "the payload");
            }
        }
        {
            // What is repeated leaves every other frame to a payload that fills it.
            Pair pair;
            pair.Ask({RxTimingSetupReq{1}});
            for (int i = 0; i < 6; ++i)
            {
                const auto view = pair.Up(51);
                NS_TEST_EXPECT_MSG_EQ(view.fOptsSize, (i % 2 == 0 ? 1 : 0), "frame " << i);
                NS_TEST_EXPECT_MSG_EQ(view.payloadSize, (i % 2 == 0 ? 0 : 51), "frame " << i);
            }
            // One byte less: both go together, in each frame.
            for (int i = 0; i < 3; ++i)
            {
                const auto view = pair.Up(50);
                NS_TEST_EXPECT_MSG_EQ(view.fOptsSize, 1, "frame " << i);
                NS_TEST_EXPECT_MSG_EQ(view.payloadSize, 50, "frame " << i);
            }
        }
        {
            // Answers alone, and then a payload that leaves room for some of them.
            Pair pair;
            pair.Ask({RxParamSetupReq{0, 0, 869525000}, RxTimingSetupReq{1}});
            NS_TEST_EXPECT_MSG_EQ(pair.Up(49).fOptsSize, 3, "both, alone");
            const auto view = pair.Up(49);
            NS_TEST_EXPECT_MSG_EQ(view.fOptsSize, 2, "the first fits");
            NS_TEST_EXPECT_MSG_EQ(view.payloadSize, 49, "beside the payload");
        }
        {
            // FOpts takes 15 bytes: five DevStatusAns, the sixth is lost (the network asks again).
            Pair pair;
            for (int i = 0; i < 6; ++i)
            {
                pair.Ask({DevStatusReq{}});
            }
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 5, "15 bytes");
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 0, "once");
            // US915's DR0 takes 11: three of them.
            Pair us(LoraRegion::Us915());
            for (int i = 0; i < 6; ++i)
            {
                us.Ask({DevStatusReq{}});
            }
            NS_TEST_EXPECT_MSG_EQ(us.Answers().size(), 3, "9 of 11 bytes");
        }
        {
            Pair pair;
            pair.m_mac.RequestLinkCheck();
            const auto asked = pair.Answers();
            NS_TEST_ASSERT_MSG_EQ(asked.size(), 1, "LinkCheckReq");
            NS_TEST_EXPECT_MSG_EQ(std::holds_alternative<LinkCheckReq>(asked[0]), true, "it is");
            NS_TEST_EXPECT_MSG_EQ(pair.Answers().size(), 0, "once");
        }
    }
};

/** The back-off. */
class BackOffTestCase : public TestCase
{
  public:
    BackOffTestCase()
        : TestCase("the back-off of ADR takes the steps of TS001-1.0.4, table 9, and asks first")
    {
    }

  private:
    /** What an uplink is to look like. */
    struct Step
    {
        int dataRate;
        int power;
        std::size_t channels;
        int transmissions;
        bool asks;
    };

    void Expect(Pair& pair, const Step& step, const std::string& what)
    {
        pair.m_mac.BackOff();
        const auto view = pair.Up(5);
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetDataRate(), step.dataRate, what);
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetTxPowerIndex(), step.power, what);
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Plan().Frequencies().size(), step.channels, what);
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetTransmissions(), step.transmissions, what);
        NS_TEST_EXPECT_MSG_EQ(((view.fCtrl & LORA_FCTRL_ADR_ACK_REQ) != 0), step.asks, what);
        NS_TEST_EXPECT_MSG_EQ(((view.fCtrl & LORA_FCTRL_ADR) != 0), pair.m_mac.GetAdr(), what);
    }

    void DoRun() override
    {
        // ADR_ACK_LIMIT 4, ADR_ACK_DELAY 2; at DR2, TXPower 3, two channels, sent twice. Uplinks
        // since the last downlink 0 to 3 are free, 4 and 5 ask, then a step each two: power, DR1,
        // DR0, all channels and once; and asking goes on.
        const auto make = [](Pair& pair) {
            pair.m_mac.SetAdr(true);
            pair.m_mac.SetAdrAckLimit(4);
            pair.m_mac.SetAdrAckDelay(2);
            pair.Ask({LinkAdrReq{2, 3, 0x3, 0, 2}});
        };
        const std::vector<Step> steps{{2, 3, 2, 2, false},
                                      {2, 3, 2, 2, false},
                                      {2, 3, 2, 2, false},
                                      {2, 3, 2, 2, false},
                                      {2, 3, 2, 2, true},
                                      {2, 3, 2, 2, true},
                                      {2, 0, 2, 2, true},
                                      {2, 0, 2, 2, true},
                                      {1, 0, 2, 2, true},
                                      {1, 0, 2, 2, true},
                                      {0, 0, 2, 2, true},
                                      {0, 0, 2, 2, true},
                                      {0, 0, 3, 1, true},
                                      {0, 0, 3, 1, true},
                                      {0, 0, 3, 1, true},
                                      {0, 0, 3, 1, true}};
        Pair pair;
        make(pair);
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.GetAdrAckLimit(), 4, "limit");
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.GetAdrAckDelay(), 2, "delay");
        for (std::size_t i = 0; i < steps.size(); ++i)
        {
            Expect(pair, steps[i], "uplink " + std::to_string(i));
        }
        // Something comes down: it counts anew, and at its defaults it has nothing to ask for.
        pair.Ask({});
        for (int i = 0; i < 8; ++i)
        {
            Expect(pair, {0, 0, 3, 1, false}, "after a downlink, uplink " + std::to_string(i));
        }
        // A downlink in the midst of the back-off ends it, one between the windows does not.
        for (const bool inWindow : {true, false})
        {
            Pair other;
            make(other);
            for (std::size_t i = 0; i < 8; ++i)
            {
                Expect(other, steps[i], "uplink " + std::to_string(i));
            }
            LoraDataFrame down;
            down.type = LoraMessageType::UNCONFIRMED_DOWN;
            other.Down(down, inWindow);
            Expect(other,
                   inWindow ? Step{2, 0, 2, 2, false} : steps[8],
                   "after a downlink, in a window or not");
        }
        // Without ADR nothing of it.
        Pair fixed;
        make(fixed);
        fixed.m_mac.SetAdr(false);
        for (int i = 0; i < 12; ++i)
        {
            Expect(fixed, {2, 3, 2, 2, false}, "no ADR");
        }
    }
};

/** All of the above. */
class LoraDeviceMacTestSuite : public TestSuite
{
  public:
    LoraDeviceMacTestSuite()
        : TestSuite("lpwan-lora-device-mac")
    {
        AddTestCase(new UplinkTestCase);
        AddTestCase(new DownlinkTestCase);
        AddTestCase(new WindowsTestCase);
        AddTestCase(new RoomTestCase);
        AddTestCase(new BackOffTestCase);
    }
};

LoraDeviceMacTestSuite g_loraDeviceMacTestSuite; //!< registers the suite

} // namespace
