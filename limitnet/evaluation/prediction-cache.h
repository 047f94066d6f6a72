// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_PREDICTION_CACHE_H
#define LIMITNET_EVALUATION_PREDICTION_CACHE_H

#include "limitnet/evaluation/classifier.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace limitnet
{

/** What the cloud makes of a reception, and how far its picture is from the camera's. */
struct Evaluation : Prediction
{
    Evaluation() = default;

    /** \param label class \param confidence its probability */
    Evaluation(int label, double confidence)
        : Prediction{label, confidence}
    {
    }

    /** \param prediction without a look at the picture */
    Evaluation(const Prediction& prediction)
        : Prediction(prediction)
    {
    }

    std::optional<double> psnrDb; //!< see PsnrDb(); only where it was asked for
    std::optional<double> ssim;   //!< see Ssim(); likewise
};

/**
 * Predictions on disk, in an SQLite database that any number of programs use at once.
 *
 * Each prediction is there to stay as soon as Store() returns, whatever becomes of the program. A
 * program that is about to compute one says so (Claim()), so that others wait for it instead of
 * computing it too; the claim of a program that was killed ends after CLAIM_SECONDS.
 *
 * Programs may run on several machines that share a file system: see Sharing.
 *
 * Objects may be used by several threads at once. A database that cannot be written any more, such
 * as on a full disk, is a Problem() and no error: results do not depend on it.
 */
class PredictionCache
{
  public:
    /** Names what a prediction is a function of; see Evaluator. */
    using Key = std::array<uint8_t, 32>;

    /** How long others wait for a program that has claimed a prediction. */
    static constexpr int CLAIM_SECONDS = 20;

    /** Who else may use the database, on which its journal depends. */
    enum class Sharing
    {
        BY_FILE_SYSTEM, //!< programs of this machine, or on a file system that may be one of
                        //!< several machines, of any
        ONE_MACHINE,    //!< programs of this machine: a write-ahead log
        MACHINES        //!< of any that has the folder: a rollback journal. Slower, and right
                        //!< wherever files can be locked
    };

    /**
     * Opens or makes it; its folder is made too. One that was made for several machines stays so.
     *
     * \param file the database
     * \param limitBytes what it may take of the disk; beyond that, the quarter that was not used
     *        for longest is forgotten. At least 1 MiB is taken.
     * \param sharing who else may use it
     * \throws Error naming the file when it is no database of predictions, or cannot be made
     */
    PredictionCache(const std::filesystem::path& file,
                    uint64_t limitBytes,
                    Sharing sharing = Sharing::BY_FILE_SYSTEM);
    ~PredictionCache();
    PredictionCache(const PredictionCache&) = delete;
    PredictionCache& operator=(const PredictionCache&) = delete;

    /** \return the prediction, if it is there */
    std::optional<Evaluation> Find(const Key& key);

    /** What Claim() found. */
    enum class Owner
    {
        NOBODY, //!< it is claimed now: compute and Store() it
        OTHERS, //!< another program computes it
        KNOWN,  //!< it is there
    };

    /**
     * \param key of what is to be computed
     * \param known written when it is KNOWN
     */
    Owner Claim(const Key& key, Evaluation& known);

    /** Keeps a prediction. */
    void Store(const Key& key, const Evaluation& evaluation);

    /** \return number of predictions kept */
    uint64_t Size();

    /** \return why nothing is kept any more, in one line; empty: all is well */
    std::string Problem() const;

  private:
    struct Database;
    std::unique_ptr<Database> m_database;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_PREDICTION_CACHE_H
