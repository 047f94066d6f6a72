// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_VERSION_H
#define LIMITNET_SCENARIO_VERSION_H

#include <string>

namespace limitnet
{

/** \return the library's version and the commit it was built from, e.g. "0.1.0 (1a2b3c4d)" */
std::string Version();

} // namespace limitnet

#endif // LIMITNET_SCENARIO_VERSION_H
