// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-network-server.h"

#include "lpwan-lora-frame.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNetworkServer");

NS_OBJECT_ENSURE_REGISTERED(NetworkServer);

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
            .AddAttribute(
                "Region",
                "LoRaWAN region: EU868, US915.",
                StringValue("EU868"),
                MakeStringAccessor(&NetworkServer::SetRegion, &NetworkServer::GetRegionName),
                MakeTextChecker(&LoraRegion::IsKnown))
            .AddAttribute("Adr",
                          "Set data rate and power of the devices that leave them to the network.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&NetworkServer::m_adr),
                          MakeBooleanChecker())
            .AddAttribute("AdrMargin",
                          "SNR to spare above the threshold of the data rate, dB.",
                          DoubleValue(10),
                          MakeDoubleAccessor(&NetworkServer::m_adrMarginDb),
                          MakeDoubleChecker<double>())
            .AddAttribute("AdrHistory",
                          "Uplinks whose largest SNR counts.",
                          UintegerValue(20),
                          MakeUintegerAccessor(&NetworkServer::m_adrHistory),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("RepeaterCompatible",
                          "Keep downlinks to the payload limits of networks with repeaters.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&NetworkServer::SetRepeaterCompatible,
                                              &NetworkServer::GetRepeaterCompatible),
                          MakeBooleanChecker())
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
                            "ns3::lpwan::NetworkServer::RejectedTracedCallback")
            .AddTraceSource("Dispatched",
                            "A downlink was handed to a gateway.",
                            MakeTraceSourceAccessor(&NetworkServer::m_dispatchedTrace),
                            "ns3::lpwan::NetworkServer::DispatchedTracedCallback")
            .AddTraceSource("DeviceStatus",
                            "A device answered DevStatusReq: DevAddr, answer.",
                            MakeTraceSourceAccessor(&NetworkServer::m_statusTrace),
                            "ns3::lpwan::NetworkServer::DeviceStatusTracedCallback");
    return tid;
}

NetworkServer::NetworkServer()
    : m_region(&LoraRegion::Eu868()),
      m_adrAlgorithm(MakeCallback(&AdaptDataRate)),
      m_slots(*m_region)
{
}

NetworkServer::~NetworkServer() = default;

void
NetworkServer::DoDispose()
{
    m_deliver = DeliverCallback();
    m_adrAlgorithm = AdrAlgorithm();
    m_slots.Clear();
    m_sessions.clear();
    m_joinServer.Clear();
    m_collecting.clear();
    m_joining.clear();
    Object::DoDispose();
}

void
NetworkServer::SetRegion(std::string name)
{
    m_region = &LoraRegion::Get(name);
    m_slots.SetRegion(*m_region);
}

std::string
NetworkServer::GetRegionName() const
{
    return m_region->name;
}

void
NetworkServer::SetRepeaterCompatible(bool compatible)
{
    m_slots.SetRepeaterCompatible(compatible);
}

bool
NetworkServer::GetRepeaterCompatible() const
{
    return m_slots.GetRepeaterCompatible();
}

LoraServerSession
NetworkServer::NewSession(const LoraSessionKeys& keys,
                          LoraDeviceClass deviceClass,
                          uint8_t subBand) const
{
    LoraServerSession session;
    session.keys = keys;
    session.rx2FrequencyHz = m_region->rx2FrequencyHz;
    session.rx2DataRate = m_region->rx2DataRate;
    session.deviceClass = deviceClass;
    session.subBand = subBand;
    return session;
}

void
NetworkServer::RegisterDevice(uint32_t devAddr,
                              const LoraSessionKeys& keys,
                              LoraDeviceClass deviceClass,
                              uint8_t subBand)
{
    m_sessions[devAddr] = NewSession(keys, deviceClass, subBand);
}

void
NetworkServer::RegisterOtaaDevice(uint64_t devEui,
                                  const AesBlock& appKey,
                                  uint32_t devAddr,
                                  LoraDeviceClass deviceClass,
                                  uint8_t subBand)
{
    m_joinServer.Register(devEui, {appKey, devAddr, deviceClass, subBand});
}

void
NetworkServer::AddGateway(Ptr<LoraGateway> gateway)
{
    m_slots.AddGateway(gateway);
    // The gateways keep their server until they are disposed of with their nodes.
    gateway->SetReportCallback(MakeCallback(&NetworkServer::Report, Ptr<NetworkServer>(this)));
}

void
NetworkServer::SetDeliverCallback(DeliverCallback callback)
{
    m_deliver = callback;
}

void
NetworkServer::SetAdrAlgorithm(AdrAlgorithm algorithm)
{
    m_adrAlgorithm = algorithm;
}

uint64_t
NetworkServer::GetDeliveredFrames() const
{
    return m_delivered;
}

std::size_t
NetworkServer::GetMaxDownlinkBytes() const
{
    return m_slots.LeastMaxContent();
}

const DownlinkCounts&
NetworkServer::GetDownlinkCounts() const
{
    return m_counts;
}

LoraServerSession&
NetworkServer::SessionOf(uint32_t devAddr)
{
    const auto found = m_sessions.find(devAddr);
    NS_ABORT_MSG_IF(found == m_sessions.end(), "the network server knows no device " << devAddr);
    return found->second;
}

void
NetworkServer::SendDownlink(uint32_t devAddr,
                            const std::vector<uint8_t>& payload,
                            uint8_t port,
                            bool confirmed)
{
    constexpr uint8_t MAX_PORT = 223;
    constexpr std::size_t MAX_PAYLOAD = 242;
    NS_ABORT_MSG_IF(port == 0 || port > MAX_PORT,
                    "port of a downlink is " << +port << ", must be 1 to 223");
    NS_ABORT_MSG_IF(payload.empty() || payload.size() > MAX_PAYLOAD,
                    "a downlink has " << payload.size() << " bytes, must have 1 to 242");
    LoraServerSession& session = SessionOf(devAddr);
    session.ToDo().data.push_back({payload, port, confirmed, false});
    if (session.deviceClass == LoraDeviceClass::C)
    {
        Simulator::ScheduleNow(&NetworkServer::SendClassC, this, devAddr);
    }
}

void
NetworkServer::CancelDownlinks(uint32_t devAddr, uint8_t port)
{
    LoraServerSession& session = SessionOf(devAddr);
    if (!session.business)
    {
        return;
    }
    auto& data = session.business->data;
    data.erase(std::remove_if(data.begin(),
                              data.end(),
                              [&](const LoraDownlinkData& downlink) {
                                  return downlink.port == port && !downlink.sent;
                              }),
               data.end());
}

void
NetworkServer::SendCommand(uint32_t devAddr, const LoraDownlinkCommand& command)
{
    SessionOf(devAddr).ToDo().commands.push_back(command);
}

std::size_t
NetworkServer::GetDownlinkQueueSize(uint32_t devAddr) const
{
    const auto found = m_sessions.find(devAddr);
    return found == m_sessions.end() || !found->second.business
               ? 0
               : found->second.business->data.size();
}

// --- up ---

void
NetworkServer::Report(const LoraGatewayReport& report)
{
    Simulator::Schedule(m_backhaulDelay, &NetworkServer::Receive, this, report);
}

void
NetworkServer::Refuse(const LoraGatewayReport& report, ServerRejection reason)
{
    NS_LOG_INFO("refuses a frame of " << report.frame->GetSize() << " bytes from gateway "
                                      << report.gateway << ": " << ToString(reason));
    m_rejectedTrace(report, reason);
}

void
NetworkServer::Receive(LoraGatewayReport report)
{
    std::vector<uint8_t> bytes(report.frame->GetSize());
    report.frame->CopyData(bytes.data(), report.frame->GetSize());
    const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
    if (!view || view->Direction() != LoraDirection::UPLINK)
    {
        ReceiveJoin(report, bytes);
        return;
    }
    const auto found = m_sessions.find(view->devAddr);
    if (found == m_sessions.end())
    {
        Refuse(report, ServerRejection::UNKNOWN_DEVICE);
        return;
    }
    LoraServerSession& session = found->second;
    const uint32_t counter = FullFrameCounter(session.frameCounter, view->frameCounter16);
    if (!view->CheckMic(session.keys.nwkSKey, counter))
    {
        constexpr uint32_t ROUND = uint32_t{1} << 16;
        const bool isOld =
            counter >= ROUND && view->CheckMic(session.keys.nwkSKey, counter - ROUND);
        Refuse(report, isOld ? ServerRejection::OLD_COUNTER : ServerRejection::BAD_MIC);
        return;
    }

    const uint64_t key = (uint64_t{view->devAddr} << 32) | counter;
    const bool seen = session.frameCounter == counter;
    const auto collecting = m_collecting.find(key);
    if (seen)
    {
        NS_LOG_LOGIC("a further copy of " << view->devAddr << "/" << counter);
        m_duplicateTrace(view->devAddr, counter, report.gateway);
    }
    if (collecting != m_collecting.end())
    {
        Collecting& frame = collecting->second;
        frame.copies.push_back({report.gateway, report.snrDb, report.rssiDbm});
        ++frame.delivery.gatewayCount;
        return;
    }
    session.frameCounter = counter;

    Collecting frame;
    frame.delivery.deviceAddress = view->devAddr;
    frame.delivery.frameCounter = counter;
    frame.delivery.spreadingFactor = report.spreadingFactor;
    frame.delivery.frequencyHz = report.frequencyHz;
    frame.delivery.gatewayCount = 1;
    frame.copies.push_back({report.gateway, report.snrDb, report.rssiDbm});
    frame.bandwidthHz = report.bandwidthHz;
    frame.end = report.end;
    frame.confirmed = view->type == LoraMessageType::CONFIRMED_UP;
    frame.adr = (view->fCtrl & LORA_FCTRL_ADR) != 0;
    frame.answerWanted = (view->fCtrl & LORA_FCTRL_ADR_ACK_REQ) != 0;
    frame.repeated = seen;
    if (!seen)
    {
        const std::vector<uint8_t> payload = view->DecryptPayload(session.keys, counter);
        if (view->port.value_or(0) > 0)
        {
            frame.forApplication = true;
            frame.delivery.port = *view->port;
            frame.delivery.payload =
                Create<Packet>(payload.data(), static_cast<uint32_t>(payload.size()));
        }
        else if (view->port)
        {
            frame.commands = payload;
        }
        frame.commands.insert(frame.commands.end(),
                              view->bytes + view->fOptsOffset,
                              view->bytes + view->fOptsOffset + view->fOptsSize);
        if ((view->fCtrl & LORA_FCTRL_ACK) != 0)
        {
            session.Acknowledged();
        }
    }
    m_collecting.emplace(key, std::move(frame));
    // Even a window of zero lets the copies of the same instant in: they were scheduled before.
    Simulator::Schedule(m_deduplicationWindow, &NetworkServer::Deliver, this, key);
}

void
NetworkServer::SortBestFirst(std::vector<Copy>& copies)
{
    std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) {
        return a.snrDb != b.snrDb ? a.snrDb > b.snrDb : a.gateway < b.gateway;
    });
}

std::vector<uint32_t>
NetworkServer::GatewaysOf(const std::vector<Copy>& copies)
{
    std::vector<uint32_t> gateways;
    gateways.reserve(copies.size());
    for (const Copy& copy : copies)
    {
        gateways.push_back(copy.gateway);
    }
    return gateways;
}

void
NetworkServer::Deliver(uint64_t key)
{
    const auto found = m_collecting.find(key);
    Collecting frame = std::move(found->second);
    m_collecting.erase(found);
    SortBestFirst(frame.copies);
    UplinkDelivery& delivery = frame.delivery;
    const uint32_t devAddr = delivery.deviceAddress;
    delivery.snrDb = frame.copies.front().snrDb;
    delivery.rssiDbm = frame.copies.front().rssiDbm;
    delivery.time = Simulator::Now();
    if (frame.forApplication)
    {
        ++m_delivered;
        NS_LOG_INFO("delivers " << devAddr << "/" << delivery.frameCounter << ", "
                                << delivery.payload->GetSize() << " bytes");
        m_deliveredTrace(delivery);
        if (!m_deliver.IsNull())
        {
            m_deliver(delivery);
        }
    }
    const auto session = m_sessions.find(devAddr);
    if (session == m_sessions.end())
    {
        return;
    }
    LoraServerSession& s = session->second;
    if (s.deviceClass == LoraDeviceClass::C)
    {
        s.ToDo().gateways = GatewaysOf(frame.copies);
    }
    if (!frame.repeated)
    {
        const LoraHeard heard{delivery.snrDb, delivery.spreadingFactor, frame.copies.size()};
        for (const DevStatusAns& status : s.Obey(frame.commands, heard, *m_region))
        {
            m_statusTrace(devAddr, status);
        }
        if (m_adr && frame.adr)
        {
            Adapt(s, frame);
        }
    }
    Answer(devAddr, s, frame);
}

void
NetworkServer::Adapt(LoraServerSession& session, const Collecting& frame)
{
    const UplinkDelivery& delivery = frame.delivery;
    const uint8_t present = m_region->DataRateOf(delivery.spreadingFactor, frame.bandwidthHz);
    if (!session.NoteForAdr(delivery.snrDb, present, m_adrHistory))
    {
        return;
    }
    LoraServerSession::Business& toDo = session.ToDo();
    const LoraAdrSetting has{present, session.txPowerIndex};
    const LoraAdrSetting next = m_adrAlgorithm(
        {*m_region, toDo.snrDb, has.dataRate, has.txPower, m_adrMarginDb, delivery.deviceAddress});
    if (next == has)
    {
        return;
    }
    NS_LOG_INFO("asks device " << delivery.deviceAddress << " for DR" << +next.dataRate
                               << ", TXPower " << +next.txPower << " instead of DR" << +has.dataRate
                               << ", " << +has.txPower);
    toDo.commands.emplace_back(MakeLinkAdrReq(*m_region, session.subBand, next));
    toDo.snrDb.clear();
}

// --- down ---

void
NetworkServer::Answer(uint32_t devAddr, LoraServerSession& session, const Collecting& frame)
{
    const LoraServerSession::Business* business = session.business.get();
    const bool hasCommands = business && !business->commands.empty();
    const bool hasData = business && !business->data.empty();
    if (!frame.confirmed && !frame.answerWanted && !hasCommands && !hasData)
    {
        return;
    }
    const uint8_t uplinkRate =
        m_region->DataRateOf(frame.delivery.spreadingFactor, frame.bandwidthHz);
    const std::vector<uint32_t> gateways = GatewaysOf(frame.copies);
    LoraWantedDownlink wanted;
    wanted.rx1 = frame.end + Seconds(session.rxDelayS);
    wanted.rx1FrequencyHz = m_region->Rx1Frequency(frame.delivery.frequencyHz);
    wanted.rx1DataRate = m_region->Rx1DataRate(uplinkRate, session.rx1Offset);
    wanted.rx2FrequencyHz = session.rx2FrequencyHz;
    wanted.rx2DataRate = session.rx2DataRate;
    const auto find = [&](std::size_t payload) {
        // Without a payload there is no port either.
        wanted.size =
            LORA_MAC_OVERHEAD - (payload == 0 ? 1 : 0) + session.FittingCommands().size() + payload;
        return m_slots.InWindow(gateways, wanted, Simulator::Now() + m_backhaulDelay);
    };
    std::optional<LoraDownlinkSlot> slot;
    bool withData = hasData;
    if (hasData)
    {
        slot = find(business->data.front().payload.size());
    }
    if (!slot && (frame.confirmed || frame.answerWanted || hasCommands))
    {
        withData = false;
        slot = find(0);
    }
    if (!slot)
    {
        ++m_counts.missed;
        NS_LOG_INFO("no gateway can answer device " << devAddr);
        return;
    }
    Dispatch(devAddr, session, *slot, frame.confirmed, withData);
}

void
NetworkServer::Dispatch(uint32_t devAddr,
                        LoraServerSession& session,
                        const LoraDownlinkSlot& slot,
                        bool acknowledge,
                        bool withData)
{
    LoraDataFrame frame;
    frame.devAddr = devAddr;
    frame.type = LoraMessageType::UNCONFIRMED_DOWN;
    frame.frameCounter = session.downlinkCounter++;
    DownlinkDispatch dispatch;
    dispatch.deviceAddress = devAddr;
    dispatch.frameCounter = frame.frameCounter;
    dispatch.acknowledges = acknowledge;
    if (acknowledge)
    {
        frame.fCtrl |= LORA_FCTRL_ACK;
    }
    if (session.business)
    {
        LoraServerSession::Business& business = *session.business;
        frame.fOpts = session.FittingCommands();
        // Answers are sent once; requests until they are answered.
        business.commands.erase(std::remove_if(business.commands.begin(),
                                               business.commands.end(),
                                               [](const LoraDownlinkCommand& command) {
                                                   return std::holds_alternative<LinkCheckAns>(
                                                       command);
                                               }),
                                business.commands.end());
        if (withData)
        {
            LoraDownlinkData& head = business.data.front();
            frame.port = head.port;
            frame.payload = head.payload;
            dispatch.payloadBytes = static_cast<uint32_t>(head.payload.size());
            if (head.confirmed)
            {
                frame.type = LoraMessageType::CONFIRMED_DOWN;
                head.sent = true;
            }
            else
            {
                business.data.pop_front();
            }
        }
        if (session.deviceClass == LoraDeviceClass::A &&
            business.data.size() > (frame.type == LoraMessageType::CONFIRMED_DOWN ? 1U : 0U))
        {
            frame.fCtrl |= LORA_FCTRL_PENDING;
        }
    }
    Send(frame.Serialize(session.keys), slot, dispatch);
}

void
NetworkServer::Send(const std::vector<uint8_t>& bytes,
                    const LoraDownlinkSlot& slot,
                    DownlinkDispatch dispatch)
{
    Ptr<LoraDownlink> downlink = Create<LoraDownlink>();
    downlink->modulation = m_region->Modulation(slot.dataRate);
    downlink->modulation.payloadCrc = false; // LoRaWAN: in uplinks only
    downlink->frequencyHz = slot.frequencyHz;
    downlink->frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
    downlink->start = slot.start;
    slot.gateway->Send(downlink);
    m_counts.rx1 += slot.window == 1 ? 1 : 0;
    m_counts.rx2 += slot.window == 2 ? 1 : 0;
    m_counts.classC += slot.window == 3 ? 1 : 0;
    dispatch.gateway = slot.gateway->GetIndex();
    dispatch.window = slot.window;
    dispatch.frameBytes = static_cast<uint32_t>(bytes.size());
    NS_LOG_INFO("sends device " << dispatch.deviceAddress << " " << bytes.size()
                                << " bytes in window " << +slot.window << " through gateway "
                                << dispatch.gateway << " at " << slot.start.As(Time::S));
    m_dispatchedTrace(dispatch);
}

void
NetworkServer::SendClassC(uint32_t devAddr)
{
    LoraServerSession& session = SessionOf(devAddr);
    if (!session.business || session.business->data.empty() || session.business->gateways.empty())
    {
        return; // sent meanwhile, or nobody has heard the device yet
    }
    const LoraDownlinkData& head = session.business->data.front();
    const Time earliest = Simulator::Now() + m_backhaulDelay;
    const auto slot =
        m_slots.Between(session.business->gateways,
                        session.rx2FrequencyHz,
                        session.rx2DataRate,
                        LORA_MAC_OVERHEAD + head.payload.size() + session.FittingCommands().size(),
                        earliest);
    if (!slot)
    {
        return; // RX1 of the next uplink may take it
    }
    if (slot->start > earliest)
    {
        Simulator::Schedule(slot->start - earliest, &NetworkServer::SendClassC, this, devAddr);
        return;
    }
    // A confirmed one is sent again only in the windows of an uplink: the device answers with one.
    const bool again = head.confirmed && head.sent;
    if (!again)
    {
        Dispatch(devAddr, session, *slot, false, true);
        if (!session.business->data.empty() && !session.business->data.front().sent)
        {
            Simulator::ScheduleNow(&NetworkServer::SendClassC, this, devAddr);
        }
    }
}

// --- join ---

void
NetworkServer::ReceiveJoin(const LoraGatewayReport& report, const std::vector<uint8_t>& bytes)
{
    LoraJoinRequest request;
    if (const auto reason = m_joinServer.Check(bytes, request))
    {
        Refuse(report, *reason);
        return;
    }
    const Copy copy{report.gateway, report.snrDb, report.rssiDbm};
    const auto joining = m_joining.find(request.devEui);
    if (joining != m_joining.end() && m_joinServer.IsLast(request))
    {
        joining->second.copies.push_back(copy);
        return;
    }
    if (!m_joinServer.TakeNonce(request))
    {
        Refuse(report, ServerRejection::OLD_NONCE);
        return;
    }
    m_joining[request.devEui] = {report, {copy}};
    Simulator::Schedule(m_deduplicationWindow, &NetworkServer::AnswerJoin, this, request.devEui);
}

void
NetworkServer::AnswerJoin(uint64_t devEui)
{
    const auto found = m_joining.find(devEui);
    CollectingJoin join = std::move(found->second);
    m_joining.erase(found);
    SortBestFirst(join.copies);
    const LoraGatewayReport& report = join.report;
    const LoraOtaaDevice& device = m_joinServer.Get(devEui);
    const LoraJoinAnswer answer = m_joinServer.Answer(devEui, *m_region);
    const uint8_t uplinkRate = m_region->DataRateOf(report.spreadingFactor, report.bandwidthHz);

    LoraWantedDownlink wanted;
    wanted.rx1 = report.end + m_region->joinAcceptDelay1;
    wanted.rx1FrequencyHz = m_region->Rx1Frequency(report.frequencyHz);
    wanted.rx1DataRate = m_region->Rx1DataRate(uplinkRate, 0);
    wanted.rx2FrequencyHz = m_region->rx2FrequencyHz;
    wanted.rx2DataRate = m_region->rx2DataRate;
    wanted.size = answer.bytes.size();
    const auto slot =
        m_slots.InWindow(GatewaysOf(join.copies), wanted, Simulator::Now() + m_backhaulDelay);
    if (!slot)
    {
        ++m_counts.missed;
        NS_LOG_INFO("no gateway can let device " << device.devAddr << " in");
        return;
    }
    m_sessions[device.devAddr] = NewSession(answer.keys, device.deviceClass, device.subBand);
    DownlinkDispatch dispatch;
    dispatch.deviceAddress = device.devAddr;
    Send(answer.bytes, *slot, dispatch);
}

} // namespace lpwan
} // namespace ns3
