// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-end-device.h"

#include "lpwan-compatibility.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

NS_OBJECT_ENSURE_REGISTERED(LoraEndDevice);

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
            .AddAttribute("Class",
                          "LoRaWAN device class: A or C.",
                          MakeEnumValue(LoraDeviceClass::A),
                          MakeAccessorOfEnum(&LoraEndDevice::SetClass, &LoraEndDevice::GetClass),
                          MakeCheckerOfEnum(LoraDeviceClass::A, "A", LoraDeviceClass::C, "C"))
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
                          MakeUintegerAccessor(&LoraEndDevice::SetTransmissions,
                                               &LoraEndDevice::GetTransmissions),
                          MakeUintegerChecker<uint8_t>(1, 15))
            .AddAttribute("Adr",
                          "The network controls data rate and power.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&LoraEndDevice::SetAdr, &LoraEndDevice::GetAdr),
                          MakeBooleanChecker())
            .AddAttribute(
                "AdrAckLimit",
                "ADR_ACK_LIMIT: uplinks without a downlink before the device asks for one.",
                UintegerValue(64),
                MakeUintegerAccessor(&LoraEndDevice::SetAdrAckLimit,
                                     &LoraEndDevice::GetAdrAckLimit),
                MakeUintegerChecker<uint16_t>(1))
            .AddAttribute("AdrAckDelay",
                          "ADR_ACK_DELAY: further ones before it raises its power, and then lowers "
                          "its data rate, step by step.",
                          UintegerValue(32),
                          MakeUintegerAccessor(&LoraEndDevice::SetAdrAckDelay,
                                               &LoraEndDevice::GetAdrAckDelay),
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
                MakeBooleanAccessor(&LoraEndDevice::SetRepeaterCompatible,
                                    &LoraEndDevice::GetRepeaterCompatible),
                MakeBooleanChecker())
            .AddAttribute(
                "DutyCycle",
                "Keep to the duty cycles of the region's sub-bands.",
                BooleanValue(true),
                MakeBooleanAccessor(&LoraEndDevice::SetDutyCycle, &LoraEndDevice::GetDutyCycle),
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
                            "ns3::lpwan::LoraEndDevice::JoinedTracedCallback")
            .AddTraceSource("DataRate",
                            "The data rate of the next frame has changed: before, now.",
                            MakeTraceSourceAccessor(&LoraEndDevice::m_dataRateTrace),
                            "ns3::lpwan::LoraEndDevice::DataRateTracedCallback")
            .AddTraceSource("TxPower",
                            "The EIRP of the next frame has changed: before, now, dBm.",
                            MakeTraceSourceAccessor(&LoraEndDevice::m_txPowerTrace),
                            "ns3::lpwan::LoraEndDevice::TxPowerTracedCallback");
    return tid;
}

LoraEndDevice::LoraEndDevice() = default;

LoraEndDevice::~LoraEndDevice() = default;

void
LoraEndDevice::SetRegion(std::string name)
{
    const LoraRegion& region = LoraRegion::Get(name);
    if (&region != &m_mac.Region())
    {
        m_mac.SetRegion(region);
        m_access.Reset();
    }
}

std::string
LoraEndDevice::GetRegionName() const
{
    return m_mac.Region().name;
}

const LoraRegion&
LoraEndDevice::GetRegion() const
{
    return m_mac.Region();
}

void
LoraEndDevice::SetClass(LoraDeviceClass deviceClass)
{
    m_class = deviceClass;
}

LoraDeviceClass
LoraEndDevice::GetClass() const
{
    return m_class;
}

void
LoraEndDevice::SetSubBand(uint8_t number)
{
    m_mac.Plan().SetSubBand(number);
}

uint8_t
LoraEndDevice::GetSubBand() const
{
    return m_mac.Plan().GetSubBand();
}

uint32_t
LoraEndDevice::GetNetId() const
{
    return m_netId;
}

void
LoraEndDevice::SetAdr(bool adr)
{
    m_mac.SetAdr(adr);
}

bool
LoraEndDevice::GetAdr() const
{
    return m_mac.GetAdr();
}

void
LoraEndDevice::SetAdrAckLimit(uint16_t uplinks)
{
    m_mac.SetAdrAckLimit(uplinks);
}

uint16_t
LoraEndDevice::GetAdrAckLimit() const
{
    return m_mac.GetAdrAckLimit();
}

void
LoraEndDevice::SetAdrAckDelay(uint16_t uplinks)
{
    m_mac.SetAdrAckDelay(uplinks);
}

uint16_t
LoraEndDevice::GetAdrAckDelay() const
{
    return m_mac.GetAdrAckDelay();
}

void
LoraEndDevice::SetRepeaterCompatible(bool compatible)
{
    m_mac.SetRepeaterCompatible(compatible);
}

bool
LoraEndDevice::GetRepeaterCompatible() const
{
    return m_mac.GetRepeaterCompatible();
}

void
LoraEndDevice::SetTransmissions(uint8_t times)
{
    m_mac.SetTransmissions(times);
}

uint8_t
LoraEndDevice::GetTransmissions() const
{
    return m_mac.GetTransmissions();
}

void
LoraEndDevice::SetDutyCycle(bool keep)
{
    m_access.SetDutyCycleEnabled(keep);
}

bool
LoraEndDevice::GetDutyCycle() const
{
    return m_access.IsDutyCycleEnabled();
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
    m_mac.BeginSession(devAddr, keys);
    m_joined = true;
    GiveUpPending();
    ListenAlways();
}

void
LoraEndDevice::SetOtaa(uint64_t joinEui, const AesBlock& appKey, uint32_t devAddr)
{
    m_mac.SetAddress(devAddr);
    m_join = std::make_unique<LoraJoin>(joinEui, appKey);
    m_joined = false;
}

void
LoraEndDevice::Join()
{
    NS_ABORT_MSG_UNLESS(m_join, "a LoRa device joins over the air only after SetOtaa()");
    m_joined = false;
    m_uplinkWanted = true;
    GiveUpPending();
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
    const Settings before = PresentSettings();
    m_mac.SetDataRate(dataRate);
    TellChanges(before);
}

uint8_t
LoraEndDevice::GetDataRate() const
{
    return m_mac.GetDataRate();
}

void
LoraEndDevice::SetSpreadingFactor(uint8_t spreadingFactor)
{
    SetDataRate(m_mac.Region().DataRateOf(spreadingFactor));
}

uint8_t
LoraEndDevice::GetSpreadingFactor() const
{
    return m_mac.Region().dataRates[m_mac.GetDataRate()].spreadingFactor;
}

LoraModulation
LoraEndDevice::GetModulation() const
{
    return m_mac.Region().Modulation(m_mac.GetDataRate());
}

Time
LoraEndDevice::GetTimeOnAir(uint32_t payloadBytes) const
{
    return LoraTimeOnAir(GetModulation(), payloadBytes + LORA_MAC_OVERHEAD);
}

int64_t
LoraEndDevice::AssignStreams(int64_t stream)
{
    SetStream(stream);
    return 1;
}

uint32_t
LoraEndDevice::GetDeviceAddress() const
{
    return m_mac.GetAddress();
}

uint16_t
LoraEndDevice::GetMtu() const
{
    return static_cast<uint16_t>(m_mac.MaxContent());
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

std::vector<uint32_t>
LoraEndDevice::GetChannelFrequencies() const
{
    return m_mac.Plan().Frequencies();
}

Time
LoraEndDevice::GetNextOpportunity() const
{
    return NextOpportunity(m_mac.GetDataRate());
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
    m_mac.RequestLinkCheck();
}

void
LoraEndDevice::SetBatteryLevel(uint8_t battery)
{
    m_mac.SetBattery(battery);
}

void
LoraEndDevice::NotifyBattery(double fraction)
{
    constexpr double FULL = 254;
    m_mac.SetBattery(static_cast<uint8_t>(std::clamp(std::round(fraction * FULL), 1.0, FULL)));
}

// --- what an application may expect ---

std::optional<Time>
LoraEndDevice::EstimateTimeOnAir(uint32_t payloadBytes) const
{
    return GetTimeOnAir(payloadBytes);
}

std::optional<uint64_t>
LoraEndDevice::EstimateBytesUntil(Time until) const
{
    const Time airtime = GetTimeOnAir(GetMtu());
    // Before the next frame a class A device listens in two windows, the second of which begins
    // RxDelay + 1 s after the end of the frame.
    const Time pause = airtime + Seconds(m_mac.GetRxDelaySeconds() + 1);
    const auto framesFrom = [&](Time start, Time period) {
        const Time last = until - airtime;
        return start > last ? int64_t{0} : 1 + (last - start).GetTimeStep() / period.GetTimeStep();
    };
    const Time now = std::max(Simulator::Now(), m_access.GetAggregateOpenFrom());
    int64_t frames = 0;
    for (const auto& [subBand, open] : m_access.SubBandsOpenFrom(m_mac.Plan(), m_mac.GetDataRate()))
    {
        frames += framesFrom(
            std::max({now, m_busyUntil, open}),
            std::max(pause, airtime * 1000 / m_access.DutyCyclePermille(m_mac.Region(), subBand)));
    }
    frames = std::min(frames, framesFrom(std::max(now, m_busyUntil), pause));
    frames -= std::min<int64_t>(frames, GetQueueSize());
    return static_cast<uint64_t>(frames) * GetMtu();
}

std::optional<Time>
LoraEndDevice::EstimateSendingTime(const std::vector<uint32_t>& payloadBytes) const
{
    auto openFrom = m_access.SubBandsOpenFrom(m_mac.Plan(), m_mac.GetDataRate());
    if (openFrom.empty())
    {
        return std::nullopt;
    }
    Time ready = std::max({Simulator::Now(), m_busyUntil, m_access.GetAggregateOpenFrom()});
    Time end = Simulator::Now();
    for (const uint32_t bytes : payloadBytes)
    {
        const auto next =
            std::min_element(openFrom.begin(), openFrom.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            });
        const Time airtime = GetTimeOnAir(bytes);
        end = std::max(ready, next->second) + airtime;
        next->second =
            end +
            DutyCycle::OffTime(airtime, m_access.DutyCyclePermille(m_mac.Region(), next->first));
        ready = end + Seconds(m_mac.GetRxDelaySeconds() + 1); // after the second window, as above
    }
    return end - Simulator::Now();
}

} // namespace lpwan
} // namespace ns3
