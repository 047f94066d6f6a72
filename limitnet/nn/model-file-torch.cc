// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/model-file-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/text.h"

#include <fstream>
#include <iterator>

namespace limitnet
{

namespace
{

const std::string NOTE_PREFIX = "note.";

} // namespace

ModelFile
ModelFile::Read(const std::filesystem::path& path, const std::string& kind)
{
    std::ifstream in(path, std::ios::binary);
    if (!in)
    {
        throw Error(Text(path.string(), ": no such model file, or it cannot be read"));
    }
    const std::vector<char> bytes((std::istreambuf_iterator<char>(in)),
                                  std::istreambuf_iterator<char>());
    ModelFile file;
    try
    {
        const auto dict = torch::pickle_load(bytes).toGenericDict();
        for (const auto& entry : dict)
        {
            const auto& name = entry.key().toStringRef();
            if (entry.value().isTensor())
            {
                file.tensors[name] = entry.value().toTensor();
            }
            else if (entry.value().isString() && name.rfind(NOTE_PREFIX, 0) == 0)
            {
                file.notes[name.substr(NOTE_PREFIX.size())] = entry.value().toStringRef();
            }
        }
    }
    catch (const std::exception&)
    {
        // LibTorch's own text is a page of its source locations: no help to a user.
        throw Error(Text(path.string(),
                         ": not a model file, or a truncated one (",
                         bytes.size(),
                         " bytes)"));
    }
    if (kind.empty())
    {
        return file;
    }
    if (file.notes["kind"] != kind)
    {
        const auto& found = file.notes["kind"];
        throw Error(
            Text(path.string(),
                 ": holds ",
                 found.empty() ? "no note of its kind" : Text("a model of kind '", found, "'"),
                 ", expected a model of kind '",
                 kind,
                 "'"));
    }
    int format = 0;
    try
    {
        format = std::stoi(file.notes["format"]);
    }
    catch (const std::exception&)
    {
        throw Error(Text(path.string(), ": has no valid format number"));
    }
    if (format > FORMAT)
    {
        throw Error(Text(path.string(),
                         ": has format ",
                         format,
                         ", this program reads up to ",
                         FORMAT,
                         "; use a newer one"));
    }
    return file;
}

void
ModelFile::Write(const std::filesystem::path& path) const
{
    c10::impl::GenericDict dict(c10::StringType::get(), c10::AnyType::get());
    for (const auto& [name, tensor] : tensors)
    {
        dict.insert(name, tensor.detach().cpu().contiguous());
    }
    for (const auto& [name, text] : notes)
    {
        dict.insert(NOTE_PREFIX + name, text);
    }
    dict.insert(NOTE_PREFIX + "format", std::to_string(FORMAT));
    const auto bytes = torch::pickle_save(dict);

    auto temporary = path;
    temporary += ".tmp";
    {
        std::ofstream out(temporary, std::ios::binary);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        out.close();
        if (!out)
        {
            std::error_code ignored;
            std::filesystem::remove(temporary, ignored);
            throw Error(Text(path.string(), ": cannot be written"));
        }
    }
    std::filesystem::rename(temporary, path);
}

void
ModelFile::Take(const torch::nn::Module& module, torch::ScalarType type)
{
    const auto take = [&](const std::string& name, const torch::Tensor& value) {
        const auto copy = value.detach().cpu().clone(torch::MemoryFormat::Contiguous);
        tensors[name] = copy.is_floating_point() ? copy.to(type) : copy;
    };
    for (const auto& entry : module.named_parameters())
    {
        take(entry.key(), entry.value());
    }
    for (const auto& entry : module.named_buffers())
    {
        take(entry.key(), entry.value());
    }
}

void
ModelFile::Give(torch::nn::Module& module,
                const std::filesystem::path& path,
                const std::string& prefix) const
{
    const torch::NoGradGuard noGrad;
    const auto give = [&](const std::string& name, torch::Tensor& value) {
        if (name.rfind(prefix, 0) != 0)
        {
            return;
        }
        const auto found = tensors.find(name);
        if (found == tensors.end())
        {
            throw Error(Text(path.string(), ": tensor '", name, "' is missing"));
        }
        if (found->second.sizes() != value.sizes())
        {
            throw Error(
                Text(path.string(), ": tensor '", name, "' has another shape than the network's"));
        }
        value.copy_(found->second);
    };
    for (auto& entry : module.named_parameters())
    {
        give(entry.key(), entry.value());
    }
    for (auto& entry : module.named_buffers())
    {
        give(entry.key(), entry.value());
    }
}

} // namespace limitnet
