// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/open-codec.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/limitnet-image-codec.h"

#include <algorithm>

namespace limitnet
{

namespace
{

ValueOrder
OrderOf(const std::string& name, const CodecModel& model, const std::string& modelName)
{
    if (name == "model")
    {
        return model.Order();
    }
    const auto order = name == "saliency"  ? ValueOrder::SALIENCY
                       : name == "channel" ? ValueOrder::CHANNEL
                       : name == "random"  ? ValueOrder::RANDOM
                                           : ValueOrder::IMPORTANCE;
    if (NeedsMap(order) && !model.HasSaliency())
    {
        throw Error("order " + name + ": the codec " + modelName + " has no saliency decoder");
    }
    return order;
}

OpenedCodec
OpenLimitNet(const CodecChoice& choice)
{
    OpenedCodec codec;
    codec.model = std::make_shared<CodecModel>(FindModel(choice.model));
    codec.order = OrderOf(choice.order, *codec.model, choice.model);
    LimitNetOptions options;
    options.valueCount = ValuesOfPercentage(choice.valuesPercent);
    options.mapCopies = choice.mapCopies;
    options.order = codec.order;
    options.bytes = choice.bytes;
    if (!choice.progressive && choice.bytes > 0)
    {
        throw Error("a codec that is not progressive needs a fixed number of values, not one of "
                    "bytes: the cloud has to know when all is there");
    }
    codec.encoder = std::make_shared<LimitNetEncoder>(
        MakePictureEncoder(choice.encoder,
                           codec.model,
                           choice.encoder == "int8" ? FindDeviceModel(choice.model)
                                                    : std::filesystem::path{}),
        options);
    codec.decoder = std::make_shared<LimitNetDecoder>(codec.model,
                                                      codec.order,
                                                      choice.progressive ? 1 : options.valueCount);
    return codec;
}

OpenedCodec
OpenBareCodec(const CodecChoice& choice)
{
    const auto& table = CodecTable();
    const auto row = std::find_if(table.begin(), table.end(), [&choice](const CodecRow& candidate) {
        return candidate.name == choice.name;
    });
    if (row == table.end())
    {
        throw Error("'" + choice.name + "' is no image codec; there are " +
                    InWords(CodecNames(), "and"));
    }
    if (!row->open)
    {
        return OpenLimitNet(choice);
    }
    RivalSettings settings;
    settings.bytes = choice.bytes;
    settings.side = choice.side;
    settings.quality = choice.quality;
    settings.lossPercent = choice.lossPercent;
    const CodecHalves halves = row->open(settings);
    OpenedCodec codec;
    codec.encoder = halves.encoder;
    codec.decoder = halves.decoder;
    return codec;
}

} // namespace

std::vector<std::string>
ValueOrderNames()
{
    return {"model", "importance", "saliency", "channel", "random"};
}

OpenedCodec
OpenCodec(const CodecChoice& choice)
{
    CodecChoice bare = choice;
    const bool hasParity = !choice.parityPercent.empty();
    if (hasParity)
    {
        bare.lossPercent = 0; // protected once
    }
    if (hasParity && choice.progressive)
    {
        bare.bytes = 0; // the limit is that of all fragments, parity too
    }
    OpenedCodec codec = OpenBareCodec(bare);
    if (hasParity)
    {
        codec.encoder =
            std::make_shared<ErasureEncoder>(codec.encoder, choice.parityPercent, choice.bytes);
        codec.erasure = std::make_shared<ErasureDecoder>(codec.decoder);
        codec.decoder = codec.erasure;
    }
    return codec;
}

} // namespace limitnet
