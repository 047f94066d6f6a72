// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_LORA_LINK_OPTIONS_H
#define LIMITNET_SCENARIO_LORA_LINK_OPTIONS_H

#include "limitnet/scenario/option-table.h"

namespace limitnet
{

/** Adds the section `lora`, which every program with a LoRaWAN network has. */
void AddLoraLinkSection(OptionTable& table);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_LORA_LINK_OPTIONS_H
