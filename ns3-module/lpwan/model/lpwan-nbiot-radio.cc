// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-nbiot-radio.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanNbiotRadio");

namespace
{

/// Of a grant: format N0 or N1, and a CRC of 16 on NPDCCH.
constexpr uint32_t DCI_BITS = 23 + 16;

double
ToLinear(double db)
{
    return std::pow(10, db / 10);
}

} // namespace

NbiotRadio::NbiotRadio(const NbiotCellConfig& config)
    : m_config(config),
      m_uniform(CreateObject<UniformRandomVariable>()),
      m_normal(CreateObject<NormalRandomVariable>()),
      m_shadowing(CreateObject<NormalRandomVariable>())
{
}

void
NbiotRadio::SetNode(Ptr<Node> node)
{
    m_node = node;
}

Ptr<Node>
NbiotRadio::GetNode() const
{
    return m_node;
}

void
NbiotRadio::SetLossModel(Ptr<PropagationLossModel> model)
{
    m_lossModel = model;
}

void
NbiotRadio::AddUe(Ptr<Node> node)
{
    m_paths.emplace_back();
    m_paths.back().node = node;
}

int64_t
NbiotRadio::AssignStreams(int64_t stream)
{
    m_uniform->SetStream(stream);
    m_normal->SetStream(stream + 1);
    m_shadowing->SetStream(stream + 2);
    int64_t taken = 3;
    if (m_lossModel)
    {
        taken += m_lossModel->AssignStreams(stream + taken);
    }
    return taken;
}

void
NbiotRadio::Dispose()
{
    m_node = nullptr;
    m_mobility = nullptr;
    m_lossModel = nullptr;
    m_paths.clear();
}

double
NbiotRadio::DownlinkPowerDbm() const
{
    return m_config.deployment == "Standalone" ? 43 : 35;
}

double
NbiotRadio::CouplingLossDb(uint32_t index)
{
    Path& path = m_paths.at(index);
    if (!m_mobility)
    {
        NS_ABORT_MSG_UNLESS(m_node && m_lossModel,
                            "an NB-IoT base station needs a node and a propagation loss model");
        m_mobility = m_node->GetObject<MobilityModel>();
        NS_ABORT_MSG_UNLESS(m_mobility, "the base station's node has no MobilityModel");
    }
    const Vector here = m_mobility->GetPosition();
    if (!path.mobility)
    {
        NS_ABORT_MSG_UNLESS(path.node, "NB-IoT device " << index << " of a cell is on no node");
        path.mobility = path.node->GetObject<MobilityModel>();
        NS_ABORT_MSG_UNLESS(path.mobility,
                            "the node of NB-IoT device " << index << " has no MobilityModel");
        // Those before it draw first, whoever sends first.
        while (m_shadowingDrawn <= index)
        {
            m_paths[m_shadowingDrawn++].shadowing = m_shadowing->GetValue(0, 1);
        }
    }
    else
    {
        const Vector there = path.mobility->GetPosition();
        if (there == path.position && here == path.enbPosition)
        {
            return path.couplingLossDb;
        }
    }
    path.position = path.mobility->GetPosition();
    path.enbPosition = here;
    path.couplingLossDb = -m_lossModel->CalcRxPower(0, path.mobility, m_mobility) -
                          m_config.antennaGainDb + m_config.shadowingSigmaDb * path.shadowing +
                          m_config.penetrationLossDb;
    NS_LOG_INFO("device " << index << " of the cell: coupling loss " << path.couplingLossDb
                          << " dB");
    return path.couplingLossDb;
}

uint8_t
NbiotRadio::CeLevel(uint32_t index)
{
    constexpr double SUBCARRIERS = 12;
    const double rsrp = DownlinkPowerDbm() - 10 * std::log10(SUBCARRIERS) - CouplingLossDb(index);
    return rsrp < m_config.rsrpThresholdCe2Dbm ? 2 : rsrp < m_config.rsrpThresholdCe1Dbm ? 1 : 0;
}

double
NbiotRadio::EdgeLossDb(uint8_t level) const
{
    constexpr double SUBCARRIERS = 12;
    if (level == 2)
    {
        return m_config.maxCouplingLossDb;
    }
    return DownlinkPowerDbm() - 10 * std::log10(SUBCARRIERS) -
           (level == 1 ? m_config.rsrpThresholdCe2Dbm : m_config.rsrpThresholdCe1Dbm);
}

std::array<double, NBIOT_TONES_COUNT>
NbiotRadio::UplinkSnrDb(const NbiotServedUe& ue, double lossDb) const
{
    std::array<double, NBIOT_TONES_COUNT> snrDb{};
    for (std::size_t t = 0; t < NBIOT_TONES_COUNT; ++t)
    {
        snrDb[t] = NbiotSnrDb(ue.GetTxPowerDbm(),
                              lossDb,
                              NbiotBandwidthHz(static_cast<NbiotTones>(t)),
                              m_config.noiseFigureDb + m_config.interferenceMarginDb);
    }
    return snrDb;
}

double
NbiotRadio::DownlinkSnrDb(double lossDb) const
{
    constexpr double BANDWIDTH_HZ = 180000;
    return NbiotSnrDb(DownlinkPowerDbm(), lossDb, BANDWIDTH_HZ, m_config.ueNoiseFigureDb);
}

double
NbiotRadio::DownlinkSnrDbOf(uint32_t index)
{
    return DownlinkSnrDb(CouplingLossDb(index));
}

NbiotFormat
NbiotRadio::ChooseFormat(const NbiotServedUe& ue,
                         double lossDb,
                         uint32_t bits,
                         uint32_t maxSubcarriers)
{
    if (m_marginBler != m_config.targetBler)
    {
        m_marginBler = m_config.targetBler;
        m_marginDb = NbiotMarginDb(m_marginBler);
    }
    NbiotAdaptation adaptation;
    adaptation.category = ue.GetCategory();
    adaptation.multiTone = ue.IsMultiTone();
    adaptation.subcarrier3k75 = m_config.subcarrier3k75;
    adaptation.marginDb = m_marginDb + m_config.fadingMarginDb;
    adaptation.spectrumWeight = m_config.spectrumWeight;
    adaptation.maxSubcarriers = maxSubcarriers;
    const auto format = NbiotChooseFormat(UplinkSnrDb(ue, lossDb), bits, adaptation);
    return format ? *format : NbiotMostRobustFormat(bits, adaptation);
}

NbiotDownlinkEffort
NbiotRadio::GrantEffort(uint8_t level, double snrDb) const
{
    const uint32_t rMax = m_config.searchSpaces.Subframes(level);
    auto effort = NbiotDownlinkSubframes(DCI_BITS, snrDb, m_config.downlinkEnergyPerBitDb, rMax);
    effort.subframes = std::max(effort.subframes, rMax / 8);
    return effort;
}

Time
NbiotRadio::AcknowledgementTime(uint32_t index, const NbiotServedUe& ue)
{
    // NPUSCH format 2: one bit on 16 symbols, 2 ms on a tone of 15 kHz (TS 36.211, table
    // 10.1.2.3-1, and 36.212, 6.3.3); energy for each bit as downwards.
    constexpr double SYMBOLS = 16;
    constexpr uint32_t MAX_REPETITIONS = 128;
    const double snrDb =
        UplinkSnrDb(ue, CouplingLossDb(index))[static_cast<std::size_t>(NbiotTones::ONE)];
    uint32_t repetitions = 1;
    while (snrDb + 10 * std::log10(SYMBOLS * repetitions) < m_config.downlinkEnergyPerBitDb &&
           repetitions < MAX_REPETITIONS)
    {
        repetitions *= 2;
    }
    return MilliSeconds(2) * int64_t{repetitions};
}

// --- chance ---

double
NbiotRadio::DrawSnr(double snrDb)
{
    const double sigmaDb = m_config.fadingSigmaDb;
    return ToLinear(sigmaDb > 0 ? snrDb + m_normal->GetValue(0, sigmaDb * sigmaDb) : snrDb);
}

bool
NbiotRadio::DrawLostDownlink(double deficitDb)
{
    if (m_config.downlinkErrorRate <= 0 && deficitDb <= 0)
    {
        return false;
    }
    const double rate = std::max(m_config.downlinkErrorRate, 1e-6);
    const double lost = deficitDb > 0 ? NbiotBlockErrorRate(NbiotMarginDb(rate) - deficitDb)
                                      : m_config.downlinkErrorRate;
    return m_uniform->GetValue() < lost;
}

bool
NbiotRadio::DrawReceived(double aboveDb)
{
    return m_uniform->GetValue() >= NbiotBlockErrorRate(aboveDb);
}

bool
NbiotRadio::DrawDetected(double snrDb, uint32_t repetitions)
{
    return m_uniform->GetValue() < NbiotPreambleDetection(snrDb, repetitions);
}

uint32_t
NbiotRadio::DrawPreamble(uint32_t count)
{
    return m_uniform->GetInteger(0, count - 1);
}

Time
NbiotRadio::DrawBackoff(double mostMs)
{
    return NanoSeconds(static_cast<int64_t>(m_uniform->GetValue(0, mostMs) * 1e6));
}

} // namespace lpwan
} // namespace ns3
