// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_RADIO_H
#define LPWAN_NBIOT_RADIO_H

#include "lpwan-nbiot-cell.h"
#include "lpwan-nbiot-interface.h"

#include "ns3/mobility-model.h"
#include "ns3/node.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/vector.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * The radio between a base station and its devices: coupling losses, signal over noise, formats of
 * blocks, and every draw of chance in the cell.
 *
 * The coupling loss of a device is that of the propagation loss model, less both antenna gains,
 * plus shadowing (a normal draw for each device) and penetration loss; it is computed again when
 * one of the two moved.
 */
class NbiotRadio
{
  public:
    /** \param config has to live as long as the radio; read at each call */
    explicit NbiotRadio(const NbiotCellConfig& config);

    /** \param node where the base station is; needs a MobilityModel before the first packet */
    void SetNode(Ptr<Node> node);
    /** \return where the base station is */
    Ptr<Node> GetNode() const;
    /** \param model of the propagation loss */
    void SetLossModel(Ptr<PropagationLossModel> model);
    /** \param node where the next device is; needs a MobilityModel before its first packet */
    void AddUe(Ptr<Node> node);
    /** \param stream first stream \return number of streams taken */
    int64_t AssignStreams(int64_t stream);
    /** Lets go of nodes and models. */
    void Dispose();

    /** \param index of a device \return its coupling loss, dB */
    double CouplingLossDb(uint32_t index);
    /** \param index of a device \return its coverage level by the received power */
    uint8_t CeLevel(uint32_t index);
    /** \param level of coverage \return largest coupling loss that belongs to it, dB */
    double EdgeLossDb(uint8_t level) const;

    /** \param ue a device \param lossDb its coupling loss \return signal over noise upwards, by
     * tones, dB */
    std::array<double, NBIOT_TONES_COUNT> UplinkSnrDb(const NbiotServedUe& ue, double lossDb) const;
    /** \param lossDb coupling loss \return signal over noise downwards, in 180 kHz, dB */
    double DownlinkSnrDb(double lossDb) const;
    /** \param index of a device \return the same for it */
    double DownlinkSnrDbOf(uint32_t index);

    /**
     * \param ue a device
     * \param lossDb coupling loss that the block is made for
     * \param bits to be carried
     * \param maxSubcarriers of 3.75 kHz
     * \return what link adaptation takes; the most robust format when none is robust enough
     */
    NbiotFormat ChooseFormat(const NbiotServedUe& ue,
                             double lossDb,
                             uint32_t bits,
                             uint32_t maxSubcarriers);

    /** \param snrDb at the device \param level whose Rmax is the limit \return how a grant goes
     * down; not less than Rmax / 8 subframes, the fewest repetitions that a search space has (TS
     * 36.213, tables 16.6-1 and 16.6-3) */
    NbiotDownlinkEffort GrantEffort(uint8_t level, double snrDb) const;

    /** \param index of a device \param ue the same device \return duration of its acknowledgements
     * (NPUSCH format 2) */
    Time AcknowledgementTime(uint32_t index, const NbiotServedUe& ue);

    // --- chance ---

    /** \param snrDb mean \return that of one transmission, faded, linear */
    double DrawSnr(double snrDb);
    /** \param deficitDb what a message or grant lacks to the wanted energy \return whether it is
     * lost */
    bool DrawLostDownlink(double deficitDb);
    /** \param aboveDb see NbiotBlockErrorRate() \return whether the block is received */
    bool DrawReceived(double aboveDb);
    /** \param snrDb of a preamble, in 3.75 kHz \param repetitions of it \return whether it is heard
     */
    bool DrawDetected(double snrDb, uint32_t repetitions);
    /** \param count of preambles \return one of them, from 0 */
    uint32_t DrawPreamble(uint32_t count);
    /** \param mostMs longest \return a back-off */
    Time DrawBackoff(double mostMs);

  private:
    /** The path between the base station and a device. */
    struct Path
    {
        Ptr<Node> node;              //!< the device's
        Ptr<MobilityModel> mobility; //!< found at first use
        Vector position;             //!< of the device, when the loss was computed
        Vector enbPosition;          //!< of the base station then
        double couplingLossDb{0};    //!< then
        double shadowing{0};         //!< of N(0, 1)
    };

    double DownlinkPowerDbm() const;

    const NbiotCellConfig& m_config;
    Ptr<Node> m_node;
    Ptr<MobilityModel> m_mobility;
    Ptr<PropagationLossModel> m_lossModel;
    Ptr<UniformRandomVariable> m_uniform;
    Ptr<NormalRandomVariable> m_normal;
    Ptr<NormalRandomVariable> m_shadowing;
    std::vector<Path> m_paths;    //!< by device
    uint32_t m_shadowingDrawn{0}; //!< devices whose shadowing is drawn
    double m_marginBler{-1};      //!< TargetBler that m_marginDb belongs to
    double m_marginDb{0};         //!< NbiotMarginDb() of it, which takes long
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_RADIO_H
