// SPDX-License-Identifier: GPL-2.0-only

// What becomes of a fragment, event by event.

#include "ns3/lpwan-fragment-fate.h"
#include "ns3/test.h"

#include <array>
#include <cstddef>
#include <set>
#include <string>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** The function as a table. */
class NextFateTestCase : public TestCase
{
  public:
    NextFateTestCase()
        : TestCase("each fate with each event")
    {
    }

  private:
    void DoRun() override
    {
        using F = FragmentFate;
        constexpr F NOT = F::NOT_SENT;
        constexpr F HAUL = F::IN_BACKHAUL;
        constexpr F LOST = F::LOST;
        constexpr F DROP = F::DROPPED;
        constexpr F DOWN = F::CLOUD_DOWN;
        constexpr F CAME = F::DELIVERED;
        constexpr F ENOU = F::NOT_NEEDED;
        constexpr F OLD = F::EXPIRED;
        constexpr F BOOT = F::DEVICE_REBOOT;
        // clang-format off
        const std::array<std::array<F, FRAGMENT_EVENT_COUNT>, FRAGMENT_FATE_COUNT> table{{
            // again received  lost  dropped down arrived enough expired reboot
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  ENOU,    OLD,  BOOT}}, // not sent
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  HAUL,   HAUL,  HAUL}}, // in backhaul
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  LOST,   LOST,  LOST}}, // lost
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  DROP,   DROP,  DROP}}, // dropped
            {{  NOT,   DOWN,   DOWN,   DOWN, DOWN,  CAME,  DOWN,   DOWN,  DOWN}}, // cloud down
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  CAME,   CAME,  CAME}}, // delivered
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  ENOU,   ENOU,  ENOU}}, // not needed
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,   OLD,    OLD,   OLD}}, // expired
            {{  NOT,   HAUL,   LOST,   DROP, DOWN,  CAME,  BOOT,   BOOT,  BOOT}}, // reboot
        }};
        // clang-format on
        for (std::size_t fate = 0; fate < FRAGMENT_FATE_COUNT; ++fate)
        {
            for (std::size_t event = 0; event < FRAGMENT_EVENT_COUNT; ++event)
            {
                const F next =
                    NextFate(static_cast<FragmentFate>(fate), static_cast<FragmentEvent>(event));
                NS_TEST_EXPECT_MSG_EQ((next == table[fate][event]),
                                      true,
                                      "fate " << fate << ", event " << event << ": "
                                              << ToString(next, "cause"));
            }
        }
    }
};

/** Its words. */
class FateWordTestCase : public TestCase
{
  public:
    FateWordTestCase()
        : TestCase("each fate has a word of its own, a loss that of its cause")
    {
    }

  private:
    void DoRun() override
    {
        std::multiset<std::string> words;
        for (std::size_t fate = 0; fate < FRAGMENT_FATE_COUNT; ++fate)
        {
            words.insert(ToString(static_cast<FragmentFate>(fate), "cause"));
        }
        const std::multiset<std::string> expected{"not_sent",
                                                  "in_backhaul",
                                                  "cause",
                                                  "cause",
                                                  "cloud_down",
                                                  "delivered",
                                                  "not_needed",
                                                  "expired",
                                                  "device_reboot"};
        NS_TEST_EXPECT_MSG_EQ((words == expected), true, "those of docs/csv.md");
    }
};

/** The suite. */
class LpwanOffloadingTestSuite : public TestSuite
{
  public:
    LpwanOffloadingTestSuite()
        : TestSuite("lpwan-offloading")
    {
        AddTestCase(new NextFateTestCase);
        AddTestCase(new FateWordTestCase);
    }
};

/** Registers the suite. */
LpwanOffloadingTestSuite g_lpwanOffloadingTestSuite;

} // namespace
