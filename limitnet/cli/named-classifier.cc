// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/named-classifier.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"

#include <filesystem>

namespace limitnet
{

std::shared_ptr<const Classifier>
FindClassifier(const std::string& name,
               const std::vector<std::string>& automatic,
               std::string& reason)
{
    if (name == "none")
    {
        reason = "--classifier=none";
        return nullptr;
    }
    if (name != "auto")
    {
        return std::make_shared<Classifier>(FindModel(name));
    }
    for (const auto& candidate : automatic)
    {
        std::filesystem::path file;
        try
        {
            file = FindModel(candidate);
        }
        catch (const Error& error)
        {
            reason = std::string("no classifier: ") + error.what();
            continue;
        }
        return std::make_shared<Classifier>(file);
    }
    return nullptr;
}

} // namespace limitnet
