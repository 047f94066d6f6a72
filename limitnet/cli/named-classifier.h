// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_NAMED_CLASSIFIER_H
#define LIMITNET_CLI_NAMED_CLASSIFIER_H

#include "limitnet/evaluation/evaluator.h"

#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * The classifier that an option asks for.
 *
 * \param name a name as for OpenClassifier(); "none"; or "auto" for what goes with the first of \p
 * automatic for which there is something
 * \param automatic names of data sets
 * \param dataset the set whose classes a named one has to know; empty: any
 * \param reason set to why there is none
 * \return nothing for "none", and for "auto" when none of them is there
 * \throws Error when a named one is not there or cannot be read
 */
std::shared_ptr<const Classifier> FindClassifier(const std::string& name,
                                                 const std::vector<std::string>& automatic,
                                                 const std::string& dataset,
                                                 std::string& reason);

/** Help texts of the options that go into FindClassifier(). */
constexpr const char* CLASSIFIER_HELP =
    "classifier: resnet50, a model by name or path, or a TorchScript file; none goes without; auto "
    "takes the one for the data set";
constexpr const char* CLASSIFIER_DATASET_HELP =
    "the set whose classes the classifier has to know: cifar10, cifar100 or imagenet; without it, "
    "a "
    "TorchScript file is taken at its number of classes";

} // namespace limitnet

#endif // LIMITNET_CLI_NAMED_CLASSIFIER_H
