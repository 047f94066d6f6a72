// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-test-cell.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-lora-end-device.h"
#include "ns3/lpwan-lora-gateway.h"
#include "ns3/lpwan-lora-helper.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-lora-phy.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/lpwan-lora-time-on-air.h"
#include "ns3/lpwan-network-server.h"
#include "ns3/nstime.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
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

/** US915 from end to end. */
class Us915TestCase : public TestCase
{
  public:
    Us915TestCase()
        : TestCase("US915: sub-bands, channel masks, answers and ADR are those of its parameters")
    {
    }

  private:
    /** \return carriers of eight channels and the wide one beside them, ascending: 1..8 */
    static std::vector<uint32_t> SubBand(uint32_t number)
    {
        std::vector<uint32_t> carriers;
        for (uint32_t i = 0; i < 8; ++i)
        {
            carriers.push_back(902300000 + 200000 * (8 * (number - 1) + i));
        }
        carriers.push_back(903000000 + 1600000 * (number - 1));
        return carriers;
    }

    void Masks()
    {
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetRegion("US915");
            lora.SetDeviceAttribute("DataRate", UintegerValue(3));
            lora.SetDeviceAttribute("SubBand", UintegerValue(2));
        });
        const auto device = cell.m_devices[0];
        int now = 0;
        const auto after = [&](const LinkAdrReq& request) {
            cell.Server()->SendCommand(device->GetDeviceAddress(), request);
            cell.SendAt(Seconds(1), 0, 5);
            cell.SendAt(Seconds(11), 0, 5);
            now += 20;
            cell.Run(Seconds(now));
            return device->GetChannelFrequencies();
        };
        std::vector<uint32_t> all;
        for (uint32_t number = 1; number <= 8; ++number)
        {
            const auto band = SubBand(number);
            all.insert(all.end(), band.begin(), band.end() - 1);
        }
        const std::vector<uint32_t> narrow = all;
        std::vector<uint32_t> wide;
        for (uint32_t number = 1; number <= 8; ++number)
        {
            wide.push_back(SubBand(number).back());
        }
        all.insert(all.end(), wide.begin(), wide.end());
        NS_TEST_ASSERT_MSG_EQ((device->GetChannelFrequencies() == SubBand(2)), true, "at first");
        // Regional Parameters 1.0.3 rev. A, table of ChMaskCntl of US902-928.
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 1 << 4, 5, 1}) == SubBand(5)), true, "5: by banks");
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 1 << 7, 5, 1}) == SubBand(8)), true, "5: the last");
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 0xff, 6, 1}) == all), true, "6: all");
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 0, 6, 1}) == narrow), true, "6: all narrow ones");
        NS_TEST_ASSERT_MSG_EQ((after({4, 0, 0xff, 7, 1}) == wide), true, "7: the wide ones");
        NS_TEST_ASSERT_MSG_EQ(+device->GetDataRate(), 4, "with the data rate of these");
        NS_TEST_ASSERT_MSG_EQ(
            (after({4, 0, 0x06, 4, 1}) == std::vector<uint32_t>{904600000, 906200000}),
            true,
            "4: wide ones by bits");
        NS_TEST_ASSERT_MSG_EQ(after({3, 0, 0x0001, 3, 1}).size(), 3, "3: channel 48");
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies()[0], 902300000 + 48 * 200000, "48");
        NS_TEST_ASSERT_MSG_EQ(after({3, 0, 0x8000, 0, 1}).size(), 4, "0: channel 15");
        NS_TEST_ASSERT_MSG_EQ(device->GetChannelFrequencies()[0], 902300000 + 15 * 200000, "15");
        const auto before = device->GetChannelFrequencies();
        // DR4 is for wide channels, DR3 for narrow ones: otherwise nothing changes.
        NS_TEST_ASSERT_MSG_EQ((after({3, 0, 0xff, 7, 1}) == before), true, "DR3 on wide ones");
        NS_TEST_ASSERT_MSG_EQ((after({4, 0, 0, 6, 1}) == before), true, "DR4 on narrow ones");
        NS_TEST_ASSERT_MSG_EQ((after({3, 11, 0xff, 6, 1}) == before), true, "TXPower 11");
        NS_TEST_ASSERT_MSG_EQ((after({5, 0, 0xff, 6, 1}) == before), true, "DR5");
        NS_TEST_ASSERT_MSG_EQ((after({3, 10, 0xff, 6, 1}) == all), true, "TXPower 10");
        NS_TEST_ASSERT_MSG_EQ(device->GetTxPowerDbm(), 14 - 2 * 10, "20 dB less");
    }

    void Adr()
    {
        Cell cell({1000}, [](LoraHelper& lora) {
            lora.SetRegion("US915");
            lora.SetDeviceAttribute("DataRate", UintegerValue(0));
            lora.SetDeviceAttribute("SubBand", UintegerValue(2));
            lora.SetDeviceAttribute("Adr", BooleanValue(true));
        });
        for (int i = 0; i < 60; ++i)
        {
            cell.SendAt(Seconds(10 + 20 * i), 0, 8, i % 10 == 5);
        }
        cell.Run(Seconds(1300));
        // 14 - 120.5 + 117.03 = 10.53 dB at SF10; 10.53 + 15 - 10 = 15.53 dB are five steps: SF7
        // and two of power. The next twenty have 10.53 - 4 + 7.5 - 10 = 4.03 dB: one more.
        const auto band = SubBand(2);
        std::set<uint32_t> used;
        NS_TEST_ASSERT_MSG_EQ(cell.m_uplinks.size(), 60, "each once");
        for (std::size_t i = 0; i < cell.m_uplinks.size(); ++i)
        {
            const auto& t = cell.m_uplinks[i].transmission;
            NS_TEST_ASSERT_MSG_EQ(+t.spreadingFactor, (i < 20 ? 10 : 7), "frame " << i);
            NS_TEST_ASSERT_MSG_EQ(t.txPowerDbm, (i < 20 ? 14 : i < 40 ? 10 : 8), "frame " << i);
            NS_TEST_ASSERT_MSG_EQ(std::count(band.begin(), band.end() - 1, t.frequencyHz),
                                  1,
                                  "on a narrow channel of the sub-band, frame " << i);
            used.insert(t.frequencyHz);
        }
        NS_TEST_ASSERT_MSG_GT(used.size(), 6, "on most of them");
        NS_TEST_ASSERT_MSG_EQ((cell.m_devices[0]->GetChannelFrequencies() == band),
                              true,
                              "ADR keeps the sub-band");
        NS_TEST_ASSERT_MSG_EQ(cell.m_acknowledged.size(), 6, "confirmed ones");
        for (const auto& [acknowledged, transmissions] : cell.m_acknowledged)
        {
            NS_TEST_ASSERT_MSG_EQ(acknowledged, true, "heard");
        }
        for (const auto& [bytes, window] : cell.m_received)
        {
            NS_TEST_ASSERT_MSG_EQ(window, 1, "in RX1");
        }
        NS_TEST_ASSERT_MSG_EQ(cell.m_dispatched.size(), 8, "those and two requests");
    }

    void Answers()
    {
        // RX2 is SF12 at 500 kHz: 33 bytes beside a repeater, 53 without one.
        for (const bool repeater : {true, false})
        {
            const std::size_t most = repeater ? 33 : 53;
            for (const std::size_t more : {0, 1})
            {
                Cell cell({1000}, [&](LoraHelper& lora) {
                    lora.SetRegion("US915");
                    lora.SetDeviceAttribute("Class", StringValue("C"));
                    lora.SetDeviceAttribute("DataRate", UintegerValue(3));
                    lora.SetServerAttribute("RepeaterCompatible", BooleanValue(repeater));
                });
                NS_TEST_ASSERT_MSG_EQ(cell.Server()->GetMaxDownlinkBytes(), most, "as it says");
                const auto address = cell.m_devices[0]->GetDeviceAddress();
                cell.SendAt(Seconds(1), 0, 5);
                Simulator::Schedule(Seconds(20), [&] {
                    cell.Server()->SendDownlink(address, std::vector<uint8_t>(most + more), 2);
                });
                cell.Run(Seconds(40));
                NS_TEST_ASSERT_MSG_EQ(cell.m_payloads.size(), 1 - more, most + more << " bytes");
            }
        }
        Cell eu({1000});
        NS_TEST_ASSERT_MSG_EQ(eu.Server()->GetMaxDownlinkBytes(), 51, "EU868: SF12");
    }

    void DoRun() override
    {
        Masks();
        Adr();
        Answers();
    }
};

/** Radiated powers. */
class EirpTestCase : public TestCase
{
  public:
    EirpTestCase()
        : TestCase("powers are EIRP: 2.15 dB more than ERP, and 2 dB less for each TXPower")
    {
    }

  private:
    void DoRun() override
    {
        // ERC/REC 70-03: 25 mW and 500 mW ERP; a dipole has 2.15 dBi.
        const auto ofErp = [](double milliwatt) { return 10 * std::log10(milliwatt * 1.6406); };
        const LoraRegion& eu = LoraRegion::Eu868();
        for (const auto& band : eu.subBands)
        {
            NS_TEST_ASSERT_MSG_EQ_TOL(band.maxEirpDbm,
                                      ofErp(band.name == "g3" ? 500 : 25),
                                      0.03,
                                      band.name);
        }
        // FCC 15.247: 1 W into an antenna of 6 dBi.
        NS_TEST_ASSERT_MSG_EQ(LoraRegion::Us915().subBands.at(0).maxEirpDbm, 36, "US915");
        Ptr<LoraGateway> gateway = CreateObject<LoraGateway>();
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(868100000), 16.15, 1e-9, "RX1");
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(869525000), 29.15, 1e-9, "RX2");
        gateway->SetAttribute("MaxTxPower", DoubleValue(20));
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(868100000), 16.15, 1e-9, "the rule");
        NS_TEST_ASSERT_MSG_EQ_TOL(gateway->GetTxPowerDbm(869525000), 20, 1e-9, "the gateway");

        struct Row
        {
            std::string region;
            double most; //!< attribute TxPower
            int index;
            double expected;
        };

        const std::vector<Row> rows{{"EU868", 14, 0, 14},
                                    {"EU868", 14, 1, 12},
                                    {"EU868", 14, 7, 0},
                                    {"EU868", 16, 1, 14},
                                    {"EU868", 20, 0, 16},
                                    {"EU868", 20, 2, 12},
                                    {"US915", 14, 1, 12},
                                    {"US915", 30, 0, 30},
                                    {"US915", 30, 10, 10}};
        for (const Row& row : rows)
        {
            Cell cell({100}, [&](LoraHelper& lora) {
                lora.SetRegion(row.region);
                lora.SetDeviceAttribute("DataRate", UintegerValue(row.region == "EU868" ? 5 : 3));
                lora.SetDeviceAttribute("TxPower", DoubleValue(row.most));
            });
            LinkAdrReq request;
            request.txPower = static_cast<uint8_t>(row.index);
            request.maskControl = 6;
            request.channelMask = 0xff;
            cell.Server()->SendCommand(cell.m_devices[0]->GetDeviceAddress(), request);
            cell.SendAt(Seconds(1), 0, 5);
            cell.SendAt(Seconds(20), 0, 5);
            cell.Run(Seconds(40));
            NS_TEST_ASSERT_MSG_EQ_TOL(cell.m_uplinks.at(1).transmission.txPowerDbm,
                                      row.expected,
                                      1e-9,
                                      row.region << ", " << row.most << ", " << row.index);
        }
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
        AddTestCase(new Us915TestCase);
        AddTestCase(new EirpTestCase);
    }
};

LoraRegionTestSuite g_loraRegionTestSuite; //!< registers the suite

} // namespace
