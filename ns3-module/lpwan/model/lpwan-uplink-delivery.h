// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_UPLINK_DELIVERY_H
#define LPWAN_UPLINK_DELIVERY_H

#include "ns3/nstime.h"
#include "ns3/packet.h"

#include <cstdint>

namespace ns3
{
namespace lpwan
{

/** An uplink as a link's network hands it to the application server, once per frame. */
struct UplinkDelivery
{
    uint32_t deviceAddress{0};  //!< LpwanNetDevice::GetDeviceAddress() of the sender
    uint32_t frameCounter{0};   //!< full uplink counter; with the address it names the frame
    uint8_t port{0};            //!< application port (LoRaWAN: FPort)
    Ptr<Packet> payload;        //!< application bytes only, decrypted
    Time time;                  //!< now
    double rssiDbm{0};          //!< power at the gateway with the best SNR
    double snrDb{0};            //!< best SNR over the gateways
    uint8_t spreadingFactor{0}; //!< LoRa: 7..12; 0 on a link that has none
    uint32_t frequencyHz{0};    //!< LoRa: carrier; 0 on a link whose carrier is not the frame's own
    uint32_t gatewayCount{0};   //!< gateways (base stations) that received the frame
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_UPLINK_DELIVERY_H
