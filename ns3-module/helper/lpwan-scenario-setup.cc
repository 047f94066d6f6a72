// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-scenario-setup.h"

#include "limitnet/codec/error.h"

#include "ns3/basic-energy-source.h"
#include "ns3/config.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/random-variable-stream.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/string.h"
#include "ns3/type-id.h"

#include <cmath>

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
Place(Ptr<Node> node, double x, double y, double z)
{
    const auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, y, z));
    node->AggregateObject(mobility);
}

/**
 * \return whether an attribute is a text whose rule forbids a value. ns-3 3.37 reads such a value
 * again as text, and aborts when it has a blank.
 */
bool
IsRefusedText(const std::string& name, const std::string& value)
{
    const auto colons = name.rfind("::");
    TypeId type;
    TypeId::AttributeInformation attribute;
    return colons != std::string::npos &&
           TypeId::LookupByNameFailSafe(name.substr(0, colons), &type) &&
           type.LookupAttributeByName(name.substr(colons + 2), &attribute) &&
           attribute.checker->GetValueTypeName() == "ns3::StringValue" &&
           !attribute.checker->Check(StringValue(value));
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
        if (IsRefusedText(full, value) || !Config::SetDefaultFailSafe(full, StringValue(value)))
        {
            throw limitnet::Error("attributes." + name + " = " + value +
                                  ": ns-3 has no such attribute, or it does not take this value");
        }
    }
}

NodeContainer
PlaceGateways(uint32_t count, double radiusM)
{
    NodeContainer nodes(count);
    Place(nodes.Get(0), 0, 0, GATEWAY_HEIGHT_M);
    for (uint32_t i = 1; i < count; ++i)
    {
        const double angle = 2 * M_PI * (i - 1) / (count - 1);
        Place(nodes.Get(i),
              radiusM / 2 * std::cos(angle),
              radiusM / 2 * std::sin(angle),
              GATEWAY_HEIGHT_M);
    }
    return nodes;
}

NodeContainer
PlaceDevices(uint32_t count, double radiusM, int64_t stream)
{
    NodeContainer nodes(count);
    const auto radiusVariable = CreateObject<UniformRandomVariable>();
    const auto angleVariable = CreateObject<UniformRandomVariable>();
    radiusVariable->SetStream(stream);
    angleVariable->SetStream(stream + 1);
    for (uint32_t i = 0; i < count; ++i)
    {
        // The square root makes the density uniform over the disc's area.
        const double distance = radiusM * std::sqrt(radiusVariable->GetValue(0, 1));
        const double angle = angleVariable->GetValue(0, 2 * M_PI);
        Place(nodes.Get(i),
              distance * std::cos(angle),
              distance * std::sin(angle),
              DEVICE_HEIGHT_M);
    }
    return nodes;
}

Ptr<LpwanEnergyModel>
AddBattery(Ptr<LpwanNetDevice> device, double joule, double basePowerW)
{
    constexpr double INTERVAL_S = 600;
    const auto battery = CreateObject<BasicEnergySource>();
    battery->SetInitialEnergy(joule);
    battery->SetAttribute("BasicEnergyLowBatteryThreshold", DoubleValue(0));
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
