// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_PICKLE_GLOBALS_H
#define LIMITNET_NN_PICKLE_GLOBALS_H

#include "limitnet/nn/pickle-reader.h"

#include <string_view>

namespace limitnet
{

/**
 * \param name "module.name" of a class or function
 * \return whether a pickle may name it: whether it is on the fixed list of what checkpoints of
 *         LimitNet are made of
 */
bool IsAcceptedGlobal(std::string_view name);

/** \return the elements of a storage class, such as "torch.FloatStorage" */
ElementType StorageType(std::string_view className);

} // namespace limitnet

#endif // LIMITNET_NN_PICKLE_GLOBALS_H
