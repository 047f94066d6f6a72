// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-network.h"

#include "limitnet/codec/error.h"
#include "lpwan-scenario-setup.h"

#include "ns3/propagation-loss-model.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <string>

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

const std::string CHANNEL = "ns3::lpwan::LoraChannel";
const std::string DEVICE = "ns3::lpwan::LoraEndDevice";
const std::string GATEWAY = "ns3::lpwan::LoraGateway";
const std::string SERVER = "ns3::lpwan::NetworkServer";

const std::string LOG_DISTANCE = "ns3::LogDistancePropagationLossModel";

/** \return the text, checked; \param key of the scenario */
std::string
Sensitivity(const limitnet::ScenarioValues& values, const std::string& key)
{
    const std::string& text = values.Text(key);
    if (!LoraSensitivity::Parse(text))
    {
        throw limitnet::Error(values.Where(key) + key + " = " + text + ": must be " +
                              LoraSensitivity::Expected());
    }
    return text;
}

/** Says where a path loss is used outside the heights that it was made for. */
void
WarnOfHeights(const limitnet::ScenarioValues& values)
{
    // M. Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE Trans.
    // Veh. Technol. 29(3), 1980.
    constexpr std::array<double, 2> BASE_M{30, 200};
    constexpr std::array<double, 2> MOBILE_M{1, 10};
    if (values.Text("lora.propagation") != "okumura-hata")
    {
        return;
    }
    const auto isOutside = [](const limitnet::ScenarioValues& group,
                              const char* key,
                              const std::array<double, 2>& range) {
        return group.Real(key) < range[0] || group.Real(key) > range[1];
    };
    std::string what;
    if (isOutside(values, "lora.gateway_height_m", BASE_M))
    {
        what = "gateways at 30 to 200 m, not lora.gateway_height_m = " +
               values.Text("lora.gateway_height_m");
    }
    for (const auto& [name, group] : values.Groups())
    {
        if (IsOnLink(group, "lora") && isOutside(group, "devices.height_m", MOBILE_M))
        {
            what += (what.empty() ? "" : ", and for ") + std::string("devices at 1 to 10 m, not ") +
                    (name.empty() ? "" : "group." + name + '.') +
                    "devices.height_m = " + group.Text("devices.height_m");
        }
    }
    if (!what.empty())
    {
        std::cerr << "warning: " << values.Where("lora.propagation")
                  << "lora.propagation = okumura-hata is for " << what << '\n';
    }
}

void
SetUp(const limitnet::ScenarioValues& values, LoraHelper& lora)
{
    Sensitivity(values, "lora.gateway_sensitivity");
    const auto& table = LoraAttributes();
    SetBoundAttributes(table, CHANNEL, values, [&](const auto& name, const auto& value) {
        lora.SetChannelAttribute(name, value);
    });
    SetBoundAttributes(table, GATEWAY, values, [&](const auto& name, const auto& value) {
        lora.SetGatewayAttribute(name, value);
    });
    SetBoundAttributes(table, SERVER, values, [&](const auto& name, const auto& value) {
        lora.SetServerAttribute(name, value);
    });
    const std::string& propagation = values.Text("lora.propagation");
    if (propagation == "log-distance")
    {
        const auto loss = CreateObject<LogDistancePropagationLossModel>();
        SetBoundAttributes(table, LOG_DISTANCE, values, [&](const auto& name, const auto& value) {
            loss->SetAttribute(name, value);
        });
        lora.SetPropagationLossModel(loss);
    }
    else
    {
        lora.SetPropagationPreset(propagation);
    }
    lora.SetSpreadingFactorSensitivity(Sensitivity(values, "lora.sf_sensitivity"));
    WarnOfHeights(values);
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
    SetBoundAttributes(LoraAttributes(), DEVICE, group, [&](const auto& name, const auto& value) {
        lora.SetDeviceAttribute(name, value);
    });
    lora.SetOtaa(group.Text("lora.activation") == "otaa");
}

} // namespace

const AttributeBindings&
LoraAttributes()
{
    const std::string channel = CHANNEL + "::";
    const std::string device = DEVICE + "::";
    const std::string gateway = GATEWAY + "::";
    const std::string server = SERVER + "::";
    const std::string logDistance = LOG_DISTANCE + "::";
    const std::string hata = "ns3::OkumuraHataPropagationLossModel::";
    const std::map<std::string, std::string> matrices{{"goursaud", "Goursaud"},
                                                      {"croce", "Croce"},
                                                      {"orthogonal", "Orthogonal"}};
    const std::map<std::string, std::string> errors{{"threshold", "Threshold"}, {"curve", "Curve"}};
    static const AttributeBindings table{
        {CHANNEL, DEVICE, GATEWAY, SERVER},
        {
            BindElsewhere(channel + "PropagationLossModel", "lora.propagation"),
            BindReal(channel + "ShadowingSigma", "lora.shadowing_sigma_db"),
            BindReal(channel + "ShadowingCorrelationDistance", "lora.shadowing_correlation_m"),
            BindChoice(channel + "DownlinkSirMatrix", "lora.sir_matrix", matrices),
            BindChoice(channel + "DownlinkErrorModel", "lora.error_model", errors),
            BindReal(logDistance + "Exponent", "lora.path_loss_exponent"),
            BindReal(logDistance + "ReferenceDistance", "lora.path_loss_reference_distance_m"),
            BindReal(logDistance + "ReferenceLoss", "lora.path_loss_reference_db"),
            // "okumura-hata" and "oulu" are presets of LoraHelper
            BindElsewhere(hata + "Frequency", "lora.propagation"),
            BindElsewhere(hata + "Environment", "lora.propagation"),
            BindElsewhere(hata + "CitySize", "lora.propagation"),
            BindText(gateway + "Region", "lora.region"),
            BindChoice(gateway + "SirMatrix", "lora.sir_matrix", matrices),
            BindChoice(gateway + "ErrorModel", "lora.error_model", errors),
            BindText(gateway + "Sensitivity", "lora.gateway_sensitivity"),
            BindReal(gateway + "NoiseFigure", "lora.noise_figure_db"),
            // a text there: a number, or the matrix's own
            BindText(gateway + "CaptureThreshold", "lora.capture_db"),
            BindReal(gateway + "RandomLoss", "lora.extra_loss"),
            BindElsewhere(gateway + "NetId", "lora.operators"), // one after the other
            BindText(server + "Region", "lora.region"),
            BindSeconds(server + "BackhaulDelay", "lora.backhaul_delay_s"),
            BindText(device + "Region", "lora.region"),
            {device + "SubBand",
             "lora.sub_band",
             [](const auto& values) -> Ptr<AttributeValue> {
                 if (!LoraRegion::Get(values.Text("lora.region")).fixedChannels)
                 {
                     return nullptr;
                 }
                 return Create<UintegerValue>(static_cast<uint64_t>(values.Int("lora.sub_band")));
             }},
            {device + "NetId",
             "lora.operator",
             [](const auto& values) -> Ptr<AttributeValue> {
                 const auto number = static_cast<uint64_t>(values.Int("lora.operator"));
                 return Create<UintegerValue>(number - 1);
             }},
            BindReal(device + "TxPower", "lora.tx_power_dbm"),
            BindReal(device + "PenetrationLoss", "lora.building_loss_db"),
            BindText(device + "Class", "lora.class"),
            BindFlag(device + "Adr", "lora.adr"),
            BindFlag(device + "Confirmed", "lora.confirmed"),
            BindElsewhere(device + "DataRate", "lora.sf"), // once all are there
        }};
    return table;
}

LoraNetwork
BuildLoraNetwork(const limitnet::ScenarioValues& values, LoraHelper& helper)
{
    SetUp(values, helper);
    LoraNetwork network;
    network.gateways =
        PlaceGateways(values, "lora.gateways", "lora.gateway_positions", "lora.gateway_height_m");
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
