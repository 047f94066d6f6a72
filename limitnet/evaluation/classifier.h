// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_CLASSIFIER_H
#define LIMITNET_EVALUATION_CLASSIFIER_H

#include "limitnet/codec/image.h"
#include "limitnet/nn/classifier-options.h"

#include <filesystem>
#include <memory>
#include <string>
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
     * \return what its answers depend on beside the picture, in words: checksums of its files and
     *         the version of LibTorch. The files are read for it.
     * \throws Error when one of them is gone
     */
    std::string Identity() const;

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

} // namespace limitnet

#endif // LIMITNET_EVALUATION_CLASSIFIER_H
