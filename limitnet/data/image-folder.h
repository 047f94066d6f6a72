// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_IMAGE_FOLDER_H
#define LIMITNET_DATA_IMAGE_FOLDER_H

#include "limitnet/data/dataset.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Pictures in a folder, JPEG, PNG, WebP or PNM (see ReadImage()), in one of three layouts:
 * - `image/NNNN.jpg`, and `mask/NNNN.png` with the same stem where there is a mask (as ECSSD): no
 *   classes;
 * - `val/<wnid>/<anything>.jpg` with `wnids.txt`, which lists the class ids. WordNet ids (n and
 *   eight digits, as ImageNet's) have the labels of their sorted order, as networks that were
 *   trained on ImageNet have them, whatever the order in the file; of other ids, line number - 1
 *   is the label;
 * - pictures directly in the folder: no classes, no masks.
 *
 * Pictures are in the order of their paths, so an index means the same picture on every machine.
 * They are read when asked for. A picture in another format, or a link that leads nowhere, is
 * refused: it would be left out without a word. A .tar (also compressed) of such a folder is
 * unpacked into the cache once.
 */
class ImageFolder : public Dataset
{
  public:
    /**
     * \param path the folder, or an archive whose content is such a folder or holds a single one
     * \throws Error when there are no pictures.
     */
    explicit ImageFolder(const std::filesystem::path& path);

    std::string Name() const override;
    std::size_t Size() const override;
    Image At(std::size_t index) const override;
    int Label(std::size_t index) const override;
    int ClassCount() const override;
    const std::string& ClassName(int label) const override;

    /** \return whether a picture has a mask. */
    bool HasMask(std::size_t index) const;

    /**
     * \return the mask of the salient object as a grey picture (R = G = B; 255 is salient).
     * \throws Error when there is none, or it is not as large as its picture.
     */
    Image Mask(std::size_t index) const;

    /** \return the picture's file. */
    const std::filesystem::path& File(std::size_t index) const;

  private:
    struct Item
    {
        std::filesystem::path file;
        std::filesystem::path mask; ///< empty when there is none
        int label;
    };

    const Item& ItemAt(std::size_t index) const;

    std::string m_name;
    std::vector<Item> m_items;
    std::vector<std::string> m_classNames;
};

} // namespace limitnet

#endif // LIMITNET_DATA_IMAGE_FOLDER_H
