// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-link.h"

#include "limitnet/codec/error.h"

#include "ns3/double.h"
#include "ns3/lpwan-scenario-setup.h"
#include "ns3/object-factory.h"
#include "ns3/propagation-loss-model.h"

#include <string>

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

const std::string ENB = "ns3::lpwan::NbiotEnb";
const std::string UE = "ns3::lpwan::NbiotUe";
const std::string FIXED_LOSS = "ns3::FixedRssLossModel";
const std::string LOG_DISTANCE = "ns3::LogDistancePropagationLossModel";

bool
HasFixedLoss(const limitnet::ScenarioValues& values)
{
    return values.Real("nbiot.coupling_loss_db") > 0;
}

/** A part of the path loss, which a fixed one has in it. */
AttributeBinding
BindPartOfLoss(const std::string& attribute, const std::string& key)
{
    return {attribute, key, [key](const auto& values) -> Ptr<AttributeValue> {
                return Create<DoubleValue>(HasFixedLoss(values) ? 0 : values.Real(key));
            }};
}

const AttributeBindings&
Attributes()
{
    const std::string enb = ENB + "::";
    const std::string ue = UE + "::";
    const std::string logDistance = LOG_DISTANCE + "::";
    static const AttributeBindings table{
        {ENB, UE},
        {
            // Received power, whatever is sent; the base station asks for what is received of 0
            // dBm.
            {FIXED_LOSS + "::Rss",
             "nbiot.coupling_loss_db",
             [](const auto& values) -> Ptr<AttributeValue> {
                 return Create<DoubleValue>(-values.Real("nbiot.coupling_loss_db"));
             }},
            BindReal(logDistance + "Exponent", "nbiot.path_loss_exponent"),
            BindReal(logDistance + "ReferenceDistance", "nbiot.path_loss_reference_distance_m"),
            BindReal(logDistance + "ReferenceLoss", "nbiot.path_loss_reference_db"),
            BindChoice(
                enb + "Deployment",
                "nbiot.deployment",
                {{"standalone", "Standalone"}, {"in-band", "InBand"}, {"guard-band", "GuardBand"}}),
            BindPartOfLoss(enb + "ShadowingSigma", "nbiot.shadowing_sigma_db"),
            BindPartOfLoss(enb + "PenetrationLoss", "nbiot.building_loss_db"),
            BindPartOfLoss(enb + "AntennaGain", "nbiot.antenna_gain_db"),
            BindReal(enb + "FadingSigma", "nbiot.fading_sigma_db"),
            BindReal(enb + "FadingMargin", "nbiot.fading_margin_db"),
            BindReal(enb + "TargetBler", "nbiot.target_bler"),
            BindFlag(enb + "EarlyData", "nbiot.early_data"),
            BindSeconds(enb + "InactivityTime", "nbiot.inactivity_s"),
            BindSeconds(enb + "CoreDelay", "nbiot.core_delay_s"),
            BindChoice(ue + "Modem",
                       "nbiot.modem",
                       {{"bg96", "BG96"}, {"tr45.820", "TR45.820"}, {"sara-n2", "SARA-N2"}}),
            BindChoice(ue + "Category",
                       "nbiot.category",
                       {{"nb1", "NB1"}, {"nb2", "NB2"}, {"nb2-2harq", "NB2"}}),
            BindChoice(ue + "HarqProcesses",
                       "nbiot.category",
                       {{"nb1", "1"}, {"nb2", "1"}, {"nb2-2harq", "2"}}),
            BindFlag(ue + "MultiTone", "nbiot.multi_tone"),
            BindChoice(ue + "Mode", "nbiot.rlc_mode", {{"am", "AM"}, {"um", "UM"}}),
            BindWhole(ue + "Mtu", "nbiot.fragment_bytes"),
            BindWhole(ue + "PacketOverhead", "nbiot.packet_overhead_bytes"),
            BindFlag(ue + "ReleaseAssistance", "nbiot.release_assistance"),
            BindSeconds(ue + "ActiveTime", "nbiot.active_time_s"),
            BindSeconds(ue + "CdrxCycle", "nbiot.cdrx_cycle_s"),
            BindSeconds(ue + "OnDuration", "nbiot.on_duration_s"),
            BindSeconds(ue + "PagingCycle", "nbiot.paging_cycle_s"),
            BindSeconds(ue + "EdrxCycle", "nbiot.edrx_cycle_s"),
            BindSeconds(ue + "PagingTimeWindow", "nbiot.paging_window_s"),
            BindReal(ue + "TxPower", "nbiot.tx_power_dbm"),
        }};
    return table;
}

void
SetUp(const limitnet::ScenarioValues& values, NbiotHelper& nbiot)
{
    const auto& table = Attributes();
    const std::string& lossModel = HasFixedLoss(values) ? FIXED_LOSS : LOG_DISTANCE;
    ObjectFactory loss(lossModel);
    SetBoundAttributes(table, lossModel, values, [&](const auto& name, const auto& value) {
        loss.Set(name, value);
    });
    nbiot.SetPropagationLossModel(loss.Create<PropagationLossModel>());
    SetBoundAttributes(table, ENB, values, [&](const auto& name, const auto& value) {
        nbiot.SetEnbAttribute(name, value);
    });
}

/** Sets up the devices of a group, which are installed next. */
void
SetUpDevices(const limitnet::ScenarioValues& values, NbiotHelper& nbiot)
{
    const double edrx = values.Real("nbiot.edrx_cycle_s");
    if (edrx > 0 && edrx < values.Real("nbiot.paging_window_s"))
    {
        throw limitnet::Error("nbiot.edrx_cycle_s is shorter than nbiot.paging_window_s; use 0 for "
                              "no extended DRX");
    }
    SetBoundAttributes(Attributes(), UE, values, [&](const auto& name, const auto& value) {
        nbiot.SetDeviceAttribute(name, value);
    });
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

AttributeBindings
NbiotLink::GetAttributes() const
{
    return Attributes();
}

bool
NbiotLink::IsScheduled() const
{
    return true;
}

std::vector<OffloadingDevice>
NbiotLink::Build(const limitnet::ScenarioValues& values, const limitnet::RunFolder& /* folder */)
{
    SetUp(values, m_nbiot);
    m_nbiot.InstallEnbs(PlaceGateways(values,
                                      "nbiot.base_stations",
                                      "nbiot.base_station_positions",
                                      "nbiot.base_station_height_m"));
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
        enb->TraceConnectWithoutContext("DroppedPacket", MakeCallback(&NbiotLink::OnPacket, this));
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
    fate.airtimeS = report.airtime.GetSeconds();
    fate.txEnergyJ = report.txJoule;
    if (report.fate == NbiotFate::UNDER_WAY)
    {
        m_fate(fate);
        return;
    }
    if (report.fate == NbiotFate::DROPPED)
    {
        fate.outcome = FrameOutcome::DROPPED;
        fate.cause = ToString(report.reason);
        m_fate(fate);
        return;
    }
    fate.outcome = report.fate == NbiotFate::RECEIVED ? FrameOutcome::RECEIVED : FrameOutcome::LOST;
    fate.cause = ToString(report.fate);
    OffloadingLatency latency;
    latency.accessWaitS = seconds(NbiotStage::ACCESS_WAIT);
    latency.accessS = seconds(NbiotStage::ACCESS);
    latency.schedulingS = seconds(NbiotStage::SCHEDULING);
    latency.retransmissionS = seconds(NbiotStage::RETRANSMISSION);
    latency.transmissionS = seconds(NbiotStage::TRANSMISSION) + latency.retransmissionS;
    fate.latency = latency;
    m_fate(fate);
}

void
NbiotLink::Finish()
{
    for (const auto& device : m_devices)
    {
        for (const auto& report : device->ReportUnderWay())
        {
            OnPacket(report);
        }
    }
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
    state.signallingS = ue->GetSignallingTime().GetSeconds();
    return state;
}

} // namespace lpwan
} // namespace ns3
