// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/nn/networks-torch.h"
#include "limitnet/nn/picture-tensor-torch.h"
#include "limitnet/nn/text.h"
#include "limitnet/training/picture-features-torch.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <system_error>

namespace limitnet
{

namespace
{

/** Pictures at once: a second or two of work, which is what a stopped run loses. */
constexpr int64_t BATCH = 16;

/** Seconds between two lines about the progress. */
constexpr double REPORT_EVERY = 15;

double
SecondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

torch::Tensor
PictureFeatures(const ResNet50& net,
                const torch::Tensor& small,
                bool mirrored,
                const std::filesystem::path& file,
                std::ostream& progress,
                const std::atomic<bool>* stop)
{
    const torch::NoGradGuard noGrad;
    const auto count = small.size(0);
    const auto width = net.FeatureCount();
    const auto recordBytes = static_cast<uintmax_t>(width) * sizeof(at::Half);

    std::error_code problem;
    std::filesystem::create_directories(file.parent_path(), problem);
    const auto size = std::filesystem::file_size(file, problem);
    int64_t done = problem ? 0 : static_cast<int64_t>(size / recordBytes);
    if (!problem && size % recordBytes != 0)
    {
        // Stopped while it wrote.
        std::filesystem::resize_file(file, static_cast<uintmax_t>(done) * recordBytes, problem);
    }
    if (done < count)
    {
        std::ofstream out(file, std::ios::binary | std::ios::app);
        const auto start = std::chrono::steady_clock::now();
        auto lastReport = start;
        const auto first = done;
        if (first > 0)
        {
            progress << Text("features: going on after picture ", first, '\n') << std::flush;
        }
        while (done < count)
        {
            const auto n = std::min(BATCH, count - done);
            auto pictures = small.narrow(0, done, n);
            if (mirrored)
            {
                pictures = pictures.flip({3});
            }
            const auto features =
                net.Features(Normalise(EnlargeToPicture(pictures))).to(torch::kHalf).contiguous();
            out.write(static_cast<const char*>(features.data_ptr()),
                      static_cast<std::streamsize>(n) * static_cast<std::streamsize>(recordBytes));
            out.flush();
            if (!out)
            {
                throw Error(Text(file.string(), ": cannot be written; is the disk full?"));
            }
            done += n;
            if (SecondsSince(lastReport) > REPORT_EVERY || done == count)
            {
                lastReport = std::chrono::steady_clock::now();
                const auto rate = static_cast<double>(done - first) / SecondsSince(start);
                progress << Text("features: ",
                                 done,
                                 '/',
                                 count,
                                 " pictures, ",
                                 Fixed{rate, 1},
                                 " a second | ",
                                 Fixed{static_cast<double>(count - done) / rate / 60, 0},
                                 " min left\n")
                         << std::flush;
            }
            if (stop != nullptr && *stop)
            {
                progress << "stopped; the same command goes on from here\n" << std::flush;
                return {};
            }
        }
    }
    auto features = torch::empty({count, width}, torch::kHalf);
    const auto bytes =
        static_cast<std::streamsize>(count) * static_cast<std::streamsize>(recordBytes);
    std::ifstream in(file, std::ios::binary);
    in.read(static_cast<char*>(features.data_ptr()), bytes);
    if (in.gcount() != bytes)
    {
        throw Error(Text(file.string(), ": cannot be read; remove it to make it again"));
    }
    return features;
}

std::string
FingerprintOf(const torch::Tensor& bytes)
{
    // FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv
    uint64_t hash = 14695981039346656037ULL;
    const auto whole = bytes.contiguous();
    const auto* data = static_cast<const uint8_t*>(whole.data_ptr());
    for (size_t i = 0; i < whole.nbytes(); ++i)
    {
        hash = (hash ^ data[i]) * 1099511628211ULL;
    }
    std::ostringstream text;
    text << std::hex << std::setw(16) << std::setfill('0') << hash;
    return text.str();
}

} // namespace limitnet
