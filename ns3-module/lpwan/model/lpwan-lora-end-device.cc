// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-end-device.h"

#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <variant>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanLoraEndDevice");

NS_OBJECT_ENSURE_REGISTERED(LoraEndDevice);

namespace
{

/** A point of the table of transmit currents. */
struct TxCurrent
{
    double powerDbm;
    double currentA;
};

/** Sources: see the class. */
constexpr std::array<TxCurrent, 11> TX_CURRENT{{{2, 0.024},
                                                {4, 0.024},
                                                {5, 0.025},
                                                {8, 0.025},
                                                {9, 0.026},
                                                {10, 0.031},
                                                {11, 0.032},
                                                {12, 0.034},
                                                {13, 0.035},
                                                {14, 0.044},
                                                {17, 0.090}}};
constexpr TxCurrent MAX_TX_CURRENT{20, 0.120};

double
TxCurrentOf(double powerDbm)
{
    if (powerDbm <= TX_CURRENT.front().powerDbm)
    {
        return TX_CURRENT.front().currentA;
    }
    if (powerDbm >= MAX_TX_CURRENT.powerDbm)
    {
        return MAX_TX_CURRENT.currentA;
    }
    const auto above = std::find_if(TX_CURRENT.begin(),
                                    TX_CURRENT.end(),
                                    [&](const TxCurrent& row) { return row.powerDbm >= powerDbm; });
    const TxCurrent& high = above == TX_CURRENT.end() ? MAX_TX_CURRENT : *above;
    const TxCurrent& low = *(above - 1);
    return low.currentA + (high.currentA - low.currentA) * (powerDbm - low.powerDbm) /
                              (high.powerDbm - low.powerDbm);
}

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

TypeId
LoraEndDevice::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::LoraEndDevice")
            .SetParent<LpwanNetDevice>()
            .SetGroupName("Limitnet")
            .AddConstructor<LoraEndDevice>()
            .AddAttribute(
                "Region",
                "LoRaWAN region: EU868, US915.",
                StringValue("EU868"),
                MakeStringAccessor(&LoraEndDevice::SetRegion, &LoraEndDevice::GetRegionName),
                MakeTextChecker(&LoraRegion::IsKnown))
            .AddAttribute(
                "Class",
                "LoRaWAN device class: A or C.",
                StringValue("A"),
                MakeStringAccessor(&LoraEndDevice::SetClass, &LoraEndDevice::GetClassName),
                MakeTextChecker([](const std::string& text) { return text == "A" || text == "C"; }))
            .AddAttribute(
                "SubBand",
                "In a region of fixed channels: use only eight of them and the wide one "
                "that belongs to them, 1..8 (US915: 2 is common); 0: all.",
                UintegerValue(0),
                MakeUintegerAccessor(&LoraEndDevice::SetSubBand, &LoraEndDevice::GetSubBand),
                MakeUintegerChecker<uint8_t>(0, 8))
            .AddAttribute("NetId",
                          "LoRaWAN NetID of its network, whose gateways serve it.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&LoraEndDevice::m_netId),
                          MakeUintegerChecker<uint32_t>(0, 0xffffff))
            .AddAttribute("Confirmed",
                          "The network is to acknowledge what Send() takes.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&LoraEndDevice::m_confirmed),
                          MakeBooleanChecker())
            .AddAttribute("ConfirmedTransmissions",
                          "How often a confirmed frame is sent at most.",
                          UintegerValue(8),
                          MakeUintegerAccessor(&LoraEndDevice::m_confirmedTransmissions),
                          MakeUintegerChecker<uint8_t>(1))
            .AddAttribute("Transmissions",
                          "NbTrans: how often a frame is sent that is not confirmed; the network "
                          "can change it.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&LoraEndDevice::m_transmissions),
                          MakeUintegerChecker<uint8_t>(1, 15))
            .AddAttribute("Adr",
                          "The network controls data rate and power.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&LoraEndDevice::m_adr),
                          MakeBooleanChecker())
            .AddAttribute(
                "AdrAckLimit",
                "ADR_ACK_LIMIT: uplinks without a downlink before the device asks for one.",
                UintegerValue(64),
                MakeUintegerAccessor(&LoraEndDevice::m_adrAckLimit),
                MakeUintegerChecker<uint16_t>(1))
            .AddAttribute("AdrAckDelay",
                          "ADR_ACK_DELAY: further ones before it raises its power, and then lowers "
                          "its data rate, step by step.",
                          UintegerValue(32),
                          MakeUintegerAccessor(&LoraEndDevice::m_adrAckDelay),
                          MakeUintegerChecker<uint16_t>(1))
            .AddAttribute(
                "DataRate",
                "LoRaWAN data rate; EU868: 0 (SF12) to 5 (SF7) at 125 kHz, 6 (SF7) at 250; US915: "
                "0 (SF10) to 3 (SF7) at 125 kHz, 4 (SF8) at 500.",
                UintegerValue(0),
                MakeUintegerAccessor(&LoraEndDevice::SetDataRate, &LoraEndDevice::GetDataRate),
                MakeUintegerChecker<uint8_t>())
            .AddAttribute(
                "Sensitivity",
                "Receiver: SX1276, SX1272, SX1301, SX1301-best, SX1303; six numbers in dBm for SF7 "
                "to SF12 at 125 kHz; empty: thermal noise + NoiseFigure + SNR threshold.",
                StringValue("SX1276"),
                MakeStringAccessor(&LoraEndDevice::SetSensitivity, &LoraEndDevice::GetSensitivity),
                MakeTextChecker([](const std::string& text) {
                    return LoraSensitivity::Parse(text).has_value();
                }))
            .AddAttribute("NoiseFigure",
                          "Noise figure of the receiver, dB.",
                          DoubleValue(6),
                          MakeDoubleAccessor(&LoraEndDevice::m_noiseFigureDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("PenetrationLoss",
                          "Loss of the walls around the device, dB, in both directions.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LoraEndDevice::m_penetrationLossDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("TxPower",
                          "Most radiated power, dBm EIRP, no more than the region allows: Max EIRP "
                          "of the regional parameters. Each step of the network's LinkADRReq is "
                          "2 dB less than that.",
                          DoubleValue(14),
                          MakeDoubleAccessor(&LoraEndDevice::m_txPowerDbm),
                          MakeDoubleChecker<double>())
            .AddAttribute(
                "RepeaterCompatible",
                "Keep to the payload limits of networks with repeaters (222 instead of 242 "
                "bytes at SF7 and SF8).",
                BooleanValue(true),
                MakeBooleanAccessor(&LoraEndDevice::m_repeaterCompatible),
                MakeBooleanChecker())
            .AddAttribute("DutyCycle",
                          "Keep to the duty cycles of the region's sub-bands.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&LoraEndDevice::m_dutyCycleEnabled),
                          MakeBooleanChecker())
            .AddAttribute("RxWindowSymbols",
                          "Length of the receive windows, in symbols of their data rate.",
                          UintegerValue(8),
                          MakeUintegerAccessor(&LoraEndDevice::m_rxWindowSymbols),
                          // 30 symbols of SF12 end before RX2 opens.
                          MakeUintegerChecker<uint32_t>(1, 30))
            .AddAttribute("SupplyVoltage",
                          "Supply voltage of the radio, volt.",
                          DoubleValue(3.3),
                          MakeDoubleAccessor(&LoraEndDevice::m_voltage),
                          MakeDoubleChecker<double>(0))
            .AddAttribute(
                "TxCurrent",
                "Current when sending, ampere; 0: by TxPower, from the table of the class.",
                DoubleValue(0),
                MakeDoubleAccessor(&LoraEndDevice::m_txCurrentA),
                MakeDoubleChecker<double>(0))
            .AddAttribute("RxCurrent",
                          "Current in receive windows, ampere.",
                          DoubleValue(0.0112),
                          MakeDoubleAccessor(&LoraEndDevice::m_rxCurrentA),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("SleepCurrent",
                          "Current otherwise, ampere.",
                          DoubleValue(1.5e-6),
                          MakeDoubleAccessor(&LoraEndDevice::m_sleepCurrentA),
                          MakeDoubleChecker<double>(0))
            .AddTraceSource("Acknowledged",
                            "A confirmed packet is done with: packet, whether it was "
                            "acknowledged, transmissions.",
                            MakeTraceSourceAccessor(&LoraEndDevice::m_acknowledgedTrace),
                            "ns3::lpwan::LoraEndDevice::AcknowledgedTracedCallback")
            .AddTraceSource("Received",
                            "A downlink for this device arrived: bytes of the frame, window.",
                            MakeTraceSourceAccessor(&LoraEndDevice::m_receivedTrace),
                            "ns3::lpwan::LoraEndDevice::ReceivedTracedCallback")
            .AddTraceSource("LinkCheck",
                            "An answer to RequestLinkCheck(): margin in dB, gateways.",
                            MakeTraceSourceAccessor(&LoraEndDevice::m_linkCheckTrace),
                            "ns3::lpwan::LoraEndDevice::LinkCheckTracedCallback")
            .AddTraceSource("Joined",
                            "The device has joined: its address, join requests sent.",
                            MakeTraceSourceAccessor(&LoraEndDevice::m_joinedTrace),
                            "ns3::lpwan::LoraEndDevice::JoinedTracedCallback");
    return tid;
}

LoraEndDevice::LoraEndDevice()
    : m_region(&LoraRegion::Eu868()),
      m_random(MakeRandom(-1)),
      m_rx2FrequencyHz(m_region->rx2FrequencyHz),
      m_rx2DataRate(m_region->rx2DataRate)
{
    ResetChannels();
}

LoraEndDevice::~LoraEndDevice() = default;

void
LoraEndDevice::DoDispose()
{
    m_next.Cancel();
    m_channel = nullptr;
    m_pending.reset();
    LpwanNetDevice::DoDispose();
}

void
LoraEndDevice::SetRegion(std::string name)
{
    const LoraRegion& region = LoraRegion::Get(name);
    if (&region == m_region)
    {
        return;
    }
    m_region = &region;
    m_dutyCycle = DutyCycle();
    m_rx2FrequencyHz = region.rx2FrequencyHz;
    m_rx2DataRate = region.rx2DataRate;
    m_dataRate = 0;
    ResetChannels();
}

std::string
LoraEndDevice::GetRegionName() const
{
    return m_region->name;
}

const LoraRegion&
LoraEndDevice::GetRegion() const
{
    return *m_region;
}

void
LoraEndDevice::SetClass(std::string name)
{
    m_class = name == "C" ? LoraDeviceClass::C : LoraDeviceClass::A;
}

std::string
LoraEndDevice::GetClassName() const
{
    return m_class == LoraDeviceClass::C ? "C" : "A";
}

LoraDeviceClass
LoraEndDevice::GetClass() const
{
    return m_class;
}

void
LoraEndDevice::SetSubBand(uint8_t number)
{
    m_subBand = number;
    ResetChannels();
}

uint32_t
LoraEndDevice::GetNetId() const
{
    return m_netId;
}

uint8_t
LoraEndDevice::GetSubBand() const
{
    return m_subBand;
}

void
LoraEndDevice::SetSensitivity(std::string text)
{
    const auto sensitivity = LoraSensitivity::Parse(text);
    NS_ABORT_MSG_UNLESS(sensitivity,
                        "attribute Sensitivity of LoraEndDevice is '"
                            << text << "', must be " << LoraSensitivity::Expected());
    m_sensitivity = *sensitivity;
}

std::string
LoraEndDevice::GetSensitivity() const
{
    return m_sensitivity.GetText();
}

void
LoraEndDevice::Attach(Ptr<LoraChannel> channel)
{
    NS_ABORT_MSG_IF(m_channel, "a LoRa device can be attached to one channel only");
    m_channel = channel;
    m_channelIndex = channel->AddDevice(this, this);
    ListenAlways();
}

uint32_t
LoraEndDevice::GetChannelIndex() const
{
    return m_channelIndex;
}

void
LoraEndDevice::Personalize(uint32_t devAddr, const LoraSessionKeys& keys)
{
    m_devAddr = devAddr;
    m_keys = keys;
    m_frameCounter = 0;
    m_downlinkCounter.reset();
    m_joined = true;
    GiveUpPending();
    ListenAlways();
}

void
LoraEndDevice::SetOtaa(uint64_t joinEui, const AesBlock& appKey, uint32_t devAddr)
{
    m_devAddr = devAddr;
    m_otaa = std::make_unique<Otaa>();
    m_otaa->joinEui = joinEui;
    m_otaa->appKey = appKey;
    m_joined = false;
}

void
LoraEndDevice::Join()
{
    NS_ABORT_MSG_UNLESS(m_otaa, "a LoRa device joins over the air only after SetOtaa()");
    m_joined = false;
    m_uplinkWanted = true;
    GiveUpPending();
    TryTransmit();
}

void
LoraEndDevice::GiveUpPending()
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

bool
LoraEndDevice::IsJoined() const
{
    return m_joined;
}

void
LoraEndDevice::SetDataRate(uint8_t dataRate)
{
    NS_ABORT_MSG_UNLESS(m_region->IsUplinkDataRate(dataRate),
                        "data rate " << +dataRate << " does not exist in region "
                                     << m_region->name);
    m_dataRate = dataRate;
}

uint8_t
LoraEndDevice::GetDataRate() const
{
    return m_dataRate;
}

void
LoraEndDevice::SetSpreadingFactor(uint8_t spreadingFactor)
{
    m_dataRate = m_region->DataRateOf(spreadingFactor);
}

uint8_t
LoraEndDevice::GetSpreadingFactor() const
{
    return m_region->dataRates[m_dataRate].spreadingFactor;
}

double
LoraEndDevice::GetTxPowerDbm() const
{
    // Regional parameters: the table of TXPower is relative to the device's own Max EIRP.
    constexpr double STEP_DB = 2;
    return std::min(m_txPowerDbm, m_region->maxEirpDbm) - STEP_DB * m_txPowerIndex;
}

uint8_t
LoraEndDevice::GetTransmissions() const
{
    return m_transmissions;
}

LoraModulation
LoraEndDevice::GetModulation() const
{
    return m_region->Modulation(m_dataRate);
}

Time
LoraEndDevice::GetTimeOnAir(uint32_t payloadBytes) const
{
    return LoraTimeOnAir(GetModulation(), payloadBytes + LORA_MAC_OVERHEAD);
}

int64_t
LoraEndDevice::AssignStreams(int64_t stream)
{
    m_random = MakeRandom(stream);
    return 1;
}

uint32_t
LoraEndDevice::GetDeviceAddress() const
{
    return m_devAddr;
}

std::size_t
LoraEndDevice::MaxContent() const
{
    const LoraDataRate& dataRate = m_region->dataRates[m_dataRate];
    return m_repeaterCompatible ? dataRate.maxPayloadRepeater : dataRate.maxPayload;
}

uint16_t
LoraEndDevice::GetMtu() const
{
    return static_cast<uint16_t>(MaxContent());
}

Ptr<Channel>
LoraEndDevice::GetChannel() const
{
    return m_channel;
}

void
LoraEndDevice::SetAddress(Address address)
{
    NS_ABORT_MSG_UNLESS(Mac64Address::IsMatchingType(address),
                        "the address of a LoRa device is its DevEUI, a Mac64Address");
    m_devEui = Mac64Address::ConvertFrom(address);
}

Address
LoraEndDevice::GetAddress() const
{
    return m_devEui;
}

Address
LoraEndDevice::GetBroadcast() const
{
    return Mac64Address("ff:ff:ff:ff:ff:ff:ff:ff");
}

bool
LoraEndDevice::IsLinkUp() const
{
    return m_channel != nullptr;
}

double
LoraEndDevice::GetPowerWatt(RadioState state) const
{
    switch (state)
    {
    case RadioState::TX:
        return m_voltage * (m_txCurrentA > 0 ? m_txCurrentA : TxCurrentOf(GetTxPowerDbm()));
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
LoraEndDevice::GetDownlinkSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz) const
{
    return m_sensitivity.GetDbm(spreadingFactor, bandwidthHz, m_noiseFigureDb);
}

double
LoraEndDevice::GetNoiseFloorDbm(uint32_t bandwidthHz) const
{
    return LoraNoiseFloorDbm(bandwidthHz, m_noiseFigureDb);
}

double
LoraEndDevice::GetPenetrationLossDb() const
{
    return m_penetrationLossDb;
}

RadioState
LoraEndDevice::IdleState() const
{
    return m_class == LoraDeviceClass::C && m_joined && !m_off ? RadioState::RX : RadioState::SLEEP;
}

// --- channels ---

const std::vector<LoraUplinkChannel>&
LoraEndDevice::Channels() const
{
    return m_ownChannels ? *m_ownChannels : m_region->channels;
}

void
LoraEndDevice::ResetChannels()
{
    m_enabled = DefaultChannels();
}

std::bitset<LoraEndDevice::MAX_CHANNELS>
LoraEndDevice::DefaultChannels() const
{
    std::bitset<MAX_CHANNELS> enabled;
    const auto& channels = Channels();
    NS_ABORT_MSG_IF(channels.size() > MAX_CHANNELS, "too many channels for a LoRa device");
    const std::size_t narrow = channels.size() - m_region->wideChannels;
    for (std::size_t i = 0; i < channels.size(); ++i)
    {
        constexpr std::size_t IN_SUB_BAND = 8;
        const std::size_t subBand = i < narrow ? i / IN_SUB_BAND : i - narrow;
        enabled[i] = channels[i].frequencyHz > 0 &&
                     (!m_region->fixedChannels || m_subBand == 0 || subBand + 1 == m_subBand);
    }
    return enabled;
}

bool
LoraEndDevice::IsUsable(std::size_t channel, uint8_t dataRate) const
{
    const LoraUplinkChannel& c = Channels()[channel];
    // DR6 of EU868 (250 kHz) belongs to the default channels only by NewChannelReq; a device that
    // was set to it by hand may use them.
    const bool wider = !m_region->fixedChannels && dataRate > c.maxDataRate &&
                       dataRate <= m_region->maxUplinkDataRate && !m_ownChannels;
    return m_enabled[channel] && dataRate >= c.minDataRate && (dataRate <= c.maxDataRate || wider);
}

std::vector<uint32_t>
LoraEndDevice::GetChannelFrequencies() const
{
    std::vector<uint32_t> frequencies;
    for (std::size_t i = 0; i < Channels().size(); ++i)
    {
        if (m_enabled[i])
        {
            frequencies.push_back(Channels()[i].frequencyHz);
        }
    }
    return frequencies;
}

Time
LoraEndDevice::OpenFrom(std::size_t channel) const
{
    return m_dutyCycleEnabled
               ? m_dutyCycle.OpenFrom(m_region->SubBandOf(Channels()[channel].frequencyHz))
               : Time(0);
}

Time
LoraEndDevice::NextOpportunity(uint8_t dataRate) const
{
    Time open = Time::Max();
    for (std::size_t i = 0; i < Channels().size(); ++i)
    {
        if (IsUsable(i, dataRate))
        {
            open = std::min(open, OpenFrom(i));
        }
    }
    NS_ABORT_MSG_IF(open == Time::Max(),
                    "device " << m_devAddr << " has no channel for data rate " << +dataRate);
    return std::max({Simulator::Now(), m_busyUntil, open, m_aggregateOpenFrom});
}

Time
LoraEndDevice::GetNextOpportunity() const
{
    return NextOpportunity(m_dataRate);
}

// --- sending ---

bool
LoraEndDevice::Send(Ptr<Packet> packet, const Address& /* dest */, uint16_t protocolNumber)
{
    return SendData(packet, protocolNumber, m_confirmed);
}

bool
LoraEndDevice::SendConfirmed(Ptr<Packet> packet, uint16_t protocolNumber)
{
    return SendData(packet, protocolNumber, true);
}

std::optional<Time>
LoraEndDevice::EstimateTimeOnAir(uint32_t payloadBytes) const
{
    return GetTimeOnAir(payloadBytes);
}

std::map<std::size_t, Time>
LoraEndDevice::SubBandsOpenFrom() const
{
    std::map<std::size_t, Time> openFrom;
    for (std::size_t i = 0; i < Channels().size(); ++i)
    {
        if (IsUsable(i, m_dataRate))
        {
            openFrom[m_region->SubBandOf(Channels()[i].frequencyHz)] = OpenFrom(i);
        }
    }
    return openFrom;
}

uint16_t
LoraEndDevice::DutyCyclePermille(std::size_t subBand) const
{
    return m_dutyCycleEnabled ? m_region->subBands[subBand].dutyCyclePermille : 1000;
}

std::optional<uint64_t>
LoraEndDevice::EstimateBytesUntil(Time until) const
{
    const Time airtime = GetTimeOnAir(GetMtu());
    // Before the next frame a class A device listens in two windows, the second of which begins
    // RxDelay + 1 s after the end of the frame.
    const Time pause = airtime + Seconds(m_rxDelayS + 1);
    const auto framesFrom = [&](Time start, Time period) {
        const Time last = until - airtime;
        return start > last ? int64_t{0} : 1 + (last - start).GetTimeStep() / period.GetTimeStep();
    };
    const Time now = std::max(Simulator::Now(), m_aggregateOpenFrom);
    int64_t frames = 0;
    for (const auto& [subBand, open] : SubBandsOpenFrom())
    {
        frames += framesFrom(std::max({now, m_busyUntil, open}),
                             std::max(pause, airtime * 1000 / DutyCyclePermille(subBand)));
    }
    frames = std::min(frames, framesFrom(std::max(now, m_busyUntil), pause));
    frames -= std::min<int64_t>(frames, GetQueueSize());
    return static_cast<uint64_t>(frames) * GetMtu();
}

std::optional<Time>
LoraEndDevice::EstimateSendingTime(const std::vector<uint32_t>& payloadBytes) const
{
    auto openFrom = SubBandsOpenFrom();
    if (openFrom.empty())
    {
        return std::nullopt;
    }
    Time ready = std::max({Simulator::Now(), m_busyUntil, m_aggregateOpenFrom});
    Time end = Simulator::Now();
    for (const uint32_t bytes : payloadBytes)
    {
        const auto next =
            std::min_element(openFrom.begin(), openFrom.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            });
        const Time airtime = GetTimeOnAir(bytes);
        end = std::max(ready, next->second) + airtime;
        next->second = end + DutyCycle::OffTime(airtime, DutyCyclePermille(next->first));
        ready = end + Seconds(m_rxDelayS + 1); // after the second window, as above
    }
    return end - Simulator::Now();
}

bool
LoraEndDevice::SendData(Ptr<Packet> packet, uint16_t port, bool confirmed)
{
    if (m_off)
    {
        NotifyDrop(packet, DropReason::BATTERY_EMPTY);
        return false;
    }
    if (!Enqueue(packet, port, confirmed))
    {
        return false;
    }
    TryTransmit();
    return true;
}

void
LoraEndDevice::RequestLinkCheck()
{
    AppendCommand(LinkCheckReq{}, ToAnswer().once);
}

void
LoraEndDevice::SetBatteryLevel(uint8_t battery)
{
    m_battery = battery;
}

void
LoraEndDevice::TurnOff()
{
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

void
LoraEndDevice::NotifyBattery(double fraction)
{
    constexpr double FULL = 254;
    m_battery = static_cast<uint8_t>(std::clamp(std::round(fraction * FULL), 1.0, FULL));
}

bool
LoraEndDevice::IsOff() const
{
    return m_off;
}

void
LoraEndDevice::TryAt(Time at)
{
    m_next.Cancel();
    m_next = Simulator::Schedule(at - Simulator::Now(), &LoraEndDevice::TryTransmit, this);
}

void
LoraEndDevice::TryTransmit()
{
    const Time now = Simulator::Now();
    // What ends any of these comes back here. A frame whose windows are not over may need no
    // repetition, or none be left, which EndWindows() finds out.
    while (!m_sending && !m_receiving && !m_off && m_channel &&
           !(m_pending && m_pending->windowsDue))
    {
        const bool join = !m_joined && m_otaa;
        if (!m_pending && GetQueueSize() == 0 && !m_uplinkWanted)
        {
            return;
        }
        if (m_busyUntil > now)
        {
            TryAt(m_busyUntil);
            return;
        }
        uint8_t dataRate = m_dataRate;
        if (join)
        {
            const auto& rates = m_region->joinDataRates;
            dataRate = rates[m_otaa->requests % rates.size()];
            const Time open = JoinOpenFrom(dataRate);
            if (open > now)
            {
                TryAt(open);
                return;
            }
        }
        else if (m_pending && m_pending->frame->GetSize() > MaxContent() + LORA_MAC_OVERHEAD)
        {
            // The network lowered the data rate between two repetitions.
            const std::unique_ptr<Pending> done = std::move(m_pending);
            if (done->confirmed && done->packet)
            {
                m_acknowledgedTrace(done->packet, false, done->transmissions);
                NotifyDrop(done->packet, DropReason::PAYLOAD_TOO_LONG);
            }
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
            const QueueItem* head = Head();
            if (m_adr)
            {
                BackOff();
            }
            if (head && head->packet->GetSize() > MaxContent())
            {
                // The data rate went down while the packet waited.
                NotifyDrop(Dequeue()->packet, DropReason::PAYLOAD_TOO_LONG);
                continue;
            }
            // Answers that do not fit beside the payload go first, alone. Those that are repeated
            // until something comes down then leave every other frame to the payloads.
            const std::size_t room = MaxContent();
            std::vector<uint8_t> answers = FittingAnswers(room);
            if (head && m_answersAlone && head->packet->GetSize() + answers.size() > room)
            {
                answers = FittingAnswers(room - head->packet->GetSize());
            }
            m_answersAlone = false;
            if (head && head->packet->GetSize() + answers.size() <= room)
            {
                const auto item = Dequeue();
                BuildFrame(&*item, answers);
            }
            else
            {
                m_answersAlone = head != nullptr;
                BuildFrame(nullptr, answers);
            }
            if (m_dataRate != dataRate)
            {
                dataRate = m_dataRate; // after the back-off
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
LoraEndDevice::IsAtDefaults() const
{
    return m_dataRate == 0 && m_txPowerIndex == 0 && m_transmissions == 1 &&
           m_enabled == DefaultChannels();
}

void
LoraEndDevice::BackOff()
{
    const uint32_t due =
        m_withoutDownlink < m_adrAckLimit ? 0 : (m_withoutDownlink - m_adrAckLimit) / m_adrAckDelay;
    if (m_backOffs >= due)
    {
        return;
    }
    ++m_backOffs;
    if (IsAtDefaults())
    {
        return;
    }
    m_steppedBack = true;
    if (m_txPowerIndex > 0)
    {
        m_txPowerIndex = 0;
        return;
    }
    if (m_dataRate > 0)
    {
        --m_dataRate;
        return;
    }
    ResetChannels();
    m_transmissions = 1;
}

std::vector<uint8_t>
LoraEndDevice::FittingAnswers(std::size_t room) const
{
    std::vector<uint8_t> bytes;
    if (!m_answers)
    {
        return bytes;
    }
    std::vector<uint8_t> all = m_answers->sticky;
    all.insert(all.end(), m_answers->once.begin(), m_answers->once.end());
    for (const auto& command : ParseUplinkCommands(all.data(), all.size()))
    {
        std::vector<uint8_t> more = bytes;
        AppendCommand(command, more);
        if (more.size() > std::min(room, LORA_MAX_FOPTS))
        {
            break; // the rest is not answered, and the network asks again
        }
        bytes = std::move(more);
    }
    return bytes;
}

void
LoraEndDevice::BuildFrame(const QueueItem* item, const std::vector<uint8_t>& answers)
{
    LoraDataFrame frame;
    const bool confirmed = item && item->confirmed;
    frame.type = confirmed ? LoraMessageType::CONFIRMED_UP : LoraMessageType::UNCONFIRMED_UP;
    frame.devAddr = m_devAddr;
    frame.frameCounter = m_frameCounter;
    if (m_adr)
    {
        frame.fCtrl |= LORA_FCTRL_ADR;
        // Section 4.3.1.1: a device that has something to step back from asks, and one that has
        // begun to step back goes on asking.
        if (m_withoutDownlink >= m_adrAckLimit && (m_steppedBack || !IsAtDefaults()))
        {
            frame.fCtrl |= LORA_FCTRL_ADR_ACK_REQ;
        }
        ++m_withoutDownlink;
    }
    if (m_acknowledge)
    {
        frame.fCtrl |= LORA_FCTRL_ACK;
    }
    if (m_answers)
    {
        frame.fOpts = answers;
        m_answers->once.clear();
        if (m_answers->sticky.empty())
        {
            m_answers.reset();
        }
    }
    m_acknowledge = false;
    m_uplinkWanted = false;
    if (item)
    {
        frame.port = item->port;
        frame.payload.resize(item->packet->GetSize());
        item->packet->CopyData(frame.payload.data(), item->packet->GetSize());
    }
    const std::vector<uint8_t> bytes = frame.Serialize(m_keys);

    m_pending = std::make_unique<Pending>();
    m_pending->packet = item ? item->packet : nullptr;
    m_pending->frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
    m_pending->frameCounter = m_frameCounter;
    m_pending->confirmed = confirmed;
    m_pending->transmissionsLeft =
        confirmed ? std::max(m_transmissions, m_confirmedTransmissions) : m_transmissions;
    ++m_frameCounter;
}

void
LoraEndDevice::BuildJoinRequest()
{
    LoraJoinRequest request;
    request.joinEui = m_otaa->joinEui;
    request.devNonce = m_otaa->devNonce++;
    uint8_t eui[8] = {};
    m_devEui.CopyTo(eui);
    for (const uint8_t byte : eui)
    {
        request.devEui = request.devEui << 8 | byte;
    }
    const auto bytes = request.Serialize(m_otaa->appKey);
    m_pending = std::make_unique<Pending>();
    m_pending->frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
    m_pending->transmissionsLeft = 1;
    m_pending->join = true;
    // The counter of a join request is its nonce, so that traces can tell them apart.
    m_pending->frameCounter = request.devNonce;
    ++m_otaa->requests;
}

LoraEndDevice::JoinPeriod
LoraEndDevice::JoinPeriodAt(Time at) const
{
    const Time begun = m_otaa->begun.value_or(at);
    const Time passed = at - begun;
    if (passed < Hours(1))
    {
        return {begun, begun + Hours(1), 100};
    }
    if (passed < Hours(11))
    {
        return {begun + Hours(1), begun + Hours(11), 1000};
    }
    const int64_t day = (passed - Hours(11)).GetTimeStep() / Hours(24).GetTimeStep();
    const Time begin = begun + Hours(11) + Hours(24) * day;
    return {begin, begin + Hours(24), 10000};
}

Time
LoraEndDevice::JoinOpenFrom(uint8_t dataRate) const
{
    const Time airtime = LoraTimeOnAir(m_region->Modulation(dataRate), LORA_JOIN_REQUEST_SIZE);
    const Time from = std::max(Simulator::Now(), m_otaa->openFrom);
    const JoinPeriod period = JoinPeriodAt(from);
    const Time used = period.begin == m_otaa->periodBegin ? m_otaa->airtime : Time(0);
    // A frame counts where it begins, so it has to end there too.
    const bool fits = used + airtime <= (period.end - period.begin) / period.share &&
                      from + airtime <= period.end;
    return fits ? from : period.end;
}

void
LoraEndDevice::Transmit(uint8_t dataRate)
{
    const Time now = Simulator::Now();
    const LoraModulation modulation = m_region->Modulation(dataRate);
    std::size_t open = 0;
    const std::size_t known = Channels().size();
    const auto isOpen = [&](std::size_t i) { return IsUsable(i, dataRate) && OpenFrom(i) <= now; };
    for (std::size_t i = 0; i < known; ++i)
    {
        open += isOpen(i) ? 1 : 0;
    }
    auto choice = static_cast<std::size_t>(m_random.RandU01() * static_cast<double>(open));
    std::size_t channel = 0;
    while (!isOpen(channel) || choice-- > 0)
    {
        ++channel;
    }
    const uint32_t frequencyHz = Channels()[channel].frequencyHz;
    const uint32_t size = m_pending->frame->GetSize();

    LpwanTransmission transmission;
    transmission.deviceAddress = m_devAddr;
    transmission.frameCounter = m_pending->frameCounter;
    transmission.start = now;
    transmission.end = now + LoraTimeOnAir(modulation, size);
    transmission.frequencyHz = frequencyHz;
    transmission.bandwidthHz = modulation.bandwidthHz;
    transmission.spreadingFactor = modulation.spreadingFactor;
    transmission.frameBytes = static_cast<uint16_t>(size);
    transmission.txPowerDbm = GetTxPowerDbm();

    const Time airtime = transmission.end - now;
    NS_ABORT_MSG_IF(m_region->maxUplinkDwell > Time(0) && airtime > m_region->maxUplinkDwell,
                    "a frame of " << size << " bytes at data rate " << +dataRate
                                  << " is longer than region " << m_region->name << " allows");
    m_uplinkDataRate = dataRate;
    m_uplinkEnd = transmission.end;
    m_uplinkFrequencyHz = frequencyHz;
    m_windows = 0;
    m_sending = true;
    m_busyUntil = GetWindows(m_pending->join).until2;
    --m_pending->transmissionsLeft;
    ++m_pending->transmissions;
    const std::size_t subBand = m_region->SubBandOf(frequencyHz);
    m_dutyCycle.Book(subBand,
                     transmission.start,
                     transmission.end,
                     m_region->subBands[subBand].dutyCyclePermille);
    if (m_maxDutyCycle > 0)
    {
        // Section 5.3: at most 1 / 2^n of the time over all sub-bands.
        m_aggregateOpenFrom = transmission.end + airtime * ((int64_t{1} << m_maxDutyCycle) - 1);
    }
    if (m_pending->join)
    {
        if (!m_otaa->begun)
        {
            m_otaa->begun = now;
        }
        const JoinPeriod period = JoinPeriodAt(now);
        if (m_otaa->periodBegin != period.begin)
        {
            m_otaa->periodBegin = period.begin;
            m_otaa->airtime = Time(0);
        }
        m_otaa->airtime += airtime;
        m_otaa->openFrom = transmission.end + airtime * (period.share - 1);
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
LoraEndDevice::EndUplink(const LpwanTransmission& transmission)
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

Time
LoraEndDevice::WindowLength(const LoraModulation& modulation) const
{
    return LoraSymbolTime(modulation) * m_rxWindowSymbols;
}

LoraEndDevice::Windows
LoraEndDevice::GetWindows(bool join) const
{
    Windows w;
    w.from1 = m_uplinkEnd + (join ? m_region->joinAcceptDelay1 : Seconds(m_rxDelayS));
    w.from2 = w.from1 + m_region->receiveDelay2 - m_region->receiveDelay1;
    w.modulation1 =
        m_region->Modulation(m_region->Rx1DataRate(m_uplinkDataRate, join ? 0 : m_rx1Offset));
    w.modulation2 = m_region->Modulation(join ? m_region->rx2DataRate : m_rx2DataRate);
    w.frequency1Hz = m_region->Rx1Frequency(m_uplinkFrequencyHz);
    w.frequency2Hz = join ? m_region->rx2FrequencyHz : m_rx2FrequencyHz;
    w.until1 = std::min(w.from1 + WindowLength(w.modulation1), w.from2);
    w.until2 = w.from2 + WindowLength(w.modulation2);
    return w;
}

void
LoraEndDevice::OpenWindows()
{
    const bool join = m_pending->join;
    const Windows w = GetWindows(join);
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
        m_next = Simulator::Schedule(w.until2 - Simulator::Now(), &LoraEndDevice::EndWindows, this);
        return;
    }
    m_pending.reset();
    if (GetQueueSize() > 0 || m_uplinkWanted)
    {
        TryAt(w.until2);
    }
}

void
LoraEndDevice::EndWindows()
{
    if (m_receiving || !m_pending || !m_pending->windowsDue)
    {
        return; // the end of what is being received comes back
    }
    m_pending->windowsDue = false;
    m_windows = 0;
    const auto timeout = [this] {
        const Time most = m_region->retransmitTimeoutMax - m_region->retransmitTimeoutMin;
        return m_region->retransmitTimeoutMin + Seconds(most.GetSeconds() * m_random.RandU01());
    };
    if (m_pending->join)
    {
        m_pending.reset();
        m_uplinkWanted = true;
        m_busyUntil = Simulator::Now() + timeout();
    }
    else if (m_pending->transmissionsLeft == 0)
    {
        Finish(false);
    }
    else if (m_pending->confirmed)
    {
        m_busyUntil = Simulator::Now() + timeout();
    }
    TryTransmit();
}

void
LoraEndDevice::Finish(bool acknowledged)
{
    const std::unique_ptr<Pending> done = std::move(m_pending);
    if (done->confirmed && done->packet)
    {
        m_acknowledgedTrace(done->packet, acknowledged, done->transmissions);
        if (!acknowledged)
        {
            NotifyDrop(done->packet, DropReason::NOT_ACKNOWLEDGED);
        }
    }
}

// --- receiving ---

void
LoraEndDevice::ListenAlways()
{
    if (m_class != LoraDeviceClass::C || !m_joined || !m_channel ||
        (m_listensHz == m_rx2FrequencyHz && m_listensDataRate == m_rx2DataRate))
    {
        return;
    }
    m_listensHz = m_rx2FrequencyHz;
    m_listensDataRate = m_rx2DataRate;
    m_channel->Listen(m_channelIndex,
                      3,
                      m_rx2FrequencyHz,
                      m_region->Modulation(m_rx2DataRate),
                      Simulator::Now(),
                      Time::Max());
    if (!m_sending && !m_receiving)
    {
        SetRadioState(RadioState::RX);
    }
}

bool
LoraEndDevice::StartDownlink(const LoraDownlink& downlink, uint8_t slot)
{
    if (m_off || m_sending || m_receiving)
    {
        return false;
    }
    const bool between = slot == 3;
    if (between)
    {
        // What was announced for an earlier RX2 setting is void.
        const LoraModulation modulation = m_region->Modulation(m_rx2DataRate);
        if (downlink.frequencyHz != m_rx2FrequencyHz ||
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
LoraEndDevice::EndDownlink(const LoraDownlink& downlink, double rxPowerDbm, bool received)
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
        if (slot != 3)
        {
            m_windows = 0;
            m_busyUntil = now;
            SetRadioState(IdleState());
        }
    }
    else if (slot == 1)
    {
        // RX2 comes as planned, or what is left of it.
        const Windows w = GetWindows(m_pending && m_pending->join);
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
                                     &LoraEndDevice::EndWindows,
                                     this);
        return;
    }
    TryTransmit();
}

bool
LoraEndDevice::Accept(const LoraDownlink& downlink, uint8_t window, double rxPowerDbm)
{
    std::vector<uint8_t> bytes(downlink.frame->GetSize());
    downlink.frame->CopyData(bytes.data(), downlink.frame->GetSize());
    if (!m_joined)
    {
        if (!m_otaa || !m_pending || !m_pending->join)
        {
            return false;
        }
        const auto accept = LoraJoinAccept::Parse(m_otaa->appKey, bytes.data(), bytes.size());
        if (accept)
        {
            AcceptJoin(*accept);
        }
        return accept.has_value();
    }
    const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
    if (!view || view->Direction() != LoraDirection::DOWNLINK || view->devAddr != m_devAddr)
    {
        return false;
    }
    const uint32_t counter = FullFrameCounter(m_downlinkCounter, view->frameCounter16);
    if (counter == m_downlinkCounter || !view->CheckMic(m_keys.nwkSKey, counter))
    {
        return false;
    }
    m_downlinkCounter = counter;
    const double snrDb = rxPowerDbm - GetNoiseFloorDbm(downlink.modulation.bandwidthHz);
    m_downlinkSnrDb = static_cast<int8_t>(std::clamp(std::lround(snrDb), -32L, 31L));
    if (window != 3)
    {
        m_withoutDownlink = 0;
        m_backOffs = 0;
        m_steppedBack = false;
        if (m_answers)
        {
            m_answers->sticky.clear();
        }
    }
    if (m_pending)
    {
        const bool acknowledged = (view->fCtrl & LORA_FCTRL_ACK) != 0;
        if (m_pending->confirmed ? acknowledged : window != 3)
        {
            Finish(acknowledged);
        }
    }
    if (view->type == LoraMessageType::CONFIRMED_DOWN)
    {
        m_acknowledge = true;
        m_uplinkWanted = true;
    }
    if ((view->fCtrl & LORA_FCTRL_PENDING) != 0 && m_class == LoraDeviceClass::A)
    {
        m_uplinkWanted = true;
    }
    const auto payload = view->DecryptPayload(m_keys, counter);
    Obey(view->bytes + view->fOptsOffset, view->fOptsSize);
    if (view->port == 0)
    {
        Obey(payload.data(), payload.size());
    }
    else if (view->port)
    {
        NotifyReceive(Create<Packet>(payload.data(), static_cast<uint32_t>(payload.size())),
                      *view->port);
    }
    return true;
}

void
LoraEndDevice::AcceptJoin(const LoraJoinAccept& accept)
{
    Personalize(accept.devAddr,
                DeriveJoinKeys(m_otaa->appKey,
                               accept.joinNonce,
                               accept.netId,
                               static_cast<uint16_t>(m_otaa->devNonce - 1)));
    m_rx1Offset = accept.rx1DataRateOffset;
    m_rx2DataRate = accept.rx2DataRate;
    m_rxDelayS = std::max<uint8_t>(1, accept.rxDelayS);
    if (!accept.channels.empty() && !m_region->fixedChannels)
    {
        m_ownChannels = std::make_unique<std::vector<LoraUplinkChannel>>(m_region->channels);
        for (const uint32_t frequencyHz : accept.channels)
        {
            const auto& like = m_region->channels.front();
            m_ownChannels->push_back({frequencyHz, like.minDataRate, like.maxDataRate});
        }
        ResetChannels();
    }
    m_pending.reset();
    m_uplinkWanted = false;
    m_joinedTrace(m_devAddr, m_otaa->requests);
    m_otaa->requests = 0;
    m_otaa->begun.reset();
    ListenAlways();
}

void
LoraEndDevice::Obey(const uint8_t* bytes, std::size_t size)
{
    std::vector<LinkAdrReq> block;
    const auto endBlock = [&] {
        if (!block.empty())
        {
            Obey(block);
            block.clear();
        }
    };
    for (const auto& command : ParseDownlinkCommands(bytes, size))
    {
        // Contiguous LinkADRReq are one block: all of it is done or nothing (section 5.2).
        if (const auto* adr = std::get_if<LinkAdrReq>(&command))
        {
            block.push_back(*adr);
            continue;
        }
        endBlock();
        std::visit(
            [this](const auto& c) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(c)>, LinkAdrReq>)
                {
                    Obey(c);
                }
            },
            command);
    }
    endBlock();
}

LoraEndDevice::Answers&
LoraEndDevice::ToAnswer()
{
    if (!m_answers)
    {
        m_answers = std::make_unique<Answers>();
    }
    return *m_answers;
}

void
LoraEndDevice::Obey(const LinkCheckAns& command)
{
    m_linkCheckTrace(command.marginDb, command.gatewayCount);
}

void
LoraEndDevice::Obey(const std::vector<LinkAdrReq>& block)
{
    constexpr uint8_t KEEP = 15;
    constexpr std::size_t IN_BLOCK = 16;
    const auto& channels = Channels();
    const std::size_t narrow = channels.size() - m_region->wideChannels;
    auto mask = m_enabled;
    bool maskOk = true;
    for (const auto& request : block)
    {
        const auto setRange = [&](std::size_t first, std::size_t count, unsigned bits) {
            for (std::size_t i = 0; i < count; ++i)
            {
                const bool on = (bits >> i & 1) != 0;
                const bool known =
                    first + i < channels.size() && channels[first + i].frequencyHz > 0;
                maskOk = maskOk && (known || !on);
                if (first + i < MAX_CHANNELS)
                {
                    mask[first + i] = on && known;
                }
            }
        };
        const auto setAll = [&](bool on) {
            for (std::size_t i = 0; i < narrow; ++i)
            {
                mask[i] = on && channels[i].frequencyHz > 0;
            }
        };
        const uint8_t control = request.maskControl;
        if (!m_region->fixedChannels)
        {
            if (control == 0)
            {
                setRange(0, IN_BLOCK, request.channelMask);
            }
            else if (control == 6)
            {
                setAll(true);
            }
            else
            {
                maskOk = false;
            }
        }
        else if (control < 4)
        {
            setRange(control * IN_BLOCK, IN_BLOCK, request.channelMask);
        }
        else if (control == 4)
        {
            setRange(narrow, m_region->wideChannels, request.channelMask & 0xffU);
        }
        else if (control == 5)
        {
            // Each bit is eight channels and the wide one that belongs to them.
            for (std::size_t bank = 0; bank < m_region->wideChannels; ++bank)
            {
                const bool on = (request.channelMask >> bank & 1) != 0;
                setRange(bank * 8, 8, on ? 0xffU : 0);
                setRange(narrow + bank, 1, on ? 1 : 0);
            }
        }
        else
        {
            setAll(control == 6);
            setRange(narrow, m_region->wideChannels, request.channelMask & 0xffU);
        }
    }
    const LinkAdrReq& last = block.back();
    const uint8_t dataRate = last.dataRate == KEEP ? m_dataRate : last.dataRate;
    LinkAdrAns answer;
    answer.channelMaskOk = maskOk && mask.any();
    answer.powerOk = last.txPower == KEEP || last.txPower <= m_region->lowestTxPower;
    answer.dataRateOk = false;
    for (std::size_t i = 0; i < channels.size() && m_region->IsUplinkDataRate(dataRate); ++i)
    {
        answer.dataRateOk = answer.dataRateOk || (mask[i] && dataRate >= channels[i].minDataRate &&
                                                  dataRate <= channels[i].maxDataRate);
    }
    if (answer.channelMaskOk && answer.powerOk && answer.dataRateOk)
    {
        m_enabled = mask;
        m_dataRate = dataRate;
        m_txPowerIndex = last.txPower == KEEP ? m_txPowerIndex : last.txPower;
        m_transmissions = last.transmissions == 0 ? m_transmissions : last.transmissions;
    }
    for (std::size_t i = 0; i < block.size(); ++i)
    {
        AppendCommand(answer, ToAnswer().once);
    }
}

void
LoraEndDevice::Obey(const DutyCycleReq& command)
{
    m_maxDutyCycle = command.maxDutyCycle;
    AppendCommand(DutyCycleAns{}, ToAnswer().once);
}

void
LoraEndDevice::Obey(const RxParamSetupReq& command)
{
    RxParamSetupAns answer;
    answer.rx1OffsetOk = command.rx1DataRateOffset < m_region->rx1DataRates.front().size();
    answer.rx2DataRateOk = command.rx2DataRate < m_region->dataRates.size() &&
                           m_region->dataRates[command.rx2DataRate].spreadingFactor > 0;
    answer.rx2ChannelOk = m_region->IsInside(command.rx2FrequencyHz);
    if (answer.rx1OffsetOk && answer.rx2DataRateOk && answer.rx2ChannelOk)
    {
        m_rx1Offset = command.rx1DataRateOffset;
        m_rx2DataRate = command.rx2DataRate;
        m_rx2FrequencyHz = command.rx2FrequencyHz;
        ListenAlways();
    }
    AppendCommand(answer, ToAnswer().sticky);
}

void
LoraEndDevice::Obey(const DevStatusReq& /* command */)
{
    AppendCommand(DevStatusAns{m_battery, m_downlinkSnrDb}, ToAnswer().once);
}

void
LoraEndDevice::Obey(const NewChannelReq& command)
{
    constexpr std::size_t MAX_DYNAMIC_CHANNELS = 16;
    if (m_region->fixedChannels)
    {
        return; // section 5.6: silently dropped there
    }
    NewChannelAns answer;
    const bool isDefault = command.channel < m_region->channels.size();
    answer.frequencyOk = command.channel < MAX_DYNAMIC_CHANNELS && !isDefault &&
                         (command.frequencyHz == 0 || m_region->IsInside(command.frequencyHz));
    answer.dataRatesOk = command.minDataRate <= command.maxDataRate &&
                         m_region->IsUplinkDataRate(command.minDataRate) &&
                         m_region->IsUplinkDataRate(command.maxDataRate);
    if (answer.frequencyOk && answer.dataRatesOk)
    {
        if (!m_ownChannels)
        {
            m_ownChannels = std::make_unique<std::vector<LoraUplinkChannel>>(m_region->channels);
        }
        if (m_ownChannels->size() <= command.channel)
        {
            m_ownChannels->resize(command.channel + 1U);
        }
        (*m_ownChannels)[command.channel] = {command.frequencyHz,
                                             command.minDataRate,
                                             command.maxDataRate};
        m_enabled[command.channel] = command.frequencyHz > 0;
    }
    AppendCommand(answer, ToAnswer().once);
}

void
LoraEndDevice::Obey(const RxTimingSetupReq& command)
{
    m_rxDelayS = std::max<uint8_t>(1, command.delayS);
    AppendCommand(RxTimingSetupAns{}, ToAnswer().sticky);
}

} // namespace lpwan
} // namespace ns3
