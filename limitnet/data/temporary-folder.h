// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_TEMPORARY_FOLDER_H
#define LIMITNET_DATA_TEMPORARY_FOLDER_H

#include <filesystem>
#include <string>

namespace limitnet
{

/**
 * A new folder that disappears with its object unless it is moved into place.
 *
 * What is built in it appears under its final name whole or not at all. A killed process leaves its
 * folder behind; the next one with the same parent and name removes it when it is more than a day
 * old.
 */
class TemporaryFolder
{
  public:
    /**
     * Makes `<parent>/.<name>.<process id>.<6 characters>`, and \p parent when it is missing.
     * \throws Error when that is not possible.
     */
    TemporaryFolder(const std::filesystem::path& parent, const std::string& name);
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    /** \return the folder's path. */
    const std::filesystem::path& Path() const;

    /**
     * Renames \p inner, which is the folder itself or something in it, to its final name.
     *
     * When \p target is there already, another process was faster with the same work: its result
     * stays. \throws Error when the rename is not possible.
     */
    void MoveIntoPlace(const std::filesystem::path& inner, const std::filesystem::path& target);

    /**
     * Renames the folder to \p target; a folder that is there already is replaced as a whole: at
     * any moment the old or the new one, or for an instant none, is there, never a mixture. \throws
     * Error when the rename is not possible; the old folder is then still there.
     */
    void Replace(const std::filesystem::path& target);

  private:
    std::filesystem::path m_path;
};

} // namespace limitnet

#endif // LIMITNET_DATA_TEMPORARY_FOLDER_H
