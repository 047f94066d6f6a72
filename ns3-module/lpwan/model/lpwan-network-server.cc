// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-network-server.h"

#include "lpwan-lora-phy.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <variant>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNetworkServer");

NS_OBJECT_ENSURE_REGISTERED(NetworkServer);

namespace
{

/** NetID for experiments. */
constexpr uint32_t NET_ID = 1;

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
    case ServerRejection::OLD_NONCE:
        return "old_nonce";
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
                          MakeBooleanAccessor(&NetworkServer::m_repeaterCompatible),
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
    : m_region(&LoraRegion::Eu868())
{
}

NetworkServer::~NetworkServer() = default;

void
NetworkServer::DoDispose()
{
    m_deliver = DeliverCallback();
    m_gateways.clear();
    m_sessions.clear();
    m_otaaDevices.clear();
    m_collecting.clear();
    m_joining.clear();
    Object::DoDispose();
}

void
NetworkServer::SetRegion(std::string name)
{
    m_region = &LoraRegion::Get(name);
}

std::string
NetworkServer::GetRegionName() const
{
    return m_region->name;
}

NetworkServer::DeviceSession
NetworkServer::NewSession(const LoraSessionKeys& keys,
                          LoraDeviceClass deviceClass,
                          uint8_t subBand) const
{
    DeviceSession session;
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
    OtaaDevice device;
    device.appKey = appKey;
    device.devAddr = devAddr;
    device.deviceClass = deviceClass;
    device.subBand = subBand;
    m_otaaDevices[devEui] = device;
}

void
NetworkServer::AddGateway(Ptr<LoraGateway> gateway)
{
    m_gateways.push_back(gateway);
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

std::size_t
NetworkServer::GetMaxDownlinkBytes() const
{
    const auto of = [&](uint8_t dataRate) -> std::size_t {
        const LoraDataRate& rate = m_region->dataRates[dataRate];
        return m_repeaterCompatible ? rate.maxPayloadRepeater : rate.maxPayload;
    };
    std::size_t bytes = of(m_region->rx2DataRate);
    for (uint8_t dataRate = 0; dataRate <= m_region->maxUplinkDataRate; ++dataRate)
    {
        bytes = std::min(bytes, of(m_region->Rx1DataRate(dataRate, 0)));
    }
    return bytes;
}

const DownlinkCounts&
NetworkServer::GetDownlinkCounts() const
{
    return m_counts;
}

NetworkServer::DeviceSession&
NetworkServer::SessionOf(uint32_t devAddr)
{
    const auto found = m_sessions.find(devAddr);
    NS_ABORT_MSG_IF(found == m_sessions.end(), "the network server knows no device " << devAddr);
    return found->second;
}

NetworkServer::Business&
NetworkServer::BusinessOf(DeviceSession& session)
{
    if (!session.business)
    {
        session.business = std::make_unique<Business>();
    }
    return *session.business;
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
    DeviceSession& session = SessionOf(devAddr);
    BusinessOf(session).data.push_back({payload, port, confirmed, false});
    if (session.deviceClass == LoraDeviceClass::C)
    {
        Simulator::ScheduleNow(&NetworkServer::SendClassC, this, devAddr);
    }
}

void
NetworkServer::CancelDownlinks(uint32_t devAddr, uint8_t port)
{
    DeviceSession& session = SessionOf(devAddr);
    if (!session.business)
    {
        return;
    }
    auto& data = session.business->data;
    data.erase(std::remove_if(data.begin(),
                              data.end(),
                              [&](const DownlinkData& downlink) {
                                  return downlink.port == port && !downlink.sent;
                              }),
               data.end());
}

void
NetworkServer::SendCommand(uint32_t devAddr, const LoraDownlinkCommand& command)
{
    BusinessOf(SessionOf(devAddr)).commands.push_back(command);
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
        m_rejectedTrace(report, ServerRejection::UNKNOWN_DEVICE);
        return;
    }
    DeviceSession& session = found->second;
    const uint32_t counter = FullFrameCounter(session.frameCounter, view->frameCounter16);
    if (!view->CheckMic(session.keys.nwkSKey, counter))
    {
        NS_LOG_INFO("frame of device " << view->devAddr << " has a bad MIC");
        constexpr uint32_t ROUND = uint32_t{1} << 16;
        const bool isOld =
            counter >= ROUND && view->CheckMic(session.keys.nwkSKey, counter - ROUND);
        m_rejectedTrace(report, isOld ? ServerRejection::OLD_COUNTER : ServerRejection::BAD_MIC);
        return;
    }

    const uint64_t key = (uint64_t{view->devAddr} << 32) | counter;
    const bool seen = session.frameCounter == counter;
    const auto collecting = m_collecting.find(key);
    if (seen)
    {
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
        if ((view->fCtrl & LORA_FCTRL_ACK) != 0 && session.business &&
            !session.business->data.empty())
        {
            const DownlinkData& head = session.business->data.front();
            if (head.confirmed && head.sent)
            {
                session.business->data.pop_front();
            }
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
    DeviceSession& s = session->second;
    if (s.deviceClass == LoraDeviceClass::C)
    {
        auto& gateways = BusinessOf(s).gateways;
        gateways.clear();
        for (const Copy& copy : frame.copies)
        {
            gateways.push_back(copy.gateway);
        }
    }
    if (!frame.repeated)
    {
        Obey(devAddr, s, frame);
        if (m_adr && frame.adr)
        {
            Adapt(s, frame);
        }
    }
    Answer(devAddr, s, frame);
}

template <typename Command>
std::optional<Command>
NetworkServer::Answered(DeviceSession& session)
{
    if (!session.business)
    {
        return std::nullopt;
    }
    auto& commands = session.business->commands;
    const auto found =
        std::find_if(commands.begin(), commands.end(), [](const LoraDownlinkCommand& command) {
            return std::holds_alternative<Command>(command);
        });
    if (found == commands.end())
    {
        return std::nullopt;
    }
    const Command command = std::get<Command>(*found);
    commands.erase(found);
    return command;
}

void
NetworkServer::Obey(uint32_t devAddr, DeviceSession& session, const Collecting& frame)
{
    for (const auto& command : ParseUplinkCommands(frame.commands.data(), frame.commands.size()))
    {
        if (std::holds_alternative<LinkCheckReq>(command))
        {
            const double margin =
                frame.delivery.snrDb - LoraSnrThresholdDb(frame.delivery.spreadingFactor);
            LinkCheckAns answer;
            answer.marginDb = static_cast<uint8_t>(std::clamp(std::floor(margin), 0.0, 254.0));
            answer.gatewayCount = static_cast<uint8_t>(
                std::min<std::size_t>(frame.copies.size(), std::numeric_limits<uint8_t>::max()));
            BusinessOf(session).commands.emplace_back(answer);
        }
        else if (const auto* adr = std::get_if<LinkAdrAns>(&command))
        {
            const auto request = Answered<LinkAdrReq>(session);
            if (request && adr->powerOk && adr->dataRateOk && adr->channelMaskOk &&
                request->txPower <= m_region->lowestTxPower)
            {
                session.txPowerIndex = request->txPower;
                // What came before was heard at another data rate or power.
                session.business->snrDb.clear();
                session.business->dataRate = request->dataRate;
            }
        }
        else if (std::holds_alternative<DutyCycleAns>(command))
        {
            Answered<DutyCycleReq>(session);
        }
        else if (const auto* rx = std::get_if<RxParamSetupAns>(&command))
        {
            const auto request = Answered<RxParamSetupReq>(session);
            if (request && rx->rx1OffsetOk && rx->rx2DataRateOk && rx->rx2ChannelOk)
            {
                session.rx1Offset = request->rx1DataRateOffset;
                session.rx2DataRate = request->rx2DataRate;
                session.rx2FrequencyHz = request->rx2FrequencyHz;
            }
        }
        else if (const auto* status = std::get_if<DevStatusAns>(&command))
        {
            Answered<DevStatusReq>(session);
            m_statusTrace(devAddr, *status);
        }
        else if (std::holds_alternative<NewChannelAns>(command))
        {
            Answered<NewChannelReq>(session);
        }
        else if (std::holds_alternative<RxTimingSetupAns>(command))
        {
            const auto request = Answered<RxTimingSetupReq>(session);
            if (request)
            {
                session.rxDelayS = std::max<uint8_t>(1, request->delayS);
            }
        }
    }
}

void
NetworkServer::Adapt(DeviceSession& session, const Collecting& frame)
{
    Business& business = BusinessOf(session);
    auto& history = business.snrDb;
    auto& commands = business.commands;
    auto asked =
        std::find_if(commands.begin(), commands.end(), [](const LoraDownlinkCommand& command) {
            return std::holds_alternative<LinkAdrReq>(command);
        });
    const uint8_t present = m_region->DataRateOf(frame.delivery.spreadingFactor, frame.bandwidthHz);
    if (business.dataRate.value_or(present) != present)
    {
        history.clear();
        if (asked == commands.end() || std::get<LinkAdrReq>(*asked).dataRate != present)
        {
            // The device's own step: it had gone to full power before. Whatever was asked of it
            // was so for a better link.
            session.txPowerIndex = 0;
            if (asked != commands.end())
            {
                commands.erase(asked);
                asked = commands.end();
            }
        }
    }
    business.dataRate = present;
    history.push_back(frame.delivery.snrDb);
    if (history.size() > m_adrHistory)
    {
        history.erase(history.begin());
    }
    if (history.size() < m_adrHistory || asked != commands.end())
    {
        return;
    }
    constexpr double STEP_DB = 3;
    const uint8_t highest = m_region->DataRateOf(LORA_MIN_SF);
    const double margin = *std::max_element(history.begin(), history.end()) -
                          LoraSnrThresholdDb(frame.delivery.spreadingFactor) - m_adrMarginDb;
    int steps = static_cast<int>(std::floor(margin / STEP_DB));
    uint8_t dataRate = present;
    uint8_t power = session.txPowerIndex;
    for (; steps > 0 && dataRate < highest; --steps)
    {
        ++dataRate;
    }
    for (; steps > 0 && power < m_region->lowestTxPower; --steps)
    {
        ++power;
    }
    for (; steps < 0 && power > 0; ++steps)
    {
        --power;
    }
    if (dataRate == present && power == session.txPowerIndex)
    {
        return;
    }
    // A LinkADRReq always says which channels to use, so those that the device has are repeated.
    LinkAdrReq request;
    request.dataRate = dataRate;
    request.txPower = power;
    constexpr uint8_t ALL_ON = 6;
    constexpr uint8_t BANKS = 5;
    request.maskControl = ALL_ON;
    request.channelMask = 0xff;
    if (m_region->fixedChannels && session.subBand > 0)
    {
        request.maskControl = BANKS;
        request.channelMask = static_cast<uint16_t>(1U << (session.subBand - 1));
    }
    commands.emplace_back(request);
    history.clear();
}

// --- down ---

std::optional<NetworkServer::Slot>
NetworkServer::FindSlot(const std::vector<Copy>& copies,
                        Time rx1,
                        uint32_t rx1FrequencyHz,
                        uint8_t rx1DataRate,
                        uint32_t rx2FrequencyHz,
                        uint8_t rx2DataRate,
                        std::size_t size) const
{
    const Time earliest = Simulator::Now() + m_backhaulDelay;
    const Time rx2 = rx1 + m_region->receiveDelay2 - m_region->receiveDelay1;
    for (const uint8_t window : {uint8_t{1}, uint8_t{2}})
    {
        Slot slot;
        slot.window = window;
        slot.start = window == 1 ? rx1 : rx2;
        slot.frequencyHz = window == 1 ? rx1FrequencyHz : rx2FrequencyHz;
        slot.dataRate = window == 1 ? rx1DataRate : rx2DataRate;
        LoraModulation modulation = m_region->Modulation(slot.dataRate);
        modulation.payloadCrc = false;
        const Time airtime = LoraTimeOnAir(modulation, static_cast<uint32_t>(size));
        const LoraDataRate& rate = m_region->dataRates[slot.dataRate];
        const std::size_t longest =
            LORA_MAC_OVERHEAD + (m_repeaterCompatible ? rate.maxPayloadRepeater : rate.maxPayload);
        if (slot.start < earliest || size > longest)
        {
            continue;
        }
        for (const Copy& copy : copies)
        {
            const auto gateway =
                std::find_if(m_gateways.begin(), m_gateways.end(), [&](const Ptr<LoraGateway>& g) {
                    return g->GetIndex() == copy.gateway;
                });
            if (gateway != m_gateways.end() &&
                (*gateway)->CanSend(slot.frequencyHz, slot.start, airtime))
            {
                slot.gateway = *gateway;
                return slot;
            }
        }
    }
    return std::nullopt;
}

namespace
{

/** Commands as bytes, as many as FOpts takes. */
std::vector<uint8_t>
FittingCommands(const std::vector<LoraDownlinkCommand>& commands)
{
    std::vector<uint8_t> bytes;
    for (const auto& command : commands)
    {
        std::vector<uint8_t> more = bytes;
        AppendCommand(command, more);
        if (more.size() > LORA_MAX_FOPTS)
        {
            break;
        }
        bytes = std::move(more);
    }
    return bytes;
}

} // namespace

void
NetworkServer::Answer(uint32_t devAddr, DeviceSession& session, const Collecting& frame)
{
    const Business* business = session.business.get();
    const bool hasCommands = business && !business->commands.empty();
    const bool hasData = business && !business->data.empty();
    if (!frame.confirmed && !frame.answerWanted && !hasCommands && !hasData)
    {
        return;
    }
    const uint8_t uplinkRate =
        m_region->DataRateOf(frame.delivery.spreadingFactor, frame.bandwidthHz);
    const auto find = [&](std::size_t payload) {
        const std::size_t commands =
            business ? FittingCommands(business->commands).size() : std::size_t{0};
        // Without a payload there is no port either.
        const std::size_t size = LORA_MAC_OVERHEAD - (payload == 0 ? 1 : 0) + commands + payload;
        return FindSlot(frame.copies,
                        frame.end + Seconds(session.rxDelayS),
                        m_region->Rx1Frequency(frame.delivery.frequencyHz),
                        m_region->Rx1DataRate(uplinkRate, session.rx1Offset),
                        session.rx2FrequencyHz,
                        session.rx2DataRate,
                        size);
    };
    std::optional<Slot> slot;
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
                        DeviceSession& session,
                        const Slot& slot,
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
        Business& business = *session.business;
        frame.fOpts = FittingCommands(business.commands);
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
            DownlinkData& head = business.data.front();
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
NetworkServer::Send(const std::vector<uint8_t>& bytes, const Slot& slot, DownlinkDispatch dispatch)
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
    m_dispatchedTrace(dispatch);
}

void
NetworkServer::SendClassC(uint32_t devAddr)
{
    DeviceSession& session = SessionOf(devAddr);
    if (!session.business || session.business->data.empty() || session.business->gateways.empty())
    {
        return; // sent meanwhile, or nobody has heard the device yet
    }
    const DownlinkData& head = session.business->data.front();
    Slot slot;
    slot.window = 3;
    slot.frequencyHz = session.rx2FrequencyHz;
    slot.dataRate = session.rx2DataRate;
    LoraModulation modulation = m_region->Modulation(slot.dataRate);
    modulation.payloadCrc = false;
    const auto size = LORA_MAC_OVERHEAD + head.payload.size() +
                      FittingCommands(session.business->commands).size();
    const Time airtime = LoraTimeOnAir(modulation, static_cast<uint32_t>(size));
    const LoraDataRate& rate = m_region->dataRates[slot.dataRate];
    if (size >
        LORA_MAC_OVERHEAD + (m_repeaterCompatible ? rate.maxPayloadRepeater : rate.maxPayload))
    {
        return; // RX1 of the next uplink may take it
    }
    const Time earliest = Simulator::Now() + m_backhaulDelay;
    for (const uint32_t index : session.business->gateways)
    {
        for (const auto& gateway : m_gateways)
        {
            if (gateway->GetIndex() != index)
            {
                continue;
            }
            const Time start = gateway->GetNextOpportunity(slot.frequencyHz, earliest, airtime);
            if (!slot.gateway || start < slot.start)
            {
                slot.gateway = gateway;
                slot.start = start;
            }
        }
    }
    if (slot.start > earliest)
    {
        Simulator::Schedule(slot.start - earliest, &NetworkServer::SendClassC, this, devAddr);
        return;
    }
    // A confirmed one is sent again only in the windows of an uplink: the device answers with one.
    const bool again = head.confirmed && head.sent;
    if (!again)
    {
        Dispatch(devAddr, session, slot, false, true);
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
    const auto request = LoraJoinRequest::Parse(bytes.data(), bytes.size());
    if (!request)
    {
        m_rejectedTrace(report, ServerRejection::MALFORMED);
        return;
    }
    const auto found = m_otaaDevices.find(request->devEui);
    if (found == m_otaaDevices.end())
    {
        m_rejectedTrace(report, ServerRejection::UNKNOWN_DEVICE);
        return;
    }
    OtaaDevice& device = found->second;
    if (!LoraJoinRequest::CheckMic(device.appKey, bytes.data()))
    {
        m_rejectedTrace(report, ServerRejection::BAD_MIC);
        return;
    }
    const Copy copy{report.gateway, report.snrDb, report.rssiDbm};
    const auto joining = m_joining.find(request->devEui);
    if (joining != m_joining.end() && device.lastNonce == request->devNonce)
    {
        joining->second.copies.push_back(copy);
        return;
    }
    if (device.lastNonce && request->devNonce <= *device.lastNonce)
    {
        m_rejectedTrace(report, ServerRejection::OLD_NONCE);
        return;
    }
    device.lastNonce = request->devNonce;
    m_joining[request->devEui] = {report, {copy}};
    Simulator::Schedule(m_deduplicationWindow, &NetworkServer::AnswerJoin, this, request->devEui);
}

void
NetworkServer::AnswerJoin(uint64_t devEui)
{
    const auto found = m_joining.find(devEui);
    CollectingJoin join = std::move(found->second);
    m_joining.erase(found);
    SortBestFirst(join.copies);
    const OtaaDevice& device = m_otaaDevices.at(devEui);
    const LoraGatewayReport& report = join.report;
    const uint8_t uplinkRate = m_region->DataRateOf(report.spreadingFactor, report.bandwidthHz);

    LoraJoinAccept accept;
    accept.joinNonce = ++m_joinNonce;
    accept.netId = NET_ID;
    accept.devAddr = device.devAddr;
    accept.rx2DataRate = m_region->rx2DataRate;
    const auto bytes = accept.Serialize(device.appKey);
    const auto slot = FindSlot(join.copies,
                               report.end + m_region->joinAcceptDelay1,
                               m_region->Rx1Frequency(report.frequencyHz),
                               m_region->Rx1DataRate(uplinkRate, 0),
                               m_region->rx2FrequencyHz,
                               m_region->rx2DataRate,
                               bytes.size());
    if (!slot)
    {
        ++m_counts.missed;
        return;
    }
    m_sessions[device.devAddr] =
        NewSession(DeriveJoinKeys(device.appKey, accept.joinNonce, NET_ID, *device.lastNonce),
                   device.deviceClass,
                   device.subBand);
    DownlinkDispatch dispatch;
    dispatch.deviceAddress = device.devAddr;
    Send(bytes, *slot, dispatch);
}

} // namespace lpwan
} // namespace ns3
