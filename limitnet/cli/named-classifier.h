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
 * \param name a model by name or path; "none"; or "auto" for the first of \p automatic that is
 * there
 * \param automatic names of models
 * \param reason set to why there is none
 * \return nothing for "none", and for "auto" when none of them is there
 * \throws Error when a named one is not there or cannot be read
 */
std::shared_ptr<const Classifier> FindClassifier(const std::string& name,
                                                 const std::vector<std::string>& automatic,
                                                 std::string& reason);

} // namespace limitnet

#endif // LIMITNET_CLI_NAMED_CLASSIFIER_H
