// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_EVALUATOR_H
#define LIMITNET_EVALUATION_EVALUATOR_H

#include "limitnet/codec/fragment.h"
#include "limitnet/codec/image-codec.h"
#include "limitnet/evaluation/classifier.h"
#include "limitnet/evaluation/parallel-work.h"
#include "limitnet/evaluation/prediction-cache.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** What an evaluator may use. */
struct EvaluatorOptions
{
    std::filesystem::path cache;          //!< database of predictions; empty: none on disk
    uint64_t cacheLimitBytes = 256 << 20; //!< what that may take
    unsigned workers = WorkerCount();     //!< how many receptions are evaluated at once
};

/** What an evaluator did. */
struct EvaluatorCounts
{
    size_t requests = 0; //!< calls of Request()
    size_t known = 0;    //!< of these: asked before in this run
    size_t cached = 0;   //!< of the others: found on disk, or computed by another program meanwhile
    size_t evaluated = 0; //!< of the others: decoded, and classified where there was a picture
    double busyS = 0;     //!< wall-clock time during which something was evaluated, seconds
};

/**
 * The cloud's answers for what has arrived of images.
 *
 * A prediction is a function of a decoder, the classifier and the set of fragments: fragments are
 * put in an order of their own, and copies dropped, before they are decoded. Each distinct
 * reception is decoded and classified once, in the background, one on each core, where one image at
 * a time is fastest (docs/performance.md); results are kept in memory and, if wanted, on disk,
 * where other runs and programs find them.
 */
class Evaluator
{
  public:
    /** Names a request; equal receptions have one. */
    using Id = size_t;

    /** A decoder of this evaluator. */
    using DecoderId = size_t;

    /**
     * \param classifier the classifier
     * \param options what it may use
     * \throws Error when the cache cannot be used
     */
    Evaluator(std::shared_ptr<const Classifier> classifier, const EvaluatorOptions& options = {});

    /** The same with a decoder, which Request() takes when nothing else is said. */
    Evaluator(std::shared_ptr<const ImageDecoder> decoder,
              std::shared_ptr<const Classifier> classifier,
              const EvaluatorOptions& options = {});
    /** Waits for what is being evaluated; what has not begun is dropped. */
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /**
     * \param decoder a codec's cloud half
     * \return what Request() takes; the same for decoders of one identity
     */
    DecoderId AddDecoder(std::shared_ptr<const ImageDecoder> decoder);

    /**
     * Asks for a prediction; the work is done in the background.
     *
     * \param fragments what has arrived, in any order
     * \param decoder what decodes them
     * \param original the camera's picture, if its distance is asked for too; null otherwise
     * \return what Get() takes
     */
    Id Request(const std::vector<Bytes>& fragments,
               DecoderId decoder = 0,
               std::shared_ptr<const Image> original = nullptr);

    /**
     * \param id of a request
     * \return its prediction, for which it waits; label -1 when the fragments make no picture
     * \throws what the decoder or the classifier threw
     */
    Evaluation Get(Id id);

    /** \return the prediction for some fragments, at once */
    Evaluation Evaluate(const std::vector<Bytes>& fragments);

    /** \return what was done up to now */
    EvaluatorCounts Counts() const;

    /** \return why nothing is kept on disk any more, in one line; empty: all is well */
    std::string Problem() const;

  private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_EVALUATOR_H
