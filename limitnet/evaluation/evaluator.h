// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_EVALUATOR_H
#define LIMITNET_EVALUATION_EVALUATOR_H

#include "limitnet/codec/fragment.h"
#include "limitnet/codec/image-codec.h"
#include "limitnet/codec/image.h"
#include "limitnet/nn/classifier-options.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace limitnet
{

/** What the cloud makes of a picture. */
struct Prediction
{
    int label = -1;        //!< most likely class; -1 when there is no picture yet
    double confidence = 0; //!< its softmax probability
};

/** A cloud classifier: picture in, class out. LibTorch stays behind this header. */
class Classifier
{
  public:
    /**
     * \param path a model file of a classifier, model.json of ResNet-50, or a TorchScript file; see
     *             docs/models.md. OpenClassifier() finds them by name.
     * \param options what some kinds need
     * \throws Error naming the file when it is missing, truncated or of another kind
     */
    explicit Classifier(const std::filesystem::path& path, const ClassifierOptions& options = {});
    ~Classifier();
    Classifier(const Classifier&) = delete;
    Classifier& operator=(const Classifier&) = delete;

    /** \return the data set whose classes it knows */
    const std::string& DatasetName() const;

    /**
     * \param picture any size; it is resized to 224x224
     * \return the most likely class
     */
    Prediction Classify(const Image& picture) const;

    /**
     * \param picture any size; it is resized to 224x224
     * \param count how many classes to give; at most as many as there are
     * \return the most likely classes, the first of which is that of Classify()
     */
    std::vector<Prediction> TopClasses(const Image& picture, size_t count) const;

  private:
    struct Network;
    std::unique_ptr<Network> m_network;
};

/**
 * The cloud's answer for what has arrived of an image.
 *
 * A prediction is a function of the codec, the classifier and the fragments. Each distinct
 * sequence of fragments is decoded and classified once; the results are kept in memory for the
 * life of the object.
 */
class Evaluator
{
  public:
    /**
     * \param decoder the codec's cloud half
     * \param classifier the classifier
     */
    Evaluator(std::shared_ptr<const ImageDecoder> decoder,
              std::shared_ptr<const Classifier> classifier);

    /**
     * \param fragments what has arrived, in the order of arrival
     * \return the prediction; label -1 when the fragments make no picture yet
     */
    Prediction Evaluate(const std::vector<Bytes>& fragments);

    /** \return how many calls of Evaluate() had to decode */
    size_t DecodedCount() const;

    /** \return how many calls of Evaluate() found their result in memory */
    size_t HitCount() const;

  private:
    std::shared_ptr<const ImageDecoder> m_decoder;
    std::shared_ptr<const Classifier> m_classifier;
    std::unordered_map<std::string, Prediction> m_known; // key: the fragments with their lengths
    size_t m_decoded = 0;
    size_t m_hits = 0;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_EVALUATOR_H
