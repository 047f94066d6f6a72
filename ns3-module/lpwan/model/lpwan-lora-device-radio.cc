// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-device-radio.h"

#include "lpwan-lora-tx-current.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

// Of the whole device: what happens to it happens here.
NS_LOG_COMPONENT_DEFINE("LpwanLoraEndDevice");

namespace
{

/** The window between the windows, class C. */
constexpr uint8_t BETWEEN = 3;

/** \return ns-3's generator at the stream that RandomVariableStream::SetStream() would take */
RngStream
MakeRandom(int64_t stream)
{
    // Automatic streams are below 2^63, assigned ones above.
    constexpr uint64_t ASSIGNED = uint64_t{1} << 63;
    const uint64_t number = stream < 0 ? RngSeedManager::GetNextStreamIndex()
                                       : ASSIGNED + static_cast<uint64_t>(stream);
    return {RngSeedManager::GetSeed(), number, RngSeedManager::GetRun()};
}

} // namespace

LoraDeviceRadio::LoraDeviceRadio()
    : m_mac(LoraRegion::Eu868()),
      m_random(MakeRandom(-1))
{
}

LoraDeviceRadio::~LoraDeviceRadio() = default;

void
LoraDeviceRadio::DoDispose()
{
    m_next.Cancel();
    m_channel = nullptr;
    m_pending.reset();
    LpwanNetDevice::DoDispose();
}

void
LoraDeviceRadio::SetStream(int64_t stream)
{
    m_random = MakeRandom(stream);
}

double
LoraDeviceRadio::GetTxPowerDbm() const
{
    // Regional parameters: the table of TXPower is relative to the device's own Max EIRP.
    constexpr double STEP_DB = 2;
    return std::min(m_txPowerDbm, m_mac.Region().maxEirpDbm) - STEP_DB * m_mac.GetTxPowerIndex();
}

LoraDeviceRadio::Settings
LoraDeviceRadio::PresentSettings() const
{
    return {GetTxPowerDbm(), m_mac.GetDataRate()};
}

void
LoraDeviceRadio::TellChanges(const Settings& before)
{
    const Settings now = PresentSettings();
    if (now.dataRate != before.dataRate)
    {
        NS_LOG_INFO("device " << m_mac.GetAddress() << ": data rate " << +before.dataRate << " -> "
                              << +now.dataRate);
        m_dataRateTrace(before.dataRate, now.dataRate);
    }
    if (now.txPowerDbm != before.txPowerDbm)
    {
        NS_LOG_INFO("device " << m_mac.GetAddress() << ": " << before.txPowerDbm << " -> "
                              << now.txPowerDbm << " dBm");
        m_txPowerTrace(before.txPowerDbm, now.txPowerDbm);
    }
}

double
LoraDeviceRadio::GetPowerWatt(RadioState state) const
{
    switch (state)
    {
    case RadioState::TX:
        return m_voltage * (m_txCurrentA > 0 ? m_txCurrentA : LoraTxCurrentAmpere(GetTxPowerDbm()));
    case RadioState::RX:
        return m_voltage * m_rxCurrentA;
    case RadioState::SLEEP:
    case RadioState::LIGHT_SLEEP:
    case RadioState::DRX:
        break;
    }
    return m_off ? 0 : m_voltage * m_sleepCurrentA;
}

double
LoraDeviceRadio::GetDownlinkSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz) const
{
    return m_sensitivity.GetDbm(spreadingFactor, bandwidthHz, m_noiseFigureDb);
}

double
LoraDeviceRadio::GetNoiseFloorDbm(uint32_t bandwidthHz) const
{
    return LoraNoiseFloorDbm(bandwidthHz, m_noiseFigureDb);
}

double
LoraDeviceRadio::GetPenetrationLossDb() const
{
    return m_penetrationLossDb;
}

RadioState
LoraDeviceRadio::IdleState() const
{
    return m_class == LoraDeviceClass::C && m_joined && !m_off ? RadioState::RX : RadioState::SLEEP;
}

void
LoraDeviceRadio::TurnOff()
{
    NS_LOG_INFO("device " << m_mac.GetAddress() << " turns off");
    m_next.Cancel();
    m_windows = 0;
    m_receiving = false;
    m_uplinkWanted = false;
    const std::unique_ptr<Pending> last = std::move(m_pending);
    const bool truncated = m_sending;
    if (truncated && last->uplink)
    {
        last->uplink->truncated = true;
    }
    SetRadioState(RadioState::SLEEP);
    m_off = true; // what was drawn up to now has been settled: from here on it is nothing
    if (last && last->packet && (truncated || last->confirmed))
    {
        if (last->confirmed)
        {
            m_acknowledgedTrace(last->packet, false, last->transmissions);
        }
        NotifyDrop(last->packet, DropReason::BATTERY_EMPTY);
    }
    DropQueue(DropReason::BATTERY_EMPTY);
}

bool
LoraDeviceRadio::IsOff() const
{
    return m_off;
}

// --- when a frame may start ---

Time
LoraDeviceRadio::NextOpportunity(uint8_t dataRate) const
{
    const Time open = m_access.OpenFrom(m_mac.Plan(), dataRate);
    NS_ABORT_MSG_IF(open == Time::Max(),
                    "device " << m_mac.GetAddress() << " has no channel for data rate "
                              << +dataRate);
    return std::max({Simulator::Now(), m_busyUntil, open, m_access.GetAggregateOpenFrom()});
}

Time
LoraDeviceRadio::JoinOpenFrom(uint8_t dataRate) const
{
    return m_join->OpenFrom(
        Simulator::Now(),
        LoraTimeOnAir(m_mac.Region().Modulation(dataRate), LORA_JOIN_REQUEST_SIZE));
}

void
LoraDeviceRadio::TryAt(Time at)
{
    NS_LOG_LOGIC("device " << m_mac.GetAddress() << " tries again at " << at.As(Time::S));
    m_next.Cancel();
    m_next = Simulator::Schedule(at - Simulator::Now(), &LoraDeviceRadio::TryTransmit, this);
}

// --- sending ---

void
LoraDeviceRadio::TryTransmit()
{
    const Time now = Simulator::Now();
    // What ends any of these comes back here. A frame whose windows are not over may need no
    // repetition, or none be left, which EndWindows() finds out.
    while (!m_sending && !m_receiving && !m_off && m_channel &&
           !(m_pending && m_pending->windowsDue))
    {
        const bool join = !m_joined && m_join;
        if (!m_pending && GetQueueSize() == 0 && !m_uplinkWanted)
        {
            return;
        }
        if (m_busyUntil > now)
        {
            TryAt(m_busyUntil);
            return;
        }
        uint8_t dataRate = m_mac.GetDataRate();
        if (join)
        {
            dataRate = m_join->NextDataRate(m_mac.Region());
            const Time open = JoinOpenFrom(dataRate);
            if (open > now)
            {
                TryAt(open);
                return;
            }
        }
        else if (m_pending && m_pending->frame->GetSize() > m_mac.MaxContent() + LORA_MAC_OVERHEAD)
        {
            // The network lowered the data rate between two repetitions.
            Finish(false, DropReason::PAYLOAD_TOO_LONG);
            continue;
        }
        const Time start = NextOpportunity(dataRate);
        if (start > now)
        {
            TryAt(start);
            return;
        }
        if (join)
        {
            BuildJoinRequest();
        }
        else if (!m_pending)
        {
            if (!BuildFrame())
            {
                continue;
            }
            if (m_mac.GetDataRate() != dataRate)
            {
                dataRate = m_mac.GetDataRate(); // after the back-off
                if (NextOpportunity(dataRate) > now)
                {
                    TryAt(NextOpportunity(dataRate));
                    return;
                }
            }
        }
        Transmit(dataRate);
    }
}

bool
LoraDeviceRadio::BuildFrame()
{
    const Settings before = PresentSettings();
    m_mac.BackOff();
    TellChanges(before);
    const QueueItem* head = Head();
    if (head && head->packet->GetSize() > m_mac.MaxContent())
    {
        // The data rate went down while the packet waited.
        NotifyDrop(Dequeue()->packet, DropReason::PAYLOAD_TOO_LONG);
        return false;
    }
    m_pending = std::make_unique<Pending>();
    m_pending->frameCounter = m_mac.GetFrameCounter();
    std::optional<LoraDeviceMac::Payload> payload;
    if (m_mac.ChooseAnswers(head ? std::optional<std::size_t>(head->packet->GetSize())
                                 : std::nullopt))
    {
        const auto item = Dequeue();
        payload.emplace();
        payload->port = item->port;
        payload->confirmed = item->confirmed;
        payload->bytes.resize(item->packet->GetSize());
        item->packet->CopyData(payload->bytes.data(), item->packet->GetSize());
        m_pending->packet = item->packet;
        m_pending->confirmed = item->confirmed;
    }
    m_pending->transmissionsLeft =
        m_pending->confirmed ? std::max(m_mac.GetTransmissions(), m_confirmedTransmissions)
                             : m_mac.GetTransmissions();
    m_uplinkWanted = false;
    const auto bytes = m_mac.BuildFrame(std::move(payload));
    m_pending->frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
    return true;
}

void
LoraDeviceRadio::BuildJoinRequest()
{
    uint8_t eui[8] = {};
    m_devEui.CopyTo(eui);
    uint64_t devEui = 0;
    for (const uint8_t byte : eui)
    {
        devEui = devEui << 8 | byte;
    }
    const auto bytes = m_join->MakeRequest(devEui);
    m_pending = std::make_unique<Pending>();
    m_pending->frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
    m_pending->transmissionsLeft = 1;
    m_pending->join = true;
    // The counter of a join request is its nonce, so that traces can tell them apart.
    m_pending->frameCounter = m_join->GetNonce();
}

void
LoraDeviceRadio::Transmit(uint8_t dataRate)
{
    const LoraRegion& region = m_mac.Region();
    const Time now = Simulator::Now();
    const LoraModulation modulation = region.Modulation(dataRate);
    const uint32_t size = m_pending->frame->GetSize();

    LpwanTransmission transmission;
    transmission.deviceAddress = m_mac.GetAddress();
    transmission.frameCounter = m_pending->frameCounter;
    transmission.start = now;
    transmission.end = now + LoraTimeOnAir(modulation, size);
    transmission.frequencyHz = m_access.Choose(m_mac.Plan(), dataRate, now, m_random.RandU01());
    transmission.bandwidthHz = modulation.bandwidthHz;
    transmission.spreadingFactor = modulation.spreadingFactor;
    transmission.frameBytes = static_cast<uint16_t>(size);
    transmission.txPowerDbm = GetTxPowerDbm();

    NS_ABORT_MSG_IF(region.maxUplinkDwell > Time(0) &&
                        transmission.end - now > region.maxUplinkDwell,
                    "a frame of " << size << " bytes at data rate " << +dataRate
                                  << " is longer than region " << region.name << " allows");
    NS_LOG_INFO("device " << transmission.deviceAddress << " sends "
                          << (m_pending->join ? "join request " : "frame ")
                          << transmission.frameCounter << ": " << size << " bytes, DR" << +dataRate
                          << ", " << transmission.frequencyHz << " Hz, " << transmission.txPowerDbm
                          << " dBm");
    m_uplinkDataRate = dataRate;
    m_uplinkEnd = transmission.end;
    m_uplinkFrequencyHz = transmission.frequencyHz;
    m_windows = 0;
    m_sending = true;
    m_busyUntil = GetWindows(m_pending->join).until2;
    --m_pending->transmissionsLeft;
    ++m_pending->transmissions;
    m_access.Book(region,
                  transmission.frequencyHz,
                  transmission.start,
                  transmission.end,
                  m_mac.GetMaxDutyCycle());
    if (m_pending->join)
    {
        m_join->Book(transmission.start, transmission.end);
    }

    m_pending->uplink = nullptr;
    SetRadioState(RadioState::TX);
    if (m_off)
    {
        m_sending = false; // the energy source that was told has found itself empty
        return;
    }
    if (m_pending->packet)
    {
        NotifyTxStart(m_pending->packet, transmission);
    }

    Ptr<LoraUplink> uplink = Create<LoraUplink>();
    uplink->transmission = transmission;
    uplink->modulation = modulation;
    uplink->frame = m_pending->frame;
    uplink->netId = m_netId;
    uplink->symbolTime = LoraSymbolTime(modulation);
    m_pending->uplink = uplink;
    m_channel->SendUplink(m_channelIndex, uplink);
}

void
LoraDeviceRadio::EndUplink(const LpwanTransmission& transmission)
{
    m_sending = false;
    if (m_off)
    {
        return; // it was truncated
    }
    Ptr<const Packet> packet = m_pending->packet;
    SetRadioState(IdleState()); // an energy source that is told may find itself empty: TurnOff()
    if (!m_off)
    {
        OpenWindows();
    }
    if (packet)
    {
        NotifyTxEnd(packet, transmission);
    }
}

LoraReceiveWindows
LoraDeviceRadio::GetWindows(bool join) const
{
    return m_mac.Windows({m_uplinkEnd, m_uplinkFrequencyHz, m_uplinkDataRate, join},
                         m_rxWindowSymbols);
}

void
LoraDeviceRadio::OpenWindows()
{
    const bool join = m_pending->join;
    const LoraReceiveWindows w = GetWindows(join);
    NS_LOG_LOGIC("device " << m_mac.GetAddress() << " listens from " << w.from1.As(Time::S)
                           << " on " << w.frequency1Hz << " Hz and from " << w.from2.As(Time::S)
                           << " on " << w.frequency2Hz << " Hz");
    m_channel->Listen(m_channelIndex, 1, w.frequency1Hz, w.modulation1, w.from1, w.until1);
    m_channel->Listen(m_channelIndex, 2, w.frequency2Hz, w.modulation2, w.from2, w.until2);
    m_windows = 1 << 1 | 1 << 2;
    m_busyUntil = w.until2;
    if (IdleState() == RadioState::SLEEP)
    {
        PlanRadioState(w.from1, RadioState::RX);
        PlanRadioState(w.until1, RadioState::SLEEP);
        PlanRadioState(w.from2, RadioState::RX);
        PlanRadioState(w.until2, RadioState::SLEEP);
    }
    const bool done = m_pending->transmissionsLeft == 0 && !m_pending->confirmed && !join;
    if (!done)
    {
        m_next.Cancel();
        m_pending->windowsDue = true;
        m_next =
            Simulator::Schedule(w.until2 - Simulator::Now(), &LoraDeviceRadio::EndWindows, this);
        return;
    }
    m_pending.reset();
    if (GetQueueSize() > 0 || m_uplinkWanted)
    {
        TryAt(w.until2);
    }
}

Time
LoraDeviceRadio::DrawTimeout()
{
    const LoraRegion& region = m_mac.Region();
    const Time most = region.retransmitTimeoutMax - region.retransmitTimeoutMin;
    return region.retransmitTimeoutMin + Seconds(most.GetSeconds() * m_random.RandU01());
}

void
LoraDeviceRadio::EndWindows()
{
    if (m_receiving || !m_pending || !m_pending->windowsDue)
    {
        return; // the end of what is being received comes back
    }
    m_pending->windowsDue = false;
    m_windows = 0;
    if (m_pending->join)
    {
        NS_LOG_INFO("device " << m_mac.GetAddress() << ": nobody answers its join request");
        m_pending.reset();
        m_uplinkWanted = true;
        m_busyUntil = Simulator::Now() + DrawTimeout();
    }
    else if (m_pending->transmissionsLeft == 0)
    {
        Finish(false);
    }
    else if (m_pending->confirmed)
    {
        m_busyUntil = Simulator::Now() + DrawTimeout();
    }
    TryTransmit();
}

void
LoraDeviceRadio::Finish(bool acknowledged, DropReason reason)
{
    const std::unique_ptr<Pending> done = std::move(m_pending);
    if (done->confirmed && done->packet)
    {
        NS_LOG_INFO("device " << m_mac.GetAddress() << ": frame " << done->frameCounter
                              << (acknowledged ? " is acknowledged" : " is given up") << " after "
                              << +done->transmissions << " transmissions");
        m_acknowledgedTrace(done->packet, acknowledged, done->transmissions);
        if (!acknowledged)
        {
            NotifyDrop(done->packet, reason);
        }
    }
}

void
LoraDeviceRadio::GiveUpPending()
{
    if (!m_pending || m_pending->join)
    {
        return;
    }
    if (m_sending)
    {
        m_pending->transmissionsLeft = 0; // the frame in the air is the last one
        return;
    }
    m_windows = 0;   // nobody answers in a session that is no more
    m_next.Cancel(); // it was for that frame
    Finish(false);
    TryTransmit();
}

// --- receiving ---

void
LoraDeviceRadio::ListenAlways()
{
    if (m_class != LoraDeviceClass::C || !m_joined || !m_channel ||
        (m_listensHz == m_mac.GetRx2FrequencyHz() && m_listensDataRate == m_mac.GetRx2DataRate()))
    {
        return;
    }
    m_listensHz = m_mac.GetRx2FrequencyHz();
    m_listensDataRate = m_mac.GetRx2DataRate();
    NS_LOG_INFO("device " << m_mac.GetAddress() << " listens on " << m_listensHz << " Hz at DR"
                          << +m_listensDataRate << " whenever it does not send");
    m_channel->Listen(m_channelIndex,
                      BETWEEN,
                      m_listensHz,
                      m_mac.Region().Modulation(m_listensDataRate),
                      Simulator::Now(),
                      Time::Max());
    if (!m_sending && !m_receiving)
    {
        SetRadioState(RadioState::RX);
    }
}

bool
LoraDeviceRadio::StartDownlink(const LoraDownlink& downlink, uint8_t slot)
{
    if (m_off || m_sending || m_receiving)
    {
        return false;
    }
    const bool between = slot == BETWEEN;
    if (between)
    {
        // What was announced for an earlier RX2 setting is void.
        const LoraModulation modulation = m_mac.Region().Modulation(m_mac.GetRx2DataRate());
        if (downlink.frequencyHz != m_mac.GetRx2FrequencyHz() ||
            downlink.modulation.spreadingFactor != modulation.spreadingFactor ||
            downlink.modulation.bandwidthHz != modulation.bandwidthHz)
        {
            return false;
        }
    }
    else if ((m_windows & 1 << slot) == 0)
    {
        return false;
    }
    NS_LOG_LOGIC("device " << m_mac.GetAddress() << " receives in window " << +slot << " until "
                           << downlink.end.As(Time::S));
    m_receiving = true;
    m_receivingSlot = slot;
    m_busyUntil = std::max(m_busyUntil, downlink.end);
    if (!between && IdleState() == RadioState::SLEEP)
    {
        SetRadioState(RadioState::RX);
        PlanRadioState(downlink.end, RadioState::SLEEP);
    }
    m_next.Cancel();
    return true;
}

void
LoraDeviceRadio::EndDownlink(const LoraDownlink& downlink, double rxPowerDbm, bool received)
{
    if (!m_receiving || m_off)
    {
        return;
    }
    m_receiving = false;
    const Time now = Simulator::Now();
    const uint8_t slot = m_receivingSlot;
    if (received && Accept(downlink, slot, rxPowerDbm))
    {
        m_receivedTrace(downlink.frame->GetSize(), slot);
        if (slot != BETWEEN)
        {
            m_windows = 0;
            m_busyUntil = now;
            SetRadioState(IdleState());
        }
    }
    else if (slot == 1)
    {
        // RX2 comes as planned, or what is left of it.
        const LoraReceiveWindows w = GetWindows(m_pending && m_pending->join);
        m_windows = 1 << 2;
        if (IdleState() == RadioState::SLEEP && w.until2 > now)
        {
            PlanRadioState(std::max(now, w.from2), RadioState::RX);
            PlanRadioState(w.until2, RadioState::SLEEP);
        }
    }
    if (m_pending)
    {
        m_next.Cancel();
        m_pending->windowsDue = true;
        m_next = Simulator::Schedule(std::max(Time(0), m_busyUntil - now),
                                     &LoraDeviceRadio::EndWindows,
                                     this);
        return;
    }
    TryTransmit();
}

bool
LoraDeviceRadio::Accept(const LoraDownlink& downlink, uint8_t window, double rxPowerDbm)
{
    std::vector<uint8_t> bytes(downlink.frame->GetSize());
    downlink.frame->CopyData(bytes.data(), downlink.frame->GetSize());
    if (!m_joined)
    {
        if (!m_join || !m_pending || !m_pending->join)
        {
            return false;
        }
        const auto accept = m_join->Read(bytes);
        if (accept)
        {
            AcceptJoin(*accept);
        }
        return accept.has_value();
    }
    const double snrDb = rxPowerDbm - GetNoiseFloorDbm(downlink.modulation.bandwidthHz);
    const auto frame = m_mac.Open(bytes, snrDb, window != BETWEEN);
    if (!frame)
    {
        return false;
    }
    NS_LOG_INFO("device " << m_mac.GetAddress() << " receives downlink " << frame->counter
                          << " in window " << +window << ", " << bytes.size() << " bytes, "
                          << rxPowerDbm << " dBm");
    if (m_pending)
    {
        const bool acknowledged = (frame->view.fCtrl & LORA_FCTRL_ACK) != 0;
        if (m_pending->confirmed ? acknowledged : window != BETWEEN)
        {
            Finish(acknowledged);
        }
    }
    const Settings before = PresentSettings();
    const LoraDownlinkContent content = m_mac.Take(*frame, m_class);
    m_uplinkWanted = m_uplinkWanted || content.uplinkWanted;
    ListenAlways(); // RXParamSetupReq may have moved RX2
    TellChanges(before);
    for (const LinkCheckAns& answer : content.linkChecks)
    {
        m_linkCheckTrace(answer.marginDb, answer.gatewayCount);
    }
    if (content.port.value_or(0) > 0)
    {
        NotifyReceive(
            Create<Packet>(content.payload.data(), static_cast<uint32_t>(content.payload.size())),
            *content.port);
    }
    return true;
}

void
LoraDeviceRadio::AcceptJoin(const LoraJoinAccept& accept)
{
    const uint32_t requests = m_join->GetRequests();
    NS_LOG_INFO("device " << accept.devAddr << " has joined after " << requests << " requests");
    m_mac.BeginSession(accept.devAddr, m_join->DeriveKeys(accept));
    m_mac.Obey(accept);
    m_joined = true;
    m_pending.reset();
    m_uplinkWanted = false;
    ListenAlways();
    m_joinedTrace(accept.devAddr, requests);
    m_join->Finish();
}

} // namespace lpwan
} // namespace ns3
