// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-device-mac.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <variant>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanLoraDeviceMac");

LoraDeviceMac::LoraDeviceMac(const LoraRegion& region)
    : m_plan(region),
      m_rx2FrequencyHz(region.rx2FrequencyHz),
      m_rx2DataRate(region.rx2DataRate)
{
}

void
LoraDeviceMac::SetRegion(const LoraRegion& region)
{
    m_plan.SetRegion(region);
    m_rx2FrequencyHz = region.rx2FrequencyHz;
    m_rx2DataRate = region.rx2DataRate;
    m_dataRate = 0;
}

const LoraRegion&
LoraDeviceMac::Region() const
{
    return m_plan.Region();
}

LoraChannelPlan&
LoraDeviceMac::Plan()
{
    return m_plan;
}

const LoraChannelPlan&
LoraDeviceMac::Plan() const
{
    return m_plan;
}

// --- session ---

void
LoraDeviceMac::SetAddress(uint32_t devAddr)
{
    m_devAddr = devAddr;
}

uint32_t
LoraDeviceMac::GetAddress() const
{
    return m_devAddr;
}

void
LoraDeviceMac::BeginSession(uint32_t devAddr, const LoraSessionKeys& keys)
{
    NS_LOG_INFO("device " << devAddr << ": a session begins");
    m_devAddr = devAddr;
    m_keys = keys;
    m_frameCounter = 0;
    m_downlinkCounter.reset();
}

void
LoraDeviceMac::Obey(const LoraJoinAccept& accept)
{
    m_rx1Offset = accept.rx1DataRateOffset;
    m_rx2DataRate = accept.rx2DataRate;
    m_rxDelayS = std::max<uint8_t>(1, accept.rxDelayS);
    m_plan.AddFrequencies(accept.channels);
}

// --- settings ---

void
LoraDeviceMac::SetDataRate(uint8_t dataRate)
{
    NS_ABORT_MSG_UNLESS(Region().IsUplinkDataRate(dataRate),
                        "data rate " << +dataRate << " does not exist in region " << Region().name);
    m_dataRate = dataRate;
}

uint8_t
LoraDeviceMac::GetDataRate() const
{
    return m_dataRate;
}

uint8_t
LoraDeviceMac::GetTxPowerIndex() const
{
    return m_txPowerIndex;
}

void
LoraDeviceMac::SetTransmissions(uint8_t times)
{
    m_transmissions = times;
}

uint8_t
LoraDeviceMac::GetTransmissions() const
{
    return m_transmissions;
}

void
LoraDeviceMac::SetAdr(bool adr)
{
    m_adr = adr;
}

bool
LoraDeviceMac::GetAdr() const
{
    return m_adr;
}

void
LoraDeviceMac::SetAdrAckLimit(uint16_t uplinks)
{
    m_adrAckLimit = uplinks;
}

uint16_t
LoraDeviceMac::GetAdrAckLimit() const
{
    return m_adrAckLimit;
}

void
LoraDeviceMac::SetAdrAckDelay(uint16_t uplinks)
{
    m_adrAckDelay = uplinks;
}

uint16_t
LoraDeviceMac::GetAdrAckDelay() const
{
    return m_adrAckDelay;
}

void
LoraDeviceMac::SetRepeaterCompatible(bool compatible)
{
    m_repeaterCompatible = compatible;
}

bool
LoraDeviceMac::GetRepeaterCompatible() const
{
    return m_repeaterCompatible;
}

void
LoraDeviceMac::SetBattery(uint8_t battery)
{
    m_battery = battery;
}

uint8_t
LoraDeviceMac::GetRxDelaySeconds() const
{
    return m_rxDelayS;
}

uint8_t
LoraDeviceMac::GetRx2DataRate() const
{
    return m_rx2DataRate;
}

uint32_t
LoraDeviceMac::GetRx2FrequencyHz() const
{
    return m_rx2FrequencyHz;
}

uint8_t
LoraDeviceMac::GetMaxDutyCycle() const
{
    return m_maxDutyCycle;
}

std::size_t
LoraDeviceMac::MaxContent() const
{
    const LoraDataRate& dataRate = Region().dataRates[m_dataRate];
    return m_repeaterCompatible ? dataRate.maxPayloadRepeater : dataRate.maxPayload;
}

// --- up ---

LoraDeviceMac::Answers&
LoraDeviceMac::ToAnswer()
{
    if (!m_answers)
    {
        m_answers = std::make_unique<Answers>();
    }
    return *m_answers;
}

void
LoraDeviceMac::RequestLinkCheck()
{
    AppendCommand(LinkCheckReq{}, ToAnswer().once);
}

bool
LoraDeviceMac::IsAtDefaults() const
{
    return m_dataRate == 0 && m_txPowerIndex == 0 && m_transmissions == 1 && m_plan.IsAtDefaults();
}

void
LoraDeviceMac::BackOff()
{
    const uint32_t due =
        m_withoutDownlink < m_adrAckLimit ? 0 : (m_withoutDownlink - m_adrAckLimit) / m_adrAckDelay;
    if (!m_adr || m_backOffs >= due)
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
        NS_LOG_INFO("device " << m_devAddr << " hears nothing: full power");
        return;
    }
    if (m_dataRate > 0)
    {
        --m_dataRate;
        NS_LOG_INFO("device " << m_devAddr << " hears nothing: DR" << +m_dataRate);
        return;
    }
    m_plan.Reset();
    m_transmissions = 1;
    NS_LOG_INFO("device " << m_devAddr << " hears nothing: all channels, each frame once");
}

std::vector<uint8_t>
LoraDeviceMac::FittingAnswers(std::size_t room) const
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
            NS_LOG_LOGIC("device " << m_devAddr << " has no room for all its answers");
            break; // the rest is not answered, and the network asks again
        }
        bytes = std::move(more);
    }
    return bytes;
}

bool
LoraDeviceMac::ChooseAnswers(std::optional<std::size_t> payloadBytes)
{
    const std::size_t room = MaxContent();
    std::vector<uint8_t> answers = FittingAnswers(room);
    if (payloadBytes && m_answersAlone && *payloadBytes + answers.size() > room)
    {
        answers = FittingAnswers(room - *payloadBytes);
    }
    const bool together = payloadBytes && *payloadBytes + answers.size() <= room;
    m_answersAlone = payloadBytes && !together;
    if (m_answers)
    {
        m_answers->chosen = std::move(answers);
    }
    return together;
}

std::vector<uint8_t>
LoraDeviceMac::BuildFrame(std::optional<Payload> payload)
{
    LoraDataFrame frame;
    frame.type = payload && payload->confirmed ? LoraMessageType::CONFIRMED_UP
                                               : LoraMessageType::UNCONFIRMED_UP;
    frame.devAddr = m_devAddr;
    frame.frameCounter = m_frameCounter++;
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
        frame.fOpts = std::move(m_answers->chosen);
        m_answers->once.clear();
        if (m_answers->sticky.empty())
        {
            m_answers.reset();
        }
    }
    m_acknowledge = false;
    if (payload)
    {
        frame.port = payload->port;
        frame.payload = std::move(payload->bytes);
    }
    NS_LOG_LOGIC("device " << m_devAddr << " builds frame " << frame.frameCounter << ": FCtrl "
                           << +frame.fCtrl << ", " << frame.fOpts.size() << " bytes of commands, "
                           << frame.payload.size() << " of payload");
    return frame.Serialize(m_keys);
}

uint32_t
LoraDeviceMac::GetFrameCounter() const
{
    return m_frameCounter;
}

LoraReceiveWindows
LoraDeviceMac::Windows(const LoraSentUplink& uplink, uint32_t symbols) const
{
    const LoraRegion& region = Region();
    const bool join = uplink.join;
    LoraReceiveWindows w;
    w.from1 = uplink.end + (join ? region.joinAcceptDelay1 : Seconds(m_rxDelayS));
    w.from2 = w.from1 + region.receiveDelay2 - region.receiveDelay1;
    w.modulation1 = region.Modulation(region.Rx1DataRate(uplink.dataRate, join ? 0 : m_rx1Offset));
    w.modulation2 = region.Modulation(join ? region.rx2DataRate : m_rx2DataRate);
    w.frequency1Hz = region.Rx1Frequency(uplink.frequencyHz);
    w.frequency2Hz = join ? region.rx2FrequencyHz : m_rx2FrequencyHz;
    w.until1 = std::min(w.from1 + LoraSymbolTime(w.modulation1) * symbols, w.from2);
    w.until2 = w.from2 + LoraSymbolTime(w.modulation2) * symbols;
    return w;
}

// --- down ---

std::optional<LoraDeviceMac::Opened>
LoraDeviceMac::Open(const std::vector<uint8_t>& bytes, double snrDb, bool inWindow)
{
    const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
    if (!view || view->Direction() != LoraDirection::DOWNLINK || view->devAddr != m_devAddr)
    {
        return std::nullopt;
    }
    const uint32_t counter = FullFrameCounter(m_downlinkCounter, view->frameCounter16);
    if (counter == m_downlinkCounter || !view->CheckMic(m_keys.nwkSKey, counter))
    {
        NS_LOG_INFO("device " << m_devAddr << " refuses downlink " << counter
                              << ": heard before, or a bad MIC");
        return std::nullopt;
    }
    m_downlinkCounter = counter;
    m_downlinkSnrDb = static_cast<int8_t>(std::clamp(std::lround(snrDb), -32L, 31L));
    if (inWindow)
    {
        m_withoutDownlink = 0;
        m_backOffs = 0;
        m_steppedBack = false;
        if (m_answers)
        {
            m_answers->sticky.clear();
        }
    }
    return Opened{*view, counter};
}

LoraDownlinkContent
LoraDeviceMac::Take(const Opened& frame, LoraDeviceClass deviceClass)
{
    const LoraFrameView& view = frame.view;
    LoraDownlinkContent content;
    if (view.type == LoraMessageType::CONFIRMED_DOWN)
    {
        m_acknowledge = true;
        content.uplinkWanted = true;
    }
    if ((view.fCtrl & LORA_FCTRL_PENDING) != 0 && deviceClass == LoraDeviceClass::A)
    {
        content.uplinkWanted = true;
    }
    content.port = view.port;
    content.payload = view.DecryptPayload(m_keys, frame.counter);
    Obey(view.bytes + view.fOptsOffset, view.fOptsSize, content);
    if (view.port == 0)
    {
        Obey(content.payload.data(), content.payload.size(), content);
    }
    return content;
}

void
LoraDeviceMac::Obey(const uint8_t* bytes, std::size_t size, LoraDownlinkContent& content)
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
            [&](const auto& c) {
                using Command = std::decay_t<decltype(c)>;
                if constexpr (std::is_same_v<Command, LinkCheckAns>)
                {
                    content.linkChecks.push_back(c);
                }
                else if constexpr (!std::is_same_v<Command, LinkAdrReq>)
                {
                    Obey(c);
                }
            },
            command);
    }
    endBlock();
}

void
LoraDeviceMac::Obey(const std::vector<LinkAdrReq>& block)
{
    constexpr uint8_t KEEP = 15;
    LoraMaskChange change{m_plan.InUse(), true};
    for (const auto& request : block)
    {
        const LoraMaskChange next = m_plan.Apply(change.mask, request);
        change = {next.mask, change.isValid && next.isValid};
    }
    const LinkAdrReq& last = block.back();
    const uint8_t dataRate = last.dataRate == KEEP ? m_dataRate : last.dataRate;
    LinkAdrAns answer;
    answer.channelMaskOk = change.isValid && change.mask.any();
    answer.powerOk = last.txPower == KEEP || last.txPower <= Region().lowestTxPower;
    answer.dataRateOk = m_plan.Takes(change.mask, dataRate);
    const bool accepted = answer.channelMaskOk && answer.powerOk && answer.dataRateOk;
    if (accepted)
    {
        m_plan.Use(change.mask);
        m_dataRate = dataRate;
        m_txPowerIndex = last.txPower == KEEP ? m_txPowerIndex : last.txPower;
        m_transmissions = last.transmissions == 0 ? m_transmissions : last.transmissions;
    }
    NS_LOG_INFO("device " << m_devAddr << (accepted ? " takes" : " refuses") << " LinkADRReq: DR"
                          << +last.dataRate << ", TXPower " << +last.txPower << ", mask "
                          << +last.maskControl << "/" << last.channelMask << ", NbTrans "
                          << +last.transmissions);
    for (std::size_t i = 0; i < block.size(); ++i)
    {
        AppendCommand(answer, ToAnswer().once);
    }
}

void
LoraDeviceMac::Obey(const DutyCycleReq& command)
{
    NS_LOG_INFO("device " << m_devAddr << " keeps to 1 / 2^" << +command.maxDutyCycle
                          << " of the time on air");
    m_maxDutyCycle = command.maxDutyCycle;
    AppendCommand(DutyCycleAns{}, ToAnswer().once);
}

void
LoraDeviceMac::Obey(const RxParamSetupReq& command)
{
    const LoraRegion& region = Region();
    RxParamSetupAns answer;
    answer.rx1OffsetOk = command.rx1DataRateOffset < region.rx1DataRates.front().size();
    answer.rx2DataRateOk = command.rx2DataRate < region.dataRates.size() &&
                           region.dataRates[command.rx2DataRate].spreadingFactor > 0;
    answer.rx2ChannelOk = region.IsInside(command.rx2FrequencyHz);
    const bool accepted = answer.rx1OffsetOk && answer.rx2DataRateOk && answer.rx2ChannelOk;
    if (accepted)
    {
        m_rx1Offset = command.rx1DataRateOffset;
        m_rx2DataRate = command.rx2DataRate;
        m_rx2FrequencyHz = command.rx2FrequencyHz;
    }
    NS_LOG_INFO("device " << m_devAddr << (accepted ? " takes" : " refuses")
                          << " RXParamSetupReq: RX1DROffset " << +command.rx1DataRateOffset
                          << ", RX2 DR" << +command.rx2DataRate << " on " << command.rx2FrequencyHz
                          << " Hz");
    AppendCommand(answer, ToAnswer().sticky);
}

void
LoraDeviceMac::Obey(const DevStatusReq& /* command */)
{
    AppendCommand(DevStatusAns{m_battery, m_downlinkSnrDb}, ToAnswer().once);
}

void
LoraDeviceMac::Obey(const NewChannelReq& command)
{
    if (Region().fixedChannels)
    {
        return; // section 5.6: silently dropped there
    }
    const NewChannelAns answer = m_plan.Obey(command);
    NS_LOG_INFO(
        "device " << m_devAddr << (answer.frequencyOk && answer.dataRatesOk ? " takes" : " refuses")
                  << " channel " << +command.channel << " on " << command.frequencyHz << " Hz");
    AppendCommand(answer, ToAnswer().once);
}

void
LoraDeviceMac::Obey(const RxTimingSetupReq& command)
{
    m_rxDelayS = std::max<uint8_t>(1, command.delayS);
    NS_LOG_INFO("device " << m_devAddr << " opens RX1 after " << +m_rxDelayS << " s");
    AppendCommand(RxTimingSetupAns{}, ToAnswer().sticky);
}

} // namespace lpwan
} // namespace ns3
