// SPDX-License-Identifier: GPL-2.0-only

// Random access against scenes worked out by hand from 3GPP's text.

#include "lpwan-nbiot-noted-cell.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

using NotedCell = NbiotNotedCell;

/** From the preamble to the grant. */
class NbiotAccessTestCase : public TestCase
{
  public:
    NbiotAccessTestCase()
        : TestCase(
              "scenes worked out by hand: access, levels, collisions, lost answers, early data")
    {
    }

  private:
    void DoRun() override
    {
        Access();
        Levels();
        LateAnswer();
        Collisions();
        Capture();
        LostAnswers();
        Msg3();
        EarlyData();
        RepeatedEarlyData();
        RepeatedMsg3();
        RepeatedMsg4();
        Detection();
    }

    void ExpectDown(const NotedCell& cell, std::size_t i, double start, double end)
    {
        NS_TEST_ASSERT_MSG_GT(cell.m_down.size(), i, "a message");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[i].start, start, 1e-6, "start of message " << i);
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[i].end, end, 1e-6, "end of message " << i);
    }

    void ExpectUp(const NotedCell& cell, std::size_t i, uint32_t count, double start, double end)
    {
        NS_TEST_ASSERT_MSG_GT(cell.m_up.size(), i, "a transmission");
        NS_TEST_EXPECT_MSG_EQ(cell.m_up[i].count, count, "subcarriers of transmission " << i);
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_up[i].start, start, 1e-6, "transmission " << i);
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_up[i].end, end, 1e-6, "transmission " << i);
    }

    void Access()
    {
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("SpectrumWeight", 0.0);
        cell.BuildNoted({110});
        cell.SendAt(Seconds(1), 0, 50);
        cell.Run(Seconds(5));
        // Found the cell at 1300. NPRACH at 8 + 320 n: 1608 to 1613.6. The window begins 4 ms
        // later; search spaces are each 16 ms. RAR: NPDCCH at 1632, 4 ms, NPDSCH of 1 subframe.
        NS_TEST_ASSERT_MSG_EQ(cell.m_sendsFrom.empty(), false, "sends");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[0], 1608, 1e-6, "preamble");
        ExpectDown(cell, 0, 1632, 1633);
        ExpectDown(cell, 1, 1637, 1638);
        // Msg3 12 ms later. It is made for the level's edge at 147.7 dB: -6.7 dB on all tones, 10.3
        // on one of 3.75 kHz. Its time is that of the format, of which the cost is least.
        NbiotAdaptation adaptation;
        adaptation.spectrumWeight = 0;
        std::array<double, NBIOT_TONES_COUNT> snrDb{};
        for (std::size_t t = 0; t < NBIOT_TONES_COUNT; ++t)
        {
            snrDb[t] = 23 - 147.708 + 174 - 3 - 10 * std::log10(NbiotBandwidthHz(NbiotTones(t)));
        }
        const auto msg3 = NbiotChooseFormat(snrDb, 88, adaptation);
        const double msg3Ms = 1e3 * NbiotSendingTime(*msg3).GetSeconds();
        ExpectUp(cell, 0, NbiotSubcarriers(msg3->tones), 1650, 1650 + msg3Ms);
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[1], 1650, 1e-6, "Msg3");
        // Msg4 in the first search space 3 ms after that, in one subframe, and acknowledged 12 ms
        // after it on a tone for 2 ms.
        const double space = 16 * std::ceil((1650 + msg3Ms + 3) / 16);
        ExpectDown(cell, 2, space, space + 1);
        ExpectDown(cell, 3, space + 5, space + 6);
        ExpectUp(cell, 1, 4, space + 18, space + 20);
        // The grant 3 ms later; 8 ms; 4 + 20 + 79 bytes, 824 bits: 4 ms on twelve tones.
        const double grant = 16 * std::ceil((space + 23) / 16);
        ExpectDown(cell, 4, grant, grant + 1);
        ExpectUp(cell, 2, 48, grant + 9, grant + 13);
        NS_TEST_ASSERT_MSG_EQ(cell.m_reports.size(), 1, "received");
        NS_TEST_EXPECT_MSG_EQ(cell.m_reports[0].blocks, 1, "in one block");
        NS_TEST_EXPECT_MSG_EQ(cell.m_reports[0].airtime, MilliSeconds(4), "of 4 ms");
        // Then the release, and its acknowledgement.
        const double release = 16 * std::ceil((grant + 16) / 16);
        ExpectDown(cell, 5, release, release + 1);
        ExpectDown(cell, 6, release + 5, release + 6);
        ExpectUp(cell, 3, 4, release + 18, release + 20);
        NS_TEST_EXPECT_MSG_EQ(cell.m_down.size(), 7, "that is all");
        NS_TEST_EXPECT_MSG_EQ(cell.m_up.size(), 4, "that is all");
        const auto ms = [&](RadioState state) {
            return 1e3 * cell.Ue(0)->GetTimeIn(state).GetSeconds();
        };
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::TX), 5.6 + msg3Ms + 2 + 4 + 2, 1e-6, "sent");
        // It listens for its cell, to RAR, Msg4, grant and release.
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::RX), 300 + 6 + 6 + 1 + 6, 1e-6, "listened");
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::SLEEP), 1000, 1e-6, "before");
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::DRX), 5000 - release - 20, 1e-6, "after");
        NS_TEST_EXPECT_MSG_EQ_TOL(1e3 * cell.Ue(0)->GetSignallingTime().GetSeconds(),
                                  5.6 + msg3Ms + 4,
                                  1e-6,
                                  "signalling");
        const auto& stages = cell.m_reports[0].stages;
        const std::array<double, NBIOT_STAGE_COUNT> expected{608,
                                                             space + 20 - 1608,
                                                             grant + 9 - (space + 20),
                                                             4,
                                                             0};
        for (std::size_t i = 0; i < expected.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(1e3 * stages[i].GetSeconds(), expected[i], 1e-6, i);
        }
    }

    void Levels()
    {
        // Found again after 0.7 and 3 s; NPRACH at 16 + 640 n and 64 + 1280 n, of 8 and 32
        // repetitions. Search spaces each 96 and 384 ms; the window begins 4 ms after a preamble.
        struct Row
        {
            double lossDb;
            double preamble;
            double length;
            double period;
            double acknowledgement; // the bit wants 10 dB in 16 symbols of -1.8 or -9.8 dB
        };

        for (const Row& row : {Row{154, 1936, 44.8, 96, 2}, Row{162, 5184, 179.2, 384, 16}})
        {
            NotedCell cell;
            cell.Set("DownlinkErrorRate", 0.0);
            cell.Set("AnchorCarrier", "false");
            cell.BuildNoted({row.lossDb});
            cell.SendAt(Seconds(1), 0, 20);
            cell.Run(Seconds(8));
            NS_TEST_ASSERT_MSG_EQ(cell.m_sendsFrom.empty(), false, "sends");
            NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[0], row.preamble, 1e-6, "preamble");
            const double rar = row.period * std::ceil((row.preamble + row.length + 4) / row.period);
            NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[0].start, rar, 1e-6, "RAR");
            NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_up[1].duration,
                                      row.acknowledgement,
                                      1e-6,
                                      "acknowledgement of Msg4");
        }
        {
            // After 64 repetitions and more the window begins 41 ms later (TS 36.321, 5.1.4). A
            // pause of 40 ms is after each 64, but not at the end: 358.4 and 756.8 ms from 2568.
            for (const auto& [repetitions, length] : {std::pair{"64", 358.4}, {"128", 756.8}})
            {
                NotedCell cell;
                cell.Set("DownlinkErrorRate", 0.0);
                cell.Set("AnchorCarrier", "false");
                cell.Set("PreambleRepetitions", std::string(repetitions) + ",8,32");
                cell.Set("PreamblePeriod", "2560,2560,2560");
                cell.m_helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
                cell.BuildNoted({110});
                cell.SendAt(Seconds(1), 0, 20);
                cell.Run(Seconds(5));
                NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[0], 2568, 1e-6, "preamble");
                NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[0].start,
                                          16 * std::ceil((2568 + length + 41) / 16),
                                          1e-6,
                                          "RAR after " << repetitions);
            }
        }
        {
            // Nobody hears it. Two attempts at each level, then the next level, then the end.
            NotedCell cell;
            cell.Set("RsrpThresholdCe1", -300.0);
            cell.Set("RsrpThresholdCe2", -300.0);
            cell.Set("MaxAttempts", "2,3,4");
            cell.BuildNoted({230});
            cell.SendAt(Seconds(1), 0, 20);
            cell.Run(Seconds(100));
            const auto& counts = cell.Enb()->GetCounts();
            NS_TEST_EXPECT_MSG_EQ(counts.preambles, 9, "2, 3 and 4 attempts");
            NS_TEST_EXPECT_MSG_EQ(counts.undetectedPreambles, 9, "nobody hears");
            NS_TEST_EXPECT_MSG_EQ(counts.failedAccesses, 1, "given up");
            NS_TEST_EXPECT_MSG_EQ(cell.m_drops["access_failed"], 1, "told");
            NS_TEST_EXPECT_MSG_EQ(cell.Ue(0)->GetBufferBytes(), 0, "nothing is left to send");
            NS_TEST_EXPECT_MSG_EQ(cell.Ue(0)->GetTimeIn(RadioState::TX),
                                  MicroSeconds(5600) * int64_t{2 * 1 + 3 * 8 + 4 * 32},
                                  "1, 8 and 32 repetitions");
        }
        {
            // Heard at the next level: the one whose repetitions are enough.
            NotedCell cell;
            cell.Set("RsrpThresholdCe1", -300.0);
            cell.Set("RsrpThresholdCe2", -300.0);
            cell.Set("MaxAttempts", "1,20,20");
            cell.Set("PreambleRepetitions", "1,128,128");
            cell.Set("PreamblePeriod", "1280,2560,2560");
            cell.Set("DownlinkErrorRate", 0.0);
            cell.BuildNoted({180}); // 0.025 at once, 0.49 with 128 repetitions
            cell.SendAt(Seconds(1), 0, 20);
            cell.Run(Seconds(500));
            NS_TEST_EXPECT_MSG_GT(cell.Enb()->GetCounts().preambles,
                                  cell.Enb()->GetCounts().undetectedPreambles,
                                  "it is heard there");
        }
        {
            // No back-off: the next attempt is at the first occasion after the window for the
            // answer. NPRACH at 8 + 40 n: 1328 to 1333.6; from the search space at 1344 five
            // periods, to 1424; so at 1448. With back-off up to 512 ms later.
            for (const bool backoff : {false, true})
            {
                NotedCell cell;
                cell.Set("PreamblePeriod", "40,2560,2560");
                cell.Set("PreambleRepetitions", "1,1,1");
                cell.Set("RsrpThresholdCe1", -300.0);
                cell.Set("RsrpThresholdCe2", -300.0);
                cell.Set("MaxAttempts", "100,1,1");
                cell.Set("Backoff", backoff ? "512,0,0" : "0,0,0");
                cell.m_helper.SetEnbAttribute("RarWindow", UintegerValue(5));
                cell.BuildNoted({230});
                cell.SendAt(Seconds(1), 0, 20);
                cell.Run(Seconds(60));
                NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[0], 1328, 1e-6, "the first");
                double sum = 0;
                double most = 0;
                for (std::size_t i = 1; i < 100; ++i)
                {
                    const double before = cell.m_sendsFrom[i - 1];
                    const double until = 16 * std::ceil((before + 9.6) / 16) + 80;
                    const double soonest = 8 + 40 * std::ceil((until - 8) / 40);
                    const double late = cell.m_sendsFrom[i] - soonest;
                    sum += late;
                    most = std::max(most, late);
                    NS_TEST_EXPECT_MSG_GT(late, -1e-6, "not before the window's end");
                    NS_TEST_EXPECT_MSG_LT(late, (backoff ? 553.0 : 1e-6), "soon after it");
                }
                NS_TEST_EXPECT_MSG_EQ_TOL(sum / 99, (backoff ? 256 : 0), 60, "even");
                NS_TEST_EXPECT_MSG_EQ((most > 400), backoff, "up to the longest");
            }
        }
    }

    void LateAnswer()
    {
        // Answers to 48 preambles are four messages of 12; in a window of two search spaces of 16
        // ms that have one subframe each for them, the fourth comes too late.
        NotedCell cell;
        cell.Set("PreambleSubcarriers", "48,12,12");
        cell.Set("PreambleStart", "8,5000,5000");
        cell.Set("NpdcchRmax", "1,64,256");
        cell.Set("NpdcchG", "16,1.5,1.5");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("AnchorCarrier", "false");
        cell.m_helper.SetEnbAttribute("RarWindow", UintegerValue(2));
        cell.m_helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
        cell.BuildNoted(std::vector<double>(200, 110));
        for (uint32_t i = 0; i < 200; ++i)
        {
            cell.SendAt(MilliSeconds(1), i, 20);
        }
        cell.Run(MilliSeconds(14));
        // Of 200 balls in 48 urns next to none is empty: 12 x 56 + 24 bits take 4 subframes.
        NS_TEST_ASSERT_MSG_EQ(cell.m_down.size(), 8, "four answers");
        const std::array<double, 4> start{32, 48, 64, 80};
        for (std::size_t i = 0; i < 4; ++i)
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[2 * i].start, start[i], 1e-6, "NPDCCH " << i);
            NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[2 * i + 1].end, start[i] + 9, 1e-6, "NPDSCH");
        }
        for (const NotedUplink& up : cell.m_up)
        {
            // The window ends at 64, two periods after 32.
            NS_TEST_EXPECT_MSG_LT(up.start, 57 + 64 + 1e-6, "answers after the window are void");
        }
    }

    void Collisions()
    {
        // All devices in one occasion; without a collision all of them get through, and of those
        // that collide nobody does: no Msg3 is stronger than the others.
        for (uint32_t n = 2; n <= 30; n += 7)
        {
            NotedCell cell;
            cell.Set("DownlinkErrorRate", 0.0);
            cell.Set("Backoff", "100000,0,0");
            cell.m_helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
            cell.BuildNoted(std::vector<double>(n, 110.0));
            for (uint32_t i = 0; i < n; ++i)
            {
                cell.SendAt(MilliSeconds(1), i, 10);
            }
            cell.Run(MilliSeconds(320)); // one occasion
            const auto& counts = cell.Enb()->GetCounts();
            NS_TEST_EXPECT_MSG_EQ(counts.preambles, n, "all in the first");
            NS_TEST_EXPECT_MSG_EQ(counts.accesses, n - counts.collidedPreambles, "no capture");
        }
    }

    void Capture()
    {
        // Pairs, one of each 20 dB above the other; when they collide, that one gets through.
        uint32_t collided = 0;
        for (uint32_t run = 1; run <= 60; ++run)
        {
            RngSeedManager::SetRun(run);
            for (const double thresholdDb : {19.0, 21.0})
            {
                NotedCell cell;
                cell.Set("DownlinkErrorRate", 0.0);
                cell.Set("CaptureThreshold", thresholdDb);
                cell.Set("Backoff", "100000,0,0");
                cell.m_helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
                cell.BuildNoted({100.0, 120.0});
                cell.SendAt(MilliSeconds(1), 0, 10);
                cell.SendAt(MilliSeconds(1), 1, 10);
                cell.Run(Seconds(1.5));
                const auto& counts = cell.Enb()->GetCounts();
                const bool both = counts.collidedPreambles > 0;
                collided += both ? 1 : 0;
                const uint32_t expected = !both ? 2 : thresholdDb < 20 ? 1 : 0;
                NS_TEST_EXPECT_MSG_EQ(counts.accesses, expected, thresholdDb << " dB");
                if (both && expected == 1)
                {
                    NS_TEST_EXPECT_MSG_EQ(cell.m_reports.size(), 1, "one packet");
                    NS_TEST_EXPECT_MSG_EQ(cell.m_reports[0].deviceAddress,
                                          cell.Ue(0)->GetDeviceAddress(),
                                          "the stronger one's");
                }
            }
        }
        NS_TEST_EXPECT_MSG_GT(collided, 2, "a twelfth of the pairs collides");
        // A pair that nobody answers tries again when its contention timer ends, 8 search spaces
        // of 16 ms after Msg3, in the next NPRACH occasion.
        collided = 0;
        for (uint32_t run = 1; run <= 60; ++run)
        {
            RngSeedManager::SetRun(run);
            NotedCell cell;
            cell.Set("DownlinkErrorRate", 0.0);
            cell.Set("PreamblePeriod", "40,2560,2560");
            cell.Set("PreambleStart", "8,2000,2100");
            cell.Set("Backoff", "0,0,0");
            cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(1));
            cell.m_helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
            cell.BuildNoted({110.0, 110.0});
            cell.SendAt(MilliSeconds(1), 0, 10);
            cell.SendAt(MilliSeconds(1), 1, 10);
            cell.Run(MilliSeconds(800));
            if (cell.m_up.front().start < 100 && cell.m_sendsFrom[2] > cell.m_up.front().end + 100)
            {
                ++collided;
                const double until = cell.m_up.front().end + 128;
                NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[2],
                                          8 + 40 * std::ceil((until - 8) / 40),
                                          1e-6,
                                          "the next attempt");
            }
        }
        RngSeedManager::SetRun(1);
        NS_TEST_EXPECT_MSG_GT(collided, 2, "a twelfth of the pairs collides");
    }

    void LostAnswers()
    {
        // Half of all messages are lost, RAR as well: for a device that the level is made for, and
        // for one beyond it. What is heard is answered by Msg3, which gets through in the end.
        for (const double lossDb : {110.0, 164.3})
        {
            NotedCell cell;
            cell.Set("DownlinkErrorRate", 0.5);
            cell.Set("MaxAttempts", "1000,1000,1000");
            cell.Set("Backoff", "0,0,0");
            cell.m_helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(true));
            cell.BuildNoted({lossDb});
            for (int i = 0; i < 150; ++i)
            {
                cell.SendAt(Seconds(40 * i), 0, 10);
            }
            cell.Run(Seconds(6000));
            const auto& counts = cell.Enb()->GetCounts();
            const auto heard = static_cast<double>(counts.preambles - counts.undetectedPreambles);
            NS_TEST_ASSERT_MSG_GT(heard, 200, "many");
            NS_TEST_EXPECT_MSG_EQ_TOL(static_cast<double>(counts.accesses) / heard,
                                      0.5,
                                      4 * std::sqrt(0.25 / heard) + 0.02,
                                      "at " << lossDb << " dB");
        }
    }

    void Msg3()
    {
        // 2.5 dB beyond what level 2 is made for one Msg3 is too weak, and two are enough.
        NotedCell cell;
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("Backoff", "0,0,0");
        cell.BuildNoted({166.5});
        for (int i = 0; i < 30; ++i)
        {
            cell.SendAt(Seconds(60 * i), 0, 10);
        }
        cell.Run(Seconds(1800));
        const auto& counts = cell.Enb()->GetCounts();
        NS_TEST_EXPECT_MSG_GT(counts.accesses, 25, "they get through");
        NS_TEST_EXPECT_MSG_EQ(counts.accesses,
                              counts.preambles - counts.undetectedPreambles,
                              "whoever is heard gets through");
    }

    void EarlyData()
    {
        // A Msg3 with data has 88 bits, headers of 4 bytes and the packet: at most 1000 bits (TS
        // 36.321), in one block of the format that link adaptation takes at the level's edge.
        std::array<double, NBIOT_TONES_COUNT> snrDb{};
        for (std::size_t t = 0; t < NBIOT_TONES_COUNT; ++t)
        {
            const double hz = NbiotBandwidthHz(static_cast<NbiotTones>(t));
            snrDb[t] = 23 - 147.708 + 174 - 3 - 10 * std::log10(hz);
        }
        uint32_t early = 0;
        for (const NbiotCategory category : {NbiotCategory::NB1, NbiotCategory::NB2})
        {
            for (uint32_t bytes = 2; bytes < 130; bytes += bytes == 110 ? 1 : 3)
            {
                NotedCell cell;
                cell.Set("EarlyData", "true");
                cell.Set("DownlinkErrorRate", 0.0);
                cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
                cell.m_helper.SetDeviceAttribute(
                    "Category",
                    StringValue(category == NbiotCategory::NB1 ? "NB1" : "NB2"));
                cell.BuildNoted({120});
                cell.SendAt(Seconds(1), 0, bytes);
                cell.Run(Seconds(10));
                NbiotAdaptation adaptation;
                adaptation.category = category;
                const uint32_t bits = 88 + 8 * (4 + bytes);
                const auto format = NbiotChooseFormat(snrDb, bits, adaptation);
                const bool fits = bits <= 1000 && format->Bits() >= bits;
                early += fits ? 1 : 0;
                NS_TEST_EXPECT_MSG_EQ(cell.m_reports.size(), 1, bytes << " bytes arrive");
                NS_TEST_EXPECT_MSG_EQ((cell.Enb()->GetCounts().blocks == 0),
                                      fits,
                                      bytes << " bytes");
                if (fits && !cell.m_reports.empty())
                {
                    NS_TEST_EXPECT_MSG_EQ(cell.m_reports[0].airtime,
                                          NbiotSendingTime(*format),
                                          bytes << " bytes");
                }
            }
        }
        NS_TEST_EXPECT_MSG_GT(early, 30, "some are early");
    }

    void RepeatedEarlyData()
    {
        // The radio sends Msg3 several times: so many blocks for its packet, and their time.
        NotedCell cell;
        cell.Set("EarlyData", "true");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("MaxCouplingLoss", 160.0);
        cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
        cell.BuildNoted({165.0});
        cell.SendAt(Seconds(1), 0, 8);
        cell.Run(Seconds(60));
        NS_TEST_ASSERT_MSG_EQ(cell.m_reports.size(), 1, "it arrives");
        NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().blocks, 0, "early");
        const auto& report = cell.m_reports[0];
        const double duration = cell.m_up[0].duration;
        const auto sent =
            std::count_if(cell.m_up.begin(), cell.m_up.end(), [&](const NotedUplink& up) {
                return up.duration == duration;
            });
        NS_TEST_EXPECT_MSG_GT(sent, 1, "one is 5 dB too weak");
        NS_TEST_EXPECT_MSG_EQ(report.blocks, static_cast<uint32_t>(sent), "each counts");
        NS_TEST_EXPECT_MSG_EQ_TOL(1e3 * report.airtime.GetSeconds(),
                                  static_cast<double>(sent) * duration,
                                  1e-6,
                                  "all of them");
        NS_TEST_EXPECT_MSG_EQ(report.airtime + cell.Ue(0)->GetSignallingTime(),
                              cell.Ue(0)->GetTimeIn(RadioState::TX),
                              "all that it sent");
        NS_TEST_EXPECT_MSG_EQ_TOL(report.txJoule, 0.589 * report.airtime.GetSeconds(), 1e-9, "J");
    }

    void RepeatedMsg3()
    {
        // Each repetition has a grant in the first search space, of which one begins each 384 ms, 3
        // ms after the end of the one before, and comes 8 ms after that grant; the first one comes
        // 12 ms after its RAR. Without NPRACH in the way.
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("MaxCouplingLoss", 160.0);
        cell.Set("PreamblePeriod", "100000,100000,100000");
        cell.BuildNoted({166.5});
        cell.SendAt(Seconds(95), 0, 8);
        cell.Run(Seconds(120));
        NS_TEST_ASSERT_MSG_GT(cell.m_up.size(), 3, "Msg3 is repeated");
        const double duration = cell.m_up[0].duration;
        NS_TEST_ASSERT_MSG_GT(cell.m_down.size(), 3, "RAR and grants");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_up[0].start, cell.m_down[1].end + 12, 1e-6, "after RAR");
        std::size_t repeated = 1;
        while (repeated < cell.m_up.size() && cell.m_up[repeated].duration == duration)
        {
            const NotedDownlink& grant = cell.m_down.at(1 + repeated);
            const double before = cell.m_up[repeated - 1].end;
            NS_TEST_EXPECT_MSG_EQ_TOL(grant.start, 384 * std::ceil((before + 3) / 384), 1e-6, "");
            NS_TEST_EXPECT_MSG_EQ_TOL(grant.end - grant.start, 32, 1e-6, "Rmax / 8 at least");
            NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_up[repeated].start, grant.end + 8, 1e-6, "Msg3");
            ++repeated;
        }
        NS_TEST_EXPECT_MSG_GT(repeated, 1, "Msg3 is repeated");
        NS_TEST_EXPECT_MSG_EQ(cell.m_deliveries.size(), 1, "it gets through");
    }

    void RepeatedMsg4()
    {
        // Three times at most, each in the first search space 3 ms after the acknowledgement that
        // did not come; then the access has failed, and the next one begins without delay.
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("Backoff", "0,0,0");
        cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(3));
        cell.BuildNoted({110});
        cell.SendAt(Seconds(1), 0, 50);
        // As in Access(): Msg3 begins at 1650. Then nothing is strong enough, until 1 s later.
        const auto enb = cell.Enb();
        for (const auto& [atMs, db] : {std::pair{1651, 70.0}, std::pair{2900, 10.0}})
        {
            Simulator::Schedule(MilliSeconds(atMs), [enb, db = db] {
                enb->SetAttribute("DownlinkEnergyPerBit", DoubleValue(db));
            });
        }
        cell.Run(Seconds(6));
        NS_TEST_EXPECT_MSG_EQ(cell.m_deliveries.size(), 1, "it gets through in the end");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().accesses, 2, "the second time");
        NS_TEST_ASSERT_MSG_GT(cell.m_up.size(), 5, "acknowledgements");
        for (std::size_t i = 0; i < 3; ++i)
        {
            // NPDCCH of 8 subframes, NPDSCH 4 ms later; the bit in 16 symbols has 54.3 dB of 70: 64
            // repetitions of 2 ms, 12 ms later.
            const NotedDownlink& npdcch = cell.m_down.at(2 + 2 * i);
            const NotedDownlink& npdsch = cell.m_down.at(3 + 2 * i);
            const NotedUplink& up = cell.m_up.at(1 + i);
            NS_TEST_EXPECT_MSG_EQ_TOL(npdcch.start,
                                      16 * std::ceil((cell.m_up.at(i).end + 3) / 16),
                                      1e-6,
                                      "Msg4 " << i);
            NS_TEST_EXPECT_MSG_EQ_TOL(npdcch.end - npdcch.start, 8, 1e-6, "Rmax");
            NS_TEST_EXPECT_MSG_EQ_TOL(npdsch.start, npdcch.end + 4, 1e-6, "NPDSCH");
            NS_TEST_EXPECT_MSG_EQ_TOL(up.start, npdsch.end + 12, 1e-6, "acknowledgement");
            NS_TEST_EXPECT_MSG_EQ_TOL(up.duration, 128, 1e-6, "acknowledgement");
        }
        // Preamble, Msg3, three acknowledgements, preamble: at 8 + 320 n, not before the last one.
        NS_TEST_ASSERT_MSG_GT(cell.m_sendsFrom.size(), 5, "it tries again");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_sendsFrom[5],
                                  8 + 320 * std::ceil((cell.m_up.at(3).end - 8) / 320),
                                  1e-6,
                                  "the next preamble");
    }

    void Detection()
    {
        // By the formula half of the preambles are heard at -9.85 dB: 158.26 + 9.85 dB of loss
        // (23 dBm + 174 - 35.74 - 3 dB).
        for (const auto& [lossDb, heard] : {std::pair{168.11, 0.5}, std::pair{174.92, 0.1}})
        {
            NotedCell cell;
            cell.Set("RsrpThresholdCe1", -300.0);
            cell.Set("RsrpThresholdCe2", -300.0);
            cell.Set("PreamblePeriod", "40,2560,2560");
            cell.Set("PreambleRepetitions", "1,1,1");
            cell.Set("MaxAttempts", "1000,1,1");
            cell.Set("Backoff", "0,0,0");
            cell.BuildNoted({lossDb});
            for (int i = 0; i < 400; ++i)
            {
                cell.SendAt(Seconds(i), 0, 10);
            }
            cell.Run(Seconds(400));
            const auto& counts = cell.Enb()->GetCounts();
            NS_TEST_ASSERT_MSG_GT(counts.preambles, 500, "many");
            const double share = 1 - static_cast<double>(counts.undetectedPreambles) /
                                         static_cast<double>(counts.preambles);
            NS_TEST_EXPECT_MSG_EQ_TOL(share,
                                      heard,
                                      4 * std::sqrt(0.25 / double(counts.preambles)),
                                      "at " << lossDb << " dB");
        }
    }
};

/** All of the above. */
class NbiotAccessTestSuite : public TestSuite
{
  public:
    NbiotAccessTestSuite()
        : TestSuite("lpwan-nbiot-access")
    {
        AddTestCase(new NbiotAccessTestCase);
    }
};

NbiotAccessTestSuite g_nbiotAccessTestSuite; //!< registers the suite

} // namespace
