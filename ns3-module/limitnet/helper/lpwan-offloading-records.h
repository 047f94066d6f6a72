// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_OFFLOADING_RECORDS_H
#define LPWAN_OFFLOADING_RECORDS_H

#include "limitnet/device/device-profile.h"
#include "limitnet/evaluation/evaluator.h"
#include "limitnet/evaluation/open-codec.h"
#include "limitnet/scenario/option-table.h"

#include "ns3/lpwan-energy-model.h"
#include "ns3/lpwan-image-source.h"
#include "ns3/lpwan-net-device.h"
#include "ns3/lpwan-offloading-link.h"
#include "ns3/lpwan-periodic-traffic.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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
    std::string fate{"not_sent"};                   //!< as in fragments.csv
    std::optional<uint32_t> interferer;             //!< device that did most to its loss
    std::optional<OffloadingLatency> latency;       //!< on a link that has these components
    std::optional<double> airtimeS;                 //!< on such a link
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

/** A group of devices, and what they have in common. */
struct GroupRecord
{
    std::string name;                              //!< empty: the only one
    limitnet::ScenarioValues values;               //!< as they are for it
    bool isMeters{false};                          //!< its devices send readings, no images
    limitnet::DeviceProfile profile;               //!< of its microcontrollers
    uint32_t deviceCount{0};                       //!< on all links
    limitnet::OpenedCodec codec;                   //!< of cameras
    limitnet::Evaluator::DecoderId decoder{0};     //!< the codec's half in the evaluator
    std::vector<std::vector<double>> captureTimes; //!< of each device, where a file says them
    Ptr<PeriodicTraffic> readings;                 //!< of meters
};

/** A device and its images. */
struct DeviceRecord
{
    OffloadingLink* link{nullptr};                             //!< where it is
    uint32_t indexOnLink{0};                                   //!< among its devices
    std::size_t group{0};                                      //!< whose it is
    uint32_t indexInGroup{0};                                  //!< over all links
    Ptr<LpwanNetDevice> device;                                //!< its radio
    OffloadingDeviceState state;                               //!< at the end
    Ptr<ImageSource> source;                                   //!< null: a meter
    std::vector<ImageRecord> images;                           //!< in the order of their capture
    std::map<uint64_t, std::pair<uint32_t, uint32_t>> packets; //!< uid: image, fragment
    std::optional<uint64_t> lastPacket;                        //!< uid of the packet sent last
    uint64_t packetsSent{0};       //!< meters: readings whose frame was in the air to its end
    uint64_t packetsDelivered{0};  //!< meters: readings that reached the network's other end
    Ptr<LpwanEnergyModel> battery; //!< null without one
    std::optional<double> offAtS;  //!< when it was empty
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_OFFLOADING_RECORDS_H
