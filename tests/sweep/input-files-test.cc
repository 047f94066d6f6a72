// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-folder.h"
#include "limitnet/sweep/input-files.h"
#include "limitnet/sweep/sweep-plan.h"
#include "limitnet/sweep/sweep-runner.h"
#include "tests/data/test-folder.h"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

namespace limitnet
{
namespace
{

namespace fs = std::filesystem;

/** Leaves a result, and takes its time when asked to. */
const char* const PROGRAM = R"sh(#!/bin/sh
for a; do
    case $a in
    --out=*) out=${a#--out=} ;;
    --scenario.name=*) name=${a#--scenario.name=} ;;
    --run=*) run=${a#--run=} ;;
    esac
done
here=$(dirname "$0")
[ -e "$here/fail" ] && exit 1
[ -e "$here/change" ] && cp "$here/change" "$(cat "$here/what")"
mkdir -p "$out/$name/.$run"
printf 'x\n1\n' >"$out/$name/.$run/a.csv"
touch "$out/$name/.$run/scenario.ini"
mv "$out/$name/.$run" "$out/$name/$run"
)sh";

/** A sweep whose keys name one file of each kind. */
class InputFilesTest : public testing::Test
{
  protected:
    InputFilesTest()
        : m_models("LIMITNET_MODELS", (m_folder.Path() / "models").string()),
          m_cache("XDG_CACHE_HOME", (m_folder.Path() / "cache").string())
    {
        for (const char* program : {"limitnet-lora-scenario", "limitnet-nbiot-scenario"})
        {
            m_folder.Write(std::string("bin/") + program, std::string(PROGRAM));
            fs::permissions(m_folder.Path() / "bin" / program, fs::perms::owner_all);
        }
        for (const auto& name : Files())
        {
            m_folder.Write(name, "what is in " + name);
        }
        m_folder.Write("set/wnids.txt", std::string("n01440764\n"));
        m_folder.Write("set/val/n01440764/a.pgm", std::string("P5 1 1 255\na"));
        m_folder.Write("inc.ini",
                       std::string("include = deeper.ini\n[attributes]\n"
                                   "ns3::Object::Name = 1\n"));
        m_folder.Write("deeper.ini", std::string("seed = 7\n"));
        m_folder.Write("x.ini",
                       "include = inc.ini\n[sweep]\nlora.sf = 7..8\n"
                       "codec.model = one, two\n[codec]\nclassifier = own\n"
                       "[images]\ntraffic = trace\ntimes = " +
                           Path("times.csv") + "\ndataset = " + Path("set") +
                           "\n[devices]\nplacement = list\npositions = " + Path("places.csv") +
                           "\n[lora]\ngateway_positions = " + Path("gateways.csv") +
                           "\n[group.far]\ndevices.positions = " + Path("far.csv") +
                           "\n[group.near]\ncodec.name = jpeg\n");
    }

    /** \return the files whose content counts, but for the data set and the scenario files */
    static std::vector<std::string> Files()
    {
        return {"models/one.pt",
                "models/one.int8",
                "models/two.pt",
                "models/two.int8",
                "models/own.pt",
                "times.csv",
                "places.csv",
                "gateways.csv",
                "far.csv"};
    }

    std::string Path(const std::string& name) const
    {
        return (m_folder.Path() / name).string();
    }

    SweepOutcome Run()
    {
        SweepOptions options;
        options.out = m_folder.Path() / "out";
        options.programs = m_folder.Path() / "bin";
        std::ostringstream progress;
        const std::atomic<bool> stop{false};
        return RunSweep(SweepPlan(m_folder.Path() / "x.ini"), options, progress, false, stop);
    }

    TestFolder m_folder;
    TestVariable m_models;
    TestVariable m_cache;
};

TEST_F(InputFilesTest, ASweepDoesNotGoOnOverChangedInputs)
{
    m_folder.Write("bin/fail", std::string());
    EXPECT_EQ(Run().failed, 4U);
    fs::remove(m_folder.Path() / "bin/fail");
    EXPECT_EQ(Run().failed, 4U) << "nothing has changed";
    auto files = Files();
    for (const char* file : {"set/wnids.txt", "set/val/n01440764/a.pgm", "inc.ini", "deeper.ini"})
    {
        files.emplace_back(file);
    }
    for (const auto& name : files)
    {
        const auto before = ReadText(m_folder.Path() / name);
        auto changed = before;
        changed.back() = changed.back() == 'x' ? 'y' : 'x'; // of the same length
        if (name == "inc.ini" || name == "deeper.ini")
        {
            changed = before + "# more\n";
        }
        if (name == "set/wnids.txt")
        {
            changed = before + "n09999999\n";
        }
        m_folder.Write(name, changed);
        ExpectLine(ErrorOf([&]() { Run(); }), {Path(name), "has changed", "--out"});
        m_folder.Write(name, before);
        EXPECT_EQ(Run().failed, 4U) << name << " is as it was";
    }
    // Gone, and come.
    fs::rename(Path("far.csv"), Path("far-away.csv"));
    ExpectLine(ErrorOf([&]() { Run(); }), {Path("far.csv"), "no longer there"});
    fs::rename(Path("far-away.csv"), Path("far.csv"));
    m_folder.Write("set/val/n01440764/b.pgm", std::string("P5 1 1 255\nb"));
    ExpectLine(ErrorOf([&]() { Run(); }), {"b.pgm", "new"});
    fs::remove(Path("set/val/n01440764/b.pgm"));
    EXPECT_EQ(Run().failed, 4U);
    // What no key names does not count.
    m_folder.Write("models/three.pt", std::string("new"));
    EXPECT_EQ(Run().failed, 4U);
}

TEST_F(InputFilesTest, WhatChangesDuringASweepIsSeenAtItsEnd)
{
    m_folder.Write("bin/change", std::string("another"));
    m_folder.Write("bin/what", Path("places.csv"));
    ExpectLine(ErrorOf([&]() { Run(); }), {Path("places.csv"), "has changed"});
    EXPECT_FALSE(fs::exists(m_folder.Path() / "out/a.csv"));
}

TEST_F(InputFilesTest, OfARunOnlyWhatItReads)
{
    const auto names = [](const ScenarioValues& values) {
        std::string text;
        for (const auto& file : InputFilesOf(values))
        {
            text += file.key + " " + file.path.filename().string() + "\n";
        }
        return text;
    };
    const auto table = OptionsOfProgram("limitnet-nbiot-scenario");
    EXPECT_EQ(names(table.Parse({"--codec.model=one", "--codec.classifier=own"})),
              "codec.model one.pt\ncodec.model one.int8\ncodec.classifier own.pt\n");
    EXPECT_EQ(names(table.Parse({"--codec.model=one",
                                 "--codec.classifier=own",
                                 "--codec.encoder=float",
                                 "--nbiot.base_station_positions=" + Path("gateways.csv")})),
              "codec.model one.pt\ncodec.classifier own.pt\n"
              "nbiot.base_station_positions gateways.csv\n");
    EXPECT_EQ(names(table.Parse({"--codec.name=jpeg", "--codec.classifier=own"})),
              "codec.classifier own.pt\n");
    EXPECT_EQ(names(table.Parse({"--codec.name=jpeg",
                                 "--codec.classifier=none-such",
                                 "--nbiot.base_station_positions=0,0; 1,1"})),
              "");
}

TEST_F(InputFilesTest, ARunsRecordIsStillAScenarioFile)
{
    const auto table = OptionsOfProgram("limitnet-lora-scenario");
    const auto values = table.Parse({"--codec.model=one", "--codec.classifier=own"});
    const ImageFolder dataset(m_folder.Path() / "set");
    std::ostringstream ini;
    values.WriteIni(ini);
    WriteInputs(ini, values, dataset, {0});
    // sha256sum's.
    for (const char* line : {"# codec.model: one.pt "
                             "06251ba0821335194be299575b7653e4789be07a6318331e02cbecdd3b499656",
                             "# images.dataset: 1 pictures of set "})
    {
        EXPECT_NE(ini.str().find(line), std::string::npos) << line << "\n" << ini.str();
    }
    const auto again = table.Parse({"--scenario=" + m_folder.Write("run.ini", ini.str()).string()});
    EXPECT_EQ(again.All(), values.All());
}

} // namespace
} // namespace limitnet
