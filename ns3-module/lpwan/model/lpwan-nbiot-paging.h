// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_PAGING_H
#define LPWAN_NBIOT_PAGING_H

#include "lpwan-nbiot-air-interface.h"
#include "lpwan-nbiot-cell.h"
#include "lpwan-nbiot-connection.h"
#include "lpwan-nbiot-radio.h"

#include <cstdint>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Pages idle devices for which packets wait (3GPP TS 36.304, 7): at the next paging occasion, and
 * again at each until the device hears it, comes by itself or goes to power saving mode.
 */
class NbiotPaging
{
  public:
    /** The arguments have to live as long as the paging. */
    NbiotPaging(NbiotCellCounts& counts,
                NbiotRadio& radio,
                NbiotAirInterface& air,
                NbiotContexts& contexts);

    /** Packets wait for a device: pages it, when it is idle and not paged yet. \param index of it
     */
    void Announce(uint32_t index);

    /** The device comes by itself, or never. \param index of it */
    void Cancel(uint32_t index);

  private:
    void Page(uint32_t index);

    NbiotCellCounts& m_counts;
    NbiotRadio& m_radio;
    NbiotAirInterface& m_air;
    NbiotContexts& m_contexts;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_PAGING_H
