// SPDX-License-Identifier: GPL-2.0-only

// What a user sets and sees: attributes, their defaults and limits, NetDevice, trace sources.

#include "lpwan-nbiot-noted-cell.h"

#include "ns3/boolean.h"
#include "ns3/channel.h"
#include "ns3/double.h"
#include "ns3/mac64-address.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** Defaults and limits of attributes. */
class NbiotAttributesTestCase : public TestCase
{
  public:
    NbiotAttributesTestCase()
        : TestCase("defaults are those of their sources; what makes no sense is refused")
    {
    }

  private:
    struct Real
    {
        const char* name;
        double value;
    };

    struct Text
    {
        const char* name;
        const char* value;
    };

    void DoRun() override
    {
        BaseStation();
        Device();
        Limits();
    }

    /** Numbers of any kind; times in seconds. */
    void Expect(Ptr<Object> object, const std::vector<Real>& reals, const std::vector<Text>& texts)
    {
        for (const Real& real : reals)
        {
            DoubleValue asDouble;
            UintegerValue asUinteger;
            BooleanValue asBoolean;
            TimeValue asTime;
            const std::string name = real.name;
            const double value =
                object->GetAttributeFailSafe(name, asDouble) ? asDouble.Get()
                : object->GetAttributeFailSafe(name, asUinteger)
                    ? static_cast<double>(asUinteger.Get())
                : object->GetAttributeFailSafe(name, asBoolean) ? (asBoolean.Get() ? 1 : 0)
                : object->GetAttributeFailSafe(name, asTime)    ? asTime.Get().GetSeconds()
                                                                : std::nan("");
            NS_TEST_EXPECT_MSG_EQ_TOL(value, real.value, 1e-12, name);
        }
        for (const Text& text : texts)
        {
            StringValue value;
            object->GetAttribute(text.name, value);
            NS_TEST_EXPECT_MSG_EQ(value.Get(), text.value, text.name);
        }
    }

    void BaseStation()
    {
        // Levels, power and noise: tudo-cni/ns3-lena-nb @709a330 and 3GPP TR 45.820, annex D (43
        // dBm, noise figures of 3 and 5 dB; MCL of 164 dB). No capture: no signal is 300 dB above
        // another.
        Expect(CreateObject<NbiotEnb>(),
               {{"RsrpThresholdCe1", -115.5},
                {"RsrpThresholdCe2", -127.5},
                {"PreambleFormat", 0},
                {"AnchorCarrier", 1},
                {"AntennaGain", 0},
                {"NoiseFigure", 3},
                {"UeNoiseFigure", 5},
                {"InterferenceMargin", 0},
                {"ShadowingSigma", 0},
                {"PenetrationLoss", 0},
                {"FadingSigma", 0},
                {"FadingMargin", 0},
                {"TargetBler", 0.1},
                {"SpectrumWeight", 0.1},
                {"Subcarrier3k75", 1},
                {"MaxHarqTransmissions", 4},
                {"DownlinkEnergyPerBit", 10},
                {"DownlinkErrorRate", 0.01},
                {"MaxCouplingLoss", 164},
                {"CaptureThreshold", 300},
                {"RarWindow", 4},
                {"ContentionTimer", 8},
                {"EarlyData", 0},
                {"Msg4Bits", 200},
                {"ReleaseBits", 80},
                {"DownlinkQueueLimit", 16},
                {"InactivityTime", 10},
                {"CoreDelay", 0.05}},
               {{"PreambleRepetitions", "1,8,32"},
                {"PreamblePeriod", "320,640,1280"},
                {"PreambleStart", "8,16,64"},
                {"PreambleSubcarriers", "12,12,12"},
                {"MaxAttempts", "10,10,10"},
                {"Backoff", "512,2048,4096"},
                {"NpdcchRmax", "8,64,256"},
                {"NpdcchG", "2,1.5,1.5"},
                {"Deployment", "Standalone"}});
    }

    void Device()
    {
        // Class 3 of TS 36.101, 6.2.2F: 23 dBm. IPv4 20, UDP 8 and PDCP 1 byte.
        Expect(CreateObject<NbiotUe>(),
               {{"HarqProcesses", 1},
                {"MultiTone", 1},
                {"MaxRlcRetransmissions", 8},
                {"TxPower", 23},
                {"Mtu", 1600},
                {"PacketOverhead", 29},
                {"ResumeBytes", 20},
                {"ReleaseAssistance", 1},
                {"CdrxCycle", 2.048},
                {"OnDuration", 0.512},
                {"PagingCycle", 2.56},
                {"EdrxCycle", 0},
                {"PagingTimeWindow", 10.24},
                {"ActiveTime", 10},
                {"ResyncTimeCe0", 0.3},
                {"ResyncTimeCe1", 0.7},
                {"ResyncTimeCe2", 3}},
               {{"Modem", "BG96"}, {"Category", "NB1"}, {"Mode", "AM"}});
    }

    void Limits()
    {
        struct Row
        {
            const char* name;
            std::vector<const char*> taken;
            std::vector<const char*> refused;
        };

        const auto check = [&](Ptr<Object> object, const Row& row) {
            for (const char* value : row.taken)
            {
                NS_TEST_EXPECT_MSG_EQ(object->SetAttributeFailSafe(row.name, StringValue(value)),
                                      true,
                                      row.name << " = " << value);
            }
            for (const char* value : row.refused)
            {
                NS_TEST_EXPECT_MSG_EQ(object->SetAttributeFailSafe(row.name, StringValue(value)),
                                      false,
                                      row.name << " = " << value);
            }
        };
        for (const Row& row :
             {Row{"PreambleRepetitions",
                  {"1,2,4", "8,16,32", "64,128,1"},
                  {"0,1,1", "3,1,1", "1,256,1", "1,1,0.5", "1,1", "1,1,1,1", "1,x,1", ""}},
              Row{"PreambleSubcarriers",
                  {"12,24,36", "48,12,12"},
                  {"13,12,12", "12,60,12", "12,12,0", "12,25,12", "35,12,12", "47,12,12"}},
              Row{"PreamblePeriod", {"40,80,160.5"}, {"0,40,40", "40,-1,40"}},
              Row{"PreambleStart", {"0,0,0"}, {"-1,0,0", "0,0,-0.5"}},
              Row{"PreambleFormat", {"0", "1"}, {"2"}},
              Row{"MaxAttempts", {"1,1,1"}, {"0,1,1"}},
              Row{"Backoff", {"0,0,0"}, {"0,-1,0"}},
              Row{"NpdcchRmax", {"1,1,1"}, {"1,0,1"}},
              Row{"NpdcchG", {"0.5,1,2"}, {"1,0,1"}},
              Row{"Deployment", {"InBand", "GuardBand", "Standalone"}, {"Inband", ""}},
              Row{"NoiseFigure", {"0"}, {"-0.1"}},
              Row{"UeNoiseFigure", {"0"}, {"-0.1"}},
              Row{"InterferenceMargin", {"0"}, {"-0.1"}},
              Row{"ShadowingSigma", {"0"}, {"-0.1"}},
              Row{"PenetrationLoss", {"0"}, {"-0.1"}},
              Row{"FadingSigma", {"0"}, {"-0.1"}},
              Row{"TargetBler", {"1e-6", "0.9"}, {"0", "0.95"}},
              Row{"SpectrumWeight", {"0", "1"}, {"-0.1", "1.1"}},
              Row{"MaxHarqTransmissions", {"1", "255"}, {"0"}},
              Row{"DownlinkErrorRate", {"0", "0.9"}, {"-0.1", "0.95"}},
              Row{"RarWindow", {"2", "10"}, {"1", "11"}}, // TS 36.331: pp2 to pp10
              Row{"ContentionTimer", {"1", "64"}, {"0", "65"}},
              Row{"Msg4Bits", {"1", "2536"}, {"0", "2537"}},
              Row{"ReleaseBits", {"1", "2536"}, {"0", "2537"}},
              Row{"DownlinkQueueLimit", {"1"}, {"0"}},
              Row{"InactivityTime", {"0s"}, {"-1s"}},
              Row{"CoreDelay", {"0s"}, {"-1s"}}})
        {
            check(CreateObject<NbiotEnb>(), row);
        }
        for (const Row& row : {Row{"Modem", {"BG96", "TR45.820", "SARA-N2"}, {"bg96", ""}},
                               Row{"Category", {"NB1", "NB2"}, {"NB3"}},
                               Row{"Mode", {"AM", "UM"}, {"TM"}},
                               Row{"HarqProcesses", {"1", "2"}, {"0", "3"}},
                               Row{"TxPower", {"23", "14", "-40"}, {"23.5", "-41"}},
                               Row{"Mtu", {"1", "1600"}, {"0", "1601"}},
                               Row{"PacketOverhead", {"0", "1000"}, {"1001"}},
                               Row{"ResumeBytes", {"0", "1000"}, {"1001"}},
                               Row{"CdrxCycle", {"1ms"}, {"0.5ms"}},
                               Row{"OnDuration", {"0s"}, {"-1ms"}},
                               Row{"PagingCycle", {"320ms"}, {"319ms"}},
                               Row{"EdrxCycle", {"0s"}, {"-1s"}},
                               Row{"PagingTimeWindow", {"2560ms"}, {"2559ms"}},
                               Row{"ActiveTime", {"0s"}, {"-1s"}},
                               Row{"ResyncTimeCe0", {"0s"}, {"-1s"}},
                               Row{"ResyncTimeCe1", {"0s"}, {"-1s"}},
                               Row{"ResyncTimeCe2", {"0s"}, {"-1s"}}})
        {
            check(CreateObject<NbiotUe>(), row);
        }
    }
};

/** The device as ns-3 sees it. */
class NbiotNetDeviceTestCase : public TestCase
{
  public:
    NbiotNetDeviceTestCase()
        : TestCase("channel, addresses, queue, MTU, blocks as they start")
    {
    }

  private:
    void DoRun() override
    {
        const auto alone = CreateObject<NbiotUe>();
        NS_TEST_EXPECT_MSG_EQ((alone->GetChannel() == nullptr), true, "not attached");
        NS_TEST_EXPECT_MSG_EQ(alone->IsLinkUp(), false, "not attached");
        NbiotNotedCell cell;
        cell.m_helper.SetDeviceAttribute("TxPower", DoubleValue(20));
        cell.BuildNoted({110, 120, 150});
        const auto channel = cell.Ue(0)->GetChannel();
        NS_TEST_ASSERT_MSG_EQ((channel != nullptr), true, "the cell's carrier");
        NS_TEST_ASSERT_MSG_EQ(channel->GetNDevices(), 3, "all of its devices");
        for (uint32_t i = 0; i < 3; ++i)
        {
            const auto ue = cell.Ue(i);
            NS_TEST_EXPECT_MSG_EQ((channel->GetDevice(i) == ue), true, "in order");
            NS_TEST_EXPECT_MSG_EQ((ue->GetChannel() == channel), true, "one cell, one carrier");
            NS_TEST_EXPECT_MSG_EQ(ue->IsLinkUp(), true, "attached");
            NS_TEST_EXPECT_MSG_EQ(ue->GetIndex(), i, "its number in the cell");
            // The helper numbers from 0x80000001; a locally administered EUI-64.
            NS_TEST_EXPECT_MSG_EQ(ue->GetDeviceAddress(), 0x80000001 + i, "as the network has it");
            std::ostringstream address;
            address << Mac64Address::ConvertFrom(ue->GetAddress());
            NS_TEST_EXPECT_MSG_EQ(address.str(),
                                  "02:00:00:01:80:00:00:0" + std::to_string(i + 1),
                                  "as ns-3 has it");
            NS_TEST_EXPECT_MSG_EQ(ue->GetMtu(), 1600, "MTU");
            NS_TEST_EXPECT_MSG_EQ(ue->GetUsefulQueueSize(), 16, "told to the base station");
        }
        cell.Ue(0)->SetQueueLimit(5);
        NS_TEST_EXPECT_MSG_EQ(cell.Ue(0)->GetUsefulQueueSize(), 5, "no more than may wait");

        cell.Ue(2)->TraceConnectWithoutContext(
            "BlockStart",
            MakeCallback(&NbiotNetDeviceTestCase::OnBlock, this));
        cell.SendAt(Seconds(1), 2, 700);
        cell.Run(Seconds(60));
        NS_TEST_EXPECT_MSG_GT(m_starts.size(), 4, "several blocks");
        NS_TEST_ASSERT_MSG_EQ(m_starts.size(), cell.m_formats.size(), "each is told");
        for (std::size_t i = 0; i < m_starts.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(m_formats[i].Bits(), cell.m_formats[i].Bits(), "its size");
            NS_TEST_EXPECT_MSG_EQ(m_formats[i].Repetitions(),
                                  cell.m_formats[i].Repetitions(),
                                  "its repetitions");
            NS_TEST_EXPECT_MSG_EQ(m_starts[i], cell.m_blocks[i].first, "its start");
            NS_TEST_EXPECT_MSG_EQ(m_ends[i], cell.m_blocks[i].second, "its end");
        }
        for (const double dbm : m_powersDbm)
        {
            NS_TEST_EXPECT_MSG_EQ(dbm, 20, "power");
        }
    }

    void OnBlock(const NbiotFormat& format, double dbm, Time start, Time end)
    {
        m_formats.push_back(format);
        m_powersDbm.push_back(dbm);
        m_starts.push_back(start);
        m_ends.push_back(end);
    }

    std::vector<NbiotFormat> m_formats;
    std::vector<double> m_powersDbm;
    std::vector<Time> m_starts;
    std::vector<Time> m_ends;
};

/** All of the above. */
class NbiotAttributesTestSuite : public TestSuite
{
  public:
    NbiotAttributesTestSuite()
        : TestSuite("lpwan-nbiot-attributes")
    {
        AddTestCase(new NbiotAttributesTestCase);
        AddTestCase(new NbiotNetDeviceTestCase);
    }
};

NbiotAttributesTestSuite g_nbiotAttributesTestSuite; //!< registers the suite

} // namespace
