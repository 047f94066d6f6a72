// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/temporary-folder.h"
#include "limitnet/evaluation/prediction-cache.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace limitnet;

namespace
{

constexpr uint64_t MEBIBYTE = 1 << 20;

PredictionCache::Key
KeyOf(unsigned number)
{
    // Spread over the tree, as checksums are.
    PredictionCache::Key key{};
    for (unsigned i = 0; i < 4; ++i)
    {
        key[i] = static_cast<uint8_t>((number * 2654435761U) >> (8 * i));
        key[i + 8] = static_cast<uint8_t>(number >> (8 * i));
    }
    return key;
}

/** Runs SQL on the file behind the cache's back. */
void
Execute(const std::filesystem::path& file, const std::string& sql)
{
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

class PredictionCacheTest : public testing::Test
{
  protected:
    TemporaryFolder m_folder{testing::TempDir(), "prediction-cache"};
    std::filesystem::path m_file = m_folder.Path() / "sub" / "predictions.sqlite";
};

} // namespace

TEST_F(PredictionCacheTest, WhatIsStoredIsFoundByOthersAndLater)
{
    {
        PredictionCache cache(m_file, MEBIBYTE);
        EXPECT_FALSE(cache.Find(KeyOf(1)));
        cache.Store(KeyOf(1), {7, 0.123456789012345});
        cache.Store(KeyOf(2), {-1, 0});
        PredictionCache other(m_file, MEBIBYTE);
        ASSERT_TRUE(other.Find(KeyOf(1)));
        EXPECT_EQ(other.Find(KeyOf(1))->label, 7);
    }
    PredictionCache cache(m_file, MEBIBYTE);
    ASSERT_TRUE(cache.Find(KeyOf(1)) && cache.Find(KeyOf(2)));
    EXPECT_EQ(cache.Find(KeyOf(1))->confidence, 0.123456789012345);
    EXPECT_EQ(cache.Find(KeyOf(2))->label, -1);
    EXPECT_FALSE(cache.Find(KeyOf(3)));
    EXPECT_EQ(cache.Size(), 2U);
    EXPECT_EQ(cache.Problem(), "");
}

TEST_F(PredictionCacheTest, KeepsTheQualityToo)
{
    {
        PredictionCache cache(m_file, MEBIBYTE);
        Evaluation evaluation(5, 0.5);
        evaluation.psnrDb = 28.125;
        evaluation.ssim = 0.875;
        cache.Store(KeyOf(1), evaluation);
        cache.Store(KeyOf(2), {6, 0.25});
    }
    PredictionCache cache(m_file, MEBIBYTE);
    ASSERT_TRUE(cache.Find(KeyOf(1)) && cache.Find(KeyOf(2)));
    EXPECT_EQ(cache.Find(KeyOf(1))->psnrDb, 28.125);
    EXPECT_EQ(cache.Find(KeyOf(1))->ssim, 0.875);
    EXPECT_FALSE(cache.Find(KeyOf(2))->psnrDb);
    EXPECT_FALSE(cache.Find(KeyOf(2))->ssim);
}

TEST_F(PredictionCacheTest, TakesOverWhatTheFirstVersionKept)
{
    std::filesystem::create_directories(m_file.parent_path());
    Execute(m_file,
            "CREATE TABLE prediction (key BLOB PRIMARY KEY, label INTEGER, confidence REAL,"
            " used INTEGER, claimed INTEGER) WITHOUT ROWID;"
            "INSERT INTO prediction VALUES (zeroblob(32), 4, 0.5, 20000, NULL);"
            "PRAGMA application_id=0x4c4e6574; PRAGMA user_version=1");
    PredictionCache cache(m_file, MEBIBYTE);
    ASSERT_TRUE(cache.Find(PredictionCache::Key{}));
    EXPECT_EQ(cache.Find(PredictionCache::Key{})->label, 4);
    Evaluation evaluation(5, 0.5);
    evaluation.psnrDb = 30;
    cache.Store(KeyOf(1), evaluation);
    EXPECT_EQ(PredictionCache(m_file, MEBIBYTE).Find(KeyOf(1))->psnrDb, 30);
}

TEST_F(PredictionCacheTest, AClaimKeepsOthersAwayUntilItIsOver)
{
    PredictionCache mine(m_file, MEBIBYTE);
    PredictionCache other(m_file, MEBIBYTE);
    Evaluation known;
    EXPECT_EQ(mine.Claim(KeyOf(1), known), PredictionCache::Owner::NOBODY);
    EXPECT_EQ(other.Claim(KeyOf(1), known), PredictionCache::Owner::OTHERS);
    EXPECT_FALSE(other.Find(KeyOf(1))) << "a claim is no prediction";
    mine.Store(KeyOf(1), {3, 0.5});
    EXPECT_EQ(other.Claim(KeyOf(1), known), PredictionCache::Owner::KNOWN);
    EXPECT_EQ(known.label, 3);

    // Whoever made this one was killed long ago.
    EXPECT_EQ(mine.Claim(KeyOf(2), known), PredictionCache::Owner::NOBODY);
    Execute(m_file, "UPDATE prediction SET claimed = claimed - 1000");
    EXPECT_EQ(other.Claim(KeyOf(2), known), PredictionCache::Owner::NOBODY);
    // Or its clock was wrong.
    Execute(m_file, "UPDATE prediction SET claimed = claimed + 1000000");
    EXPECT_EQ(mine.Claim(KeyOf(2), known), PredictionCache::Owner::NOBODY);
}

TEST_F(PredictionCacheTest, WhoWaitsTakesNoLock)
{
    using Sharing = PredictionCache::Sharing;
    for (const auto sharing : {Sharing::ONE_MACHINE, Sharing::MACHINES})
    {
        const auto file = m_folder.Path() / std::to_string(static_cast<int>(sharing));
        PredictionCache mine(file, MEBIBYTE, sharing);
        PredictionCache other(file, MEBIBYTE, sharing);
        Evaluation known;
        EXPECT_EQ(mine.Claim(KeyOf(1), known), PredictionCache::Owner::NOBODY);
        mine.Store(KeyOf(2), {7, 0.5});
        // Somebody writes, for as long as it takes.
        sqlite3* writer = nullptr;
        ASSERT_EQ(sqlite3_open(file.c_str(), &writer), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(writer, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
        EXPECT_EQ(other.Claim(KeyOf(1), known), PredictionCache::Owner::OTHERS);
        EXPECT_EQ(other.Claim(KeyOf(2), known), PredictionCache::Owner::KNOWN);
        EXPECT_EQ(known.label, 7);
        sqlite3_close(writer);
        EXPECT_EQ(other.Problem(), "");
    }
}

TEST_F(PredictionCacheTest, OfEqualPicturesItHasANumber)
{
    PredictionCache cache(m_file, MEBIBYTE);
    cache.Store(KeyOf(1), {3, 0.5});
    Execute(m_file, "UPDATE prediction SET psnr_db = 9e999"); // as it was kept before
    EXPECT_EQ(cache.Find(KeyOf(1))->psnrDb, 100);
}

/** Programs on two machines share files and locks, and no memory: SQLite's index of a write-ahead
 * log (NAME-shm) must not be there. One of them is killed again and again. */
TEST_F(PredictionCacheTest, TwoMachinesDoNotSpoilIt)
{
    {
        // One that was made before, by programs of one machine.
        PredictionCache cache(m_file, MEBIBYTE, PredictionCache::Sharing::ONE_MACHINE);
        cache.Store(KeyOf(0), {0, 0.5});
    }
    const auto beside = [&](const char* ending) {
        return std::filesystem::path(m_file.string() + ending);
    };
    const auto work = [&](unsigned first, unsigned count) {
        PredictionCache cache(m_file, 100 * MEBIBYTE, PredictionCache::Sharing::MACHINES);
        for (unsigned i = first; i < first + count; ++i)
        {
            Evaluation known;
            if (cache.Claim(KeyOf(i), known) == PredictionCache::Owner::NOBODY)
            {
                cache.Store(KeyOf(i), {static_cast<int>(i), 0.5});
            }
            if (std::filesystem::exists(beside("-shm")) ||
                std::filesystem::exists(beside("-wal")) || !cache.Problem().empty())
            {
                return false;
            }
        }
        return true;
    };
    const pid_t steady = fork();
    if (steady == 0)
    {
        _exit(work(1, 400) ? 0 : 1);
    }
    for (int round = 0; round < 10; ++round)
    {
        const pid_t killed = fork();
        if (killed == 0)
        {
            _exit(work(1000, 100000) ? 0 : 1);
        }
        usleep(30000);
        kill(killed, SIGKILL);
        int status = 0;
        waitpid(killed, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status));
    }
    int status = 0;
    waitpid(steady, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    // A program that sees the folder as one of its own machine does not change it.
    PredictionCache cache(m_file, 100 * MEBIBYTE, PredictionCache::Sharing::ONE_MACHINE);
    for (unsigned i = 0; i <= 400; ++i)
    {
        ASSERT_TRUE(cache.Find(KeyOf(i))) << i;
        EXPECT_EQ(cache.Find(KeyOf(i))->label, static_cast<int>(i));
    }
    EXPECT_FALSE(std::filesystem::exists(beside("-shm")));
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(m_file.c_str(), &database), SQLITE_OK);
    std::string found;
    const auto keep = [](void* text, int, char** values, char**) {
        *static_cast<std::string*>(text) += values[0];
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, "PRAGMA integrity_check", keep, &found, nullptr), SQLITE_OK);
    sqlite3_close(database);
    EXPECT_EQ(found, "ok");
}

TEST_F(PredictionCacheTest, SurvivesAKill)
{
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0)
    {
        PredictionCache cache(m_file, MEBIBYTE);
        for (unsigned i = 0;; ++i)
        {
            cache.Store(KeyOf(i), {static_cast<int>(i), 0.5});
            if (i == 500 && write(ready[1], "x", 1) != 1)
            {
                _exit(1);
            }
        }
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    close(ready[0]);
    close(ready[1]);

    PredictionCache cache(m_file, 100 * MEBIBYTE);
    for (unsigned i = 0; i <= 500; ++i)
    {
        const auto found = cache.Find(KeyOf(i));
        ASSERT_TRUE(found) << i;
        EXPECT_EQ(found->label, static_cast<int>(i));
    }
    EXPECT_EQ(cache.Problem(), "");
}

TEST_F(PredictionCacheTest, ManyMayOpenANewOneAtOnce)
{
    constexpr int PROGRAMS = 6;
    for (int round = 0; round < 15; ++round)
    {
        const auto file = m_folder.Path() / std::to_string(round);
        int start[2];
        ASSERT_EQ(pipe(start), 0);
        std::vector<pid_t> programs;
        for (int i = 0; i < PROGRAMS; ++i)
        {
            programs.push_back(fork());
            if (programs.back() == 0)
            {
                close(start[1]);
                char byte = 0;
                const bool asked = read(start[0], &byte, 1) == 0; // all at the same moment
                try
                {
                    PredictionCache cache(file, MEBIBYTE);
                    cache.Store(KeyOf(static_cast<unsigned>(i)), {i, 0.5});
                    _exit(asked && cache.Problem().empty() ? 0 : 2);
                }
                catch (const Error&)
                {
                    _exit(1);
                }
            }
        }
        close(start[0]);
        close(start[1]);
        for (const pid_t program : programs)
        {
            int status = 0;
            waitpid(program, &status, 0);
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
        }
        EXPECT_EQ(PredictionCache(file, MEBIBYTE).Size(), static_cast<uint64_t>(PROGRAMS));
    }
}

TEST_F(PredictionCacheTest, ForgetsWhatWasNotUsedForLongestBeyondItsLimit)
{
    constexpr unsigned OLD = 5000;
    constexpr unsigned MANY = 100000; // far more than a mebibyte holds
    PredictionCache cache(m_file, MEBIBYTE);
    for (unsigned i = 0; i < OLD; ++i)
    {
        cache.Store(KeyOf(i), {1, 0.5});
    }
    Execute(m_file, "UPDATE prediction SET used = used - 10");
    EXPECT_TRUE(cache.Find(KeyOf(5))) << "used today";
    unsigned stored = OLD;
    while (stored < MANY && cache.Size() == stored)
    {
        for (int i = 0; i < 1000; ++i)
        {
            cache.Store(KeyOf(stored++), {1, 0.5});
        }
    }
    ASSERT_LT(stored, MANY);
    const auto left = cache.Size();
    EXPECT_NEAR(static_cast<double>(left), 0.75 * stored, 2) << "a quarter goes";
    EXPECT_TRUE(cache.Find(KeyOf(5)));
    unsigned old = 0;
    for (unsigned i = 0; i < stored; ++i)
    {
        const bool found = cache.Find(KeyOf(i)).has_value();
        EXPECT_TRUE(found || i < OLD) << i;
        old += found && i < OLD ? 1 : 0;
    }
    EXPECT_EQ(left, stored - OLD + old) << "of the old ones only";
    for (unsigned i = stored; i < MANY; ++i)
    {
        cache.Store(KeyOf(i), {1, 0.5});
    }
    EXPECT_LT(std::filesystem::file_size(m_file), MEBIBYTE * 5 / 4);
}

TEST_F(PredictionCacheTest, WhatIsNoCacheIsRefusedInOneLine)
{
    std::filesystem::create_directories(m_file.parent_path());
    std::ofstream(m_file) << std::string(5000, 'x');
    const auto message = [&] {
        try
        {
            PredictionCache cache(m_file, MEBIBYTE);
        }
        catch (const Error& error)
        {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_NE(message().find(m_file.string()), std::string::npos);
    EXPECT_EQ(message().find('\n'), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(m_file), 5000U) << "it is left alone";

    std::filesystem::remove(m_file);
    Execute(m_file, "CREATE TABLE something (x)");
    EXPECT_NE(message().find("other tables"), std::string::npos);

    m_file = "/proc/nowhere/predictions.sqlite";
    EXPECT_NE(message().find("/proc/nowhere"), std::string::npos);
}

TEST_F(PredictionCacheTest, OnAFullDiskResultsGoOn)
{
    PredictionCache cache(m_file, MEBIBYTE);
    cache.Store(KeyOf(1), {7, 0.5});

    // A limit on the size of files does what a full disk does.
    struct Limited
    {
        Limited()
        {
            std::signal(SIGXFSZ, SIG_IGN);
            getrlimit(RLIMIT_FSIZE, &m_before);
            rlimit small = m_before;
            small.rlim_cur = 4096;
            setrlimit(RLIMIT_FSIZE, &small);
        }

        ~Limited()
        {
            setrlimit(RLIMIT_FSIZE, &m_before);
        }

        rlimit m_before{};
    };

    {
        const Limited limited;
        for (unsigned i = 2; i < 2000; ++i)
        {
            cache.Store(KeyOf(i), {1, 0.5});
        }
    }
    EXPECT_NE(cache.Problem(), "");
    EXPECT_EQ(cache.Problem().find('\n'), std::string::npos);
    EXPECT_FALSE(cache.Find(KeyOf(1))) << "it is out of use for this program";
    Evaluation known;
    EXPECT_EQ(cache.Claim(KeyOf(1), known), PredictionCache::Owner::NOBODY);
    EXPECT_TRUE(PredictionCache(m_file, MEBIBYTE).Find(KeyOf(1))) << "and whole for the next";
}
