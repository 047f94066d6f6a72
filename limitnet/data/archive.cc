// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/archive.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "limitnet/data/temporary-folder.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
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

/** A name that libarchive gives in the user's language or, where that has no such letters, UTF-8.
 */
std::string
NameOr(const char* name, const char* utf8)
{
    return name != nullptr ? name : utf8 != nullptr ? utf8 : "";
}

/** An entry that is another name of another entry. */
struct Link
{
    std::string target;         ///< as the archive has it
    std::filesystem::path file; ///< what that is, within the folder
};

/** Makes copies of what links lead to. A link may lead to another one, or to a folder. */
void
ResolveLinks(std::map<std::filesystem::path, Link> links,
             const std::filesystem::path& archive,
             const std::filesystem::path& folder)
{
    while (!links.empty())
    {
        bool any = false;
        for (auto link = links.begin(); link != links.end();)
        {
            const auto& [name, to] = *link;
            // A folder is ready when no link in it is left.
            const bool waits =
                std::any_of(links.begin(), links.end(), [&, &to = to](const auto& other) {
                    const auto way = other.first.lexically_relative(to.file);
                    return !way.empty() && *way.begin() != "..";
                });
            std::error_code problem;
            if (waits || !std::filesystem::exists(folder / to.file, problem))
            {
                ++link;
                continue;
            }
            std::filesystem::create_directories((folder / name).parent_path(), problem);
            problem.clear();
            std::filesystem::copy(folder / to.file,
                                  folder / name,
                                  std::filesystem::copy_options::recursive |
                                      std::filesystem::copy_options::overwrite_existing,
                                  problem);
            if (problem)
            {
                throw Error((folder / name).string() + ": cannot be written: " + problem.message());
            }
            any = true;
            link = links.erase(link);
        }
        if (!any)
        {
            const auto& [name, to] = *links.begin();
            throw Error(archive.string() + ": its entry '" + name.string() + "' is a link to '" +
                        to.target + "', which is not in the archive");
        }
    }
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
    std::map<std::filesystem::path, Link> links;
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
        const std::string name =
            NameOr(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
        if (name.empty())
        {
            throw Error(archive.string() + ": damaged archive: an entry has no name");
        }
        const auto type = archive_entry_filetype(entry);
        const std::string hard =
            NameOr(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
        if (type == AE_IFDIR)
        {
            continue; // is made for the files in it
        }
        const auto relative = SafeRelative(name, archive);
        const std::filesystem::path path = folder / relative;
        if (!hard.empty() || type == AE_IFLNK)
        {
            const std::string target = hard.empty() ? NameOr(archive_entry_symlink(entry),
                                                             archive_entry_symlink_utf8(entry))
                                                    : hard;
            const auto from = hard.empty() ? relative.parent_path() : std::filesystem::path();
            const auto file = (from / target).lexically_normal();
            if (target.empty() || file.is_absolute() || *file.begin() == "..")
            {
                throw Error(archive.string() + ": refused: its entry '" + name +
                            "' is a link to '" + target + "', which is not in the archive");
            }
            links[relative] = {target, file};
            continue;
        }
        if (type != AE_IFREG)
        {
            throw Error(archive.string() + ": refused: its entry '" + name +
                        "' is neither a file nor a folder nor a link");
        }
        links.erase(relative); // a later entry of the same name counts
        std::error_code problem;
        std::filesystem::create_directories(path.parent_path(), problem);
        errno = 0;
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
            throw Error(path.string() +
                        ": cannot be written: " + std::strerror(errno != 0 ? errno : EIO));
        }
        any = true;
    }
    if (!any)
    {
        throw Error(archive.string() + ": no files in this archive");
    }
    ResolveLinks(std::move(links), archive, folder);
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
    // How it is unpacked: 2 with its links.
    const std::string key = canonical.string() + '\n' + std::to_string(size) + '\n' +
                            std::to_string(time.count()) + "\n2";
    const std::filesystem::path parent = CacheDir() / "unpacked";
    // Of a long name as much as leaves room for what is added to it.
    constexpr std::size_t MOST = 200;
    const std::string name = canonical.filename().string().substr(0, MOST);
    const std::filesystem::path target = parent / (name + "-" + ShortHash(key));
    if (!std::filesystem::is_directory(target, problem))
    {
        TemporaryFolder partial(parent, name);
        ExtractArchive(canonical, partial.Path());
        partial.MoveIntoPlace(partial.Path(), target);
    }
    return target;
}

} // namespace limitnet
