// SPDX-License-Identifier: GPL-2.0-only

// Joining, on both sides, without a radio between them.

#include "ns3/lpwan-lora-crypto.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-join-server.h"
#include "ns3/lpwan-lora-join.h"
#include "ns3/lpwan-lora-region.h"
#include "ns3/test.h"

#include <cstdint>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

constexpr AesBlock KEY{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr AesBlock OTHER_KEY{2};
constexpr uint64_t DEV_EUI = 0x0200000012345678;

/** The join duty cycle. */
class JoinDutyCycleTestCase : public TestCase
{
  public:
    JoinDutyCycleTestCase()
        : TestCase("the join duty cycle is that of TS001-1.0.4, section 7, second by second")
    {
    }

  private:
    /** \return seconds at which a request may start */
    static double OpenS(const LoraJoin& join, double nowS, double airtimeS)
    {
        return join.OpenFrom(Seconds(nowS), Seconds(airtimeS)).GetSeconds();
    }

    static void BookS(LoraJoin& join, double startS, double endS)
    {
        join.Book(Seconds(startS), Seconds(endS));
    }

    void DoRun() override
    {
        const double tiny = 1e-6;
        LoraJoin join(1, KEY);
        // The first request is free. Then 1 % for an hour from its start: 1 s, and 99 s of silence.
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 500, 1), 500, tiny, "free");
        BookS(join, 500, 501);
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 501, 1), 600, tiny, "spread evenly");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 700, 1), 700, tiny, "later");
        // 36 s are the sum of the hour: 35 are left.
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 700, 35), 700, tiny, "the rest of it");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 700, 35.001), 4100, tiny, "more waits for the next");
        // What begins in a period has to end in it.
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 4099, 1), 4099, tiny, "ends with the hour");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 4099.5, 1), 4100, tiny, "would not");
        // The next ten hours have 36 s too, at a thousandth each.
        BookS(join, 4100, 4101);
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 4101, 1), 5100, tiny, "999 s of silence");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 6000, 35), 6000, tiny, "what was before is past");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 6000, 35.001), 40100, tiny, "ten hours later");
        // Then 8.64 s in each 24 hours.
        BookS(join, 40100, 40101);
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 40101, 1), 50100, tiny, "9,999 s of silence");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 60000, 7.64), 60000, tiny, "what is left");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 60000, 7.65), 126500, tiny, "the day after");
        BookS(join, 126500, 126507);
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 200000, 1.64), 200000, tiny, "of the second day");
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 200000, 1.65), 212900, tiny, "the third");
        // It has joined: the next time counts from its own first request on.
        join.Finish();
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 300000, 30), 300000, tiny, "anew");
        BookS(join, 300000, 300001);
        NS_TEST_EXPECT_MSG_EQ_TOL(OpenS(join, 300001, 1), 300100, tiny, "1 % again");
    }
};

/** Requests and answers. */
class JoinHandshakeTestCase : public TestCase
{
  public:
    JoinHandshakeTestCase()
        : TestCase("device and join server come to the same keys, and nonces rise")
    {
    }

  private:
    void DoRun() override
    {
        const LoraRegion& eu = LoraRegion::Eu868();
        LoraJoin join(0x1122334455667788, KEY);
        LoraJoinServer server;
        LoraJoinRequest request;
        using Reason = std::optional<ServerRejection>;

        const auto first = join.MakeRequest(DEV_EUI);
        NS_TEST_EXPECT_MSG_EQ(join.GetRequests(), 1, "one request");
        NS_TEST_EXPECT_MSG_EQ(join.GetNonce(), 0, "nonces begin with 0");
        NS_TEST_EXPECT_MSG_EQ(
            (server.Check(first, request) == Reason(ServerRejection::UNKNOWN_DEVICE)),
            true,
            "nobody knows it");
        server.Register(DEV_EUI, {KEY, 0x02000001, LoraDeviceClass::C, 3});
        NS_TEST_EXPECT_MSG_EQ((server.Check({first.begin(), first.end() - 1}, request) ==
                               Reason(ServerRejection::MALFORMED)),
                              true,
                              "cut off");
        auto spoilt = first;
        spoilt[20] ^= 1;
        NS_TEST_EXPECT_MSG_EQ((server.Check(spoilt, request) == Reason(ServerRejection::BAD_MIC)),
                              true,
                              "another signature");
        NS_TEST_ASSERT_MSG_EQ((server.Check(first, request) == Reason()), true, "good");
        NS_TEST_EXPECT_MSG_EQ(request.joinEui, 0x1122334455667788, "JoinEUI");
        NS_TEST_EXPECT_MSG_EQ(request.devEui, DEV_EUI, "DevEUI");
        NS_TEST_EXPECT_MSG_EQ(request.devNonce, 0, "DevNonce");
        NS_TEST_EXPECT_MSG_EQ(server.IsLast(request), false, "not taken yet");
        NS_TEST_EXPECT_MSG_EQ(server.TakeNonce(request), true, "a nonce may be used once");
        NS_TEST_EXPECT_MSG_EQ(server.IsLast(request), true, "the last one");
        NS_TEST_EXPECT_MSG_EQ(server.TakeNonce(request), false, "and not twice");

        join.MakeRequest(DEV_EUI);
        const auto third = join.MakeRequest(DEV_EUI);
        NS_TEST_EXPECT_MSG_EQ(join.GetRequests(), 3, "three");
        NS_TEST_EXPECT_MSG_EQ(join.GetNonce(), 2, "each its own");
        server.Check(third, request);
        NS_TEST_EXPECT_MSG_EQ(server.IsLast(request), false, "another one");
        NS_TEST_EXPECT_MSG_EQ(server.TakeNonce(request), true, "above the last one");
        LoraJoinRequest earlier = request;
        earlier.devNonce = 1;
        NS_TEST_EXPECT_MSG_EQ(server.TakeNonce(earlier), false, "below it");

        for (uint32_t number = 1; number <= 2; ++number)
        {
            const LoraJoinAnswer answer = server.Answer(DEV_EUI, eu);
            const auto accept = join.Read(answer.bytes);
            NS_TEST_ASSERT_MSG_EQ(accept.has_value(), true, "an answer to it");
            NS_TEST_EXPECT_MSG_EQ(accept->joinNonce, number, "JoinNonces count");
            NS_TEST_EXPECT_MSG_EQ(accept->netId, 1, "NetID for experiments");
            NS_TEST_EXPECT_MSG_EQ(accept->devAddr, 0x02000001, "DevAddr");
            NS_TEST_EXPECT_MSG_EQ(+accept->rx2DataRate, 0, "RX2");
            const LoraSessionKeys keys = join.DeriveKeys(*accept);
            NS_TEST_EXPECT_MSG_EQ((keys.nwkSKey == answer.keys.nwkSKey), true, "NwkSKey");
            NS_TEST_EXPECT_MSG_EQ((keys.appSKey == answer.keys.appSKey), true, "AppSKey");
            const auto expected = DeriveJoinKeys(KEY, number, 1, 2);
            NS_TEST_EXPECT_MSG_EQ((keys.nwkSKey == expected.nwkSKey), true, "of the third nonce");
        }
        NS_TEST_EXPECT_MSG_EQ(
            LoraJoin(1, OTHER_KEY).Read(server.Answer(DEV_EUI, eu).bytes).has_value(),
            false,
            "for another device");
        NS_TEST_EXPECT_MSG_EQ(
            +join.Read(server.Answer(DEV_EUI, LoraRegion::Us915()).bytes)->rx2DataRate,
            8,
            "RX2 of US915");
        NS_TEST_EXPECT_MSG_EQ(+server.Get(DEV_EUI).subBand, 3, "what is known of it");

        // Data rates take their turns, from the first on again once it has joined.
        LoraJoin rates(1, KEY);
        for (const int expected : {5, 4, 3, 2, 1, 0, 5, 4})
        {
            NS_TEST_EXPECT_MSG_EQ(+rates.NextDataRate(eu), expected, "EU868");
            rates.MakeRequest(DEV_EUI);
        }
        rates.Finish();
        NS_TEST_EXPECT_MSG_EQ(rates.GetRequests(), 0, "counted anew");
        for (const int expected : {0, 4, 0})
        {
            NS_TEST_EXPECT_MSG_EQ(+rates.NextDataRate(LoraRegion::Us915()), expected, "US915");
            rates.MakeRequest(DEV_EUI);
        }
        NS_TEST_EXPECT_MSG_EQ(rates.GetNonce(), 10, "nonces go on");
        server.Clear();
        NS_TEST_EXPECT_MSG_EQ(
            (server.Check(first, request) == Reason(ServerRejection::UNKNOWN_DEVICE)),
            true,
            "all forgotten");
    }
};

/** All of the above. */
class LoraJoinRuleTestSuite : public TestSuite
{
  public:
    LoraJoinRuleTestSuite()
        : TestSuite("lpwan-lora-join-rule")
    {
        AddTestCase(new JoinDutyCycleTestCase);
        AddTestCase(new JoinHandshakeTestCase);
    }
};

LoraJoinRuleTestSuite g_loraJoinRuleTestSuite; //!< registers the suite

} // namespace
