// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-net-device.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <numeric>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNetDevice");

NS_OBJECT_ENSURE_REGISTERED(LpwanNetDevice);

namespace
{

/** Application ports a device may use; LoRaWAN reserves 224 and above. */
constexpr uint16_t MAX_PORT = 223;
/** Port of a packet sent with protocol number 0. */
constexpr uint8_t DEFAULT_PORT = 1;

} // namespace

const char*
ToString(DropReason reason)
{
    switch (reason)
    {
    case DropReason::PAYLOAD_TOO_LONG:
        return "payload_too_long";
    case DropReason::QUEUE_FULL:
        return "queue_full";
    case DropReason::INVALID_PORT:
        return "invalid_port";
    case DropReason::NOT_CONNECTED:
        return "not_connected";
    case DropReason::BATTERY_EMPTY:
        return "battery_empty";
    case DropReason::NOT_ACKNOWLEDGED:
        return "not_acknowledged";
    case DropReason::ACCESS_FAILED:
        return "access_failed";
    }
    return "unknown";
}

TypeId
LpwanNetDevice::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::LpwanNetDevice")
            .SetParent<NetDevice>()
            .SetGroupName("Limitnet")
            .AddAttribute("QueueLimit",
                          "How many packets may wait; further ones are dropped.",
                          UintegerValue(64),
                          MakeUintegerAccessor(&LpwanNetDevice::SetQueueLimit,
                                               &LpwanNetDevice::GetQueueLimit),
                          MakeUintegerChecker<uint32_t>(1))
            .AddTraceSource("TxStart",
                            "A frame starts: application packet, frame.",
                            MakeTraceSourceAccessor(&LpwanNetDevice::m_txStartTrace),
                            "ns3::lpwan::LpwanNetDevice::TransmissionTracedCallback")
            .AddTraceSource("TxEnd",
                            "A frame has left the antenna: application packet, frame.",
                            MakeTraceSourceAccessor(&LpwanNetDevice::m_txEndTrace),
                            "ns3::lpwan::LpwanNetDevice::TransmissionTracedCallback")
            .AddTraceSource("Drop",
                            "The device gave up a packet: application packet, reason.",
                            MakeTraceSourceAccessor(&LpwanNetDevice::m_dropTrace),
                            "ns3::lpwan::LpwanNetDevice::DropTracedCallback")
            .AddTraceSource("QueueSize",
                            "Packets that wait.",
                            MakeTraceSourceAccessor(&LpwanNetDevice::m_queueSizeTrace),
                            "ns3::TracedValueCallback::Uint32");
    return tid;
}

LpwanNetDevice::LpwanNetDevice()
    : m_accountedUntil(Simulator::Now())
{
}

LpwanNetDevice::~LpwanNetDevice() = default;

void
LpwanNetDevice::DoDispose()
{
    m_node = nullptr;
    m_queue.clear();
    m_txComplete = TxCompleteCallback();
    m_receive = ReceiveCallback();
    SetRadioStateCallback(RadioStateCallback());
    NetDevice::DoDispose();
}

uint32_t
LpwanNetDevice::GetQueueSize() const
{
    return static_cast<uint32_t>(m_queue.size());
}

uint32_t
LpwanNetDevice::GetUsefulQueueSize() const
{
    return 1;
}

void
LpwanNetDevice::SetQueueLimit(uint32_t packets)
{
    m_queueLimit = packets;
}

uint32_t
LpwanNetDevice::GetQueueLimit() const
{
    return m_queueLimit;
}

void
LpwanNetDevice::SetTxCompleteCallback(TxCompleteCallback callback)
{
    m_txComplete = callback;
}

uint64_t
LpwanNetDevice::GetSentFrames() const
{
    return m_sentFrames;
}

uint64_t
LpwanNetDevice::GetDroppedPackets() const
{
    return std::accumulate(m_dropped.begin(), m_dropped.end(), uint64_t{0});
}

uint64_t
LpwanNetDevice::GetDroppedPackets(DropReason reason) const
{
    return m_dropped[static_cast<std::size_t>(reason)];
}

double
LpwanNetDevice::GetTxAirtimeSeconds() const
{
    return GetTimeIn(RadioState::TX).GetSeconds();
}

Time
LpwanNetDevice::GetTimeIn(RadioState state) const
{
    Account();
    return NanoSeconds(m_timeNs[static_cast<std::size_t>(state)]);
}

double
LpwanNetDevice::GetEnergyJoule(RadioState state) const
{
    Account();
    return m_joule[static_cast<std::size_t>(state)];
}

double
LpwanNetDevice::GetTotalEnergyJoule() const
{
    Account();
    double total = 0;
    for (double joule : m_joule)
    {
        total += joule;
    }
    return total;
}

void
LpwanNetDevice::AccountUntil(Time until) const
{
    const Time spent = until - m_accountedUntil;
    if (!spent.IsStrictlyPositive())
    {
        return;
    }
    const auto index = static_cast<std::size_t>(m_state);
    m_timeNs[index] += spent.GetNanoSeconds();
    m_joule[index] += spent.GetSeconds() * GetPowerWatt(m_state);
    m_accountedUntil = until;
}

void
LpwanNetDevice::Account() const
{
    const Time now = Simulator::Now();
    while (m_planNext < m_planned && m_planTimes[m_planNext] <= now)
    {
        AccountUntil(m_planTimes[m_planNext]);
        m_state = m_planStates[m_planNext];
        ++m_planNext;
    }
    AccountUntil(now);
}

void
LpwanNetDevice::SetRadioState(RadioState state)
{
    Account();
    NS_LOG_LOGIC("device " << GetDeviceAddress() << ": radio state " << static_cast<int>(m_state)
                           << " -> " << static_cast<int>(state));
    m_planned = 0;
    m_planNext = 0;
    m_state = state;
    if (m_follower)
    {
        for (auto& event : m_follower->events)
        {
            event.Cancel();
        }
        m_follower->events.clear();
        // Last, since an empty source turns the device off, which has a state of its own. Not by
        // the state before: a change planned for this very moment is in that, and was not told.
        Tell(state);
    }
}

void
LpwanNetDevice::PlanRadioState(Time at, RadioState state)
{
    Account();
    if (m_planNext == m_planned)
    {
        m_planned = 0;
        m_planNext = 0;
    }
    NS_ABORT_MSG_IF(m_planned == PLAN_LENGTH, "too many changes of a radio's state planned");
    m_planTimes[m_planned] = at;
    m_planStates[m_planned] = state;
    ++m_planned;
    if (m_follower)
    {
        auto& events = m_follower->events;
        events.erase(std::remove_if(events.begin(),
                                    events.end(),
                                    [](const EventId& event) { return event.IsExpired(); }),
                     events.end());
        events.push_back(
            Simulator::Schedule(at - Simulator::Now(), &LpwanNetDevice::FollowPlan, this, state));
    }
}

void
LpwanNetDevice::Tell(RadioState state)
{
    if (state != m_follower->told)
    {
        m_follower->told = state;
        m_follower->callback(state);
    }
}

void
LpwanNetDevice::FollowPlan(RadioState state)
{
    Tell(state);
    Account();
}

void
LpwanNetDevice::NotifyBattery(double /* fraction */)
{
    // Of no interest to a link that has no message for it.
}

void
LpwanNetDevice::SetRadioStateCallback(RadioStateCallback callback)
{
    if (m_follower)
    {
        for (auto& event : m_follower->events)
        {
            event.Cancel();
        }
        m_follower.reset();
    }
    if (!callback.IsNull())
    {
        m_follower = std::make_unique<Follower>();
        m_follower->callback = callback;
        m_follower->told = GetRadioState();
    }
}

RadioState
LpwanNetDevice::GetRadioState() const
{
    Account();
    return m_state;
}

void
LpwanNetDevice::NotifyReceive(Ptr<const Packet> payload, uint8_t port)
{
    if (m_receive.IsNull())
    {
        return;
    }
    // Node takes packets in its own context alone, and what comes down does so in the context of
    // whoever sent it.
    if (m_node && Simulator::GetContext() != m_node->GetId())
    {
        Simulator::ScheduleWithContext(m_node->GetId(),
                                       Time(0),
                                       &LpwanNetDevice::NotifyReceive,
                                       Ptr<LpwanNetDevice>(this),
                                       payload,
                                       port);
        return;
    }
    m_receive(this, payload, port, GetBroadcast());
}

const LpwanNetDevice::QueueItem*
LpwanNetDevice::Head() const
{
    return m_queue.empty() ? nullptr : &m_queue.front();
}

void
LpwanNetDevice::DropQueue(DropReason reason)
{
    while (const auto item = Dequeue())
    {
        NotifyDrop(item->packet, reason);
    }
}

bool
LpwanNetDevice::Enqueue(Ptr<const Packet> packet, uint16_t protocolNumber, bool confirmed)
{
    NS_LOG_FUNCTION(this << packet << protocolNumber);
    if (!IsLinkUp())
    {
        NotifyDrop(packet, DropReason::NOT_CONNECTED);
        return false;
    }
    if (protocolNumber > MAX_PORT)
    {
        NotifyDrop(packet, DropReason::INVALID_PORT);
        return false;
    }
    if (packet->GetSize() > GetMtu())
    {
        NotifyDrop(packet, DropReason::PAYLOAD_TOO_LONG);
        return false;
    }
    if (m_queue.size() >= m_queueLimit)
    {
        NotifyDrop(packet, DropReason::QUEUE_FULL);
        return false;
    }
    const uint8_t port = protocolNumber == 0 ? DEFAULT_PORT : static_cast<uint8_t>(protocolNumber);
    m_queue.push_back({packet, port, confirmed});
    OnQueued(m_queue.back());
    NotifyQueueSize(m_queue.size() - 1);
    return true;
}

bool
LpwanNetDevice::SendConfirmed(Ptr<Packet> packet, uint16_t protocolNumber)
{
    return Send(packet, GetBroadcast(), protocolNumber);
}

std::optional<Time>
LpwanNetDevice::EstimateTimeOnAir(uint32_t /* payloadBytes */) const
{
    return std::nullopt;
}

std::optional<uint64_t>
LpwanNetDevice::EstimateBytesUntil(Time /* until */) const
{
    return std::nullopt;
}

std::optional<Time>
LpwanNetDevice::EstimateSendingTime(const std::vector<uint32_t>& /* payloadBytes */) const
{
    return std::nullopt;
}

bool
LpwanNetDevice::Withdraw(uint64_t uid)
{
    const auto found = std::find_if(m_queue.begin(), m_queue.end(), [&](const QueueItem& item) {
        return item.packet->GetUid() == uid;
    });
    if (found == m_queue.end())
    {
        return false;
    }
    const QueueItem item = *found;
    const auto index = static_cast<std::size_t>(found - m_queue.begin());
    m_queue.erase(found);
    OnWithdrawn(index, item);
    NotifyQueueSize(m_queue.size() + 1);
    return true;
}

void
LpwanNetDevice::OnQueued(const QueueItem& /* item */)
{
}

void
LpwanNetDevice::OnWithdrawn(std::size_t /* index */, const QueueItem& /* item */)
{
}

std::optional<LpwanNetDevice::QueueItem>
LpwanNetDevice::Dequeue()
{
    if (m_queue.empty())
    {
        return std::nullopt;
    }
    QueueItem item = m_queue.front();
    m_queue.erase(m_queue.begin());
    NotifyQueueSize(m_queue.size() + 1);
    return item;
}

void
LpwanNetDevice::NotifyQueueSize(std::size_t before)
{
    m_queueSizeTrace(static_cast<uint32_t>(before), GetQueueSize());
}

void
LpwanNetDevice::NotifyDrop(Ptr<const Packet> packet, DropReason reason)
{
    NS_LOG_INFO("device " << GetDeviceAddress() << " drops " << packet->GetSize()
                          << " bytes: " << ToString(reason));
    ++m_dropped[static_cast<std::size_t>(reason)];
    m_dropTrace(packet, reason);
}

void
LpwanNetDevice::NotifyTxStart(Ptr<const Packet> packet, const LpwanTransmission& transmission)
{
    m_txStartTrace(packet, transmission);
}

void
LpwanNetDevice::NotifyTxEnd(Ptr<const Packet> packet, const LpwanTransmission& transmission)
{
    ++m_sentFrames;
    m_txEndTrace(packet, transmission);
    if (!m_txComplete.IsNull())
    {
        m_txComplete(packet, transmission.start, transmission.end);
    }
}

void
LpwanNetDevice::SetIfIndex(const uint32_t index)
{
    m_ifIndex = index;
}

uint32_t
LpwanNetDevice::GetIfIndex() const
{
    return m_ifIndex;
}

bool
LpwanNetDevice::SetMtu(const uint16_t /* mtu */)
{
    return false;
}

bool
LpwanNetDevice::IsLinkUp() const
{
    return true;
}

void
LpwanNetDevice::AddLinkChangeCallback(Callback<void> /* callback */)
{
    // The link of an attached device never goes down: there is no change to tell of.
}

bool
LpwanNetDevice::IsBroadcast() const
{
    return false;
}

bool
LpwanNetDevice::IsMulticast() const
{
    return false;
}

Address
LpwanNetDevice::GetMulticast(Ipv4Address /* multicastGroup */) const
{
    return GetBroadcast();
}

Address
LpwanNetDevice::GetMulticast(Ipv6Address /* addr */) const
{
    return GetBroadcast();
}

bool
LpwanNetDevice::IsBridge() const
{
    return false;
}

bool
LpwanNetDevice::IsPointToPoint() const
{
    return false;
}

bool
LpwanNetDevice::SendFrom(Ptr<Packet> /* packet */,
                         const Address& /* source */,
                         const Address& /* dest */,
                         uint16_t /* protocolNumber */)
{
    return false;
}

bool
LpwanNetDevice::SupportsSendFrom() const
{
    return false;
}

Ptr<Node>
LpwanNetDevice::GetNode() const
{
    return m_node;
}

void
LpwanNetDevice::SetNode(Ptr<Node> node)
{
    m_node = node;
}

bool
LpwanNetDevice::NeedsArp() const
{
    return false;
}

void
LpwanNetDevice::SetReceiveCallback(ReceiveCallback cb)
{
    m_receive = cb;
}

void
LpwanNetDevice::SetPromiscReceiveCallback(PromiscReceiveCallback /* cb */)
{
    // A device hears only what is sent to it.
}

} // namespace lpwan
} // namespace ns3
