// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-folder.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/archive.h"
#include "limitnet/data/image-file.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <system_error>

namespace limitnet
{

namespace
{

bool
IsPicture(const std::filesystem::directory_entry& entry)
{
    std::string ending = entry.path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return entry.is_regular_file() && entry.path().filename().string().front() != '.' &&
           (ending == ".jpg" || ending == ".jpeg" || ending == ".png");
}

/** The pictures of one folder, by name. */
std::vector<std::filesystem::path>
PicturesIn(const std::filesystem::path& dir)
{
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(dir))
    {
        if (IsPicture(entry))
        {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::filesystem::path>
FoldersIn(const std::filesystem::path& dir)
{
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(dir))
    {
        if (entry.is_directory())
        {
            folders.push_back(entry.path());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

bool
HasLayout(const std::filesystem::path& dir)
{
    return std::filesystem::is_directory(dir / "image") ||
           std::filesystem::is_directory(dir / "val") || !PicturesIn(dir).empty();
}

} // namespace

ImageFolder::ImageFolder(const std::filesystem::path& path)
    : m_name(path.filename().empty() ? path.parent_path().filename().string()
                                     : path.filename().string())
{
    std::error_code problem;
    std::filesystem::path root = path;
    if (std::filesystem::is_regular_file(path, problem))
    {
        root = ExtractOnce(path);
    }
    else if (!std::filesystem::is_directory(path, problem))
    {
        throw Error(path.string() + ": no such folder or archive with pictures");
    }
    try
    {
        // An archive usually holds one folder with everything in it.
        const auto folders = FoldersIn(root);
        if (!HasLayout(root) && folders.size() == 1)
        {
            root = folders.front();
        }
        if (std::filesystem::is_directory(root / "image"))
        {
            for (const auto& file : PicturesIn(root / "image"))
            {
                std::filesystem::path mask = root / "mask" / file.stem();
                mask += ".png";
                m_items.push_back({file, std::filesystem::exists(mask) ? mask : "", -1});
            }
        }
        else if (std::filesystem::is_directory(root / "val"))
        {
            std::map<std::string, int> labels;
            std::ifstream in(root / "wnids.txt");
            std::string wnid;
            while (in >> wnid)
            {
                labels.emplace(wnid, static_cast<int>(m_classNames.size()));
                m_classNames.push_back(wnid);
            }
            if (m_classNames.empty())
            {
                throw Error((root / "wnids.txt").string() +
                            ": missing or empty; it has to list the class ids, one a line");
            }
            for (const auto& folder : FoldersIn(root / "val"))
            {
                const auto found = labels.find(folder.filename().string());
                if (found == labels.end())
                {
                    throw Error(folder.string() + ": this class id is not in " +
                                (root / "wnids.txt").string());
                }
                for (const auto& file : PicturesIn(folder))
                {
                    m_items.push_back({file, "", found->second});
                }
            }
        }
        else
        {
            for (const auto& file : PicturesIn(root))
            {
                m_items.push_back({file, "", -1});
            }
        }
    }
    catch (const std::filesystem::filesystem_error& error)
    {
        throw Error(error.path1().string() + ": cannot be read: " + error.code().message());
    }
    if (m_items.empty())
    {
        throw Error(path.string() +
                    ": no JPEG or PNG pictures; expected image/*.jpg (with mask/*.png), "
                    "val/<class id>/*.jpg with wnids.txt, or pictures");
    }
}

const ImageFolder::Item&
ImageFolder::ItemAt(std::size_t index) const
{
    if (index >= m_items.size())
    {
        throw Error("dataset " + m_name + ": there is no picture " + std::to_string(index) +
                    ", the last one is " + std::to_string(m_items.size() - 1));
    }
    return m_items[index];
}

std::string
ImageFolder::Name() const
{
    return m_name;
}

std::size_t
ImageFolder::Size() const
{
    return m_items.size();
}

Image
ImageFolder::At(std::size_t index) const
{
    return ReadImage(ItemAt(index).file);
}

int
ImageFolder::Label(std::size_t index) const
{
    return ItemAt(index).label;
}

int
ImageFolder::ClassCount() const
{
    return static_cast<int>(m_classNames.size());
}

const std::string&
ImageFolder::ClassName(int label) const
{
    if (label < 0 || label >= ClassCount())
    {
        throw Error("dataset " + m_name + ": there is no class " + std::to_string(label));
    }
    return m_classNames[static_cast<std::size_t>(label)];
}

bool
ImageFolder::HasMask(std::size_t index) const
{
    return !ItemAt(index).mask.empty();
}

Image
ImageFolder::Mask(std::size_t index) const
{
    const Item& item = ItemAt(index);
    if (item.mask.empty())
    {
        throw Error(item.file.string() + ": this picture has no mask");
    }
    const Image picture = ReadImage(item.file);
    Image mask = ReadImage(item.mask);
    if (mask.width != picture.width || mask.height != picture.height)
    {
        throw Error(item.mask.string() + ": the mask is not as large as its picture");
    }
    return mask;
}

const std::filesystem::path&
ImageFolder::File(std::size_t index) const
{
    return ItemAt(index).file;
}

} // namespace limitnet
