// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-network.h"

#include "limitnet/codec/error.h"

#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>

namespace ns3
{
namespace lpwan
{

namespace
{

// Heights over ground of the antennas: a gateway on a mast, a device at hand height.
constexpr double GATEWAY_HEIGHT_M = 15;
constexpr double DEVICE_HEIGHT_M = 1;

// First stream of each part; each part takes far fewer than the distance.
constexpr int64_t POSITION_STREAM = 1;
constexpr int64_t LORA_STREAM = 1000;

void
Place(Ptr<Node> node, double x, double y, double z)
{
    const auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(Vector(x, y, z));
    node->AggregateObject(mobility);
}

/** \return the name of a choice as attributes spell it: the first letter a capital */
std::string
Capitalised(std::string name)
{
    if (!name.empty() && name[0] >= 'a' && name[0] <= 'z')
    {
        name[0] = static_cast<char>(name[0] - 'a' + 'A');
    }
    return name;
}

/** \return the text, checked; \param key of the scenario */
std::string
Sensitivity(const limitnet::ScenarioValues& values, const std::string& key)
{
    const std::string& text = values.Text(key);
    if (!LoraSensitivity::Parse(text))
    {
        throw limitnet::Error(key + " = " + text + ": must be " + LoraSensitivity::Expected());
    }
    return text;
}

void
SetUp(const limitnet::ScenarioValues& values, LoraHelper& lora)
{
    const std::string& region = values.Text("lora.region");
    lora.SetRegion(region);
    if (LoraRegion::Get(region).fixedChannels)
    {
        lora.SetDeviceAttribute("SubBand",
                                UintegerValue(static_cast<uint64_t>(values.Int("lora.sub_band"))));
    }
    const std::string& propagation = values.Text("lora.propagation");
    if (propagation == "log-distance")
    {
        const auto loss = CreateObject<LogDistancePropagationLossModel>();
        loss->SetPathLossExponent(values.Real("lora.path_loss_exponent"));
        loss->SetReference(values.Real("lora.path_loss_reference_distance_m"),
                           values.Real("lora.path_loss_reference_db"));
        lora.SetPropagationLossModel(loss);
    }
    else
    {
        lora.SetPropagationPreset(propagation);
    }
    lora.SetChannelAttribute("ShadowingSigma", DoubleValue(values.Real("lora.shadowing_sigma_db")));
    lora.SetChannelAttribute("ShadowingCorrelationDistance",
                             DoubleValue(values.Real("lora.shadowing_correlation_m")));
    const std::string matrix = Capitalised(values.Text("lora.sir_matrix"));
    const std::string errorModel = Capitalised(values.Text("lora.error_model"));
    lora.SetChannelAttribute("DownlinkSirMatrix", StringValue(matrix));
    lora.SetChannelAttribute("DownlinkErrorModel", StringValue(errorModel));
    lora.SetGatewayAttribute("SirMatrix", StringValue(matrix));
    lora.SetGatewayAttribute("ErrorModel", StringValue(errorModel));
    lora.SetGatewayAttribute("Sensitivity",
                             StringValue(Sensitivity(values, "lora.gateway_sensitivity")));
    lora.SetGatewayAttribute("NoiseFigure", DoubleValue(values.Real("lora.noise_figure_db")));
    std::ostringstream capture;
    capture.imbue(std::locale::classic());
    capture << values.Real("lora.capture_db");
    lora.SetGatewayAttribute("CaptureThreshold", StringValue(capture.str()));
    lora.SetGatewayAttribute("RandomLoss", DoubleValue(values.Real("lora.extra_loss")));
    lora.SetServerAttribute("BackhaulDelay",
                            TimeValue(Seconds(values.Real("lora.backhaul_delay_s"))));
    lora.SetDeviceAttribute("TxPower", DoubleValue(values.Real("lora.tx_power_dbm")));
    lora.SetDeviceAttribute("PenetrationLoss", DoubleValue(values.Real("lora.building_loss_db")));
    lora.SetOtaa(values.Text("lora.activation") == "otaa");
    lora.SetDeviceAttribute("Class", StringValue(values.Text("lora.class")));
    lora.SetDeviceAttribute("Adr", BooleanValue(values.Bool("lora.adr")));
    lora.SetDeviceAttribute("Confirmed", BooleanValue(values.Bool("lora.confirmed")));
    lora.SetSpreadingFactorMargin(values.Real("lora.sf_margin_db"));
    lora.SetSpreadingFactorSensitivity(Sensitivity(values, "lora.sf_sensitivity"));
}

} // namespace

void
ApplyAttributes(const limitnet::ScenarioValues& values)
{
    for (const auto& [name, value] : values.Free("attributes"))
    {
        const std::string full = name.rfind("ns3::", 0) == 0 ? name : "ns3::" + name;
        if (!Config::SetDefaultFailSafe(full, StringValue(value)))
        {
            throw limitnet::Error("attributes." + name + " = " + value +
                                  ": ns-3 has no such attribute, or it does not take this value");
        }
    }
}

LoraNetwork
BuildLoraNetwork(const limitnet::ScenarioValues& values, LoraHelper& helper)
{
    RngSeedManager::SetSeed(static_cast<uint32_t>(values.Int("seed")));
    RngSeedManager::SetRun(static_cast<uint64_t>(values.Int("run")));

    const std::string& sf = values.Text("lora.sf");
    const auto factors = LoraRegion::Get(values.Text("lora.region")).SpreadingFactors();
    if (sf != "auto" && std::find(factors.begin(), factors.end(), std::stoi(sf)) == factors.end())
    {
        throw limitnet::Error("lora.sf = " + sf + ": uplinks in " + values.Text("lora.region") +
                              " have SF" + std::to_string(int{factors.front()}) + " to SF" +
                              std::to_string(int{factors.back()}) + " at 125 kHz");
    }
    SetUp(values, helper);

    LoraNetwork network;
    const double radius = values.Real("devices.radius_m");
    network.gateways.Create(static_cast<uint32_t>(values.Int("lora.gateways")));
    const uint32_t gateways = network.gateways.GetN();
    Place(network.gateways.Get(0), 0, 0, GATEWAY_HEIGHT_M);
    for (uint32_t i = 1; i < gateways; ++i)
    {
        const double angle = 2 * M_PI * (i - 1) / (gateways - 1);
        Place(network.gateways.Get(i),
              radius / 2 * std::cos(angle),
              radius / 2 * std::sin(angle),
              GATEWAY_HEIGHT_M);
    }

    network.nodes.Create(static_cast<uint32_t>(values.Int("devices.count")));
    const auto radiusVariable = CreateObject<UniformRandomVariable>();
    const auto angleVariable = CreateObject<UniformRandomVariable>();
    radiusVariable->SetStream(POSITION_STREAM);
    angleVariable->SetStream(POSITION_STREAM + 1);
    for (uint32_t i = 0; i < network.nodes.GetN(); ++i)
    {
        // The square root makes the density uniform over the disc's area.
        const double distance = radius * std::sqrt(radiusVariable->GetValue(0, 1));
        const double angle = angleVariable->GetValue(0, 2 * M_PI);
        Place(network.nodes.Get(i),
              distance * std::cos(angle),
              distance * std::sin(angle),
              DEVICE_HEIGHT_M);
    }

    helper.InstallGateways(network.gateways);
    network.devices = helper.Install(network.nodes);
    helper.AssignStreams(LORA_STREAM);
    if (sf == "auto")
    {
        network.plan = helper.AssignSpreadingFactors(network.devices);
    }
    else
    {
        LoraHelper::SetSpreadingFactor(network.devices, static_cast<uint8_t>(std::stoi(sf)));
    }
    return network;
}

} // namespace lpwan
} // namespace ns3
