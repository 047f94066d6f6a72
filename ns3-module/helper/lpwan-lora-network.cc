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

LoraNetwork
BuildLoraNetwork(const limitnet::ScenarioValues& values, LoraHelper& helper)
{
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
    network.gateways = PlaceGateways(static_cast<uint32_t>(values.Int("lora.gateways")), radius);
    network.nodes =
        PlaceDevices(static_cast<uint32_t>(values.Int("devices.count")), radius, POSITION_STREAM);

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
