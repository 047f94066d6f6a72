// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_EXPLANATION_H
#define LPWAN_OFFLOADING_EXPLANATION_H

#include "limitnet/data/dataset.h"

#include "ns3/lpwan-offloading-network.h"
#include "ns3/lpwan-offloading-settings.h"

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * What --check prints: what a run would simulate, from a network that is built and not simulated.
 */
class OffloadingExplanation
{
  public:
    /**
     * \param settings of the run
     * \param dataset whose pictures the cameras would take
     * \param network the network, built
     */
    OffloadingExplanation(const OffloadingSettings& settings,
                          const limitnet::Dataset& dataset,
                          const OffloadingNetwork& network);

    /**
     * Prints it; a few pictures are encoded for that.
     * \param out takes it
     * \param resultsFolder where results would go
     * \throws limitnet::Error when a picture cannot be encoded; then nothing is printed
     */
    void Print(std::ostream& out, const std::string& resultsFolder) const;

  private:
    /** What a camera does with an image, on average over a few. */
    struct ImageCost
    {
        double fragments{0};
        double bytes{0};
        double encodingS{0};
        double airtimeS{0};
        double untilS{0};   //!< the last fragment is sent
        double eachS{0};    //!< an image takes, of many
        bool isKnown{true}; //!< when they are sent is known; otherwise the network says it
    };

    /** Numbers of devices, by group and level. */
    using Kinds = std::map<std::pair<std::size_t, std::string>, std::vector<uint32_t>>;

    Kinds SortDevices() const;
    void PrintRun(std::ostream& out, const std::string& resultsFolder) const;
    void PrintCameras(std::ostream& out, const std::vector<uint32_t>& devices) const;
    void PrintMeters(std::ostream& out, const std::vector<uint32_t>& devices) const;
    ImageCost CostOf(const OffloadingMember& member) const;
    /** \return the most images that a device captures, of a Poisson process about so many */
    uint64_t ImagesInTime(const OffloadingMember& member) const;

    const OffloadingSettings& m_settings;
    const limitnet::Dataset& m_dataset;
    const OffloadingNetwork& m_network;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_EXPLANATION_H
