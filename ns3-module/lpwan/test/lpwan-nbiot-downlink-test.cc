// SPDX-License-Identifier: GPL-2.0-only

// Packets to devices: paging, on-durations, blocks downwards.

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
#include <tuple>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

using NotedCell = NbiotNotedCell;

using Cell = NbiotTestCell;

/** Packets to devices, in each state that one can be in. */
class NbiotDownlinkTestCase : public TestCase
{
  public:
    NbiotDownlinkTestCase()
        : TestCase("packets to a device: connected, inactive, paged, in power saving mode, lost")
    {
    }

  private:
    /** Sends 10 bytes up at 1 s, and 20 down at a time. \return when these were received */
    double ReceivedAt(Cell& cell, double downS, double untilS)
    {
        cell.Build({110});
        cell.SendAt(Seconds(1), 0, 10);
        cell.SendDownAt(Seconds(downS), 0, 20);
        cell.Run(Seconds(untilS));
        NS_TEST_EXPECT_MSG_EQ(cell.m_received.size(), 1, "received once");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetDownlinkQueueSize(0), 0, "nothing is left");
        return cell.m_received.empty() ? 0 : cell.m_received.front().first.GetSeconds();
    }

    void DoRun() override
    {
        {
            // Connected and at work: before the connection is released.
            Cell cell;
            const double at = ReceivedAt(cell, 1.3, 10);
            NS_TEST_ASSERT_MSG_LT(at, 2.2, "in the connection of the packet upwards");
            NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().pagings, 0, "not paged");
        }
        for (const double downS : {4.4, 5.0})
        {
            // Connected and inactive: the device listens in the first 512 of each 2,048 ms.
            Cell cell;
            cell.m_helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(false));
            const double at = ReceivedAt(cell, downS, 11);
            const double from = downS < 4.5 ? downS : 6.144;
            NS_TEST_ASSERT_MSG_GT(at, from, "not before it listens");
            NS_TEST_ASSERT_MSG_LT(at, from + 0.15, "and soon after it does");
            NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().pagings, 0, "not paged");
            NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().accesses, 1, "no access for it");
        }
        {
            // Idle: paged at a multiple of 2.56 s, received after an access.
            Cell cell;
            cell.m_helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(60)));
            const double at = ReceivedAt(cell, 11, 30);
            NS_TEST_ASSERT_MSG_GT(at, 12.8, "not before its paging occasion");
            NS_TEST_ASSERT_MSG_LT(at, 12.8 + 1, "soon after it");
            NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().pagings, 1, "paged");
            NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().accesses, 2, "an access for it");
        }
        {
            // Extended DRX: occasions at 20.48 and 23.04 s, then from 40.96 s on.
            Cell cell;
            cell.m_helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(600)));
            cell.m_helper.SetDeviceAttribute("EdrxCycle", TimeValue(MilliSeconds(20480)));
            cell.m_helper.SetDeviceAttribute("PagingTimeWindow", TimeValue(MilliSeconds(5120)));
            cell.Build({110});
            cell.SendAt(Seconds(1), 0, 10);
            for (const double at : {11.0, 22.0, 25.7})
            {
                cell.SendDownAt(Seconds(at), 0, 20);
            }
            cell.Run(Seconds(60));
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 3, "all received");
            const std::array<double, 3> occasions{20.48, 23.04, 40.96};
            for (std::size_t i = 0; i < occasions.size(); ++i)
            {
                const double at = cell.m_received[i].first.GetSeconds();
                NS_TEST_ASSERT_MSG_GT(at, occasions[i], "not before its paging occasion");
                NS_TEST_ASSERT_MSG_LT(at, occasions[i] + 1, "soon after it");
            }
        }
        {
            // Power saving mode: with the next packet upwards.
            Cell cell;
            cell.Build({110});
            cell.SendAt(Seconds(1), 0, 10);
            cell.SendDownAt(Seconds(30), 0, 20);
            cell.SendAt(Seconds(500), 0, 10);
            cell.Run(Seconds(520));
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 1, "received");
            NS_TEST_ASSERT_MSG_GT(cell.m_received.front().first, Seconds(500), "only then");
            NS_TEST_ASSERT_MSG_EQ(cell.Enb()->GetCounts().pagings, 0, "not paged");
        }
        {
            // Early data end with Msg4, but for what waits for the device.
            Cell cell;
            cell.m_helper.SetEnbAttribute("EarlyData", BooleanValue(true));
            cell.Build({110});
            cell.SendDownAt(Seconds(1), 0, 20);
            cell.SendAt(Seconds(5), 0, 10);
            cell.Run(Seconds(20));
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 1, "received");
            NS_TEST_ASSERT_MSG_EQ(cell.m_deliveries.size(), 1, "so is the early data");
            NS_TEST_ASSERT_MSG_EQ(cell.Ue(0)->GetPendingBytes(), 0, "nothing is left");
        }
        {
            // Idle power: 8 subframes of listening each 2.56 s on a carrier without other signals.
            Cell cell;
            cell.m_helper.SetEnbAttribute("AnchorCarrier", BooleanValue(false));
            cell.Build({110});
            NS_TEST_ASSERT_MSG_EQ_TOL(cell.Ue(0)->GetPowerWatt(RadioState::DRX),
                                      0.0031 + (0.304 - 0.0031) * 8 / 2560,
                                      1e-9,
                                      "BG96");
        }
        {
            // Blocks of 680 bits, one each 28 ms here: grant 1, gap 4, NPDSCH 3, gap 12,
            // acknowledgement 2, gap 3, and search spaces each 4 ms. The published peak, 26.2
            // kbit/s, is one each 26 ms.
            Cell cell;
            cell.m_helper.SetEnbAttribute("NpdcchRmax", StringValue("1,64,256"));
            cell.m_helper.SetEnbAttribute("NpdcchG", StringValue("4,1.5,1.5"));
            cell.m_helper.SetEnbAttribute("AnchorCarrier", BooleanValue(false));
            cell.m_helper.SetEnbAttribute("DownlinkErrorRate", DoubleValue(0));
            cell.m_helper.SetEnbAttribute("PreamblePeriod", StringValue("2560,2560,2560"));
            cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
            cell.Build({100});
            cell.SendDownAt(MilliSeconds(100), 0, 81);
            cell.SendDownAt(MilliSeconds(100), 0, 81 * 12);
            cell.SendAt(Seconds(1), 0, 10);
            cell.Run(Seconds(10));
            NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 2, "both received");
            const Time time = cell.m_received[1].first - cell.m_received[0].first;
            NS_TEST_ASSERT_MSG_EQ_TOL(time.GetSeconds(), 12 * 0.028, 0.0005, "twelve blocks");
        }
        {
            // Half of all messages lost: what is sent is received, lost or waits.
            Cell cell;
            cell.m_helper.SetEnbAttribute("DownlinkErrorRate", DoubleValue(0.5));
            cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(2));
            cell.m_helper.SetDeviceAttribute("Mode", StringValue("UM"));
            cell.Build(std::vector<double>(5, 110));
            constexpr uint32_t PACKETS = 60;
            for (uint32_t i = 0; i < PACKETS; ++i)
            {
                cell.SendAt(Seconds(40 * i), i % 5, 50);
                cell.SendDownAt(Seconds(40 * i + i % 13), (i * 7) % 5, 60);
            }
            cell.Run(Seconds(40 * PACKETS));
            std::size_t waiting = 0;
            for (uint32_t i = 0; i < 5; ++i)
            {
                waiting += cell.Enb()->GetDownlinkQueueSize(i);
            }
            const auto& counts = cell.Enb()->GetCounts();
            NS_TEST_ASSERT_MSG_EQ(counts.downlinks, cell.m_received.size(), "as counted");
            NS_TEST_ASSERT_MSG_EQ(counts.downlinks + counts.lostDownlinks + waiting,
                                  PACKETS,
                                  "conservation");
            NS_TEST_ASSERT_MSG_GT(counts.lostDownlinks, 5, "a quarter is lost");
            NS_TEST_ASSERT_MSG_GT(counts.downlinks, 25, "most are received");
        }
    }
};

/** Paging and blocks downwards. */
class NbiotPagingTestCase : public TestCase
{
  public:
    NbiotPagingTestCase()
        : TestCase("scenes worked out by hand: paging, lost paging, blocks downwards")
    {
    }

  private:
    void DoRun() override
    {
        Paging();
        LostPaging();
        NoPaging();
        BusyWithDownlink();
        ConnectedByPage();
        DownwardBlocks();
    }

    void ExpectDown(const NotedCell& cell, std::size_t i, double start, double end)
    {
        NS_TEST_ASSERT_MSG_GT(cell.m_down.size(), i, "a message");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[i].start, start, 1e-6, "start of message " << i);
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.m_down[i].end, end, 1e-6, "end of message " << i);
    }

    void Paging()
    {
        // 72 bits and their CRC are a subframe at 110 dB, 4 ms after that of NPDCCH. The device
        // listens to both of them.
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.m_helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(60)));
        cell.BuildNoted({110});
        cell.SendAt(Seconds(1), 0, 10);
        cell.SendDownAt(Seconds(11), 0, 20);
        cell.Run(Seconds(10.9));
        const std::size_t before = cell.m_down.size();
        cell.Run(Seconds(4.1));
        ExpectDown(cell, before, 12800, 12801);
        ExpectDown(cell, before + 1, 12805, 12806);
        NS_TEST_EXPECT_MSG_EQ(cell.m_received.size(), 1, "received");
    }

    void LostPaging()
    {
        // From 3 s on nothing is heard: 70 dB for each bit are 64.1 dB for a grant, of which eight
        // repetitions give 9, and 49.4 are there. 96 bits take 128 subframes: it listens from
        // NPDCCH to their end, 8 + 4 + 128 ms, in the occasions at 5.12, 7.68 and 10.24 s.
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.BuildNoted({110});
        cell.SendAt(Seconds(1), 0, 10);
        cell.Run(Seconds(3));
        const double before = 1e3 * cell.Ue(0)->GetTimeIn(RadioState::RX).GetSeconds();
        const double idle = 1e3 * cell.Ue(0)->GetTimeIn(RadioState::DRX).GetSeconds();
        cell.Enb()->SetAttribute("DownlinkEnergyPerBit", DoubleValue(70));
        cell.SendDownAt(Seconds(0.1), 0, 20);
        cell.Run(Seconds(12));
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().pagings, 3, "in its active time");
        const auto ms = [&](RadioState state) {
            return 1e3 * cell.Ue(0)->GetTimeIn(state).GetSeconds();
        };
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::RX), before + 3 * 140, 1e-6, "listened");
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::DRX), 10000 - 3 * 140, 1e-6, "idle");
        NS_TEST_EXPECT_MSG_EQ_TOL(ms(RadioState::SLEEP), 1000 + 2000 + idle, 1e-6, "asleep");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetDownlinkQueueSize(0), 1, "it waits");
    }

    void BusyWithDownlink()
    {
        // Inactive, and listening from 4096 to 4608 ms, it is told at once of what comes at 4450.
        // What it has to send itself then goes in the same turn, without a preamble.
        NotedCell cell;
        cell.Set("DownlinkErrorRate", 0.0);
        cell.m_helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(false));
        cell.BuildNoted({110});
        cell.SendAt(Seconds(1), 0, 10);
        cell.SendDownAt(Seconds(4.4), 0, 20);
        cell.SendAt(MilliSeconds(4452), 0, 10);
        cell.Run(Seconds(6));
        NS_TEST_EXPECT_MSG_EQ(cell.m_received.size(), 1, "received");
        NS_TEST_EXPECT_MSG_EQ(cell.m_deliveries.size(), 2, "both sent");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().preambles, 1, "the first one's");
    }

    void ConnectedByPage()
    {
        // Paged at 23.04 s, it stays connected for 10 s. What it sends at 28 s is asked for in this
        // connection: a preamble, and a block of 4 + 29 + 10 bytes without a resume message of 20.
        NotedCell cell;
        cell.Set("DownlinkErrorRate", 0.0);
        cell.m_helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(60)));
        cell.m_helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(false));
        cell.BuildNoted({110});
        cell.SendAt(MilliSeconds(100), 0, 10);
        cell.SendDownAt(Seconds(22), 0, 20);
        cell.SendAt(Seconds(28), 0, 10);
        cell.Run(Seconds(30));
        NS_TEST_EXPECT_MSG_EQ(cell.m_received.size(), 1, "received");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().pagings, 1, "paged");
        NS_TEST_EXPECT_MSG_EQ(cell.m_deliveries.size(), 2, "both sent");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().preambles, 3, "report, page, report");
        NS_TEST_ASSERT_MSG_GT(cell.m_formats.size(), 1, "blocks");
        NS_TEST_EXPECT_MSG_LT(cell.m_formats.back().Bits(), 8 * (4 + 20 + 39), "nothing to resume");
    }

    void NoPaging()
    {
        // None after the end of the active time, not even a second after it.
        NotedCell late;
        late.Set("DownlinkErrorRate", 0.0);
        late.m_helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(10)));
        late.BuildNoted({110});
        late.SendAt(Seconds(1), 0, 10);
        late.SendDownAt(Seconds(10.4), 0, 20);
        late.Run(Seconds(20));
        NS_TEST_EXPECT_MSG_EQ(late.Enb()->GetCounts().pagings, 0, "it listens to 11.9 s");
    }

    void DownwardBlocks()
    {
        // 680 and 2536 bits, 4 bytes of headers: 81 and 313 bytes in a block. A connection whose
        // first grant was given has 2 messages for each block beside those of the connection.
        for (const auto& [category, overhead, bytes, blocks] :
             std::vector<std::tuple<std::string, uint32_t, uint32_t, std::size_t>>{
                 {"NB1", 29, 52, 1},
                 {"NB1", 29, 53, 2},
                 {"NB1", 0, 81, 1},
                 {"NB1", 0, 82, 2},
                 {"NB2", 0, 313, 1},
                 {"NB2", 0, 314, 2}})
        {
            std::array<std::size_t, 2> messages{};
            for (const bool down : {false, true})
            {
                NotedCell cell;
                cell.Set("DownlinkErrorRate", 0.0);
                cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(overhead));
                cell.m_helper.SetDeviceAttribute("Category", StringValue(category));
                cell.BuildNoted({110});
                if (down)
                {
                    cell.SendDownAt(Seconds(0.5), 0, bytes);
                }
                cell.SendAt(Seconds(1), 0, 10);
                cell.Run(Seconds(10));
                messages[down ? 1 : 0] = cell.m_down.size();
                NS_TEST_EXPECT_MSG_EQ(cell.m_received.size(), (down ? 1U : 0U), "received");
            }
            NS_TEST_EXPECT_MSG_EQ(messages[1] - messages[0], 2 * blocks, category << ' ' << bytes);
        }
        {
            // No more wait than the limit, and those of one port that have not begun go.
            NotedCell cell;
            cell.m_helper.SetEnbAttribute("DownlinkQueueLimit", UintegerValue(3));
            cell.BuildNoted({110});
            const auto enb = cell.Enb();
            Simulator::Schedule(Seconds(1), [enb] {
                for (const uint8_t port : {9, 8, 9, 9})
                {
                    enb->SendDownlink(0, Create<Packet>(20), port);
                }
            });
            cell.Run(Seconds(1.049));
            NS_TEST_EXPECT_MSG_EQ(enb->GetDownlinkQueueSize(0), 0, "in the core network");
            cell.Run(Seconds(0.002));
            NS_TEST_EXPECT_MSG_EQ(enb->GetDownlinkQueueSize(0), 3, "the limit");
            NS_TEST_EXPECT_MSG_EQ(enb->GetCounts().lostDownlinks, 1, "one too many");
            enb->CancelDownlinks(0, 9);
            NS_TEST_EXPECT_MSG_EQ(enb->GetDownlinkQueueSize(0), 1, "the other port's");
            NS_TEST_EXPECT_MSG_EQ(enb->GetCounts().cancelledDownlinks, 2, "taken back");
        }
        {
            // Never heard: three times by HARQ, and that five times by RLC where it repeats.
            for (const std::string mode : {"AM", "UM"})
            {
                NotedCell cell;
                cell.Set("DownlinkErrorRate", 0.0);
                cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(3));
                cell.m_helper.SetDeviceAttribute("Mode", StringValue(mode));
                cell.m_helper.SetDeviceAttribute("MaxRlcRetransmissions", UintegerValue(4));
                cell.BuildNoted({110});
                cell.SendDownAt(Seconds(0.5), 0, 20);
                cell.SendAt(Seconds(1), 0, 10);
                // All is well to the end of the first block; then nothing is strong enough.
                m_cell = &cell;
                m_attempts = 0;
                m_upThen = 0;
                cell.Enb()->TraceConnectWithoutContext(
                    "Block",
                    MakeCallback(&NbiotPagingTestCase::Deafen, this));
                cell.Run(Seconds(300));
                NS_TEST_EXPECT_MSG_EQ(cell.m_received.size(), 0, mode << ": never heard");
                NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().lostDownlinks, 1, mode << ": lost");
                NS_TEST_EXPECT_MSG_EQ(m_attempts, (mode == "AM" ? 15 : 3), mode << ": attempts");
            }
        }
    }

    void Deafen(uint32_t, const NbiotFormat&, Time, Time, bool)
    {
        m_cell->Enb()->SetAttribute("DownlinkEnergyPerBit", DoubleValue(300));
        m_upThen = m_cell->m_up.size();
        Watch();
    }

    /** Notes how often something went down, and up after it, until the packet is given up. */
    void Watch()
    {
        if (m_cell->Enb()->GetCounts().lostDownlinks > 0)
        {
            m_attempts = m_cell->m_up.size() - m_upThen;
            return;
        }
        Simulator::Schedule(MilliSeconds(1), &NbiotPagingTestCase::Watch, this);
    }

    NotedCell* m_cell{nullptr};
    std::size_t m_attempts{0};
    std::size_t m_upThen{0};
};

/** All of the above. */
class NbiotDownlinkTestSuite : public TestSuite
{
  public:
    NbiotDownlinkTestSuite()
        : TestSuite("lpwan-nbiot-downlink")
    {
        AddTestCase(new NbiotDownlinkTestCase);
        AddTestCase(new NbiotPagingTestCase);
    }
};

NbiotDownlinkTestSuite g_nbiotDownlinkTestSuite; //!< registers the suite

} // namespace
