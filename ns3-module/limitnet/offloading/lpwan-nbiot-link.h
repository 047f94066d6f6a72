// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_LINK_H
#define LPWAN_NBIOT_LINK_H

#include "ns3/lpwan-nbiot-helper.h"
#include "ns3/lpwan-offloading-link.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * NB-IoT for an OffloadingScenario, as the section `nbiot` says, grouped by coverage level.
 */
class NbiotLink : public OffloadingLink
{
  public:
    // --- OffloadingLink ---
    std::string GetName() const override;
    std::vector<std::string> GetLevels() const override;
    AttributeBindings GetAttributes() const override;
    bool IsScheduled() const override;
    std::vector<OffloadingDevice> Build(const limitnet::ScenarioValues& values,
                                        const limitnet::RunFolder& folder) override;
    void Connect(DeliverCallback deliver, FateCallback fate) override;
    void Finish() override;
    void SendDownlink(uint32_t device, const std::vector<uint8_t>& payload, uint8_t port) override;
    std::size_t GetMaxDownlinkBytes() const override;
    std::vector<OffloadingGateway> GetGateways() const override;
    OffloadingDeviceState GetDeviceState(uint32_t device) const override;

  private:
    void OnPacket(const NbiotPacketReport& report);

    NbiotHelper m_nbiot;
    std::vector<Ptr<NbiotUe>> m_devices;
    FateCallback m_fate;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_LINK_H
