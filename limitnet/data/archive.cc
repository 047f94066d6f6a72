// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/archive.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/temporary-folder.h"

#include <archive.h>
#include <archive_entry.h>
#include <cstdint>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

namespace limitnet
{

namespace
{

struct ArchiveFree
{
    void operator()(struct archive* reader) const
    {
        archive_read_free(reader);
    }
};

using ArchiveReader = std::unique_ptr<struct archive, ArchiveFree>;

[[noreturn]] void
FailReading(const std::filesystem::path& archive, struct archive* reader)
{
    const char* reason = archive_error_string(reader);
    throw Error(archive.string() + ": damaged or truncated archive" +
                (reason ? std::string{": "} + reason : std::string{}));
}

/** Keeps an entry inside the folder it is unpacked to. */
std::filesystem::path
SafeRelative(const std::string& name, const std::filesystem::path& archive)
{
    const std::filesystem::path path = std::filesystem::path{name}.lexically_normal();
    if (path.empty() || path.is_absolute() || *path.begin() == "..")
    {
        throw Error(archive.string() + ": refused: its entry '" + name + "' leaves the folder");
    }
    return path;
}

/** FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv): a short name for a folder. */
std::string
ShortHash(const std::string& text)
{
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text)
    {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    std::string digits;
    for (int shift = 60; shift >= 0; shift -= 4)
    {
        digits += "0123456789abcdef"[(hash >> shift) & 15];
    }
    return digits;
}

} // namespace

void
ExtractArchive(const std::filesystem::path& archive, const std::filesystem::path& folder)
{
    const ArchiveReader reader(archive_read_new());
    if (!reader)
    {
        throw Error(archive.string() + ": no memory to read it");
    }
    archive_read_support_filter_all(reader.get());
    archive_read_support_format_tar(reader.get());
    constexpr std::size_t BLOCK = 1 << 18;
    if (archive_read_open_filename(reader.get(), archive.c_str(), BLOCK) != ARCHIVE_OK)
    {
        FailReading(archive, reader.get());
    }
    std::vector<char> buffer(BLOCK);
    bool any = false;
    for (;;)
    {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF)
        {
            break;
        }
        if (status < ARCHIVE_WARN)
        {
            FailReading(archive, reader.get());
        }
        const char* name = archive_entry_pathname(entry);
        if (!name || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        {
            continue;
        }
        const std::filesystem::path path = folder / SafeRelative(name, archive);
        std::error_code problem;
        std::filesystem::create_directories(path.parent_path(), problem);
        std::ofstream out(path, std::ios::binary);
        la_ssize_t got = 0;
        while (out && (got = archive_read_data(reader.get(), buffer.data(), buffer.size())) > 0)
        {
            out.write(buffer.data(), got);
        }
        if (got < 0)
        {
            FailReading(archive, reader.get());
        }
        out.close();
        if (!out)
        {
            throw Error(path.string() + ": cannot be written: is the disk full?");
        }
        any = true;
    }
    if (!any)
    {
        throw Error(archive.string() + ": no files in this archive");
    }
}

std::filesystem::path
ExtractOnce(const std::filesystem::path& archive)
{
    std::error_code problem;
    const std::filesystem::path canonical = std::filesystem::canonical(archive, problem);
    const auto size = problem ? 0 : std::filesystem::file_size(canonical, problem);
    if (problem)
    {
        throw Error(archive.string() + ": cannot be read: " + problem.message());
    }
    const auto time = std::filesystem::last_write_time(canonical, problem).time_since_epoch();
    const std::string key =
        canonical.string() + '\n' + std::to_string(size) + '\n' + std::to_string(time.count());
    const std::filesystem::path parent = CacheDir() / "unpacked";
    const std::filesystem::path target =
        parent / (canonical.filename().string() + "-" + ShortHash(key));
    if (!std::filesystem::is_directory(target, problem))
    {
        TemporaryFolder partial(parent, canonical.filename().string());
        ExtractArchive(canonical, partial.Path());
        partial.MoveIntoPlace(partial.Path(), target);
    }
    return target;
}

} // namespace limitnet
