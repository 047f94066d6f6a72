// SPDX-License-Identifier: GPL-2.0-only

// What is said before the first run, with a program made up here.

#include "limitnet/codec/error.h"
#include "limitnet/data/process.h"
#include "limitnet/sweep/sweep-check.h"
#include "tests/data/test-folder.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace limitnet;

namespace
{

namespace fs = std::filesystem;

/// Knows one model, and has to be asked by --check with a scenario file that is there.
const char* const PROGRAM = R"(#!/bin/sh
check=no
for a; do
    case $a in
    --check) check=yes ;;
    --scenario=*) scenario=${a#--scenario=} ;;
    --codec.model=*) model=${a#--codec.model=} ;;
    esac
done
echo "$@" >>"${0%/*}/asked"
[ $check = yes ] && grep -q "count = 2" "$scenario" || exit 7
grep -q "model = none" "$scenario" && model=none
case $model in
silent) exit 9 ;;
none) echo "a warning" >&2 && echo "error: there is no model $model" >&2 && exit 1 ;;
esac
exit 0
)";

class SweepCheckTest : public testing::Test
{
  protected:
    SweepCheckTest()
    {
        for (const char* name : {"limitnet-lora-scenario", "limitnet-lorawan-cell"})
        {
            fs::permissions(m_folder.Write(std::string("bin/") + name, std::string(PROGRAM)),
                            fs::perms::owner_all);
        }
    }

    bool Check(const std::string& text, unsigned jobs = 2)
    {
        const auto file = m_folder.Write("x.ini", text + "\n[devices]\ncount = 2\n");
        return CheckSweep(SweepPlan(file), m_folder.Path() / "bin", jobs, m_stop);
    }

    std::size_t Asked() const
    {
        const auto text = ReadText(m_folder.Path() / "bin/asked");
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }

    TestFolder m_folder;
    std::atomic<bool> m_stop{false};
};

} // namespace

TEST_F(SweepCheckTest, WhatOnlyTheProgramKnowsIsSaidWithFileAndValues)
{
    for (const unsigned jobs : {1U, 4U})
    {
        EXPECT_EQ(ErrorOf([&] {
                      Check("[sweep]\nlora.sf = 7, 8\ncodec.model = codec-224, good, none, silent",
                            jobs);
                  }),
                  (m_folder.Path() / "x.ini").string() +
                      ": with lora.sf = 7, codec.model = none: there is no model none");
    }
    ExpectLine(ErrorOf([&] { Check("[sweep]\ncodec.model = silent"); }),
               {"x.ini: with codec.model = silent: ", "limitnet-lora-scenario", "exit status 9"});
    ExpectLine(ErrorOf([&] { Check("[sweep]\nrun = 1..3\n[codec]\nmodel = none"); }),
               {"x.ini: there is no model none"});
}

TEST_F(SweepCheckTest, EachValueIsTriedOnceAndNoRunBegun)
{
    EXPECT_TRUE(Check("[sweep]\nlora.sf = 7..12\nlora.extra_loss = 0, 0.1\nrun = 1..10"));
    EXPECT_EQ(Asked(), 6U) << "as many as the longest list has";
    const std::vector<fs::path> files{fs::directory_iterator(m_folder.Path()),
                                      fs::directory_iterator()};
    EXPECT_EQ(files.size(), 2U) << "bin and x.ini";
    EXPECT_TRUE(Check("[sweep]\nseed = 1..1000"));
    EXPECT_EQ(Asked(), 6U + 64U);
    m_stop = true;
    EXPECT_FALSE(Check("[sweep]\nlora.sf = 7..12"));
    EXPECT_EQ(Asked(), 70U);
}

TEST_F(SweepCheckTest, TheProgramOfTheFileIsAsked)
{
    EXPECT_TRUE(Check("# limitnet-lorawan-cell\n[sweep]\nseed = 1,2"));
    EXPECT_EQ(Asked(), 2U);
}

TEST_F(SweepCheckTest, TheCommandRefusesAndMakesNothing)
{
    const auto file = m_folder.Write("x.ini",
                                     std::string("[sweep]\ncodec.model = good, none\n"
                                                 "[devices]\ncount = 2\n"));
    const auto call = [&](const std::vector<std::string>& arguments) {
        std::vector<std::string> command{LIMITNET_TEST_BIN_DIR "/limitnet-sweep",
                                         file.string(),
                                         "--out=" + (m_folder.Path() / "out").string(),
                                         "--programs=" + (m_folder.Path() / "bin").string()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        ProcessOptions options;
        options.errorFile = m_folder.Path() / "err";
        EXPECT_EQ(RunProcess(command, options).exitCode, 1);
        return ReadText(options.errorFile);
    };
    for (const auto& arguments : {std::vector<std::string>{}, {"--check"}})
    {
        EXPECT_EQ(call(arguments),
                  "error: " + file.string() +
                      ": with codec.model = none: there is no model none\n");
    }
    EXPECT_FALSE(fs::exists(m_folder.Path() / "out"));
    EXPECT_EQ(call({"--jobs", "-3"}), "error: --jobs=-3: has to be 1 to 1024\n");
    for (const char* shard : {"3/2", "0/2", "1", "1/2x", "a/b"})
    {
        EXPECT_EQ(
            call({"--shard", shard}),
            std::string("error: --shard=") + shard +
                ": has to be I/N, I from 1 to N, such as 2/8 for the second of eight parts\n");
    }
}
