// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_NBIOT_LINK_OPTIONS_H
#define LIMITNET_SCENARIO_NBIOT_LINK_OPTIONS_H

#include "limitnet/scenario/option-table.h"

namespace limitnet
{

/** Adds the section `nbiot`, which every program with an NB-IoT network has. */
void AddNbiotLinkSection(OptionTable& table);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_NBIOT_LINK_OPTIONS_H
