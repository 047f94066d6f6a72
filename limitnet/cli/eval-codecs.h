// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_EVAL_CODECS_H
#define LIMITNET_CLI_EVAL_CODECS_H

#include <string>
#include <vector>

namespace limitnet
{

/**
 * `limitnet eval --codec ...`: codecs beside each other at equal bytes, with losses and erasure
 * coding, without a network.
 *
 * \param arguments what follows the command's name
 * \return the exit status
 * \throws Error on an argument that is not understood or makes no sense
 */
int RunEvalCodecs(const std::vector<std::string>& arguments);

} // namespace limitnet

#endif // LIMITNET_CLI_EVAL_CODECS_H
