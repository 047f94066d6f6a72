// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_CHECKPOINT_IMPORT_H
#define LIMITNET_NN_CHECKPOINT_IMPORT_H

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * A checkpoint of LimitNet as PyTorch saved it, see CheckpointFile: what of it this project knows.
 *
 * Understood are state dicts (dict or OrderedDict; also under the key "state_dict", as Lightning's
 * .ckpt files have it, or "model_state_dict", "model" or "net") and whole pickled modules such as
 * those of the LimitNet release. Parameters are found by the end of their names, so a prefix such
 * as "model." or "module." does no harm:
 *
 * - a codec where there is an `encoder.conv1.weight`: encoder and decoder have to be whole, the
 *   saliency decoder may be missing as a whole;
 * - a classifier where there is a `_conv_stem.weight`: EfficientNet-B0 as efficientnet_pytorch
 *   names it, for any number of classes.
 *
 * Either may be missing, not both. No code of the file is run. LibTorch stays behind this header.
 */
class Checkpoint
{
  public:
    /**
     * \param path the file
     * \throws Error naming the file, and the tensor where one is missing, of another shape, beyond
     *         its storage or not finite
     */
    explicit Checkpoint(const std::filesystem::path& path);
    ~Checkpoint();
    Checkpoint(const Checkpoint&) = delete;
    Checkpoint& operator=(const Checkpoint&) = delete;

    /** \return the file */
    const std::filesystem::path& Path() const;

    /** \return what was saved, such as "a state dict" or "a module of class models.model.LimitNet"
     */
    const std::string& Form() const;

    /** \return whether it has encoder and decoder */
    bool HasCodec() const;

    /** \return whether it has a saliency decoder */
    bool HasSaliency() const;

    /** \return number of classes that its classifier tells apart; 0 when it has no classifier */
    int64_t ClassCount() const;

    /** \return names of the tensors that belong to neither */
    const std::vector<std::string>& Ignored() const;

    /**
     * Write the classifier's model file, kind "efficientnet-b0".
     *
     * \param path the file
     * \param dataset the set whose classes it tells apart
     * \throws Error when there is no classifier or the file cannot be written
     */
    void WriteClassifier(const std::filesystem::path& path, const std::string& dataset) const;

    /** The networks, for rooms that know LibTorch (see checkpoint-import-torch.h). */
    struct Networks;

    /** \return the networks */
    const Networks& GetNetworks() const;

  private:
    std::filesystem::path m_path;
    std::string m_form;
    int64_t m_classCount = 0;
    std::vector<std::string> m_ignored;
    std::unique_ptr<Networks> m_networks;
};

} // namespace limitnet

#endif // LIMITNET_NN_CHECKPOINT_IMPORT_H
