// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/cli/command.h"
#include "limitnet/codec/bitplane-calibration.h"
#include "limitnet/codec/error.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/training/picture-sample.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iostream>

namespace limitnet
{

namespace po = boost::program_options;

int
RunBitplaneTables(const std::vector<std::string>& arguments)
{
    std::string output;
    std::string dataDir;
    std::vector<std::string> datasets;
    std::vector<int> sides;
    int64_t count = 5000;
    std::string source;
    BitplaneCalibrationOptions calibration;
    po::options_description options("Options");
    options.add_options()("output,o", po::value(&output)->required(), "file to write")(
        "dataset",
        po::value(&datasets)->required()->composing(),
        "cifar10, cifar100, imagenet, ecssd, or a folder of pictures (with a slash); training "
        "pictures are used where there are halves; several times for an equal share of each")(
        "data",
        po::value(&dataDir),
        "folder that holds it (else $LIMITNET_DATA, then the cache)")(
        "side",
        po::value(&sides)->composing(),
        "pixels on a side, a multiple of 8, 16 to 224 (32); several times for one after the other")(
        "count",
        po::value(&count)->default_value(count),
        "pictures to use")(
        "chroma-gain",
        po::value(&calibration.chromaGain)->default_value(calibration.chromaGain),
        "what chroma is multiplied with before it is coded, in 1/16")(
        "rounds",
        po::value(&calibration.rounds)->default_value(calibration.rounds),
        "how often the tables are fitted")(
        "cpp",
        po::value(&source),
        "write a C++ source instead of a file of numbers, with a function of this name that gives "
        "them: the program has SmallBitplaneTables and LargeBitplaneTables");
    if (!ParseArguments("limitnet bitplane-tables --output=FILE --dataset=cifar100 [OPTIONS]",
                        "Makes the tables of the bit-plane codec: logistic models of its "
                        "decisions, fitted to pictures.",
                        options,
                        arguments))
    {
        return 0;
    }
    if (count < 1 || calibration.rounds < 1 || calibration.chromaGain < 1 ||
        calibration.chromaGain > 64)
    {
        throw Error("--count and --rounds have to be 1 or more, --chroma-gain 1 to 64");
    }
    if (sides.empty())
    {
        sides.push_back(32);
    }
    const PictureSample sample(datasets, dataDir, count);
    calibration.note = fmt::format("{}; side {}", sample.Description(), fmt::join(sides, ", "));
    calibration.progress = [](int round, double bytes) {
        std::cout << fmt::format("round {}: {:.1f} bytes a picture\n", round + 1, bytes)
                  << std::flush;
    };
    const auto tables = CalibrateBitplanes(
        sample.Size(),
        [&](size_t i) { return ResizePicture(sample.At(i), sides[i % sides.size()]); },
        calibration);
    std::ofstream out(output);
    if (!source.empty())
    {
        out << "// SPDX-License-Identifier: GPL-2.0-only\n"
               "// Made by `limitnet bitplane-tables --cpp`.\n"
               "#include \"limitnet/codec/bitplane-code.h\"\n\n"
               "#include <sstream>\n\n"
               "namespace limitnet\n{\n\n"
               "const BitplaneTables&\n"
            << source
            << "()\n{\n"
               "    static const BitplaneTables tables = [] {\n"
               "        std::istringstream in(R\"(";
    }
    tables.Write(out);
    if (!source.empty())
    {
        out << ")\");\n"
               "        return BitplaneTables::Read(in, \"the tables of bit planes\");\n"
               "    }();\n    return tables;\n}\n\n} // namespace limitnet\n";
    }
    out.flush();
    if (!out)
    {
        throw Error(fmt::format("{}: cannot be written", output));
    }
    std::cout << fmt::format("tables {:08x} from {}: wrote {}\n",
                             tables.Checksum(),
                             calibration.note,
                             output);
    return 0;
}

} // namespace limitnet
