// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_LORAWAN_CELL_OPTIONS_H
#define LIMITNET_SCENARIO_LORAWAN_CELL_OPTIONS_H

#include "limitnet/scenario/option-table.h"

#include <string>

namespace limitnet
{

/**
 * \param version of the program, for the record of a run
 * \return the keys of limitnet-lorawan-cell; docs/lorawan-cell.md lists them.
 */
OptionTable LorawanCellOptions(const std::string& version);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_LORAWAN_CELL_OPTIONS_H
