// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_BYTE_ORDER_MARK_H
#define LIMITNET_SCENARIO_BYTE_ORDER_MARK_H

#include <istream>

namespace limitnet
{

/**
 * Passes over the mark that some editors and spreadsheets put before UTF-8 text.
 * \param in a file at its beginning
 */
void SkipByteOrderMark(std::istream& in);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_BYTE_ORDER_MARK_H
