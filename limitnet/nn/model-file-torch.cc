// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/model-file-torch.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/pickle-tensor-torch.h"
#include "limitnet/nn/text.h"

#include <caffe2/serialize/inline_container.h>
#include <fstream>
#include <memory>
#include <utility>

namespace limitnet
{

namespace
{

const std::string NOTE_PREFIX = "note.";

/** \return a record's bytes, which stay as long as the tensor */
torch::Tensor
Record(caffe2::serialize::PyTorchStreamReader& reader, const std::string& name)
{
    auto [data, size] = reader.getRecord(name);
    const auto owner = std::make_shared<at::DataPtr>(std::move(data));
    return torch::from_blob(
        owner->get(),
        {static_cast<int64_t>(size)},
        [owner](void*) {},
        torch::kByte);
}

/**
 * What torch::pickle_load reads of a file of tensors and strings. Not by that function: it trusts
 * the pickle, takes values off an empty stack and makes room for as many as the pickle says.
 */
ModelFile
ReadArchive(const std::filesystem::path& path)
{
    caffe2::serialize::PyTorchStreamReader reader(path.string());
    const auto pickle = Record(reader, "data.pkl");
    const PickleTree tree(
        {static_cast<const char*>(pickle.data_ptr()), static_cast<size_t>(pickle.numel())});
    if (tree.Root().kind != PickleValue::Kind::DICT)
    {
        throw Error("it is no dict of tensors");
    }
    ModelFile file;
    std::map<std::string, torch::Tensor> storages;
    for (const auto& [key, value] : tree.Root().entries)
    {
        const auto& name = key->text;
        if (key->kind != PickleValue::Kind::STRING)
        {
            throw Error("it is a dict with keys that are no names");
        }
        if (value->kind == PickleValue::Kind::TENSOR)
        {
            const auto parts = PickleTensor::Of(*value);
            auto& storage = storages[parts.storage->text];
            storage = storage.defined() ? storage : Record(reader, "data/" + parts.storage->text);
            try
            {
                file.tensors[name] = TensorView(parts, storage);
            }
            catch (const Error& error)
            {
                throw Error(Text("tensor '", name, "' ", error.what()));
            }
        }
        else if (value->kind == PickleValue::Kind::STRING && name.rfind(NOTE_PREFIX, 0) == 0)
        {
            file.notes[name.substr(NOTE_PREFIX.size())] = value->text;
        }
    }
    return file;
}

} // namespace

ModelFile
ModelFile::Read(const std::filesystem::path& path, const std::string& kind)
{
    std::ifstream in(path, std::ios::binary);
    if (!in)
    {
        throw Error(Text(path.string(), ": no such model file, or it cannot be read"));
    }
    in.close();
    ModelFile file;
    try
    {
        file = ReadArchive(path);
    }
    catch (const Error& error)
    {
        throw Error(Text(path.string(), ": not a model file: ", error.what()));
    }
    catch (const std::exception&)
    {
        // LibTorch's own text is a page of its source locations: no help to a user.
        std::error_code unknown;
        const auto size = std::filesystem::file_size(path, unknown);
        throw Error(Text(path.string(),
                         ": not a model file, or a truncated one (",
                         unknown ? 0 : size,
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
