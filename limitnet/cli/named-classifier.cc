// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/named-classifier.h"

#include "limitnet/codec/error.h"
#include "limitnet/evaluation/open-classifier.h"

namespace limitnet
{

std::shared_ptr<const Classifier>
FindClassifier(const std::string& name,
               const std::vector<std::string>& automatic,
               const std::string& dataset,
               std::string& reason)
{
    if (name == "none")
    {
        reason = "--classifier=none";
        return nullptr;
    }
    if (name != "auto")
    {
        return OpenClassifier(name, dataset);
    }
    for (const auto& candidate : automatic)
    {
        ClassifierLocation location;
        try
        {
            location = LocateClassifier(name, candidate);
        }
        catch (const Error& error)
        {
            reason = std::string("no classifier: ") + error.what();
            continue;
        }
        return std::make_shared<Classifier>(location.path, location.options);
    }
    return nullptr;
}

} // namespace limitnet
