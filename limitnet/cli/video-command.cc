// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/picture-file.h"
#include "limitnet/cli/progress.h"
#include "limitnet/cli/saliency-picture.h"
#include "limitnet/codec/error.h"
#include "limitnet/evaluation/image-quality.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/result-tables.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <map>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <unistd.h>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/// Of a video that does not say its own.
constexpr double DEFAULT_FRAME_RATE = 25;

/** What is known of one frame. */
struct Frame
{
    std::size_t fragments;
    std::size_t bytes;
    std::size_t values;
    double psnrDb;
};

/** \return the code of the compression for a video of this name. */
int
FourCcFor(const std::filesystem::path& path)
{
    static const std::map<std::string, int> CODES = {
        {".avi", cv::VideoWriter::fourcc('M', 'J', 'P', 'G')},
        {".mkv", cv::VideoWriter::fourcc('M', 'J', 'P', 'G')},
        {".mp4", cv::VideoWriter::fourcc('m', 'p', '4', 'v')},
        {".mov", cv::VideoWriter::fourcc('m', 'p', '4', 'v')}};
    const auto found = CODES.find(path.extension().string());
    if (found == CODES.end())
    {
        throw Error(path.string() + ": has to end in .avi, .mkv, .mp4 or .mov");
    }
    return found->second;
}

/** A video that appears under its name when it is whole. */
class VideoFile
{
  public:
    explicit VideoFile(const std::filesystem::path& path)
        : m_path(path),
          m_fourCc(FourCcFor(path)),
          // Of a name of its own: the file's may be as long as the system has them.
          m_partial(path.parent_path() /
                    fmt::format(".partial-{}{}", getpid(), path.extension().string()))
    {
    }

    ~VideoFile()
    {
        m_writer.release();
        std::error_code ignored;
        std::filesystem::remove(m_partial, ignored);
    }

    VideoFile(const VideoFile&) = delete;
    VideoFile& operator=(const VideoFile&) = delete;

    void Open(double frameRate, cv::Size size)
    {
        if (!m_writer.open(m_partial.string(), m_fourCc, frameRate, size))
        {
            Fail();
        }
    }

    void Write(const cv::Mat& frame)
    {
        m_writer.write(frame);
    }

    void Finish()
    {
        m_writer.release();
        // The writer reports no error, a full disk for instance: so the result is looked at.
        if (!cv::VideoCapture(m_partial.string(), cv::CAP_FFMPEG).isOpened())
        {
            Fail();
        }
        std::error_code problem;
        std::filesystem::rename(m_partial, m_path, problem);
        if (problem)
        {
            Fail();
        }
    }

  private:
    [[noreturn]] void Fail() const
    {
        throw Error(m_path.string() +
                    ": cannot be written: is its folder there, writable and not full?");
    }

    std::filesystem::path m_path;
    int m_fourCc;
    std::filesystem::path m_partial;
    cv::VideoWriter m_writer;
};

void
WriteFrames(const std::filesystem::path& path, const std::vector<Frame>& frames, double frameRate)
{
    const auto partial = path.parent_path() / fmt::format(".partial-{}.csv", getpid());
    try
    {
        CsvWriter csv(partial, VideoTable().Names());
        for (std::size_t i = 0; i < frames.size(); ++i)
        {
            csv.Add(i)
                .Add(static_cast<double>(i) / frameRate, 4)
                .Add(frames[i].fragments)
                .Add(frames[i].bytes)
                .Add(frames[i].values)
                .Add(frames[i].psnrDb, 3);
            csv.EndRow();
        }
        csv.Close();
        std::filesystem::rename(partial, path);
    }
    catch (const std::exception&)
    {
        std::error_code ignored;
        std::filesystem::remove(partial, ignored);
        throw Error(path.string() + ": cannot be written");
    }
}

/** MPEG-4 wants even sides. */
int
Even(int side)
{
    return std::max(2, side - side % 2);
}

} // namespace

int
RunVideo(const std::vector<std::string>& arguments)
{
    std::string input;
    std::string output;
    std::string table;
    bool withSaliency = false;
    CodingOptions coding(20);
    po::options_description options("Options");
    options.add_options()("in,i", po::value(&input)->required(), "video")(
        "out,o",
        po::value(&output)->required(),
        "video to write: .avi or .mkv (Motion JPEG), .mp4 or .mov (MPEG-4); without sound")(
        "csv",
        po::value(&table),
        "size of each frame (default: the video's name with .csv)")("saliency",
                                                                    po::bool_switch(&withSaliency),
                                                                    "show the saliency map beside");
    coding.AddTo(options);
    const auto values = ParseArguments(
        "limitnet video --in VIDEO --out VIDEO [OPTIONS]",
        "Encodes and decodes a video frame by frame, each as a picture of its own, and writes what "
        "the cloud would see,\nin the size and with the frame rate of the original.",
        options,
        arguments);
    if (!values)
    {
        return 0;
    }
    coding.Check(*values);
    // What OpenCV and FFmpeg say of a damaged video: our own line says it.
    setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);

    std::error_code problem;
    if (!std::filesystem::is_regular_file(input, problem))
    {
        throw Error(input + ": is no file that can be read");
    }
    VideoFile video(output);
    const std::filesystem::path csvFile =
        table.empty() ? std::filesystem::path(output).replace_extension(".csv")
                      : std::filesystem::path(table);
    cv::VideoCapture capture(input, cv::CAP_FFMPEG);
    cv::Mat frame;
    if (!capture.isOpened() || !capture.read(frame) || frame.empty())
    {
        throw Error(input + ": no video that can be read, or without frames");
    }
    double frameRate = capture.get(cv::CAP_PROP_FPS);
    const bool hasRate = frameRate > 0 && frameRate <= 1000;
    frameRate = hasRate ? frameRate : DEFAULT_FRAME_RATE;
    const double claimed = capture.get(cv::CAP_PROP_FRAME_COUNT); // may be wrong or missing
    const cv::Size size(Even(frame.cols), Even(frame.rows));
    const auto model = coding.OpenModel();
    if (withSaliency && !NeedsMap(model->Order()))
    {
        throw Error("--saliency: the codec " + coding.ModelName() +
                    " sends no saliency map; a codec with one, such as codec-224, has it to show");
    }
    const auto encoder = coding.OpenEncoder(model);
    video.Open(frameRate, withSaliency ? cv::Size(2 * size.width, size.height) : size);

    std::vector<Frame> frames;
    {
        Progress progress(claimed >= 1 && claimed < 1e9 ? static_cast<std::size_t>(claimed) : 0,
                          "frames");
        do
        {
            const auto picture = ToImage(frame);
            const auto symbols = encoder->Encode(picture);
            const auto fragments = coding.Cut(*model,
                                              symbols,
                                              static_cast<std::uint8_t>(frames.size()),
                                              fmt::format("frame {}", frames.size()));
            const auto received = ReceiveLatent(*model, fragments).value();
            const auto decoded = model->Decode(received.latent);
            auto shown = Resized(ToMat(decoded), size);
            if (withSaliency)
            {
                const auto overlay = SaliencyOverlay(symbols.map, Resized(frame, size));
                cv::hconcat(shown, overlay, shown);
            }
            video.Write(shown);
            frames.push_back({fragments.size(),
                              TotalBytes(fragments),
                              received.valueCount,
                              PsnrDb(decoded, model->Input(picture))});
            progress.Step();
        } while (capture.read(frame) && !frame.empty());
    }
    video.Finish();
    WriteFrames(csvFile, frames, frameRate);

    std::size_t bytes = 0;
    std::size_t least = frames[0].bytes;
    std::size_t most = 0;
    double psnrDb = 0;
    for (const auto& each : frames)
    {
        bytes += each.bytes;
        least = std::min(least, each.bytes);
        most = std::max(most, each.bytes);
        psnrDb += each.psnrDb;
    }
    const auto n = static_cast<double>(frames.size());
    std::cout << fmt::format(
        "{}: {} frames of {} x {}, {:g} a second{}\n"
        "bytes per frame: mean {:.1f}, {} to {}; {:.1f} kbit/s; mean PSNR {:.2f} dB\n"
        "written: {}, {}\n",
        input,
        frames.size(),
        capture.get(cv::CAP_PROP_FRAME_WIDTH),
        capture.get(cv::CAP_PROP_FRAME_HEIGHT),
        frameRate,
        hasRate ? "" : " (assumed: the video does not say)",
        static_cast<double>(bytes) / n,
        least,
        most,
        8 * static_cast<double>(bytes) / n * frameRate / 1000,
        psnrDb / n,
        output,
        csvFile.string());
    return 0;
}

} // namespace limitnet
