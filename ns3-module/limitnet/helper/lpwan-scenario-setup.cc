// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-scenario-setup.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/number-columns.h"

#include "ns3/basic-energy-source.h"
#include "ns3/config.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/pointer.h"
#include "ns3/position-allocator.h"
#include "ns3/random-variable-stream.h"
#include "ns3/random-waypoint-mobility-model.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/string.h"
#include "ns3/type-id.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace ns3
{
namespace lpwan
{

namespace
{

// Heights over ground of the antennas: a gateway on a mast, a device at hand height.
constexpr double GATEWAY_HEIGHT_M = 15;
constexpr double DEVICE_HEIGHT_M = 1;

void
Stand(Ptr<Node> node, double x, double y, double z)
{
    const auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, y, z));
    node->AggregateObject(mobility);
}

/** Lets a device walk on a disc. \return random streams taken */
int64_t
Walk(Ptr<Node> node,
     const limitnet::Position& from,
     const limitnet::Position& center,
     double radiusM,
     double speedMS,
     int64_t stream)
{
    const auto places = CreateObject<UniformDiscPositionAllocator>();
    places->SetRho(radiusM);
    places->SetX(center.x);
    places->SetY(center.y);
    places->SetZ(DEVICE_HEIGHT_M);
    const auto speed = CreateObject<ConstantRandomVariable>();
    speed->SetAttribute("Constant", DoubleValue(speedMS));
    const auto pause = CreateObject<ConstantRandomVariable>();
    const auto mobility = CreateObject<RandomWaypointMobilityModel>();
    mobility->SetAttribute("PositionAllocator", PointerValue(places));
    mobility->SetAttribute("Speed", PointerValue(speed));
    mobility->SetAttribute("Pause", PointerValue(pause));
    mobility->SetPosition(Vector(from.x, from.y, DEVICE_HEIGHT_M));
    const int64_t taken = mobility->AssignStreams(stream);
    node->AggregateObject(mobility);
    return taken;
}

/** \return the middle ones of a square grid, as many as asked for, that covers a disc */
std::vector<limitnet::Position>
Grid(uint32_t count, double radiusM)
{
    // A square grid of step d has 1 / d^2 places a unit of area.
    const double step = radiusM * std::sqrt(M_PI / count);
    const int half = static_cast<int>(std::ceil(radiusM / step)) + 1;
    std::vector<limitnet::Position> places;
    for (int row = -half; row <= half; ++row)
    {
        for (int column = -half; column <= half; ++column)
        {
            places.push_back({column * step, row * step});
        }
    }
    std::stable_sort(places.begin(), places.end(), [&](const auto& a, const auto& b) {
        return std::hypot(a.x, a.y) < std::hypot(b.x, b.y) - step * 1e-9;
    });
    places.resize(count);
    return places;
}

/** \return the positions of a key */
std::vector<limitnet::Position>
ReadPositions(const limitnet::ScenarioValues& values, const std::string& positionsKey)
{
    try
    {
        return limitnet::ReadPositions(values.Text(positionsKey));
    }
    catch (const limitnet::Error& error)
    {
        throw limitnet::Error(values.Where(positionsKey) + positionsKey + ": " + error.what());
    }
}

/** \return what is known of an attribute, by its whole name; nothing when there is none */
std::optional<TypeId::AttributeInformation>
FindAttribute(const std::string& name)
{
    const auto colons = name.rfind("::");
    TypeId type;
    TypeId::AttributeInformation attribute;
    const bool found = colons != std::string::npos &&
                       TypeId::LookupByNameFailSafe(name.substr(0, colons), &type) &&
                       type.LookupAttributeByName(name.substr(colons + 2), &attribute);
    return found ? std::optional(attribute) : std::nullopt;
}

/**
 * \return the key of a scenario that sets an attribute, after its default; empty when none does
 */
std::string
KeyThatSets(const std::string& name)
{
    static const std::map<std::string, std::string> keys{
        {"ns3::lpwan::ImageSource::ConfirmVital", "strategy.confirm_map"},
        {"ns3::lpwan::ImageSource::Deadline", "strategy.deadline_s"},
        {"ns3::lpwan::ImageSource::FitDeadline", "strategy.fit_deadline"},
        {"ns3::lpwan::ImageSource::ImageCount", "images.per_device"},
        {"ns3::lpwan::ImageSource::Interval", "images.period_s"},
        {"ns3::lpwan::ImageSource::MaxReports", "strategy.max_reports"},
        {"ns3::lpwan::ImageSource::NewestFirst", "strategy.queue"},
        {"ns3::lpwan::ImageSource::ReportTimeout", "strategy.report_timeout_s"},
        {"ns3::lpwan::LoraChannel::DownlinkErrorModel", "lora.error_model"},
        {"ns3::lpwan::LoraChannel::DownlinkSirMatrix", "lora.sir_matrix"},
        {"ns3::lpwan::LoraChannel::ShadowingCorrelationDistance", "lora.shadowing_correlation_m"},
        {"ns3::lpwan::LoraChannel::ShadowingSigma", "lora.shadowing_sigma_db"},
        {"ns3::lpwan::LoraEndDevice::Adr", "lora.adr"},
        {"ns3::lpwan::LoraEndDevice::Class", "lora.class"},
        {"ns3::lpwan::LoraEndDevice::Confirmed", "lora.confirmed"},
        {"ns3::lpwan::LoraEndDevice::DataRate", "lora.sf"},
        {"ns3::lpwan::LoraEndDevice::NetId", "lora.operator"},
        {"ns3::lpwan::LoraEndDevice::PenetrationLoss", "lora.building_loss_db"},
        {"ns3::lpwan::LoraEndDevice::Region", "lora.region"},
        {"ns3::lpwan::LoraEndDevice::SubBand", "lora.sub_band"},
        {"ns3::lpwan::LoraEndDevice::TxPower", "lora.tx_power_dbm"},
        {"ns3::lpwan::LoraGateway::CaptureThreshold", "lora.capture_db"},
        {"ns3::lpwan::LoraGateway::ErrorModel", "lora.error_model"},
        {"ns3::lpwan::LoraGateway::NetId", "lora.operators"},
        {"ns3::lpwan::LoraGateway::NoiseFigure", "lora.noise_figure_db"},
        {"ns3::lpwan::LoraGateway::RandomLoss", "lora.extra_loss"},
        {"ns3::lpwan::LoraGateway::Region", "lora.region"},
        {"ns3::lpwan::LoraGateway::Sensitivity", "lora.gateway_sensitivity"},
        {"ns3::lpwan::LoraGateway::SirMatrix", "lora.sir_matrix"},
        {"ns3::lpwan::LpwanEnergyModel::BasePower", "devices.base_power_w"},
        {"ns3::lpwan::NbiotEnb::AntennaGain", "nbiot.antenna_gain_db"},
        {"ns3::lpwan::NbiotEnb::CoreDelay", "nbiot.core_delay_s"},
        {"ns3::lpwan::NbiotEnb::Deployment", "nbiot.deployment"},
        {"ns3::lpwan::NbiotEnb::EarlyData", "nbiot.early_data"},
        {"ns3::lpwan::NbiotEnb::FadingMargin", "nbiot.fading_margin_db"},
        {"ns3::lpwan::NbiotEnb::FadingSigma", "nbiot.fading_sigma_db"},
        {"ns3::lpwan::NbiotEnb::InactivityTime", "nbiot.inactivity_s"},
        {"ns3::lpwan::NbiotEnb::PenetrationLoss", "nbiot.building_loss_db"},
        {"ns3::lpwan::NbiotEnb::ShadowingSigma", "nbiot.shadowing_sigma_db"},
        {"ns3::lpwan::NbiotEnb::TargetBler", "nbiot.target_bler"},
        {"ns3::lpwan::NbiotUe::ActiveTime", "nbiot.active_time_s"},
        {"ns3::lpwan::NbiotUe::Category", "nbiot.category"},
        {"ns3::lpwan::NbiotUe::CdrxCycle", "nbiot.cdrx_cycle_s"},
        {"ns3::lpwan::NbiotUe::EdrxCycle", "nbiot.edrx_cycle_s"},
        {"ns3::lpwan::NbiotUe::HarqProcesses", "nbiot.category"},
        {"ns3::lpwan::NbiotUe::Mode", "nbiot.rlc_mode"},
        {"ns3::lpwan::NbiotUe::Modem", "nbiot.modem"},
        {"ns3::lpwan::NbiotUe::Mtu", "nbiot.fragment_bytes"},
        {"ns3::lpwan::NbiotUe::MultiTone", "nbiot.multi_tone"},
        {"ns3::lpwan::NbiotUe::OnDuration", "nbiot.on_duration_s"},
        {"ns3::lpwan::NbiotUe::PacketOverhead", "nbiot.packet_overhead_bytes"},
        {"ns3::lpwan::NbiotUe::PagingCycle", "nbiot.paging_cycle_s"},
        {"ns3::lpwan::NbiotUe::PagingTimeWindow", "nbiot.paging_window_s"},
        {"ns3::lpwan::NbiotUe::ReleaseAssistance", "nbiot.release_assistance"},
        {"ns3::lpwan::NbiotUe::TxPower", "nbiot.tx_power_dbm"},
        {"ns3::lpwan::NetworkServer::BackhaulDelay", "lora.backhaul_delay_s"},
        {"ns3::lpwan::NetworkServer::Region", "lora.region"},
        {"ns3::lpwan::PeriodicTraffic::PayloadBytes",
         "traffic.payload_bytes or meter.payload_bytes"},
        {"ns3::lpwan::PeriodicTraffic::Period", "traffic.period_s or meter.period_s"},
    };
    const auto found = keys.find(name);
    return found == keys.end() ? "" : found->second;
}

/**
 * \return whether an attribute takes a value. ns-3 3.37 ends the program for many that it cannot
 * read, whatever their type ("8 x" as a number, an unknown type in a pointer's text), so a child
 * process tries.
 */
bool
Takes(const std::string& name,
      const TypeId::AttributeInformation& attribute,
      const std::string& value)
{
    const std::string type = attribute.checker->GetValueTypeName();
    if (type == "ns3::UintegerValue" && value.find('-') != std::string::npos)
    {
        return false; // it would wrap around
    }
    if (type == "ns3::StringValue" && !attribute.checker->Check(StringValue(value)))
    {
        return false; // ns-3 would read it again as text
    }
    std::fflush(nullptr); // or the child writes it as well
    std::cout.flush();
    const pid_t child = fork();
    if (child < 0)
    {
        throw limitnet::Error(std::string("no process can be started: ") + std::strerror(errno));
    }
    if (child == 0)
    {
        std::cerr.rdbuf(nullptr); // what ns-3 says before it ends the program
        std::set_terminate([] { std::_Exit(1); });
        std::_Exit(Config::SetDefaultFailSafe(name, StringValue(value)) ? 0 : 1);
    }
    int status = 1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    {
    }
    return status == 0;
}

/** \return what an attribute wants, such as "uint16_t 1:64" */
std::string
Wanted(const TypeId::AttributeInformation& attribute)
{
    const std::string underlying = attribute.checker->HasUnderlyingTypeInformation()
                                       ? attribute.checker->GetUnderlyingTypeInformation()
                                       : attribute.checker->GetValueTypeName();
    return underlying + " (" + attribute.help + ")";
}

} // namespace

void
BeginRun(const limitnet::ScenarioValues& values)
{
    RngSeedManager::SetSeed(static_cast<uint32_t>(values.Int("seed")));
    RngSeedManager::SetRun(static_cast<uint64_t>(values.Int("run")));
    for (const auto& [name, value] : values.Free("attributes"))
    {
        const std::string full = name.rfind("ns3::", 0) == 0 ? name : "ns3::" + name;
        const std::string key = "attributes." + name;
        const std::string what = values.Where(key) + key + " = " + value;
        const auto attribute = FindAttribute(full);
        if (!attribute)
        {
            throw limitnet::Error(what + ": ns-3 has no such attribute");
        }
        if (!Takes(full, *attribute, value))
        {
            throw limitnet::Error(what + ": ns-3 does not take this value; has to be " +
                                  Wanted(*attribute));
        }
        if (const auto setter = KeyThatSets(full); !setter.empty())
        {
            throw limitnet::Error(what + ": would have no effect, since the scenario sets it by " +
                                  setter + "; use that");
        }
        Config::SetDefault(full, StringValue(value));
    }
}

NodeContainer
PlaceGateways(const limitnet::ScenarioValues& values,
              const std::string& countKey,
              const std::string& positionsKey)
{
    const auto count = static_cast<uint32_t>(values.Int(countKey));
    if (!values.Text(positionsKey).empty())
    {
        const auto positions = ReadPositions(values, positionsKey);
        NodeContainer nodes(static_cast<uint32_t>(positions.size()));
        for (uint32_t i = 0; i < nodes.GetN(); ++i)
        {
            Stand(nodes.Get(i), positions[i].x, positions[i].y, GATEWAY_HEIGHT_M);
        }
        return nodes;
    }
    const double radiusM = values.Real("devices.radius_m");
    NodeContainer nodes(count);
    Stand(nodes.Get(0), 0, 0, GATEWAY_HEIGHT_M);
    for (uint32_t i = 1; i < count; ++i)
    {
        const double angle = 2 * M_PI * (i - 1) / (count - 1);
        Stand(nodes.Get(i),
              radiusM / 2 * std::cos(angle),
              radiusM / 2 * std::sin(angle),
              GATEWAY_HEIGHT_M);
    }
    return nodes;
}

DevicePlacer::DevicePlacer(int64_t stream, int64_t walkStream)
    : m_radius(CreateObject<UniformRandomVariable>()),
      m_angle(CreateObject<UniformRandomVariable>()),
      m_walkStream(walkStream)
{
    m_radius->SetStream(stream);
    m_angle->SetStream(stream + 1);
}

NodeContainer
DevicePlacer::Place(const limitnet::ScenarioValues& group)
{
    const double radiusM = group.Real("devices.radius_m");
    const double centerX = group.Real("devices.center_x_m");
    const double centerY = group.Real("devices.center_y_m");
    const std::string& placement = group.Text("devices.placement");
    auto count = static_cast<uint32_t>(group.Int("devices.count"));
    std::vector<limitnet::Position> positions;
    if (placement == "list")
    {
        if (group.Text("devices.positions").empty())
        {
            throw limitnet::Error(group.Where("devices.placement") +
                                  "devices.placement = list needs devices.positions: places in "
                                  "metres, such as 0,0; 1500,-200, or a CSV file");
        }
        positions = ReadPositions(group, "devices.positions");
        count = static_cast<uint32_t>(positions.size());
    }
    else if (!group.Text("devices.positions").empty())
    {
        throw limitnet::Error(group.Where("devices.positions") +
                              "devices.positions is for devices.placement = list, not " +
                              placement);
    }
    else if (placement == "grid")
    {
        positions = Grid(count, radiusM);
    }
    else
    {
        for (uint32_t i = 0; i < count; ++i)
        {
            // The square root makes the density uniform over the disc's area.
            const double distance = radiusM * std::sqrt(m_radius->GetValue(0, 1));
            const double angle = m_angle->GetValue(0, 2 * M_PI);
            positions.push_back({distance * std::cos(angle), distance * std::sin(angle)});
        }
    }
    NodeContainer nodes(count);
    const double speed = group.Real("devices.speed_m_s");
    for (uint32_t i = 0; i < count; ++i)
    {
        const double x = positions[i].x + (placement == "list" ? 0 : centerX);
        const double y = positions[i].y + (placement == "list" ? 0 : centerY);
        if (speed > 0)
        {
            m_walkStream +=
                Walk(nodes.Get(i), {x, y}, {centerX, centerY}, radiusM, speed, m_walkStream);
        }
        else
        {
            Stand(nodes.Get(i), x, y, DEVICE_HEIGHT_M);
        }
    }
    return nodes;
}

bool
IsOnLink(const limitnet::ScenarioValues& group, const std::string& link)
{
    return !group.Has("devices.link") || group.Text("devices.link") == link ||
           group.Text("devices.link") == "both";
}

Ptr<LpwanEnergyModel>
AddBattery(Ptr<LpwanNetDevice> device, double joule, double basePowerW)
{
    constexpr double INTERVAL_S = 600; // for what devices tell of it
    const auto battery = CreateObject<BasicEnergySource>();
    battery->SetInitialEnergy(joule);
    battery->SetAttribute("BasicEnergyLowBatteryThreshold",
                          DoubleValue(LpwanEnergyModel::EMPTY_FRACTION));
    battery->SetEnergyUpdateInterval(Seconds(INTERVAL_S));
    battery->SetNode(device->GetNode());
    device->GetNode()->AggregateObject(battery);
    const auto model = InstallEnergyModel(device, battery);
    model->SetAttribute("BasePower", DoubleValue(basePowerW));
    model->SetMcuPower(0); // takes the base power up
    return model;
}

} // namespace lpwan
} // namespace ns3
