// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-explanation.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace ns3
{
namespace lpwan
{

OffloadingExplanation::OffloadingExplanation(const OffloadingSettings& settings,
                                             const limitnet::Dataset& dataset,
                                             const OffloadingNetwork& network)
    : m_settings(settings),
      m_dataset(dataset),
      m_network(network)
{
}

uint64_t
OffloadingExplanation::ImagesInTime(const OffloadingMember& member) const
{
    if (!member.source)
    {
        return 0;
    }
    const OffloadingGroupSettings& group = m_network.GroupOf(member).settings;
    if (group.traffic == OffloadingTraffic::TRACE)
    {
        const auto& times = m_network.CaptureTimesOf(member);
        return static_cast<uint64_t>(
            std::count_if(times.begin(), times.end(), [this](double timeS) {
                return timeS < m_settings.durationS;
            }));
    }
    const double periods = std::ceil(m_settings.durationS / group.periodS);
    return static_cast<uint64_t>(std::min(periods, static_cast<double>(group.imagesPerDevice)));
}

OffloadingExplanation::ImageCost
OffloadingExplanation::CostOf(const OffloadingMember& member) const
{
    // Images differ by a few fragments; a few of them show what to expect.
    constexpr std::size_t PICTURES = 4;
    const OffloadingGroup& group = m_network.GroupOf(member);
    const std::size_t mtu = member.device->GetMtu();
    const std::size_t label = group.settings.labelBytes;
    std::size_t fitting = 0; // bytes until the deadline, where images are made to fit it
    if (group.settings.fitsDeadline)
    {
        const auto deadline = Seconds(group.settings.deadlineS);
        fitting = std::max(mtu, member.device->EstimateBytesUntil(deadline).value_or(0)) / mtu *
                  (mtu - label);
    }
    ImageCost cost;
    for (std::size_t i = 0; i < PICTURES; ++i)
    {
        const auto picture = m_dataset.At((group.settings.firstPicture + i) % m_dataset.Size());
        const auto encoded = group.codec.encoder->Encode(picture, 0, {mtu - label, fitting});
        cost.encodingS += group.settings.profile.EncodingSeconds(encoded.work) / PICTURES;
        cost.fragments += static_cast<double>(encoded.fragments.size()) / PICTURES;
        std::vector<uint32_t> sizes;
        for (const auto& fragment : encoded.fragments)
        {
            sizes.push_back(static_cast<uint32_t>(fragment.size() + label));
            cost.bytes += static_cast<double>(sizes.back()) / PICTURES;
            const auto airtime = member.device->EstimateTimeOnAir(sizes.back());
            cost.airtimeS += airtime.value_or(Time(0)).GetSeconds() / PICTURES;
        }
        const auto one = member.device->EstimateSendingTime(sizes);
        const std::vector<uint32_t> next = sizes;
        sizes.insert(sizes.end(), next.begin(), next.end());
        const auto two = member.device->EstimateSendingTime(sizes);
        cost.isKnown = cost.isKnown && one && two;
        if (cost.isKnown)
        {
            cost.untilS += one->GetSeconds() / PICTURES;
            cost.eachS += (*two - *one).GetSeconds() / PICTURES;
        }
    }
    return cost;
}

void
OffloadingExplanation::PrintCameras(std::ostream& out, const std::vector<uint32_t>& devices) const
{
    const OffloadingMember& first = m_network.GetMembers()[devices.front()];
    const OffloadingGroupSettings& group = m_network.GroupOf(first).settings;
    const ImageCost cost = CostOf(first);
    out << ": an image is " << cost.fragments << " fragments of at most "
        << first.device->GetMtu() - group.labelBytes << " bytes, " << cost.bytes
        << " bytes in all, encoded in " << cost.encodingS << " s";
    if (!cost.isKnown)
    {
        out << "; the network says when they are sent\n";
        return;
    }
    out << "; " << cost.airtimeS << " s on air, sent after " << cost.untilS << " s at the earliest";
    if (group.traffic != OffloadingTraffic::TRACE)
    {
        out << "; one after the other each takes " << cost.eachS << " s, which is "
            << 100 * cost.eachS / group.periodS << " % of the time between two images"
            << (cost.eachS > group.periodS ? ": MORE THAN THERE IS, they queue" : "");
    }
    out << '\n';
}

void
OffloadingExplanation::PrintMeters(std::ostream& out, const std::vector<uint32_t>& devices) const
{
    const OffloadingMember& first = m_network.GetMembers()[devices.front()];
    const OffloadingGroupSettings& group = m_network.GroupOf(first).settings;
    out << ": a reading of " << group.readingBytes << " bytes each " << group.readingPeriodS
        << " s";
    if (const auto airtime = first.device->EstimateTimeOnAir(group.readingBytes))
    {
        out << ", " << airtime->GetSeconds() << " s on air; all of them send "
            << 100 * airtime->GetSeconds() * static_cast<double>(devices.size()) /
                   group.readingPeriodS
            << " % of the time";
    }
    out << '\n';
}

OffloadingExplanation::Kinds
OffloadingExplanation::SortDevices() const
{
    Kinds kinds;
    const auto& members = m_network.GetMembers();
    for (uint32_t i = 0; i < members.size(); ++i)
    {
        const auto state = members[i].link->GetDeviceState(members[i].indexOnLink);
        kinds[{members[i].group, state.level}].push_back(i);
    }
    return kinds;
}

void
OffloadingExplanation::PrintRun(std::ostream& out, const std::string& resultsFolder) const
{
    uint64_t images = 0;
    bool isRandom = false;
    for (const auto& member : m_network.GetMembers())
    {
        images += ImagesInTime(member);
        isRandom = isRandom || (member.source && m_network.GroupOf(member).settings.traffic ==
                                                     OffloadingTraffic::POISSON);
    }
    out << "one run of " << m_settings.durationS
        << " s of simulated time: " << m_network.GetMembers().size() << " devices, "
        << m_network.CountGateways() << " gateway(s), " << (isRandom ? "about " : "at most ")
        << images << " images of " << m_dataset.Name() << ", classified by "
        << m_settings.classifier << "\nresults would go to " << resultsFolder << '\n';
}

void
OffloadingExplanation::Print(std::ostream& out, const std::string& resultsFolder) const
{
    std::ostringstream text; // all or nothing: what follows may find what is wrong
    PrintRun(text, resultsFolder);
    text << std::fixed << std::setprecision(1);
    const Kinds kinds = SortDevices();
    for (std::size_t i = 0; i < m_network.GetGroups().size(); ++i)
    {
        const OffloadingGroupSettings& group = m_network.GetGroups()[i].settings;
        for (const auto& level : m_network.GetLevels())
        {
            const auto found = kinds.find({i, level});
            if (found == kinds.end())
            {
                continue;
            }
            const auto& devices = found->second;
            text << (group.name.empty() ? "" : group.name + ", ") << level << ": " << devices.size()
                 << (group.isMeters ? " meter" : " camera") << (devices.size() > 1 ? "s" : "");
            group.isMeters ? PrintMeters(text, devices) : PrintCameras(text, devices);
        }
    }
    out << text.str();
}

} // namespace lpwan
} // namespace ns3
