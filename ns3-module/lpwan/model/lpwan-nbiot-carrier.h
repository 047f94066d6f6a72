// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_CARRIER_H
#define LPWAN_NBIOT_CARRIER_H

#include "ns3/channel.h"
#include "ns3/net-device.h"

#include <cstdint>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * The carrier of one NB-IoT cell as ns-3 knows channels: what NetDevice::GetChannel() of its
 * devices returns, so that what walks from device to channel to devices finds the cell. The base
 * station is no NetDevice, and is not among them. Transmissions do not go through it: the cell's
 * NbiotEnb decides them.
 */
class NbiotCarrier : public Channel
{
  public:
    /** \return the TypeId */
    static TypeId GetTypeId();

    NbiotCarrier();
    ~NbiotCarrier() override;

    /** \param device that has attached to the cell */
    void Add(Ptr<NetDevice> device);

    // --- Channel ---
    std::size_t GetNDevices() const override;
    Ptr<NetDevice> GetDevice(std::size_t i) const override;

  protected:
    void DoDispose() override;

  private:
    std::vector<Ptr<NetDevice>> m_devices; //!< by their index in the cell
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_CARRIER_H
