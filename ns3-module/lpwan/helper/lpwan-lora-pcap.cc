// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-pcap.h"

#include "ns3/abort.h"
#include "ns3/callback.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ns3
{
namespace lpwan
{

namespace
{

constexpr uint8_t HEADER_SIZE = 15;
constexpr uint8_t LORAWAN_SYNC_WORD = 0x34;

/** \return a number as an integer of the type, at its limits where it lies outside */
template <typename Integer>
Integer
Clamped(double value)
{
    return static_cast<Integer>(
        std::clamp(std::round(value),
                   static_cast<double>(std::numeric_limits<Integer>::min()),
                   static_cast<double>(std::numeric_limits<Integer>::max())));
}

void
Write(Ptr<PcapFileWrapper> file, std::vector<uint8_t> bytes, Ptr<const Packet> frame)
{
    const std::size_t header = bytes.size();
    bytes.resize(header + frame->GetSize());
    frame->CopyData(bytes.data() + header, frame->GetSize());
    file->Write(Simulator::Now(), bytes.data(), static_cast<uint32_t>(bytes.size()));
}

void
WriteReceived(Ptr<PcapFileWrapper> file,
              double noiseFloor125Dbm,
              const LoraUplink& uplink,
              double rxPowerDbm)
{
    constexpr double REFERENCE_HZ = 125000;
    const auto& t = uplink.transmission;
    const double noise = noiseFloor125Dbm + 10 * std::log10(t.bandwidthHz / REFERENCE_HZ);
    Write(file,
          LoraTapHeader(t.frequencyHz,
                        t.bandwidthHz,
                        t.spreadingFactor,
                        rxPowerDbm,
                        rxPowerDbm - noise),
          uplink.frame);
}

void
WriteSent(Ptr<PcapFileWrapper> file, const LoraDownlink& downlink)
{
    Write(file,
          LoraTapHeader(downlink.frequencyHz,
                        downlink.modulation.bandwidthHz,
                        downlink.modulation.spreadingFactor,
                        downlink.txPowerDbm,
                        0),
          downlink.frame);
}

} // namespace

std::vector<uint8_t>
LoraTapHeader(uint32_t frequencyHz,
              uint32_t bandwidthHz,
              uint8_t spreadingFactor,
              double rssiDbm,
              double snrDb)
{
    constexpr uint32_t BANDWIDTH_STEP_HZ = 125000;
    constexpr double RSSI_OFFSET_DBM = -139;
    constexpr double STEPS_PER_DB = 4;
    // At a negative SNR the power is given in quarters of a dB.
    const double rssiSteps = snrDb >= 0 ? 1 : STEPS_PER_DB;
    const auto rssi = Clamped<uint8_t>((rssiDbm - RSSI_OFFSET_DBM) * rssiSteps);
    return {0, // version
            0, // padding
            0,
            HEADER_SIZE,
            static_cast<uint8_t>(frequencyHz >> 24),
            static_cast<uint8_t>(frequencyHz >> 16),
            static_cast<uint8_t>(frequencyHz >> 8),
            static_cast<uint8_t>(frequencyHz),
            static_cast<uint8_t>(bandwidthHz / BANDWIDTH_STEP_HZ),
            spreadingFactor,
            rssi, // of the packet
            rssi, // largest
            rssi, // at present
            static_cast<uint8_t>(Clamped<int8_t>(snrDb * STEPS_PER_DB)),
            LORAWAN_SYNC_WORD};
}

void
EnableLoraPcap(Ptr<LoraGateway> gateway, const std::string& fileName)
{
    Ptr<PcapFileWrapper> file = CreateObject<PcapFileWrapper>();
    file->Open(fileName, std::ios::out | std::ios::binary);
    NS_ABORT_MSG_IF(file->Fail(), fileName << ": cannot be written");
    file->Init(LORATAP_LINK_TYPE);
    gateway->TraceConnectWithoutContext(
        "Received",
        MakeBoundCallback(&WriteReceived, file, gateway->GetNoiseFloorDbm()));
    gateway->TraceConnectWithoutContext("Sent", MakeBoundCallback(&WriteSent, file));
}

} // namespace lpwan
} // namespace ns3
