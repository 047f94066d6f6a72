// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_GATEWAY_H
#define LPWAN_LORA_GATEWAY_H

#include "lpwan-duty-cycle.h"
#include "lpwan-lora-channel.h"
#include "lpwan-lora-interference.h"
#include "lpwan-lora-phy.h"
#include "lpwan-lora-region.h"
#include "lpwan-lora-reservations.h"

#include "ns3/object.h"

#include <array>
#include <cstdint>
#include <optional>
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
    uint32_t bandwidthHz{0};    //!< bandwidth
    uint32_t frequencyHz{0};    //!< carrier
    Time end;                   //!< end of the frame, from which the receive windows count
};

/**
 * \ingroup lpwan
 *
 * A LoRa gateway (SX1301 class), aggregated to its node. It hears all channels and spreading
 * factors and decides over each frame:
 *
 * - Noise. ErrorModel "Threshold": a frame below the sensitivity of its spreading factor
 *   (attribute Sensitivity: of a chip, in numbers, or noise floor + SNR threshold) is lost, a
 *   stronger one is not. "Curve": it is lost with LoraFrameErrorRate() of its SNR.
 * - Demodulators. A frame that noise leaves a chance takes one of Demodulators (8) paths when its
 *   preamble has been detected, that is, at the end of the programmed preamble, and holds it to its
 *   end, also when interference will spoil it; with no path free it is lost. (With "Curve": a
 *   chance of a thousandth at least.)
 * - Interference. Another frame disturbs by its energy: power x time x share of its band inside the
 *   frame's band. What counts of the time is the part of the frame that the receiver needs: the
 *   last RequiredPreambleSymbols of the preamble and all that follows (Bor et al., MSWiM 2016:
 *   five symbols). The energies are summed by spreading factor, and the frame survives when its own
 *   is above each sum by the threshold of SirMatrix. CaptureThreshold, unless it is empty,
 *   stands in for the matrix's value for frames of the same spreading factor. At another bandwidth
 * it is the chirp's slope that counts (LoraEquivalentSpreadingFactor()).
 * - Half duplex. A frame is lost of which the receiver needed any part while the gateway sent; when
 *   it begins to send, it gives up its demodulators.
 * - RandomLoss is drawn last.
 *
 * Uplinks are disturbed by uplinks only: downlinks have inverted IQ.
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

    /**
     * Signature of the trace source Sent.
     * \param downlink the frame
     */
    typedef void (*SentTracedCallback)(const LoraDownlink& downlink);

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

    /** \return attribute NetId */
    uint32_t GetNetId() const;

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
    uint32_t GetBusyDemodulators();

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
     * \param uplink the frame; its `interferer` is filled in when it is the first loss of that kind
     * \return what became of it here
     */
    LoraFate EndReception(Ptr<LoraUplink> uplink);

    /**
     * \param frequencyHz carrier of a downlink
     * \param start when it would start
     * \param airtime how long it would last
     * \return whether the gateway sends nothing else then and the sub-band's duty cycle allows it
     */
    bool CanSend(uint32_t frequencyHz, Time start, Time airtime) const;

    /**
     * \param frequencyHz carrier of a downlink
     * \param from earliest start
     * \param airtime how long it would last
     * \return first time from then on at which CanSend()
     */
    Time GetNextOpportunity(uint32_t frequencyHz, Time from, Time airtime) const;

    /**
     * \param frequencyHz carrier of a downlink
     * \return power it would be sent with: the sub-band's limit, at most MaxTxPower
     */
    double GetTxPowerDbm(uint32_t frequencyHz) const;

    /**
     * Sends a downlink at downlink->start, now or later, and books it at once. `gateway`, `end` and
     * `txPowerDbm` are filled in. Aborts unless CanSend().
     * \param downlink the frame
     */
    void Send(Ptr<LoraDownlink> downlink);

    /** \return downlinks sent or begun */
    uint64_t GetSentFrames() const;

    /** \return time on air of these */
    Time GetTxAirtime() const;

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

  protected:
    void DoDispose() override;

  private:
    /** Raw time steps: only compared and divided by one another. */
    using Ticks = int64_t;

    /** A frame that this gateway hears. */
    struct Reception
    {
        const LoraUplink* uplink{
            nullptr};                  //!< the frame; the channel holds it while it is in the air
        Ticks needed{0};               //!< from when on the receiver needs the frame
        Ticks end{0};                  //!< end of the frame
        double rxPowerDbm{0};          //!< received power
        LoraSignal signal;             //!< the frame as others disturb it, and it them
        LoraInterference interference; //!< what disturbs it
        LoraInterferer worst;          //!< who disturbs it most ...
        double worstHarm{0};           //!< ... and how much
        uint32_t position{0};          //!< where it stands in its carrier's list
        uint32_t carrier{0};           //!< index in m_carriers
        bool holdsDemodulator{false};  //!< has one
        LoraFate fate{LoraFate::RECEIVED}; //!< RECEIVED as long as nothing is against it
    };

    /** The frames in the air on one carrier frequency. */
    struct Carrier
    {
        uint32_t frequencyHz{0};          //!< carrier
        std::vector<uint32_t> receptions; //!< indices in m_receptions
    };

    /** A preamble that will have been detected. */
    struct Detection
    {
        Ticks at{0};           //!< when
        uint64_t order{0};     //!< number of the frame at this gateway: the earlier one goes first
        uint32_t reception{0}; //!< index in m_receptions
    };

    /** \return whether a is later than b */
    static bool IsLater(const Detection& a, const Detection& b);

    /** \param text attribute Sensitivity */
    void SetSensitivity(std::string text);
    /** \return attribute Sensitivity */
    std::string GetSensitivity() const;
    /** \param model attribute ErrorModel */
    void SetErrorModel(LoraErrorModel model);
    /** \return attribute ErrorModel */
    LoraErrorModel GetErrorModel() const;
    /** \param matrix attribute SirMatrix */
    void SetSirMatrix(LoraSirMatrix matrix);
    /** \return attribute SirMatrix */
    LoraSirMatrix GetSirMatrix() const;
    /** \param text attribute CaptureThreshold */
    void SetCaptureThreshold(std::string text);
    /** \return attribute CaptureThreshold */
    std::string GetCaptureThreshold() const;
    /** \param name attribute Region */
    void SetRegion(std::string name);
    /** \return attribute Region */
    std::string GetRegionName() const;
    /** Gives demodulators to the preambles that have been detected up to now. */
    void Detect();

    /** \return whether noise leaves the frame a chance */
    bool IsDetectable(const LoraUplink& uplink, double rxPowerDbm) const;

    /** Adds the energy of a frame in the air to what disturbs another one. */
    void Disturb(Reception& wanted, const Reception& other, Ticks from, Ticks to) const;

    /** \return index of the carrier in m_carriers, made if it is new */
    uint32_t CarrierOf(uint32_t frequencyHz);

    /** \return the fate of a frame that ends now */
    LoraFate Decide(const Reception& reception);

    /** A downlink leaves now. */
    void StartSending(Ptr<LoraDownlink> downlink);

    Ptr<Node> m_node;
    Ptr<LoraChannel> m_channel;
    uint32_t m_netId{0}; //!< attribute NetId
    uint32_t m_index{0};
    ReportCallback m_report;
    double m_noiseFigureDb{6};
    double m_antennaGainDb{0};
    LoraSirMatrix m_sirMatrix{LoraSirMatrix::GOURSAUD};
    std::optional<double> m_captureDb; //!< nothing: the matrix's
    std::string m_captureText;
    LoraErrorModel m_errorModel{LoraErrorModel::THRESHOLD};
    uint32_t m_demodulators{8};
    uint32_t m_requiredPreamble{5};
    double m_randomLoss{0};
    bool m_dutyCycleEnabled{true};
    double m_maxTxPowerDbm{27};
    LoraSensitivity m_sensitivity;
    LoraSirRatios m_sirRatios{LoraSirMatrix::GOURSAUD}; //!< of m_sirMatrix and m_captureDb
    Ptr<UniformRandomVariable> m_uniform;
    uint32_t m_busy{0};
    uint64_t m_heard{0}; //!< frames so far
    std::array<uint64_t, LORA_FATE_COUNT> m_counts{};
    std::vector<Reception> m_receptions; //!< frames in the air and free places
    std::vector<uint32_t> m_freePlaces;  //!< indices of free places
    std::vector<Carrier> m_carriers;     //!< carriers heard so far
    std::vector<Detection> m_detections; //!< to come, a heap with the next one in front
    Ticks m_sendingUntil{0};             //!< end of the downlink in the air or the last one
    LoraReservations m_reservations;     //!< of downlinks in the air and to come
    const LoraRegion* m_region;          //!< of m_dutyCycle
    DutyCycle m_dutyCycle;               //!< of the downlinks
    uint64_t m_sentFrames{0};            //!< downlinks
    Time m_txAirtime;                    //!< of the downlinks

    TracedCallback<const LoraUplink&, double> m_receivedTrace;
    TracedCallback<const LoraUplink&, double> m_underSensitivityTrace;
    TracedCallback<const LoraUplink&, double> m_gatewaySendingTrace;
    TracedCallback<const LoraUplink&, double> m_noDemodulatorTrace;
    TracedCallback<const LoraUplink&, double> m_interferenceTrace;
    TracedCallback<const LoraUplink&, double> m_randomLossTrace;
    TracedCallback<const LoraDownlink&> m_sentTrace;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_GATEWAY_H
