// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_PERIODIC_TRAFFIC_H
#define LPWAN_PERIODIC_TRAFFIC_H

#include "lpwan-net-device.h"

#include "ns3/nstime.h"
#include "ns3/object.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Packets of one length at fixed intervals from any number of devices, each with a phase of its
 * own, uniformly in 0..Period. One object serves all of them, so that a large network costs no
 * application per device. The payload is zeros.
 */
class PeriodicTraffic : public Object
{
  public:
    /** \return the TypeId */
    static TypeId GetTypeId();

    PeriodicTraffic();
    ~PeriodicTraffic() override;

    /** \param device sends from now on; its first packet comes after its phase */
    void Add(Ptr<LpwanNetDevice> device);

    /** \return packets handed to the devices */
    uint64_t GetPackets() const;

    /**
     * \param stream first stream
     * \return number of streams taken
     */
    int64_t AssignStreams(int64_t stream);

  protected:
    void DoDispose() override;

  private:
    /** \param device index of a device whose packet is due */
    void Send(uint32_t device);

    Time m_period;
    uint32_t m_payloadBytes{0};
    uint64_t m_packets{0};
    Ptr<UniformRandomVariable> m_phase;
    std::vector<Ptr<LpwanNetDevice>> m_devices;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_PERIODIC_TRAFFIC_H
