// SPDX-License-Identifier: GPL-2.0-only

#include "ns3/boolean.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/nstime.h"
#include "ns3/simulator.h"
#include "ns3/test.h"

#include <array>
#include <map>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** EU868's data. */
class RegionTestCase : public TestCase
{
  public:
    RegionTestCase()
        : TestCase("EU868 has its channels, sub-bands, data rates and payload limits")
    {
    }

  private:
    void DoRun() override
    {
        const LoraRegion& region = LoraRegion::Get("EU868");
        const std::vector<uint32_t> channels{868100000, 868300000, 868500000};
        std::vector<uint32_t> frequencies;
        for (const auto& channel : region.channels)
        {
            frequencies.push_back(channel.frequencyHz);
        }
        NS_TEST_ASSERT_MSG_EQ((frequencies == channels), true, "default channels");
        const std::map<uint32_t, uint16_t> permille{
            {863500000, 1},
            {867100000, 10},
            {868100000, 10},
            {868500000, 10},
            {868800000, 1},
            {869525000, 100},
            {869900000, 10},
        };
        for (const auto& [frequency, limit] : permille)
        {
            NS_TEST_ASSERT_MSG_EQ(region.subBands[region.SubBandOf(frequency)].dutyCyclePermille,
                                  limit,
                                  "duty cycle at " << frequency);
        }
        NS_TEST_ASSERT_MSG_EQ(region.SubBandOf(868100000),
                              region.SubBandOf(868500000),
                              "the default channels share a sub-band");

        const std::array<uint16_t, 7> withRepeater{51, 51, 51, 115, 222, 222, 222};
        const std::array<uint16_t, 7> without{51, 51, 51, 115, 242, 242, 242};
        Ptr<LoraEndDevice> device = CreateObject<LoraEndDevice>();
        for (uint8_t dr = 0; dr < 7; ++dr)
        {
            device->SetDataRate(dr);
            NS_TEST_ASSERT_MSG_EQ(device->GetMtu(), withRepeater[dr], "MTU at DR" << +dr);
            NS_TEST_ASSERT_MSG_EQ(+device->GetSpreadingFactor(),
                                  (dr == 6 ? 7 : 12 - dr),
                                  "spreading factor of DR" << +dr);
            device->SetAttribute("RepeaterCompatible", BooleanValue(false));
            NS_TEST_ASSERT_MSG_EQ(device->GetMtu(), without[dr], "MTU, no repeater, DR" << +dr);
            device->SetAttribute("RepeaterCompatible", BooleanValue(true));
        }
        NS_TEST_ASSERT_MSG_EQ(device->GetModulation().bandwidthHz, 250000, "DR6 has 250 kHz");
        device->SetSpreadingFactor(9);
        NS_TEST_ASSERT_MSG_EQ(+device->GetDataRate(), 3, "SF9 is DR3");
        NS_TEST_ASSERT_MSG_EQ(device->GetTimeOnAir(51).GetMicroSeconds(),
                              390144,
                              "13 bytes of overhead");
        Simulator::Destroy();
    }
};

/** Sensitivity tables and regions. */
class TablesTestCase : public TestCase
{
  public:
    TablesTestCase()
        : TestCase("chips and US915 have their published figures")
    {
    }

  private:
    void DoRun() override
    {
        const auto of = [](const std::string& text, uint8_t sf, uint32_t bandwidth = 125000) {
            return LoraSensitivity::Parse(text)->GetDbm(sf, bandwidth, 6);
        };
        NS_TEST_ASSERT_MSG_EQ(of("SX1276", 12), -136, "SX1276");
        NS_TEST_ASSERT_MSG_EQ(of("SX1301", 7), -126.5, "SX1301");
        NS_TEST_ASSERT_MSG_EQ(of("SX1303", 12), -141, "SX1303");
        NS_TEST_ASSERT_MSG_EQ_TOL(of("SX1272", 10, 500000), -127, 0.05, "four times the noise");
        NS_TEST_ASSERT_MSG_EQ(LoraSensitivity::Parse("SX9999").has_value(), false, "unknown");
        NS_TEST_ASSERT_MSG_EQ(LoraSensitivity::Parse("-120 -121").has_value(), false, "too few");

        const LoraRegion& us = LoraRegion::Get("US915");
        NS_TEST_ASSERT_MSG_EQ(us.channels.size(), 72, "64 and 8 channels");
        NS_TEST_ASSERT_MSG_EQ(us.channels[0].frequencyHz, 902300000, "first");
        NS_TEST_ASSERT_MSG_EQ(us.channels[63].frequencyHz, 914900000, "last narrow");
        NS_TEST_ASSERT_MSG_EQ(us.channels[64].frequencyHz, 903000000, "first wide");
        NS_TEST_ASSERT_MSG_EQ(us.channels[71].frequencyHz, 914200000, "last wide");
        NS_TEST_ASSERT_MSG_EQ(us.Rx1Frequency(904100000), 923900000, "channel 9 answers on 1");
        NS_TEST_ASSERT_MSG_EQ(+us.Rx1DataRate(0, 0), 10, "DR0 is answered with DR10");
        NS_TEST_ASSERT_MSG_EQ(+us.Rx1DataRate(3, 3), 10, "with an offset");
        const std::array<uint16_t, 5> payloads{11, 53, 125, 242, 242};
        for (uint8_t dr = 0; dr < 5; ++dr)
        {
            NS_TEST_ASSERT_MSG_EQ(us.dataRates[dr].maxPayload, payloads[dr], "DR" << +dr);
            // The limits keep 400 ms of dwell time.
            NS_TEST_ASSERT_MSG_LT(LoraTimeOnAir(us.Modulation(dr), payloads[dr] + 13U),
                                  MilliSeconds(400),
                                  "dwell time of DR" << +dr);
        }
        const LoraRegion& eu = LoraRegion::Get("EU868");
        NS_TEST_ASSERT_MSG_EQ(+eu.Rx1DataRate(5, 2), 3, "EU868 with an offset");
        NS_TEST_ASSERT_MSG_EQ(+eu.Rx1DataRate(1, 5), 0, "not below DR0");
        // A downlink has no CRC: 16 bits less. Section 4.1.1.7: 12 bytes at SF7, 7 quarters fewer.
        LoraModulation down = eu.Modulation(5);
        down.payloadCrc = false;
        NS_TEST_ASSERT_MSG_EQ(LoraTimeOnAir(down, 12).GetMicroSeconds(), 41216, "12 bytes down");
    }
};

/** What regions and chips prescribe. */
class LoraRegionTestSuite : public TestSuite
{
  public:
    LoraRegionTestSuite()
        : TestSuite("lpwan-lora-region")
    {
        AddTestCase(new RegionTestCase);
        AddTestCase(new TablesTestCase);
    }
};

LoraRegionTestSuite g_loraRegionTestSuite; //!< registers the suite

} // namespace
