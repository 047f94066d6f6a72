// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_HELPER_H
#define LPWAN_NBIOT_HELPER_H

#include "ns3/lpwan-nbiot-enb.h"
#include "ns3/lpwan-nbiot-ue.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/object-factory.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Builds an NB-IoT network:
 *
 *     NbiotHelper nbiot;
 *     nbiot.InstallEnbs(siteNodes);
 *     NetDeviceContainer devices = nbiot.Install(deviceNodes);
 *     nbiot.AssignStreams(1000);
 *     nbiot.SetDeliverCallback(MakeCallback(&OnUplink));
 *
 * Nodes need a MobilityModel before Install(): each device attaches to the base station with the
 * least path loss. Cells do not disturb each other, but for the attribute InterferenceMargin. The
 * path loss is 3GPP TR 45.820's, 120.9 + 37.6 log10(d/km) at 900 MHz, until
 * SetPropagationLossModel() names another.
 */
class NbiotHelper
{
  public:
    NbiotHelper();

    /** \param name attribute of NbiotUe, for those installed from now on \param value its value */
    void SetDeviceAttribute(const std::string& name, const AttributeValue& value);

    /** \param name attribute of NbiotEnb, for those installed from now on \param value its value */
    void SetEnbAttribute(const std::string& name, const AttributeValue& value);

    /** \param model of all cells; before InstallEnbs() */
    void SetPropagationLossModel(Ptr<PropagationLossModel> model);

    /** \param nodes each gets a base station */
    void InstallEnbs(const NodeContainer& nodes);

    /** \param nodes each gets a device \return these */
    NetDeviceContainer Install(const NodeContainer& nodes);

    /** \return base stations, in the order of installation */
    const std::vector<Ptr<NbiotEnb>>& GetEnbs() const;

    /** \param callback told of each packet that reaches the core network through any cell */
    void SetDeliverCallback(NbiotEnb::DeliverCallback callback);

    /** \param stream first stream \return number of streams taken */
    int64_t AssignStreams(int64_t stream);

  private:
    ObjectFactory m_deviceFactory;
    ObjectFactory m_enbFactory;
    Ptr<PropagationLossModel> m_lossModel;
    std::vector<Ptr<NbiotEnb>> m_enbs;
    uint32_t m_nextAddress;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_HELPER_H
