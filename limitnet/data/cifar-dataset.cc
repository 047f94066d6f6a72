// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/cifar-dataset.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/archive.h"
#include "limitnet/data/paths.h"

#include <array>
#include <fstream>
#include <system_error>

namespace limitnet
{

namespace
{

/** What distinguishes the two datasets on disk. */
struct Layout
{
    std::string name;
    std::string folder;
    std::string archive; ///< without its ending
    std::vector<std::string> trainFiles;
    std::vector<std::string> testFiles;
    std::size_t trainRecords; ///< per file
    std::size_t testRecords;
    std::string classFile;
    std::size_t classCount;
    std::size_t labelBytes;
};

const std::vector<Layout>&
Layouts()
{
    static const std::vector<Layout> layouts = {{"cifar10",
                                                 "cifar-10-batches-bin",
                                                 "cifar-10-binary",
                                                 {"data_batch_1.bin",
                                                  "data_batch_2.bin",
                                                  "data_batch_3.bin",
                                                  "data_batch_4.bin",
                                                  "data_batch_5.bin"},
                                                 {"test_batch.bin"},
                                                 10000,
                                                 10000,
                                                 "batches.meta.txt",
                                                 10,
                                                 1},
                                                {"cifar100",
                                                 "cifar-100-binary",
                                                 "cifar-100-binary",
                                                 {"train.bin"},
                                                 {"test.bin"},
                                                 50000,
                                                 10000,
                                                 "fine_label_names.txt",
                                                 100,
                                                 2}};
    return layouts;
}

const Layout&
LayoutOf(const std::string& name)
{
    for (const Layout& layout : Layouts())
    {
        if (layout.name == name)
        {
            return layout;
        }
    }
    throw Error("dataset '" + name + "' is not one of cifar10, cifar100");
}

bool
IsFile(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored);
}

bool
IsDirectory(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
}

/** The extracted folder itself, recognised by its first file, so that a damaged one is still found.
 */
bool
LooksExtracted(const std::filesystem::path& dir, const Layout& layout)
{
    return IsFile(dir / layout.testFiles.front()) && IsFile(dir / layout.classFile);
}

std::filesystem::path
FindIn(const std::filesystem::path& dir, const Layout& layout)
{
    if (IsDirectory(dir / layout.folder))
    {
        return dir / layout.folder;
    }
    if (LooksExtracted(dir, layout))
    {
        return dir;
    }
    for (const char* ending : {".tar.gz", ".tar.xz", ".tgz", ".tar"})
    {
        if (IsFile(dir / (layout.archive + ending)))
        {
            return dir / (layout.archive + ending);
        }
    }
    return {};
}

void
AppendRecords(const std::filesystem::path& path,
              std::size_t records,
              std::size_t recordBytes,
              std::vector<std::uint8_t>& bytes)
{
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(path, problem);
    if (problem)
    {
        throw Error(path.string() + ": cannot be read: " + problem.message());
    }
    const std::size_t expected = records * recordBytes;
    if (size != expected)
    {
        throw Error(path.string() + ": " + (size < expected ? "truncated" : "too long") + ": " +
                    std::to_string(size) + " bytes instead of " + std::to_string(expected) + " (" +
                    std::to_string(records) + " records of " + std::to_string(recordBytes) +
                    "); get the file again");
    }
    const std::size_t start = bytes.size();
    bytes.resize(start + expected);
    std::ifstream in(path, std::ios::binary);
    if (!in || !in.read(reinterpret_cast<char*>(bytes.data() + start),
                        static_cast<std::streamsize>(expected)))
    {
        throw Error(path.string() + ": cannot be read");
    }
}

std::vector<std::string>
ReadClassNames(const std::filesystem::path& path, std::size_t count)
{
    std::ifstream in(path);
    std::vector<std::string> names;
    std::string line;
    while (std::getline(in, line))
    {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
        {
            line.pop_back();
        }
        if (!line.empty())
        {
            names.push_back(line);
        }
    }
    if (names.size() != count)
    {
        throw Error(path.string() + ": " + std::to_string(names.size()) +
                    " class names instead of " + std::to_string(count) + "; get the dataset again");
    }
    return names;
}

} // namespace

bool
CifarDataset::Knows(const std::string& name)
{
    for (const Layout& layout : Layouts())
    {
        if (layout.name == name)
        {
            return true;
        }
    }
    return false;
}

std::filesystem::path
CifarDataset::Find(const std::string& name, const std::filesystem::path& dataDir)
{
    const Layout& layout = LayoutOf(name);
    for (const auto& dir : DataSearchPath(dataDir))
    {
        const std::filesystem::path found = FindIn(dir, layout);
        if (!found.empty())
        {
            return found;
        }
    }
    return {};
}

std::unique_ptr<CifarDataset>
CifarDataset::Open(const std::string& name, Split split, const std::filesystem::path& dataDir)
{
    const Layout& layout = LayoutOf(name);
    const std::filesystem::path source = Find(name, dataDir);
    if (source.empty())
    {
        std::string looked;
        for (const auto& dir : DataSearchPath(dataDir))
        {
            looked += (looked.empty() ? "" : ", ") + dir.string();
        }
        throw Error("dataset " + name + " not found: looked for the folder " + layout.folder +
                    " or the archive " + layout.archive + ".tar.gz or .tar.xz in " + looked +
                    "; run `limitnet data fetch " + name +
                    "`, or name the folder that has it with --data or LIMITNET_DATA");
    }
    std::filesystem::path folder = source;
    if (IsFile(source))
    {
        folder = ExtractOnce(source) / layout.folder;
        if (!IsDirectory(folder))
        {
            throw Error(source.string() + ": no folder " + layout.folder +
                        " in this archive; it has to be the official binary version");
        }
    }

    std::unique_ptr<CifarDataset> dataset(new CifarDataset);
    dataset->m_name = name;
    dataset->m_labelBytes = layout.labelBytes;
    dataset->m_classNames = ReadClassNames(folder / layout.classFile, layout.classCount);
    const bool train = split == Split::TRAIN;
    const auto& files = train ? layout.trainFiles : layout.testFiles;
    const std::size_t perFile = train ? layout.trainRecords : layout.testRecords;
    const std::size_t recordBytes = layout.labelBytes + PLANAR_BYTES;
    dataset->m_records.reserve(files.size() * perFile * recordBytes);
    for (const std::string& file : files)
    {
        AppendRecords(folder / file, perFile, recordBytes, dataset->m_records);
    }
    dataset->m_size = files.size() * perFile;
    for (std::size_t i = 0; i < dataset->m_size; ++i)
    {
        const int label = dataset->Label(i);
        if (static_cast<std::size_t>(label) >= layout.classCount)
        {
            throw Error((folder / files[i / perFile]).string() + ": damaged: record " +
                        std::to_string(i % perFile) + " has label " + std::to_string(label) +
                        ", which is above " + std::to_string(layout.classCount - 1));
        }
    }
    return dataset;
}

std::string
CifarDataset::Name() const
{
    return m_name;
}

std::size_t
CifarDataset::Size() const
{
    return m_size;
}

const std::uint8_t*
CifarDataset::Planar(std::size_t index) const
{
    if (index >= m_size)
    {
        throw Error("dataset " + m_name + ": there is no picture " + std::to_string(index) +
                    ", the last one is " + std::to_string(m_size - 1));
    }
    return m_records.data() + index * (m_labelBytes + PLANAR_BYTES) + m_labelBytes;
}

Image
CifarDataset::At(std::size_t index) const
{
    const std::uint8_t* planar = Planar(index);
    constexpr std::size_t PIXELS = static_cast<std::size_t>(SIDE) * SIDE;
    Image image;
    image.width = SIDE;
    image.height = SIDE;
    image.rgb.resize(PLANAR_BYTES);
    for (std::size_t i = 0; i < PIXELS; ++i)
    {
        for (std::size_t c = 0; c < 3; ++c)
        {
            image.rgb[3 * i + c] = planar[c * PIXELS + i];
        }
    }
    return image;
}

int
CifarDataset::Label(std::size_t index) const
{
    return Planar(index)[-1];
}

int
CifarDataset::ClassCount() const
{
    return static_cast<int>(m_classNames.size());
}

const std::string&
CifarDataset::ClassName(int label) const
{
    if (label < 0 || label >= ClassCount())
    {
        throw Error("dataset " + m_name + ": there is no class " + std::to_string(label));
    }
    return m_classNames[static_cast<std::size_t>(label)];
}

} // namespace limitnet
