// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORAWAN_CELL_H
#define LPWAN_LORAWAN_CELL_H

#include "limitnet/results/csv-writer.h"
#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-network.h"
#include "ns3/lpwan-periodic-traffic.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * A whole run of limitnet-lorawan-cell: devices that send packets of one length at fixed intervals,
 * and what becomes of each frame. From the values of a scenario (docs/lorawan-cell.md) to the files
 * of a results folder (docs/csv.md).
 */
class LorawanCell
{
  public:
    /**
     * \param values the scenario's values
     * \throws limitnet::Error in one line
     */
    explicit LorawanCell(limitnet::ScenarioValues values);
    ~LorawanCell();

    LorawanCell(const LorawanCell&) = delete;
    LorawanCell& operator=(const LorawanCell&) = delete;

    /**
     * Simulates, writes the results, and prints a short table.
     * \param out takes the table
     * \param log takes processor time and memory, which are no results
     * \throws limitnet::Error in one line; then there are no results
     */
    void Run(std::ostream& out, std::ostream& log);

    /**
     * Prints what Run() would simulate, and simulates nothing: devices by spreading factor, the
     * time on air of their packets, and whether the duty cycle leaves time for them. Nothing is
     * left on the disk. \param out takes it
     */
    void Explain(std::ostream& out) const;

    /**
     * \param fate a fate
     * \return uplinks of all devices that ended so
     */
    uint64_t GetCount(LoraFate fate) const;

    /** \return uplinks that have ended */
    uint64_t GetFrames() const;

  private:
    using Counts = std::array<uint64_t, LORA_FATE_COUNT>;

    void OnUplinkFate(const LoraUplink& uplink);

    /** \param address DevAddr \return number of the device */
    uint32_t DeviceOf(uint32_t address) const
    {
        return address - m_firstAddress;
    }

    void WriteFrame(const LoraUplink& uplink);

    /** Gives a device a battery. */
    void AddBattery(Ptr<LoraEndDevice> device);

    /** \return how long a device was on, seconds */
    double OnSeconds(uint32_t device) const;

    void OnDepleted(uint32_t device, Ptr<LpwanNetDevice> netDevice);
    void WriteFiles();
    void PrintSummary(std::ostream& out) const;

    limitnet::ScenarioValues m_values;
    double m_durationS;
    limitnet::RunFolder m_folder;
    /// made after the attributes are set, whose defaults channel and server take when they are made
    std::unique_ptr<LoraHelper> m_lora;
    LoraNetwork m_network;
    Ptr<PeriodicTraffic> m_traffic;
    std::array<Counts, LORA_SF_COUNT> m_bySf{};     //!< uplinks by spreading factor
    uint32_t m_firstAddress{0};                     //!< DevAddr of device 0; the others follow
    std::vector<uint32_t> m_sent;                   //!< uplinks that have ended, by device
    std::vector<uint32_t> m_received;               //!< frames received, by device
    std::unique_ptr<limitnet::CsvWriter> m_frames;  //!< when asked for
    std::vector<Ptr<LpwanEnergyModel>> m_batteries; //!< by device; empty without batteries
    std::vector<std::optional<double>> m_offAtS;    //!< the same, when they were empty
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORAWAN_CELL_H
