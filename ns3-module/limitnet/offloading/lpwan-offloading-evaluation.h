// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_EVALUATION_H
#define LPWAN_OFFLOADING_EVALUATION_H

#include "limitnet/evaluation/evaluator.h"
#include "limitnet/results/accuracy-curve.h"

#include "ns3/lpwan-cloud.h"
#include "ns3/lpwan-offloading-network.h"
#include "ns3/lpwan-offloading-recorder.h"
#include "ns3/lpwan-offloading-settings.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Accuracy curves by name: "all", groups, levels. */
using AccuracyCurves = std::map<std::string, limitnet::AccuracyCurve>;

/**
 * \ingroup limitnet
 *
 * What the cloud makes of what arrives: each state of an image that is asked for is decoded and
 * classified in the background, while the simulation goes on; in the end the answers are scored.
 */
class OffloadingEvaluation
{
  public:
    /**
     * Begins to follow the cloud's arrivals.
     * \param settings of the run
     * \param network the network, built
     * \param recorder knows what arrived in truth, and takes the answers
     * \param evaluator decodes and classifies; it has the groups' decoders
     */
    OffloadingEvaluation(const OffloadingSettings& settings,
                         const OffloadingNetwork& network,
                         OffloadingRecorder& recorder,
                         limitnet::Evaluator& evaluator);

    OffloadingEvaluation(const OffloadingEvaluation&) = delete;
    OffloadingEvaluation& operator=(const OffloadingEvaluation&) = delete;

    /**
     * Waits for the classifier.
     * \param arrival index in the cloud's log
     * \return whether it is as sure as wanted of what has arrived of that image
     */
    bool IsEnough(std::size_t arrival);

    /** The simulation has ended: waits for all answers and gives them to the recorder. */
    void Finish();

    /** \return images of the cloud that are not one image in truth */
    uint64_t CountMixedImages() const;

    /**
     * To be called after Finish().
     * \return a curve for all images, for each group and each level that a camera had
     */
    AccuracyCurves MakeCurves() const;

  private:
    /** Arrivals of one image of the cloud, of each fragment the first. */
    using Received = std::vector<std::size_t>;

    void OnArrival(std::size_t arrival);

    /** \return whether the state after an arrival is asked for \param i not the last of them */
    bool IsEvaluated(const Received& arrivals, std::size_t i) const;

    /** Asks for the evaluation of the state after arrival i of an image. */
    void Request(const Received& arrivals, std::size_t i);

    /** Scores an image of the cloud. \return predictions that came with it */
    std::size_t Score(const Received& received);

    /** Counts what of LimitNet's values has arrived. */
    void CountValues(const OffloadingGroup& group,
                     const std::vector<limitnet::Bytes>& bytes,
                     ImageRecord& record) const;

    /** \return what the cloud answered about an image, by time since its capture */
    std::vector<limitnet::AccuracyCurve::Prediction> PredictionsOf(const ImageRecord& image) const;

    /** \return the group whose device sent something */
    const OffloadingGroup& GroupOf(const CloudApplication::Arrival& arrival) const;

    /** \return an arrival of the cloud's log */
    const CloudApplication::Arrival& At(std::size_t arrival) const;

    const OffloadingSettings& m_settings;
    const OffloadingNetwork& m_network;
    OffloadingRecorder& m_recorder;
    limitnet::Evaluator& m_evaluator;
    std::vector<Received> m_received;                             //!< by image of the cloud
    std::map<std::size_t, limitnet::Evaluator::Id> m_evaluations; //!< by index of the arrival
    uint64_t m_mixedImages{0};
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_EVALUATION_H
