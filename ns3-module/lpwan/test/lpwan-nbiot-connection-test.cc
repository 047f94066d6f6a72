// SPDX-License-Identifier: GPL-2.0-only

// Blocks, HARQ and RLC against scenes worked out by hand.

#include "lpwan-nbiot-noted-cell.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-nbiot-radio.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

using NotedCell = NbiotNotedCell;

/** Blocks of data. */
class NbiotBlockTestCase : public TestCase
{
  public:
    NbiotBlockTestCase()
        : TestCase("scenes worked out by hand: blocks, fading, HARQ, RLC, noise")
    {
    }

  private:
    void DoRun() override
    {
        Fading();
        Decoding();
        Harq();
        Rlc();
        Blocks();
        Core();
        Noise();
        FewerTones();
        OneBlock();
        SecondProcess();
        MessageSizes();
    }

    void Fading()
    {
        // Each block is sent once, with a power that is normal with 6 dB: lost as often as the
        // normal distribution of 6 dB and the curve's 0.5 dB together say.
        NotedCell cell;
        cell.Set("FadingSigma", 6.0);
        cell.Set("FadingMargin", 3.0);
        cell.Set("DownlinkErrorRate", 0.0);
        cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(1));
        cell.m_helper.SetDeviceAttribute("Mode", StringValue("UM"));
        cell.BuildNoted({145});
        for (int i = 0; i < 150; ++i)
        {
            cell.SendAt(Seconds(20 * i), 0, 1000);
        }
        cell.Run(Seconds(3100));
        NS_TEST_ASSERT_MSG_GT(cell.m_formats.size(), 500, "many blocks");
        double expected = 0;
        double lost = 0;
        for (std::size_t i = 0; i < cell.m_formats.size(); ++i)
        {
            const NbiotFormat& format = cell.m_formats[i];
            const double above = 23 - 145 + 174 - 3 -
                                 10 * std::log10(NbiotBandwidthHz(format.tones)) -
                                 NbiotSnrAtTenPercentDb(format);
            NS_TEST_EXPECT_MSG_GT(above, 3 - 1e-9, "the margin");
            const double sigma = std::sqrt(6 * 6 + 0.5 * 0.5);
            expected += 0.5 * std::erfc((above + 0.5 * 1.28155) / sigma / std::sqrt(2.0));
            lost += cell.m_decoded[i] ? 0 : 1;
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(lost, expected, 4 * std::sqrt(expected), "as the formula says");
    }

    void Decoding()
    {
        // Without fading all blocks are as strong as each other: about 0.6 dB below the signal at
        // which one of ten is lost, as link adaptation is content with half of them. They are lost
        // as often as the curve says there, Q(1.2816 - 0.6 / 0.5).
        NbiotAdaptation adaptation;
        adaptation.marginDb = -0.64;
        double lossDb = 140;
        double aboveDb = 0;
        while (aboveDb > -0.59)
        {
            lossDb += 0.01;
            std::array<double, NBIOT_TONES_COUNT> snrDb{};
            for (std::size_t t = 0; t < NBIOT_TONES_COUNT; ++t)
            {
                const double hz = NbiotBandwidthHz(static_cast<NbiotTones>(t));
                snrDb[t] = 23 - lossDb + 174 - 3 - 10 * std::log10(hz);
            }
            const auto format = NbiotChooseFormat(snrDb, 8 * 1500, adaptation);
            aboveDb =
                snrDb[static_cast<std::size_t>(format->tones)] - NbiotSnrAtTenPercentDb(*format);
        }
        NotedCell cell;
        cell.Set("TargetBler", 0.5);
        cell.Set("DownlinkErrorRate", 0.0);
        cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(1));
        cell.m_helper.SetDeviceAttribute("Mode", StringValue("UM"));
        cell.BuildNoted({lossDb});
        for (int i = 0; i < 260; ++i)
        {
            cell.SendAt(Seconds(15 * i), 0, 1500);
        }
        cell.Run(Seconds(15 * 260));
        double blocks = 0;
        double lost = 0;
        double expected = 0;
        for (std::size_t i = 0; i < cell.m_formats.size(); ++i)
        {
            const NbiotFormat& format = cell.m_formats[i];
            const double hz = NbiotBandwidthHz(format.tones);
            const double above =
                23 - lossDb + 174 - 3 - 10 * std::log10(hz) - NbiotSnrAtTenPercentDb(format);
            blocks += 1;
            expected += 0.5 * std::erfc((1.28155 + above / 0.5) / std::sqrt(2.0));
            lost += cell.m_decoded[i] ? 0 : 1;
        }
        NS_TEST_EXPECT_MSG_GT(blocks, 2500, "many blocks");
        NS_TEST_EXPECT_MSG_EQ_TOL(expected / blocks, 0.45, 0.06, "about half, as wanted");
        NS_TEST_EXPECT_MSG_EQ_TOL(lost / blocks,
                                  expected / blocks,
                                  3 * std::sqrt(0.25 / blocks),
                                  "as the curve says");
    }

    void Harq()
    {
        // The fastest formats where slower ones are wanted: with -0.5 dB on twelve tones, 1000 bits
        // in four units want 7.4 dB. Not even three transmissions together, 4.8 dB, are enough.
        NotedCell cell;
        cell.Set("FadingMargin", -40.0);
        cell.Set("DownlinkErrorRate", 0.0);
        cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(3));
        cell.m_helper.SetDeviceAttribute("Mode", StringValue("UM"));
        cell.m_helper.SetDeviceAttribute("ResumeBytes", UintegerValue(0));
        cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
        cell.BuildNoted({141.5});
        cell.SendAt(Seconds(1), 0, 5 * 121);
        cell.Run(Seconds(60));
        const auto& counts = cell.Enb()->GetCounts();
        NS_TEST_EXPECT_MSG_EQ(counts.residualErrors, 5, "all are lost");
        NS_TEST_EXPECT_MSG_EQ(counts.blocks, 3 * counts.residualErrors, "after three each");
        NS_TEST_EXPECT_MSG_EQ(cell.m_reports.size(), 1, "done with");
        cell.m_reports.resize(1);
        NS_TEST_EXPECT_MSG_EQ((cell.m_reports[0].fate == NbiotFate::RESIDUAL_ERROR), true, "lost");
        NS_TEST_EXPECT_MSG_EQ(cell.m_reports[0].blocks, counts.blocks, "each has a part of it");
    }

    void Rlc()
    {
        // With acknowledgement RLC begins anew, twice here; then the packet is given up, and what
        // it took is told.
        NotedCell am;
        am.Set("FadingMargin", -40.0);
        am.Set("DownlinkErrorRate", 0.0);
        am.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(3));
        am.m_helper.SetDeviceAttribute("MaxRlcRetransmissions", UintegerValue(2));
        am.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
        am.BuildNoted({141.5});
        am.SendAt(Seconds(1), 0, 101);
        am.Run(Seconds(60));
        NS_TEST_EXPECT_MSG_GT(am.m_formats.size(), 8, "three times three");
        am.m_formats.resize(9); // then the resume message alone
        NS_TEST_EXPECT_MSG_EQ(am.m_drops["not_acknowledged"], 1, "given up");
        NS_TEST_EXPECT_MSG_EQ(am.m_dropReports.size(), 1, "and reported");
        am.m_dropReports.resize(1);
        NS_TEST_EXPECT_MSG_EQ(am.m_dropReports[0].blocks, 9, "with its blocks");
        Time sent;
        for (const auto& format : am.m_formats)
        {
            sent += NbiotSendingTime(format);
            // The resume message of 20 bytes is repeated as well.
            NS_TEST_EXPECT_MSG_EQ(format.Bits(), 1000, "4 + 20 + 101 bytes each time");
        }
        NS_TEST_EXPECT_MSG_EQ(am.m_dropReports[0].airtime, sent, "and their time");
    }

    void Blocks()
    {
        // Blocks of 1000 bits: 125 bytes, of which 4 are headers; the connection's first one has 20
        // of the resume message, and each packet but the first of a block 2 of its length.
        struct Row
        {
            std::vector<uint32_t> packets;
            std::size_t blocks;
        };

        for (const Row& row : {Row{{101}, 1},
                               Row{{102}, 2},
                               Row{{101 + 121}, 2},
                               Row{{101 + 121 + 1}, 3},
                               Row{{50, 49}, 1},
                               Row{{50, 50}, 2},
                               Row{{30, 30, 37}, 1},
                               Row{{30, 30, 38}, 2}})
        {
            NotedCell cell;
            cell.Set("DownlinkErrorRate", 0.0);
            cell.Set("SpectrumWeight", 0.0);
            cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
            cell.BuildNoted({110});
            uint32_t bytes = 0;
            for (const uint32_t packet : row.packets)
            {
                cell.SendAt(Seconds(1), 0, packet);
                bytes += packet;
            }
            cell.Run(Seconds(10));
            NS_TEST_EXPECT_MSG_EQ(cell.m_formats.size(), row.blocks, bytes << " bytes");
            NS_TEST_EXPECT_MSG_EQ(cell.m_reports.size(), row.packets.size(), bytes << " bytes");
            Time airtime;
            for (const auto& report : cell.m_reports)
            {
                airtime += report.airtime;
            }
            Time sent;
            for (const auto& format : cell.m_formats)
            {
                sent += NbiotSendingTime(format);
            }
            NS_TEST_EXPECT_MSG_LT(sent - airtime, NanoSeconds(10), "no block without packets");
        }
    }

    void Core()
    {
        NotedCell cell;
        cell.m_helper.SetEnbAttribute("CoreDelay", TimeValue(MilliSeconds(70)));
        cell.BuildNoted({131.5});
        cell.SendAt(Seconds(1), 0, 20);
        cell.Run(Seconds(5));
        NS_TEST_ASSERT_MSG_EQ(cell.m_deliveries.size(), 1, "delivered");
        const auto& delivery = cell.m_deliveries[0];
        NS_TEST_EXPECT_MSG_EQ(delivery.time, cell.m_reports[0].end + MilliSeconds(70), "delay");
        NS_TEST_EXPECT_MSG_EQ_TOL(delivery.rssiDbm, 23 - 131.5, 1e-9, "received power");
        NS_TEST_EXPECT_MSG_EQ_TOL(delivery.snrDb, 152.24 - 131.5, 0.01, "in 15 kHz");
        NS_TEST_EXPECT_MSG_EQ(delivery.gatewayCount, 1, "one base station");
    }

    void Noise()
    {
        // Other cells and the receiver's own noise take from the signal.
        NotedCell noisy;
        noisy.Set("InterferenceMargin", 4.0);
        noisy.Set("NoiseFigure", 5.0);
        noisy.BuildNoted({131.5});
        noisy.SendAt(Seconds(1), 0, 20);
        noisy.Run(Seconds(5));
        NS_TEST_ASSERT_MSG_EQ(noisy.m_deliveries.size(), 1, "delivered");
        NS_TEST_EXPECT_MSG_EQ_TOL(noisy.m_deliveries[0].snrDb, 152.24 - 131.5 - 6, 0.01, "noise");
    }

    void OneBlock()
    {
        // What fits in one block is one block, whatever the device could send.
        NotedCell cell;
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("NpdcchRmax", "16,64,256");
        cell.m_helper.SetDeviceAttribute("Category", StringValue("NB2"));
        cell.m_helper.SetDeviceAttribute("HarqProcesses", UintegerValue(2));
        cell.BuildNoted({110});
        cell.SendAt(Seconds(1), 0, 50);
        cell.Run(Seconds(10));
        NS_TEST_EXPECT_MSG_EQ(cell.m_reports.size(), 1, "it arrives");
        NS_TEST_EXPECT_MSG_EQ(cell.Enb()->GetCounts().blocks, 1, "in one block");
    }

    void SecondProcess()
    {
        // A block is lost, as in Harq(), and a packet comes before it is repeated: its own block
        // follows at once, and for it that is a first transmission.
        NotedCell cell;
        cell.Set("FadingMargin", -40.0);
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("NpdcchRmax", "16,64,256");
        cell.m_helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(3));
        cell.m_helper.SetDeviceAttribute("Mode", StringValue("UM"));
        cell.m_helper.SetDeviceAttribute("Category", StringValue("NB2"));
        cell.m_helper.SetDeviceAttribute("HarqProcesses", UintegerValue(2));
        cell.m_helper.SetDeviceAttribute("ResumeBytes", UintegerValue(0));
        cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
        cell.BuildNoted({141.5});
        cell.SendAt(Seconds(1), 0, 121);
        while (cell.m_formats.empty())
        {
            cell.Run(MilliSeconds(1));
        }
        cell.SendAt(MilliSeconds(1), 0, 121);
        cell.Run(Seconds(10));
        NS_TEST_ASSERT_MSG_EQ(cell.m_formats.size(), 6, "two blocks, three times each");
        NS_TEST_ASSERT_MSG_EQ(cell.m_reports.size(), 2, "both are done with");
        const auto& stages = cell.m_reports[1].stages;
        NS_TEST_EXPECT_MSG_EQ(stages[static_cast<std::size_t>(NbiotStage::TRANSMISSION)],
                              NbiotSendingTime(cell.m_formats[2]),
                              "once for the first time");
    }

    /** \return durations of what goes down in a scene with each kind of message */
    std::vector<double> Durations(double lossDb, double energyPerBitDb, uint32_t bytes)
    {
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("DownlinkEnergyPerBit", energyPerBitDb);
        cell.m_helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(60)));
        cell.m_helper.SetDeviceAttribute("PacketOverhead", UintegerValue(0));
        cell.BuildNoted({lossDb});
        cell.SendAt(Seconds(1), 0, 10);
        cell.SendDownAt(Seconds(11), 0, bytes);
        cell.Run(Seconds(30));
        std::vector<double> durations;
        for (const NotedDownlink& down : cell.m_down)
        {
            durations.push_back(std::round(down.end - down.start));
        }
        return durations;
    }

    void MessageSizes()
    {
        // A message of so many bits, its CRC included, wants 10 log10(bits / 152) dB over the
        // energy of a bit, and twice the subframes below that. What is on the air: RAR, Msg4, grant
        // and release of a packet upwards; then page, RAR, Msg4, grant of the resume message, and a
        // packet downwards; each but a grant has an NPDCCH first.
        constexpr double LOSS_DB = 147;
        const auto snrDb = [](double lossDb) {
            return 43 - lossDb + 174 - 10 * std::log10(180000.0) - 5;
        };

        struct Row
        {
            const char* message;
            std::size_t place;
            double bits;
            double lossDb; // that it is made for
        };

        // RAR is made for the level's edge, at which 32.2 dBm of a subcarrier are -115.5 dBm.
        const double edgeDb = 43 - 10 * std::log10(12.0) + 115.5;
        for (const Row& row : {Row{"RAR: 48 bits, 8 of its subheader", 1, 56 + 24, edgeDb},
                               Row{"grant: 23 bits and 16", 4, 39, LOSS_DB},
                               Row{"Msg4", 3, 200 + 24, LOSS_DB},
                               Row{"release", 6, 80 + 24, LOSS_DB},
                               Row{"page", 8, 72 + 24, LOSS_DB},
                               Row{"10 bytes and 4", 15, 8 * 14 + 24, LOSS_DB}})
        {
            const double wantedDb = snrDb(row.lossDb) - 10 * std::log10(row.bits / 152);
            const auto enough = Durations(LOSS_DB, wantedDb - 0.02, 10);
            const auto less = Durations(LOSS_DB, wantedDb + 0.02, 10);
            NS_TEST_ASSERT_MSG_GT(enough.size(), 15, row.message);
            NS_TEST_ASSERT_MSG_GT(less.size(), 15, row.message);
            NS_TEST_EXPECT_MSG_EQ_TOL(enough[row.place], 1, 1e-6, row.message);
            NS_TEST_EXPECT_MSG_EQ_TOL(less[row.place], 2, 1e-6, row.message);
        }
        // Strong signals: 272 bits a subframe, 24 of them CRC: 27 bytes with 4 of headers.
        NS_TEST_EXPECT_MSG_EQ_TOL(Durations(110, 10, 27).at(15), 1, 1e-6, "27 bytes");
        NS_TEST_EXPECT_MSG_EQ_TOL(Durations(110, 10, 28).at(15), 2, 1e-6, "28 bytes");
    }

    void FewerTones()
    {
        // While one far away has the highest tone for longer than any delay of a grant, who wants
        // all twelve gets six, the lower ones, at once: 824 bits (4 + 20 + 79 bytes).
        NotedCell cell;
        cell.Set("AnchorCarrier", "false");
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("SpectrumWeight", 0.0);
        cell.BuildNoted({110, 162});
        cell.SendAt(Seconds(1), 1, 100);
        cell.Run(Seconds(20));
        NS_TEST_ASSERT_MSG_EQ(cell.m_reports.size(), 1, "the far one's");
        const auto longest = [](const NotedCell& c) {
            return std::max_element(c.m_up.begin(), c.m_up.end(), [](const auto& a, const auto& b) {
                return a.duration < b.duration;
            });
        };
        const auto far = longest(cell);
        NS_TEST_ASSERT_MSG_GT(far->duration, 700, "it is on the air for long");
        const double farStart = far->start;
        NS_TEST_EXPECT_MSG_EQ(far->first + far->count, 48, "from the top");

        NotedCell both;
        both.Set("AnchorCarrier", "false");
        both.Set("DownlinkErrorRate", 0.0);
        both.Set("SpectrumWeight", 0.0);
        both.BuildNoted({110, 162});
        both.SendAt(Seconds(1), 1, 100);
        both.SendAt(MilliSeconds(std::llround(farStart) - 300), 0, 50);
        both.Run(Seconds(20));
        NS_TEST_ASSERT_MSG_EQ(both.m_reports.size(), 2, "both arrive");
        const auto same = longest(both);
        const auto near = std::find_if(both.m_up.begin(), both.m_up.end(), [](const auto& up) {
            return up.count >= 24; // no Msg3, no acknowledgement
        });
        NS_TEST_ASSERT_MSG_EQ((near != both.m_up.end()), true, "the near one's");
        NS_TEST_EXPECT_MSG_EQ((near->start > same->start && near->end < same->end), true, "then");
        NS_TEST_EXPECT_MSG_EQ(near->count, 24, "six tones");
        NS_TEST_EXPECT_MSG_EQ(near->first, 0, "the lower ones");
        NbiotAdaptation adaptation;
        adaptation.spectrumWeight = 0;
        adaptation.maxSubcarriers = 47;
        std::array<double, NBIOT_TONES_COUNT> snrDb{};
        snrDb.fill(30);
        const auto format = NbiotChooseFormat(snrDb, 824, adaptation);
        NS_TEST_EXPECT_MSG_EQ_TOL(near->duration,
                                  1e3 * NbiotSendingTime(*format).GetSeconds(),
                                  1e-6,
                                  "the best on six");
        const bool follows =
            std::any_of(both.m_down.begin(), both.m_down.end(), [&](const auto& d) {
                return std::abs(d.end + 8 - near->start) < 1e-6;
            });
        NS_TEST_EXPECT_MSG_EQ(follows, true, "8 ms after a grant");
    }
};

/** The draws of a cell. */
class NbiotDrawsTestCase : public TestCase
{
  public:
    NbiotDrawsTestCase()
        : TestCase("fading, shadowing, back-off and preambles are drawn from streams of their own")
    {
    }

  private:
    void DoRun() override
    {
        NbiotCellConfig config;
        config.fadingSigmaDb = 2;
        config.shadowingSigmaDb = 3;
        NbiotRadio radio(config);
        const auto place = [](double x) {
            const auto node = CreateObject<Node>();
            const auto mobility = CreateObject<ConstantPositionMobilityModel>();
            mobility->SetPosition(Vector(x, 0, 0));
            node->AggregateObject(mobility);
            return node;
        };
        const auto loss = CreateObject<MatrixPropagationLossModel>();
        loss->SetDefaultLoss(120);
        radio.SetNode(place(0));
        radio.SetLossModel(loss);
        radio.AddUe(place(1));
        radio.AddUe(place(2));
        NS_TEST_EXPECT_MSG_EQ(radio.AssignStreams(700), 3, "and none of the loss model");
        const auto uniform = CreateObject<UniformRandomVariable>();
        const auto normal = CreateObject<NormalRandomVariable>();
        const auto shadowing = CreateObject<NormalRandomVariable>();
        uniform->SetStream(700);
        normal->SetStream(701);
        shadowing->SetStream(702);
        // The first device draws first, whoever is asked for first.
        const double first = 120 + 3 * shadowing->GetValue(0, 1);
        const double second = 120 + 3 * shadowing->GetValue(0, 1);
        NS_TEST_EXPECT_MSG_EQ_TOL(radio.CouplingLossDb(1), second, 1e-9, "shadowing");
        NS_TEST_EXPECT_MSG_EQ_TOL(radio.CouplingLossDb(0), first, 1e-9, "shadowing");
        for (int i = 0; i < 10; ++i)
        {
            // A variance of 4 dB^2. Each is drawn once: the macros look twice.
            const double db = 7 + normal->GetValue(0, 4);
            const double fadedDb = 10 * std::log10(radio.DrawSnr(7));
            NS_TEST_EXPECT_MSG_EQ_TOL(fadedDb, db, 1e-9, "fading");
            const uint32_t expected = uniform->GetInteger(0, 11);
            const uint32_t preamble = radio.DrawPreamble(12);
            NS_TEST_EXPECT_MSG_EQ(preamble, expected, "preamble");
            const double ms = uniform->GetValue(0, 500);
            const double backoffMs = 1e3 * radio.DrawBackoff(500).GetSeconds();
            NS_TEST_EXPECT_MSG_EQ_TOL(backoffMs, ms, 1e-5, "back-off");
        }
        config.fadingSigmaDb = 0;
        NS_TEST_EXPECT_MSG_EQ_TOL(radio.DrawSnr(20), 100, 1e-9, "no fading");
        radio.Dispose();
    }
};

/** All of the above. */
class NbiotConnectionTestSuite : public TestSuite
{
  public:
    NbiotConnectionTestSuite()
        : TestSuite("lpwan-nbiot-connection")
    {
        AddTestCase(new NbiotBlockTestCase);
        AddTestCase(new NbiotDrawsTestCase);
    }
};

NbiotConnectionTestSuite g_nbiotConnectionTestSuite; //!< registers the suite

} // namespace
