// SPDX-License-Identifier: GPL-2.0-only

// What a device makes of the network's requests, without a radio.

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

/** LinkADRReq. */
class LinkAdrTestCase : public TestCase
{
  public:
    LinkAdrTestCase()
        : TestCase("LinkADRReq is obeyed as a whole or not at all (TS001-1.0.4, section 5.2)")
    {
    }

  private:
    void DoRun() override
    {
        struct Row
        {
            std::string what;
            LinkAdrReq request; //!< data rate, power, mask, control, NbTrans
            bool powerOk;
            bool dataRateOk;
            bool maskOk;
        };

        // The device is at DR2, TXPower 1, NbTrans 2 before each.
        const std::vector<Row> rows{
            {"all of it", {5, 3, 0x3, 0, 4}, true, true, true},
            {"15 keeps the data rate", {15, 3, 0x3, 0, 4}, true, true, true},
            {"15 keeps the power", {5, 15, 0x3, 0, 4}, true, true, true},
            {"0 keeps NbTrans", {5, 3, 0x3, 0, 0}, true, true, true},
            {"the lowest power", {5, 7, 0x3, 0, 4}, true, true, true},
            {"no such power", {5, 8, 0x3, 0, 4}, false, true, true},
            {"no such data rate", {7, 3, 0x3, 0, 4}, true, false, true},
            {"no channel takes it", {6, 3, 0x3, 0, 4}, true, false, true},
            {"an unknown channel", {5, 3, 0x9, 0, 4}, true, true, false},
            {"no channel at all", {5, 3, 0, 0, 4}, true, false, false},
            {"a reserved control", {5, 3, 0x3, 1, 4}, true, true, false},
            {"nothing is right", {7, 8, 0x8, 0, 4}, false, false, false},
        };
        for (const Row& row : rows)
        {
            Pair pair;
            pair.AnswerTo<LinkAdrAns>(LinkAdrReq{2, 1, 0x7, 0, 2});
            const auto answer = pair.AnswerTo<LinkAdrAns>(row.request);
            NS_TEST_EXPECT_MSG_EQ(answer.powerOk, row.powerOk, row.what);
            NS_TEST_EXPECT_MSG_EQ(answer.dataRateOk, row.dataRateOk, row.what);
            NS_TEST_EXPECT_MSG_EQ(answer.channelMaskOk, row.maskOk, row.what);
            const bool taken = row.powerOk && row.dataRateOk && row.maskOk;
            const auto& r = row.request;
            NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetDataRate(),
                                  (taken && r.dataRate != 15 ? r.dataRate : 2),
                                  row.what);
            NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetTxPowerIndex(),
                                  (taken && r.txPower != 15 ? r.txPower : 1),
                                  row.what);
            NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetTransmissions(),
                                  (taken && r.transmissions != 0 ? r.transmissions : 2),
                                  row.what);
            NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Plan().InUse().to_ulong(),
                                  (taken ? 0x3UL : 0x7UL),
                                  row.what);
        }
        // A block of contiguous requests: one decision, masks in order, the last one's settings,
        // and as many answers.
        Pair us(LoraRegion::Us915());
        us.Ask(
            {LinkAdrReq{0, 5, 0, 7, 9}, LinkAdrReq{0, 6, 0x3, 0, 9}, LinkAdrReq{3, 2, 0x1, 1, 3}});
        const auto answers = us.Answers();
        NS_TEST_EXPECT_MSG_EQ(answers.size(), 3, "each is answered");
        const std::vector<uint32_t> three{902300000, 902500000, 905500000};
        NS_TEST_EXPECT_MSG_EQ((us.m_mac.Plan().Frequencies() == three), true, "0, 1 and 16");
        NS_TEST_EXPECT_MSG_EQ(+us.m_mac.GetDataRate(), 3, "of the last one");
        NS_TEST_EXPECT_MSG_EQ(+us.m_mac.GetTxPowerIndex(), 2, "of the last one");
        NS_TEST_EXPECT_MSG_EQ(+us.m_mac.GetTransmissions(), 3, "of the last one");
        // One bad mask spoils the block, though the last one is good.
        Pair eu;
        eu.Ask({LinkAdrReq{5, 1, 0x8, 0, 1}, LinkAdrReq{5, 1, 0x3, 0, 1}});
        for (const auto& answer : eu.Answers())
        {
            NS_TEST_EXPECT_MSG_EQ(std::get<LinkAdrAns>(answer).channelMaskOk, false, "refused");
        }
        NS_TEST_EXPECT_MSG_EQ(eu.m_mac.Plan().InUse().to_ulong(), 0x7UL, "as it was");
        // Another command between them makes two blocks: the first is refused, the second is not.
        Pair two;
        two.Ask({LinkAdrReq{5, 1, 0x8, 0, 1}, DevStatusReq{}, LinkAdrReq{5, 1, 0x3, 0, 1}});
        const auto mixed = two.Answers();
        NS_TEST_ASSERT_MSG_EQ(mixed.size(), 3, "three answers");
        NS_TEST_EXPECT_MSG_EQ(std::get<LinkAdrAns>(mixed[0]).channelMaskOk, false, "the first");
        NS_TEST_EXPECT_MSG_EQ(std::holds_alternative<DevStatusAns>(mixed[1]), true, "between");
        NS_TEST_EXPECT_MSG_EQ(std::get<LinkAdrAns>(mixed[2]).channelMaskOk, true, "the last");
        NS_TEST_EXPECT_MSG_EQ(two.m_mac.Plan().InUse().to_ulong(), 0x3UL, "by the second");
    }
};

/** The other requests. */
class RequestsTestCase : public TestCase
{
  public:
    RequestsTestCase()
        : TestCase("RXParamSetup, RXTimingSetup, NewChannel are answered and obeyed")
    {
    }

  private:
    void RxParamSetup()
    {
        struct Row
        {
            std::string what;
            const LoraRegion& region;
            RxParamSetupReq request;
            bool offsetOk;
            bool dataRateOk;
            bool channelOk;
        };

        const LoraRegion& eu = LoraRegion::Eu868();
        const LoraRegion& us = LoraRegion::Us915();
        for (const Row& row :
             std::vector<Row>{{"EU868", eu, {5, 3, 868500000}, true, true, true},
                              {"offset 6 is reserved", eu, {6, 3, 868500000}, false, true, true},
                              {"the last data rate", eu, {5, 6, 868500000}, true, true, true},
                              {"there is no DR7", eu, {5, 7, 868500000}, true, false, true},
                              {"outside", eu, {5, 3, 870000000}, true, true, false},
                              {"US915", us, {3, 13, 923900000}, true, true, true},
                              {"offset 4", us, {4, 13, 923900000}, false, true, true},
                              {"reserved data rate", us, {3, 7, 923900000}, true, false, true},
                              {"beyond", us, {3, 14, 923900000}, true, false, true}})
        {
            Pair pair(row.region);
            const auto answer = pair.AnswerTo<RxParamSetupAns>(row.request);
            NS_TEST_EXPECT_MSG_EQ(answer.rx1OffsetOk, row.offsetOk, row.what);
            NS_TEST_EXPECT_MSG_EQ(answer.rx2DataRateOk, row.dataRateOk, row.what);
            NS_TEST_EXPECT_MSG_EQ(answer.rx2ChannelOk, row.channelOk, row.what);
            const bool taken = row.offsetOk && row.dataRateOk && row.channelOk;
            NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetRx2DataRate(),
                                  +(taken ? row.request.rx2DataRate : row.region.rx2DataRate),
                                  row.what);
            NS_TEST_EXPECT_MSG_EQ(pair.m_mac.GetRx2FrequencyHz(),
                                  (taken ? row.request.rx2FrequencyHz : row.region.rx2FrequencyHz),
                                  row.what);
            const auto windows =
                pair.m_mac.Windows({Seconds(10), row.region.channels[0].frequencyHz, 2, false}, 8);
            const uint8_t expected =
                row.region.Rx1DataRate(2, taken ? row.request.rx1DataRateOffset : 0);
            NS_TEST_EXPECT_MSG_EQ(+windows.modulation1.spreadingFactor,
                                  +row.region.dataRates[expected].spreadingFactor,
                                  row.what);
        }
    }

    void RxTimingSetup()
    {
        for (const auto& [asked, expected] :
             std::vector<std::pair<uint8_t, int>>{{0, 1}, {1, 1}, {5, 5}, {15, 15}})
        {
            Pair pair;
            pair.AnswerTo<RxTimingSetupAns>(RxTimingSetupReq{asked});
            NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetRxDelaySeconds(), expected, "Del " << +asked);
        }
    }

    void Channels()
    {
        Pair pair;
        const auto answer = pair.AnswerTo<NewChannelAns>(NewChannelReq{3, 867100000, 0, 5});
        NS_TEST_EXPECT_MSG_EQ((answer.frequencyOk && answer.dataRatesOk), true, "taken");
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Plan().Frequencies().size(), 4, "one more");
        const auto no = pair.AnswerTo<NewChannelAns>(NewChannelReq{1, 867100000, 0, 5});
        NS_TEST_EXPECT_MSG_EQ(no.frequencyOk, false, "default channels stay");
        const auto slow = pair.AnswerTo<NewChannelAns>(NewChannelReq{4, 867100000, 3, 2});
        NS_TEST_EXPECT_MSG_EQ(slow.dataRatesOk, false, "the wrong way round");
        // Section 5.6: not for regions with a fixed channel plan, where nothing is answered.
        Pair us(LoraRegion::Us915());
        us.Ask({NewChannelReq{3, 902300000, 0, 3}});
        NS_TEST_EXPECT_MSG_EQ(us.Answers().size(), 0, "no answer");
    }

    void Accept()
    {
        LoraJoinAccept accept;
        accept.rx1DataRateOffset = 2;
        accept.rx2DataRate = 3;
        accept.rxDelayS = 5;
        accept.channels = {867100000};
        Pair pair;
        pair.m_mac.Obey(accept);
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetRx2DataRate(), 3, "RX2DataRate");
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetRxDelaySeconds(), 5, "RXDelay");
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.Plan().Frequencies().size(), 4, "CFList");
        const auto windows = pair.m_mac.Windows({Seconds(10), 867100000, 5, false}, 8);
        NS_TEST_EXPECT_MSG_EQ(windows.from1, Seconds(15), "RX1");
        NS_TEST_EXPECT_MSG_EQ(+windows.modulation1.spreadingFactor, 9, "RX1DROffset");
        accept.rxDelayS = 0;
        pair.m_mac.Obey(accept);
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetRxDelaySeconds(), 1, "0 means 1 s");
        pair.m_mac.SetRegion(LoraRegion::Us915());
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetRx2DataRate(), 8, "another region's RX2");
        NS_TEST_EXPECT_MSG_EQ(pair.m_mac.GetRx2FrequencyHz(), 923300000, "another region's RX2");
        NS_TEST_EXPECT_MSG_EQ(+pair.m_mac.GetDataRate(), 0, "and data rate");
    }

    void DoRun() override
    {
        RxParamSetup();
        RxTimingSetup();
        Channels();
        Accept();
    }
};

/** All of the above. */
class LoraRequestsTestSuite : public TestSuite
{
  public:
    LoraRequestsTestSuite()
        : TestSuite("lpwan-lora-requests")
    {
        AddTestCase(new LinkAdrTestCase);
        AddTestCase(new RequestsTestCase);
    }
};

LoraRequestsTestSuite g_loraRequestsTestSuite; //!< registers the suite

} // namespace
