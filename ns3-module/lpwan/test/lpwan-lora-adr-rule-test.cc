// SPDX-License-Identifier: GPL-2.0-only

// Adaptive data rate, as worked examples.

#include "lpwan-lora-test-cell.h"

#include "ns3/lpwan-lora-adr.h"
#include "ns3/lpwan-lora-server-session.h"
#include "ns3/test.h"

#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** The published algorithm. */
class WorkedExamplesTestCase : public TestCase
{
  public:
    WorkedExamplesTestCase()
        : TestCase("AdaptDataRate() comes to what the published algorithm comes to by hand")
    {
    }

  private:
    struct Row
    {
        std::string what;
        const LoraRegion& region;
        std::vector<double> snrDb;
        double marginDb;
        LoraAdrSetting has;
        LoraAdrSetting expected;
    };

    void DoRun() override
    {
        // Semtech 2016: SNRmargin = max SNR - required SNR(DR) - margin, steps of 3 dB. Required:
        // -20 dB at SF12, 2.5 dB more for each lower spreading factor, -7.5 dB at SF7.
        const LoraRegion& eu = LoraRegion::Eu868();
        const LoraRegion& us = LoraRegion::Us915();
        const std::vector<Row> rows{
            {"5 + 20 - 10 = 15: 5 steps to DR5", eu, {5}, 10, {0, 0}, {5, 0}},
            {"the largest counts", eu, {-9, 5, -20, 1}, 10, {0, 0}, {5, 0}},
            {"4.9 + 20 - 10 = 14.9: 4 steps", eu, {4.9}, 10, {0, 0}, {4, 0}},
            {"10.5 + 20 - 10 = 20.5: 6, one of power", eu, {10.5}, 10, {0, 0}, {5, 1}},
            {"-7 + 20 - 10 = 3: 1 step", eu, {-7}, 10, {0, 0}, {1, 0}},
            {"-7.1 + 20 - 10 = 2.9: none", eu, {-7.1}, 10, {0, 0}, {0, 0}},
            {"-10 + 20 - 10 = 0: none", eu, {-10}, 10, {0, 0}, {0, 0}},
            {"-10.1 + 20 - 10 = -0.1: power is full", eu, {-10.1}, 10, {0, 0}, {0, 0}},
            {"-10.1 + 20 - 10 = -0.1: power up by one", eu, {-10.1}, 10, {0, 3}, {0, 2}},
            {"-3 + 12.5 - 10 = -0.5 at SF9", eu, {-3}, 10, {3, 2}, {3, 1}},
            {"0.5 + 12.5 - 10 = 3 at SF9", eu, {0.5}, 10, {3, 2}, {4, 2}},
            {"6.5 + 7.5 - 10 = 4 at SF7: power", eu, {6.5}, 10, {5, 2}, {5, 3}},
            {"-11 + 7.5 - 10 = -13.5: five steps up", eu, {-11}, 10, {5, 7}, {5, 2}},
            {"-11 + 7.5 - 10 = -13.5: no more than full", eu, {-11}, 10, {5, 3}, {5, 0}},
            {"40 + 7.5 - 10: to the lowest power", eu, {40}, 10, {5, 0}, {5, 7}},
            {"250 kHz is not given", eu, {40}, 10, {6, 7}, {6, 7}},
            {"no margin: -5 + 20 = 15", eu, {-5}, 0, {0, 0}, {5, 0}},
            {"margin of 15: 5 + 20 - 15 = 10", eu, {5}, 15, {0, 0}, {3, 0}},
            {"US915: 10.5 + 15 - 10 = 15.5 at SF10: 5", us, {10.5}, 10, {0, 0}, {3, 2}},
            {"US915: 6.5 + 7.5 - 10 = 4 at SF7", us, {6.5}, 10, {3, 2}, {3, 3}},
            {"US915: to TXPower 10", us, {60}, 10, {0, 0}, {3, 10}},
        };
        for (const Row& row : rows)
        {
            const auto next = AdaptDataRate(
                {row.region, row.snrDb, row.has.dataRate, row.has.txPower, row.marginDb, 1});
            NS_TEST_EXPECT_MSG_EQ(+next.dataRate, +row.expected.dataRate, row.what);
            NS_TEST_EXPECT_MSG_EQ(+next.txPower, +row.expected.txPower, row.what);
        }
        NS_TEST_EXPECT_MSG_EQ((LoraAdrSetting{1, 2} == LoraAdrSetting{1, 2}), true, "the same");
        NS_TEST_EXPECT_MSG_EQ((LoraAdrSetting{1, 2} == LoraAdrSetting{0, 2}), false, "another");
        NS_TEST_EXPECT_MSG_EQ((LoraAdrSetting{1, 2} == LoraAdrSetting{1, 1}), false, "another");
    }
};

/** The request. */
class RequestTestCase : public TestCase
{
  public:
    RequestTestCase()
        : TestCase("a LinkADRReq repeats the channels that the device has")
    {
    }

  private:
    void DoRun() override
    {
        const auto eu = MakeLinkAdrReq(LoraRegion::Eu868(), 0, {3, 4});
        NS_TEST_EXPECT_MSG_EQ(+eu.dataRate, 3, "data rate");
        NS_TEST_EXPECT_MSG_EQ(+eu.txPower, 4, "power");
        NS_TEST_EXPECT_MSG_EQ(+eu.maskControl, 6, "all channels");
        NS_TEST_EXPECT_MSG_EQ(+eu.transmissions, 0, "NbTrans stays");
        const auto us = MakeLinkAdrReq(LoraRegion::Us915(), 0, {3, 4});
        NS_TEST_EXPECT_MSG_EQ(+us.maskControl, 6, "all channels");
        NS_TEST_EXPECT_MSG_EQ(us.channelMask, 0xff, "the wide ones too");
        for (uint8_t subBand = 1; subBand <= 8; ++subBand)
        {
            const auto banked = MakeLinkAdrReq(LoraRegion::Us915(), subBand, {3, 4});
            NS_TEST_EXPECT_MSG_EQ(+banked.maskControl, 5, "a bank");
            NS_TEST_EXPECT_MSG_EQ(banked.channelMask, 1 << (subBand - 1), "that of the sub-band");
        }
        NS_TEST_EXPECT_MSG_EQ(+MakeLinkAdrReq(LoraRegion::Eu868(), 2, {0, 0}).maskControl,
                              6,
                              "EU868 has no banks");
    }
};

/** What counts as heard at the present settings. */
class HistoryTestCase : public TestCase
{
  public:
    HistoryTestCase()
        : TestCase("uplinks count at the present settings only, and one request at a time is open")
    {
    }

  private:
    static LinkAdrReq Asked(LoraServerSession& session, uint8_t dataRate, uint8_t power)
    {
        const auto request = MakeLinkAdrReq(LoraRegion::Eu868(), 0, {dataRate, power});
        session.ToDo().commands.emplace_back(request);
        return request;
    }

    static void Answer(LoraServerSession& session, const LinkAdrAns& answer)
    {
        std::vector<uint8_t> bytes;
        AppendCommand(answer, bytes);
        session.Obey(bytes, {0, 7, 1}, LoraRegion::Eu868());
    }

    void DoRun() override
    {
        LoraServerSession session;
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(1, 0, 3), false, "one of three");
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(2, 0, 3), false, "two");
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(3, 0, 3), true, "three");
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(4, 0, 3), true, "the last three");
        NS_TEST_EXPECT_MSG_EQ((session.ToDo().snrDb == std::vector<double>{2, 3, 4}), true, "them");
        Asked(session, 4, 2);
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(5, 0, 3), false, "asked, not answered");
        Answer(session, {true, true, true});
        NS_TEST_EXPECT_MSG_EQ(+session.txPowerIndex, 2, "agreed");
        NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.size(), 0, "answered");
        NS_TEST_EXPECT_MSG_EQ(session.ToDo().snrDb.size(), 0, "heard at other settings");
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(6, 4, 2), false, "at the new data rate");
        NS_TEST_EXPECT_MSG_EQ(+session.txPowerIndex, 2, "which it was asked for");
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(6, 4, 2), true, "two of two");
        // It refuses any of it: nothing changes.
        for (const LinkAdrAns& answer : {LinkAdrAns{false, true, true},
                                         LinkAdrAns{true, false, true},
                                         LinkAdrAns{true, true, false}})
        {
            Asked(session, 5, 4);
            Answer(session, answer);
            NS_TEST_EXPECT_MSG_EQ(+session.txPowerIndex, 2, "refused");
            NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.size(), 0, "answered");
            NS_TEST_EXPECT_MSG_EQ(session.ToDo().snrDb.size(), 2, "what was heard still counts");
        }
        // Its own step down: it is at full power, and what was heard says nothing.
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(-5, 3, 1), true, "one of one");
        NS_TEST_EXPECT_MSG_EQ(+session.txPowerIndex, 0, "full power");
        NS_TEST_EXPECT_MSG_EQ((session.ToDo().snrDb == std::vector<double>{-5}), true, "alone");
        // A request that it has overtaken is forgotten; one for where it now is stays.
        Asked(session, 5, 1);
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(-6, 2, 1), true, "forgotten");
        NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.size(), 0, "forgotten");
        session.txPowerIndex = 3;
        Asked(session, 1, 1);
        NS_TEST_EXPECT_MSG_EQ(session.NoteForAdr(-6, 1, 1), false, "its answer may be lost");
        NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.size(), 1, "it is asked again");
        NS_TEST_EXPECT_MSG_EQ(+session.txPowerIndex, 3, "as far as one knows");
        // A power that the region does not have cannot have been agreed to.
        LoraServerSession odd;
        Asked(odd, 5, 15);
        Answer(odd, {true, true, true});
        NS_TEST_EXPECT_MSG_EQ(+odd.txPowerIndex, 0, "15: the power stays");
        Asked(odd, 5, 7);
        Answer(odd, {true, true, true});
        NS_TEST_EXPECT_MSG_EQ(+odd.txPowerIndex, 7, "the lowest");
        NS_TEST_EXPECT_MSG_EQ(+*odd.ToDo().dataRate, 5, "and the data rate");
    }
};

/** Answers of a device to the network. */
class SessionTestCase : public TestCase
{
  public:
    SessionTestCase()
        : TestCase("the server takes note of what a device answers")
    {
    }

  private:
    static std::vector<DevStatusAns> Obey(LoraServerSession& session,
                                          const std::vector<LoraUplinkCommand>& commands,
                                          const LoraHeard& heard = {0, 7, 1})
    {
        std::vector<uint8_t> bytes;
        for (const auto& command : commands)
        {
            AppendCommand(command, bytes);
        }
        return session.Obey(bytes, heard, LoraRegion::Eu868());
    }

    void LinkChecks()
    {
        // Section 5.1: the margin above the demodulation floor, rounded down here; 0 to 254.
        struct Row
        {
            double snrDb;
            uint8_t sf;
            std::size_t gateways;
            int margin;
            int count;
        };

        for (const Row& row : std::vector<Row>{{-7.5, 7, 1, 0, 1},
                                               {-5.6, 7, 2, 1, 2},
                                               {-5.4, 7, 2, 2, 2},
                                               {0, 12, 255, 20, 255},
                                               {0, 10, 256, 15, 255},
                                               {-9, 7, 1, 0, 1},
                                               {400, 12, 1, 254, 1}})
        {
            LoraServerSession session;
            Obey(session, {LinkCheckReq{}}, {row.snrDb, row.sf, row.gateways});
            const auto answer = std::get<LinkCheckAns>(session.ToDo().commands.at(0));
            NS_TEST_EXPECT_MSG_EQ(+answer.marginDb, row.margin, row.snrDb << " dB");
            NS_TEST_EXPECT_MSG_EQ(+answer.gatewayCount, row.count, row.gateways << " gateways");
        }
    }

    void Settings()
    {
        for (int refused = 0; refused < 8; ++refused)
        {
            LoraServerSession session;
            session.rx2FrequencyHz = 869525000;
            session.ToDo().commands.emplace_back(RxParamSetupReq{2, 3, 868500000});
            Obey(session,
                 {RxParamSetupAns{(refused & 1) == 0, (refused & 2) == 0, (refused & 4) == 0}});
            const bool agreed = refused == 0;
            NS_TEST_EXPECT_MSG_EQ(+session.rx1Offset, (agreed ? 2 : 0), "offset, " << refused);
            NS_TEST_EXPECT_MSG_EQ(+session.rx2DataRate, (agreed ? 3 : 0), "RX2, " << refused);
            NS_TEST_EXPECT_MSG_EQ(session.rx2FrequencyHz,
                                  (agreed ? 868500000 : 869525000),
                                  "RX2, " << refused);
            NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.empty(), true, "answered");
        }
        for (const auto& [asked, expected] :
             std::vector<std::pair<int, int>>{{0, 1}, {1, 1}, {2, 2}, {15, 15}})
        {
            LoraServerSession session;
            session.ToDo().commands.emplace_back(RxTimingSetupReq{static_cast<uint8_t>(asked)});
            Obey(session, {RxTimingSetupAns{}});
            NS_TEST_EXPECT_MSG_EQ(+session.rxDelayS, expected, "0 means 1 s (section 5.7)");
            NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.empty(), true, "answered");
        }
        // Answers that nobody waits for do nothing.
        LoraServerSession session;
        Obey(
            session,
            {LinkAdrAns{}, RxParamSetupAns{}, RxTimingSetupAns{}, DutyCycleAns{}, NewChannelAns{}});
        NS_TEST_EXPECT_MSG_EQ(+session.rxDelayS, 1, "as it was");
        NS_TEST_EXPECT_MSG_EQ((session.business == nullptr), true, "nothing to do");
        // Each kind takes its own off the list, the oldest first.
        session.ToDo().commands = {DutyCycleReq{1},
                                   NewChannelReq{3, 867100000, 0, 5},
                                   DevStatusReq{},
                                   DutyCycleReq{2},
                                   RxTimingSetupReq{4}};
        const auto told = Obey(session, {DutyCycleAns{}, DevStatusAns{254, -5}});
        NS_TEST_ASSERT_MSG_EQ(told.size(), 1, "one status");
        NS_TEST_EXPECT_MSG_EQ(+told[0].battery, 254, "its battery");
        NS_TEST_EXPECT_MSG_EQ(+told[0].snrDb, -5, "its SNR");
        NS_TEST_ASSERT_MSG_EQ(session.ToDo().commands.size(), 3, "two are answered");
        NS_TEST_EXPECT_MSG_EQ(+std::get<DutyCycleReq>(session.ToDo().commands[1]).maxDutyCycle,
                              2,
                              "the later one stays");
        Obey(session, {NewChannelAns{}});
        NS_TEST_EXPECT_MSG_EQ(session.ToDo().commands.size(), 2, "and the channel");
    }

    void Lists()
    {
        LoraServerSession session;
        NS_TEST_EXPECT_MSG_EQ(session.FittingCommands().empty(), true, "nothing to do");
        // LinkADRReq has 5 bytes: three fill FOpts. One of one byte does not fit behind them.
        for (int i = 0; i < 3; ++i)
        {
            session.ToDo().commands.emplace_back(LinkAdrReq{});
        }
        session.ToDo().commands.emplace_back(DevStatusReq{});
        NS_TEST_EXPECT_MSG_EQ(session.FittingCommands().size(), 15, "as many as fit");
        session.ToDo().commands.erase(session.ToDo().commands.begin());
        NS_TEST_EXPECT_MSG_EQ(session.FittingCommands().size(), 11, "all of them");
        // What was sent and acknowledged goes; what was not sent, or needs no answer, stays.
        for (const bool confirmed : {false, true})
        {
            for (const bool sent : {false, true})
            {
                LoraServerSession s;
                s.Acknowledged();
                s.ToDo().data.push_back({{1}, 1, confirmed, sent});
                s.ToDo().data.push_back({{2}, 1, true, true});
                s.Acknowledged();
                NS_TEST_EXPECT_MSG_EQ(s.ToDo().data.size(),
                                      (confirmed && sent ? 1 : 2),
                                      confirmed << sent);
            }
        }
    }

    void DoRun() override
    {
        LinkChecks();
        Settings();
        Lists();
    }
};

/** An algorithm of a user's own. */
class OwnAlgorithmTestCase : public TestCase
{
  public:
    OwnAlgorithmTestCase()
        : TestCase("an algorithm of one's own takes the place of ADR, by a callback")
    {
    }

  private:
    static LoraAdrSetting OneUp(const LoraAdrInput& input)
    {
        return {static_cast<uint8_t>(input.dataRate < 3 ? input.dataRate + 1 : input.dataRate),
                input.txPower};
    }

    void DataRate(uint8_t before, uint8_t now)
    {
        m_rates.emplace_back(before, now);
    }

    void TxPower(double before, double now)
    {
        m_powers.emplace_back(before, now);
    }

    void DoRun() override
    {
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            lora.SetDeviceAttribute("Adr", BooleanValue(true));
            lora.SetServerAttribute("AdrHistory", UintegerValue(2));
        });
        cell.Server()->SetAdrAlgorithm(MakeCallback(&OwnAlgorithmTestCase::OneUp));
        cell.m_devices[0]->TraceConnectWithoutContext(
            "DataRate",
            MakeCallback(&OwnAlgorithmTestCase::DataRate, this));
        cell.m_devices[0]->TraceConnectWithoutContext(
            "TxPower",
            MakeCallback(&OwnAlgorithmTestCase::TxPower, this));
        for (int i = 0; i < 20; ++i)
        {
            cell.SendAt(Seconds(10 + 20 * i), 0, 10);
        }
        cell.Run(Seconds(400));
        // Two uplinks at each data rate, of which the second brings the request down.
        for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
        {
            const int expected = 12 - static_cast<int>(std::min<std::size_t>(3, i / 2));
            NS_TEST_EXPECT_MSG_EQ(+cell.m_uplinks[i].transmission.spreadingFactor,
                                  expected,
                                  "frame " << i);
        }
        using Rates = std::vector<std::pair<int, int>>;
        NS_TEST_EXPECT_MSG_EQ((m_rates == Rates{{0, 1}, {1, 2}, {2, 3}}), true, "traced");
        NS_TEST_EXPECT_MSG_EQ(m_powers.empty(), true, "the power stays");
        cell.Server()->SendCommand(cell.m_devices[0]->GetDeviceAddress(),
                                   LinkAdrReq{3, 2, 0x7, 0, 1});
        cell.SendAt(Seconds(10), 0, 10);
        cell.Run(Seconds(440));
        using Powers = std::vector<std::pair<double, double>>;
        NS_TEST_EXPECT_MSG_EQ((m_powers == Powers{{14, 10}}), true, "two indices are 4 dB");
        cell.m_devices[0]->SetDataRate(5);
        NS_TEST_EXPECT_MSG_EQ((m_rates.back() == std::pair<int, int>{3, 5}), true, "by hand");
    }

    std::vector<std::pair<int, int>> m_rates;
    std::vector<std::pair<double, double>> m_powers;
};

/** All of the above. */
class LoraAdrRuleTestSuite : public TestSuite
{
  public:
    LoraAdrRuleTestSuite()
        : TestSuite("lpwan-lora-adr-rule")
    {
        AddTestCase(new WorkedExamplesTestCase);
        AddTestCase(new RequestTestCase);
        AddTestCase(new HistoryTestCase);
        AddTestCase(new SessionTestCase);
        AddTestCase(new OwnAlgorithmTestCase);
    }
};

LoraAdrRuleTestSuite g_loraAdrRuleTestSuite; //!< registers the suite

} // namespace
