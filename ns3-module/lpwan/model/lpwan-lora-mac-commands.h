// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_MAC_COMMANDS_H
#define LPWAN_LORA_MAC_COMMANDS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \file
 * MAC commands of LoRaWAN 1.0.4, section 5, as they travel in FOpts or on port 0. A request and its
 * answer have the same identifier; the direction tells them apart. For each command there is a
 * struct with the fields of the specification.
 */

/** Device asks how well it is heard. */
struct LinkCheckReq
{
};

/** Network tells how well the device was heard. */
struct LinkCheckAns
{
    uint8_t marginDb{0};     //!< SNR above the demodulation floor, 0..254
    uint8_t gatewayCount{0}; //!< gateways that received the request
};

/** Network sets data rate, power, channels, repetitions. */
struct LinkAdrReq
{
    uint8_t dataRate{0xf};    //!< 15: keep
    uint8_t txPower{0xf};     //!< 15: keep
    uint16_t channelMask{0};  //!< bit i: channel i of the block
    uint8_t maskControl{0};   //!< 0..7
    uint8_t transmissions{0}; //!< NbTrans; 0: keep
};

/** Device accepts all of it or nothing. */
struct LinkAdrAns
{
    bool powerOk{true};       //!< the power is possible
    bool dataRateOk{true};    //!< the data rate is possible
    bool channelMaskOk{true}; //!< the channels are
};

/** Network limits the device's share of time on air. */
struct DutyCycleReq
{
    uint8_t maxDutyCycle{0}; //!< n: 1 / 2^n, 0..15
};

/** Device answers. */
struct DutyCycleAns
{
};

/** Network moves the receive windows. */
struct RxParamSetupReq
{
    uint8_t rx1DataRateOffset{0}; //!< 0..7
    uint8_t rx2DataRate{0};       //!< 0..15
    uint32_t rx2FrequencyHz{0};   //!< multiple of 100 Hz
};

/** Device accepts all of it or nothing. */
struct RxParamSetupAns
{
    bool rx1OffsetOk{true};   //!< the offset is possible
    bool rx2DataRateOk{true}; //!< the data rate is
    bool rx2ChannelOk{true};  //!< the frequency is
};

/** Network asks for the battery and the SNR. */
struct DevStatusReq
{
};

/** Device tells them. */
struct DevStatusAns
{
    uint8_t battery{255}; //!< 0: external power, 1..254: empty to full, 255: unknown
    int8_t snrDb{0};      //!< of the last DevStatusReq, -32..31
};

/** Network adds, changes or removes a channel. */
struct NewChannelReq
{
    uint8_t channel{0};      //!< number
    uint32_t frequencyHz{0}; //!< multiple of 100 Hz; 0 removes it
    uint8_t minDataRate{0};  //!< lowest data rate, 0..15
    uint8_t maxDataRate{0};  //!< highest
};

/** Device accepts both or nothing. */
struct NewChannelAns
{
    bool dataRatesOk{true}; //!< the data rates are possible
    bool frequencyOk{true}; //!< the frequency is
};

/** Network sets the delay of RX1; RX2 comes a second later. */
struct RxTimingSetupReq
{
    uint8_t delayS{1}; //!< 0..15; 0 means 1
};

/** Device answers. */
struct RxTimingSetupAns
{
};

/** A command that goes up. */
using LoraUplinkCommand = std::variant<LinkCheckReq,
                                       LinkAdrAns,
                                       DutyCycleAns,
                                       RxParamSetupAns,
                                       DevStatusAns,
                                       NewChannelAns,
                                       RxTimingSetupAns>;

/** A command that goes down. */
using LoraDownlinkCommand = std::variant<LinkCheckAns,
                                         LinkAdrReq,
                                         DutyCycleReq,
                                         RxParamSetupReq,
                                         DevStatusReq,
                                         NewChannelReq,
                                         RxTimingSetupReq>;

/**
 * Appends a command's bytes.
 * \param command the command
 * \param bytes where to
 */
void AppendCommand(const LoraUplinkCommand& command, std::vector<uint8_t>& bytes);

/**
 * Appends a command's bytes.
 * \param command the command
 * \param bytes where to
 */
void AppendCommand(const LoraDownlinkCommand& command, std::vector<uint8_t>& bytes);

/**
 * Reads commands up to the first that is unknown or cut off: since a command's length follows from
 * its identifier, nothing after that can be read (section 5).
 * \param bytes FOpts or the clear payload of port 0
 * \param size its length
 * \return the commands
 */
std::vector<LoraUplinkCommand> ParseUplinkCommands(const uint8_t* bytes, std::size_t size);

/**
 * As ParseUplinkCommands(), for the other direction.
 * \param bytes FOpts or the clear payload of port 0
 * \param size its length
 * \return the commands
 */
std::vector<LoraDownlinkCommand> ParseDownlinkCommands(const uint8_t* bytes, std::size_t size);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_MAC_COMMANDS_H
