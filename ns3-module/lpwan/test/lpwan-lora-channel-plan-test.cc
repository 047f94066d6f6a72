// SPDX-License-Identifier: GPL-2.0-only

// Channel masks, added channels and access to channels, as tables.

#include "ns3/lpwan-lora-channel-access.h"
#include "ns3/lpwan-lora-channel-plan.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/test.h"

#include <map>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** \return a mask of channels \param ranges pairs of the first and the last channel */
LoraChannelMask
MaskOf(const std::vector<std::pair<std::size_t, std::size_t>>& ranges)
{
    LoraChannelMask mask;
    for (const auto& [first, last] : ranges)
    {
        for (std::size_t i = first; i <= last; ++i)
        {
            mask.set(i);
        }
    }
    return mask;
}

/** A LinkADRReq's mask and what it has to come to. */
struct MaskRow
{
    std::string what;
    uint8_t control;
    uint16_t bits;
    std::vector<std::pair<std::size_t, std::size_t>> before;
    bool isValid;
    std::vector<std::pair<std::size_t, std::size_t>> after; //!< when it is valid
};

/** Masks of fixed channel plans. */
class FixedMaskTestCase : public TestCase
{
  public:
    FixedMaskTestCase()
        : TestCase("US915's channel masks are those of RP002-1.0.4, section 2.5.5")
    {
    }

  private:
    void DoRun() override
    {
        const LoraRegion& us = LoraRegion::Us915();
        const std::vector<std::pair<std::size_t, std::size_t>> band2{{8, 15}, {65, 65}};
        const std::vector<std::pair<std::size_t, std::size_t>> all{{0, 71}};
        const std::vector<MaskRow> rows{
            // Sixteen narrow channels each, the others stay.
            {"0: its sixteen", 0, 0x00ff, band2, true, {{0, 7}, {65, 65}}},
            {"0: the last of them", 0, 0x8000, {}, true, {{15, 15}}},
            {"1", 1, 0x0003, band2, true, {{8, 17}, {65, 65}}},
            {"1: none of them", 1, 0, all, true, {{0, 15}, {32, 71}}},
            {"2", 2, 0x8001, {}, true, {{32, 32}, {47, 47}}},
            {"3", 3, 0xffff, {}, true, {{48, 63}}},
            {"3: none of them", 3, 0, all, true, {{0, 47}, {64, 71}}},
            // The wide ones; the upper byte is reserved.
            {"4: the wide ones", 4, 0x0081, band2, true, {{8, 15}, {64, 64}, {71, 71}}},
            {"4: eight bits count", 4, 0xff00, all, true, {{0, 63}}},
            // Banks: eight narrow ones and the wide one beside them.
            {"5: bank 0", 5, 0x0001, all, true, {{0, 7}, {64, 64}}},
            {"5: banks 1 and 7", 5, 0x0082, {}, true, {{8, 15}, {56, 63}, {65, 65}, {71, 71}}},
            {"5: all banks", 5, 0x00ff, {}, true, all},
            {"5: none", 5, 0xff00, all, true, {}},
            // All narrow ones on, or off; the bits are the wide ones.
            {"6", 6, 0x0005, {}, true, {{0, 63}, {64, 64}, {66, 66}}},
            {"6: no wide one", 6, 0, band2, true, {{0, 63}}},
            {"7", 7, 0x0006, all, true, {{65, 66}}},
            {"7: all wide ones", 7, 0xffff, all, true, {{64, 71}}},
        };
        for (const MaskRow& row : rows)
        {
            const auto change = ApplyFixedChannelMask(us.channels,
                                                      us.wideChannels,
                                                      MaskOf(row.before),
                                                      row.control,
                                                      row.bits);
            NS_TEST_EXPECT_MSG_EQ(change.isValid, row.isValid, row.what);
            NS_TEST_EXPECT_MSG_EQ(change.mask, MaskOf(row.after), row.what);
            // The plan of a device goes by the same rule.
            LinkAdrReq request;
            request.maskControl = row.control;
            request.channelMask = row.bits;
            const auto planned = LoraChannelPlan(us).Apply(MaskOf(row.before), request);
            NS_TEST_EXPECT_MSG_EQ(planned.mask, MaskOf(row.after), row.what);
        }
    }
};

/** Masks where the network may add channels. */
class DynamicMaskTestCase : public TestCase
{
  public:
    DynamicMaskTestCase()
        : TestCase("EU868's channel masks are those of RP002-1.0.4, section 2.4.5")
    {
    }

  private:
    void DoRun() override
    {
        // Channels 0 to 3 and 5; 4 was removed.
        std::vector<LoraUplinkChannel> channels = LoraRegion::Eu868().channels;
        channels.push_back({867100000, 0, 5});
        channels.push_back({0, 0, 5});
        channels.push_back({867300000, 0, 5});
        const std::vector<MaskRow> rows{
            {"0: those there are", 0, 0x002f, {}, true, {{0, 3}, {5, 5}}},
            {"0: the others are off", 0, 0x0004, {{0, 3}}, true, {{2, 2}}},
            {"0: none", 0, 0, {{0, 3}}, true, {}},
            {"0: a removed one", 0, 0x0013, {}, false, {}},
            {"0: an unknown one", 0, 0x0041, {}, false, {}},
            {"0: the last bit", 0, 0x8001, {}, false, {}},
            {"6: all that are defined", 6, 0, {{0, 0}}, true, {{0, 3}, {5, 5}}},
            {"6: whatever the bits say", 6, 0x0010, {}, true, {{0, 3}, {5, 5}}},
            {"1: reserved", 1, 0x0007, {{0, 2}}, false, {}},
            {"2: reserved", 2, 0x0007, {{0, 2}}, false, {}},
            {"3: reserved", 3, 0x0007, {{0, 2}}, false, {}},
            {"4: reserved", 4, 0x0007, {{0, 2}}, false, {}},
            {"5: reserved", 5, 0x0007, {{0, 2}}, false, {}},
            {"7: reserved", 7, 0x0007, {{0, 2}}, false, {}},
        };
        for (const MaskRow& row : rows)
        {
            const auto change =
                ApplyDynamicChannelMask(channels, MaskOf(row.before), row.control, row.bits);
            NS_TEST_EXPECT_MSG_EQ(change.isValid, row.isValid, row.what);
            if (row.isValid)
            {
                NS_TEST_EXPECT_MSG_EQ(change.mask, MaskOf(row.after), row.what);
            }
        }
    }
};

/** Channels that the network adds. */
class PlanTestCase : public TestCase
{
  public:
    PlanTestCase()
        : TestCase("NewChannelReq and the join accept's list add channels as TS001-1.0.4 says")
    {
    }

  private:
    /** NewChannelReq, section 5.6, and RP002-1.0.4, section 2.4.2: 16 channels, 3 of which stay. */
    void NewChannels()
    {
        struct Row
        {
            std::string what;
            NewChannelReq request;
            bool frequencyOk;
            bool dataRatesOk;
        };

        const std::vector<Row> rows{
            {"a new one", {3, 867100000, 0, 5}, true, true},
            {"the last number", {15, 867100000, 0, 5}, true, true},
            {"no such number", {16, 867100000, 0, 5}, false, true},
            {"default channels stay", {0, 867100000, 0, 5}, false, true},
            {"the last of them too", {2, 867100000, 0, 5}, false, true},
            {"a carrier in no sub-band", {3, 862000000, 0, 5}, false, true},
            {"between two sub-bands", {3, 868650000, 0, 5}, false, true},
            {"removed", {3, 0, 0, 5}, true, true},
            {"data rates the wrong way round", {3, 867100000, 5, 4}, true, false},
            {"one data rate", {3, 867100000, 4, 4}, true, true},
            {"250 kHz", {3, 868300000, 6, 6}, true, true},
            {"no such data rate", {3, 867100000, 0, 7}, true, false},
            {"nor this", {3, 867100000, 7, 7}, true, false},
        };
        for (const Row& row : rows)
        {
            LoraChannelPlan plan(LoraRegion::Eu868());
            const NewChannelAns answer = plan.Obey(row.request);
            NS_TEST_EXPECT_MSG_EQ(answer.frequencyOk, row.frequencyOk, row.what);
            NS_TEST_EXPECT_MSG_EQ(answer.dataRatesOk, row.dataRatesOk, row.what);
            const bool added = row.frequencyOk && row.dataRatesOk && row.request.frequencyHz > 0;
            NS_TEST_EXPECT_MSG_EQ(plan.Frequencies().size(), (added ? 4 : 3), row.what);
            NS_TEST_EXPECT_MSG_EQ(plan.InUse()[row.request.channel],
                                  (added || row.request.channel < 3),
                                  row.what);
        }
        LoraChannelPlan plan(LoraRegion::Eu868());
        plan.Obey({7, 867100000, 0, 3});
        NS_TEST_EXPECT_MSG_EQ(plan.Channels().size(), 8, "numbers in between have no channel");
        NS_TEST_EXPECT_MSG_EQ(plan.Channels()[5].frequencyHz, 0, "none of that number");
        NS_TEST_EXPECT_MSG_EQ(plan.InUse()[5], false, "and none in use");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(7, 3), true, "its data rates");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(7, 4), false, "and no other");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(0, 5), true, "a default channel");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(0, 6), false, "250 kHz was for none");
        NS_TEST_EXPECT_MSG_EQ(plan.Takes(MaskOf({{7, 7}}), 3), true, "by a mask");
        NS_TEST_EXPECT_MSG_EQ(plan.Takes(MaskOf({{7, 7}}), 4), false, "by a mask");
        NS_TEST_EXPECT_MSG_EQ(plan.Takes(MaskOf({{0, 0}, {7, 7}}), 4), true, "by any of it");
        NS_TEST_EXPECT_MSG_EQ(plan.Takes(MaskOf({{0, 0}}), 7), false, "no data rate at all");
        NS_TEST_EXPECT_MSG_EQ(plan.IsAtDefaults(), true, "all that there are");
        plan.Use(MaskOf({{0, 1}}));
        NS_TEST_EXPECT_MSG_EQ(plan.IsAtDefaults(), false, "some");
        plan.Reset();
        NS_TEST_EXPECT_MSG_EQ(plan.InUse(), MaskOf({{0, 2}, {7, 7}}), "all again");
        plan.SetRegion(LoraRegion::Us915());
        NS_TEST_EXPECT_MSG_EQ(plan.InUse(), MaskOf({{0, 71}}), "another region");
        plan.SetRegion(LoraRegion::Eu868());
        NS_TEST_EXPECT_MSG_EQ(plan.InUse(), MaskOf({{0, 2}}), "and back: what was added is gone");
        // A device that was set to 250 kHz by hand uses the default channels.
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(0, 6), true, "250 kHz by hand");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(0, 7), false, "and no more");
    }

    void CfList()
    {
        LoraChannelPlan plan(LoraRegion::Eu868());
        plan.Use(MaskOf({{1, 1}}));
        plan.AddFrequencies({});
        NS_TEST_EXPECT_MSG_EQ(plan.InUse(), MaskOf({{1, 1}}), "no list, no change");
        plan.AddFrequencies({867100000, 867300000});
        const std::vector<uint32_t> five{868100000, 868300000, 868500000, 867100000, 867300000};
        NS_TEST_EXPECT_MSG_EQ((plan.Frequencies() == five), true, "beside the default ones");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(4, 0), true, "DR0 ...");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(4, 5), true, "... to DR5 (section 6.2.6)");
        NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(4, 6), false, "and no other");
        plan.AddFrequencies({867500000});
        NS_TEST_EXPECT_MSG_EQ(plan.Frequencies().size(), 4, "another session, another list");
        LoraChannelPlan us(LoraRegion::Us915());
        us.AddFrequencies({902300000});
        NS_TEST_EXPECT_MSG_EQ(us.Channels().size(), 72, "not where all channels are fixed");
    }

    void SubBands()
    {
        LoraChannelPlan plan(LoraRegion::Us915());
        NS_TEST_EXPECT_MSG_EQ(plan.InUse(), MaskOf({{0, 71}}), "all");
        for (std::size_t number = 1; number <= 8; ++number)
        {
            plan.SetSubBand(static_cast<uint8_t>(number));
            const std::size_t first = 8 * (number - 1);
            NS_TEST_EXPECT_MSG_EQ(plan.InUse(),
                                  MaskOf({{first, first + 7}, {63 + number, 63 + number}}),
                                  "sub-band " << number);
            NS_TEST_EXPECT_MSG_EQ(+plan.GetSubBand(), number, "its number");
            NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(first, 3), true, "narrow");
            NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(first, 4), false, "DR4 is for wide ones");
            NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(63 + number, 4), true, "wide");
            NS_TEST_EXPECT_MSG_EQ(plan.IsUsable(63 + number, 3), false, "DR3 is for narrow ones");
            NS_TEST_EXPECT_MSG_EQ(plan.IsUsable((first + 8) % 64, 3), false, "not in use");
        }
        LoraChannelPlan eu(LoraRegion::Eu868());
        eu.SetSubBand(5);
        NS_TEST_EXPECT_MSG_EQ(eu.InUse(), MaskOf({{0, 2}}), "EU868 has no such sub-bands");
    }

    void DoRun() override
    {
        NewChannels();
        CfList();
        SubBands();
    }
};

/** Duty cycles and the choice of a channel. */
class AccessTestCase : public TestCase
{
  public:
    AccessTestCase()
        : TestCase("channels open when the duty cycles say so, and all open ones are as likely")
    {
    }

  private:
    void DoRun() override
    {
        const LoraRegion& eu = LoraRegion::Eu868();
        LoraChannelPlan plan(eu);
        plan.Obey({3, 867100000, 0, 5}); // sub-band g
        plan.Obey({4, 868800000, 0, 5}); // sub-band g2, 0.1 %
        LoraChannelAccess access;
        NS_TEST_EXPECT_MSG_EQ(access.OpenFrom(plan, 5), Time(0), "all is open at first");
        // 100 ms at 1 %: 9.9 s of silence; at 0.1 %: 99.9 s.
        access.Book(eu, 868100000, Seconds(10), Seconds(10.1), 0);
        NS_TEST_EXPECT_MSG_EQ(access.OpenFrom(plan, 5), Time(0), "g and g2 are open");
        access.Book(eu, 868800000, Seconds(10), Seconds(10.1), 0);
        access.Book(eu, 867100000, Seconds(10.1), Seconds(10.3), 0);
        const std::map<std::size_t, Time> expected{{eu.SubBandOf(868100000), Seconds(20)},
                                                   {eu.SubBandOf(867100000), Seconds(30.1)},
                                                   {eu.SubBandOf(868800000), Seconds(110)}};
        NS_TEST_EXPECT_MSG_EQ((access.SubBandsOpenFrom(plan, 5) == expected), true, "each");
        NS_TEST_EXPECT_MSG_EQ(access.OpenFrom(plan, 5), Seconds(20), "the first");
        NS_TEST_EXPECT_MSG_EQ(access.OpenFrom(plan, 6), Time::Max(), "DR6 has no channel");
        NS_TEST_EXPECT_MSG_EQ(access.SubBandsOpenFrom(plan, 6).empty(), true, "nor a sub-band");
        NS_TEST_EXPECT_MSG_EQ(access.DutyCyclePermille(eu, eu.SubBandOf(868100000)), 10, "g1");
        NS_TEST_EXPECT_MSG_EQ(access.DutyCyclePermille(eu, eu.SubBandOf(868800000)), 1, "g2");

        // Open at 25 s: channels 0 to 2. A third of the chances each.
        const std::vector<uint32_t> carriers{868100000, 868300000, 868500000};
        for (std::size_t i = 0; i < 3; ++i)
        {
            const double third = static_cast<double>(i) / 3;
            NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Seconds(25), third + 1e-6),
                                  carriers[i],
                                  "from a third on");
            NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Seconds(25), third + 0.333),
                                  carriers[i],
                                  "to the next");
        }
        // At 30.1 s channel 3 is open too, at 20 s sharp channels 0 to 2 are.
        NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Seconds(30.1), 0.99), 867100000, "the fourth");
        NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Seconds(20), 0.99), 868500000, "the third");
        NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Seconds(200), 0.99), 868800000, "the fifth");
        plan.Use(MaskOf({{1, 1}, {4, 4}}));
        NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Seconds(25), 0.99), 868300000, "in use");

        NS_TEST_EXPECT_MSG_EQ(access.IsDutyCycleEnabled(), true, "by default");
        access.SetDutyCycleEnabled(false);
        NS_TEST_EXPECT_MSG_EQ(access.IsDutyCycleEnabled(), false, "off");
        NS_TEST_EXPECT_MSG_EQ(access.OpenFrom(plan, 5), Time(0), "all is open");
        NS_TEST_EXPECT_MSG_EQ(access.DutyCyclePermille(eu, 3), 1000, "no limit");
        NS_TEST_EXPECT_MSG_EQ(access.Choose(plan, 5, Time(0), 0.99), 868800000, "the last");
        access.SetDutyCycleEnabled(true);
        access.Reset();
        NS_TEST_EXPECT_MSG_EQ(access.OpenFrom(plan, 5), Time(0), "all is open again");

        // DutyCycleReq, section 5.3: 1 / 2^n of the time, over all sub-bands. 100 ms at 1/16: 1.5
        // s of silence.
        NS_TEST_EXPECT_MSG_EQ(access.GetAggregateOpenFrom(), Time(0), "none was asked for");
        access.Book(eu, 868100000, Seconds(10), Seconds(10.1), 4);
        NS_TEST_EXPECT_MSG_EQ(access.GetAggregateOpenFrom(), Seconds(11.6), "n = 4");
        access.Book(eu, 868100000, Seconds(20), Seconds(20.1), 1);
        NS_TEST_EXPECT_MSG_EQ(access.GetAggregateOpenFrom(), Seconds(20.2), "n = 1");
        access.Book(eu, 868100000, Seconds(30), Seconds(30.1), 15);
        NS_TEST_EXPECT_MSG_EQ(access.GetAggregateOpenFrom(),
                              Seconds(30.1) + MilliSeconds(100) * 32767,
                              "n = 15");
    }
};

/** All of the above. */
class LoraChannelPlanTestSuite : public TestSuite
{
  public:
    LoraChannelPlanTestSuite()
        : TestSuite("lpwan-lora-channel-plan")
    {
        AddTestCase(new FixedMaskTestCase);
        AddTestCase(new DynamicMaskTestCase);
        AddTestCase(new PlanTestCase);
        AddTestCase(new AccessTestCase);
    }
};

LoraChannelPlanTestSuite g_loraChannelPlanTestSuite; //!< registers the suite

} // namespace
