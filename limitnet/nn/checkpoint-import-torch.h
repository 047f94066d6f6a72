// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CHECKPOINT_IMPORT_TORCH_H
#define LIMITNET_NN_CHECKPOINT_IMPORT_TORCH_H

#include "limitnet/nn/checkpoint-import.h"
#include "limitnet/nn/codec-model-torch.h"
#include "limitnet/nn/efficientnet-torch.h"

#include <memory>

namespace limitnet
{

/** The networks of a Checkpoint, in evaluation mode. */
struct Checkpoint::Networks
{
    std::unique_ptr<CodecModel::Networks> codec; //!< null when it has none
    EfficientNetB0 classifier{nullptr};          //!< empty when it has none
};

} // namespace limitnet

#endif // LIMITNET_NN_CHECKPOINT_IMPORT_TORCH_H
