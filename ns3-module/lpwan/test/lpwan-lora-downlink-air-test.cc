// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/lpwan-lora-channel.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"

#include <cmath>
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

/** Downlinks in the air. */
class LoraDownlinkAirTestSuite : public TestSuite
{
  public:
    LoraDownlinkAirTestSuite()
        : TestSuite("lpwan-lora-downlink-air")
    {
        AddTestCase(new DownlinkInterferenceTestCase);
        AddTestCase(new DownlinkReachTestCase);
    }
};

LoraDownlinkAirTestSuite g_loraDownlinkAirTestSuite; //!< registers the suite

} // namespace
