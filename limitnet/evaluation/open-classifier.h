// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_OPEN_CLASSIFIER_H
#define LIMITNET_EVALUATION_OPEN_CLASSIFIER_H

#include "limitnet/evaluation/classifier.h"

#include <filesystem>
#include <memory>
#include <string>

namespace limitnet
{

class Dataset;

/**
 * \param dataset a data set
 * \return the set whose classes its pictures have, as classifiers call it: "cifar10", "cifar100",
 * or "imagenet" for a folder that lists ImageNet's 1,000 classes; empty for others
 */
std::string ClassesOf(const Dataset& dataset);

/** Where a classifier is, and what it needs beside its file. */
struct ClassifierLocation
{
    std::filesystem::path path;
    ClassifierOptions options;
};

/**
 * Finds a classifier.
 *
 * \param name "auto" for the one that goes with \p dataset: the small one that comes with the
 *        program for cifar10 and cifar100, "resnet50" for imagenet; "resnet50" for the fetched
 *        weights; else a model by name or path, as for FindModel()
 * \param dataset the set whose classes it has to know; empty: any. "auto" needs it.
 * \throws Error in one line: it is not there, and how to get it
 */
ClassifierLocation LocateClassifier(const std::string& name, const std::string& dataset = "");

/**
 * Finds and loads a classifier; the programs and the ns-3 module get theirs here.
 *
 * \param name as for LocateClassifier()
 * \param dataset as for LocateClassifier()
 * \throws Error in one line also when it cannot be read, or knows other classes
 */
std::shared_ptr<const Classifier> OpenClassifier(const std::string& name,
                                                 const std::string& dataset = "");

} // namespace limitnet

#endif // LIMITNET_EVALUATION_OPEN_CLASSIFIER_H
