// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_REPORT_H
#define LPWAN_OFFLOADING_REPORT_H

#include "limitnet/data/dataset.h"
#include "limitnet/results/run-folder.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-offloading-evaluation.h"
#include "ns3/lpwan-offloading-network.h"
#include "ns3/lpwan-offloading-recorder.h"
#include "ns3/lpwan-offloading-settings.h"

#include <cstdint>
#include <iosfwd>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup limitnet
 *
 * The files of a run, and what is printed of it; the simulation is over and scored.
 */
class OffloadingReport
{
  public:
    /**
     * \param settings of the run
     * \param dataset whose pictures the cameras took
     * \param network what was built
     * \param recorder what became of it
     * \param curves the accuracy curves
     */
    OffloadingReport(const OffloadingSettings& settings,
                     const limitnet::Dataset& dataset,
                     const OffloadingNetwork& network,
                     const OffloadingRecorder& recorder,
                     AccuracyCurves curves);

    /** \return whether any image was captured, without which there is no curve to draw */
    bool HasImages() const;

    /**
     * Writes all files but the plot, as docs/csv.md says.
     * \param folder where
     * \param values of the scenario, for the record
     * \throws limitnet::Error when one cannot be written
     */
    void WriteFiles(const limitnet::RunFolder& folder,
                    const limitnet::ScenarioValues& values) const;

    /** Prints a short table. \param out takes it */
    void Print(std::ostream& out) const;

  private:
    void WriteCurves(const limitnet::RunFolder& folder) const;
    void WriteRecord(const limitnet::RunFolder& folder,
                     const limitnet::ScenarioValues& values) const;
    /** Writes what has arrived of an image as pictures, one for each arrival. */
    void WritePictures(const limitnet::RunFolder& folder, uint32_t device, uint32_t image) const;
    /** Prints how many devices there are, and at which levels. */
    void PrintDevices(std::ostream& out) const;
    /** Prints what became of the fragments. */
    void PrintFates(std::ostream& out) const;
    /** Prints time and energy of an image on average. */
    void PrintCosts(std::ostream& out) const;
    /** Prints about a dozen rows of the curve, the first and the last among them. */
    void PrintCurve(std::ostream& out) const;
    /** \return images captured, and devices that are meters */
    uint64_t CountImages() const;
    uint64_t CountMeters() const;

    const OffloadingSettings& m_settings;
    const limitnet::Dataset& m_dataset;
    const OffloadingNetwork& m_network;
    const OffloadingRecorder& m_recorder;
    AccuracyCurves m_curves;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_REPORT_H
