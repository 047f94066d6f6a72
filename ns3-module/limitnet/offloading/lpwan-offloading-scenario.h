// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_SCENARIO_H
#define LPWAN_OFFLOADING_SCENARIO_H

#include "limitnet/data/dataset.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-offloading-evaluation.h"
#include "ns3/lpwan-offloading-link.h"
#include "ns3/lpwan-offloading-network.h"
#include "ns3/lpwan-offloading-recorder.h"
#include "ns3/lpwan-offloading-settings.h"

#include <memory>
#include <ostream>
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
 * It knows nothing of the links but OffloadingLink, and what it does itself is the order of things:
 * OffloadingSettings are read, OffloadingNetwork is built, OffloadingRecorder and
 * OffloadingEvaluation follow it while it is simulated, OffloadingReport says what came out; or
 * OffloadingExplanation says what would be simulated.
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
    void OpenDataset();
    void OpenEvaluator();
    void OpenGroups();
    void Build();
    void Simulate();
    /** Prints what the cloud did, and on standard error what the evaluator did. */
    void PrintCloud(std::ostream& out) const;

    limitnet::ScenarioValues m_values;
    limitnet::RunFolder m_folder;
    OffloadingSettings m_settings;
    std::unique_ptr<limitnet::Dataset> m_dataset;
    std::unique_ptr<limitnet::Evaluator> m_evaluator;
    std::vector<OffloadingGroup> m_groups;
    std::unique_ptr<OffloadingNetwork> m_network;
    std::unique_ptr<OffloadingRecorder> m_recorder;
    std::unique_ptr<OffloadingEvaluation> m_evaluation;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_SCENARIO_H
