// SPDX-License-Identifier: GPL-2.0-only

// What a device and its base station keep of packets and connections, each unit alone.

#include "ns3/lpwan-nbiot-connection.h"
#include "ns3/lpwan-nbiot-drx.h"
#include "ns3/lpwan-nbiot-rlc.h"
#include "ns3/lpwan-nbiot-stage-clock.h"
#include "ns3/packet.h"
#include "ns3/test.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** \return a packet that is about to begin */
NbiotRlc::Sdu
MakeSdu(uint32_t counter, uint32_t bytes)
{
    NbiotRlc::Sdu sdu;
    sdu.packet = Create<Packet>(bytes);
    sdu.counter = counter;
    sdu.bytes = bytes;
    return sdu;
}

/** Packets cut into blocks. */
class NbiotRlcTestCase : public TestCase
{
  public:
    NbiotRlcTestCase()
        : TestCase("RLC: parts, length fields, repetitions, losses, order")
    {
    }

  private:
    void DoRun() override
    {
        Room();
        Unacknowledged();
        Acknowledged();
        for (uint32_t seed = 1; seed <= 20; ++seed)
        {
            Draw(seed, seed % 2 == 0);
        }
    }

    void Room()
    {
        // A block of 20 bytes: 12 of the first packet, 2 of the second one's length, 6 of it.
        NbiotRlc rlc;
        NbiotBlock block;
        uint32_t left = 20;
        rlc.Begin(MakeSdu(0, 12), block, left);
        NS_TEST_EXPECT_MSG_EQ(left, 8, "after the first");
        rlc.Begin(MakeSdu(1, 30), block, left);
        NS_TEST_EXPECT_MSG_EQ(left, 0, "full");
        NS_TEST_ASSERT_MSG_EQ(block.segments.size(), 2, "two parts");
        NS_TEST_EXPECT_MSG_EQ(block.segments[0].bytes, 12, "the first, whole");
        NS_TEST_EXPECT_MSG_EQ(block.segments[1].bytes, 6, "a part of the second");
        NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 24, "the rest of it");
        NS_TEST_EXPECT_MSG_EQ(rlc.CountUnsent(), 1, "one is not sent whole");
        // A length field has no room without a byte after it: 2 bytes are left unused.
        NbiotBlock full;
        left = 26;
        rlc.Fill(full, left);
        NS_TEST_EXPECT_MSG_EQ(left, 2, "after the second packet's rest");
        rlc.Begin(MakeSdu(2, 5), full, left);
        NS_TEST_EXPECT_MSG_EQ(full.segments.size(), 1, "nothing of the third");
        NS_TEST_EXPECT_MSG_EQ(left, 0, "no room");
        NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 5, "it waits");
        NS_TEST_EXPECT_MSG_EQ(rlc.CountUnsent(), 1, "it alone");
        rlc.Restart();
        NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 12 + 30 + 5, "all anew");
        NS_TEST_EXPECT_MSG_EQ(rlc.CountUnsent(), 3, "all");
    }

    void Unacknowledged()
    {
        for (const bool lost : {false, true})
        {
            NbiotRlc rlc;
            NbiotBlock block;
            uint32_t left = 1000;
            rlc.Begin(MakeSdu(7, 100), block, left);
            NS_TEST_EXPECT_MSG_EQ(
                (lost ? rlc.Lose({7, 40}, 1, false) : rlc.Receive({7, 40})).has_value(),
                false,
                "40 of 100");
            const auto ended = rlc.Receive({7, 60});
            NS_TEST_ASSERT_MSG_EQ(ended.has_value(), true, "done with");
            NS_TEST_EXPECT_MSG_EQ(
                (ended->fate == (lost ? NbiotFate::RESIDUAL_ERROR : NbiotFate::RECEIVED)),
                true,
                "whole or not");
            NS_TEST_EXPECT_MSG_EQ(rlc.GetSdus().size(), 0, "gone");
            NS_TEST_EXPECT_MSG_EQ(rlc.Receive({7, 60}).has_value(), false, "nobody's");
            NS_TEST_EXPECT_MSG_EQ(rlc.Lose({7, 60}, 1, true).has_value(), false, "nobody's");
        }
        NbiotRlc rlc;
        NbiotBlock block;
        uint32_t left = 1000;
        rlc.Begin(MakeSdu(7, 100), block, left);
        rlc.Receive({7, 40});
        const auto ended = rlc.Lose({7, 60}, 1, false);
        NS_TEST_ASSERT_MSG_EQ(ended.has_value(), true, "done with");
        NS_TEST_EXPECT_MSG_EQ((ended->fate == NbiotFate::RESIDUAL_ERROR), true, "in part");
    }

    void Acknowledged()
    {
        // Three times at most: twice again, and each time before what has not been sent yet.
        NbiotRlc rlc;
        NbiotBlock first;
        uint32_t left = 50;
        rlc.Begin(MakeSdu(0, 80), first, left);
        NbiotSegment part = first.segments.at(0);
        for (uint32_t time = 1; time <= 2; ++time)
        {
            NS_TEST_EXPECT_MSG_EQ(rlc.Lose(part, 3, true).has_value(), false, "again");
            NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 30 + 50, "the part and the rest");
            NbiotBlock block;
            left = 50;
            rlc.Fill(block, left);
            NS_TEST_ASSERT_MSG_EQ(block.segments.size(), 1, "the part alone");
            part = block.segments[0];
            NS_TEST_EXPECT_MSG_EQ(part.bytes, 50, "the whole part");
            NS_TEST_EXPECT_MSG_EQ(+part.retransmissions, time, "counted");
        }
        // Cut in two, the first half is given up, and the second one with it.
        NS_TEST_EXPECT_MSG_EQ(rlc.Lose({0, 20, 1}, 3, true).has_value(), false, "again");
        const auto ended = rlc.Lose(part, 3, true);
        NS_TEST_ASSERT_MSG_EQ(ended.has_value(), true, "given up");
        NS_TEST_EXPECT_MSG_EQ((ended->fate == NbiotFate::DROPPED), true, "as dropped");
        NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 0, "nothing is left of it");
        // One byte of room is for a lost part, too.
        NbiotRlc one;
        NbiotBlock begun;
        left = 10;
        one.Begin(MakeSdu(3, 30), begun, left);
        one.Lose(begun.segments.at(0), 3, true);
        NbiotBlock tiny;
        left = 1;
        one.Fill(tiny, left);
        NS_TEST_ASSERT_MSG_EQ(tiny.segments.size(), 1, "a part");
        NS_TEST_EXPECT_MSG_EQ(tiny.segments[0].bytes, 1, "of a byte");
        NS_TEST_EXPECT_MSG_EQ(+tiny.segments[0].retransmissions, 1, "of what was lost");
        // A repeated part that does not fit is cut; both parts keep its count.
        NbiotBlock second;
        left = 40;
        rlc.Begin(MakeSdu(1, 40), second, left);
        rlc.Lose(second.segments.at(0), 3, true);
        NbiotBlock third;
        left = 15;
        rlc.Fill(third, left);
        NS_TEST_EXPECT_MSG_EQ(third.segments.at(0).bytes, 15, "a part");
        NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 25, "the rest");
        NbiotBlock fourth;
        left = 100;
        rlc.Fill(fourth, left);
        NS_TEST_EXPECT_MSG_EQ(fourth.segments.at(0).bytes, 25, "the rest");
        NS_TEST_EXPECT_MSG_EQ(+fourth.segments.at(0).retransmissions, 1, "counted");
        NS_TEST_EXPECT_MSG_EQ(left, 75, "room");
    }

    /** Blocks of random size that are lost by chance: all bytes are accounted for. */
    void Draw(uint32_t seed, bool acknowledged)
    {
        std::mt19937 draw(seed);
        const auto below = [&](uint32_t n) { return static_cast<uint32_t>(draw() % n); };
        constexpr uint32_t PACKETS = 30;
        NbiotRlc rlc;
        std::map<uint32_t, uint32_t> arrived;
        std::map<uint32_t, bool> lossy;
        uint32_t next = 0;
        uint32_t ended = 0;
        while (ended < PACKETS)
        {
            NbiotBlock block;
            const uint32_t room = 1 + below(120);
            uint32_t left = room;
            const uint32_t before = rlc.GetBufferBytes();
            rlc.Fill(block, left);
            uint32_t begun = 0;
            while (left > 0 && next < PACKETS)
            {
                const uint32_t bytes = 1 + below(150);
                begun += bytes;
                rlc.Begin(MakeSdu(next++, bytes), block, left);
            }
            uint32_t bytes = 0;
            for (const NbiotSegment& segment : block.segments)
            {
                NS_TEST_EXPECT_MSG_GT(segment.bytes, 0, "no empty part");
                bytes += segment.bytes;
            }
            NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), before + begun - bytes, "what waits");
            const auto parts = static_cast<uint32_t>(block.segments.size());
            NS_TEST_EXPECT_MSG_LT(bytes + 2 * std::max(1U, parts) - 2 + left, room + 1, "room");
            const bool lost = below(3) == 0;
            for (const NbiotSegment& segment : block.segments)
            {
                arrived[segment.counter] += lost ? 0 : segment.bytes;
                lossy[segment.counter] = lossy[segment.counter] || lost;
                const auto end = lost ? rlc.Lose(segment, acknowledged ? 4 : 1, acknowledged)
                                      : rlc.Receive(segment);
                if (!end)
                {
                    continue;
                }
                ++ended;
                const bool whole = arrived[end->sdu.counter] == end->sdu.bytes;
                const auto fate = whole          ? NbiotFate::RECEIVED
                                  : acknowledged ? NbiotFate::DROPPED
                                                 : NbiotFate::RESIDUAL_ERROR;
                NS_TEST_EXPECT_MSG_EQ((end->fate == fate), true, "as its bytes say");
                if (!acknowledged)
                {
                    NS_TEST_EXPECT_MSG_EQ(whole, !lossy[end->sdu.counter], "one lost part");
                }
            }
        }
        NS_TEST_EXPECT_MSG_EQ(rlc.GetBufferBytes(), 0, "nothing is left");
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSdus().size(), 0, "nothing is left");
    }
};

/** The time on the air. */
class NbiotAirtimeTestCase : public TestCase
{
  public:
    NbiotAirtimeTestCase()
        : TestCase("packets share a block's time by bytes; what is nobody's is signalling")
    {
    }

  private:
    void DoRun() override
    {
        const auto ms = [](int64_t n) { return MilliSeconds(n); };
        NbiotRlc rlc;
        const auto block = std::make_shared<NbiotBlock>();
        uint32_t left = 100;
        rlc.Begin(MakeSdu(0, 30), *block, left);
        rlc.Begin(MakeSdu(1, 10), *block, left);
        // A preamble of 5 ms, then the block of 40 ms from 20 ms on: 30 and 10 ms.
        rlc.Send(ms(10), {ms(5), nullptr});
        rlc.Charge(ms(9));
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSignallingTime(), Time(0), "not begun");
        rlc.Charge(ms(12));
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSignallingTime(), ms(2), "in its midst");
        rlc.StopSending(ms(18));
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSignallingTime(), ms(5), "over");
        rlc.Send(ms(20), {ms(40), block});
        rlc.Charge(ms(40));
        const auto* first = rlc.Find(0);
        const auto* second = rlc.Find(1);
        NS_TEST_EXPECT_MSG_EQ(first->airtime, ms(15), "half of it");
        NS_TEST_EXPECT_MSG_EQ(second->airtime, ms(5), "half of it");
        NS_TEST_EXPECT_MSG_EQ(first->blocks, 1, "one block");
        rlc.Charge(ms(70));
        NS_TEST_EXPECT_MSG_EQ(first->airtime, ms(30), "all of it");
        NS_TEST_EXPECT_MSG_EQ(second->airtime, ms(10), "all of it");
        NS_TEST_EXPECT_MSG_EQ(first->blocks, 1, "still one");
        NS_TEST_EXPECT_MSG_EQ(second->blocks, 1, "still one");
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSignallingTime(), ms(5), "nothing more");
        // Two blocks one after the other, stopped after 10 ms of the second one. Of a packet that
        // is given up meanwhile the others pay the time; where none is left it is signalling.
        rlc.Send(ms(100), {ms(40), block});
        rlc.Send(ms(140), {ms(40), block});
        rlc.Charge(ms(120));
        NS_TEST_EXPECT_MSG_EQ(rlc.Lose({0, 30, 0}, 1, true).has_value(), true, "given up");
        rlc.Charge(ms(140));
        NS_TEST_EXPECT_MSG_EQ(rlc.Find(1)->airtime, ms(10 + 5 + 20), "the other one pays");
        NS_TEST_EXPECT_MSG_EQ(rlc.Find(1)->blocks, 2, "two blocks");
        NS_TEST_EXPECT_MSG_EQ(rlc.Clear().size(), 1, "given up too");
        rlc.StopSending(ms(150));
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSignallingTime(), ms(5 + 10), "nobody's");
        rlc.Charge(ms(300));
        NS_TEST_EXPECT_MSG_EQ(rlc.GetSignallingTime(), ms(5 + 10), "it was stopped");
        // A packet with two parts in a block counts it once, and gets the time of both.
        NbiotRlc other;
        const auto both = std::make_shared<NbiotBlock>();
        left = 100;
        other.Begin(MakeSdu(4, 20), *both, left);
        both->segments.push_back({4, 20});
        other.Send(ms(0), {ms(8), both});
        other.Charge(ms(8));
        NS_TEST_EXPECT_MSG_EQ(other.Find(4)->blocks, 1, "once");
        NS_TEST_EXPECT_MSG_EQ(other.Find(4)->airtime, ms(8), "all of it");
        // What rounding leaves is signalling: 10 ns among three.
        NbiotRlc rounded;
        const auto three = std::make_shared<NbiotBlock>();
        left = 100;
        for (uint32_t i = 0; i < 3; ++i)
        {
            rounded.Begin(MakeSdu(i, 5), *three, left);
        }
        rounded.Send(Time(0), {NanoSeconds(10), three});
        rounded.Charge(ms(1));
        NS_TEST_EXPECT_MSG_EQ(rounded.Find(0)->airtime, NanoSeconds(3), "a third, whole");
        NS_TEST_EXPECT_MSG_EQ(rounded.GetSignallingTime(), NanoSeconds(1), "the rest");
    }
};

/** What the latency consists of. */
class NbiotStageClockTestCase : public TestCase
{
  public:
    NbiotStageClockTestCase()
        : TestCase("stages add up, a planned one begins by itself")
    {
    }

  private:
    void Expect(NbiotStageClock& clock, int64_t now, const std::array<int64_t, 5>& ms)
    {
        const auto& times = clock.Read(MilliSeconds(now));
        for (std::size_t i = 0; i < ms.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(times[i], MilliSeconds(ms[i]), "stage " << i << " at " << now);
        }
    }

    void DoRun() override
    {
        const auto ms = [](int64_t n) { return MilliSeconds(n); };
        NbiotStageClock clock;
        clock.Start(ms(100));
        NS_TEST_EXPECT_MSG_EQ(clock.IsPlanned(), false, "nothing");
        Expect(clock, 110, {10, 0, 0, 0, 0});
        clock.Enter(NbiotStage::ACCESS, ms(130), ms(120));
        NS_TEST_EXPECT_MSG_EQ(clock.IsPlanned(), true, "at 130");
        Expect(clock, 125, {25, 0, 0, 0, 0});
        Expect(clock, 137, {30, 7, 0, 0, 0});
        NS_TEST_EXPECT_MSG_EQ(clock.IsPlanned(), false, "it has begun");
        clock.Enter(NbiotStage::SCHEDULING, ms(140), ms(140));
        clock.Enter(NbiotStage::TRANSMISSION, ms(150), ms(141));
        clock.Enter(NbiotStage::RETRANSMISSION, ms(160), ms(145)); // instead
        Expect(clock, 170, {30, 10, 20, 0, 10});
        clock.Enter(NbiotStage::TRANSMISSION, ms(190), ms(175));
        clock.Enter(NbiotStage::SCHEDULING, ms(180), ms(180)); // at once: what was planned is void
        NS_TEST_EXPECT_MSG_EQ(clock.IsPlanned(), false, "void");
        Expect(clock, 200, {30, 10, 40, 0, 20});
        clock.Enter(NbiotStage::TRANSMISSION, ms(200), ms(200));
        Expect(clock, 203, {30, 10, 40, 3, 20});
    }
};

/** When a device listens. */
class NbiotDrxTestCase : public TestCase
{
  public:
    NbiotDrxTestCase()
        : TestCase("on-durations and paging occasions, to the nanosecond")
    {
    }

  private:
    void DoRun() override
    {
        NbiotDrx drx;
        drx.cdrxCycle = MilliSeconds(100);
        drx.onDuration = MilliSeconds(20);
        drx.pagingCycle = MilliSeconds(320);
        drx.pagingTimeWindow = MilliSeconds(2560);
        const Time ns = NanoSeconds(1);
        const auto ms = [](int64_t n) { return MilliSeconds(n); };
        // Device 3: on from 103 to 123 ms, and so on.
        NS_TEST_EXPECT_MSG_EQ(drx.NextOnDuration(3, ms(103) - ns), ms(103), "not yet");
        NS_TEST_EXPECT_MSG_EQ(drx.NextOnDuration(3, ms(103)), ms(103), "just");
        NS_TEST_EXPECT_MSG_EQ(drx.NextOnDuration(3, ms(123) - ns), ms(123) - ns, "still");
        NS_TEST_EXPECT_MSG_EQ(drx.NextOnDuration(3, ms(123)), ms(203), "no more");
        NS_TEST_EXPECT_MSG_EQ(drx.NextOnDuration(103, ms(2)), ms(3), "a cycle further: the same");
        NS_TEST_EXPECT_MSG_EQ(drx.NextOnDuration(50, ms(10)), ms(50), "the first one");
        // Device 3: frames of 10 ms, at 30, 350, 670. Device 35 = 32 + 3 likewise.
        for (const uint32_t index : {3U, 35U})
        {
            NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(index, Time(0)), ms(30), "the first");
            NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(index, ms(30)), ms(30), "just");
            NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(index, ms(30) + ns), ms(350), "missed");
            NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(index, ms(350)), ms(350), "just");
            NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(index, ms(350) + ns), ms(670), "missed");
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(drx.OnShare(), 0.2, 1e-12, "20 of 100");
        NS_TEST_EXPECT_MSG_EQ_TOL(drx.PagingShare(ms(8)), 0.025, 1e-12, "8 of 320");
        drx.onDuration = ms(150);
        NS_TEST_EXPECT_MSG_EQ_TOL(drx.OnShare(), 1, 1e-12, "always");
        NS_TEST_EXPECT_MSG_EQ_TOL(drx.PagingShare(ms(500)), 1, 1e-12, "always");
        // Extended DRX of two hyperframes of 10.24 s. Device 3 has the odd ones: a window from
        // 10,240 to 12,800 ms, with the occasions of 30 + 320 n in it: 10,270 .. 12,510, 12,830.
        drx.edrxCycle = ms(20480);
        const auto paging = [&](Time from) { return drx.NextPagingOccasion(3, from); };
        NS_TEST_EXPECT_MSG_EQ(paging(Time(0)), ms(10270), "the first window");
        NS_TEST_EXPECT_MSG_EQ(paging(ms(10270)), ms(10270), "just");
        NS_TEST_EXPECT_MSG_EQ(paging(ms(10270) + ns), ms(10590), "the next one");
        NS_TEST_EXPECT_MSG_EQ(paging(ms(12510)), ms(12510), "the last one");
        NS_TEST_EXPECT_MSG_EQ(paging(ms(12510) + ns), ms(10270 + 20480), "the next window");
        NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(4, Time(0)), ms(40), "the even hyperframes");
        NS_TEST_EXPECT_MSG_EQ_TOL(drx.PagingShare(ms(8)), 0.025 / 8, 1e-12, "2,560 of 20,480");
        // A window ends before the occasion at its end (TS 36.304, 7.3: PTW_end is the last frame).
        NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(0, ms(2240)), ms(2240), "the last one");
        NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(0, ms(2241)), ms(20480), "not 2,560");
        // A cycle shorter than a hyperframe has one window at its beginning.
        drx.edrxCycle = ms(5120);
        NS_TEST_EXPECT_MSG_EQ(drx.NextPagingOccasion(3, ms(2600)), ms(5120 + 30), "at its start");
    }
};

/** What a base station keeps of a device. */
class NbiotContextTestCase : public TestCase
{
  public:
    NbiotContextTestCase()
        : TestCase("connections, who waits, packets downwards")
    {
    }

  private:
    void DoRun() override
    {
        Connection();
        Waiting();
        Downlink();
    }

    void Connection()
    {
        NbiotConnection connection;
        using Next = std::optional<NbiotService>;
        const auto next = [&](bool down, uint32_t bytes, bool assists, Next expected) {
            NS_TEST_EXPECT_MSG_EQ((connection.NextService(down, bytes, assists) == expected),
                                  true,
                                  down << ' ' << bytes << ' ' << assists);
        };
        next(true, 5, true, NbiotService::DOWNLINK);
        next(false, 1, true, NbiotService::GRANT);
        next(false, 0, true, NbiotService::RELEASE);
        next(false, 0, false, std::nullopt);
        const auto a = std::make_shared<NbiotBlock>();
        const auto b = std::make_shared<NbiotBlock>();
        const auto c = std::make_shared<NbiotBlock>();
        connection.Repeat(a);
        next(false, 0, true, NbiotService::GRANT);
        next(false, 0, false, NbiotService::GRANT);
        next(true, 0, false, NbiotService::DOWNLINK);
        connection.Repeat(b);
        connection.Repeat(c);
        NS_TEST_EXPECT_MSG_EQ((connection.GetRepeat(0) == a), true, "in order");
        NS_TEST_EXPECT_MSG_EQ((connection.GetRepeat(1) == b), true, "in order");
        connection.ForgetRepeats({false, true});
        NS_TEST_EXPECT_MSG_EQ((connection.GetRepeat(0) == a), true, "kept");
        NS_TEST_EXPECT_MSG_EQ((connection.GetRepeat(1) == c), true, "moved up");
        NS_TEST_EXPECT_MSG_EQ((connection.GetRepeat(2) == nullptr), true, "no more");
        connection.ForgetRepeats({true, true});
        NS_TEST_EXPECT_MSG_EQ(connection.HasRepeats(), false, "none");
        connection.Repeat(a);
        connection.ForgetRepeats({false, false});
        NS_TEST_EXPECT_MSG_EQ(connection.HasRepeats(), true, "kept");
        connection.ForgetRepeats({true, true});
        NS_TEST_EXPECT_MSG_EQ(connection.HasRepeats(), false, "none");

        connection.StartGrant();
        connection.StartGrant();
        connection.SetSecondStage(NbiotStage::RETRANSMISSION);
        NS_TEST_EXPECT_MSG_EQ((connection.StageAfterGrant() == NbiotStage::RETRANSMISSION),
                              true,
                              "the second block goes on");
        NS_TEST_EXPECT_MSG_EQ(connection.EndGrant(), false, "one is left");
        NS_TEST_EXPECT_MSG_EQ((connection.StageAfterGrant() == NbiotStage::SCHEDULING),
                              true,
                              "nothing goes on");
        NS_TEST_EXPECT_MSG_EQ(connection.GetOutstanding(), 1, "one");
        NS_TEST_EXPECT_MSG_EQ(connection.EndGrant(), true, "none is left");
    }

    void Waiting()
    {
        const auto item = [](uint32_t ue) {
            return NbiotWaitingList::Item{{ue, 0}, NbiotService::GRANT};
        };
        const auto order = [](const std::vector<NbiotWaitingList::Item>& items) {
            std::string text;
            for (const auto& i : items)
            {
                text += std::to_string(i.contact.ue);
            }
            return text;
        };
        NbiotWaitingList list;
        const Time now = MilliSeconds(16);
        const Time next = MilliSeconds(32);
        NS_TEST_EXPECT_MSG_EQ(list.Add(now, item(1)), true, "the first");
        NS_TEST_EXPECT_MSG_EQ(list.Add(now, item(2)), false, "not the first");
        NS_TEST_EXPECT_MSG_EQ(list.Add(next, item(7)), true, "the first of the next one");
        NS_TEST_EXPECT_MSG_EQ(order(list.Take(now)), "12", "first come, first served");
        // Those that nothing was tried for, those that found no room, those that came later.
        NS_TEST_EXPECT_MSG_EQ(list.PutBack(next, {item(3), item(4)}, {item(1), item(2)}),
                              false,
                              "somebody waits there");
        NS_TEST_EXPECT_MSG_EQ(order(list.Take(next)), "34127", "in turn");
        NS_TEST_EXPECT_MSG_EQ(list.PutBack(now, {}, {}), false, "nobody");
        NS_TEST_EXPECT_MSG_EQ(list.PutBack(now, {}, {item(5)}), true, "the first");
        NS_TEST_EXPECT_MSG_EQ(order(list.Take(now)), "5", "alone");
        NS_TEST_EXPECT_MSG_EQ(list.PutBack(now, {item(6)}, {}), true, "the first");
        NS_TEST_EXPECT_MSG_EQ(order(list.Take(now)), "6", "alone");
    }

    void Downlink()
    {
        NbiotDownlinkQueue queue;
        const auto packet = Create<Packet>(100);
        queue.Push(packet, 9, 29);
        queue.Push(Create<Packet>(50), 9, 0);
        queue.Push(Create<Packet>(50), 8, 0);
        NS_TEST_EXPECT_MSG_EQ(queue.BeginBlock(81), 81, "of 129 bytes");
        NS_TEST_EXPECT_MSG_EQ(queue.Cancel(9), 1, "the one that has not begun");
        NS_TEST_EXPECT_MSG_EQ(queue.GetSize(), 2, "the others");
        // Lost twice, then received: the count begins anew.
        NS_TEST_EXPECT_MSG_EQ(queue.LoseBlock(3), false, "once");
        NS_TEST_EXPECT_MSG_EQ(queue.LoseBlock(3), false, "twice");
        NS_TEST_EXPECT_MSG_EQ(queue.ReceiveBlock(81).has_value(), false, "48 are left");
        NS_TEST_EXPECT_MSG_EQ(queue.BeginBlock(81), 48, "the rest");
        NS_TEST_EXPECT_MSG_EQ(queue.LoseBlock(3), false, "once");
        NS_TEST_EXPECT_MSG_EQ(queue.LoseBlock(3), false, "twice");
        const auto whole = queue.ReceiveBlock(48);
        NS_TEST_ASSERT_MSG_EQ(whole.has_value(), true, "whole");
        NS_TEST_EXPECT_MSG_EQ((whole->packet == packet), true, "the packet");
        NS_TEST_EXPECT_MSG_EQ(+whole->port, 9, "its port");
        NS_TEST_EXPECT_MSG_EQ(queue.BeginBlock(81), 50, "the next one");
        NS_TEST_EXPECT_MSG_EQ(queue.LoseBlock(1), true, "given up");
        NS_TEST_EXPECT_MSG_EQ(queue.GetSize(), 0, "none");
        queue.Push(packet, 1, 0);
        NS_TEST_EXPECT_MSG_EQ(queue.Clear(), 1, "one");
        NS_TEST_EXPECT_MSG_EQ(queue.GetSize(), 0, "none");
    }
};

/** All of the above. */
class NbiotRlcTestSuite : public TestSuite
{
  public:
    NbiotRlcTestSuite()
        : TestSuite("lpwan-nbiot-rlc")
    {
        AddTestCase(new NbiotRlcTestCase);
        AddTestCase(new NbiotAirtimeTestCase);
        AddTestCase(new NbiotStageClockTestCase);
        AddTestCase(new NbiotDrxTestCase);
        AddTestCase(new NbiotContextTestCase);
    }
};

NbiotRlcTestSuite g_nbiotRlcTestSuite; //!< registers the suite

} // namespace
