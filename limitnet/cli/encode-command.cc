// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/picture-file.h"
#include "limitnet/cli/progress.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/lim-file.h"

#include <filesystem>
#include <fmt/format.h>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

int
RunEncode(const std::vector<std::string>& arguments)
{
    std::vector<std::string> images;
    std::string output;
    CodingOptions coding;
    po::options_description options("Options");
    options.add_options()("image",
                          po::value(&images)->required()->composing(),
                          "picture; several for several, also without --image")(
        "output,o",
        po::value(&output)->required(),
        "file to write, usually *.lim");
    coding.AddTo(options);
    po::positional_options_description positional;
    positional.add("image", -1);
    const auto values =
        ParseArguments("limitnet encode IMAGE.. -o FILE.lim [OPTIONS]",
                       "Encodes pictures as the device does and keeps the fragments that it would "
                       "send in a file.\nAny picture that OpenCV reads is accepted; it is encoded "
                       "at 224x224 without keeping its aspect ratio.",
                       options,
                       arguments,
                       positional);
    if (!values)
    {
        return 0;
    }
    coding.Check(*values);
    const auto model = coding.OpenModel();
    const auto encoder = coding.OpenEncoder(model);
    LimFile file;
    file.model = LimNameFor(coding.ModelName());
    file.modelId = model->Tables().modelId;

    std::string table = "  values      %  fragments   bytes  picture\n";
    std::size_t bytes = 0;
    std::size_t fragments = 0;
    {
        Progress progress(images.size(), "pictures");
        for (const std::filesystem::path image : images)
        {
            const auto picture = ReadPicture(image);
            LimPicture encoded;
            encoded.name = LimNameFor(image.filename().string());
            encoded.width = static_cast<std::uint32_t>(picture.width);
            encoded.height = static_cast<std::uint32_t>(picture.height);
            encoded.fragments = coding.Cut(*model,
                                           encoder->Encode(picture),
                                           static_cast<std::uint8_t>(file.pictures.size()),
                                           image.string());
            const auto sent = ReceiveLatent(*model, encoded.fragments);
            const auto valueCount = sent ? sent->valueCount : 0;
            table += fmt::format("{:8} {:6.2f} {:10} {:7}  {} ({} x {})\n",
                                 valueCount,
                                 100.0 * static_cast<double>(valueCount) / LATENT_SIZE,
                                 encoded.fragments.size(),
                                 TotalBytes(encoded.fragments),
                                 encoded.name,
                                 encoded.width,
                                 encoded.height);
            bytes += TotalBytes(encoded.fragments);
            fragments += encoded.fragments.size();
            file.pictures.push_back(std::move(encoded));
            progress.Step();
        }
    }
    WriteLimFile(output, file);
    std::cout << table
              << fmt::format("{}: {} picture{}, {} fragments of at most {} bytes, {} bytes of "
                             "fragments in all, codec {}\n",
                             output,
                             file.pictures.size(),
                             file.pictures.size() == 1 ? "" : "s",
                             fragments,
                             coding.Mtu(),
                             bytes,
                             file.model);
    return 0;
}

} // namespace limitnet
