// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/coding-options.h"
#include "limitnet/cli/command.h"
#include "limitnet/cli/named-classifier.h"
#include "limitnet/cli/picture-file.h"
#include "limitnet/cli/progress.h"
#include "limitnet/cli/saliency-picture.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/latent.h"
#include "limitnet/data/dataset.h"
#include "limitnet/data/lim-file.h"
#include "limitnet/evaluation/image-quality.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <opencv2/imgproc.hpp>

namespace limitnet
{

namespace po = boost::program_options;

namespace
{

/// Percentages on the sheet; the one asked for takes the place of the nearest.
constexpr std::array SHEET_PERCENTAGES{2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0};

const cv::Scalar BLACK(30, 30, 30);
const cv::Scalar GREY(110, 110, 110);
const cv::Scalar BLUE(178, 114, 0); // blue first, as OpenCV has it

/** One picture of the sheet with the lines under it. */
struct Tile
{
    cv::Mat picture;
    std::vector<std::string> lines;
    bool marked = false;
};

/** Text in OpenCV's font, which knows ASCII only; shortened to a width. */
void
Write(cv::Mat& sheet,
      const std::string& text,
      cv::Point at,
      double scale,
      int thickness,
      const cv::Scalar& colour,
      int width)
{
    std::string shown = text;
    std::replace_if(
        shown.begin(),
        shown.end(),
        [](unsigned char c) { return c < 0x20 || c > 0x7E; },
        '?');
    const auto isTooWide = [&] {
        int below = 0;
        return cv::getTextSize(shown, cv::FONT_HERSHEY_DUPLEX, scale, thickness, &below).width >
               width;
    };
    for (std::size_t kept = shown.size(); kept > 0 && isTooWide();)
    {
        --kept;
        shown = shown.substr(0, kept) + "..";
    }
    cv::putText(sheet, shown, at, cv::FONT_HERSHEY_DUPLEX, scale, colour, thickness, cv::LINE_AA);
}

/** Tiles in rows of five under a title, notes below. */
cv::Mat
DrawSheet(const std::string& title,
          const std::vector<std::string>& notes,
          const std::vector<Tile>& tiles)
{
    constexpr int COLUMNS = 5;
    constexpr int MARGIN = 36;
    constexpr int GAP = 30;
    constexpr int TITLE = 84;
    constexpr int LINE = 36;
    constexpr int LINES = 4;
    constexpr int NOTE_LINE = 34;
    const int noteHeight = 20 + NOTE_LINE * static_cast<int>(notes.size());
    const cv::Size tile = tiles[0].picture.size();
    const int rows = (static_cast<int>(tiles.size()) + COLUMNS - 1) / COLUMNS;
    const int rowHeight = tile.height + LINES * LINE + GAP;
    cv::Mat sheet(MARGIN + TITLE + rows * rowHeight + noteHeight,
                  2 * MARGIN + COLUMNS * tile.width + (COLUMNS - 1) * GAP,
                  CV_8UC3,
                  cv::Scalar::all(255));
    const int inner = sheet.cols - 2 * MARGIN;
    Write(sheet, title, {MARGIN, MARGIN + 36}, 1.3, 2, BLACK, inner);
    for (std::size_t i = 0; i < tiles.size(); ++i)
    {
        const cv::Rect place(MARGIN + static_cast<int>(i % COLUMNS) * (tile.width + GAP),
                             MARGIN + TITLE + static_cast<int>(i / COLUMNS) * rowHeight,
                             tile.width,
                             tile.height);
        tiles[i].picture.copyTo(sheet(place));
        if (tiles[i].marked)
        {
            cv::rectangle(sheet, place + cv::Point(-5, -5) + cv::Size(10, 10), BLUE, 5);
        }
        for (std::size_t k = 0; k < tiles[i].lines.size(); ++k)
        {
            Write(sheet,
                  tiles[i].lines[k],
                  {place.x, place.y + tile.height + 6 + static_cast<int>(k + 1) * LINE},
                  k == 0 ? 0.95 : 0.8,
                  k == 0 ? 2 : 1,
                  k > 0 ? GREY : (tiles[i].marked ? BLUE : BLACK),
                  tile.width);
        }
    }
    for (std::size_t i = 0; i < notes.size(); ++i)
    {
        const int fromBelow = static_cast<int>(notes.size() - 1 - i) * NOTE_LINE;
        Write(sheet, notes[i], {MARGIN, sheet.rows - 24 - fromBelow}, 0.75, 1, GREY, inner);
    }
    return sheet;
}

/** Classifies and puts it in words; nothing to say without a classifier. */
class Namer
{
  public:
    Namer(std::shared_ptr<const Classifier> classifier, const std::string& dataDir)
        : m_classifier(std::move(classifier))
    {
        if (!m_classifier)
        {
            return;
        }
        const auto& name = m_classifier->DatasetName();
        try
        {
            m_names = OpenDataset(DatasetOnDisk(name, dataDir), Split::TEST, dataDir);
        }
        catch (const Error&)
        {
            // The names are only in the data set; without it, numbers have to do.
        }
    }

    std::string Describe(const Image& picture) const
    {
        if (!m_classifier)
        {
            return {};
        }
        const auto prediction = m_classifier->Classify(picture);
        const bool named = m_names && prediction.label < m_names->ClassCount();
        return fmt::format("{}, {:.0f} %",
                           named ? m_names->ClassName(prediction.label)
                                 : fmt::format("class {}", prediction.label),
                           100 * prediction.confidence);
    }

  private:
    std::shared_ptr<const Classifier> m_classifier;
    std::unique_ptr<Dataset> m_names;
};

/** All tiles have the area of 380 x 380 and the picture's shape, unless that is extreme. */
cv::Size
TileSize(const Image& picture)
{
    const double shape = std::clamp(static_cast<double>(picture.width) / picture.height, 0.5, 2.0);
    return {static_cast<int>(std::lround(380 * std::sqrt(shape))),
            static_cast<int>(std::lround(380 / std::sqrt(shape)))};
}

std::string
Percent(double percent)
{
    return fmt::format("{:g}", percent);
}

} // namespace

int
RunDemo(const std::vector<std::string>& arguments)
{
    std::filesystem::path imageFile;
    std::string image;
    std::string folder;
    std::string classifierName;
    std::string classifierDataset;
    std::string dataDir;
    CodingOptions coding(20);
    po::options_description options("Options");
    options.add_options()("image,i", po::value(&image)->required(), "picture")(
        "output,o",
        po::value(&folder)->required(),
        "folder to write to, made when it is missing")(
        "classifier",
        po::value(&classifierName)->default_value("auto"),
        "classifier: resnet50, a model by name or path, or a TorchScript file; auto takes resnet50 "
        "where it was fetched, else the one for CIFAR-100; none goes without")(
        "classifier-dataset",
        po::value(&classifierDataset),
        CLASSIFIER_DATASET_HELP)(
        "data",
        po::value(&dataDir),
        "folder with the classifier's data set, which has the names of the classes (else "
        "$LIMITNET_DATA, then the cache)");
    coding.AddTo(options);
    po::positional_options_description positional;
    positional.add("image", 1);
    const auto values = ParseArguments(
        "limitnet demo --image IMAGE -o FOLDER [OPTIONS]",
        "Shows what the codec makes of a picture. Writes into the folder, for NAME.jpg:\n"
        "  NAME-saliency.png        the saliency map as it is sent, as large as the picture (where "
        "the "
        "codec has one)\n"
        "  NAME-reconstruction.png  what the cloud sees at --percentage or --bytes\n"
        "  NAME-sheet.png           the picture at several percentages, with size, PSNR and "
        "prediction",
        options,
        arguments,
        positional);
    if (!values)
    {
        return 0;
    }
    coding.Check(*values);
    imageFile = image;
    const auto original = ReadPicture(imageFile);
    const auto model = coding.OpenModel();
    const auto encoder = coding.OpenEncoder(model);
    const bool hasMap = NeedsMap(model->Order());
    std::string noClassifier;
    const auto classifier =
        FindClassifier(classifierName, {"imagenet", "cifar100"}, classifierDataset, noClassifier);
    const Namer namer(classifier, dataDir);

    const auto symbols = encoder->Encode(original);
    const auto input = model->Input(original);
    const cv::Size originalSize(original.width, original.height);
    const auto tileSize = TileSize(original);
    const auto originalMat = ToMat(original);

    // What was asked for, be it in percent or in bytes.
    const auto asked = coding.Cut(*model, symbols, 0, image);
    const auto askedLatent = ReceiveLatent(*model, asked).value();
    const auto reconstruction = model->Decode(askedLatent.latent);
    const double askedPercent =
        values->count("bytes") > 0
            ? std::round(1000.0 * static_cast<double>(askedLatent.valueCount) / LATENT_SIZE) / 10
            : coding.Percentage();

    auto percentages = SHEET_PERCENTAGES;
    const auto distance = [askedPercent](double p) { return std::abs(std::log(p / askedPercent)); };
    *std::min_element(percentages.begin(), percentages.end(), [&](double a, double b) {
        return distance(a) < distance(b);
    }) = askedPercent;
    std::sort(percentages.begin(), percentages.end());

    std::vector<Tile> tiles;
    tiles.push_back({Resized(originalMat, tileSize),
                     {"original",
                      fmt::format("{} x {}", original.width, original.height),
                      fmt::format("{} bytes", std::filesystem::file_size(imageFile)),
                      namer.Describe(input)}});
    if (hasMap)
    {
        tiles.push_back({SaliencyOverlay(symbols.map, tiles[0].picture),
                         {"saliency map", "as it is sent,", "yellow goes first"}});
    }
    std::cout << fmt::format("{} ({} x {})\n       %   values   bytes   PSNR dB   prediction\n",
                             image,
                             original.width,
                             original.height);
    {
        Progress progress(percentages.size(), "percentages");
        for (const double percent : percentages)
        {
            const bool isAsked = percent == askedPercent;
            auto fragments = asked;
            if (!isAsked)
            {
                FragmentOptions cut;
                cut.maxFragmentBytes = coding.Mtu();
                cut.valueCount = ValuesOfPercentage(percent);
                cut.order = model->Order();
                fragments =
                    Fragmenter(model->Tables()).All(symbols.map, symbols.symbols.data(), cut);
            }
            const auto received = ReceiveLatent(*model, fragments).value();
            const auto decoded = isAsked ? reconstruction : model->Decode(received.latent);
            const double psnrDb = PsnrDb(decoded, input);
            const auto prediction = namer.Describe(decoded);
            tiles.push_back({Resized(ToMat(decoded), tileSize),
                             {Percent(percent) + " %",
                              fmt::format("{} bytes", TotalBytes(fragments)),
                              fmt::format("{:.1f} dB", psnrDb),
                              prediction},
                             isAsked});
            std::cout << fmt::format("{}{:>7} {:8} {:7} {:9.2f}   {}\n",
                                     isAsked ? '>' : ' ',
                                     Percent(percent),
                                     received.valueCount,
                                     TotalBytes(fragments),
                                     psnrDb,
                                     prediction);
            progress.Step();
        }
    }
    const auto sheet = DrawSheet(
        imageFile.filename().string() + ": what arrives, by the part of the latent that is sent",
        {fmt::format("Codec {}, fragments of at most {} bytes", coding.ModelName(), coding.Mtu()),
         "bytes: all fragments with headers and saliency map",
         "dB: PSNR at 224 x 224 against the original",
         classifier ? fmt::format("last line: prediction, one of the classes of {}",
                                  classifier->DatasetName())
                    : std::string("no classifier")},
        tiles);

    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    if (problem)
    {
        throw Error(folder + ": cannot be made: " + problem.message());
    }
    const auto stem = LimNameFor(imageFile.stem().string());
    const auto write = [&](const char* what, const cv::Mat& picture) {
        const auto file = std::filesystem::path(folder) / fmt::format("{}-{}.png", stem, what);
        WritePicture(file, ToImage(picture));
        std::cout << "written: " << file.string() << '\n';
    };
    if (hasMap)
    {
        write("saliency", SaliencyPicture(symbols.map, originalSize));
    }
    else
    {
        std::cout << "no saliency map: the codec " << coding.ModelName() << " sends none\n";
    }
    write("reconstruction", Resized(ToMat(reconstruction), originalSize));
    write("sheet", sheet);
    if (!classifier)
    {
        std::cout << "no predictions: " << noClassifier << '\n';
    }
    return 0;
}

} // namespace limitnet
