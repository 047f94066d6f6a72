// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_LINK_H
#define LPWAN_LORA_LINK_H

#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-offloading-link.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * LoRaWAN for an OffloadingScenario: the network of BuildLoraNetwork(), grouped by spreading
 * factor.
 */
class LoraLink : public OffloadingLink
{
  public:
    // --- OffloadingLink ---
    std::string GetName() const override;
    std::vector<std::string> GetLevels() const override;
    AttributeBindings GetAttributes() const override;
    bool CanConfirm() const override;
    std::vector<OffloadingDevice> Build(const limitnet::ScenarioValues& values,
                                        const limitnet::RunFolder& folder) override;
    void Connect(DeliverCallback deliver, FateCallback fate) override;
    void SendDownlink(uint32_t device, const std::vector<uint8_t>& payload, uint8_t port) override;
    std::size_t GetMaxDownlinkBytes() const override;
    std::vector<OffloadingGateway> GetGateways() const override;
    OffloadingDeviceState GetDeviceState(uint32_t device) const override;

  private:
    void OnUplinkFate(const LoraUplink& uplink);

    /// made by Build(): channel and server take their attributes' defaults when they are made
    std::unique_ptr<LoraHelper> m_lora;
    std::vector<Ptr<LoraEndDevice>> m_devices;
    FateCallback m_fate;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_LINK_H
