// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/sweep/input-files.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "limitnet/data/cifar-dataset.h"
#include "limitnet/data/image-folder.h"
#include "limitnet/data/npm-package.h"
#include "limitnet/data/paths.h"
#include "limitnet/scenario/group-name.h"
#include "limitnet/scenario/ini-line.h"
#include "limitnet/scenario/text-parts.h"
#include "limitnet/sweep/sweep-plan.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <ostream>
#include <system_error>
#include <utility>

namespace limitnet
{

namespace
{

namespace fs = std::filesystem;

/** A data set of more bytes is known by its files' sizes and times of change, not their content. */
constexpr std::uintmax_t MOST_BYTES_READ = std::uintmax_t{256} << 20;

/** \return whether it depends on a key, which may be one of a group, which files a run reads */
bool
SelectsFiles(const OptionTable& table, const std::string& key)
{
    const auto& options = table.Options();
    const std::string wanted = IsGroup(key) ? KeyInGroup(key) : key;
    return std::any_of(options.begin(), options.end(), [&wanted](const Option& option) {
        return option.selectsFiles && option.key == wanted;
    });
}

bool
IsFile(const fs::path& path)
{
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

/** \return the text of a key; empty where the program has no such key */
std::string
TextOf(const ScenarioValues& values, const std::string& key)
{
    return values.Has(key) ? values.Text(key) : "";
}

/** \return what a search gives; empty when it finds nothing */
template <class Search>
fs::path
Found(Search search)
{
    try
    {
        return search();
    }
    catch (const Error&)
    {
        return {};
    }
}

/** \return the classifier's file; empty for ResNet50, whose files are checked when it is opened */
fs::path
ClassifierOf(const ScenarioValues& values)
{
    const std::string name = TextOf(values, "codec.classifier");
    const std::string dataset = TextOf(values, "images.dataset");
    const std::string wanted = name != "auto" ? name : CifarDataset::Knows(dataset) ? dataset : "";
    return FindNpmFiles(wanted) != nullptr ? fs::path() : Found([&] { return FindModel(wanted); });
}

/** A file of a sweep's runs, as it is compared. */
struct Known
{
    std::string key;
    std::string name;
    std::string sum;
    std::string path;
};

/** Fields of a line have this between them, which no name is likely to have. */
constexpr char BETWEEN = '\t';

Known
KnownOf(const std::string& line)
{
    std::array<std::string, 4> fields;
    std::size_t at = 0;
    for (std::size_t i = 0; i < fields.size(); ++i)
    {
        const auto next = i + 1 < fields.size() ? line.find(BETWEEN, at) : std::string::npos;
        fields[i] =
            line.substr(std::min(at, line.size()), next == std::string::npos ? next : next - at);
        at = next == std::string::npos ? line.size() : next + 1;
    }
    return {fields[0], fields[1], fields[2], fields[3]};
}

std::string
LineOf(const std::string& key, const fs::path& name, const std::string& sum, const fs::path& path)
{
    return key + BETWEEN + name.string() + BETWEEN + sum + BETWEEN + path.string();
}

/** Adds a line for each file of a data set. */
void
AddDataset(const ScenarioValues& values, std::set<std::string>& lines)
{
    const std::string name = TextOf(values, "images.dataset");
    const std::string dir = TextOf(values, "data");
    std::vector<std::pair<fs::path, fs::path>> files; // name in it, where
    try
    {
        const fs::path cifar = CifarDataset::Knows(name) ? CifarDataset::Find(name, dir) : "";
        if (IsFile(cifar))
        {
            files.emplace_back(cifar.filename(), cifar);
        }
        else if (!cifar.empty())
        {
            for (const char* file :
                 {"test_batch.bin", "test.bin", "batches.meta.txt", "fine_label_names.txt"})
            {
                if (IsFile(cifar / file))
                {
                    files.emplace_back(file, cifar / file);
                }
            }
        }
        else
        {
            const auto opened = OpenDataset(DatasetOnDisk(name, dir), Split::TEST, dir);
            const auto* folder = dynamic_cast<const ImageFolder*>(opened.get());
            for (std::size_t i = 0; folder != nullptr && i < folder->Size(); ++i)
            {
                const fs::path& file = folder->File(i);
                files.emplace_back(file.parent_path().filename() / file.filename(), file);
            }
            if (folder != nullptr && folder->ClassCount() > 0)
            {
                const auto root = folder->File(0).parent_path().parent_path().parent_path();
                files.emplace_back("wnids.txt", root / "wnids.txt");
            }
        }
    }
    catch (const Error&)
    {
        return; // the program says what is wrong with it
    }
    std::uintmax_t bytes = 0;
    for (const auto& [inside, file] : files)
    {
        bytes += fs::file_size(file);
    }
    for (const auto& [inside, file] : files)
    {
        const auto time = fs::last_write_time(file).time_since_epoch();
        lines.insert(LineOf("images.dataset",
                            inside,
                            bytes <= MOST_BYTES_READ
                                ? Sha256OfFiles({file})
                                : fmt::format("{} bytes, {}", fs::file_size(file), time.count()),
                            file));
    }
}

/** Adds the files that a scenario file includes, and those that they include. */
void
AddIncluded(const fs::path& file, unsigned depth, std::set<std::string>& lines)
{
    constexpr unsigned MOST_DEEP = 20; // one that includes itself is refused elsewhere
    std::ifstream in(file);
    for (std::string line; depth < MOST_DEEP && std::getline(in, line);)
    {
        const std::string content = IniContent(line);
        const auto equals = content.find('=');
        if (equals != std::string::npos && Trim(content.substr(0, equals)) == "include")
        {
            const fs::path included = file.parent_path() / Trim(content.substr(equals + 1));
            if (IsFile(included))
            {
                lines.insert(
                    LineOf("include", included.filename(), Sha256OfFiles({included}), included));
                AddIncluded(included, depth + 1, lines);
            }
        }
    }
}

} // namespace

std::vector<InputFile>
InputFilesOf(const ScenarioValues& values)
{
    std::vector<InputFile> files;
    const auto add = [&files](const std::string& key, const fs::path& path) {
        const bool there = std::any_of(files.begin(), files.end(), [&](const InputFile& file) {
            return file.key == key && file.path == path;
        });
        if (!path.empty() && !there && IsFile(path))
        {
            files.push_back({key, path});
        }
    };
    for (const auto& entry : values.Groups())
    {
        const ScenarioValues& own = entry.second;
        const bool camera = TextOf(own, "devices.role") != "meter";
        if (camera && TextOf(own, "codec.name") == "limitnet")
        {
            const std::string model = TextOf(own, "codec.model");
            add("codec.model", Found([&] { return FindModel(model); }));
            if (TextOf(own, "codec.encoder") == "int8")
            {
                add("codec.model", Found([&] { return FindDeviceModel(model); }));
            }
        }
        for (const std::string& key : own.FileKeys(true))
        {
            if (camera || SectionOf(key) != "images")
            {
                add(key, own.Text(key));
            }
        }
    }
    if (values.Has("codec.classifier"))
    {
        add("codec.classifier", ClassifierOf(values));
    }
    for (const std::string& key : values.FileKeys(false))
    {
        add(key, values.Text(key));
    }
    return files;
}

void
WriteInputs(std::ostream& out,
            const ScenarioValues& values,
            const Dataset& dataset,
            const std::set<std::size_t>& used)
{
    out << "\n# What it was made of (SHA-256):\n";
    for (const auto& file : InputFilesOf(values))
    {
        out << "# " << file.key << ": " << file.path.filename().string() << ' '
            << Sha256OfFiles({file.path}) << '\n';
    }
    std::string all;
    for (const std::size_t index : used)
    {
        const Image picture = dataset.At(index);
        std::string text =
            fmt::format("{} {} {}x{} ", index, dataset.Label(index), picture.width, picture.height);
        text.append(picture.rgb.begin(), picture.rgb.end());
        const auto sum = Sha256Of(text);
        all.append(sum.begin(), sum.end());
    }
    const auto sum = Sha256Of(all);
    out << "# images.dataset: " << used.size() << " pictures of " << dataset.Name() << ' ';
    for (const auto byte : sum)
    {
        out << fmt::format("{:02x}", byte);
    }
    out << '\n';
}

std::vector<std::string>
SweepInputs(const SweepPlan& plan, const fs::path& base)
{
    const OptionTable table = OptionsOfProgram(plan.Program());
    std::vector<std::size_t> axes;
    for (std::size_t a = 0; a < plan.Axes().size(); ++a)
    {
        if (SelectsFiles(table, plan.Axes()[a].key))
        {
            axes.push_back(a);
        }
    }
    // Each combination of values that matter here, once.
    std::set<std::vector<std::string>> combinations;
    for (std::size_t p = 0; p < plan.PointCount(); ++p)
    {
        const auto run = plan.At(p * plan.Runs().size());
        std::vector<std::string> arguments{"--scenario=" + base.string()};
        for (const std::size_t a : axes)
        {
            arguments.push_back("--" + plan.Axes()[a].key + "=" + run.values[a]);
        }
        combinations.insert(std::move(arguments));
        if (axes.empty())
        {
            break;
        }
    }
    std::set<std::string> lines;
    std::set<std::pair<std::string, std::string>> datasets; // name, folder
    std::map<fs::path, std::string> sums;
    for (const auto& arguments : combinations)
    {
        const ScenarioValues values = table.Parse(arguments);
        for (const auto& file : InputFilesOf(values))
        {
            auto& sum = sums[file.path];
            sum = sum.empty() ? Sha256OfFiles({file.path}) : sum;
            lines.insert(LineOf(file.key, file.path.filename(), sum, file.path));
        }
        const bool isNew =
            datasets.emplace(TextOf(values, "images.dataset"), TextOf(values, "data")).second;
        if (isNew && values.Has("images.dataset"))
        {
            AddDataset(values, lines);
        }
    }
    AddIncluded(base, 0, lines);
    return {lines.begin(), lines.end()};
}

std::string
ChangedInput(const std::vector<std::string>& before, const std::vector<std::string>& now)
{
    // Where a file is does not matter, so that a folder may be moved.
    const auto read = [](const std::vector<std::string>& lines) {
        std::map<std::pair<std::string, std::string>, std::multimap<std::string, std::string>> all;
        for (const auto& line : lines)
        {
            const Known known = KnownOf(line);
            all[{known.key, known.name}].emplace(known.sum, known.path);
        }
        return all;
    };
    const auto sumsOf = [](const std::multimap<std::string, std::string>& files) {
        std::set<std::string> sums;
        for (const auto& [sum, path] : files)
        {
            sums.insert(sum);
        }
        return sums;
    };
    const auto earlier = read(before);
    const auto later = read(now);
    for (const auto& [name, files] : earlier)
    {
        const auto found = later.find(name);
        if (found == later.end())
        {
            return files.begin()->second + " (" + name.first + ") is no longer there";
        }
        for (const auto& [sum, path] : found->second)
        {
            if (files.count(sum) == 0)
            {
                return path + " (" + name.first + ") has changed";
            }
        }
        if (sumsOf(files) != sumsOf(found->second))
        {
            return found->second.begin()->second + " (" + name.first + ") has changed";
        }
    }
    for (const auto& [name, files] : later)
    {
        if (earlier.count(name) == 0)
        {
            return files.begin()->second + " (" + name.first + ") is new";
        }
    }
    return "";
}

} // namespace limitnet
