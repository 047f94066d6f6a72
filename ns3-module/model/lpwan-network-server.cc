// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-network-server.h"

#include "lpwan-lora-frame.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNetworkServer");

NS_OBJECT_ENSURE_REGISTERED(NetworkServer);

namespace
{

/** LoRaWAN's MAX_FCNT_GAP: a counter further ahead than this is not believed. */
constexpr uint16_t MAX_COUNTER_GAP = 16384;

} // namespace

const char*
ToString(ServerRejection reason)
{
    switch (reason)
    {
    case ServerRejection::MALFORMED:
        return "malformed";
    case ServerRejection::UNKNOWN_DEVICE:
        return "unknown_device";
    case ServerRejection::BAD_MIC:
        return "bad_mic";
    case ServerRejection::OLD_COUNTER:
        return "old_counter";
    }
    return "unknown";
}

TypeId
NetworkServer::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::NetworkServer")
            .SetParent<Object>()
            .SetGroupName("Limitnet")
            .AddConstructor<NetworkServer>()
            .AddAttribute("BackhaulDelay",
                          "Time from the gateway to the server.",
                          TimeValue(MilliSeconds(2)),
                          MakeTimeAccessor(&NetworkServer::m_backhaulDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("DeduplicationWindow",
                          "How long the server waits for further copies of a frame.",
                          TimeValue(Time(0)),
                          MakeTimeAccessor(&NetworkServer::m_deduplicationWindow),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Delivered",
                            "A frame was delivered to the application.",
                            MakeTraceSourceAccessor(&NetworkServer::m_deliveredTrace),
                            "ns3::lpwan::NetworkServer::DeliveredTracedCallback")
            .AddTraceSource("Duplicate",
                            "A further copy of a frame arrived: DevAddr, FCnt, gateway.",
                            MakeTraceSourceAccessor(&NetworkServer::m_duplicateTrace),
                            "ns3::lpwan::NetworkServer::DuplicateTracedCallback")
            .AddTraceSource("Rejected",
                            "A frame was refused: gateway's report, reason.",
                            MakeTraceSourceAccessor(&NetworkServer::m_rejectedTrace),
                            "ns3::lpwan::NetworkServer::RejectedTracedCallback");
    return tid;
}

NetworkServer::NetworkServer() = default;

NetworkServer::~NetworkServer() = default;

void
NetworkServer::DoDispose()
{
    m_deliver = DeliverCallback();
    m_sessions.clear();
    m_collecting.clear();
    Object::DoDispose();
}

void
NetworkServer::RegisterDevice(uint32_t devAddr, const LoraSessionKeys& keys)
{
    DeviceSession session;
    session.keys = keys;
    m_sessions[devAddr] = session;
}

void
NetworkServer::AddGateway(Ptr<LoraGateway> gateway)
{
    gateway->SetReportCallback(MakeCallback(&NetworkServer::Report, this));
}

void
NetworkServer::SetDeliverCallback(DeliverCallback callback)
{
    m_deliver = callback;
}

uint64_t
NetworkServer::GetDeliveredFrames() const
{
    return m_delivered;
}

void
NetworkServer::Report(const LoraGatewayReport& report)
{
    Simulator::Schedule(m_backhaulDelay, &NetworkServer::Receive, this, report);
}

void
NetworkServer::Receive(LoraGatewayReport report)
{
    std::vector<uint8_t> bytes(report.frame->GetSize());
    report.frame->CopyData(bytes.data(), report.frame->GetSize());
    const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
    if (!view || view->Direction() != LoraDirection::UPLINK)
    {
        m_rejectedTrace(report, ServerRejection::MALFORMED);
        return;
    }
    const auto found = m_sessions.find(view->devAddr);
    if (found == m_sessions.end())
    {
        m_rejectedTrace(report, ServerRejection::UNKNOWN_DEVICE);
        return;
    }
    DeviceSession& session = found->second;

    // Half of the counter travels; the other half follows from the last frame.
    uint32_t counter = view->frameCounter16;
    if (session.seen)
    {
        const auto ahead = static_cast<uint16_t>(view->frameCounter16 -
                                                 static_cast<uint16_t>(session.frameCounter));
        if (ahead > MAX_COUNTER_GAP)
        {
            m_rejectedTrace(report, ServerRejection::OLD_COUNTER);
            return;
        }
        counter = session.frameCounter + ahead;
    }
    if (!view->CheckMic(session.keys.nwkSKey, counter))
    {
        NS_LOG_INFO("frame of device " << view->devAddr << " has a bad MIC");
        m_rejectedTrace(report, ServerRejection::BAD_MIC);
        return;
    }

    const uint64_t key = (uint64_t(view->devAddr) << 32) | counter;
    if (session.seen && counter == session.frameCounter)
    {
        m_duplicateTrace(view->devAddr, counter, report.gateway);
        const auto collecting = m_collecting.find(key);
        if (collecting != m_collecting.end())
        {
            UplinkDelivery& delivery = collecting->second;
            ++delivery.gatewayCount;
            if (report.snrDb > delivery.snrDb)
            {
                delivery.snrDb = report.snrDb;
                delivery.rssiDbm = report.rssiDbm;
            }
        }
        return;
    }
    session.seen = true;
    session.frameCounter = counter;
    if (view->port.value_or(0) == 0)
    {
        return;
    }

    const std::vector<uint8_t> payload = view->DecryptPayload(session.keys, counter);
    UplinkDelivery delivery;
    delivery.deviceAddress = view->devAddr;
    delivery.frameCounter = counter;
    delivery.port = *view->port;
    delivery.payload = Create<Packet>(payload.data(), static_cast<uint32_t>(payload.size()));
    delivery.rssiDbm = report.rssiDbm;
    delivery.snrDb = report.snrDb;
    delivery.spreadingFactor = report.spreadingFactor;
    delivery.frequencyHz = report.frequencyHz;
    delivery.gatewayCount = 1;
    m_collecting.emplace(key, delivery);
    // Even a window of zero lets the copies of the same instant in: they were scheduled before.
    Simulator::Schedule(m_deduplicationWindow, &NetworkServer::Deliver, this, key);
}

void
NetworkServer::Deliver(uint64_t key)
{
    const auto found = m_collecting.find(key);
    UplinkDelivery delivery = found->second;
    m_collecting.erase(found);
    delivery.time = Simulator::Now();
    ++m_delivered;
    NS_LOG_INFO("delivers " << delivery.deviceAddress << "/" << delivery.frameCounter << ", "
                            << delivery.payload->GetSize() << " bytes");
    m_deliveredTrace(delivery);
    if (!m_deliver.IsNull())
    {
        m_deliver(delivery);
    }
}

} // namespace lpwan
} // namespace ns3
