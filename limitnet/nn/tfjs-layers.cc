// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/nn/tfjs-layers.h"

#include "limitnet/codec/error.h"
#include "limitnet/nn/text.h"

#if __has_include(<nlohmann/json.hpp>)
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace limitnet
{

namespace
{

using nlohmann::json;

/** An element of an object, which has to be of the given type. */
const json&
Member(const json& object, const char* key, json::value_t type, const std::string& where)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (!object.is_object() || found == object.end() || found->type() != type)
    {
        throw Error(Text(where,
                         ": \"",
                         key,
                         "\" is missing or is no ",
                         json(type).type_name(),
                         "; expected model.json of the TensorFlow.js layers format"));
    }
    return *found;
}

/** The bytes of all files of a group, one after the other. */
std::string
ReadGroup(const json& paths, const std::filesystem::path& folder, const std::string& where)
{
    std::string bytes;
    for (const auto& entry : paths)
    {
        const std::filesystem::path name = entry.is_string() ? entry.get<std::string>() : "";
        // A model is one folder: a file of weights somewhere else is no part of it.
        if (name.empty() || name != name.filename() || name == "." || name == "..")
        {
            throw Error(Text(where,
                             ": \"paths\" has ",
                             entry.dump(),
                             "; expected names of files beside it"));
        }
        const auto path = folder / name;
        std::ifstream in(path, std::ios::binary | std::ios::ate);
        if (!in)
        {
            throw Error(Text(path.string(), ": no such file, or it cannot be read"));
        }
        const auto size = static_cast<std::streamoff>(in.tellg());
        const auto before = bytes.size();
        bytes.resize(before + static_cast<size_t>(size));
        in.seekg(0);
        in.read(bytes.data() + before, size);
        if (in.gcount() != size)
        {
            throw Error(Text(path.string(), ": cannot be read to its end"));
        }
    }
    return bytes;
}

/** The shape, and how many elements that makes; not more than `most`. */
size_t
ReadShape(const json& shape,
          size_t most,
          const std::string& name,
          const std::string& where,
          std::vector<int64_t>& sides)
{
    size_t count = 1;
    for (const auto& side : shape)
    {
        if (!side.is_number_unsigned())
        {
            throw Error(Text(where, ": weight \"", name, "\" has the shape ", shape.dump()));
        }
        const auto length = side.get<uint64_t>();
        if (length > most || (length > 0 && count > most / length))
        {
            throw Error(Text(where,
                             ": weight \"",
                             name,
                             "\" of shape ",
                             shape.dump(),
                             " is longer than the rest of its files (",
                             most,
                             " numbers)"));
        }
        sides.push_back(static_cast<int64_t>(length));
        count *= length;
    }
    return count;
}

} // namespace

TfjsWeights
ReadTfjsWeights(const std::filesystem::path& modelJson)
{
    const auto where = modelJson.string();
    std::ifstream in(modelJson);
    if (!in)
    {
        throw Error(Text(where, ": no such file, or it cannot be read"));
    }
    const auto model = json::parse(in, nullptr, false);
    if (model.is_discarded())
    {
        throw Error(Text(where, ": not JSON, or truncated; expected model.json of TensorFlow.js"));
    }
    TfjsWeights weights;
    for (const auto& group : Member(model, "weightsManifest", json::value_t::array, where))
    {
        const auto bytes = ReadGroup(Member(group, "paths", json::value_t::array, where),
                                     modelJson.parent_path(),
                                     where);
        size_t at = 0;
        for (const auto& weight : Member(group, "weights", json::value_t::array, where))
        {
            const auto name =
                Member(weight, "name", json::value_t::string, where).get<std::string>();
            const auto type =
                Member(weight, "dtype", json::value_t::string, where).get<std::string>();
            if (type != "float32" || weight.contains("quantization"))
            {
                throw Error(Text(where,
                                 ": weight \"",
                                 name,
                                 "\" is ",
                                 type == "float32" ? "quantised" : type,
                                 "; only plain float32 is read"));
            }
            TfjsTensor tensor;
            const auto count = ReadShape(Member(weight, "shape", json::value_t::array, where),
                                         (bytes.size() - at) / sizeof(float),
                                         name,
                                         where,
                                         tensor.shape);
            tensor.values.resize(count);
            if (count > 0)
            {
                // Little-endian, as the processors that LibTorch runs on.
                std::memcpy(tensor.values.data(), bytes.data() + at, count * sizeof(float));
            }
            at += count * sizeof(float);
            if (!weights.emplace(name, std::move(tensor)).second)
            {
                throw Error(Text(where, ": weight \"", name, "\" is there twice"));
            }
        }
        if (at != bytes.size())
        {
            throw Error(Text(where,
                             ": its weights take ",
                             at,
                             " bytes, their files have ",
                             bytes.size(),
                             "; files of another model, or damaged"));
        }
    }
    return weights;
}

} // namespace limitnet

#else // a build with LibTorch alone, see docs/training.md

namespace limitnet
{

TfjsWeights
ReadTfjsWeights(const std::filesystem::path& modelJson)
{
    throw Error(
        Text(modelJson.string(), ": this program was built without nlohmann-json, which reads it"));
}

} // namespace limitnet

#endif
