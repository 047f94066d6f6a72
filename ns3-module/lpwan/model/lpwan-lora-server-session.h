// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_SERVER_SESSION_H
#define LPWAN_LORA_SERVER_SESSION_H

#include "lpwan-lora-crypto.h"
#include "lpwan-lora-device-mac.h"
#include "lpwan-lora-mac-commands.h"
#include "lpwan-lora-region.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Application data for a device. */
struct LoraDownlinkData
{
    std::vector<uint8_t> payload; //!< clear
    uint8_t port{1};              //!< FPort
    bool confirmed{false};        //!< kept until it is acknowledged
    bool sent{false};             //!< at least once
};

/** How well an uplink was heard. */
struct LoraHeard
{
    double snrDb{0};            //!< at the best gateway
    uint8_t spreadingFactor{0}; //!< of the uplink
    std::size_t gateways{0};    //!< that heard it
};

/**
 * \ingroup lpwan
 *
 * What a network server knows of a device: its session, and the settings that it has agreed to.
 */
class LoraServerSession
{
  public:
    /** What few devices need at a time. */
    struct Business
    {
        std::deque<LoraDownlinkData> data;         //!< oldest first
        std::vector<LoraDownlinkCommand> commands; //!< not answered yet
        /** Of the last uplinks at the present data rate and power, for ADR. */
        std::vector<double> snrDb;
        std::optional<uint8_t> dataRate; //!< of the last uplink, for ADR
        std::vector<uint32_t> gateways;  //!< that received the last uplink, best first
    };

    /** \return the business, made if there was none */
    Business& ToDo();

    /**
     * Acts on what the device sent as commands.
     * \param commands bytes of FOpts or of port 0
     * \param heard how well they came
     * \param region of the network
     * \return answers to DevStatusReq
     */
    std::vector<DevStatusAns> Obey(const std::vector<uint8_t>& commands,
                                   const LoraHeard& heard,
                                   const LoraRegion& region);

    /**
     * Counts an uplink for ADR.
     * \param snrDb at the best gateway
     * \param dataRateNow data rate of the uplink
     * \param history how many uplinks count
     * \return whether so many have come since the settings changed, and nothing has been asked of
     *         the device that it has not answered
     */
    bool NoteForAdr(double snrDb, uint8_t dataRateNow, uint32_t history);

    /** The network acknowledges confirmed data that was sent. Takes it off the list. */
    void Acknowledged();

    /** \return the commands as bytes, as many as FOpts takes */
    std::vector<uint8_t> FittingCommands() const;

    LoraSessionKeys keys;                            //!< session keys
    std::optional<uint32_t> frameCounter;            //!< of the last accepted frame
    uint32_t downlinkCounter{0};                     //!< of the next downlink
    uint32_t rx2FrequencyHz{0};                      //!< carrier of RX2
    uint8_t rx1Offset{0};                            //!< RX1DROffset
    uint8_t rx2DataRate{0};                          //!< data rate of RX2
    uint8_t rxDelayS{1};                             //!< RX1 after the uplink
    uint8_t txPowerIndex{0};                         //!< as the device last agreed to
    uint8_t subBand{0};                              //!< attribute of the device
    LoraDeviceClass deviceClass{LoraDeviceClass::A}; //!< how the device listens
    std::unique_ptr<Business> business;              //!< made when needed

  private:
    /** Takes a command off the list that has been answered; nothing if there is none of its kind.
     */
    template <typename Command>
    std::optional<Command> Answered();
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_SERVER_SESSION_H
