// SPDX-License-Identifier: GPL-2.0-only

// Devices that fail or restart at every moment of a small cell, and simulations that end there.

#include "lpwan-lora-test-cell.h"

#include "ns3/basic-energy-source.h"
#include "ns3/double.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-lora-crypto.h"
#include "ns3/map-scheduler.h"
#include "ns3/object-factory.h"
#include "ns3/string.h"
#include "ns3/test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;
using namespace ns3::energy; // where newer releases of ns-3 keep energy sources

namespace
{

/** ns-3's scheduler, which writes down when there were events. */
class NotingScheduler : public MapScheduler
{
  public:
    static TypeId GetTypeId()
    {
        static TypeId tid = TypeId("ns3::lpwan::NotingScheduler")
                                .SetParent<MapScheduler>()
                                .SetGroupName("Limitnet")
                                .AddConstructor<NotingScheduler>();
        return tid;
    }

    Event RemoveNext() override
    {
        const Event event = MapScheduler::RemoveNext();
        Times().insert(static_cast<int64_t>(event.key.m_ts));
        return event;
    }

    /** \return the times, of all simulations since it was cleared last */
    static std::set<int64_t>& Times()
    {
        static std::set<int64_t> times;
        return times;
    }
};

/** What happens to a device. */
enum class Fault
{
    NONE,
    OFF,     //!< it fails
    REBOOT,  //!< it begins anew: joins, or has its first session again
    RETURN,  //!< it begins anew, and fails half a second later
    THE_END, //!< the simulation ends
};

/** A cell in which everything goes on, and its books. */
class Plant
{
  public:
    static constexpr uint32_t DEVICES = 3;

    Plant()
        : m_cell({800, 1200, 2000}, &Plant::Prepare, {0, 1500})
    {
        NS_ABORT_UNLESS(m_cell.m_devices.size() == DEVICES);
        for (uint32_t i = 0; i < DEVICES; ++i)
        {
            const auto device = m_cell.m_devices[i];
            const std::function<void(Ptr<const Packet>, const LpwanTransmission&)> sent =
                [this, i](Ptr<const Packet> packet, const LpwanTransmission&) {
                    ++m_books[i][packet->GetUid()].sent;
                };
            device->TraceConnectWithoutContext(
                "TxEnd",
                Callback<void, Ptr<const Packet>, const LpwanTransmission&>(sent));
            const std::function<void(Ptr<const Packet>, DropReason)> drop =
                [this, i](Ptr<const Packet> packet, DropReason) {
                    ++m_books[i][packet->GetUid()].dropped;
                };
            device->TraceConnectWithoutContext("Drop",
                                               Callback<void, Ptr<const Packet>, DropReason>(drop));
            const std::function<void(Ptr<const Packet>, bool, uint8_t)> answered =
                [this, i](Ptr<const Packet> packet, bool acknowledged, uint8_t) {
                    auto& entry = m_books[i][packet->GetUid()];
                    ++entry.answered;
                    entry.acknowledged = acknowledged;
                };
            device->TraceConnectWithoutContext(
                "Acknowledged",
                Callback<void, Ptr<const Packet>, bool, uint8_t>(answered));

            const auto battery = CreateObject<BasicEnergySource>();
            battery->SetInitialEnergy(BATTERY_J);
            battery->SetNode(device->GetNode());
            m_models.push_back(InstallEnergyModel(device, battery));
        }
        // An application answers now and then, and the network wants to know things.
        m_cell.m_onDelivery = [this](const UplinkDelivery& delivery) {
            if (delivery.frameCounter % 3 == 1)
            {
                m_cell.Server()->SendDownlink(delivery.deviceAddress,
                                              {1, 2, 3},
                                              5,
                                              delivery.frameCounter % 2 == 0);
            }
            if (delivery.frameCounter == 2)
            {
                m_cell.Server()->SendCommand(delivery.deviceAddress,
                                             RxParamSetupReq{0, 3, 869525000});
                m_cell.Server()->SendCommand(delivery.deviceAddress, DevStatusReq{});
            }
        };
        for (int k = 0; k < 4; ++k)
        {
            for (uint32_t i = 0; i < DEVICES; ++i)
            {
                // Device 0 confirms all, 1 none, 2 every other one.
                const bool confirmed = i == 0 || (i == 2 && k % 2 == 0);
                Simulator::Schedule(
                    Seconds(1 + 4 * k) + MilliSeconds(300 * i),
                    [this, i, k, confirmed] { Send(i, 10 + static_cast<uint32_t>(k), confirmed); });
            }
        }
    }

    /** Prepares devices 0 to 2, of which each has another kind. */
    static void Prepare(LoraHelper& lora)
    {
        lora.SetDeviceAttribute("Adr", BooleanValue(true));
        lora.SetDeviceAttribute("AdrAckLimit", UintegerValue(2));
        lora.SetDeviceAttribute("AdrAckDelay", UintegerValue(1));
        lora.SetDeviceAttribute("DataRate", UintegerValue(4));
        lora.SetDeviceAttribute("Transmissions", UintegerValue(2));
        lora.SetDeviceAttribute("ConfirmedTransmissions", UintegerValue(2));
        lora.SetMasterKey(KEY);
        lora.SetServerAttribute("AdrHistory", UintegerValue(2));
        lora.SetGatewayAttribute("RandomLoss", DoubleValue(0.2));
        lora.SetDeviceAttribute("Class", StringValue(s_class));
        lora.SetOtaa(s_otaa);
    }

    void Send(uint32_t device, uint32_t bytes, bool confirmed)
    {
        const auto packet = Create<Packet>(bytes);
        auto& entry = m_books[device][packet->GetUid()];
        entry.confirmed = confirmed;
        entry.taken = m_cell.m_devices[device]->SendData(packet, 1, confirmed);
    }

    void Do(Fault fault, uint32_t device)
    {
        const auto& d = m_cell.m_devices[device];
        switch (fault)
        {
        case Fault::OFF:
            d->TurnOff();
            break;
        case Fault::REBOOT:
        case Fault::RETURN:
            if (s_otaa)
            {
                d->Join();
            }
            else
            {
                d->Personalize(d->GetDeviceAddress(),
                               DeriveSessionKeys(KEY, d->GetDeviceAddress()));
            }
            if (fault == Fault::RETURN)
            {
                Simulator::Schedule(MilliSeconds(500), &LoraEndDevice::TurnOff, d);
            }
            break;
        case Fault::THE_END:
            Simulator::Stop();
            break;
        case Fault::NONE:
            break;
        }
    }

    /** What is known of a packet. */
    struct Entry
    {
        int sent{0};              //!< frames that left the antenna
        int dropped{0};           //!< times it was given up
        int answered{0};          //!< times its end was reported
        bool acknowledged{false}; //!< how that was
        bool confirmed{false};    //!< whether it is to be acknowledged
        bool taken{false};        //!< what Send() said
    };

    /** \return what is wrong with the books; empty: nothing \param isOver all had time to end */
    std::string Complaint(bool isOver)
    {
        for (uint32_t i = 0; i < DEVICES; ++i)
        {
            const auto& device = m_cell.m_devices[i];
            uint32_t open = 0;
            uint64_t dropped = 0;
            for (const auto& [uid, entry] : m_books[i])
            {
                const std::string who = "device " + std::to_string(i) + ": a packet ";
                dropped += static_cast<uint64_t>(entry.dropped);
                if (entry.dropped > 1 || entry.answered > 1)
                {
                    return who + "ends twice";
                }
                if (!entry.taken && (entry.dropped != 1 || entry.sent > 0 || entry.answered > 0))
                {
                    return who + "that is refused is dropped, and nothing else";
                }
                if (entry.answered == 1 && entry.acknowledged && entry.dropped > 0)
                {
                    return who + "is acknowledged and dropped";
                }
                if (entry.answered == 1 && !entry.acknowledged && entry.dropped != 1)
                {
                    return who + "is given up without a drop";
                }
                if (!entry.confirmed && entry.answered > 0)
                {
                    return who + "is reported that was not confirmed";
                }
                const bool ended =
                    entry.dropped == 1 || (entry.confirmed ? entry.answered == 1 : entry.sent > 0);
                open += ended ? 0 : 1;
            }
            const uint32_t room = device->IsOff() ? 0 : device->GetQueueSize() + 1;
            if (open > room || (isOver && open > (device->IsOff() ? 0 : device->GetQueueSize())))
            {
                return "device " + std::to_string(i) + ": " + std::to_string(open) +
                       " packets are neither here nor there";
            }
            if (device->IsOff() && device->GetQueueSize() > 0)
            {
                return "device " + std::to_string(i) + " is off and keeps packets";
            }
            if (dropped != device->GetDroppedPackets())
            {
                return "device " + std::to_string(i) + " counts other drops than it traces";
            }
            Time all;
            for (const auto state : {RadioState::TX,
                                     RadioState::RX,
                                     RadioState::SLEEP,
                                     RadioState::LIGHT_SLEEP,
                                     RadioState::DRX})
            {
                all += device->GetTimeIn(state);
            }
            if (all != Simulator::Now())
            {
                return "device " + std::to_string(i) + ": radio times do not add up";
            }
            if (m_models[i]->GetTotalEnergyConsumption() > BATTERY_J)
            {
                return "device " + std::to_string(i) + " used more than its battery";
            }
            if (!device->IsOff() && std::abs(m_models[i]->GetTotalEnergyConsumption() -
                                             device->GetTotalEnergyJoule()) > 1e-6)
            {
                return "device " + std::to_string(i) + ": two accounts of its energy";
            }
        }
        std::set<std::pair<uint32_t, uint32_t>> delivered;
        for (const auto& delivery : m_cell.m_delivered)
        {
            if (s_otaa)
            {
                break; // counters begin anew with each session
            }
            if (!delivered.insert({delivery.deviceAddress, delivery.frameCounter}).second)
            {
                return "a frame is delivered twice";
            }
        }
        for (const auto& gateway : m_cell.m_gateways)
        {
            if (isOver && gateway->GetBusyDemodulators() != 0)
            {
                return "a demodulator is not given back";
            }
        }
        return "";
    }

    static constexpr double BATTERY_J = 5;
    static constexpr AesBlock KEY{1, 2, 3};
    static std::string s_class; //!< of the devices to come
    static bool s_otaa;         //!< whether they join

    Cell m_cell;
    std::vector<Ptr<LpwanEnergyModel>> m_models;
    std::array<std::map<uint64_t, Entry>, DEVICES> m_books;
};

std::string Plant::s_class = "A";
bool Plant::s_otaa = false;

/** One kind of cell. */
class FaultTestCase : public TestCase
{
  public:
    FaultTestCase(const std::string& deviceClass, bool otaa)
        : TestCase("faults at every event: class " + deviceClass +
                   (otaa ? ", joins" : ", personalised")),
          m_class(deviceClass),
          m_otaa(otaa)
    {
    }

  private:
    static constexpr int64_t END_S = 100;

    /** \return what is wrong with the books of a cell with a fault */
    static std::string Try(Fault fault, uint32_t device, Time at)
    {
        Plant plant;
        Simulator::Schedule(at, [&] { plant.Do(fault, device); });
        Simulator::Stop(Seconds(END_S));
        Simulator::Run();
        return plant.Complaint(fault != Fault::THE_END);
    }

    void DoRun() override
    {
        Plant::s_class = m_class;
        Plant::s_otaa = m_otaa;
        ObjectFactory scheduler;
        scheduler.SetTypeId(NotingScheduler::GetTypeId());
        NotingScheduler::Times().clear();
        {
            Simulator::SetScheduler(scheduler);
            Plant plant;
            Simulator::Stop(Seconds(END_S));
            Simulator::Run();
            NS_TEST_ASSERT_MSG_EQ(plant.Complaint(true), "", "without a fault");
            NS_TEST_ASSERT_MSG_GT(plant.m_cell.m_delivered.size(), 8, "most arrive");
            NS_TEST_ASSERT_MSG_GT(plant.m_cell.m_received.size(), 5, "and are answered");
        }
        const std::vector<int64_t> times(NotingScheduler::Times().begin(),
                                         NotingScheduler::Times().end());
        NS_TEST_ASSERT_MSG_GT(times.size(), 100, "moments");
        std::size_t number = 0;
        for (const int64_t time : times)
        {
            // Before what happens at that time, and a nanosecond after it.
            for (const int64_t after : {0, 1})
            {
                const Time at = NanoSeconds(time + after);
                for (const Fault fault : {Fault::OFF, Fault::REBOOT, Fault::RETURN, Fault::THE_END})
                {
                    const uint32_t device = number++ % Plant::DEVICES;
                    const std::string complaint = Try(fault, device, at);
                    NS_TEST_ASSERT_MSG_EQ(complaint,
                                          "",
                                          "fault " << static_cast<int>(fault) << " of device "
                                                   << device << " at " << at);
                }
            }
        }
    }

    std::string m_class;
    bool m_otaa;
};

/** All of the above. */
class LoraFaultsTestSuite : public TestSuite
{
  public:
    LoraFaultsTestSuite()
        : TestSuite("lpwan-lora-faults")
    {
        for (const std::string deviceClass : {"A", "C"})
        {
            for (const bool otaa : {false, true})
            {
                AddTestCase(new FaultTestCase(deviceClass, otaa));
            }
        }
    }
};

LoraFaultsTestSuite g_loraFaultsTestSuite; //!< registers the suite

} // namespace
