// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_PLOT_H
#define LIMITNET_RESULTS_PLOT_H

#include <filesystem>
#include <string>

namespace limitnet
{

/** What came of drawing. */
struct PlotResult
{
    bool done = false;
    std::string reason; ///< when it is not done: why, one line
};

/**
 * Draws accuracy.csv as a picture by analysis/plot-accuracy.py, which needs Python with matplotlib.
 *
 * A missing plot is no reason to lose a run: this never throws for it, and it leaves no
 * half-written picture.
 *
 * \param csv the accuracy.csv of a run
 * \param picture the .png to write
 * \param title stands above it, may be empty
 */
PlotResult PlotAccuracy(const std::filesystem::path& csv,
                        const std::filesystem::path& picture,
                        const std::string& title);

/**
 * Draws the CSV file of `limitnet eval` by analysis/plot-eval.py: top-1 against size, and PSNR
 * against size, with published results beside where there are any. In all else as PlotAccuracy().
 *
 * \param csv the file, of EvaluationTable()
 * \param picture the .png, .pdf or .svg to write
 * \param title stands above it, may be empty
 * \param dataset whose published results are drawn beside, such as "cifar100"
 */
PlotResult PlotEvaluation(const std::filesystem::path& csv,
                          const std::filesystem::path& picture,
                          const std::string& title,
                          const std::string& dataset);

/**
 * Draws the CSV file of `limitnet eval --codec` by analysis/plot-codecs.py: top-1, or PSNR where
 * there was no classifier, against size, a panel for each loss. In all else as PlotAccuracy().
 *
 * \param csv the file, of CodecsTable()
 * \param picture the .png, .pdf or .svg to write
 * \param title stands above it, may be empty
 */
PlotResult PlotCodecs(const std::filesystem::path& csv,
                      const std::filesystem::path& picture,
                      const std::string& title);

/**
 * Draws the log of a training run by analysis/plot-training.py: loss, and what was measured on
 * held-out pictures. In all else as PlotAccuracy().
 *
 * \param csv the log, `<output>.csv`
 * \param picture the .png to write
 * \param title stands above it, may be empty
 */
PlotResult PlotTraining(const std::filesystem::path& csv,
                        const std::filesystem::path& picture,
                        const std::string& title);

} // namespace limitnet

#endif // LIMITNET_RESULTS_PLOT_H
