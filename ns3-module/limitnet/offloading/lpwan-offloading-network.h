// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_NETWORK_H
#define LPWAN_OFFLOADING_NETWORK_H

#include "limitnet/data/dataset.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/open-codec.h"
#include "limitnet/results/run-folder.h"

#include "ns3/lpwan-cloud.h"
#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-image-source.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/lpwan-offloading-link.h"
#include "ns3/lpwan-offloading-settings.h"
#include "ns3/lpwan-periodic-traffic.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A group of devices and the codec of its cameras, open. */
struct OffloadingGroup
{
    OffloadingGroupSettings settings;
    limitnet::OpenedCodec codec;               //!< of cameras
    limitnet::Evaluator::DecoderId decoder{0}; //!< the codec's half in the evaluator
};

/** A device, and what sends on it. */
struct OffloadingMember
{
    OffloadingLink* link{nullptr}; //!< where it is
    uint32_t indexOnLink{0};       //!< among its devices
    std::size_t group{0};          //!< whose it is
    uint32_t indexInGroup{0};      //!< over all links
    Ptr<LpwanNetDevice> device;    //!< its radio
    Ptr<ImageSource> source;       //!< null: a meter
    Ptr<LpwanEnergyModel> battery; //!< null without one
};

/** \return what OffloadingNetwork does with attributes of ns-3's objects */
const AttributeBindings& OffloadingAttributes();

/**
 * \ingroup limitnet
 *
 * All that is built for an OffloadingScenario: the links with their devices, which are numbered
 * from 0, those of the first link first; on each device a camera or a meter, and a battery; the
 * cloud, which answers by the links. Whoever wants to know what happens in it follows the trace
 * sources of these.
 */
class OffloadingNetwork
{
  public:
    /**
     * \param settings of the run
     * \param groups in the order of the settings
     * \param dataset whose pictures the cameras take
     * \param links one at least, none of them built
     */
    OffloadingNetwork(const OffloadingSettings& settings,
                      const std::vector<OffloadingGroup>& groups,
                      const limitnet::Dataset& dataset,
                      std::vector<std::unique_ptr<OffloadingLink>> links);
    ~OffloadingNetwork();

    OffloadingNetwork(const OffloadingNetwork&) = delete;
    OffloadingNetwork& operator=(const OffloadingNetwork&) = delete;

    /**
     * Builds it, once; BeginRun() comes before.
     * \param values of the scenario, for the links
     * \param folder takes files of the links
     * \param judge asked by the cloud whether it needs no more of an image, where a group's
     *        stopConfidence wants that
     * \throws limitnet::Error in one line on a value that makes no sense with another
     */
    void Build(const limitnet::ScenarioValues& values,
               const limitnet::RunFolder& folder,
               CloudApplication::Judge judge);

    /** \return the links, in the order of their devices */
    const std::vector<std::unique_ptr<OffloadingLink>>& GetLinks() const;

    /** \return the devices, by number */
    const std::vector<OffloadingMember>& GetMembers() const;

    /** \return the groups */
    const std::vector<OffloadingGroup>& GetGroups() const;

    /** \return the group of a device \param member the device */
    const OffloadingGroup& GroupOf(const OffloadingMember& member) const;

    /** \return the cloud */
    Ptr<CloudApplication> GetCloud() const;

    /** \return the number of a device \param address its address, which it has to have */
    uint32_t NumberOf(uint32_t address) const;

    /** \return whether there is a device with that address \param address any */
    bool Has(uint32_t address) const;

    /** \return gateways and base stations, of all links */
    std::size_t CountGateways() const;

    /** \return levels of all links, in the order of accuracy.csv */
    std::vector<std::string> GetLevels() const;

    /**
     * The same for each group, so that groups can be compared image by image.
     * \param device number of a camera
     * \param image number of its image
     * \return index of the picture in the data set
     */
    std::size_t PictureOf(uint32_t device, uint32_t image) const;

    /** \return times of a device's captures, where a file says them \param member a camera */
    const std::vector<double>& CaptureTimesOf(const OffloadingMember& member) const;

  private:
    /** What of a group comes with its devices. */
    struct GroupState
    {
        uint32_t deviceCount{0};                       //!< on all links
        std::vector<std::vector<double>> captureTimes; //!< of each device, of TRACE
        std::size_t picturesPerDevice{0};              //!< so many belong to each
        Ptr<PeriodicTraffic> readings;                 //!< of meters
    };

    void BuildLinks(const limitnet::ScenarioValues& values, const limitnet::RunFolder& folder);
    void BuildCloud();
    void ReadCaptureTimes();
    void BuildCamera(uint32_t number, const CloudApplication::Judge& judge);
    void BuildMeter(uint32_t number);
    /** Lets a camera send to the cloud, and the cloud know it. */
    void Subscribe(uint32_t number, const CloudApplication::Judge& judge);
    /** Sets when a camera captures. */
    void SetTraffic(uint32_t number);
    void ScheduleReboot(uint32_t number, Ptr<RandomVariableStream> interval);
    /** The cloud's answer to a device. */
    void SendFeedback(uint32_t address, const std::vector<uint8_t>& payload);

    const OffloadingSettings& m_settings;
    const std::vector<OffloadingGroup>& m_groups;
    const limitnet::Dataset& m_dataset;
    std::vector<std::unique_ptr<OffloadingLink>> m_links;
    std::vector<GroupState> m_groupStates; //!< by group
    Ptr<CloudApplication> m_cloud;
    std::vector<OffloadingMember> m_members;
    Ptr<UniformRandomVariable> m_phase; //!< of periodic captures
    std::map<uint32_t, uint32_t> m_numberByAddress;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_NETWORK_H
