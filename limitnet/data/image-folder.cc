// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/image-folder.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/archive.h"
#include "limitnet/data/image-file.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

namespace limitnet
{

namespace
{

/** Refuses a link that leads nowhere: what it stood for would be left out without a word. */
void
CheckLink(const std::filesystem::directory_entry& entry)
{
    if (entry.is_symlink() && !entry.exists())
    {
        throw Error(entry.path().string() + ": a link to something that is not there");
    }
}

bool
IsPicture(const std::filesystem::directory_entry& entry)
{
    std::string ending = entry.path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    if (entry.path().filename().string().front() == '.')
    {
        return false;
    }
    const auto isOneOf = [&ending](const std::set<std::string>& endings) {
        return endings.count(ending) > 0;
    };
    const bool known = isOneOf({".jpg",
                                ".jpeg",
                                ".jpe",
                                ".jfif",
                                ".png",
                                ".webp",
                                ".pnm",
                                ".pbm",
                                ".pgm",
                                ".ppm",
                                ".pam"});
    const bool other = isOneOf({".tif",
                                ".tiff",
                                ".bmp",
                                ".dib",
                                ".gif",
                                ".jp2",
                                ".j2k",
                                ".jxl",
                                ".avif",
                                ".heic",
                                ".heif",
                                ".exr",
                                ".hdr",
                                ".pfm",
                                ".ras"});
    if (known || other)
    {
        CheckLink(entry);
    }
    if (other && entry.is_regular_file())
    {
        throw Error(entry.path().string() +
                    ": pictures of a data set have to be JPEG, PNG, WebP or PNM; convert it, or "
                    "move it to another place");
    }
    return known && entry.is_regular_file();
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

/** \param linksLead a link that leads nowhere is an error */
std::vector<std::filesystem::path>
FoldersIn(const std::filesystem::path& dir, bool linksLead = false)
{
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(dir))
    {
        if (linksLead)
        {
            CheckLink(entry);
        }
        if (entry.is_directory())
        {
            folders.push_back(entry.path());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

/** \return whether these are WordNet ids, as ImageNet's classes have them */
bool
AreWordNetIds(const std::vector<std::string>& ids)
{
    return std::all_of(ids.begin(), ids.end(), [](const std::string& id) {
        return id.size() == 9 && id[0] == 'n' &&
               std::all_of(id.begin() + 1, id.end(), [](char c) { return c >= '0' && c <= '9'; });
    });
}

/** \return the class ids that a file lists, in the order of their labels */
std::vector<std::string>
ReadClassIds(const std::filesystem::path& file)
{
    std::vector<std::string> ids;
    std::set<std::string> known;
    std::ifstream in(file);
    std::string id;
    while (in >> id)
    {
        if (!known.insert(id).second)
        {
            throw Error(file.string() + ": has the class id " + id + " twice");
        }
        ids.push_back(id);
    }
    if (ids.empty())
    {
        throw Error(file.string() + ": missing or empty; it has to list the class ids, one a line");
    }
    // Whatever is trained on ImageNet numbers its classes so, and files list them in other orders.
    if (AreWordNetIds(ids))
    {
        std::sort(ids.begin(), ids.end());
    }
    return ids;
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
            m_classNames = ReadClassIds(root / "wnids.txt");
            std::map<std::string, int> labels;
            for (const auto& wnid : m_classNames)
            {
                labels.emplace(wnid, static_cast<int>(labels.size()));
            }
            for (const auto& folder : FoldersIn(root / "val", true))
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
                    ": no JPEG, PNG, WebP or PNM pictures; expected image/*.jpg (with mask/*.png), "
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
