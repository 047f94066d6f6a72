// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_MODEL_FILE_TORCH_H
#define LIMITNET_NN_MODEL_FILE_TORCH_H

#include <filesystem>
#include <map>
#include <string>
#include <torch/torch.h>

namespace limitnet
{

/**
 * A file of named tensors and notes, the form in which the project keeps networks.
 *
 * On disk it is what `torch::pickle_save` writes for one dict: each tensor under its state-dict
 * name, and each note as a string under "note.<name>". Python's `torch.load` opens it too. The
 * note "kind" says what the file holds ("codec", "small-classifier") and "format" is the version
 * of this layout; a file with a higher version is refused.
 *
 * Reading runs no code from the file, and any bytes give tensors or an Error: the pickle is read by
 * PickleTree.
 */
struct ModelFile
{
    /** Version of the layout that Write() makes and the highest that Read() accepts. */
    static constexpr int FORMAT = 1;

    std::map<std::string, torch::Tensor> tensors;
    std::map<std::string, std::string> notes;

    /**
     * \param path the file
     * \param kind what the note "kind" has to say; empty: any file of tensors, published weights
     *             without notes too
     * \throws Error naming the file when it is missing, truncated, of another kind or newer
     */
    static ModelFile Read(const std::filesystem::path& path, const std::string& kind);

    /**
     * Write to a temporary name and rename, so that no reader ever sees half a file.
     *
     * \param path the file
     * \throws Error naming the file when it cannot be written
     */
    void Write(const std::filesystem::path& path) const;

    /**
     * Copy every parameter and buffer of a module into `tensors`.
     *
     * \param module the network
     * \param type the type to store floating-point values in (half the size as torch::kHalf)
     */
    void Take(const torch::nn::Module& module, torch::ScalarType type = torch::kFloat);

    /**
     * Copy tensors into a module's parameters and buffers by name; all of the module's names have
     * to be there with the same shape.
     *
     * \param module the network
     * \param path the file's name, for the message
     * \param prefix only parameters whose name starts with it are filled (and required)
     * \throws Error naming the file and the tensor that is missing or of another shape
     */
    void Give(torch::nn::Module& module,
              const std::filesystem::path& path,
              const std::string& prefix = "") const;
};

} // namespace limitnet

#endif // LIMITNET_NN_MODEL_FILE_TORCH_H
