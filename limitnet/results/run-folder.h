// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_RESULTS_RUN_FOLDER_H
#define LIMITNET_RESULTS_RUN_FOLDER_H

#include "limitnet/data/temporary-folder.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * The folder with the results of one run, `<out>/<name>/<run>`.
 *
 * Files are written to a hidden folder beside it. Commit renames it, so the results appear whole,
 * or, when an exception comes first, not at all. Earlier results of the same run stay until then
 * and are replaced as a whole.
 */
class RunFolder
{
  public:
    /**
     * \throws Error when the name is not that of a folder, when nothing can be written there, or
     * when something that is no result of a run stands there already. To be made before the
     * simulation, so that this is known first.
     */
    RunFolder(const std::filesystem::path& out, const std::string& name, std::uint64_t run);
    ~RunFolder();
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;

    /** \return where to write a file now. */
    std::filesystem::path File(const std::string& name) const;

    /** \return where the results are after Commit. */
    const std::filesystem::path& FinalPath() const;

    /**
     * Puts the results in place.
     * \throws Error when that is not possible; earlier results are then still there.
     */
    void Commit();

  private:
    std::filesystem::path m_final;
    std::vector<std::filesystem::path> m_made; ///< folders made on the way, outermost first
    std::unique_ptr<TemporaryFolder> m_partial;
    bool m_committed = false;
};

} // namespace limitnet

#endif // LIMITNET_RESULTS_RUN_FOLDER_H
