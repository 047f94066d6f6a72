// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-network.h"

#include "limitnet/codec/error.h"
#include "lpwan-scenario-setup.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <locale>
#include <sstream>

namespace ns3
{
namespace lpwan
{

namespace
{

// First stream of each part; each part takes far fewer than the distance.
constexpr int64_t POSITION_STREAM = 1;
constexpr int64_t LORA_STREAM = 1000;
constexpr int64_t WALK_STREAM = 3000000;

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
    lora.SetSpreadingFactorSensitivity(Sensitivity(values, "lora.sf_sensitivity"));
}

/** Sets up the devices of a group, which are installed next. */
void
SetUpDevices(const limitnet::ScenarioValues& group, LoraHelper& lora)
{
    const std::string& sf = group.Text("lora.sf");
    const std::string& region = group.Text("lora.region");
    const auto factors = LoraRegion::Get(region).SpreadingFactors();
    if (sf != "auto" && std::find(factors.begin(), factors.end(), std::stoi(sf)) == factors.end())
    {
        throw limitnet::Error("lora.sf = " + sf + ": uplinks in " + region + " have SF" +
                              std::to_string(int{factors.front()}) + " to SF" +
                              std::to_string(int{factors.back()}) + " at 125 kHz");
    }
    if (group.Int("lora.operator") > group.Int("lora.operators"))
    {
        throw limitnet::Error("lora.operator = " + group.Text("lora.operator") +
                              ": lora.operators is " + group.Text("lora.operators"));
    }
    lora.SetDeviceAttribute("NetId",
                            UintegerValue(static_cast<uint64_t>(group.Int("lora.operator") - 1)));
    lora.SetDeviceAttribute("TxPower", DoubleValue(group.Real("lora.tx_power_dbm")));
    lora.SetDeviceAttribute("PenetrationLoss", DoubleValue(group.Real("lora.building_loss_db")));
    lora.SetOtaa(group.Text("lora.activation") == "otaa");
    lora.SetDeviceAttribute("Class", StringValue(group.Text("lora.class")));
    lora.SetDeviceAttribute("Adr", BooleanValue(group.Bool("lora.adr")));
    lora.SetDeviceAttribute("Confirmed", BooleanValue(group.Bool("lora.confirmed")));
}

} // namespace

LoraNetwork
BuildLoraNetwork(const limitnet::ScenarioValues& values, LoraHelper& helper)
{
    SetUp(values, helper);
    LoraNetwork network;
    network.gateways = PlaceGateways(values, "lora.gateways", "lora.gateway_positions");
    const auto operators = static_cast<uint32_t>(values.Int("lora.operators"));
    if (operators > network.gateways.GetN())
    {
        throw limitnet::Error("lora.operators = " + std::to_string(operators) + ": there are " +
                              std::to_string(network.gateways.GetN()) + " gateways");
    }
    for (uint32_t i = 0; i < network.gateways.GetN(); ++i)
    {
        helper.SetGatewayAttribute("NetId", UintegerValue(i % operators));
        helper.InstallGateways(NodeContainer(network.gateways.Get(i)));
    }

    const auto groups = values.Groups();
    std::vector<NetDeviceContainer> devices(groups.size());
    DevicePlacer placer(POSITION_STREAM, WALK_STREAM);
    for (std::size_t g = 0; g < groups.size(); ++g)
    {
        const auto& group = groups[g].second;
        if (!IsOnLink(group, "lora"))
        {
            continue;
        }
        SetUpDevices(group, helper);
        const auto nodes = placer.Place(group);
        devices[g] = helper.Install(nodes);
        network.nodes.Add(nodes);
        network.devices.Add(devices[g]);
        network.groups.insert(network.groups.end(), nodes.GetN(), g);
    }
    helper.AssignStreams(LORA_STREAM);
    for (std::size_t g = 0; g < groups.size(); ++g)
    {
        const auto& group = groups[g].second;
        const std::string& sf = group.Text("lora.sf");
        if (sf != "auto")
        {
            LoraHelper::SetSpreadingFactor(devices[g], static_cast<uint8_t>(std::stoi(sf)));
            continue;
        }
        helper.SetSpreadingFactorMargin(group.Real("lora.sf_margin_db"));
        const auto plan = helper.AssignSpreadingFactors(devices[g]);
        network.plan.outOfRange += plan.outOfRange;
        for (std::size_t i = 0; i < plan.count.size(); ++i)
        {
            network.plan.count[i] += plan.count[i];
        }
    }
    return network;
}

} // namespace lpwan
} // namespace ns3
