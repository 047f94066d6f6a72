// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_TX_CURRENT_H
#define LPWAN_LORA_TX_CURRENT_H

namespace ns3
{
namespace lpwan
{

/**
 * What a LoRa transceiver draws when it sends, by the table of LoraEndDevice, which has the
 * sources: linear between its points, constant below 2 and above 20 dBm.
 *
 * \param powerDbm transmit power
 * \return current, ampere
 */
double LoraTxCurrentAmpere(double powerDbm);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_TX_CURRENT_H
