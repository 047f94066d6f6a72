// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-end-device.h"

#include "lpwan-lora-frame.h"
#include "lpwan-text-checker.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/mac64-address.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <vector>

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
                "LoRaWAN region: EU868.",
                StringValue("EU868"),
                MakeStringAccessor(&LoraEndDevice::SetRegion, &LoraEndDevice::GetRegionName),
                MakeTextChecker(&LoraRegion::IsKnown))
            .AddAttribute(
                "DataRate",
                "LoRaWAN data rate; EU868: 0 (SF12) to 5 (SF7) at 125 kHz, 6 (SF7) at 250.",
                UintegerValue(0),
                MakeUintegerAccessor(&LoraEndDevice::SetDataRate, &LoraEndDevice::GetDataRate),
                MakeUintegerChecker<uint8_t>())
            .AddAttribute("TxPower",
                          "Radiated power, dBm.",
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
                          MakeDoubleChecker<double>(0));
    return tid;
}

LoraEndDevice::LoraEndDevice()
    : m_region(&LoraRegion::Eu868()),
      m_channelChoice(CreateObject<UniformRandomVariable>()),
      m_dutyCycle(m_region->subBands.size())
{
}

LoraEndDevice::~LoraEndDevice() = default;

void
LoraEndDevice::DoDispose()
{
    m_next.Cancel();
    m_radio.Cancel();
    m_channel = nullptr;
    m_channelChoice = nullptr;
    m_inAir = nullptr;
    LpwanNetDevice::DoDispose();
}

void
LoraEndDevice::SetRegion(std::string name)
{
    const LoraRegion& region = LoraRegion::Get(name);
    if (&region != m_region)
    {
        m_region = &region;
        m_dutyCycle = DutyCycle(region.subBands.size());
    }
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
LoraEndDevice::Attach(Ptr<LoraChannel> channel)
{
    NS_ABORT_MSG_IF(m_channel, "a LoRa device can be attached to one channel only");
    m_channel = channel;
    m_channelIndex = channel->AddDevice(this);
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
}

void
LoraEndDevice::SetDataRate(uint8_t dataRate)
{
    NS_ABORT_MSG_UNLESS(dataRate < m_region->dataRates.size(),
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
    return m_txPowerDbm;
}

LoraModulation
LoraEndDevice::GetModulation() const
{
    LoraModulation modulation;
    modulation.spreadingFactor = m_region->dataRates[m_dataRate].spreadingFactor;
    modulation.bandwidthHz = m_region->dataRates[m_dataRate].bandwidthHz;
    return modulation;
}

Time
LoraEndDevice::GetTimeOnAir(uint32_t payloadBytes) const
{
    return LoraTimeOnAir(GetModulation(), payloadBytes + LORA_MAC_OVERHEAD);
}

int64_t
LoraEndDevice::AssignStreams(int64_t stream)
{
    m_channelChoice->SetStream(stream);
    return 1;
}

uint32_t
LoraEndDevice::GetDeviceAddress() const
{
    return m_devAddr;
}

uint16_t
LoraEndDevice::GetMtu() const
{
    const LoraDataRate& dataRate = m_region->dataRates[m_dataRate];
    return m_repeaterCompatible ? dataRate.maxPayloadRepeater : dataRate.maxPayload;
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
    m_devEui = address;
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
        return m_voltage * (m_txCurrentA > 0 ? m_txCurrentA : TxCurrentOf(m_txPowerDbm));
    case RadioState::RX:
        return m_voltage * m_rxCurrentA;
    case RadioState::SLEEP:
        break;
    }
    return m_voltage * m_sleepCurrentA;
}

bool
LoraEndDevice::Send(Ptr<Packet> packet, const Address& /* dest */, uint16_t protocolNumber)
{
    if (!Enqueue(packet, protocolNumber))
    {
        return false;
    }
    TryTransmit();
    return true;
}

Time
LoraEndDevice::GetNextOpportunity() const
{
    Time open = Time::Max();
    for (uint32_t frequency : m_region->defaultChannels)
    {
        open = std::min(open, m_dutyCycle.OpenFrom(m_region->SubBandOf(frequency)));
    }
    const Time now = Simulator::Now();
    return std::max({now, m_busyUntil, m_dutyCycleEnabled ? open : now});
}

void
LoraEndDevice::TryTransmit()
{
    // While a frame and its windows last, the end of RX2 comes back here.
    while (!m_busy && GetQueueSize() > 0)
    {
        const Time now = Simulator::Now();
        const Time start = GetNextOpportunity();
        if (start > now)
        {
            m_next.Cancel();
            m_next = Simulator::Schedule(start - now, &LoraEndDevice::TryTransmit, this);
            return;
        }
        const auto item = Dequeue();
        if (item->packet->GetSize() > GetMtu())
        {
            // The data rate went down while the packet waited.
            NotifyDrop(item->packet, DropReason::PAYLOAD_TOO_LONG);
            continue;
        }
        std::vector<uint32_t> open;
        for (uint32_t frequency : m_region->defaultChannels)
        {
            if (!m_dutyCycleEnabled || m_dutyCycle.OpenFrom(m_region->SubBandOf(frequency)) <= now)
            {
                open.push_back(frequency);
            }
        }
        const auto last = static_cast<uint32_t>(open.size() - 1);
        Transmit(*item, open[m_channelChoice->GetInteger(0, last)]);
    }
}

void
LoraEndDevice::Transmit(const QueueItem& item, uint32_t frequencyHz)
{
    const LoraModulation modulation = GetModulation();

    LoraDataFrame frame;
    frame.devAddr = m_devAddr;
    frame.frameCounter = m_frameCounter;
    frame.port = item.port;
    frame.payload.resize(item.packet->GetSize());
    item.packet->CopyData(frame.payload.data(), item.packet->GetSize());
    const std::vector<uint8_t> bytes = frame.Serialize(m_keys);

    m_transmission = LpwanTransmission();
    m_transmission.deviceAddress = m_devAddr;
    m_transmission.frameCounter = m_frameCounter;
    m_transmission.start = Simulator::Now();
    m_transmission.end =
        m_transmission.start + LoraTimeOnAir(modulation, static_cast<uint32_t>(bytes.size()));
    m_transmission.frequencyHz = frequencyHz;
    m_transmission.bandwidthHz = modulation.bandwidthHz;
    m_transmission.spreadingFactor = modulation.spreadingFactor;
    m_transmission.frameBytes = static_cast<uint16_t>(bytes.size());
    m_transmission.txPowerDbm = m_txPowerDbm;

    ++m_frameCounter;
    m_inAir = item.packet;
    m_busy = true;
    m_busyUntil =
        m_transmission.end + m_region->receiveDelay2 + WindowLength(m_region->rx2DataRate);
    const std::size_t subBand = m_region->SubBandOf(frequencyHz);
    m_dutyCycle.Book(subBand,
                     m_transmission.start,
                     m_transmission.end,
                     m_region->subBands[subBand].dutyCyclePermille);

    SetRadioState(RadioState::TX);
    NotifyTxStart(m_inAir, m_transmission);
    // Scheduled before the channel's own event: the frame's end is traced before its fate.
    m_radio = Simulator::Schedule(m_transmission.end - m_transmission.start,
                                  &LoraEndDevice::EndTransmission,
                                  this);

    Ptr<LoraUplink> uplink = Create<LoraUplink>();
    uplink->transmission = m_transmission;
    uplink->frame = Create<Packet>(bytes.data(), static_cast<uint32_t>(bytes.size()));
    uplink->symbolTime = LoraSymbolTime(modulation);
    uplink->preambleSymbols = modulation.preambleSymbols;
    m_channel->SendUplink(m_channelIndex, uplink);
}

void
LoraEndDevice::EndTransmission()
{
    SetRadioState(RadioState::SLEEP);
    m_radio = Simulator::Schedule(m_region->receiveDelay1,
                                  &LoraEndDevice::OpenWindow,
                                  this,
                                  static_cast<uint8_t>(1));
    Ptr<const Packet> packet = m_inAir;
    m_inAir = nullptr;
    NotifyTxEnd(packet, m_transmission);
}

Time
LoraEndDevice::WindowLength(uint8_t dataRate) const
{
    LoraModulation modulation;
    modulation.spreadingFactor = m_region->dataRates[dataRate].spreadingFactor;
    modulation.bandwidthHz = m_region->dataRates[dataRate].bandwidthHz;
    return LoraSymbolTime(modulation) * m_rxWindowSymbols;
}

void
LoraEndDevice::OpenWindow(uint8_t window)
{
    // RX1 has the data rate of the uplink (RX1DROffset 0).
    const uint8_t dataRate = window == 1 ? m_region->DataRateOf(m_transmission.spreadingFactor,
                                                                m_transmission.bandwidthHz)
                                         : m_region->rx2DataRate;
    SetRadioState(RadioState::RX);
    m_radio =
        Simulator::Schedule(WindowLength(dataRate), &LoraEndDevice::CloseWindow, this, window);
}

void
LoraEndDevice::CloseWindow(uint8_t window)
{
    SetRadioState(RadioState::SLEEP);
    if (window == 1)
    {
        const Time rx2 = m_transmission.end + m_region->receiveDelay2;
        m_radio = Simulator::Schedule(rx2 - Simulator::Now(),
                                      &LoraEndDevice::OpenWindow,
                                      this,
                                      static_cast<uint8_t>(2));
        return;
    }
    m_busy = false;
    TryTransmit();
}

} // namespace lpwan
} // namespace ns3
