// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/version.h"

#include "limitnet-version.h"

namespace limitnet
{

std::string
Version()
{
    return std::string(LIMITNET_VERSION) + " (" + LIMITNET_COMMIT + ")";
}

} // namespace limitnet
