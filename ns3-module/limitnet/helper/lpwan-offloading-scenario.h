// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_SCENARIO_H
#define LPWAN_OFFLOADING_SCENARIO_H

#include "limitnet/data/dataset.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/results/accuracy-curve.h"
#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-cloud.h"
#include "ns3/lpwan-offloading-link.h"
#include "ns3/lpwan-offloading-records.h"
#include "ns3/random-variable-stream.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
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
 * A whole run of a program such as limitnet-lora-scenario: from the values of a scenario (see
 * docs/scenario.md) to the files of a results folder (see docs/csv.md).
 *
 * It knows nothing of the links but OffloadingLink. Their devices are numbered from 0, those of the
 * first link first.
 *
 * What arrives is decoded and classified in the background while the simulation goes on; where the
 * cloud answers by what it recognises (strategy.stop_confidence), the simulation waits for it. All
 * random streams are assigned, so a run is a function of its values alone.
 */
class OffloadingScenario
{
  public:
    /**
     * Opens data and models and makes the results folder, so that what is wrong with the values
     * comes out before anything is simulated.
     * \param values the scenario's values
     * \param links one at least, none of them built
     * \throws limitnet::Error in one line
     */
    OffloadingScenario(limitnet::ScenarioValues values,
                       std::vector<std::unique_ptr<OffloadingLink>> links);
    ~OffloadingScenario();

    OffloadingScenario(const OffloadingScenario&) = delete;
    OffloadingScenario& operator=(const OffloadingScenario&) = delete;

    /**
     * Simulates, evaluates, writes the results, and prints a short table.
     * \param out takes the table
     * \throws limitnet::Error in one line; then there are no results
     */
    void Run(std::ostream& out);

    /**
     * Builds the network and encodes a few pictures, and prints what Run() would simulate: devices,
     * bytes, airtime and how long the duty cycle makes an image wait. Nothing is left on the disk.
     * \param out takes it
     * \throws limitnet::Error in one line
     */
    void Explain(std::ostream& out);

  private:
    /** Describe devices of one group at one level. */
    void ExplainCameras(std::ostream& out, const std::vector<uint32_t>& devices) const;
    void ExplainMeters(std::ostream& out, const std::vector<uint32_t>& devices) const;
    /** \return the most images that a device captures, of a Poisson process about so many */
    uint64_t ImagesInTime(const DeviceRecord& record) const;
    /** \return whether any image was captured, without which there is no curve to draw */
    bool HasImages() const;
    void OpenGroups();
    void Build();
    void BuildLinks();
    void BuildCamera(uint32_t number);
    void BuildMeter(uint32_t number);
    /** Sets when a camera captures. */
    void SetTraffic(uint32_t number);
    void ScheduleReboot(uint32_t number, Ptr<RandomVariableStream> interval);
    void Simulate();
    void Evaluate();
    void AddImagesToCurves();
    void WriteFiles();
    /** Writes what has arrived of an image as pictures, one for each arrival. */
    void WritePictures(uint32_t device, uint32_t image) const;
    void PrintSummary(std::ostream& out) const;

    /** \return the image that a frame's fragment belongs to in truth: for scoring only */
    ImageRecord& ImageOf(const CloudApplication::Arrival& arrival);

    /**
     * \param arrivals of an image \param i not the last of them
     * \return whether the state after arrival i is asked for
     */
    bool IsEvaluated(const std::vector<std::size_t>& arrivals, std::size_t i);

    /** Asks for the evaluation of the state after arrival i of an image. */
    void RequestEvaluation(const std::vector<std::size_t>& arrivals, std::size_t i);

    // Trace sinks; the first argument is the number of the device.
    void OnCaptured(uint32_t device, uint32_t image);
    void OnEncoded(uint32_t device, uint32_t image, const limitnet::EncodedImage& encoded);
    void OnFragmentQueued(uint32_t device,
                          uint32_t image,
                          uint32_t fragment,
                          Ptr<const Packet> packet);
    void OnTxStart(uint32_t device,
                   Ptr<const Packet> packet,
                   const LpwanTransmission& transmission);
    void OnTxEnd(uint32_t device, Ptr<const Packet> packet, const LpwanTransmission& transmission);
    void OnDrop(uint32_t device, Ptr<const Packet> packet, DropReason reason);
    void OnDepleted(uint32_t device, Ptr<LpwanNetDevice> netDevice);
    void OnFate(const OffloadingFate& fate);
    void OnArrival(std::size_t arrival);
    void OnDiscarded(uint32_t device,
                     uint32_t image,
                     uint32_t fragment,
                     ImageSource::Discard reason);

    /** \return whether the classifier is as sure as wanted of what has arrived of an image */
    bool IsEnough(std::size_t arrival);

    /** A payload comes out of a link. */
    void OnDelivery(const UplinkDelivery& delivery);
    void OnCloudDown(const UplinkDelivery& delivery);
    void OnReading(uint32_t device,
                   Ptr<const Packet> packet,
                   const LpwanTransmission& transmission);

    /** The cloud's answer to a device. */
    void SendFeedback(uint32_t address, const std::vector<uint8_t>& payload);

    /** \return the record of the fragment in a packet */
    FragmentRecord& FragmentOf(uint32_t device, Ptr<const Packet> packet);

    limitnet::ScenarioValues m_values;
    std::vector<double> m_times; //!< times since capture of the accuracy curve
    double m_durationS;
    std::unique_ptr<limitnet::Dataset> m_dataset;
    std::vector<GroupRecord> m_groups;
    std::shared_ptr<const limitnet::Classifier> m_classifier;
    limitnet::RunFolder m_folder;
    std::vector<std::pair<uint32_t, uint32_t>> m_pictured; //!< device and image
    std::unique_ptr<limitnet::Evaluator> m_evaluator;

    std::vector<std::unique_ptr<OffloadingLink>> m_links;
    Ptr<CloudApplication> m_cloud;
    uint64_t m_mixedImages{0}; //!< images of the cloud that are not one image in truth
    std::vector<DeviceRecord> m_devices;
    Ptr<UniformRandomVariable> m_phase; //!< of periodic captures
    std::map<uint32_t, uint32_t> m_deviceByAddress;
    /// by device address << 32 | frame counter: device, image, fragment
    std::map<uint64_t, std::array<uint32_t, 3>> m_frames;
    /// by image of the cloud: its arrivals, of each fragment the first
    std::vector<std::vector<std::size_t>> m_received;
    std::map<std::size_t, limitnet::Evaluator::Id> m_evaluations; //!< by index of the arrival
    std::map<std::string, limitnet::AccuracyCurve> m_curves;      //!< by group or level
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_SCENARIO_H
