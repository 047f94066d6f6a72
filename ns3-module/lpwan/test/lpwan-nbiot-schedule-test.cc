// SPDX-License-Identifier: GPL-2.0-only

// The cell's schedule against properties that any schedule has to have.

#include "lpwan-nbiot-noted-cell.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-nbiot-downlink-schedule.h"
#include "ns3/lpwan-nbiot-uplink-schedule.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

using NotedCell = NbiotNotedCell;

/** \return whether a subframe of an anchor carrier is free of broadcast signals (TS 36.211: NPBCH
 * in 0, 10.2.4; NPSS in 5, 10.2.7.1; NSSS in 9 of even frames, 10.2.7.2; TS 36.213, 16.4.1.3:
 * SIB1-NB in 4 of every other frame) */
bool
IsUsable(int64_t ms)
{
    const int64_t subframe = ms % 10;
    const bool even = ms / 10 % 2 == 0;
    return subframe != 0 && subframe != 5 && (subframe != 9 || !even) && (subframe != 4 || even);
}

/** Search spaces and NPRACH occasions, by hand. */
class NbiotOccasionsTestCase : public TestCase
{
  public:
    NbiotOccasionsTestCase()
        : TestCase("search spaces and NPRACH occasions are where the standard has them")
    {
    }

  private:
    void DoRun() override
    {
        SearchSpaces();
        Nprach();
    }

    void SearchSpaces()
    {
        // TS 36.213, 16.6: each Rmax x G subframes, 4 at least.
        NbiotSearchSpaces spaces;
        spaces.rMax = {8, 1, 256};
        spaces.g = {2, 1.5, 1.5};
        const std::array<int64_t, 3> periodMs{16, 4, 384};
        const std::array<uint32_t, 3> subframes{8, 1, 256};
        for (uint8_t level = 0; level < 3; ++level)
        {
            NS_TEST_EXPECT_MSG_EQ(spaces.Period(level), MilliSeconds(periodMs[level]), +level);
            NS_TEST_EXPECT_MSG_EQ(spaces.Subframes(level), subframes[level], +level);
            NS_TEST_EXPECT_MSG_EQ(spaces.Next(level, Time(0)), Time(0), "at once");
            NS_TEST_EXPECT_MSG_EQ(spaces.Next(level, NanoSeconds(1)),
                                  MilliSeconds(periodMs[level]),
                                  "just missed");
            NS_TEST_EXPECT_MSG_EQ(spaces.Next(level, MilliSeconds(3 * periodMs[level])),
                                  MilliSeconds(3 * periodMs[level]),
                                  "just in time");
        }
        // From 0: 1, 2, 3, 4, 6, 7, 8, then not 9 (NSSS) nor 10 (NPBCH): 11.
        NS_TEST_EXPECT_MSG_EQ(spaces.End(0, Time(0)), MilliSeconds(12), "anchor");
        spaces.anchor = false;
        NS_TEST_EXPECT_MSG_EQ(spaces.End(0, Time(0)), MilliSeconds(8), "another carrier");
    }

    void Nprach()
    {
        // Beside each other while there is room on 48 subcarriers, then from the bottom again.
        struct Row
        {
            NbiotLevels subcarriers;
            std::array<uint32_t, 3> first;
        };

        for (const Row& row : {Row{{12, 12, 12}, {0, 12, 24}},
                               Row{{24, 12, 24}, {0, 24, 0}},
                               Row{{36, 12, 36}, {0, 36, 0}},
                               Row{{48, 12, 12}, {0, 0, 12}},
                               Row{{12, 36, 24}, {0, 12, 0}}})
        {
            NbiotNprach nprach;
            nprach.subcarriers = row.subcarriers;
            for (uint8_t level = 0; level < 3; ++level)
            {
                const auto range = nprach.Subcarriers(level);
                NS_TEST_EXPECT_MSG_EQ(range.first, row.first[level], "level " << +level);
                NS_TEST_EXPECT_MSG_EQ(range.count, row.subcarriers[level], "level " << +level);
            }
        }
        NbiotNprach nprach;
        nprach.repetitions = {1, 8, 128};
        nprach.periodMs = {320, 640, 2560};
        nprach.startMs = {8, 16, 64};
        // 5.6 ms each; 40 ms after the first 64 of 128 (TS 36.211, 10.1.6.1).
        const std::array<double, 3> lengthMs{5.6, 44.8, 756.8};
        double share = 0;
        for (uint8_t level = 0; level < 3; ++level)
        {
            const double period = nprach.periodMs[level];
            const double start = nprach.startMs[level];
            share += lengthMs[level] / period;
            NS_TEST_EXPECT_MSG_EQ_TOL(1e3 * nprach.Duration(level).GetSeconds(),
                                      lengthMs[level],
                                      1e-9,
                                      "length");
            const auto next = [&](double ms) {
                const Time from = NanoSeconds(std::llround(1e6 * ms));
                return 1e3 * nprach.NextOccasion(level, from).GetSeconds();
            };
            NS_TEST_EXPECT_MSG_EQ_TOL(next(0), start, 1e-9, "the first one");
            NS_TEST_EXPECT_MSG_EQ_TOL(next(start), start, 1e-9, "just in time");
            NS_TEST_EXPECT_MSG_EQ_TOL(next(start + 1e-6), start + period, 1e-9, "just missed");
            NS_TEST_EXPECT_MSG_EQ_TOL(next(start + 6.5 * period), start + 7 * period, 1e-6, "7th");
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(nprach.TimeShare(), share, 1e-12, "share of the time");
        nprach.format = 1;
        NS_TEST_EXPECT_MSG_EQ(nprach.Duration(0), MicroSeconds(6400), "format 1");
    }
};

/** The downlink's schedule alone, against a plain list of what it gave away. */
class NbiotDownlinkScheduleTestCase : public TestCase
{
  public:
    NbiotDownlinkScheduleTestCase()
        : TestCase("NPDCCH and NPDSCH: the first free subframes, within search spaces, none twice")
    {
    }

  private:
    void DoRun() override
    {
        for (const bool anchor : {true, false})
        {
            for (uint32_t seed = 1; seed <= 12; ++seed)
            {
                Draw(anchor, seed);
            }
        }
    }

    /** What is given away, ms. */
    struct Span
    {
        int64_t start;
        int64_t end;
    };

    bool IsFree(const Span& span) const
    {
        return std::none_of(m_given.begin(), m_given.end(), [&](const Span& given) {
            return given.start < span.end && span.start < given.end;
        });
    }

    /** \return so many usable subframes from a time on, counted one by one */
    Span Count(int64_t from, uint32_t subframes) const
    {
        const auto usable = [&](int64_t ms) { return !m_anchor || IsUsable(ms); };
        while (!usable(from))
        {
            ++from;
        }
        int64_t end = from;
        for (uint32_t left = subframes; left > 0; ++end)
        {
            left -= usable(end) ? 1 : 0;
        }
        return {from, end};
    }

    /** \return the first place, tried one by one */
    Span First(int64_t from, uint32_t subframes) const
    {
        Span span = Count(from, subframes);
        while (!IsFree(span))
        {
            span = Count(++from, subframes);
        }
        return span;
    }

    void Expect(const NbiotDownlinkSpan& span, const Span& expected, const std::string& what)
    {
        NS_TEST_EXPECT_MSG_EQ(span.start, MilliSeconds(expected.start), what << ": start");
        NS_TEST_EXPECT_MSG_EQ(span.end, MilliSeconds(expected.end), what << ": end");
    }

    void Draw(bool anchor, uint32_t seed)
    {
        m_anchor = anchor;
        m_given.clear();
        NbiotSearchSpaces spaces;
        spaces.anchor = anchor;
        spaces.rMax = {8, 16, 64};
        spaces.g = {1.5, 2, 4};
        NbiotDownlinkSchedule schedule(spaces);
        std::mt19937 draw(seed);
        const auto below = [&](uint32_t n) { return static_cast<uint32_t>(draw() % n); };
        int64_t now = 0;
        for (int i = 0; i < 150; ++i)
        {
            now += below(30);
            const int64_t from = now + below(60);
            if (below(3) == 0)
            {
                const uint32_t subframes = 1 + below(30);
                const auto span = schedule.FindSubframes(MilliSeconds(from), subframes);
                const Span expected = First(from, subframes);
                Expect(span, expected, "NPDCCH");
                if (below(2) == 0)
                {
                    schedule.BookNpdcch(span, MilliSeconds(now));
                    m_given.push_back(expected);
                }
                continue;
            }
            const auto level = static_cast<uint8_t>(below(3));
            const auto rMax = static_cast<uint32_t>(spaces.rMax[level]);
            const uint32_t npdcch = 1 + below(rMax);
            const uint32_t npdsch = 1 + below(40);
            const auto message =
                schedule.BookMessage(level, MilliSeconds(from), npdcch, npdsch, MilliSeconds(now));
            // In the search space that begins last before it, and within Rmax usable subframes.
            const auto period = static_cast<int64_t>(rMax * spaces.g[level]);
            const int64_t start = message.npdcch.start.GetMilliSeconds();
            const int64_t space = start / period * period;
            Expect(message.npdcch, First(space, npdcch), "the first subframes of its search space");
            NS_TEST_EXPECT_MSG_EQ((space >= from), true, "not before it may");
            NS_TEST_EXPECT_MSG_EQ((message.npdcch.end.GetMilliSeconds() <= Count(space, rMax).end),
                                  true,
                                  "within the search space");
            for (int64_t earlier = (from + period - 1) / period * period; earlier < space;
                 earlier += period)
            {
                // One whose first subframe is taken or unusable may be passed over.
                const Span there = Count(earlier, npdcch);
                NS_TEST_EXPECT_MSG_EQ((there.start == earlier && IsFree(there)),
                                      false,
                                      "none before was free at its start");
            }
            m_given.push_back({start, message.npdcch.end.GetMilliSeconds()});
            const Span expected = First(m_given.back().end + 4, npdsch);
            Expect(message.npdsch, expected, "NPDSCH, 4 ms later (TS 36.213, 16.4.1)");
            m_given.push_back(expected);
        }
    }

    bool m_anchor{false};
    std::vector<Span> m_given;
};

/** The uplink's schedule alone, against a plain list of what it gave away. */
class NbiotUplinkScheduleTestCase : public TestCase
{
  public:
    NbiotUplinkScheduleTestCase()
        : TestCase("NPUSCH: the highest free tones at the first free delay, around NPRACH")
    {
    }

  private:
    void DoRun() override
    {
        ByHand();
        for (uint32_t seed = 1; seed <= 15; ++seed)
        {
            Draw(seed);
        }
    }

    void Expect(const NbiotUplinkSpan& span, uint32_t first, double startMs, double endMs)
    {
        NS_TEST_EXPECT_MSG_EQ(span.first, first, "subcarrier, from " << startMs);
        NS_TEST_EXPECT_MSG_EQ_TOL(1e3 * span.start.GetSeconds(), startMs, 1e-9, "start");
        NS_TEST_EXPECT_MSG_EQ_TOL(1e3 * span.end.GetSeconds(), endMs, 1e-9, "end");
    }

    void ByHand()
    {
        // TS 36.213, tables 16.5.1-1, 16.3.3-1 (whose first one is 12) and 16.4.2-1.
        NS_TEST_EXPECT_MSG_EQ((NBIOT_GRANT_DELAYS_MS == NbiotDelaysMs{8, 16, 32, 64}), true, "N0");
        NS_TEST_EXPECT_MSG_EQ((NBIOT_MSG3_DELAYS_MS == NbiotDelaysMs{12, 16, 32, 64}), true, "RAR");
        NS_TEST_EXPECT_MSG_EQ((NBIOT_ACKNOWLEDGEMENT_DELAYS_MS == NbiotDelaysMs{12, 14, 16, 17}),
                              true,
                              "acknowledgement");
        // Levels 0, 1 and 2 at 8, 16 and 64 ms for 5.6, 44.8 and 179.2 ms, on subcarriers 0 to 11,
        // 12 to 23 and 24 to 35.
        NbiotNprach nprach;
        NbiotUplinkSchedule schedule(nprach);
        const auto at = [&](double ms, NbiotTones tones, int64_t durationMs) {
            return schedule.BookNpuschAt(NanoSeconds(std::llround(1e6 * ms)),
                                         tones,
                                         MilliSeconds(durationMs));
        };
        // All tones: 5 ms to 8, then the first level's occasion to 13.6, 2.4 ms to 16, then the
        // second one's to 60.8, 3.2 ms to 64, the third one's to 243.2, and 3.4 ms.
        Expect(*at(3, NbiotTones::TWELVE, 14), 0, 3, 246.6);
        NS_TEST_EXPECT_MSG_EQ(at(246, NbiotTones::ONE, 2).has_value(), false, "all are taken");
        // 3 x 15 kHz from the top.
        Expect(*at(250, NbiotTones::THREE, 8), 36, 250, 258);
        Expect(*at(250, NbiotTones::THREE, 8), 24, 250, 258);
        Expect(*at(250, NbiotTones::THREE, 8), 12, 250, 258);
        Expect(*at(250, NbiotTones::THREE, 8), 0, 250, 258);
        // The next occasion of the first level, 328 to 333.6: what would begin there begins later.
        Expect(*at(330, NbiotTones::SIX, 2), 24, 330, 332);
        Expect(*at(330, NbiotTones::SIX, 2), 0, 333.6, 335.6);
        // Delays: 24 to 47 are free from 332 on, the others from 335.6.
        const auto delayed = schedule.BookNpusch(MilliSeconds(320),
                                                 NBIOT_GRANT_DELAYS_MS,
                                                 NbiotTones::TWELVE,
                                                 Time(1));
        Expect(*delayed, 0, 336, 336 + 1e-6);
        // None at 8, 16, 32, 64 when all are taken for 100 ms; the soonest is at their end.
        Expect(*at(400, NbiotTones::TWELVE, 100), 0, 400, 500);
        NS_TEST_EXPECT_MSG_EQ(schedule
                                  .BookNpusch(MilliSeconds(400),
                                              NBIOT_GRANT_DELAYS_MS,
                                              NbiotTones::ONE_3K75,
                                              MilliSeconds(1))
                                  .has_value(),
                              false,
                              "none");
        Expect(*at(500, NbiotTones::SIX, 30), 24, 500, 530);
        Expect(schedule.BookSoonestNpusch(NbiotTones::ONE, MilliSeconds(2)), 20, 500, 502);
    }

    /** What is given away, in 0.1 ms. */
    struct Place
    {
        int64_t start;
        int64_t end;
        uint32_t first;
        uint32_t count;
    };

    /** \return when tones come free, by the list */
    int64_t FreeFrom(uint32_t first, uint32_t count) const
    {
        int64_t from = 0;
        for (const Place& place : m_given)
        {
            if (place.first < first + count && first < place.first + place.count)
            {
                from = std::max(from, place.end);
            }
        }
        return from;
    }

    /** \return whether an occasion is on these subcarriers in the 0.1 ms from then on */
    bool IsNprach(int64_t tenths, uint32_t first, uint32_t count) const
    {
        for (uint32_t level = 0; level < 3; ++level)
        {
            const auto start = static_cast<int64_t>(10 * m_nprach.startMs[level]);
            const auto period = static_cast<int64_t>(10 * m_nprach.periodMs[level]);
            const auto length = static_cast<int64_t>(56 * m_nprach.repetitions[level]);
            const uint32_t low = 12 * level;
            if (tenths >= start && (tenths - start) % period < length && first < low + 12 &&
                low < first + count)
            {
                return true;
            }
        }
        return false;
    }

    void Check(const NbiotUplinkSpan& span, int64_t wanted, NbiotTones tones, int64_t duration)
    {
        const std::array<uint32_t, 5> counts{1, 4, 12, 24, 48};
        const uint32_t count = counts[static_cast<std::size_t>(tones)];
        const Place place{span.start.GetMicroSeconds() / 100,
                          span.end.GetMicroSeconds() / 100,
                          span.first,
                          count};
        NS_TEST_EXPECT_MSG_EQ(span.first % count, 0, "on a place for so many tones");
        NS_TEST_EXPECT_MSG_LT(span.first, 49 - count, "on the carrier");
        NS_TEST_EXPECT_MSG_EQ((FreeFrom(span.first, count) <= wanted), true, "nobody else's");
        for (uint32_t higher = span.first + count; higher < 48; higher += count)
        {
            NS_TEST_EXPECT_MSG_GT(FreeFrom(higher, count), wanted, "none higher is free");
        }
        // It begins as soon as NPRACH lets it, and pauses for NPRACH alone.
        int64_t begin = wanted;
        while (IsNprach(begin, span.first, count))
        {
            ++begin;
        }
        NS_TEST_EXPECT_MSG_EQ(place.start, begin, "start");
        int64_t sent = 0;
        int64_t end = begin;
        while (sent < duration)
        {
            sent += IsNprach(end++, span.first, count) ? 0 : 1;
        }
        NS_TEST_EXPECT_MSG_EQ(place.end, end, "end");
        m_given.push_back(place);
    }

    void Draw(uint32_t seed)
    {
        m_given.clear();
        std::mt19937 draw(seed);
        const auto below = [&](uint32_t n) { return static_cast<uint32_t>(draw() % n); };
        m_nprach = NbiotNprach();
        m_nprach.periodMs = {40, 160, 320};
        m_nprach.startMs = {8, 16, 64};
        m_nprach.repetitions = {1, 2, 16};
        NbiotUplinkSchedule schedule(m_nprach);
        int64_t now = 0;
        for (int i = 0; i < 120; ++i)
        {
            now += below(200);
            const auto tones = static_cast<NbiotTones>(below(5));
            const std::array<uint32_t, 5> counts{1, 4, 12, 24, 48};
            const uint32_t count = counts[static_cast<std::size_t>(tones)];
            const int64_t duration = 10 * (1 + below(200));
            const Time time = MicroSeconds(100 * duration);
            const auto isFree = [&](int64_t at) {
                for (uint32_t first = 0; first < 48; first += count)
                {
                    if (FreeFrom(first, count) <= at)
                    {
                        return true;
                    }
                }
                return false;
            };
            if (below(5) == 0)
            {
                int64_t soonest = 1 << 30;
                for (uint32_t first = 0; first < 48; first += count)
                {
                    soonest = std::min(soonest, FreeFrom(first, count));
                }
                Check(schedule.BookSoonestNpusch(tones, time), soonest, tones, duration);
                continue;
            }
            const auto span =
                schedule.BookNpusch(MicroSeconds(100 * now), NBIOT_GRANT_DELAYS_MS, tones, time);
            const std::array<int64_t, 4> delays{80, 160, 320, 640};
            const auto* delay = std::find_if(delays.begin(), delays.end(), [&](int64_t d) {
                return isFree(now + d);
            });
            NS_TEST_ASSERT_MSG_EQ(span.has_value(), (delay != delays.end()), "when one is free");
            if (span)
            {
                Check(*span, now + *delay, tones, duration);
            }
        }
    }

    NbiotNprach m_nprach;
    std::vector<Place> m_given;
};

/** Properties of the schedule of a crowded cell. */
class NbiotScheduleTestCase : public TestCase
{
  public:
    NbiotScheduleTestCase()
        : TestCase("no two at one place, NPRACH is left free, and first come, first served")
    {
    }

  private:
    void DoRun() override
    {
        Crowd("12,12,12", true);
        Crowd("24,12,24", true); // the third one has no room beside the others
        Crowd("12,12,12", false);
        Order();
    }

    void Crowd(const std::string& subcarriers, bool anchor)
    {
        NotedCell cell;
        cell.Set("FadingSigma", 3.0);
        cell.Set("PreambleSubcarriers", subcarriers);
        cell.m_helper.SetEnbAttribute("AnchorCarrier", BooleanValue(anchor));
        cell.m_helper.SetDeviceAttribute("Category", StringValue("NB2"));
        cell.m_helper.SetDeviceAttribute("HarqProcesses", UintegerValue(2));
        std::vector<double> losses;
        for (uint32_t i = 0; i < 40; ++i)
        {
            losses.push_back(115 + 1.2 * i);
        }
        cell.BuildNoted(losses);
        for (uint32_t i = 0; i < losses.size(); ++i)
        {
            for (uint32_t k = 0; k < 4; ++k)
            {
                cell.SendAt(MilliSeconds(700 * k + 11 * i), i, 40 + 13 * i);
            }
            cell.SendDownAt(MilliSeconds(900 + 5 * i), i, 100);
        }
        cell.Run(Seconds(400));
        NS_TEST_ASSERT_MSG_GT(cell.m_up.size(), 500, "there is a schedule");
        NS_TEST_ASSERT_MSG_GT(cell.m_down.size(), 500, "there is a schedule");

        std::sort(cell.m_down.begin(),
                  cell.m_down.end(),
                  [](const NotedDownlink& a, const NotedDownlink& b) { return a.start < b.start; });
        for (std::size_t i = 0; i < cell.m_down.size(); ++i)
        {
            const auto [start, end] = cell.m_down[i];
            NS_TEST_EXPECT_MSG_LT(start, end, "something");
            if (i > 0)
            {
                NS_TEST_EXPECT_MSG_LT(cell.m_down[i - 1].end, start + 1e-6, "no two at once");
            }
            for (const int64_t ms : {std::llround(start), std::llround(end) - 1})
            {
                // TS 36.211: NPBCH in subframe 0, NPSS in 5, NSSS in 9 of even frames; SIB1-NB in 4
                // of odd ones.
                const bool odd = ms / 10 % 2 == 1;
                const bool taken = ms % 10 == 0 || ms % 10 == 5 || ms % 10 == (odd ? 4 : 9);
                NS_TEST_EXPECT_MSG_EQ((taken && anchor), false, "subframe " << ms);
            }
        }

        // Each level's preambles: 1, 8 and 32 of 5.6 ms, from 8, 16 and 64 each 320, 640, 1280 ms.
        struct Nprach
        {
            uint32_t first;
            uint32_t count;
            double start;
            double period;
            double length;
        };

        const bool wide = subcarriers == "24,12,24";
        const std::array<Nprach, 3> nprach{
            Nprach{0, wide ? 24U : 12U, 8, 320, 5.6},
            Nprach{wide ? 24U : 12U, 12, 16, 640, 44.8},
            Nprach{wide ? 0U : 24U, wide ? 24U : 12U, 64, 1280, 179.2}};
        bool held = false;
        std::array<double, 48> lastEnd{};
        std::sort(cell.m_up.begin(),
                  cell.m_up.end(),
                  [](const NotedUplink& a, const NotedUplink& b) { return a.start < b.start; });
        for (const NotedUplink& up : cell.m_up)
        {
            NS_TEST_ASSERT_MSG_LT(up.first + up.count, 49, "on the carrier");
            NS_TEST_EXPECT_MSG_EQ(up.first % up.count, 0, "on a place for so many tones");
            for (uint32_t s = up.first; s < up.first + up.count; ++s)
            {
                NS_TEST_EXPECT_MSG_LT(lastEnd[s], up.start + 1e-6, "no two at once");
                lastEnd[s] = up.end;
            }
            // The time that NPRACH takes away, on a grid of 0.2 ms.
            double taken = 0;
            const auto busy = [&](double ms) {
                return std::any_of(nprach.begin(), nprach.end(), [&](const Nprach& n) {
                    const double phase = std::fmod(ms - n.start, n.period);
                    return ms >= n.start && phase < n.length && up.first < n.first + n.count &&
                           n.first < up.first + up.count;
                });
            };
            const auto steps = static_cast<int64_t>(std::llround(5 * (up.end - up.start)));
            for (int64_t i = 0; i < steps; ++i)
            {
                taken += busy(up.start + 0.2 * static_cast<double>(i) + 0.1) ? 0.2 : 0;
            }
            NS_TEST_EXPECT_MSG_EQ_TOL(up.end - up.start - taken,
                                      up.duration,
                                      1e-3,
                                      "sent beside NPRACH, from " << up.start);
            NS_TEST_EXPECT_MSG_EQ(busy(up.start + 0.05), false, "begins beside it");
            NS_TEST_EXPECT_MSG_EQ(busy(up.end - 0.05), false, "ends beside it");
            held = held || taken > 0;
        }
        NS_TEST_EXPECT_MSG_EQ(held, true, "NPRACH was in the way of some");
    }

    void Order()
    {
        // Devices that all want the whole carrier, for blocks of 1000 bits: more than have a place
        // at the four delays of a grant. Whoever waits comes before those who come later.
        NotedCell cell;
        cell.Set("DownlinkErrorRate", 0.0);
        cell.Set("SpectrumWeight", 0.0);
        cell.Set("PreambleSubcarriers", "48,12,12");
        cell.Set("NpdcchRmax", "1,64,256");
        cell.Set("NpdcchG", "4,1.5,1.5");
        constexpr uint32_t DEVICES = 12;
        cell.BuildNoted(std::vector<double>(DEVICES, 110));
        std::vector<uint32_t> turns;
        m_turns = &turns;
        cell.Enb()->TraceConnectWithoutContext("Block",
                                               MakeCallback(&NbiotScheduleTestCase::OnBlock, this));
        for (uint32_t i = 0; i < DEVICES; ++i)
        {
            for (uint32_t k = 0; k < 20; ++k)
            {
                cell.SendAt(MilliSeconds(1), i, 1500);
            }
        }
        cell.Run(Seconds(12));
        // From the moment that all are connected on.
        std::map<uint32_t, uint32_t> seen;
        std::size_t from = 0;
        while (from < turns.size() && seen.size() < DEVICES)
        {
            ++seen[turns[from++]];
        }
        NS_TEST_ASSERT_MSG_EQ(seen.size(), DEVICES, "all get connected");
        constexpr std::size_t TURNS = 20 * DEVICES;
        NS_TEST_ASSERT_MSG_GT(turns.size(), from + TURNS, "they go on");
        std::map<uint32_t, uint32_t> counts;
        for (std::size_t i = from; i < from + TURNS; ++i)
        {
            ++counts[turns[i]];
        }
        NS_TEST_EXPECT_MSG_EQ(counts.size(), DEVICES, "nobody is left out");
        for (const auto& [address, count] : counts)
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(count, 20.0, 4.0, "as often as the others");
        }
    }

    void OnBlock(uint32_t address, const NbiotFormat&, Time, Time, bool)
    {
        m_turns->push_back(address);
    }

    std::vector<uint32_t>* m_turns{nullptr};
};

/** All of the above. */
class NbiotScheduleTestSuite : public TestSuite
{
  public:
    NbiotScheduleTestSuite()
        : TestSuite("lpwan-nbiot-schedule")
    {
        AddTestCase(new NbiotOccasionsTestCase);
        AddTestCase(new NbiotDownlinkScheduleTestCase);
        AddTestCase(new NbiotUplinkScheduleTestCase);
        AddTestCase(new NbiotScheduleTestCase);
    }
};

NbiotScheduleTestSuite g_nbiotScheduleTestSuite; //!< registers the suite

} // namespace
