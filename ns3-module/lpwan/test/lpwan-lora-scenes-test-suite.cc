// SPDX-License-Identifier: GPL-2.0-only

// Scenes of a few frames whose outcome can be worked out by hand.

#include "lpwan-lora-test-cell.h"

#include "ns3/double.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/string.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** \return a frame that goes down \param bytes its length \param sf its spreading factor */
Ptr<LoraDownlink>
Down(Time start, uint32_t bytes, uint8_t sf = 7, uint32_t frequencyHz = 868100000)
{
    Ptr<LoraDownlink> downlink = Create<LoraDownlink>();
    downlink->modulation.spreadingFactor = sf;
    downlink->modulation.payloadCrc = false;
    downlink->frequencyHz = frequencyHz;
    downlink->frame = Create<Packet>(bytes);
    downlink->start = start;
    return downlink;
}

/** Gateways at given path losses from one listener, which hears whatever it can. */
class DownAir : public LoraDownlinkReceiver
{
  public:
    explicit DownAir(const std::vector<double>& lossesDb)
        : m_channel(CreateObject<LoraChannel>())
    {
        m_channel->SetPropagationLossModel(CreateObject<MetresAreDecibels>());
        m_device = CreateObject<LoraEndDevice>();
        At(0)->AddDevice(m_device);
        m_channel->AddDevice(m_device, this);
        for (const double lossDb : lossesDb)
        {
            Ptr<LoraGateway> gateway = CreateObject<LoraGateway>();
            gateway->SetAttribute("DutyCycle", BooleanValue(false));
            gateway->SetNode(At(lossDb));
            gateway->Attach(m_channel);
            m_gateways.push_back(gateway);
        }
    }

    ~DownAir() override
    {
        Simulator::Destroy();
    }

    DownAir(const DownAir&) = delete;
    DownAir& operator=(const DownAir&) = delete;

    /** Listens for one frame's preamble. */
    void Listen(const Ptr<LoraDownlink>& downlink)
    {
        m_channel->Listen(0,
                          1,
                          downlink->frequencyHz,
                          downlink->modulation,
                          downlink->start,
                          downlink->start + LoraSymbolTime(downlink->modulation) * 8);
    }

    void Send(uint32_t gateway, const Ptr<LoraDownlink>& downlink)
    {
        m_gateways[gateway]->Send(downlink);
    }

    /** \return whether the listener had the frame it took */
    bool Run()
    {
        Simulator::Run();
        return m_received.value();
    }

    // --- LoraDownlinkReceiver ---
    void EndUplink(const LpwanTransmission& /* transmission */) override
    {
    }

    double GetDownlinkSensitivityDbm(uint8_t /* sf */, uint32_t /* bandwidthHz */) const override
    {
        return m_sensitivityDbm;
    }

    double GetNoiseFloorDbm(uint32_t bandwidthHz) const override
    {
        return LoraNoiseFloorDbm(bandwidthHz, 6);
    }

    double GetPenetrationLossDb() const override
    {
        return m_wallsDb;
    }

    bool StartDownlink(const LoraDownlink& /* downlink */, uint8_t /* slot */) override
    {
        ++m_offers;
        return m_offers == 1;
    }

    void EndDownlink(const LoraDownlink& /* downlink */, double rxPowerDbm, bool received) override
    {
        m_rxPowerDbm = rxPowerDbm;
        m_received = received;
    }

    Ptr<LoraChannel> m_channel;
    Ptr<LoraEndDevice> m_device;
    std::vector<Ptr<LoraGateway>> m_gateways;
    double m_sensitivityDbm{-200};
    double m_wallsDb{0};
    int m_offers{0};
    double m_rxPowerDbm{0};
    std::optional<bool> m_received;

  private:
    static Ptr<Node> At(double x)
    {
        Ptr<Node> node = CreateObject<Node>();
        Ptr<ConstantPositionMobilityModel> mobility = CreateObject<ConstantPositionMobilityModel>();
        mobility->SetPosition(Vector(x, 0, 0));
        node->AggregateObject(mobility);
        return node;
    }
};

/** Downlinks that overlap. */
class DownlinkInterferenceTestCase : public TestCase
{
  public:
    DownlinkInterferenceTestCase()
        : TestCase("downlinks disturb each other by their energies, as uplinks do")
    {
    }

  private:
    /** Another downlink than the wanted one. */
    struct Other
    {
        double aboveDb; //!< of the wanted one
        Time start;
        uint32_t bytes;
        uint8_t sf{7};
        uint32_t frequencyHz{868100000};
    };

    /** \return whether a frame of 100 bytes at SF7, from 1 s on, arrives beside others */
    static bool Arrives(const std::vector<Other>& others, const std::string& matrix = "Goursaud")
    {
        constexpr double WANTED_DB = 100;
        std::vector<double> losses{WANTED_DB};
        for (const Other& other : others)
        {
            losses.push_back(-(WANTED_DB - other.aboveDb)); // on the other side
        }
        DownAir air(losses);
        air.m_channel->SetAttribute("DownlinkSirMatrix", StringValue(matrix));
        const auto wanted = Down(Seconds(1), 100);
        air.Listen(wanted);
        air.Send(0, wanted);
        for (std::size_t i = 0; i < others.size(); ++i)
        {
            const Other& other = others[i];
            air.Send(static_cast<uint32_t>(i + 1),
                     Down(other.start, other.bytes, other.sf, other.frequencyHz));
        }
        return air.Run();
    }

    void DoRun() override
    {
        const Time begin = Seconds(1);
        NS_TEST_ASSERT_MSG_EQ(Arrives({}), true, "alone");
        // One of the same kind, all along: 6 dB, or 1 dB by Croce.
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-6.1, begin, 100}}), true, "6.1 dB below");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-5.9, begin, 100}}), false, "5.9 dB below");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-1.1, begin, 100}}, "Croce"), true, "1.1 dB below");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-0.9, begin, 100}}, "Croce"), false, "0.9 dB below");
        // Of other spreading factors, longer than the wanted one: -16 dB for SF8, -19 for SF11.
        NS_TEST_ASSERT_MSG_EQ(Arrives({{15.9, begin, 100, 8}}), true, "SF8");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{16.1, begin, 100, 8}}), false, "SF8");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{18.9, begin, 100, 11}}), true, "SF11");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{19.1, begin, 100, 11}}), false, "SF11");
        // Two of the same kind add up: twice -8.9 is -5.9 dB; of two kinds they do not.
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-8.9, begin, 100}, {-8.9, begin, 100}}), false, "two");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-9.1, begin, 100}, {-9.1, begin, 100}}), true, "two");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-6.1, begin, 100}, {15.9, begin, 100, 8}}), true, "kinds");
        // Other channels and other times do no harm.
        NS_TEST_ASSERT_MSG_EQ(Arrives({{30, begin, 100, 7, 868300000}}), true, "another channel");
        // 0.6 of the power is inside: 2.2 dB less.
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-3.7, begin, 100, 7, 868150000}}), false, "neighbour");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-3.9, begin, 100, 7, 868150000}}), true, "neighbour");
        LoraModulation modulation;
        modulation.payloadCrc = false;
        const Time length = LoraTimeOnAir(modulation, 100);
        const Time brief = LoraTimeOnAir(modulation, 20);
        NS_TEST_ASSERT_MSG_EQ(Arrives({{30, begin + length, 100}}), true, "after it");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{30, begin - brief, 20}}), true, "before it");
        // The second half only: half the energy, 3.01 dB less, so that 2.99 dB below is the limit.
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-2.9, begin + length / 2, 100}}), false, "the end");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{-3.1, begin + length / 2, 100}}), true, "the end");
        // A brief one that is over long before the wanted one counts by its share of the time.
        const double share = brief.GetSeconds() / length.GetSeconds();
        const double limitDb = -6 - 10 * std::log10(share);
        NS_TEST_ASSERT_MSG_EQ(Arrives({{limitDb + 0.1, begin, 20}}), false, "brief");
        NS_TEST_ASSERT_MSG_EQ(Arrives({{limitDb - 0.1, begin, 20}}), true, "brief");
        // Two brief ones after each other, the first of which is over when the second begins.
        const std::vector<Other> both{{limitDb - 2.9, begin, 20},
                                      {limitDb - 2.9, begin + brief, 20}};
        NS_TEST_ASSERT_MSG_EQ(Arrives(both), false, "one after the other");
        NS_TEST_ASSERT_MSG_EQ(Arrives({both[0]}), true, "one of them");
    }
};

/** Who hears a downlink. */
class DownlinkReachTestCase : public TestCase
{
  public:
    DownlinkReachTestCase()
        : TestCase(
              "a downlink reaches who listens in time, and is as weak as path and walls make it")
    {
    }

  private:
    void DoRun() override
    {
        {
            // 25 mW ERP are 16.15 dBm EIRP; walls take their share, antennas of gateways none.
            DownAir air({100});
            air.m_wallsDb = 12;
            const auto frame = Down(Seconds(1), 20);
            air.Listen(frame);
            air.Send(0, frame);
            NS_TEST_ASSERT_MSG_EQ(air.Run(), true, "heard");
            NS_TEST_ASSERT_MSG_EQ_TOL(air.m_rxPowerDbm, 14 + 2.15 - 100 - 12, 1e-9, "power");
        }
        for (const double above : {0.01, -0.01})
        {
            DownAir air({100});
            air.m_sensitivityDbm = 16.15 - 100 - above;
            const auto frame = Down(Seconds(1), 20);
            air.Listen(frame);
            air.Send(0, frame);
            Simulator::Run();
            NS_TEST_ASSERT_MSG_EQ(air.m_offers, (above > 0 ? 1 : 0), "sensitivity, " << above);
        }
        // Five of the eight symbols of the preamble, 1.024 ms each, have to be in the window.
        const Time symbol = MicroSeconds(1024);

        struct Row
        {
            Time from;
            Time until;
            bool hears;
        };

        const Time start = Seconds(1);
        const Time ns = NanoSeconds(1);
        const std::vector<Row> rows{{start - Seconds(1), start + symbol * 5, true},
                                    {start - Seconds(1), start + symbol * 5 - ns, false},
                                    {start + symbol * 3, start + Seconds(1), true},
                                    {start + symbol * 3 + ns, start + Seconds(1), false}};
        for (std::size_t i = 0; i < rows.size(); ++i)
        {
            DownAir air({100});
            const auto frame = Down(start, 20);
            air.m_channel
                ->Listen(0, 1, frame->frequencyHz, frame->modulation, rows[i].from, rows[i].until);
            air.Send(0, frame);
            Simulator::Run();
            NS_TEST_ASSERT_MSG_EQ((air.m_offers == 1), rows[i].hears, "window " << i);
        }
        // What is not the window's carrier or spreading factor is not heard at all.
        for (const auto& [sf, hz] :
             std::vector<std::pair<uint8_t, uint32_t>>{{7, 868300000}, {8, 868100000}})
        {
            DownAir air({100});
            air.Listen(Down(Seconds(1), 20));
            air.Send(0, Down(Seconds(1), 20, sf, hz));
            Simulator::Run();
            NS_TEST_ASSERT_MSG_EQ(air.m_offers, 0, "SF" << +sf << " on " << hz);
        }
        // With the curve, downlinks are lost by the rate of their SNR.
        constexpr int FRAMES = 1500;
        LoraModulation modulation;
        modulation.payloadCrc = false;
        const double snrDb = -8.6;
        const double rate = LoraFrameErrorRate(modulation, 30, snrDb);
        NS_TEST_ASSERT_MSG_GT(rate, 0.05, "a rate that can be measured");
        NS_TEST_ASSERT_MSG_LT(rate, 0.95, "a rate that can be measured");
        int lost = 0;
        DownAir air({16.15 - LoraNoiseFloorDbm(125000, 6) - snrDb});
        air.m_channel->SetAttribute("DownlinkErrorModel", StringValue("Curve"));
        air.m_channel->AssignStreams(5);
        for (int i = 0; i < FRAMES; ++i)
        {
            const auto frame = Down(Seconds(1 + i), 30);
            Simulator::Schedule(Seconds(1 + i), [&air, &lost, frame] {
                air.m_offers = 0;
                air.Listen(frame);
                air.Send(0, frame);
            });
            Simulator::Schedule(Seconds(1 + i) + MilliSeconds(900),
                                [&air, &lost] { lost += *air.m_received ? 0 : 1; });
        }
        Simulator::Run();
        NS_TEST_ASSERT_MSG_EQ_TOL(static_cast<double>(lost) / FRAMES,
                                  rate,
                                  4 * std::sqrt(rate * (1 - rate) / FRAMES),
                                  "four standard deviations");
    }
};

/** Who is named as the one that disturbed a frame. */
class InterfererTestCase : public TestCase
{
  public:
    InterfererTestCase()
        : TestCase("the interferer that is named is the one that did most to the loss")
    {
    }

  private:
    /** Power and spreading factor of frames beside a wanted one, SF7 at -100 dBm. */
    using Frames = std::vector<std::pair<double, uint8_t>>;

    /** \return number of the worst of the others, -1 for none */
    static int Worst(const Frames& others, bool wantedLast = false)
    {
        Air air;
        const auto addOthers = [&] {
            for (const auto& [dbm, sf] : others)
            {
                air.Add(Seconds(1), dbm, sf, 868100000, 125000, 60);
            }
        };
        if (wantedLast)
        {
            addOthers();
        }
        const std::size_t wanted = air.m_uplinks.size();
        air.Add(Seconds(1), -100, 7);
        if (!wantedLast)
        {
            addOthers();
        }
        const auto fates = air.Run();
        if (fates[wanted] != "interference")
        {
            return -1;
        }
        const int number = static_cast<int>(air.m_uplinks[wanted]->interferer.deviceAddress) - 100;
        return wantedLast ? number : number - 1;
    }

    void DoRun() override
    {
        for (const bool last : {false, true})
        {
            NS_TEST_ASSERT_MSG_EQ(Worst({{-110, 7}, {-112, 7}}, last), -1, "both too weak");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-98, 7}, {-103, 7}}, last), 0, "the first is stronger");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-103, 7}, {-98, 7}}, last), 1, "the second is");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-103, 7}, {-98, 7}, {-101, 7}}, last), 1, "of three");
            // SF8 at -85 dBm is 1 dB short of its 16 dB; SF7 at -104 dBm is 2 dB too strong.
            NS_TEST_ASSERT_MSG_EQ(Worst({{-85, 8}, {-104, 7}}, last), 1, "by its kind");
            NS_TEST_ASSERT_MSG_EQ(Worst({{-104, 7}, {-85, 8}}, last), 0, "by its kind");
            // SF8 at -80 dBm is 4 dB too strong.
            NS_TEST_ASSERT_MSG_EQ(Worst({{-80, 8}, {-104, 7}}, last), 0, "by its kind");
        }
        // A brief strong one (8 of 71 symbols, -9.5 dB) does less than a long one 5 dB below it.
        Air air;
        LoraModulation modulation;
        air.Add(Seconds(1), -100, 7, 868100000, 125000, 60);
        const Time end = air.m_uplinks[0]->transmission.end;
        air.Add(end - LoraSymbolTime(modulation) * 8, -95, 7);
        air.Add(Seconds(1), -99, 7, 868100000, 125000, 60);
        NS_TEST_ASSERT_MSG_EQ(air.Run()[0], std::string("interference"), "lost");
        NS_TEST_ASSERT_MSG_EQ(air.m_uplinks[0]->interferer.deviceAddress, 102, "the long one");
    }
};

/** Parts of a frame that may be disturbed. */
class PreambleTestCase : public TestCase
{
  public:
    PreambleTestCase()
        : TestCase("the first three symbols of a preamble may be lost, what follows may not")
    {
    }

  private:
    void DoRun() override
    {
        LoraModulation modulation;
        const Time symbol = LoraSymbolTime(modulation);
        const Time length = LoraTimeOnAir(modulation, 30);
        // Over before the fourth symbol begins: no harm, however strong.
        for (const int more : {0, 100})
        {
            Air air;
            air.Add(Seconds(1) - length + symbol * 3 + MicroSeconds(more), -40, 7);
            air.Add(Seconds(1), -100, 7);
            NS_TEST_ASSERT_MSG_EQ(air.Run()[1],
                                  std::string(more == 0 ? "received" : "interference"),
                                  "three symbols and " << more << " us");
        }
        // Both ways: the last of a frame counts, and a frame under the sensitivity disturbs too.
        Air tail;
        tail.Add(Seconds(1), -100, 7);
        tail.Add(Seconds(1) + length - symbol, -60, 7);
        NS_TEST_ASSERT_MSG_EQ(tail.Run()[0], std::string("interference"), "the last symbol");
        Air weak;
        weak.Add(Seconds(1), -120, 7);
        weak.Add(Seconds(1), -124.9, 7); // SF7 needs -124.5 dBm
        const auto fates = weak.Run();
        NS_TEST_ASSERT_MSG_EQ(fates[0], std::string("interference"), "4.9 dB are not enough");
        NS_TEST_ASSERT_MSG_EQ(fates[1], std::string("under_sensitivity"), "too weak itself");
    }
};

/** Walls. */
class BuildingLossTestCase : public TestCase
{
  public:
    BuildingLossTestCase()
        : TestCase("the loss of a building is between its device and every gateway, both ways")
    {
    }

  private:
    void DoRun() override
    {
        std::vector<double> up;
        std::vector<double> down;
        for (const double wallsDb : {0.0, 20.0})
        {
            Cell cell({100}, [&](LoraHelper& lora) {
                lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
                lora.SetDeviceAttribute("PenetrationLoss", DoubleValue(wallsDb));
            });
            const std::function<void(const LoraDownlink&, uint32_t, double, bool)> note =
                [&](const LoraDownlink&, uint32_t, double rxPowerDbm, bool) {
                    down.push_back(rxPowerDbm);
                };
            cell.m_helper.GetChannel()->TraceConnectWithoutContext(
                "DownlinkFate",
                Callback<void, const LoraDownlink&, uint32_t, double, bool>(note));
            cell.SendAt(Seconds(1), 0, 10, true);
            cell.Run(Seconds(20));
            up.push_back(cell.m_delivered.at(0).rssiDbm);
        }
        NS_TEST_ASSERT_MSG_EQ_TOL(up.at(0), 14 - 100, 1e-9, "outside");
        NS_TEST_ASSERT_MSG_EQ_TOL(up.at(1), 14 - 120, 1e-9, "inside");
        NS_TEST_ASSERT_MSG_EQ_TOL(down.at(0), 16.15 - 100, 1e-9, "outside, down");
        NS_TEST_ASSERT_MSG_EQ_TOL(down.at(1), 16.15 - 120, 1e-9, "inside, down");
    }
};

/** What a class C device was tuned to before. */
class StaleWindowTestCase : public TestCase
{
  public:
    StaleWindowTestCase()
        : TestCase("a class C device whose RX2 was moved hears nothing on the old one")
    {
    }

  private:
    /** Sends by hand what would be a frame of the network. */
    static void SendBy(Cell& cell, uint8_t dataRate, uint32_t frequencyHz)
    {
        Ptr<LoraDownlink> downlink = Create<LoraDownlink>();
        downlink->modulation = cell.m_devices[0]->GetRegion().Modulation(dataRate);
        downlink->modulation.payloadCrc = false;
        downlink->frequencyHz = frequencyHz;
        downlink->frame = Create<Packet>(20);
        downlink->start = Simulator::Now();
        cell.m_gateways[0]->Send(downlink);
    }

    void Try(const std::string& region, const RxParamSetupReq& moved, uint8_t dataRate, uint32_t hz)
    {
        Cell cell({100}, [&](LoraHelper& lora) {
            lora.SetRegion(region);
            lora.SetDeviceAttribute("Class", StringValue("C"));
            lora.SetDeviceAttribute("DataRate", UintegerValue(region == "EU868" ? 5 : 3));
            lora.SetGatewayAttribute("DutyCycle", BooleanValue(false));
        });
        int heard = 0;
        const std::function<void(const LoraDownlink&, uint32_t, double, bool)> note =
            [&](const LoraDownlink&, uint32_t, double, bool) { ++heard; };
        cell.m_helper.GetChannel()->TraceConnectWithoutContext(
            "DownlinkFate",
            Callback<void, const LoraDownlink&, uint32_t, double, bool>(note));
        cell.Server()->SendCommand(cell.m_devices[0]->GetDeviceAddress(), moved);
        Simulator::Schedule(Seconds(1), [&] { SendBy(cell, dataRate, hz); });
        cell.SendAt(Seconds(10), 0, 5);
        cell.SendAt(Seconds(20), 0, 5);
        cell.Run(Seconds(30));
        const int before = heard;
        NS_TEST_ASSERT_MSG_EQ(before, 2, region << ": on the first RX2, and the request");
        SendBy(cell, dataRate, hz);
        cell.Run(Seconds(40));
        NS_TEST_ASSERT_MSG_EQ(heard, before, region << ": not on the old RX2");
        SendBy(cell, moved.rx2DataRate, moved.rx2FrequencyHz);
        cell.Run(Seconds(50));
        NS_TEST_ASSERT_MSG_EQ(heard, before + 1, region << ": but on the new one");
    }

    void DoRun() override
    {
        Try("EU868", {0, 3, 869525000}, 0, 869525000);  // another spreading factor
        Try("EU868", {0, 0, 868500000}, 0, 869525000);  // another carrier
        Try("US915", {0, 0, 923300000}, 8, 923300000);  // SF12 at 500 kHz to SF10 at 125 kHz
        Try("US915", {0, 10, 923300000}, 8, 923300000); // to SF10 at 500 kHz
    }
};

/** ADR over paths that change. */
class VaryingSnrTestCase : public TestCase
{
  public:
    VaryingSnrTestCase()
        : TestCase("ADR goes by the best of the last twenty uplinks, and raises the power too")
    {
    }

  private:
    /** A device at SF7 whose path loss is set before each frame. */
    static std::vector<double> Powers(const std::vector<double>& lossesDb)
    {
        Cell cell({100}, [&](LoraHelper& lora) {
            lora.SetPropagationLossModel(CreateObject<MetresAreDecibels>());
            lora.SetDeviceAttribute("Adr", BooleanValue(true));
        });
        for (std::size_t i = 0; i < lossesDb.size(); ++i)
        {
            const double lossDb = lossesDb[i];
            Simulator::Schedule(Seconds(100.0 * static_cast<double>(i + 1) - 1), [&cell, lossDb] {
                cell.m_devices[0]->GetNode()->GetObject<MobilityModel>()->SetPosition(
                    Vector(lossDb, 0, 0));
            });
            cell.SendAt(Seconds(100.0 * static_cast<double>(i + 1)), 0, 10);
        }
        cell.Run(Seconds(100.0 * static_cast<double>(lossesDb.size() + 1)));
        std::vector<double> powers;
        for (const auto& uplink : cell.m_uplinks)
        {
            powers.push_back(uplink.transmission.txPowerDbm);
        }
        return powers;
    }

    void DoRun() override
    {
        // SNR = 14 - loss + 117.03 dB; margin = SNR + 7.5 - 10; a step for each 3 dB, 2 dB each.
        std::vector<double> losses(20, 125); // 3.53 dB: one step
        losses.insert(losses.end(), 2, 125);
        auto powers = Powers(losses);
        NS_TEST_ASSERT_MSG_EQ(powers.at(19), 14, "not before twenty");
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 12, "one step");
        losses[7] = 115; // 13.53 dB: four
        powers = Powers(losses);
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 6, "the best of them counts");
        // 20 dB of margin are six steps; no more than index 7 (0 dBm), however much there is.
        powers = Powers(std::vector<double>(22, 80));
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 0, "the lowest power of the region");
        // At 6 dBm then over 127 dB: SNR -3.97, margin -6.47 dB, three steps up, when the best one
        // counts; the twenty-first of the new kind is the first with the new power.
        losses.assign(20, 115);
        losses.insert(losses.end(), 22, 127);
        losses[30] = 126.9;
        powers = Powers(losses);
        NS_TEST_ASSERT_MSG_EQ(powers.at(20), 6, "four steps down");
        NS_TEST_ASSERT_MSG_EQ(powers.at(39), 6, "still");
        NS_TEST_ASSERT_MSG_EQ(powers.at(41), 12, "three steps up");
    }
};

/** All of the above. */
class LoraScenesTestSuite : public TestSuite
{
  public:
    LoraScenesTestSuite()
        : TestSuite("lpwan-lora-scenes")
    {
        AddTestCase(new DownlinkInterferenceTestCase);
        AddTestCase(new DownlinkReachTestCase);
        AddTestCase(new InterfererTestCase);
        AddTestCase(new PreambleTestCase);
        AddTestCase(new BuildingLossTestCase);
        AddTestCase(new StaleWindowTestCase);
        AddTestCase(new VaryingSnrTestCase);
    }
};

LoraScenesTestSuite g_loraScenesTestSuite; //!< registers the suite

} // namespace
