// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/basic-energy-source.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

/** An empty battery. */
class TurnOffTestCase : public TestCase
{
  public:
    TurnOffTestCase()
        : TestCase("a device that is off sends nothing and hears nothing")
    {
    }

  private:
    void DoRun() override
    {
        Cell cell({1000});
        cell.SendAt(Seconds(1), 0, 20, true);
        cell.SendAt(Seconds(1), 0, 20);
        Simulator::Schedule(Seconds(1) + MilliSeconds(10), [&] { cell.m_devices[0]->TurnOff(); });
        cell.SendAt(Seconds(20), 0, 20);
        cell.Run(Seconds(60));
        NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 0, "the frame in the air breaks off");
        NS_TEST_ASSERT_MSG_EQ(cell.m_delivered.size(), 0, "and does not arrive");
        NS_TEST_ASSERT_MSG_EQ(cell.m_received.size(), 0, "nor is it answered");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.size(), 3, "it, what waited and what came later");
        NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetSentFrames(), 0, "none is sent whole");
        NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::TX),
                              MilliSeconds(10),
                              "from 1 s to 1.01 s");
        NS_TEST_ASSERT_MSG_EQ(cell.m_dropped[0], "battery_empty", "reason");
    }
};

/** ns-3's energy framework. */
class EnergyTestCase : public TestCase
{
  public:
    EnergyTestCase()
        : TestCase("a device draws from an energy source, and falls silent when it is empty")
    {
    }

  private:
    void DoRun() override
    {
        const auto withSource = [](Cell& cell, double joule) {
            Ptr<BasicEnergySource> source = CreateObject<BasicEnergySource>();
            source->SetInitialEnergy(joule);
            source->SetSupplyVoltage(3.6);
            source->SetEnergyUpdateInterval(Seconds(1));
            source->SetNode(cell.m_devices[0]->GetNode());
            return std::pair{source, InstallEnergyModel(cell.m_devices[0], source)};
        };
        {
            // A confirmed frame, so that a window lasts to the end of the answer, and one more.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, 100);
            model->SetAttribute("BasePower", DoubleValue(0.001));
            model->SetMcuPower(0.002);
            cell.SendAt(Seconds(1), 0, 20, true);
            cell.SendAt(Seconds(20), 0, 51);
            Simulator::Schedule(Seconds(30), &LpwanEnergyModel::SetMcuPower, model, 0.1);
            Simulator::Schedule(Seconds(31), &LpwanEnergyModel::SetMcuPower, model, 0.002);
            cell.Run(Seconds(100));
            const double radio = cell.m_devices[0]->GetTotalEnergyJoule();
            const double expected = radio + 100 * 0.003 + 0.098;
            NS_TEST_ASSERT_MSG_EQ_TOL(model->GetTotalEnergyConsumption(),
                                      expected,
                                      1e-9,
                                      "radio's own account, base and microcontroller");
            source->UpdateEnergySource();
            NS_TEST_ASSERT_MSG_EQ_TOL(source->GetRemainingEnergy(),
                                      100 - expected,
                                      1e-6, // ns-3 rounds each step to a nanosecond times watts
                                      "what the source gave");
            NS_TEST_ASSERT_MSG_EQ_TOL(model->EstimateLifetimeSeconds(),
                                      100 / expected * 100,
                                      1e-6,
                                      "lifetime at the mean power");
            // 3.3 V x 44 mA for the time on air, x 11.2 mA for 41.2 ms, 8.2 ms and 262.1 ms.
            const double txS =
                (cell.m_devices[0]->GetTimeOnAir(20) + cell.m_devices[0]->GetTimeOnAir(51))
                    .GetSeconds();
            const double rxS = 0.041216 + 0.008192 + 0.262144;
            NS_TEST_ASSERT_MSG_EQ_TOL(radio,
                                      3.3 *
                                          (0.044 * txS + 0.0112 * rxS + 1.5e-6 * (100 - txS - rxS)),
                                      1e-9,
                                      "by hand");
        }
        {
            // 0.1 W of base power on 4.5 J: empty (10 % of it is left, ns-3's default threshold)
            // at 40.5 s; the frame at 50 s is not sent.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, 4.5);
            model->SetAttribute("BasePower", DoubleValue(0.1));
            model->SetMcuPower(0);
            cell.SendAt(Seconds(5), 0, 20);
            cell.SendAt(Seconds(50), 0, 20);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsOff(), true, "off");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 1, "silent");
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, "and says why");
            const double used = model->GetTotalEnergyConsumption();
            NS_TEST_ASSERT_MSG_GT(used, 4.05 - 1e-9, "at the threshold");
            NS_TEST_ASSERT_MSG_LT(used, 4.05 + 0.11, "or at the next update, a second later");
        }
        {
            // 0.1 J at 3.3 V x 44 mA are 0.69 s of a frame of more than two.
            Cell cell({1000}, [](LoraHelper& lora) {
                lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            });
            const auto [source, model] = withSource(cell, 0.1);
            cell.SendAt(Seconds(5), 0, 51);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 0, "nobody has it");
            NS_TEST_ASSERT_MSG_EQ_TOL(cell.m_devices[0]->GetTotalEnergyJoule(),
                                      0.1,
                                      1e-5,
                                      "no more than there was");
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, "and says why");
        }
        {
            // The same threshold, passed at 40.5 s and found when a frame is to begin: it does not,
            // and the radio stays off.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, 4.5);
            source->SetEnergyUpdateInterval(Seconds(1000));
            model->SetAttribute("BasePower", DoubleValue(0.1));
            model->SetMcuPower(0);
            cell.SendAt(Seconds(42), 0, 20);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsOff(), true, "off");
            NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 0, "silent");
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->GetTimeIn(RadioState::TX),
                                  Time(0),
                                  "for good");
            const std::vector<std::string> dropped{"battery_empty"};
            NS_TEST_ASSERT_MSG_EQ((cell.m_dropped == dropped), true, "and says why");
        }
        for (const double joule : {1e-9, 1e-6, 1e-4, 0.001, 0.002})
        {
            // Less than ns-3's energy source tells apart is left again and again; it ends.
            Cell cell({1000});
            const auto [source, model] = withSource(cell, joule);
            model->SetAttribute("BasePower", DoubleValue(0.01));
            model->SetMcuPower(0);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(cell.m_devices[0]->IsOff(), true, joule << " J");
        }
    }
};

/** Batteries. */
class BatteryTestCase : public TestCase
{
  public:
    BatteryTestCase()
        : TestCase("a battery pays from the start, gives no more than it has, and its end is told")
    {
    }

  private:
    /** A device with a battery, and when that was empty. */
    struct Powered
    {
        Powered(Cell& cell, uint32_t device, double joule)
            : battery(CreateObject<BasicEnergySource>())
        {
            battery->SetInitialEnergy(joule);
            battery->SetAttribute("BasicEnergyLowBatteryThreshold",
                                  DoubleValue(LpwanEnergyModel::EMPTY_FRACTION));
            battery->SetNode(cell.m_devices[device]->GetNode());
            battery->SetEnergyUpdateInterval(Hours(1));
            model = InstallEnergyModel(cell.m_devices[device], battery);
            const std::function<void(Ptr<LpwanNetDevice>)> note = [this](Ptr<LpwanNetDevice>) {
                offAtS.push_back(Simulator::Now().GetSeconds());
            };
            model->TraceConnectWithoutContext("Depleted",
                                              Callback<void, Ptr<LpwanNetDevice>>(note));
        }

        Powered(const Powered&) = delete;
        Powered& operator=(const Powered&) = delete;

        Ptr<BasicEnergySource> battery;
        Ptr<LpwanEnergyModel> model;
        std::vector<double> offAtS;
    };

    void DoRun() override
    {
        // Class C listens from the start: 3.3 V x 11.2 mA = 36.96 mW, whenever it sends first.
        for (const double firstS : {1e6, 10.0, 2000.0})
        {
            Cell cell({100},
                      [](LoraHelper& lora) { lora.SetDeviceAttribute("Class", StringValue("C")); });
            Powered powered(cell, 0, 100);
            cell.SendAt(Seconds(firstS), 0, 1);
            cell.Run(Seconds(20000));
            NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(), 1, firstS << " s: empty once");
            // A frame of 1 byte lasts 46 ms and draws 0.108 W more: 5 mJ are 0.13 s.
            const double lessS = firstS < 20000 ? 0.135 : 0;
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.offAtS[0],
                                      100 / 0.03696 - lessS,
                                      0.01,
                                      firstS << " s: 2,706 s");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.model->EstimateLifetimeSeconds(),
                                      100 / 0.03696 - lessS,
                                      0.02,
                                      "lifetime");
        }
        {
            // A device that never does anything still has a lifetime: 4.95 uW of sleep.
            Cell cell({100});
            Powered powered(cell, 0, 0.01);
            cell.Run(Seconds(20000));
            NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(), 1, "asleep");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.offAtS[0], 0.01 / 4.95e-6, 0.1, "asleep");
        }
        for (const double joule : {1e-12, 1e-9, 4e-9})
        {
            Cell cell({100});
            Powered powered(cell, 0, joule);
            cell.SendAt(Seconds(1), 0, 1);
            cell.Run(Seconds(100));
            NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(), 1, joule << " J: it is told");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.offAtS[0], 0, 1e-3, joule << " J: at once");
            NS_TEST_ASSERT_MSG_EQ_TOL(powered.model->EstimateLifetimeSeconds(),
                                      0,
                                      1e-2,
                                      joule << " J: no lifetime");
            NS_TEST_ASSERT_MSG_EQ(cell.m_dropped.at(0), "battery_empty", "and what is sent, lost");
        }
        // Whatever a device does, it uses no more than there is: classes, joins, repetitions.
        for (int kind = 0; kind < 8; ++kind)
        {
            for (double joule = 1e-4; joule < 30; joule *= 3)
            {
                Cell cell({1000}, [&](LoraHelper& lora) {
                    lora.SetDeviceAttribute("Class", StringValue((kind & 1) != 0 ? "C" : "A"));
                    lora.SetOtaa((kind & 2) != 0);
                    lora.SetDeviceAttribute("Confirmed", BooleanValue((kind & 4) != 0));
                    lora.SetGatewayAttribute("RandomLoss", DoubleValue(0.3));
                });
                Powered powered(cell, 0, joule);
                powered.model->SetAttribute("BasePower", DoubleValue(0.001));
                for (int i = 0; i < 40; ++i)
                {
                    const auto device = cell.m_devices[0];
                    Simulator::Schedule(Seconds(1 + 7 * i), [device] {
                        device->Send(Create<Packet>(30), device->GetBroadcast(), 1);
                    });
                }
                cell.Run(Seconds(300));
                const double usedJ = powered.model->GetTotalEnergyConsumption();
                NS_TEST_ASSERT_MSG_LT(usedJ, joule * (1 + 1e-9) + 1e-12, kind << ", " << joule);
                NS_TEST_ASSERT_MSG_LT(cell.m_devices[0]->GetTotalEnergyJoule(),
                                      joule * (1 + 1e-9) + 1e-12,
                                      kind << ", " << joule << ": the radio's own account");
                const double onS = powered.offAtS.empty() ? 300 : powered.offAtS[0];
                NS_TEST_ASSERT_MSG_EQ_TOL(usedJ,
                                          cell.m_devices[0]->GetTotalEnergyJoule() + 0.001 * onS,
                                          1e-6 + 1e-6 * joule,
                                          kind << ", " << joule << ": both accounts agree");
                NS_TEST_ASSERT_MSG_EQ(powered.offAtS.size(),
                                      (cell.m_devices[0]->IsOff() ? 1 : 0),
                                      "off when it is empty");
            }
        }
    }
};

/** Batteries. */
class LoraEnergyTestSuite : public TestSuite
{
  public:
    LoraEnergyTestSuite()
        : TestSuite("lpwan-lora-energy")
    {
        AddTestCase(new TurnOffTestCase);
        AddTestCase(new EnergyTestCase);
        AddTestCase(new BatteryTestCase);
    }
};

LoraEnergyTestSuite g_loraEnergyTestSuite; //!< registers the suite

} // namespace
