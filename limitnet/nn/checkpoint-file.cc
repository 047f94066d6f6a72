// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/checkpoint-file.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <locale.h> // newlocale and uselocale, of POSIX
#include <optional>
#include <string_view>

namespace limitnet
{

namespace
{

/** What `pickle.dump(0x1950a86a20f9469cfc6c, protocol=2)` writes: the older layout starts so. */
constexpr std::string_view LEGACY_MAGIC{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
                                        15};
constexpr int64_t LEGACY_PROTOCOL = 1001;

struct ArchiveFree
{
    void operator()(struct archive* reader) const
    {
        archive_read_free(reader);
    }
};

using ArchiveReader = std::unique_ptr<struct archive, ArchiveFree>;

[[noreturn]] void
Fail(const std::filesystem::path& path, const std::string& what)
{
    throw Error(fmt::format("{}: {}", path.string(), what));
}

[[noreturn]] void
FailReading(const std::filesystem::path& path, struct archive* reader)
{
    const char* reason = archive_error_string(reader);
    std::string line = reason == nullptr ? "" : reason;
    // Some of libarchive's messages end with the end of a line.
    while (!line.empty() && line.back() == '\n')
    {
        line.pop_back();
    }
    Fail(path, "damaged or truncated checkpoint" + (line.empty() ? "" : ": " + line));
}

/** One record of a zip archive. \return its bytes; longer than `most` is an error */
std::string
ReadRecord(struct archive* reader,
           const std::filesystem::path& path,
           const std::string& name,
           uint64_t most)
{
    std::string bytes;
    std::array<char, 65536> block{};
    while (true)
    {
        const auto got = archive_read_data(reader, block.data(), block.size());
        if (got < 0)
        {
            FailReading(path, reader);
        }
        if (got == 0)
        {
            return bytes;
        }
        if (bytes.size() + static_cast<uint64_t>(got) > most)
        {
            Fail(path,
                 fmt::format("damaged checkpoint: its record '{}' is longer than {} bytes",
                             name,
                             most));
        }
        bytes.append(block.data(), static_cast<size_t>(got));
    }
}

/**
 * Lets this thread have UTF-8 for a while: records are named after the file that was saved, and
 * libarchive gives no name that has letters which the user's language, such as C, does not have.
 */
class WithUtf8
{
  public:
    WithUtf8()
        : m_utf8(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
          m_before(m_utf8 != nullptr ? uselocale(m_utf8) : nullptr)
    {
    }

    ~WithUtf8()
    {
        if (m_utf8 != nullptr)
        {
            uselocale(m_before);
            freelocale(m_utf8);
        }
    }

    WithUtf8(const WithUtf8&) = delete;
    WithUtf8& operator=(const WithUtf8&) = delete;

  private:
    locale_t m_utf8;
    locale_t m_before;
};

/**
 * Go through the records of a zip archive.
 *
 * \param path the file
 * \param visit called with the reader and each record's name; returns whether to go on
 */
void
ForEachRecord(const std::filesystem::path& path,
              const std::function<bool(struct archive*, const std::string&)>& visit)
{
    const WithUtf8 names;
    const ArchiveReader reader(archive_read_new());
    if (!reader)
    {
        Fail(path, "no memory to read it");
    }
    // By the list at its end alone: the other reader would take a file that was cut off there.
    archive_read_support_format_zip_seekable(reader.get());
    constexpr size_t BLOCK = 1 << 16;
    if (archive_read_open_filename(reader.get(), path.c_str(), BLOCK) != ARCHIVE_OK)
    {
        FailReading(path, reader.get());
    }
    while (true)
    {
        struct archive_entry* entry = nullptr;
        const auto result = archive_read_next_header(reader.get(), &entry);
        if (result == ARCHIVE_EOF)
        {
            return;
        }
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
        {
            FailReading(path, reader.get());
        }
        const char* name = archive_entry_pathname(entry);
        if (!visit(reader.get(), name == nullptr ? "" : name))
        {
            return;
        }
    }
}

bool
EndsWith(const std::string& text, const std::string& end)
{
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

} // namespace

CheckpointFile::CheckpointFile(const std::filesystem::path& path)
    : m_path(path)
{
    std::ifstream in(path, std::ios::binary);
    std::string start(LEGACY_MAGIC.size(), '\0');
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    if (!in && in.gcount() == 0)
    {
        Fail(path, "no such file, or it is empty or cannot be read");
    }
    start.resize(static_cast<size_t>(in.gcount()));
    in.close();
    if (start.compare(0, 4, "PK\x03\x04") == 0)
    {
        m_isZip = true;
        ReadZip();
    }
    else if (start == LEGACY_MAGIC)
    {
        ReadLegacy();
    }
    else
    {
        Fail(path, "not a checkpoint that torch.save wrote (neither its zip nor its older layout)");
    }
}

void
CheckpointFile::ReadZip()
{
    std::optional<std::string> pickle;
    std::string byteOrder;
    ForEachRecord(m_path, [&](struct archive* reader, const std::string& name) {
        if (EndsWith(name, "/data.pkl") && !pickle)
        {
            m_prefix = name.substr(0, name.size() - std::string_view("data.pkl").size());
            pickle = ReadRecord(reader, m_path, name, PickleTree::MAX_BYTES);
        }
        else if (EndsWith(name, "/byteorder"))
        {
            byteOrder = ReadRecord(reader, m_path, name, 100);
        }
        else if (EndsWith(name, "/constants.pkl"))
        {
            Fail(
                m_path,
                "a TorchScript archive; needed is what torch.save wrote: a state dict or a module");
        }
        return true;
    });
    if (!pickle)
    {
        Fail(m_path, "not a checkpoint: a zip archive without the record data.pkl");
    }
    if (!byteOrder.empty() && byteOrder != "little")
    {
        Fail(m_path, "its tensors are not little-endian; save it again on a little-endian machine");
    }
    try
    {
        m_tree = std::make_unique<PickleTree>(*pickle);
    }
    catch (const Error& error)
    {
        Fail(m_path, error.what());
    }
}

void
CheckpointFile::ReadLegacy()
{
    std::ifstream in(m_path, std::ios::binary);
    const auto fileBytes = static_cast<uint64_t>(std::filesystem::file_size(m_path));
    std::string start(std::min<uint64_t>(fileBytes, PickleTree::MAX_BYTES), '\0');
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    if (!in)
    {
        Fail(m_path, "cannot be read");
    }
    std::string_view rest(start);
    rest.remove_prefix(LEGACY_MAGIC.size());
    const auto next = [&] {
        try
        {
            auto tree = std::make_unique<PickleTree>(rest);
            rest.remove_prefix(tree->Size());
            return tree;
        }
        catch (const Error& error)
        {
            Fail(m_path, error.what());
        }
    };
    const auto protocol = next();
    if (protocol->Root().kind != PickleValue::Kind::INT ||
        protocol->Root().integer != LEGACY_PROTOCOL)
    {
        Fail(m_path, fmt::format("its layout is not of version {}", LEGACY_PROTOCOL));
    }
    const auto system = next();
    const auto* little = system->Root().Find("little_endian");
    if (little == nullptr || little->integer != 1)
    {
        Fail(m_path, "its tensors are not little-endian; save it again on a little-endian machine");
    }
    m_tree = next();
    const auto keys = next();
    if (keys->Root().kind != PickleValue::Kind::LIST)
    {
        Fail(m_path, "damaged checkpoint: no list of storages");
    }
    uint64_t at = start.size() - rest.size();
    for (const auto* key : keys->Root().items)
    {
        if (key->kind != PickleValue::Kind::STRING || m_tree->Storages().count(key->text) == 0)
        {
            Fail(m_path, "damaged checkpoint: a storage that no tensor uses");
        }
        const auto bytes = StorageBytes(key->text);
        at += sizeof(uint64_t); // the number of elements again
        if (at > fileBytes || bytes > fileBytes - at)
        {
            Fail(m_path,
                 fmt::format("truncated checkpoint: storage '{}' is not all there", key->text));
        }
        m_storagesAt[key->text] = at;
        at += bytes;
    }
}

uint64_t
CheckpointFile::StorageBytes(const std::string& key) const
{
    const auto found = m_tree->Storages().find(key);
    if (found == m_tree->Storages().end())
    {
        Fail(m_path, fmt::format("damaged checkpoint: storage '{}' is missing", key));
    }
    const auto size = ElementSize(found->second->elementType);
    if (size == 0)
    {
        Fail(m_path, fmt::format("storage '{}' has elements of a type that is not supported", key));
    }
    const auto elements = static_cast<uint64_t>(found->second->integer);
    if (elements > MAX_STORAGE_BYTES / size)
    {
        Fail(m_path,
             fmt::format("storage '{}' claims {} elements, more than any network here has",
                         key,
                         elements));
    }
    return elements * size;
}

std::map<std::string, std::string>
CheckpointFile::ReadStorages(const std::set<std::string>& keys) const
{
    uint64_t sum = 0;
    for (const auto& key : keys)
    {
        sum += StorageBytes(key);
    }
    if (sum > MAX_STORAGE_BYTES)
    {
        Fail(m_path, fmt::format("its tensors take {} bytes, more than any network here has", sum));
    }
    return m_isZip ? ReadZipStorages(keys) : ReadLegacyStorages(keys);
}

std::map<std::string, std::string>
CheckpointFile::ReadZipStorages(const std::set<std::string>& keys) const
{
    std::map<std::string, std::string> storages;
    const auto folder = m_prefix + "data/";
    ForEachRecord(m_path, [&](struct archive* reader, const std::string& name) {
        if (name.rfind(folder, 0) == 0)
        {
            const auto key = name.substr(folder.size());
            if (keys.count(key) > 0 && storages.count(key) == 0)
            {
                storages[key] = ReadRecord(reader, m_path, name, StorageBytes(key));
            }
        }
        return storages.size() < keys.size();
    });
    for (const auto& key : keys)
    {
        const auto found = storages.find(key);
        if (found == storages.end() || found->second.size() != StorageBytes(key))
        {
            Fail(m_path,
                 fmt::format(
                     "damaged checkpoint: storage '{}' is missing or shorter than its tensors need",
                     key));
        }
    }
    return storages;
}

std::map<std::string, std::string>
CheckpointFile::ReadLegacyStorages(const std::set<std::string>& keys) const
{
    std::map<std::string, std::string> storages;
    std::ifstream in(m_path, std::ios::binary);
    for (const auto& key : keys)
    {
        const auto found = m_storagesAt.find(key);
        if (found == m_storagesAt.end())
        {
            Fail(m_path, fmt::format("damaged checkpoint: storage '{}' is missing", key));
        }
        std::string bytes(StorageBytes(key), '\0');
        in.seekg(static_cast<std::streamoff>(found->second));
        in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!in)
        {
            Fail(m_path, "cannot be read to its end");
        }
        storages[key] = std::move(bytes);
    }
    return storages;
}

} // namespace limitnet
