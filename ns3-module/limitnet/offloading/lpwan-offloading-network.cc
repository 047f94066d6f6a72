// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-network.h"

#include "limitnet/codec/error.h"
#include "limitnet/scenario/number-columns.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/lpwan-feedback.h"
#include "ns3/lpwan-scenario-setup.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <utility>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanOffloadingNetwork");

namespace
{

// Streams; OffloadingLink says which are the links'.
constexpr int64_t PHASE_STREAM = 3;          // of the devices' captures
constexpr int64_t READING_STREAM = 4;        // of the meters', one for each group
constexpr int64_t INTERVAL_STREAM = 4000000; // between captures, one for each device
constexpr int64_t REBOOT_STREAM = 6000000;   // between reboots, one for each device

/** Sets the attributes of an object that keys say. */
void
SetOwnAttributes(const std::string& className,
                 const limitnet::ScenarioValues& values,
                 Ptr<Object> object)
{
    SetBoundAttributes(OffloadingAttributes(),
                       className,
                       values,
                       [&](const std::string& name, const AttributeValue& value) {
                           object->SetAttribute(name, value);
                       });
}

} // namespace

const AttributeBindings&
OffloadingAttributes()
{
    const std::string source = "ns3::lpwan::ImageSource::";
    const std::string readings = "ns3::lpwan::PeriodicTraffic::";
    static const AttributeBindings table{
        {"ns3::lpwan::ImageSource", "ns3::lpwan::CloudApplication"},
        {
            BindSeconds(source + "Deadline", "strategy.deadline_s"),
            BindChoice(source + "NewestFirst",
                       "strategy.queue",
                       {{"newest", "true"}, {"oldest", "false"}}),
            BindWhole(source + "MaxReports", "strategy.max_reports"),
            BindSeconds(source + "ReportTimeout", "strategy.report_timeout_s"),
            BindFlag(source + "FitDeadline", "strategy.fit_deadline"),
            BindFlag(source + "ConfirmVital", "strategy.confirm_map"),
            BindElsewhere(source + "ImageCount", "images.per_device"),
            BindElsewhere(source + "Interval", "images.period_s"),
            BindElsewhere("ns3::Application::StartTime", "images.traffic"),
            BindSeconds(readings + "Period", "meter.period_s"),
            BindWhole(readings + "PayloadBytes", "meter.payload_bytes"),
        }};
    return table;
}

OffloadingNetwork::OffloadingNetwork(const OffloadingSettings& settings,
                                     const std::vector<OffloadingGroup>& groups,
                                     const limitnet::Dataset& dataset,
                                     std::vector<std::unique_ptr<OffloadingLink>> links)
    : m_settings(settings),
      m_groups(groups),
      m_dataset(dataset),
      m_links(std::move(links)),
      m_groupStates(groups.size())
{
}

OffloadingNetwork::~OffloadingNetwork() = default;

void
OffloadingNetwork::Build(const limitnet::ScenarioValues& values,
                         const limitnet::RunFolder& folder,
                         CloudApplication::Judge judge)
{
    BuildLinks(values, folder);
    BuildCloud();
    m_phase = CreateObject<UniformRandomVariable>();
    m_phase->SetStream(PHASE_STREAM);
    ReadCaptureTimes();
    for (uint32_t i = 0; i < m_members.size(); ++i)
    {
        OffloadingMember& member = m_members[i];
        const OffloadingGroupSettings& group = GroupOf(member).settings;
        if (group.batteryJ > 0)
        {
            member.battery = AddBattery(member.device, group.values);
            member.battery->SetMcuPower(group.profile.sleepPowerW);
        }
        group.isMeters ? BuildMeter(i) : BuildCamera(i, judge);
    }
    for (const auto& [device, image] : m_settings.pictured)
    {
        if (device >= m_members.size() || !m_members[device].source)
        {
            throw limitnet::Error("cloud.pictures_of = " + m_settings.picturedText +
                                  ": there is no camera " + std::to_string(device));
        }
    }
}

void
OffloadingNetwork::BuildLinks(const limitnet::ScenarioValues& values,
                              const limitnet::RunFolder& folder)
{
    for (const auto& link : m_links)
    {
        uint32_t indexOnLink = 0;
        for (const auto& built : link->Build(values, folder))
        {
            const auto number = static_cast<uint32_t>(m_members.size());
            const auto address = built.device->GetDeviceAddress();
            const bool isNew = m_numberByAddress.emplace(address, number).second;
            NS_ABORT_MSG_UNLESS(isNew, "two devices of a run have the address " << address);
            OffloadingMember member;
            member.link = link.get();
            member.indexOnLink = indexOnLink++;
            member.group = built.group;
            member.indexInGroup = m_groupStates[built.group].deviceCount++;
            member.device = built.device;
            m_members.push_back(std::move(member));
        }
        NS_LOG_INFO(link->GetName() << " has " << indexOnLink << " devices and "
                                    << link->GetGateways().size() << " gateways");
    }
}

void
OffloadingNetwork::BuildCloud()
{
    m_cloud = CreateObject<CloudApplication>();
    m_cloud->SetOutage(Seconds(m_settings.cloudDownFromS), Seconds(m_settings.cloudDownS));
    m_cloud->SetSendCallback([this](uint32_t address, const std::vector<uint8_t>& payload) {
        SendFeedback(address, payload);
    });
    // The cloud is on no node of a radio network: the links hand it what they deliver.
    const auto cloudNode = CreateObject<Node>();
    cloudNode->AddApplication(m_cloud);
}

void
OffloadingNetwork::ReadCaptureTimes()
{
    for (std::size_t i = 0; i < m_groups.size(); ++i)
    {
        const OffloadingGroupSettings& group = m_groups[i].settings;
        GroupState& state = m_groupStates[i];
        state.picturesPerDevice = group.imagesPerDevice;
        if (group.isMeters)
        {
            continue;
        }
        const bool isTrace = group.traffic == OffloadingTraffic::TRACE;
        if (isTrace == group.captureTimesFile.empty())
        {
            throw limitnet::Error(
                group.values.Where(isTrace ? "images.traffic" : "images.times") + group.Prefix() +
                (isTrace ? "images.traffic = trace needs images.times, a CSV file with columns "
                           "device and time_s"
                         : "images.times is for images.traffic = trace"));
        }
        if (!isTrace)
        {
            continue;
        }
        try
        {
            state.captureTimes =
                limitnet::ReadCaptureTimes(group.captureTimesFile, state.deviceCount);
        }
        catch (const limitnet::Error& error)
        {
            throw limitnet::Error(group.values.Where("images.times") +
                                  "images.times: " + error.what());
        }
        for (const auto& times : state.captureTimes)
        {
            state.picturesPerDevice = std::max(state.picturesPerDevice, times.size());
        }
    }
}

void
OffloadingNetwork::BuildMeter(uint32_t number)
{
    const OffloadingMember& member = m_members[number];
    const OffloadingGroupSettings& group = GroupOf(member).settings;
    if (group.readingBytes > member.device->GetMtu())
    {
        throw limitnet::Error("meter.payload_bytes = " + std::to_string(group.readingBytes) +
                              ": device " + std::to_string(number) + " can send " +
                              std::to_string(member.device->GetMtu()) + " bytes in a frame");
    }
    Ptr<PeriodicTraffic>& readings = m_groupStates[member.group].readings;
    if (!readings)
    {
        readings = CreateObject<PeriodicTraffic>();
        SetOwnAttributes("ns3::lpwan::PeriodicTraffic", group.values, readings);
        readings->AssignStreams(READING_STREAM + static_cast<int64_t>(member.group));
    }
    readings->Add(member.device);
    CloudApplication::Subscription subscription;
    subscription.isMeter = true;
    m_cloud->Subscribe(member.device->GetDeviceAddress(), subscription);
}

void
OffloadingNetwork::SetTraffic(uint32_t number)
{
    const OffloadingMember& member = m_members[number];
    const OffloadingGroupSettings& group = GroupOf(member).settings;
    const bool isTrace = group.traffic == OffloadingTraffic::TRACE;
    const std::size_t images = isTrace ? CaptureTimesOf(member).size() : group.imagesPerDevice;
    member.source->SetAttribute("ImageCount", UintegerValue(images));
    if (images == 0)
    {
        return;
    }
    double first = 0;
    Ptr<RandomVariableStream> interval;
    switch (group.traffic)
    {
    case OffloadingTraffic::POISSON: {
        const auto exponential = CreateObject<ExponentialRandomVariable>();
        exponential->SetAttribute("Mean", DoubleValue(group.periodS));
        exponential->SetStream(INTERVAL_STREAM + number);
        first = exponential->GetValue();
        interval = exponential;
        break;
    }
    case OffloadingTraffic::TRACE: {
        const auto& times = CaptureTimesOf(member);
        first = times.front();
        std::vector<double> gaps;
        for (std::size_t i = 1; i < times.size(); ++i)
        {
            gaps.push_back(times[i] - times[i - 1]);
        }
        gaps.push_back(1); // never used, but there has to be one
        const auto listed = CreateObject<DeterministicRandomVariable>();
        listed->SetValueArray(gaps.data(), gaps.size());
        interval = listed;
        break;
    }
    case OffloadingTraffic::PERIODIC: {
        const auto constant = CreateObject<ConstantRandomVariable>();
        constant->SetAttribute("Constant", DoubleValue(group.periodS));
        interval = constant;
        first = m_phase->GetValue(0, group.periodS);
        break;
    }
    }
    member.source->SetAttribute("Interval", PointerValue(interval));
    member.source->SetStartTime(Seconds(first));
}

void
OffloadingNetwork::Subscribe(uint32_t number, const CloudApplication::Judge& judge)
{
    const OffloadingMember& member = m_members[number];
    const OffloadingGroup& group = GroupOf(member);
    CloudApplication::Subscription subscription;
    subscription.imageIdOf = [decoder = group.codec.decoder](const limitnet::Bytes& fragment) {
        return decoder->ImageIdOf(fragment);
    };
    subscription.reports = group.settings.maxReports > 0;
    subscription.maxAnswerBytes = member.link->GetMaxDownlinkBytes();
    if (group.settings.stopConfidence > 0)
    {
        subscription.judge = judge;
    }
    m_cloud->Subscribe(member.device->GetDeviceAddress(), subscription);
}

void
OffloadingNetwork::BuildCamera(uint32_t number, const CloudApplication::Judge& judge)
{
    Subscribe(number, judge);
    OffloadingMember& member = m_members[number];
    const OffloadingGroup& group = GroupOf(member);
    const auto source = CreateObject<ImageSource>();
    member.source = source;
    SetOwnAttributes("ns3::lpwan::ImageSource", group.settings.values, source);
    source->SetDevice(member.device);
    source->SetEncoder(group.codec.encoder);
    source->SetDeviceProfile(group.settings.profile);
    if (member.battery)
    {
        source->SetEnergyModel(member.battery);
    }
    source->SetPictures(
        [this, number](uint32_t image) { return m_dataset.At(PictureOf(number, image)); },
        [this, number](uint32_t image) { return PictureOf(number, image); });
    SetTraffic(number);
    member.device->GetNode()->AddApplication(source);
    if (group.settings.rebootsPerDay > 0)
    {
        constexpr double DAY_S = 86400;
        const auto interval = CreateObject<ExponentialRandomVariable>();
        interval->SetAttribute("Mean", DoubleValue(DAY_S / group.settings.rebootsPerDay));
        interval->SetStream(REBOOT_STREAM + number);
        ScheduleReboot(number, interval);
    }
}

void
OffloadingNetwork::ScheduleReboot(uint32_t number, Ptr<RandomVariableStream> interval)
{
    Simulator::Schedule(Seconds(interval->GetValue()), [this, number, interval] {
        NS_LOG_INFO("camera " << number << " restarts");
        m_members[number].source->Reboot();
        ScheduleReboot(number, interval);
    });
}

void
OffloadingNetwork::SendFeedback(uint32_t address, const std::vector<uint8_t>& payload)
{
    const OffloadingMember& member = m_members[NumberOf(address)];
    NS_LOG_LOGIC("cloud answers device " << address << ", " << payload.size() << " bytes over "
                                         << member.link->GetName());
    member.link->SendDownlink(member.indexOnLink, payload, FEEDBACK_PORT);
}

const std::vector<std::unique_ptr<OffloadingLink>>&
OffloadingNetwork::GetLinks() const
{
    return m_links;
}

const std::vector<OffloadingMember>&
OffloadingNetwork::GetMembers() const
{
    return m_members;
}

const std::vector<OffloadingGroup>&
OffloadingNetwork::GetGroups() const
{
    return m_groups;
}

const OffloadingGroup&
OffloadingNetwork::GroupOf(const OffloadingMember& member) const
{
    return m_groups[member.group];
}

Ptr<CloudApplication>
OffloadingNetwork::GetCloud() const
{
    return m_cloud;
}

uint32_t
OffloadingNetwork::NumberOf(uint32_t address) const
{
    return m_numberByAddress.at(address);
}

bool
OffloadingNetwork::Has(uint32_t address) const
{
    return m_numberByAddress.count(address) > 0;
}

std::size_t
OffloadingNetwork::CountGateways() const
{
    std::size_t gateways = 0;
    for (const auto& link : m_links)
    {
        gateways += link->GetGateways().size();
    }
    return gateways;
}

std::vector<std::string>
OffloadingNetwork::GetLevels() const
{
    std::vector<std::string> levels;
    for (const auto& link : m_links)
    {
        const auto own = link->GetLevels();
        levels.insert(levels.end(), own.begin(), own.end());
    }
    return levels;
}

std::size_t
OffloadingNetwork::PictureOf(uint32_t device, uint32_t image) const
{
    const OffloadingMember& member = m_members[device];
    const std::size_t before =
        std::size_t{member.indexInGroup} * m_groupStates[member.group].picturesPerDevice;
    return (GroupOf(member).settings.firstPicture + before + image) % m_dataset.Size();
}

const std::vector<double>&
OffloadingNetwork::CaptureTimesOf(const OffloadingMember& member) const
{
    return m_groupStates[member.group].captureTimes.at(member.indexInGroup);
}

} // namespace lpwan
} // namespace ns3
