// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/lim-model.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/fragment.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/data/paths.h"

#include <algorithm>
#include <fmt/format.h>

namespace limitnet
{

std::shared_ptr<const CodecModel>
OpenLimModel(const std::string& input, const LimFile& file, const std::string& modelName)
{
    const auto path = [&] {
        try
        {
            return FindModel(modelName.empty() ? file.model : modelName);
        }
        catch (const Error& error)
        {
            throw Error(modelName.empty() ? fmt::format("{} was encoded with {}: {}, or name its "
                                                        "file with --model",
                                                        input,
                                                        file.model,
                                                        error.what())
                                          : std::string(error.what()));
        }
    }();
    auto model = std::make_shared<CodecModel>(path);
    if (model->Tables().modelId != file.modelId)
    {
        throw Error(fmt::format("{} was encoded with the codec {}, model id {}; {} has the id {}",
                                input,
                                file.model,
                                file.modelId,
                                path.string(),
                                model->Tables().modelId));
    }
    const auto isMap = [](const Bytes& fragment) {
        return ParseFragment(fragment.data(), fragment.size()).kind == FragmentKind::MAP;
    };
    const bool hasMap =
        std::any_of(file.pictures.begin(), file.pictures.end(), [&](const LimPicture& picture) {
            return std::any_of(picture.fragments.begin(), picture.fragments.end(), isMap);
        });
    if (hasMap && !NeedsMap(model->Order()))
    {
        // Values that went by the map would land in wrong places without a word.
        throw Error(fmt::format("{}: has saliency maps, and the values of the codec {} are in an "
                                "order without one; encode the pictures again",
                                input,
                                path.string()));
    }
    return model;
}

} // namespace limitnet
