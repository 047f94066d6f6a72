// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_MODEM_H
#define LPWAN_NBIOT_MODEM_H

#include <array>
#include <string>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * What a modem draws by state, watt. Sources of the presets: the table at NbiotUe.
 */
struct NbiotModem
{
    const char* name;   //!< as in the attribute Modem
    double txHighW;     //!< sending at 23 dBm
    double txLowW;      //!< sending at 14 dBm
    double rxW;         //!< receiving
    double lightSleepW; //!< connected, between on-durations
    double idleW;       //!< between paging occasions
    double psmW;        //!< in power saving mode

    /** \param dbm radiated \return drawn while it sends: linear in the radiated watt */
    double TxW(double dbm) const;
};

/** The presets. */
constexpr std::array<NbiotModem, 3> NBIOT_MODEMS{
    {{"BG96", 0.589, 0.300, 0.304, 0.0031, 0.0031, 15e-6},
     {"TR45.820", 0.545, 0.245, 0.090, 0.003, 0.003, 15e-6},
     {"SARA-N2", 0.792, 0.360, 0.166, 0.0216, 0.0216, 11e-6}}};

/** \param name of a preset \return its place in NBIOT_MODEMS; the number of presets: there is none
 */
std::size_t FindNbiotModem(const std::string& name);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_MODEM_H
