// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-test-cell.h"

#include "ns3/basic-energy-source.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-nbiot-enb.h"
#include "ns3/lpwan-nbiot-helper.h"
#include "ns3/lpwan-nbiot-phy.h"
#include "ns3/lpwan-nbiot-ue.h"
#include "ns3/node.h"
#include "ns3/packet.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

using Cell = NbiotTestCell;

/** Packets alone in a cell. */
class NbiotPacketTestCase : public TestCase
{
  public:
    NbiotPacketTestCase()
        : TestCase("a packet comes whole, its latency adds up, and an exception report is in time")
    {
    }

  private:
    void DoRun() override
    {
        // Coupling loss, CE level, and the latency of an exception report of 105 bytes, headers
        // included, that studies of 3GPP give: 0.3 .. 1 s, 1 .. 2 s, 5 .. 10 s.
        struct Row
        {
            double lossDb;
            uint8_t level;
            double leastS;
            double mostS;
        };

        for (const Row& row : {Row{144, 0, 0.3, 1}, Row{154, 1, 1, 2}, Row{164, 2, 5, 10}})
        {
            Cell cell;
            cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
            cell.Build({row.lossDb});
            constexpr uint32_t PACKETS = 100;
            for (uint32_t i = 0; i < PACKETS; ++i)
            {
                cell.SendAt(Seconds(60) * i + MilliSeconds(137) * i, 0, 105);
            }
            const Time end = Seconds(60) * PACKETS + Seconds(60);
            cell.Run(end);
            NS_TEST_ASSERT_MSG_EQ(+cell.Ue(0)->GetCeLevel(), +row.level, "level");
            NS_TEST_ASSERT_MSG_EQ(cell.m_deliveries.size(), PACKETS, "all arrive");
            std::vector<double> latencies;
            for (const auto& report : cell.m_reports)
            {
                Time sum;
                for (const Time& stage : report.stages)
                {
                    NS_TEST_ASSERT_MSG_EQ(stage.IsStrictlyNegative(), false, "stage");
                    sum += stage;
                }
                NS_TEST_ASSERT_MSG_EQ(sum, report.end - report.queued, "stages add up");
                latencies.push_back(sum.GetSeconds());
            }
            std::sort(latencies.begin(), latencies.end());
            NS_TEST_ASSERT_MSG_GT(latencies[PACKETS / 2], row.leastS, "median");
            NS_TEST_ASSERT_MSG_LT(latencies[PACKETS / 2], row.mostS, "median");
            // The radio's states fill the time.
            Time states;
            for (const RadioState state : {RadioState::SLEEP,
                                           RadioState::LIGHT_SLEEP,
                                           RadioState::DRX,
                                           RadioState::RX,
                                           RadioState::TX})
            {
                states += cell.Ue(0)->GetTimeIn(state);
            }
            NS_TEST_ASSERT_MSG_EQ(states, end, "all of the time");
            // After each release T3324 in idle mode, then power saving.
            NS_TEST_ASSERT_MSG_EQ(cell.Ue(0)->GetTimeIn(RadioState::DRX),
                                  Seconds(10) * PACKETS,
                                  "active time");
        }
    }
};

/** How fast one device can send. */
class NbiotRateTestCase : public TestCase
{
  public:
    NbiotRateTestCase()
        : TestCase("peak rates and rates by coupling loss are the published ones")
    {
    }

  private:
    /**
     * \return bits a second of one block, or two, after each other, at the most frequent distance:
     * NPRACH is in the way of some
     */
    static double Peak(const Cell& cell, std::size_t blocks)
    {
        std::map<Time, uint32_t> distances;
        for (std::size_t i = 0; i + blocks < cell.m_blocks.size(); i += blocks)
        {
            ++distances[cell.m_blocks[i + blocks].first - cell.m_blocks[i].first];
        }
        const auto most =
            std::max_element(distances.begin(), distances.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            });
        return static_cast<double>(blocks) * cell.m_blockBits.front() / most->first.GetSeconds();
    }

    static void Configure(Cell& cell)
    {
        cell.m_helper.SetEnbAttribute("NpdcchRmax", StringValue("1,64,256"));
        cell.m_helper.SetEnbAttribute("NpdcchG", StringValue("4,1.5,1.5"));
        cell.m_helper.SetEnbAttribute("SpectrumWeight", DoubleValue(0));
        cell.m_helper.SetEnbAttribute("DownlinkErrorRate", DoubleValue(0));
        cell.m_helper.SetEnbAttribute("AnchorCarrier", BooleanValue(false));
    }

    static void Send(Cell& cell, uint32_t packets)
    {
        for (uint32_t i = 0; i < packets; ++i)
        {
            cell.SendAt(Seconds(1), 0, 1500);
        }
        cell.Run(Seconds(3000));
    }

    void DoRun() override
    {
        {
            // 1000 bits each 16 ms: grant 1, wait 8, block 4, wait 3.
            Cell cell;
            Configure(cell);
            cell.Build({110});
            Send(cell, 20);
            NS_TEST_ASSERT_MSG_EQ_TOL(Peak(cell, 1), 62500, 1, "NB1, twelve tones");
        }
        {
            // With search spaces each 5 ms that is one each 20 ms: it ends 2 ms before the third.
            Cell cell;
            Configure(cell);
            cell.m_helper.SetEnbAttribute("NpdcchG", StringValue("5,1.5,1.5"));
            cell.Build({110});
            Send(cell, 20);
            NS_TEST_ASSERT_MSG_EQ_TOL(Peak(cell, 1), 50000, 1, "3 ms from NPUSCH to NPDCCH");
        }
        {
            // 1000 bits each 60 ms; 16.9 kbit/s is published.
            Cell cell;
            Configure(cell);
            cell.m_helper.SetDeviceAttribute("MultiTone", BooleanValue(false));
            cell.m_helper.SetEnbAttribute("Subcarrier3k75", BooleanValue(false));
            cell.Build({110});
            Send(cell, 20);
            NS_TEST_ASSERT_MSG_EQ_TOL(Peak(cell, 1), 16900, 16900 * 0.02, "NB1, one tone");
        }
        {
            // 2536 bits each 24 ms; 106 kbit/s is published.
            Cell cell;
            Configure(cell);
            cell.m_helper.SetDeviceAttribute("Category", StringValue("NB2"));
            cell.Build({110});
            Send(cell, 20);
            NS_TEST_ASSERT_MSG_EQ_TOL(Peak(cell, 1), 105700, 1000, "NB2, one process");
        }
        {
            // 2 x 2536 bits each 32 ms; 159 kbit/s is published.
            Cell cell;
            Configure(cell);
            cell.m_helper.SetDeviceAttribute("Category", StringValue("NB2"));
            cell.m_helper.SetDeviceAttribute("HarqProcesses", UintegerValue(2));
            // Two grants in one search space.
            cell.m_helper.SetEnbAttribute("NpdcchRmax", StringValue("2,64,256"));
            cell.m_helper.SetEnbAttribute("NpdcchG", StringValue("2,1.5,1.5"));
            cell.Build({110});
            Send(cell, 20);
            NS_TEST_ASSERT_MSG_EQ_TOL(Peak(cell, 2), 158500, 1000, "NB2, two processes");
        }

        // Sustained, all waits and headers counted. 3GPP wants 160 bit/s at 164 dB; the rates of
        // NPUSCH that books give: 15 .. 20 kbit/s, 2.5 .. 3, 0.3 .. 0.4.
        struct Row
        {
            double lossDb;
            double least;
            double most;
        };

        for (const Row& row : {Row{144, 11000, 25000}, Row{154, 2000, 4000}, Row{164, 160, 450}})
        {
            Cell cell;
            cell.Build({row.lossDb});
            Send(cell, 8);
            NS_TEST_ASSERT_MSG_EQ(cell.m_reports.size(), 8, "all arrive");
            const Time time = cell.m_reports.back().end - cell.m_blocks.front().first;
            const double rate = 8 * 8 * 1500 / time.GetSeconds();
            NS_TEST_ASSERT_MSG_GT(rate, row.least, "rate at " << row.lossDb);
            NS_TEST_ASSERT_MSG_LT(rate, row.most, "rate at " << row.lossDb);
        }
    }
};

/** Many devices in one NPRACH occasion. */
class NbiotCollisionTestCase : public TestCase
{
  public:
    NbiotCollisionTestCase()
        : TestCase("preambles collide as often as n balls in m urns")
    {
    }

  private:
    void DoRun() override
    {
        for (const uint32_t n : {2U, 5U, 12U, 30U})
        {
            for (const uint32_t m : {12U, 48U})
            {
                uint64_t sent = 0;
                uint64_t collided = 0;
                constexpr uint32_t RUNS = 200;
                for (uint32_t run = 1; run <= RUNS; ++run)
                {
                    RngSeedManager::SetRun(run);
                    Cell cell;
                    cell.m_helper.SetEnbAttribute("PreambleSubcarriers",
                                                  StringValue(std::to_string(m) + ",12,12"));
                    cell.m_helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
                    cell.Build(std::vector<double>(n, 110.0));
                    for (uint32_t i = 0; i < n; ++i)
                    {
                        cell.SendAt(MilliSeconds(1), i, 10);
                    }
                    cell.Run(MilliSeconds(20)); // the first occasion only, at 8 ms
                    sent += cell.Enb()->GetCounts().preambles;
                    collided += cell.Enb()->GetCounts().collidedPreambles;
                }
                RngSeedManager::SetRun(1);
                NS_TEST_ASSERT_MSG_EQ(sent, n * RUNS, "all in one occasion");
                const double p = 1 - std::pow(1 - 1.0 / m, n - 1);
                // The devices of a run are not independent: four standard deviations of as many
                // independent ones are wide enough.
                const double tolerance =
                    4 * std::sqrt(p * (1 - p) / static_cast<double>(sent)) + 0.01;
                NS_TEST_ASSERT_MSG_EQ_TOL(static_cast<double>(collided) / static_cast<double>(sent),
                                          p,
                                          tolerance,
                                          n << " devices, " << m << " preambles");
            }
        }
    }
};

/** HARQ, RLC, early data, release. */
class NbiotProtocolTestCase : public TestCase
{
  public:
    NbiotProtocolTestCase()
        : TestCase("HARQ adds up energies; RLC repeats or loses; early data and release save time")
    {
    }

  private:
    void DoRun() override
    {
        {
            // Made for 50 % of the blocks lost: the second transmission has 3 dB more, so next to
            // none is lost twice, and a third of all transmissions is lost.
            Cell cell;
            cell.m_helper.SetEnbAttribute("TargetBler", DoubleValue(0.5));
            cell.m_helper.SetEnbAttribute("FadingMargin", DoubleValue(0));
            cell.Build({163.5});
            for (uint32_t i = 0; i < 100; ++i)
            {
                cell.SendAt(Seconds(1), 0, 400);
            }
            cell.Run(Seconds(20000));
            const auto& counts = cell.Enb()->GetCounts();
            NS_TEST_ASSERT_MSG_EQ(cell.m_deliveries.size(), 64, "as many as the queue takes");
            NS_TEST_ASSERT_MSG_EQ(counts.residualErrors, 0, "never lost four times");
            const double lost =
                static_cast<double>(counts.lostBlocks) / static_cast<double>(counts.blocks);
            NS_TEST_ASSERT_MSG_LT(lost, 1 / 3.0 + 0.05, "not more than one in three");
        }
        for (const std::string mode : {"AM", "UM"})
        {
            // One transmission only, and half of the blocks are lost.
            Cell cell;
            cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(1));
            cell.m_helper.SetEnbAttribute("FadingSigma", DoubleValue(6));
            cell.m_helper.SetDeviceAttribute("Mode", StringValue(mode));
            cell.m_helper.SetDeviceAttribute("MaxRlcRetransmissions", UintegerValue(50));
            cell.Build({140});
            constexpr uint32_t PACKETS = 60;
            for (uint32_t i = 0; i < PACKETS; ++i)
            {
                cell.SendAt(Seconds(30 * i), 0, 300);
            }
            cell.Run(Seconds(30 * PACKETS + 100));
            uint32_t residual = 0;
            for (const auto& report : cell.m_reports)
            {
                residual += report.fate == NbiotFate::RESIDUAL_ERROR ? 1 : 0;
            }
            NS_TEST_ASSERT_MSG_GT(cell.Enb()->GetCounts().residualErrors, 10, "blocks are lost");
            NS_TEST_ASSERT_MSG_EQ(cell.m_reports.size(), PACKETS, "each is done with");
            NS_TEST_ASSERT_MSG_EQ(residual + cell.m_deliveries.size(), PACKETS, "either or");
            if (mode == "AM")
            {
                NS_TEST_ASSERT_MSG_EQ(residual, 0, "RLC repeats");
            }
            else
            {
                NS_TEST_ASSERT_MSG_GT(residual, 5, "nobody repeats");
            }
        }
        {
            // Early data arrives, and most answers to it do not: each packet comes once all the
            // same, and the device finds its rest in the end.
            Cell cell;
            cell.m_helper.SetEnbAttribute("EarlyData", BooleanValue(true));
            cell.m_helper.SetEnbAttribute("DownlinkErrorRate", DoubleValue(0.7));
            cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(1));
            cell.Build({147});
            constexpr uint32_t PACKETS = 30;
            for (uint32_t i = 0; i < PACKETS; ++i)
            {
                cell.SendAt(Seconds(200 * i), 0, 40);
                cell.SendAt(Seconds(200 * i) + MilliSeconds(900), 0, 150); // too long for Msg3
            }
            const Time end = Seconds(200 * PACKETS);
            cell.Run(end);
            NS_TEST_ASSERT_MSG_EQ(cell.m_deliveries.size() + cell.m_drops["access_failed"],
                                  2 * PACKETS,
                                  "once, or given up");
            NS_TEST_ASSERT_MSG_GT(cell.m_deliveries.size(), PACKETS, "most of them");
            NS_TEST_ASSERT_MSG_EQ(cell.Ue(0)->GetPendingBytes(), 0, "nothing is left");
            NS_TEST_ASSERT_MSG_GT(cell.Ue(0)->GetTimeIn(RadioState::SLEEP), end * 0.5, "rest");
        }
        const auto run = [](bool early, bool assistance) {
            Cell cell;
            cell.m_helper.SetEnbAttribute("EarlyData", BooleanValue(early));
            cell.m_helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(assistance));
            // Near the edge of level 0, for which Msg3 is made.
            cell.Build({147});
            cell.SendAt(Seconds(1), 0, 40);
            cell.Run(Seconds(100));
            return std::tuple(cell.m_reports.size(),
                              cell.m_reports.front().end - cell.m_reports.front().queued,
                              cell.Enb()->GetCounts().blocks,
                              cell.Ue(0)->GetTotalEnergyJoule(),
                              cell.Ue(0)->GetTimeIn(RadioState::LIGHT_SLEEP));
        };
        const auto [count, latency, blocks, joule, light] = run(false, true);
        const auto [earlyCount, earlyLatency, earlyBlocks, earlyJoule, earlyLight] =
            run(true, true);
        const auto [slowCount, slowLatency, slowBlocks, slowJoule, slowLight] = run(false, false);
        NS_TEST_ASSERT_MSG_EQ(count + earlyCount + slowCount, 3, "all arrive");
        NS_TEST_ASSERT_MSG_EQ(earlyBlocks, 0, "in Msg3");
        NS_TEST_ASSERT_MSG_GT(blocks, 0, "in a block of its own");
        NS_TEST_ASSERT_MSG_LT(earlyLatency, latency, "sooner");
        NS_TEST_ASSERT_MSG_LT(earlyJoule, joule, "cheaper");
        NS_TEST_ASSERT_MSG_EQ(slowLatency, latency, "the release comes after");
        NS_TEST_ASSERT_MSG_GT(slowLight - light, Seconds(9.9), "the inactivity timer, 10 s");
        NS_TEST_ASSERT_MSG_LT(slowLight - light, Seconds(10.1), "the inactivity timer, 10 s");
    }
};

/** ns-3's energy framework. */
class NbiotEnergyTestCase : public TestCase
{
  public:
    NbiotEnergyTestCase()
        : TestCase("a battery gives what the radio's own account says, in each coverage class")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell;
        const std::vector<double> lossesDb{120, 144, 154, 164};
        cell.Build(lossesDb);
        std::vector<Ptr<LpwanEnergyModel>> models;
        std::vector<Ptr<BasicEnergySource>> sources;
        for (uint32_t i = 0; i < lossesDb.size(); ++i)
        {
            const auto source = CreateObject<BasicEnergySource>();
            source->SetInitialEnergy(30000);
            source->SetSupplyVoltage(3.6);
            source->SetNode(cell.Ue(i)->GetNode());
            models.push_back(InstallEnergyModel(cell.Ue(i), source));
            sources.push_back(source);
            for (int packet = 0; packet < 10; ++packet)
            {
                cell.SendAt(Seconds(600 * packet), i, 400);
                cell.SendAt(Seconds(600 * packet), i, 100);
            }
        }
        cell.Run(Seconds(7000));
        NS_TEST_ASSERT_MSG_EQ(cell.m_deliveries.size(), 80, "all arrive");
        for (uint32_t i = 0; i < lossesDb.size(); ++i)
        {
            const double joule = cell.Ue(i)->GetTotalEnergyJoule();
            NS_TEST_ASSERT_MSG_GT(joule, 1, "there is something to compare");
            NS_TEST_ASSERT_MSG_EQ_TOL(models[i]->GetTotalEnergyConsumption(),
                                      joule,
                                      1e-9 * joule,
                                      lossesDb[i] << " dB");
            sources[i]->Dispose(); // which no node does
        }
    }
};

/** A crowded cell. */
class NbiotConservationTestCase : public TestCase
{
  public:
    NbiotConservationTestCase()
        : TestCase("every byte is delivered, lost with a cause, or still queued")
    {
    }

  private:
    /** What is set differently. */
    struct Variant
    {
        std::string mode;
        bool early;
        uint8_t processes;
        bool turnOff;
    };

    void DoRun() override
    {
        for (const Variant& variant : {Variant{"AM", false, 1, false},
                                       Variant{"UM", false, 1, false},
                                       Variant{"AM", true, 1, false},
                                       Variant{"AM", false, 2, true},
                                       Variant{"UM", true, 2, true}})
        {
            RunWith(variant);
        }
    }

    void RunWith(const Variant& variant)
    {
        Cell cell;
        cell.m_helper.SetEnbAttribute("FadingSigma", DoubleValue(5));
        cell.m_helper.SetEnbAttribute("MaxAttempts", StringValue("2,2,2"));
        cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(2));
        cell.m_helper.SetEnbAttribute("EarlyData", BooleanValue(variant.early));
        cell.m_helper.SetDeviceAttribute("Mode", StringValue(variant.mode));
        cell.m_helper.SetDeviceAttribute("Category", StringValue("NB2"));
        cell.m_helper.SetDeviceAttribute("HarqProcesses", UintegerValue(variant.processes));
        cell.m_helper.SetDeviceAttribute("MaxRlcRetransmissions", UintegerValue(0));
        cell.m_helper.SetDeviceAttribute("QueueLimit", UintegerValue(3));
        std::vector<double> losses;
        for (uint32_t i = 0; i < 150; ++i)
        {
            losses.push_back(120 + 0.34 * i);
        }
        cell.Build(losses);
        uint64_t handed = 0;
        for (uint32_t i = 0; i < losses.size(); ++i)
        {
            for (uint32_t k = 0; k < 6; ++k)
            {
                // The first ones are short enough for early data; later ones come in its midst.
                const uint32_t bytes = 20 + 97 * k + i;
                handed += bytes;
                cell.SendAt(MilliSeconds(500 * k + 3 * i), i, bytes);
            }
            if (variant.turnOff && i % 3 == 0)
            {
                const auto ue = cell.Ue(i);
                Simulator::Schedule(MilliSeconds(97 * i), [ue] { ue->TurnOff(); });
            }
        }
        const auto check = [&](const std::string& when) {
            uint64_t delivered = 0;
            uint64_t lost = 0;
            for (const auto& report : cell.m_reports)
            {
                (report.fate == NbiotFate::RECEIVED ? delivered : lost) += report.bytes;
            }
            uint64_t waiting = 0;
            for (uint32_t i = 0; i < losses.size(); ++i)
            {
                waiting += cell.Ue(i)->GetPendingBytes();
            }
            NS_TEST_EXPECT_MSG_EQ(delivered + lost + cell.m_droppedBytes + waiting,
                                  handed,
                                  "conservation " << when);
            NS_TEST_EXPECT_MSG_GT(delivered, handed / 20, "some is delivered");
            NS_TEST_EXPECT_MSG_EQ((waiting > 0), (when != "at the end"), "what waits " << when);
            NS_TEST_EXPECT_MSG_EQ((lost > 0), (variant.mode == "UM"), "UM loses unawares");
            return delivered;
        };
        cell.Run(Seconds(12));
        check("in the midst of it");
        cell.Run(Seconds(2000));
        const uint64_t delivered = check("at the end");
        uint64_t arrived = 0;
        for (const auto& delivery : cell.m_deliveries)
        {
            arrived += delivery.payload->GetSize();
        }
        NS_TEST_ASSERT_MSG_EQ(arrived, delivered, "as the cloud has it");
        NS_TEST_ASSERT_MSG_GT(cell.m_drops["queue_full"], 0, "some find the queue full");
        NS_TEST_ASSERT_MSG_GT(cell.m_drops["access_failed"], 0, "some find no access");
        NS_TEST_ASSERT_MSG_EQ((cell.m_drops["battery_empty"] > 0), variant.turnOff, "off");
        NS_TEST_ASSERT_MSG_EQ((cell.m_drops["not_acknowledged"] > 0),
                              (variant.mode == "AM"),
                              "AM gives up, and says so");
        for (const auto& report : cell.m_reports)
        {
            Time sum;
            for (const Time& stage : report.stages)
            {
                sum += stage;
            }
            NS_TEST_ASSERT_MSG_EQ(sum, report.end - report.queued, "stages add up");
            const Time sending =
                report.stages[static_cast<std::size_t>(NbiotStage::TRANSMISSION)] +
                report.stages[static_cast<std::size_t>(NbiotStage::RETRANSMISSION)];
            NS_TEST_ASSERT_MSG_EQ((sending.IsStrictlyPositive() || variant.early),
                                  true,
                                  "sending takes time");
        }
    }
};

/** All of the above. */
/** All of the above. */
class NbiotTestSuite : public TestSuite
{
  public:
    NbiotTestSuite()
        : TestSuite("lpwan-nbiot")
    {
        AddTestCase(new NbiotPacketTestCase);
        AddTestCase(new NbiotRateTestCase);
        AddTestCase(new NbiotCollisionTestCase);
        AddTestCase(new NbiotProtocolTestCase);
        AddTestCase(new NbiotEnergyTestCase);
        AddTestCase(new NbiotConservationTestCase);
    }
};

NbiotTestSuite g_nbiotTestSuite; //!< registers the suite

} // namespace
