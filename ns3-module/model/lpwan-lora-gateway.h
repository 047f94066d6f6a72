// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_GATEWAY_H
#define LPWAN_LORA_GATEWAY_H

#include "lpwan-lora-channel.h"

#include "ns3/object.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A frame that a gateway received and hands to the network server. */
struct LoraGatewayReport
{
    uint32_t gateway{0};        //!< index of the gateway on its channel
    Ptr<const Packet> frame;    //!< bytes on air (PHY payload)
    double rssiDbm{0};          //!< received power
    double snrDb{0};            //!< received power over thermal noise and noise figure
    uint8_t spreadingFactor{0}; //!< 7..12
    uint32_t frequencyHz{0};    //!< carrier
};

/**
 * \ingroup limitnet
 *
 * A LoRa gateway (SX1301 class), aggregated to its node. It hears all channels and spreading
 * factors and decides over each frame:
 *
 * - A frame below the sensitivity of its spreading factor takes no demodulator. Default
 * sensitivity: S = -174 dBm + 10 log10(BW) + NoiseFigure + SNR threshold, thresholds -7.5, -10,
 * -12.5, -15, -17.5 and -20 dB for SF7 to SF12 (SX1276 datasheet, table 13): -124.5 ... -137 dBm at
 * 125 kHz.
 * - A stronger one takes one of Demodulators (8) paths from its first symbol to its end, also when
 *   interference will spoil it; with no path free it is lost.
 * - Frames of the same channel and spreading factor disturb each other by energy: the frame
 * survives when 10 log10(P T / sum(P_i T_i)) >= CaptureThreshold, T_i the time that interferer i
 * overlaps the part of the frame that the receiver needs, T the length of that part. It needs the
 * last RequiredPreambleSymbols of the preamble and all that follows (Bor et al., MSWiM 2016: five
 *   symbols). Other spreading factors and other channels do not disturb in this version.
 * - RandomLoss is drawn last.
 */
class LoraGateway : public Object
{
  public:
    /** Takes the frames that were received. */
    using ReportCallback = Callback<void, const LoraGatewayReport&>;

    /**
     * Signature of the trace sources Received and Lost...: the frame and its received power.
     * \param uplink the frame
     * \param rxPowerDbm received power
     */
    typedef void (*ReceptionTracedCallback)(const LoraUplink& uplink, double rxPowerDbm);

    /** \return the TypeId */
    static TypeId GetTypeId();

    LoraGateway();
    ~LoraGateway() override;

    /**
     * \param channel the channel to listen on; the gateway adds itself
     */
    void Attach(Ptr<LoraChannel> channel);

    /** \param callback where received frames go */
    void SetReportCallback(ReportCallback callback);

    /** \param node node the gateway sits on */
    void SetNode(Ptr<Node> node);

    /** \return node the gateway sits on */
    Ptr<Node> GetNode() const;

    /** \return index of the gateway on its channel */
    uint32_t GetIndex() const;

    /** \return antenna gain, dB */
    double GetAntennaGain() const;

    /**
     * \param spreadingFactor 7..12
     * \param bandwidthHz bandwidth
     * \return weakest power that is still demodulated, dBm
     */
    double GetSensitivityDbm(uint8_t spreadingFactor, uint32_t bandwidthHz = 125000) const;

    /**
     * \param bandwidthHz bandwidth
     * \return thermal noise at 290 K and noise figure, dBm
     */
    double GetNoiseFloorDbm(uint32_t bandwidthHz = 125000) const;

    /** \return demodulators held now */
    uint32_t GetBusyDemodulators() const;

    /**
     * \param fate a fate
     * \return frames that ended so at this gateway
     */
    uint64_t GetCount(LoraFate fate) const;

    /**
     * A frame starts now (called by the channel).
     * \param uplink the frame
     * \param rxPowerDbm received power
     */
    void StartReception(Ptr<LoraUplink> uplink, double rxPowerDbm);

    /**
     * A frame ends now (called by the channel). A received one is reported to the server.
     * \param uplink the frame
     * \return what became of it here
     */
    LoraFate EndReception(Ptr<LoraUplink> uplink);

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

  protected:
    void DoDispose() override;

  private:
    /** A frame that this gateway hears. */
    struct Reception
    {
        const LoraUplink* uplink; //!< the frame; the channel holds it while it is in the air
        Time needed;              //!< from when on the receiver needs the frame
        double rxPowerDbm;        //!< received power
        double rxPowerMw;         //!< the same, linear
        double interferenceMwNs;  //!< sum of interferers' power times overlap
        LoraFate fate;            //!< RECEIVED as long as nothing is against it
    };

    /** \param text attribute Sensitivity */
    void SetSensitivity(std::string text);
    /** \return attribute Sensitivity */
    std::string GetSensitivity() const;

    Ptr<Node> m_node;
    Ptr<LoraChannel> m_channel;
    uint32_t m_index{0};
    ReportCallback m_report;
    double m_noiseFigureDb{6};
    double m_antennaGainDb{0};
    double m_captureDb{6};
    uint32_t m_demodulators{8};
    uint32_t m_requiredPreamble{5};
    double m_randomLoss{0};
    std::string m_sensitivityText;
    std::vector<double> m_sensitivityDbm; //!< SF7..SF12 at 125 kHz, empty for the default
    Ptr<UniformRandomVariable> m_uniform;
    uint32_t m_busy{0};
    std::array<uint64_t, LORA_FATE_COUNT> m_counts{};
    /// frames in the air, by (frequency, bandwidth, spreading factor)
    std::map<uint64_t, std::vector<Reception>> m_receptions;

    TracedCallback<const LoraUplink&, double> m_receivedTrace;
    TracedCallback<const LoraUplink&, double> m_underSensitivityTrace;
    TracedCallback<const LoraUplink&, double> m_noDemodulatorTrace;
    TracedCallback<const LoraUplink&, double> m_interferenceTrace;
    TracedCallback<const LoraUplink&, double> m_randomLossTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_GATEWAY_H
