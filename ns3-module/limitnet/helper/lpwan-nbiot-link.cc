// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-link.h"

#include "limitnet/codec/error.h"
#include "lpwan-scenario-setup.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <map>
#include <utility>

namespace ns3
{
namespace lpwan
{

namespace
{

// First stream of each part; LoRa's end far below.
constexpr int64_t POSITION_STREAM = 2000001;
constexpr int64_t NBIOT_STREAM = 2001000;
constexpr int64_t WALK_STREAM = 3500000;

std::string
LevelOf(int level)
{
    return "ce" + std::to_string(level);
}

Ptr<PropagationLossModel>
MakeLossModel(const limitnet::ScenarioValues& values)
{
    const double lossDb = values.Real("nbiot.coupling_loss_db");
    if (lossDb > 0)
    {
        // Received power, whatever is sent; the base station asks for what is received of 0 dBm.
        const auto fixed = CreateObject<FixedRssLossModel>();
        fixed->SetRss(-lossDb);
        return fixed;
    }
    const auto loss = CreateObject<LogDistancePropagationLossModel>();
    loss->SetPathLossExponent(values.Real("nbiot.path_loss_exponent"));
    loss->SetReference(values.Real("nbiot.path_loss_reference_distance_m"),
                       values.Real("nbiot.path_loss_reference_db"));
    return loss;
}

void
SetUp(const limitnet::ScenarioValues& values, NbiotHelper& nbiot)
{
    const bool fixedLoss = values.Real("nbiot.coupling_loss_db") > 0;
    const auto real = [&](const char* key) { return DoubleValue(values.Real(key)); };
    nbiot.SetPropagationLossModel(MakeLossModel(values));
    const std::map<std::string, std::string> deployments{{"standalone", "Standalone"},
                                                         {"in-band", "InBand"},
                                                         {"guard-band", "GuardBand"}};
    nbiot.SetEnbAttribute("Deployment",
                          StringValue(deployments.at(values.Text("nbiot.deployment"))));
    nbiot.SetEnbAttribute("ShadowingSigma",
                          fixedLoss ? DoubleValue(0) : real("nbiot.shadowing_sigma_db"));
    nbiot.SetEnbAttribute("PenetrationLoss",
                          fixedLoss ? DoubleValue(0) : real("nbiot.building_loss_db"));
    nbiot.SetEnbAttribute("AntennaGain",
                          fixedLoss ? DoubleValue(0) : real("nbiot.antenna_gain_db"));
    nbiot.SetEnbAttribute("FadingSigma", real("nbiot.fading_sigma_db"));
    nbiot.SetEnbAttribute("FadingMargin", real("nbiot.fading_margin_db"));
    nbiot.SetEnbAttribute("TargetBler", real("nbiot.target_bler"));
    nbiot.SetEnbAttribute("EarlyData", BooleanValue(values.Bool("nbiot.early_data")));
    const auto time = [&](const char* key) { return TimeValue(Seconds(values.Real(key))); };
    nbiot.SetEnbAttribute("InactivityTime", time("nbiot.inactivity_s"));
    nbiot.SetEnbAttribute("CoreDelay", time("nbiot.core_delay_s"));
}

/** Sets up the devices of a group, which are installed next. */
void
SetUpDevices(const limitnet::ScenarioValues& values, NbiotHelper& nbiot)
{
    const auto real = [&](const char* key) { return DoubleValue(values.Real(key)); };
    const auto time = [&](const char* key) { return TimeValue(Seconds(values.Real(key))); };
    const std::map<std::string, std::string> modems{{"bg96", "BG96"},
                                                    {"tr45.820", "TR45.820"},
                                                    {"sara-n2", "SARA-N2"}};
    const std::string& category = values.Text("nbiot.category");
    nbiot.SetDeviceAttribute("Modem", StringValue(modems.at(values.Text("nbiot.modem"))));
    nbiot.SetDeviceAttribute("Category", StringValue(category == "nb1" ? "NB1" : "NB2"));
    nbiot.SetDeviceAttribute("HarqProcesses", UintegerValue(category == "nb2-2harq" ? 2 : 1));
    nbiot.SetDeviceAttribute("MultiTone", BooleanValue(values.Bool("nbiot.multi_tone")));
    nbiot.SetDeviceAttribute("Mode",
                             StringValue(values.Text("nbiot.rlc_mode") == "am" ? "AM" : "UM"));
    nbiot.SetDeviceAttribute(
        "Mtu",
        UintegerValue(static_cast<uint64_t>(values.Int("nbiot.fragment_bytes"))));
    nbiot.SetDeviceAttribute(
        "PacketOverhead",
        UintegerValue(static_cast<uint64_t>(values.Int("nbiot.packet_overhead_bytes"))));
    nbiot.SetDeviceAttribute("ReleaseAssistance",
                             BooleanValue(values.Bool("nbiot.release_assistance")));
    nbiot.SetDeviceAttribute("ActiveTime", time("nbiot.active_time_s"));
    nbiot.SetDeviceAttribute("CdrxCycle", time("nbiot.cdrx_cycle_s"));
    nbiot.SetDeviceAttribute("OnDuration", time("nbiot.on_duration_s"));
    nbiot.SetDeviceAttribute("PagingCycle", time("nbiot.paging_cycle_s"));
    const double edrx = values.Real("nbiot.edrx_cycle_s");
    if (edrx > 0 && edrx < values.Real("nbiot.paging_window_s"))
    {
        throw limitnet::Error("nbiot.edrx_cycle_s is shorter than nbiot.paging_window_s; use 0 for "
                              "no extended DRX");
    }
    nbiot.SetDeviceAttribute("EdrxCycle", time("nbiot.edrx_cycle_s"));
    nbiot.SetDeviceAttribute("PagingTimeWindow", time("nbiot.paging_window_s"));
    nbiot.SetDeviceAttribute("TxPower", real("nbiot.tx_power_dbm"));
}

} // namespace

std::string
NbiotLink::GetName() const
{
    return "nbiot";
}

std::vector<std::string>
NbiotLink::GetLevels() const
{
    std::vector<std::string> levels;
    for (std::size_t level = 0; level < NBIOT_CE_COUNT; ++level)
    {
        levels.push_back(LevelOf(static_cast<int>(level)));
    }
    return levels;
}

std::vector<OffloadingDevice>
NbiotLink::Build(const limitnet::ScenarioValues& values, const limitnet::RunFolder& /* folder */)
{
    SetUp(values, m_nbiot);
    m_nbiot.InstallEnbs(
        PlaceGateways(values, "nbiot.base_stations", "nbiot.base_station_positions"));
    const auto groups = values.Groups();
    std::vector<OffloadingDevice> devices;
    DevicePlacer placer(POSITION_STREAM, WALK_STREAM);
    for (std::size_t g = 0; g < groups.size(); ++g)
    {
        const auto& group = groups[g].second;
        if (!IsOnLink(group, "nbiot"))
        {
            continue;
        }
        SetUpDevices(group, m_nbiot);
        const NetDeviceContainer installed = m_nbiot.Install(placer.Place(group));
        for (uint32_t i = 0; i < installed.GetN(); ++i)
        {
            m_devices.push_back(DynamicCast<NbiotUe>(installed.Get(i)));
            devices.push_back({m_devices.back(), g});
        }
    }
    m_nbiot.AssignStreams(NBIOT_STREAM);
    return devices;
}

void
NbiotLink::Connect(DeliverCallback deliver, FateCallback fate)
{
    m_fate = fate;
    m_nbiot.SetDeliverCallback(deliver);
    for (const auto& enb : m_nbiot.GetEnbs())
    {
        enb->TraceConnectWithoutContext("Packet", MakeCallback(&NbiotLink::OnPacket, this));
    }
}

void
NbiotLink::OnPacket(const NbiotPacketReport& report)
{
    const auto seconds = [&](NbiotStage stage) {
        return report.stages[static_cast<std::size_t>(stage)].GetSeconds();
    };
    OffloadingFate fate;
    fate.deviceAddress = report.deviceAddress;
    fate.frameCounter = report.counter;
    fate.fate = report.fate == NbiotFate::RECEIVED ? "in_backhaul" : ToString(report.fate);
    OffloadingLatency latency;
    latency.accessWaitS = seconds(NbiotStage::ACCESS_WAIT);
    latency.accessS = seconds(NbiotStage::ACCESS);
    latency.schedulingS = seconds(NbiotStage::SCHEDULING);
    latency.retransmissionS = seconds(NbiotStage::RETRANSMISSION);
    latency.transmissionS = seconds(NbiotStage::TRANSMISSION) + latency.retransmissionS;
    fate.latency = latency;
    fate.airtimeS = report.airtime.GetSeconds();
    m_fate(fate);
}

void
NbiotLink::SendDownlink(uint32_t device, const std::vector<uint8_t>& payload, uint8_t port)
{
    const auto& ue = m_devices.at(device);
    ue->GetEnb()->CancelDownlinks(ue->GetIndex(), port);
    ue->GetEnb()->SendDownlink(
        ue->GetIndex(),
        Create<Packet>(payload.data(), static_cast<uint32_t>(payload.size())),
        port);
}

std::size_t
NbiotLink::GetMaxDownlinkBytes() const
{
    constexpr std::size_t AS_LORAWAN = 51; // it could be more, but answers should be the same
    return AS_LORAWAN;
}

std::vector<OffloadingGateway>
NbiotLink::GetGateways() const
{
    std::vector<OffloadingGateway> stations;
    for (const auto& enb : m_nbiot.GetEnbs())
    {
        stations.push_back({enb->GetNode(), 1});
    }
    return stations;
}

OffloadingDeviceState
NbiotLink::GetDeviceState(uint32_t device) const
{
    const auto& ue = m_devices.at(device);
    OffloadingDeviceState state;
    state.ceLevel = ue->GetCeLevel();
    state.level = LevelOf(*state.ceLevel);
    state.pathLossDb = ue->GetCouplingLossDb();
    return state;
}

} // namespace lpwan
} // namespace ns3
