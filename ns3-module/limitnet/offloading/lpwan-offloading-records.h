// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_RECORDS_H
#define LPWAN_OFFLOADING_RECORDS_H

#include "limitnet/codec/image.h"
#include "limitnet/evaluation/evaluator.h"

#include "ns3/lpwan-fragment-fate.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/lpwan-offloading-link.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** A fragment on its arrival in the cloud. */
struct OffloadingArrival
{
    double timeS{0};          //!< simulated time
    uint32_t gatewayCount{0}; //!< gateways that received its frame
    double snrDb{0};          //!< best of them
};

/** What became of a fragment. */
struct FragmentRecord
{
    uint32_t bytes{0};                              //!< length without headers of the link
    std::optional<double> queuedS;                  //!< when it was given to the link
    std::optional<double> sentS;                    //!< when its frame began for the first time
    std::optional<LpwanTransmission> transmission;  //!< set when its frame began
    uint32_t transmissions{0};                      //!< frames of it in the air to the end
    double txEnergyJ{0};                            //!< radio's energy for these
    FragmentFate fate{FragmentFate::NOT_SENT};      //!< by NextFate() alone
    std::string cause;                              //!< why it was lost or dropped
    std::optional<uint32_t> interferer;             //!< device that did most to its loss
    std::optional<OffloadingLatency> latency;       //!< on a link that has these components
    std::optional<double> airtimeS;                 //!< where OffloadingLink::IsScheduled()
    std::optional<OffloadingArrival> arrival;       //!< when it reached the cloud
    std::optional<limitnet::Evaluation> evaluation; //!< of all up to this one, where asked for
};

/** What became of an image. */
struct ImageRecord
{
    std::size_t datasetIndex{0};                     //!< of its picture
    int label{-1};                                   //!< class of the picture
    std::shared_ptr<const limitnet::Image> original; //!< kept where pictures are compared
    double capturedS{0};                             //!< simulated time
    std::optional<double> encodedS;                  //!< when the encoding was done
    double encodingEnergyJ{0};                       //!< of the microcontroller
    double encodingTimeS{0};                         //!< likewise
    std::optional<OffloadingDeviceState> sentAt;     //!< its device's when its first frame began
    std::vector<FragmentRecord> fragments;           //!< in sending order
    std::vector<std::size_t> arrivals;               //!< indices in the cloud's log
    limitnet::Evaluation last;                       //!< the cloud's at the end
    std::optional<std::size_t> valuesReceived;       //!< LimitNet only, and so below
    bool mapReceived{false};                         //!< or what else the order follows from
};

/** What became of a device and its images; what it is made of is its OffloadingMember. */
struct DeviceRecord
{
    OffloadingDeviceState state;        //!< at the end
    std::vector<ImageRecord> images;    //!< in the order of their capture
    uint64_t readingsSent{0};           //!< meters: those whose frame was in the air to its end
    uint64_t readingsDelivered{0};      //!< meters: those that reached the cloud
    std::optional<uint64_t> lastPacket; //!< meters: uid of the packet sent last
    std::optional<double> offAtS;       //!< when the battery was empty
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_RECORDS_H
