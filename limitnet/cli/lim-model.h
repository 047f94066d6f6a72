// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_LIM_MODEL_H
#define LIMITNET_CLI_LIM_MODEL_H

#include "limitnet/data/lim-file.h"
#include "limitnet/nn/codec-model.h"

#include <memory>
#include <string>

namespace limitnet
{

/**
 * \param input what messages call the file
 * \param file the .lim file
 * \param modelName a codec by name or path; empty for the one that the file names
 * \return the codec that encoded the file
 * \throws Error when it is not there or another one encoded it, or in another order
 */
std::shared_ptr<const CodecModel> OpenLimModel(const std::string& input,
                                               const LimFile& file,
                                               const std::string& modelName);

} // namespace limitnet

#endif // LIMITNET_CLI_LIM_MODEL_H
