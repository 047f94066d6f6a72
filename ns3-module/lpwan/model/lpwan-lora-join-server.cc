// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-join-server.h"

#include "ns3/log.h"

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanLoraJoinServer");

namespace
{

/** NetID for experiments. */
constexpr uint32_t NET_ID = 1;

} // namespace

void
LoraJoinServer::Register(uint64_t devEui, const LoraOtaaDevice& device)
{
    m_devices[devEui] = {device, std::nullopt};
}

void
LoraJoinServer::Clear()
{
    m_devices.clear();
}

std::optional<ServerRejection>
LoraJoinServer::Check(const std::vector<uint8_t>& bytes, LoraJoinRequest& request) const
{
    const auto parsed = LoraJoinRequest::Parse(bytes.data(), bytes.size());
    if (!parsed)
    {
        return ServerRejection::MALFORMED;
    }
    const auto found = m_devices.find(parsed->devEui);
    if (found == m_devices.end())
    {
        return ServerRejection::UNKNOWN_DEVICE;
    }
    if (!LoraJoinRequest::CheckMic(found->second.device.appKey, bytes.data()))
    {
        return ServerRejection::BAD_MIC;
    }
    request = *parsed;
    return std::nullopt;
}

bool
LoraJoinServer::IsLast(const LoraJoinRequest& request) const
{
    return m_devices.at(request.devEui).lastNonce == request.devNonce;
}

bool
LoraJoinServer::TakeNonce(const LoraJoinRequest& request)
{
    auto& last = m_devices.at(request.devEui).lastNonce;
    if (last && request.devNonce <= *last)
    {
        return false;
    }
    last = request.devNonce;
    return true;
}

const LoraOtaaDevice&
LoraJoinServer::Get(uint64_t devEui) const
{
    return m_devices.at(devEui).device;
}

LoraJoinAnswer
LoraJoinServer::Answer(uint64_t devEui, const LoraRegion& region)
{
    const Known& known = m_devices.at(devEui);
    LoraJoinAccept accept;
    accept.joinNonce = ++m_joinNonce;
    accept.netId = NET_ID;
    accept.devAddr = known.device.devAddr;
    accept.rx2DataRate = region.rx2DataRate;
    NS_LOG_INFO("lets device " << accept.devAddr << " in, DevNonce " << *known.lastNonce);
    return {accept.Serialize(known.device.appKey),
            DeriveJoinKeys(known.device.appKey, accept.joinNonce, NET_ID, *known.lastNonce)};
}

} // namespace lpwan
} // namespace ns3
