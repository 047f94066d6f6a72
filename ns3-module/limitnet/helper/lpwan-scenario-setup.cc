// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-scenario-setup.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/number-columns.h"

#include "ns3/basic-energy-source.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/position-allocator.h"
#include "ns3/random-variable-stream.h"
#include "ns3/random-waypoint-mobility-model.h"
#include "ns3/rng-seed-manager.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

namespace
{

void
Stand(Ptr<Node> node, double x, double y, double z)
{
    const auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, y, z));
    node->AggregateObject(mobility);
}

/** Lets a device walk on the disc of its group. \return random streams taken */
int64_t
Walk(Ptr<Node> node,
     const limitnet::Position& from,
     const limitnet::ScenarioValues& group,
     int64_t stream)
{
    const auto make = [&group](const std::string& className) {
        ObjectFactory factory(className);
        SetBoundAttributes(CommonAttributes(),
                           className,
                           group,
                           [&](const auto& name, auto& value) { factory.Set(name, value); });
        return factory;
    };
    const auto places = make("ns3::UniformDiscPositionAllocator").Create<PositionAllocator>();
    auto factory = make("ns3::RandomWaypointMobilityModel");
    factory.Set("PositionAllocator", PointerValue(places));
    const auto mobility = factory.Create<MobilityModel>();
    mobility->SetPosition(Vector(from.x, from.y, group.Real("devices.height_m")));
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

/** \return a time in the largest unit of which it has one */
std::string
InLargestUnit(double seconds)
{
    constexpr std::array<std::pair<double, const char*>, 3> UNITS{
        {{86400, "days"}, {3600, "hours"}, {60, "minutes"}}};
    std::ostringstream text;
    text << std::fixed << std::setprecision(1);
    for (const auto& [length, name] : UNITS)
    {
        if (seconds >= length)
        {
            text << seconds / length << ' ' << name;
            return text.str();
        }
    }
    text << seconds << " seconds";
    return text.str();
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

} // namespace

const AttributeBindings&
CommonAttributes()
{
    const std::string battery = BasicEnergySource::GetTypeId().GetName() + "::";
    const std::string disc = "ns3::UniformDiscPositionAllocator::";
    const std::string walk = "ns3::RandomWaypointMobilityModel::";
    const auto always = [](const std::string& attribute, const Ptr<AttributeValue>& value) {
        return AttributeBinding{attribute, "", [value](const auto& /* values */) { return value; }};
    };
    // made for each walk, not for the table: an object of ns-3 does not outlive its simulation
    const auto constant = [](double number) {
        const auto variable = CreateObject<ConstantRandomVariable>();
        variable->SetAttribute("Constant", DoubleValue(number));
        return Create<PointerValue>(variable);
    };
    constexpr double INTERVAL_S = 600; // for what devices tell of it
    static const AttributeBindings table{
        {"ns3::lpwan::LpwanEnergyModel", "ns3::RandomVariableStream"},
        {
            BindReal("ns3::lpwan::LpwanEnergyModel::BasePower", "devices.base_power_w"),
            BindReal(battery + "BasicEnergySourceInitialEnergyJ", "devices.battery_j"),
            always(battery + "BasicEnergyLowBatteryThreshold",
                   Create<DoubleValue>(LpwanEnergyModel::EMPTY_FRACTION)),
            always(battery + "PeriodicEnergyUpdateInterval",
                   Create<TimeValue>(Seconds(INTERVAL_S))),
            BindReal(disc + "rho", "devices.radius_m"),
            BindReal(disc + "X", "devices.center_x_m"),
            BindReal(disc + "Y", "devices.center_y_m"),
            BindReal(disc + "Z", "devices.height_m"),
            {walk + "Speed",
             "devices.speed_m_s",
             [constant](const auto& values) -> Ptr<AttributeValue> {
                 return constant(values.Real("devices.speed_m_s"));
             }},
            {walk + "Pause",
             "",
             [constant](const auto& /* values */) -> Ptr<AttributeValue> { return constant(0); }},
            BindElsewhere(walk + "PositionAllocator", "devices.radius_m"),
            BindElsewhere("ns3::MobilityModel::Position", "devices.placement"),
            BindElsewhere("ns3::RandomVariableStream::Stream", "seed"),
        }};
    return table;
}

void
BeginRun(const limitnet::ScenarioValues& values, std::vector<AttributeBindings> tables)
{
    RngSeedManager::SetSeed(static_cast<uint32_t>(values.Int("seed")));
    RngSeedManager::SetRun(static_cast<uint64_t>(values.Int("run")));
    tables.push_back(CommonAttributes());
    SetAttributeDefaults(values, tables);
}

NodeContainer
PlaceGateways(const limitnet::ScenarioValues& values,
              const std::string& countKey,
              const std::string& positionsKey,
              const std::string& heightKey)
{
    const auto count = static_cast<uint32_t>(values.Int(countKey));
    const double heightM = values.Real(heightKey);
    if (!values.Text(positionsKey).empty())
    {
        const auto positions = ReadPositions(values, positionsKey);
        NodeContainer nodes(static_cast<uint32_t>(positions.size()));
        for (uint32_t i = 0; i < nodes.GetN(); ++i)
        {
            Stand(nodes.Get(i), positions[i].x, positions[i].y, heightM);
        }
        return nodes;
    }
    const double radiusM = values.Real("devices.radius_m");
    NodeContainer nodes(count);
    Stand(nodes.Get(0), 0, 0, heightM);
    for (uint32_t i = 1; i < count; ++i)
    {
        const double angle = 2 * M_PI * (i - 1) / (count - 1);
        Stand(nodes.Get(i), radiusM / 2 * std::cos(angle), radiusM / 2 * std::sin(angle), heightM);
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
            m_walkStream += Walk(nodes.Get(i), {x, y}, group, m_walkStream);
        }
        else
        {
            Stand(nodes.Get(i), x, y, group.Real("devices.height_m"));
        }
    }
    return nodes;
}

bool
IsOnLink(const limitnet::ScenarioValues& group, const std::string& link)
{
    if (!group.Has("devices.link"))
    {
        return true;
    }
    const std::string& wanted = group.Text("devices.link");
    return wanted == link || wanted == "both" || wanted == "all";
}

Ptr<LpwanEnergyModel>
AddBattery(Ptr<LpwanNetDevice> device, const limitnet::ScenarioValues& group)
{
    const auto& table = CommonAttributes();
    const auto battery = CreateObject<BasicEnergySource>();
    const auto set = [&](const std::string& name, const AttributeValue& value) {
        battery->SetAttribute(name, value);
    };
    SetBoundAttributes(table, BasicEnergySource::GetTypeId().GetName(), group, set);
    battery->SetNode(device->GetNode());
    device->GetNode()->AggregateObject(battery);
    const auto model = InstallEnergyModel(device, battery);
    SetBoundAttributes(table,
                       "ns3::lpwan::LpwanEnergyModel",
                       group,
                       [&](const std::string& name, const AttributeValue& value) {
                           model->SetAttribute(name, value);
                       });
    model->SetMcuPower(0); // takes the base power up
    return model;
}

void
EnergyOfDevices::AddRadio(Ptr<LpwanNetDevice> device)
{
    sendingJ += device->GetEnergyJoule(RadioState::TX);
    listeningJ += device->GetEnergyJoule(RadioState::RX) +
                  device->GetEnergyJoule(RadioState::LIGHT_SLEEP) +
                  device->GetEnergyJoule(RadioState::DRX);
    sleepingRadioJ += device->GetEnergyJoule(RadioState::SLEEP);
}

void
PrintEnergyOfADay(const std::string& who, const EnergyOfDevices& energy, std::ostream& out)
{
    constexpr double DAY_S = 86400;
    std::vector<std::pair<double, std::string>> parts{
        {energy.sleepingMcuJ, "microcontroller asleep"},
        {energy.encodingJ, "encoding"},
        {energy.picturesJ, "taking pictures"},
        {energy.sendingJ, "radio sending"},
        {energy.listeningJ, "radio listening"},
        {energy.sleepingRadioJ, "radio asleep"},
        {energy.baseJ, "base power"}};
    const double allJ = std::accumulate(parts.begin(), parts.end(), 0.0, [](double sum, auto part) {
        return sum + part.first;
    });
    if (!(energy.onS > 0) || !(allJ > 0))
    {
        return; // no such device, or none that was on
    }
    std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
        return a.first > b.first;
    });
    std::ostringstream line;
    const auto aDay = [&](double joule) {
        constexpr double LARGE = 1000; // from here on without decimals
        const double number = joule / energy.onS * DAY_S;
        line << (number < LARGE ? std::defaultfloat : std::fixed)
             << std::setprecision(number < LARGE ? 4 : 0) << number << " J";
    };
    line << "energy of a " << who << " in a day: ";
    aDay(allJ);
    const char* separator = ": ";
    for (const auto& [joule, what] : parts)
    {
        if (joule > 0)
        {
            line << separator;
            aDay(joule);
            line << ' ' << what;
            separator = ", ";
        }
    }
    if (energy.batteryJ > 0)
    {
        line << "; a battery of " << std::defaultfloat << std::setprecision(10) << energy.batteryJ
             << " J lasts " << InLargestUnit(energy.batteryJ / (allJ / energy.onS));
    }
    out << line.str() << '\n';
}

} // namespace lpwan
} // namespace ns3
