// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/prediction-cache.h"

#include "limitnet/codec/error.h"
#include "limitnet/evaluation/image-quality.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <mutex>
#include <sqlite3.h>
#include <sys/vfs.h>
#include <thread>
#include <vector>

namespace limitnet
{

namespace
{

/** Of the tables below. A database with another one is refused, but for the first, which had no
 * psnr_db and ssim and gets them. */
constexpr int SCHEMA = 2;
constexpr int FIRST_SCHEMA = 1;
/** Tells our databases from others (PRAGMA application_id). */
constexpr int APPLICATION = 0x4c4e6574; // "LNet"
/** Programs that share the database wait so long for each other's writing. */
constexpr int BUSY_MS = 10000;
constexpr uint64_t LEAST_LIMIT = 1 << 20;
/** After so many predictions the size is looked at. */
constexpr int STORES_PER_CHECK = 1000;

/** Where the database's header says how it is written: 2 with a write-ahead log (SQLite, Database
 * File Format, 1.3). */
constexpr std::streamoff FORMAT_AT = 18;
constexpr char WITH_LOG = 2;

/**
 * A write-ahead log keeps its index in memory that all programs share, which those on different
 * machines cannot (SQLite, Write-Ahead Logging, 1.). So it is used on file systems that are known
 * to be of one machine, and on any other the rollback journal, which is right on both.
 */
bool
IsOfOneMachine(const std::filesystem::path& folder)
{
    // As in Linux' magic.h, and by the file systems' own headers for those that are not there.
    constexpr std::array<unsigned long, 16> LOCAL{0xEF53,      // ext2, ext3, ext4
                                                  0x58465342,  // XFS
                                                  0x9123683E,  // Btrfs
                                                  0x01021994,  // tmpfs
                                                  0x858458F6,  // ramfs
                                                  0x794C7630,  // overlayfs
                                                  0xF2F52010,  // F2FS
                                                  0x2FC12FC1,  // ZFS
                                                  0xCA451A4E,  // bcachefs
                                                  0x3153464A,  // JFS
                                                  0x52654973,  // ReiserFS
                                                  0x3434,      // NILFS
                                                  0xF15F,      // eCryptfs
                                                  0x4D44,      // FAT
                                                  0x2011BAB0,  // exFAT
                                                  0x5346544E}; // NTFS
    struct statfs about;
    return statfs(folder.empty() ? "." : folder.c_str(), &about) == 0 &&
           std::find(LOCAL.begin(), LOCAL.end(), static_cast<unsigned long>(about.f_type)) !=
               LOCAL.end();
}

/** \return whether a database is there, and has a write-ahead log */
bool
HasLog(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    in.seekg(FORMAT_AT);
    char format = 0;
    return in.get(format) && format == WITH_LOG;
}

int64_t
Today()
{
    constexpr int64_t DAY_S = 86400;
    return std::time(nullptr) / DAY_S;
}

} // namespace

struct PredictionCache::Database
{
    struct Close
    {
        void operator()(sqlite3* database) const
        {
            sqlite3_close(database);
        }

        void operator()(sqlite3_stmt* statement) const
        {
            sqlite3_finalize(statement);
        }
    };

    using Statement = std::unique_ptr<sqlite3_stmt, Close>;

    /** What sqlite says of its last call. */
    struct Failure
    {
        int code;
        std::string message;
    };

    Database(std::filesystem::path path, uint64_t limitBytes, bool sharedMemory)
        : file(std::move(path)),
          limit(std::max(limitBytes, LEAST_LIMIT)),
          mayHaveLog(sharedMemory)
    {
        sqlite3* opened = nullptr;
        const int code =
            sqlite3_open_v2(file.c_str(),
                            &opened,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                            nullptr);
        handle.reset(opened);
        Check(code);
        sqlite3_busy_timeout(handle.get(), BUSY_MS);
    }

    void Check(int code) const
    {
        if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        {
            throw Failure{code, sqlite3_errmsg(handle.get())};
        }
    }

    void Do(const std::string& sql) const
    {
        Check(sqlite3_exec(handle.get(), sql.c_str(), nullptr, nullptr, nullptr));
    }

    Statement Prepare(const char* sql) const
    {
        sqlite3_stmt* statement = nullptr;
        Check(sqlite3_prepare_v3(handle.get(),
                                 sql,
                                 -1,
                                 SQLITE_PREPARE_PERSISTENT,
                                 &statement,
                                 nullptr));
        return Statement(statement);
    }

    /** \return the first column of the first row */
    int64_t Number(const char* sql) const
    {
        const auto statement = Prepare(sql);
        Check(sqlite3_step(statement.get()));
        return sqlite3_column_int64(statement.get(), 0);
    }

    /** Others may do the same at this moment, and SQLite does not wait for them in each case. */
    void SetUp()
    {
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(BUSY_MS);
        while (true)
        {
            try
            {
                MakeTables();
                break;
            }
            catch (const Failure& failure)
            {
                RollBack();
                if ((failure.code != SQLITE_BUSY && failure.code != SQLITE_LOCKED) ||
                    std::chrono::steady_clock::now() > until)
                {
                    throw;
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
        PrepareStatements();
        KeepWithinLimit();
    }

    void RollBack() const
    {
        if (sqlite3_get_autocommit(handle.get()) == 0)
        {
            sqlite3_exec(handle.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }

    void MakeTables() const
    {
        if (!mayHaveLog)
        {
            if (HasLog(file))
            {
                // Without shared memory such a database may be opened by one program alone.
                Do("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE");
            }
            // Also when others were in the way the last time; the lock goes with the next reading.
            Do("PRAGMA locking_mode=NORMAL; SELECT count(*) FROM sqlite_master");
        }
        Do("BEGIN IMMEDIATE");
        const bool isNew = Number("PRAGMA application_id") != APPLICATION;
        // Before anything is written: is it ours?
        if (Number("PRAGMA application_id") != APPLICATION)
        {
            if (Number("SELECT count(*) FROM sqlite_master") != 0)
            {
                throw Failure{SQLITE_NOTADB, "it has other tables"};
            }
        }
        else if (Number("PRAGMA user_version") == FIRST_SCHEMA)
        {
            Do("ALTER TABLE prediction ADD COLUMN psnr_db REAL;"
               "ALTER TABLE prediction ADD COLUMN ssim REAL");
        }
        else if (Number("PRAGMA user_version") != SCHEMA)
        {
            throw Failure{SQLITE_NOTADB, "it was made by another version of the program"};
        }
        // label is NULL as long as somebody computes it; claimed: until when, s.
        Do(fmt::format("CREATE TABLE IF NOT EXISTS prediction (key BLOB PRIMARY KEY, label INTEGER,"
                       " confidence REAL, used INTEGER, claimed INTEGER, psnr_db REAL, ssim REAL)"
                       " WITHOUT ROWID;"
                       "PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
                       APPLICATION,
                       SCHEMA));
        // With a log, readers and a writer do not hinder each other; a commit waits for no disk, so
        // that a power cut may undo the last ones, and a kill none. One that is there without a log
        // may be used from other machines at this moment, and stays so.
        if (mayHaveLog && isNew)
        {
            Do("PRAGMA journal_mode=WAL");
        }
        Do("PRAGMA synchronous=NORMAL");
    }

    void PrepareStatements()
    {
        find = Prepare("SELECT label, confidence, used, claimed, psnr_db, ssim FROM prediction"
                       " WHERE key = ?1");
        touch = Prepare("UPDATE prediction SET used = ?2 WHERE key = ?1");
        claim = Prepare("INSERT OR REPLACE INTO prediction (key, used, claimed)"
                        " VALUES (?1, ?2, ?3)");
        store = Prepare("INSERT OR REPLACE INTO prediction (key, label, confidence, used, psnr_db,"
                        " ssim) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
    }

    void Step(const Statement& statement) const
    {
        const int code = sqlite3_step(statement.get());
        sqlite3_reset(statement.get());
        Check(code);
    }

    static void BindKey(const Statement& statement, const Key& key)
    {
        sqlite3_bind_blob(statement.get(), 1, key.data(), static_cast<int>(key.size()), nullptr);
    }

    /** A row. */
    struct Row
    {
        std::optional<Evaluation> evaluation;
        int64_t used{0};
        int64_t claimed{0};
    };

    /** \return a number of the row that was found; nothing for NULL */
    std::optional<double> NumberAt(int column) const
    {
        return sqlite3_column_type(find.get(), column) == SQLITE_NULL
                   ? std::nullopt
                   : std::optional(sqlite3_column_double(find.get(), column));
    }

    std::optional<Row> Look(const Key& key) const
    {
        BindKey(find, key);
        const int code = sqlite3_step(find.get());
        std::optional<Row> row;
        if (code == SQLITE_ROW)
        {
            row.emplace();
            if (sqlite3_column_type(find.get(), 0) != SQLITE_NULL)
            {
                Evaluation evaluation;
                evaluation.label = sqlite3_column_int(find.get(), 0);
                evaluation.confidence = sqlite3_column_double(find.get(), 1);
                evaluation.psnrDb = NumberAt(4);
                if (evaluation.psnrDb)
                {
                    // Databases of before say that of equal pictures it is infinite.
                    evaluation.psnrDb = std::min(*evaluation.psnrDb, MAX_PSNR_DB);
                }
                evaluation.ssim = NumberAt(5);
                row->evaluation = evaluation;
            }
            row->used = sqlite3_column_int64(find.get(), 2);
            row->claimed = sqlite3_column_int64(find.get(), 3);
        }
        sqlite3_reset(find.get());
        Check(code);
        return row;
    }

    void KeepWithinLimit() const
    {
        const auto used = [&] {
            return static_cast<uint64_t>(Number("PRAGMA page_count") -
                                         Number("PRAGMA freelist_count")) *
                   static_cast<uint64_t>(Number("PRAGMA page_size"));
        };
        if (used() > limit)
        {
            Do("DELETE FROM prediction WHERE key IN (SELECT key FROM prediction ORDER BY used"
               " LIMIT (SELECT count(*) / 4 FROM prediction))");
        }
    }

    /** Runs something that may fail for reasons of the disk; then nothing is kept any more. */
    template <class Work>
    void Try(Work work)
    {
        const std::lock_guard lock(mutex);
        if (!problem.empty())
        {
            return;
        }
        try
        {
            work();
        }
        catch (const Failure& failure)
        {
            RollBack();
            problem =
                fmt::format("{}: {}; predictions are not kept", file.string(), failure.message);
        }
    }

    std::filesystem::path file;
    uint64_t limit;
    bool mayHaveLog; // whether all who use it share memory
    std::unique_ptr<sqlite3, Close> handle;
    Statement find;
    Statement touch;
    Statement claim;
    Statement store;
    Statement begin;
    Statement commit;
    mutable std::mutex mutex;
    std::string problem;
    int stores{0};
};

PredictionCache::PredictionCache(const std::filesystem::path& file,
                                 uint64_t limitBytes,
                                 Sharing sharing)
{
    try
    {
        std::error_code ignored;
        std::filesystem::create_directories(file.parent_path(), ignored);
        const bool sharedMemory = sharing == Sharing::BY_FILE_SYSTEM
                                      ? IsOfOneMachine(file.parent_path())
                                      : sharing == Sharing::ONE_MACHINE;
        m_database = std::make_unique<Database>(file, limitBytes, sharedMemory);
        m_database->SetUp();
    }
    catch (const Database::Failure& failure)
    {
        throw Error(
            fmt::format("{}: cannot be used to keep predictions: {}; remove it, name another "
                        "file, or keep none",
                        file.string(),
                        failure.message));
    }
}

PredictionCache::~PredictionCache() = default;

std::optional<Evaluation>
PredictionCache::Find(const Key& key)
{
    std::optional<Evaluation> found;
    m_database->Try([&] {
        const auto row = m_database->Look(key);
        if (!row || !row->evaluation)
        {
            return;
        }
        found = row->evaluation;
        if (row->used != Today())
        {
            Database::BindKey(m_database->touch, key);
            sqlite3_bind_int64(m_database->touch.get(), 2, Today());
            m_database->Step(m_database->touch);
        }
    });
    return found;
}

PredictionCache::Owner
PredictionCache::Claim(const Key& key, Evaluation& known)
{
    auto owner = Owner::NOBODY;
    const auto look = [&] {
        const auto row = m_database->Look(key);
        const int64_t now = std::time(nullptr);
        if (row && row->evaluation)
        {
            known = *row->evaluation;
            return Owner::KNOWN;
        }
        return row && row->claimed > now && row->claimed <= now + CLAIM_SECONDS ? Owner::OTHERS
                                                                                : Owner::NOBODY;
    };
    m_database->Try([&] {
        // Who waits for others asks again and again: that must not keep them from writing.
        owner = look();
        if (owner != Owner::NOBODY)
        {
            return;
        }
        m_database->Step(m_database->begin);
        owner = look();
        if (owner == Owner::NOBODY)
        {
            const int64_t now = std::time(nullptr);
            const auto& claim = m_database->claim;
            Database::BindKey(claim, key);
            sqlite3_bind_int64(claim.get(), 2, Today());
            sqlite3_bind_int64(claim.get(), 3, now + CLAIM_SECONDS);
            m_database->Step(claim);
        }
        m_database->Step(m_database->commit);
    });
    return owner;
}

void
PredictionCache::Store(const Key& key, const Evaluation& evaluation)
{
    m_database->Try([&] {
        const auto& store = m_database->store;
        Database::BindKey(store, key);
        const auto bind = [&](int place, const std::optional<double>& number) {
            number ? sqlite3_bind_double(store.get(), place, *number)
                   : sqlite3_bind_null(store.get(), place);
        };
        sqlite3_bind_int(store.get(), 2, evaluation.label);
        sqlite3_bind_double(store.get(), 3, evaluation.confidence);
        sqlite3_bind_int64(store.get(), 4, Today());
        bind(5, evaluation.psnrDb);
        bind(6, evaluation.ssim);
        m_database->Step(store);
        if (++m_database->stores % STORES_PER_CHECK == 0)
        {
            m_database->KeepWithinLimit();
        }
    });
}

uint64_t
PredictionCache::Size()
{
    uint64_t size = 0;
    m_database->Try([&] {
        size = static_cast<uint64_t>(
            m_database->Number("SELECT count(*) FROM prediction WHERE label IS NOT NULL"));
    });
    return size;
}

std::string
PredictionCache::Problem() const
{
    const std::lock_guard lock(m_database->mutex);
    return m_database->problem;
}

} // namespace limitnet
