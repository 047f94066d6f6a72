// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-report.h"

#include "limitnet/codec/int8-model.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/data/image-file.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/result-tables.h"
#include "limitnet/sweep/input-files.h"
#include "lpwan-offloading-results.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{
namespace lpwan
{

OffloadingReport::OffloadingReport(const OffloadingSettings& settings,
                                   const limitnet::Dataset& dataset,
                                   const OffloadingNetwork& network,
                                   const OffloadingRecorder& recorder,
                                   AccuracyCurves curves)
    : m_settings(settings),
      m_dataset(dataset),
      m_network(network),
      m_recorder(recorder),
      m_curves(std::move(curves))
{
}

uint64_t
OffloadingReport::CountImages() const
{
    uint64_t images = 0;
    for (const auto& record : m_recorder.GetRecords())
    {
        images += record.images.size();
    }
    return images;
}

uint64_t
OffloadingReport::CountMeters() const
{
    const auto& members = m_network.GetMembers();
    return static_cast<uint64_t>(std::count_if(members.begin(),
                                               members.end(),
                                               [](const auto& member) { return !member.source; }));
}

bool
OffloadingReport::HasImages() const
{
    return CountImages() > 0;
}

void
OffloadingReport::WriteFiles(const limitnet::RunFolder& folder,
                             const limitnet::ScenarioValues& values) const
{
    WriteCurves(folder);
    WriteOffloadingTables({m_network, m_recorder.GetRecords(), m_settings.durationS}, folder);
    for (const auto& [device, image] : m_settings.pictured)
    {
        WritePictures(folder, device, image);
    }
    WriteRecord(folder, values);
}

void
OffloadingReport::WriteCurves(const limitnet::RunFolder& folder) const
{
    limitnet::CsvWriter csv(folder.File("accuracy.csv"), limitnet::AccuracyTable().Names());
    std::vector<std::string> names{"all"};
    for (const auto& group : m_network.GetGroups())
    {
        names.push_back(group.settings.name);
    }
    const auto levels = m_network.GetLevels();
    names.insert(names.end(), levels.begin(), levels.end());
    for (const auto& name : names)
    {
        const auto curve = m_curves.find(name);
        if (curve != m_curves.end())
        {
            limitnet::AddAccuracyRows(csv, name, curve->second.At(m_settings.curveTimesS));
        }
    }
    csv.Close();
}

void
OffloadingReport::WritePictures(const limitnet::RunFolder& folder,
                                uint32_t device,
                                uint32_t image) const
{
    const auto& images = m_recorder.GetRecords()[device].images;
    const auto pictures = folder.File("pictures");
    const auto name = std::to_string(device) + '-' + std::to_string(image) + '-';
    std::filesystem::create_directories(pictures);
    if (image >= images.size())
    {
        return; // the simulation ended before
    }
    limitnet::WritePng(pictures / (name + "original.png"),
                       limitnet::ResizePicture(m_dataset.At(images[image].datasetIndex),
                                               limitnet::INT8_PICTURE_SIDE));
    const auto& codec = m_network.GroupOf(m_network.GetMembers()[device]).codec;
    std::vector<limitnet::Bytes> bytes;
    for (const std::size_t index : images[image].arrivals)
    {
        const auto& arrival = m_network.GetCloud()->GetArrivals()[index];
        bytes.push_back(arrival.bytes);
        const auto fragment = m_recorder.PlaceOf(arrival).fragment;
        if (const auto picture = codec.decoder->Decode(bytes))
        {
            limitnet::WritePng(pictures / (name + std::to_string(fragment) + ".png"),
                               limitnet::ResizePicture(*picture, limitnet::INT8_PICTURE_SIDE));
        }
    }
}

void
OffloadingReport::WriteRecord(const limitnet::RunFolder& folder,
                              const limitnet::ScenarioValues& values) const
{
    std::ofstream ini(folder.File("scenario.ini"));
    values.WriteIni(ini);
    std::set<std::size_t> used;
    for (const auto& record : m_recorder.GetRecords())
    {
        for (const auto& image : record.images)
        {
            used.insert(image.datasetIndex);
        }
    }
    limitnet::WriteInputs(ini, values, m_dataset, used);
    ini << "\n# Result files: schema version " << limitnet::RESULT_SCHEMA << " of docs/csv.md\n";
    ini.close();
    if (!ini)
    {
        limitnet::FailWriting(folder.File("scenario.ini"), errno);
    }
}

void
OffloadingReport::Print(std::ostream& out) const
{
    PrintDevices(out);
    PrintFates(out);
    if (HasImages())
    {
        PrintCosts(out);
        PrintCurve(out);
    }
    else
    {
        out << (CountMeters() == m_network.GetMembers().size()
                    ? "\nall devices are meters: nodes.csv has what they sent\n"
                    : "\nno image was captured: scenario.duration_s or a battery ends before the "
                      "first one\n");
    }
    PrintEnergies({m_network, m_recorder.GetRecords(), m_settings.durationS}, out);
}

void
OffloadingReport::PrintDevices(std::ostream& out) const
{
    const auto& members = m_network.GetMembers();
    std::map<std::string, uint32_t> devicesByLevel;
    std::set<std::string> profiles;
    for (std::size_t i = 0; i < members.size(); ++i)
    {
        ++devicesByLevel[m_recorder.GetRecords()[i].state.level];
        if (members[i].source)
        {
            profiles.insert(m_network.GroupOf(members[i]).settings.profileName);
        }
    }
    out << members.size() << " devices (";
    const char* separator = "";
    for (auto level : m_network.GetLevels())
    {
        const auto count = devicesByLevel.find(level);
        if (count == devicesByLevel.end())
        {
            continue;
        }
        // "sf7" is SF7 in a text
        std::transform(level.begin(), level.end(), level.begin(), [](unsigned char c) {
            return static_cast<char>(std::toupper(c));
        });
        out << separator << count->second << " at " << level;
        separator = ", ";
    }
    out << "), ";
    if (const auto meters = CountMeters(); meters > 0)
    {
        out << meters << " of them meters, ";
    }
    out << m_network.CountGateways() << " gateway(s), " << CountImages() << " images in "
        << m_settings.durationS << " s of simulated time";
    for (const auto& profile : profiles)
    {
        out << ", microcontroller " << profile;
    }
}

void
OffloadingReport::PrintFates(std::ostream& out) const
{
    std::map<std::string, uint64_t> fates;
    for (const auto& record : m_recorder.GetRecords())
    {
        for (const auto& image : record.images)
        {
            for (const auto& fragment : image.fragments)
            {
                ++fates[ToString(fragment.fate, fragment.cause)];
            }
        }
    }
    out << "\nfragments:";
    const char* separator = " ";
    for (const auto& [fate, count] : fates)
    {
        out << separator << count << ' ' << fate;
        separator = ", ";
    }
}

void
OffloadingReport::PrintCosts(std::ostream& out) const
{
    const auto& members = m_network.GetMembers();
    double airtimeS = 0;
    double energyJ = 0;
    for (std::size_t i = 0; i < members.size(); ++i)
    {
        if (!members[i].source)
        {
            continue;
        }
        const auto& device = members[i].device;
        airtimeS += device->GetTxAirtimeSeconds();
        energyJ += device->GetTotalEnergyJoule() - device->GetEnergyJoule(RadioState::SLEEP);
        const double pictureJ = m_network.GroupOf(members[i]).settings.profile.pictureEnergyJ;
        for (const auto& image : m_recorder.GetRecords()[i].images)
        {
            energyJ += image.encodingEnergyJ + (image.encodedS ? pictureJ : 0);
        }
    }
    const auto images = static_cast<double>(CountImages());
    out << std::fixed << std::setprecision(2) << "\nper image: " << airtimeS / images
        << " s time on air, " << energyJ / images << " J for encoding, sending and listening\n\n"
        << "  elapsed s   accuracy   95 % interval    correct/images\n";
}

void
OffloadingReport::PrintCurve(std::ostream& out) const
{
    const auto points = m_curves.at("all").At(m_settings.curveTimesS);
    const std::size_t step = std::max<std::size_t>(1, (points.size() + 10) / 12);
    for (std::size_t i = 0; i < points.size(); ++i)
    {
        if (i % step != 0 && i + 1 != points.size())
        {
            continue;
        }
        const auto& p = points[i];
        out << std::setw(11) << std::setprecision(0) << p.elapsedS;
        if (p.counted == 0)
        {
            out << "   no image was observed so long\n";
            continue;
        }
        out << std::setw(11) << std::setprecision(3) << p.accuracy << "   " << p.wilsonLow << " .. "
            << p.wilsonHigh << std::setw(8) << p.correct << '/' << p.counted << '\n';
    }
}

} // namespace lpwan
} // namespace ns3
