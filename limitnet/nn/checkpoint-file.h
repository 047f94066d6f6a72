// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CHECKPOINT_FILE_H
#define LIMITNET_NN_CHECKPOINT_FILE_H

#include "limitnet/nn/pickle-reader.h"

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace limitnet
{

/**
 * A file that `torch.save` wrote: a pickle, and the memory of the tensors that it names.
 *
 * Two layouts are read (PyTorch's torch/serialization.py writes them): since 1.6 a zip archive with
 * the records NAME/data.pkl, NAME/data/KEY and perhaps NAME/byteorder; before, or with
 * `_use_new_zipfile_serialization=False`, pickles one after the other (a magic number, the
 * protocol, the machine's byte order, the object, the keys) followed by the storages in the order
 * of the keys, each with its number of elements in front. Only little-endian files are read.
 *
 * No code of the file is run, see PickleTree; the sizes it claims are checked against the file
 * before memory is taken.
 */
class CheckpointFile
{
  public:
    /** Bytes of tensors that ReadStorages() hands out at most in one call. */
    static constexpr uint64_t MAX_STORAGE_BYTES = uint64_t{2} << 30;

    /**
     * \param path the file
     * \throws Error naming the file when it is missing, damaged, of another format, or names a
     *         class that is not accepted
     */
    explicit CheckpointFile(const std::filesystem::path& path);

    /** \return the object that was saved */
    const PickleValue& Root() const
    {
        return m_tree->Root();
    }

    /** \return the file */
    const std::filesystem::path& Path() const
    {
        return m_path;
    }

    /**
     * \param keys keys of storages that the pickle names
     * \return their bytes: number of elements times ElementSize(), little-endian
     * \throws Error naming the file when one is missing, of another size or of a type that is not
     *         supported
     */
    std::map<std::string, std::string> ReadStorages(const std::set<std::string>& keys) const;

  private:
    void ReadZip();
    void ReadLegacy();
    std::map<std::string, std::string> ReadZipStorages(const std::set<std::string>& keys) const;
    std::map<std::string, std::string> ReadLegacyStorages(const std::set<std::string>& keys) const;
    uint64_t StorageBytes(const std::string& key) const;

    std::filesystem::path m_path;
    std::unique_ptr<PickleTree> m_tree;
    bool m_isZip = false;
    std::string m_prefix;                         // zip: "NAME/"
    std::map<std::string, uint64_t> m_storagesAt; // else: where the elements start
};

} // namespace limitnet

#endif // LIMITNET_NN_CHECKPOINT_FILE_H
