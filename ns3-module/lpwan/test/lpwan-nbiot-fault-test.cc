// SPDX-License-Identifier: GPL-2.0-only

// Devices that fail, are told to forget, or whose simulation ends, at every moment at which
// anything happens in a small cell.

#include "lpwan-nbiot-test-cell.h"

#include "ns3/basic-energy-source.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/map-scheduler.h"
#include "ns3/object-factory.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

/** When events took place. */
std::set<uint64_t> g_eventTimes;

/** A scheduler that notes when events take place. */
class NotingScheduler : public MapScheduler
{
  public:
    static TypeId GetTypeId()
    {
        static TypeId tid = TypeId("ns3::lpwan::NbiotNotingScheduler")
                                .SetParent<MapScheduler>()
                                .SetGroupName("Limitnet")
                                .AddConstructor<NotingScheduler>();
        return tid;
    }

    Event RemoveNext() override
    {
        const Event event = MapScheduler::RemoveNext();
        g_eventTimes.insert(event.key.m_ts);
        return event;
    }
};

NS_OBJECT_ENSURE_REGISTERED(NotingScheduler);

/** A small cell at work. */
struct Scene
{
    std::string name;
    double endS;
    std::vector<double> lossesDb;
    std::function<void(NbiotHelper&)> configure;
    std::function<void(class FaultCell&)> load;
};

/** A cell in which every packet is followed from its sender to its end. */
class FaultCell : public NbiotTestCell
{
  public:
    explicit FaultCell(const Scene& scene)
    {
        scene.configure(m_helper);
        Build(scene.lossesDb);
        for (uint32_t i = 0; i < m_devices.GetN(); ++i)
        {
            const auto device = m_devices.Get(i);
            device->TraceConnectWithoutContext("TxEnd", MakeCallback(&FaultCell::OnTxEnd, this));
            device->TraceConnectWithoutContext("Drop", MakeCallback(&FaultCell::OnEnd, this));
        }
        scene.load(*this);
    }

    /** A device sends. */
    void Send(double atS, uint32_t device, uint32_t bytes)
    {
        Simulator::Schedule(Seconds(atS), [this, device, bytes] {
            const auto packet = Create<Packet>(bytes);
            m_handed[device].push_back(packet->GetUid());
            Ue(device)->Send(packet, Ue(device)->GetBroadcast(), 1);
        });
    }

    /** The cloud sends. */
    void SendDown(double atS, uint32_t device, uint32_t bytes)
    {
        Simulator::Schedule(Seconds(atS), [this, device, bytes] {
            m_sentDown.push_back(Simulator::Now());
            Enb()->SendDownlink(device, Create<Packet>(bytes), 9);
        });
    }

    /** The microcontroller of a device restarts: it takes back what has not begun. */
    void Reboot(uint32_t device)
    {
        for (const uint64_t uid : m_handed[device])
        {
            if (Ue(device)->Withdraw(uid))
            {
                ++m_ends[uid];
            }
        }
    }

    /** \return what is wrong with the accounts; empty: nothing */
    std::string Complaint()
    {
        const Time now = Simulator::Now();
        for (uint32_t i = 0; i < m_devices.GetN(); ++i)
        {
            const auto ue = Ue(i);
            uint64_t open = 0;
            for (const uint64_t uid : m_handed[i])
            {
                if (m_ends[uid] > 1)
                {
                    return "a packet ended twice";
                }
                open += m_ends[uid] == 0 ? 1 : 0;
            }
            if (open != ue->GetQueueSize() + ue->GetPacketsUnderWay())
            {
                return "a packet is neither ended nor there";
            }
            Time sent = ue->GetSignallingTime();
            for (const auto& reports : {m_reports, m_dropReports, ue->ReportUnderWay()})
            {
                for (const auto& report : reports)
                {
                    sent +=
                        report.deviceAddress == ue->GetDeviceAddress() ? report.airtime : Time(0);
                }
            }
            if (sent != ue->GetTimeIn(RadioState::TX))
            {
                return "the packets' airtimes and signalling are not what the radio sent";
            }
            Time all;
            for (std::size_t state = 0; state < RADIO_STATE_COUNT; ++state)
            {
                all += ue->GetTimeIn(static_cast<RadioState>(state));
            }
            if (all != now)
            {
                return "the radio's states do not fill the time";
            }
            if (ue->IsOff() && (open > 0 || Enb()->GetDownlinkQueueSize(i) > 0))
            {
                return "a device that is off keeps packets";
            }
        }
        uint64_t received = 0;
        for (const auto& report : m_reports)
        {
            received += report.fate == NbiotFate::RECEIVED ? 1 : 0;
        }
        uint64_t inCore = 0;
        for (const auto& report : m_reports)
        {
            const bool isOnItsWay = report.end + CORE_DELAY > now;
            inCore += report.fate == NbiotFate::RECEIVED && isOnItsWay ? 1 : 0;
        }
        // At the very end of its way it may have arrived or not.
        if (m_deliveries.size() > received || m_deliveries.size() + inCore < received - AtEnd(now))
        {
            return "the cloud does not have what was received";
        }
        uint64_t waiting = 0;
        for (uint32_t i = 0; i < m_devices.GetN(); ++i)
        {
            waiting += Enb()->GetDownlinkQueueSize(i);
        }
        uint64_t down = 0;
        uint64_t downAtEnd = 0;
        for (const Time& at : m_sentDown)
        {
            down += at + CORE_DELAY < now ? 1 : 0;
            downAtEnd += at + CORE_DELAY == now ? 1 : 0;
        }
        const auto& counts = Enb()->GetCounts();
        const uint64_t downEnded = counts.downlinks + counts.lostDownlinks + waiting;
        if (counts.downlinks != m_received.size() || downEnded < down ||
            downEnded > down + downAtEnd)
        {
            return "a packet downwards is neither received, lost nor waiting";
        }
        return "";
    }

    /** \return packets of a device that reached the base station */
    uint64_t GetReceived(uint32_t device) const
    {
        uint64_t received = 0;
        for (const auto& report : m_reports)
        {
            received += report.fate == NbiotFate::RECEIVED &&
                                report.deviceAddress == Ue(device)->GetDeviceAddress()
                            ? 1
                            : 0;
        }
        return received;
    }

  private:
    const Time CORE_DELAY = MilliSeconds(50);

    uint64_t AtEnd(Time now) const
    {
        uint64_t count = 0;
        for (const auto& report : m_reports)
        {
            count += report.end + CORE_DELAY == now ? 1 : 0;
        }
        return count;
    }

    void OnTxEnd(Ptr<const Packet> packet, const LpwanTransmission&)
    {
        ++m_ends[packet->GetUid()];
    }

    void OnEnd(Ptr<const Packet> packet, DropReason)
    {
        ++m_ends[packet->GetUid()];
    }

    std::map<uint32_t, std::vector<uint64_t>> m_handed; // uids, by device
    std::map<uint64_t, uint32_t> m_ends;                // of a packet, by uid
    std::vector<Time> m_sentDown;
};

/** The cells. The first device is the one that fails. */
std::vector<Scene>
Scenes()
{
    const auto lossy = [](NbiotHelper& helper) {
        helper.SetEnbAttribute("FadingSigma", DoubleValue(5));
        helper.SetEnbAttribute("MaxHarqTransmissions", UintegerValue(2));
        helper.SetEnbAttribute("DownlinkErrorRate", DoubleValue(0.15));
        helper.SetDeviceAttribute("MaxRlcRetransmissions", UintegerValue(0));
        helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(3)));
    };
    std::vector<Scene> scenes;
    scenes.push_back({"uplink, AM", 40, {147, 120, 150}, lossy, [](FaultCell& cell) {
                          for (uint32_t i = 0; i < 3; ++i)
                          {
                              cell.Send(1, i, 200);
                              cell.Send(1, i, 90);
                              cell.Send(1.4, i, 700);
                          }
                      }});
    scenes.push_back({"uplink, UM, two HARQ processes, no release assistance",
                      40,
                      {147, 120},
                      [lossy](NbiotHelper& helper) {
                          lossy(helper);
                          helper.SetEnbAttribute("InactivityTime", TimeValue(Seconds(3)));
                          helper.SetDeviceAttribute("Mode", StringValue("UM"));
                          helper.SetDeviceAttribute("Category", StringValue("NB2"));
                          helper.SetDeviceAttribute("HarqProcesses", UintegerValue(2));
                          helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(false));
                      },
                      [](FaultCell& cell) {
                          for (uint32_t i = 0; i < 2; ++i)
                          {
                              cell.Send(1, i, 900);
                              cell.Send(1, i, 900);
                              cell.Send(4, i, 100);
                          }
                      }});
    scenes.push_back({"downlink: connected, inactive, paged, in power saving mode",
                      60,
                      {120, 147},
                      [lossy](NbiotHelper& helper) {
                          lossy(helper);
                          helper.SetEnbAttribute("InactivityTime", TimeValue(Seconds(3)));
                          helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(8)));
                          helper.SetDeviceAttribute("ReleaseAssistance", BooleanValue(false));
                      },
                      [](FaultCell& cell) {
                          for (uint32_t i = 0; i < 2; ++i)
                          {
                              cell.Send(1, i, 30);
                              cell.SendDown(1.2, i, 200);
                              cell.SendDown(3, i, 20);
                              cell.SendDown(10, i, 20);
                              cell.SendDown(10.01, i, 20);
                              cell.SendDown(40, i, 20);
                              cell.Send(50, i, 30);
                          }
                      }});
    scenes.push_back({"extended DRX: a paging occasion is pending, and the device comes by itself",
                      90,
                      {162},
                      [lossy](NbiotHelper& helper) {
                          lossy(helper);
                          helper.SetDeviceAttribute("ActiveTime", TimeValue(Seconds(600)));
                          helper.SetDeviceAttribute("EdrxCycle", TimeValue(MilliSeconds(20480)));
                      },
                      [](FaultCell& cell) {
                          cell.Send(1, 0, 30);
                          cell.SendDown(24, 0, 30);
                          for (int i = 0; i < 3; ++i)
                          {
                              cell.Send(35, 0, 60);
                          }
                      }});
    scenes.push_back({"early data",
                      40,
                      {146, 147, 147},
                      [lossy](NbiotHelper& helper) {
                          lossy(helper);
                          helper.SetEnbAttribute("EarlyData", BooleanValue(true));
                          helper.SetEnbAttribute("MaxAttempts", StringValue("2,2,2"));
                          helper.SetDeviceAttribute("ResyncTimeCe0", TimeValue(Time(0)));
                      },
                      [](FaultCell& cell) {
                          for (uint32_t i = 0; i < 3; ++i)
                          {
                              cell.Send(1, i, 30);
                              cell.Send(1.4, i, 20);
                              cell.Send(8, i, 20);
                              cell.Send(8.3, i, 150);
                              cell.SendDown(9, i, 20);
                          }
                      }});
    return scenes;
}

/** Runs scenes without a fault. */
class NbiotFaultlessTestCase : public TestCase
{
  public:
    NbiotFaultlessTestCase()
        : TestCase("the scenes do what they are for")
    {
    }

  private:
    void DoRun() override
    {
        NbiotCellCounts sum;
        uint64_t drops = 0;
        for (const Scene& scene : Scenes())
        {
            FaultCell cell(scene);
            cell.Run(Seconds(scene.endS));
            NS_TEST_EXPECT_MSG_EQ(cell.Complaint(), "", scene.name);
            NS_TEST_EXPECT_MSG_GT(cell.GetReceived(0), 0, scene.name << ": the first one sends");
            const auto& counts = cell.Enb()->GetCounts();
            sum.lostBlocks += counts.lostBlocks;
            sum.residualErrors += counts.residualErrors;
            sum.missedGrants += counts.missedGrants;
            sum.pagings += counts.pagings;
            sum.downlinks += counts.downlinks;
            drops += cell.m_dropReports.size();
        }
        NS_TEST_EXPECT_MSG_GT(sum.lostBlocks, 2, "blocks are repeated");
        NS_TEST_EXPECT_MSG_GT(sum.residualErrors, 0, "blocks are given up");
        NS_TEST_EXPECT_MSG_GT(sum.missedGrants, 0, "grants are missed");
        NS_TEST_EXPECT_MSG_GT(sum.pagings, 1, "devices are paged");
        NS_TEST_EXPECT_MSG_GT(sum.downlinks, 6, "packets come down");
        NS_TEST_EXPECT_MSG_GT(drops, 0, "packets on the air are given up");
    }
};

/** A battery that is as good as empty. */
class NbiotEmptyBatteryTestCase : public TestCase
{
  public:
    NbiotEmptyBatteryTestCase()
        : TestCase("a battery of 1e-9 J: off at once, everything is dropped as empty")
    {
    }

  private:
    void DoRun() override
    {
        constexpr double BATTERY_J = 1e-9;
        for (const Scene& scene : Scenes())
        {
            m_offAt = Time::Max();
            FaultCell cell(scene);
            const auto ue = cell.Ue(0);
            const auto source = CreateObject<BasicEnergySource>();
            source->SetInitialEnergy(BATTERY_J);
            source->SetSupplyVoltage(3.6);
            source->SetNode(ue->GetNode());
            const auto model = InstallEnergyModel(ue, source);
            model->TraceConnectWithoutContext(
                "Depleted",
                MakeCallback(&NbiotEmptyBatteryTestCase::OnDepleted, this));
            cell.Run(Seconds(scene.endS));
            NS_TEST_EXPECT_MSG_EQ(cell.Complaint(), "", scene.name);
            NS_TEST_EXPECT_MSG_EQ(ue->IsOff(), true, scene.name << ": off");
            // 15 uW of power saving mode use it up in 67 us.
            NS_TEST_EXPECT_MSG_LT(m_offAt, MicroSeconds(67), scene.name << ": when it is told");
            NS_TEST_EXPECT_MSG_LT(ue->GetTotalEnergyJoule(), 1.000001e-9, "used by the radio");
            NS_TEST_EXPECT_MSG_LT(model->GetTotalEnergyConsumption(), 1.000001e-9, "in all");
            NS_TEST_EXPECT_MSG_EQ(ue->GetTimeIn(RadioState::TX), Time(0), "nothing is sent");
            NS_TEST_EXPECT_MSG_EQ(cell.GetReceived(0), 0, "nothing arrives");
            NS_TEST_EXPECT_MSG_GT(ue->GetDroppedPackets(), 0, "what is handed over is dropped");
            NS_TEST_EXPECT_MSG_EQ(ue->GetDroppedPackets(DropReason::BATTERY_EMPTY),
                                  ue->GetDroppedPackets(),
                                  "as empty");
            source->Dispose();
        }
    }

    void OnDepleted(Ptr<LpwanNetDevice>)
    {
        m_offAt = Simulator::Now();
    }

    Time m_offAt;
};

/** A fault at every event. */
class NbiotFaultTestCase : public TestCase
{
  public:
    explicit NbiotFaultTestCase(const Scene& scene)
        : TestCase("faults at every moment: " + scene.name),
          m_scene(scene)
    {
    }

  private:
    /** What happens. */
    enum class Fault
    {
        OFF,    //!< the device is turned off
        REBOOT, //!< its microcontroller restarts
        END,    //!< the simulation ends
    };

    void DoRun() override
    {
        {
            ObjectFactory noting;
            noting.SetTypeId(NotingScheduler::GetTypeId());
            Simulator::SetScheduler(noting);
            g_eventTimes.clear();
            FaultCell cell(m_scene);
            cell.Run(Seconds(m_scene.endS));
        }
        const std::set<uint64_t> times = g_eventTimes;
        NS_TEST_ASSERT_MSG_GT(times.size(), 20, "there are events");
        // Before all that happens at the moment, and after it.
        for (const uint64_t ns : times)
        {
            for (const uint64_t later : {0, 1})
            {
                const Time at = NanoSeconds(static_cast<int64_t>(ns + later));
                RunWith(Fault::OFF, at);
                RunWith(Fault::REBOOT, at);
                RunWith(Fault::END, at);
            }
        }
        WithinCalls();
        Batteries();
    }

    void RunWith(Fault fault, Time at)
    {
        FaultCell cell(m_scene);
        const auto ue = cell.Ue(0);
        if (fault == Fault::OFF)
        {
            Simulator::Schedule(at, [ue] { ue->TurnOff(); });
        }
        else if (fault == Fault::REBOOT)
        {
            Simulator::Schedule(at, [&cell] { cell.Reboot(0); });
        }
        cell.Run(at);
        const std::string where = m_scene.name + ", at " + std::to_string(at.GetNanoSeconds());
        NS_TEST_EXPECT_MSG_EQ(cell.Complaint(), "", where);
        if (fault == Fault::END || at >= Seconds(m_scene.endS))
        {
            return;
        }
        const Time sent = ue->GetTimeIn(RadioState::TX);
        cell.Run(Seconds(m_scene.endS) - at);
        NS_TEST_EXPECT_MSG_EQ(cell.Complaint(), "", where << ", at the end");
        NS_TEST_EXPECT_MSG_EQ(ue->IsOff(), (fault == Fault::OFF), where);
        if (fault == Fault::OFF)
        {
            NS_TEST_EXPECT_MSG_EQ(ue->GetTimeIn(RadioState::TX), sent, where << ": sends, off");
            // Whoever has no energy wakes for nobody.
            NS_TEST_EXPECT_MSG_EQ(ue->GetPowerWatt(RadioState::SLEEP), 0, where);
        }
        for (uint32_t i = 1; i < cell.m_devices.GetN(); ++i)
        {
            NS_TEST_EXPECT_MSG_GT(cell.GetReceived(i), 0, where << ": others go on");
            NS_TEST_EXPECT_MSG_EQ(cell.Ue(i)->GetPendingBytes(), 0, where << ": to their end");
        }
    }

    /** The device is turned off from within the n-th call of its radio, queue or packets. */
    void WithinCalls()
    {
        for (uint32_t n = 0; n < 1000; ++n)
        {
            FaultCell cell(m_scene);
            const auto ue = cell.Ue(0);
            uint32_t calls = 0;
            Time sent;
            const auto call = [&] {
                if (calls++ == n)
                {
                    ue->TurnOff();
                    sent = ue->GetTimeIn(RadioState::TX);
                }
            };
            m_call = call;
            ue->SetRadioStateCallback(MakeCallback(&NbiotFaultTestCase::OnState, this));
            for (const char* trace : {"TxStart", "TxEnd"})
            {
                ue->TraceConnectWithoutContext(trace,
                                               MakeCallback(&NbiotFaultTestCase::OnFrame, this));
            }
            ue->TraceConnectWithoutContext("Drop", MakeCallback(&NbiotFaultTestCase::OnDrop, this));
            ue->TraceConnectWithoutContext("QueueSize",
                                           MakeCallback(&NbiotFaultTestCase::OnQueue, this));
            ue->TraceConnectWithoutContext("Packet",
                                           MakeCallback(&NbiotFaultTestCase::OnPacket, this));
            cell.Enb()->TraceConnectWithoutContext(
                "Block",
                MakeCallback(&NbiotFaultTestCase::OnBlock, this));
            cell.Run(Seconds(m_scene.endS));
            NS_TEST_EXPECT_MSG_EQ(cell.Complaint(), "", m_scene.name << ", off in call " << n);
            m_call = nullptr;
            if (ue->IsOff())
            {
                NS_TEST_EXPECT_MSG_EQ(ue->GetTimeIn(RadioState::TX), sent, "off in call " << n);
            }
            if (calls <= n)
            {
                NS_TEST_EXPECT_MSG_GT(n, 20, "there are calls");
                return;
            }
        }
        NS_TEST_EXPECT_MSG_EQ(true, false, "more calls than expected");
    }

    /** The device is turned off by a battery that is too small, by more and more. */
    void Batteries()
    {
        double wantedJ = 0;
        {
            FaultCell cell(m_scene);
            cell.Run(Seconds(m_scene.endS));
            wantedJ = cell.Ue(0)->GetTotalEnergyJoule();
        }
        constexpr int STEPS = 60;
        for (int step = 1; step <= STEPS; ++step)
        {
            const double batteryJ = wantedJ * step / STEPS;
            FaultCell cell(m_scene);
            const auto ue = cell.Ue(0);
            const auto source = CreateObject<BasicEnergySource>();
            source->SetInitialEnergy(batteryJ);
            source->SetSupplyVoltage(3.6);
            source->SetNode(ue->GetNode());
            const auto model = InstallEnergyModel(ue, source);
            cell.Run(Seconds(m_scene.endS));
            NS_TEST_EXPECT_MSG_EQ(cell.Complaint(), "", m_scene.name << ", " << batteryJ << " J");
            NS_TEST_EXPECT_MSG_LT(ue->GetTotalEnergyJoule(), batteryJ * (1 + 1e-6) + 1e-8, "used");
            NS_TEST_EXPECT_MSG_EQ_TOL(model->GetTotalEnergyConsumption(),
                                      ue->GetTotalEnergyJoule(),
                                      1e-8,
                                      "both accounts");
            NS_TEST_EXPECT_MSG_EQ(ue->IsOff(), true, "empty");
            source->Dispose();
        }
    }

    void OnState(RadioState)
    {
        Call();
    }

    void OnFrame(Ptr<const Packet>, const LpwanTransmission&)
    {
        Call();
    }

    void OnDrop(Ptr<const Packet>, DropReason)
    {
        Call();
    }

    void OnQueue(uint32_t, uint32_t)
    {
        Call();
    }

    void OnPacket(const NbiotPacketReport&)
    {
        Call();
    }

    void OnBlock(uint32_t, const NbiotFormat&, Time, Time, bool)
    {
        Call();
    }

    void Call()
    {
        if (m_call)
        {
            m_call();
        }
    }

    Scene m_scene;
    std::function<void()> m_call;
};

/** All of the above. */
class NbiotFaultTestSuite : public TestSuite
{
  public:
    NbiotFaultTestSuite()
        : TestSuite("lpwan-nbiot-fault")
    {
        AddTestCase(new NbiotFaultlessTestCase);
        AddTestCase(new NbiotEmptyBatteryTestCase);
        for (const Scene& scene : Scenes())
        {
            AddTestCase(new NbiotFaultTestCase(scene));
        }
    }
};

NbiotFaultTestSuite g_nbiotFaultTestSuite; //!< registers the suite

} // namespace
