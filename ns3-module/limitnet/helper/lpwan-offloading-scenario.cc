// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-scenario.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/int8-model.h"
#include "limitnet/codec/picture-resize.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/data/fetch.h"
#include "limitnet/data/image-file.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/plot.h"
#include "limitnet/results/result-tables.h"
#include "limitnet/scenario/device-power.h"
#include "limitnet/scenario/number-columns.h"
#include "limitnet/sweep/input-files.h"
#include "lpwan-offloading-results.h"
#include "lpwan-scenario-setup.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/lpwan-feedback.h"
#include "ns3/mobility-model.h"
#include "ns3/pointer.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <set>
#include <sstream>
#include <tuple>
#include <unistd.h>

namespace ns3
{
namespace lpwan
{

namespace
{

// Streams; OffloadingLink says which are the links'.
constexpr int64_t PHASE_STREAM = 3;          // of the devices' captures
constexpr int64_t READING_STREAM = 4;        // of the meters', one for each group
constexpr int64_t INTERVAL_STREAM = 4000000; // between captures, one for each device
constexpr int64_t REBOOT_STREAM = 6000000;   // between reboots, one for each device

/** Fate of a fragment. */
const char* const CLOUD_DOWN = "cloud_down";

limitnet::CodecChoice
ChoiceOf(const limitnet::ScenarioValues& values)
{
    limitnet::CodecChoice choice;
    choice.name = values.Text("codec.name");
    choice.bytes = static_cast<std::size_t>(values.Int("codec.max_bytes"));
    choice.model = values.Text("codec.model");
    choice.encoder = values.Text("codec.encoder");
    choice.valuesPercent = values.Real("codec.values_percent");
    choice.mapCopies = static_cast<unsigned>(values.Int("codec.map_copies"));
    choice.order = values.Text("codec.order");
    choice.progressive = values.Bool("codec.progressive");
    choice.side = static_cast<int>(values.Int("codec.side_px"));
    choice.quality = static_cast<int>(values.Int("codec.quality"));
    choice.parityPercent = values.Reals("strategy.parity_percent");
    return choice;
}

/** \return bytes that a device puts before each fragment */
std::size_t
LabelBytes(const limitnet::ScenarioValues& values)
{
    return values.Int("strategy.max_reports") > 0 ? FRAGMENT_LABEL_BYTES : 0;
}

/** \return where predictions are kept; empty: nowhere */
std::filesystem::path
CacheFile(const std::string& name)
{
    if (name == "none")
    {
        return {};
    }
    return name == "auto" ? limitnet::CacheDir() / "predictions.sqlite"
                          : std::filesystem::path(name);
}

/** \return the pairs in a text such as "3/0; 4/1" */
std::vector<std::pair<uint32_t, uint32_t>>
DevicesAndImages(const std::string& text)
{
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, ';');)
    {
        std::istringstream part(word);
        uint32_t device = 0;
        uint32_t image = 0;
        char slash = 0;
        if (!(part >> device >> slash >> image) || slash != '/' || !(part >> std::ws).eof())
        {
            throw limitnet::Error("cloud.pictures_of = " + text +
                                  ": has to be DEVICE/IMAGE, such as 3/0, with ; between");
        }
        pairs.emplace_back(device, image);
    }
    return pairs;
}

/** An encoder whose errors say which keys they come from. */
class EncoderOfKeys : public limitnet::ImageEncoder
{
  public:
    EncoderOfKeys(std::shared_ptr<const limitnet::ImageEncoder> encoder, std::string keys)
        : m_encoder(std::move(encoder)),
          m_keys(std::move(keys))
    {
    }

    limitnet::EncodedImage Encode(const limitnet::Image& image,
                                  uint8_t imageId,
                                  const limitnet::EncodingLimits& limits) const override
    {
        try
        {
            return m_encoder->Encode(image, imageId, limits);
        }
        catch (const limitnet::Error& error)
        {
            throw limitnet::Error(m_keys + ": " + error.what());
        }
    }

  private:
    std::shared_ptr<const limitnet::ImageEncoder> m_encoder;
    std::string m_keys;
};

/** \return the keys that say how large an image gets */
std::string
SizeKeys(const limitnet::ScenarioValues& values)
{
    const auto key = [&values](const std::string& name) {
        return name + " = " + values.Text(name);
    };
    const std::string codec = key("codec.name");
    return values.Text("codec.name") == "limitnet"
               ? codec + ", " + key("codec.values_percent")
               : codec + ", " + key("codec.side_px") + ", " + key("codec.quality");
}

uint64_t
FrameKey(uint32_t deviceAddress, uint32_t frameCounter)
{
    return uint64_t{deviceAddress} << 32 | frameCounter;
}

/** \return what the scenario itself, whatever its links, does with attributes */
const AttributeBindings&
OwnAttributes()
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

/** Sets those of an object. */
void
SetOwnAttributes(const std::string& className,
                 const limitnet::ScenarioValues& values,
                 Ptr<Object> object)
{
    SetBoundAttributes(OwnAttributes(),
                       className,
                       values,
                       [&](const std::string& name, const AttributeValue& value) {
                           object->SetAttribute(name, value);
                       });
}

/** One line on standard error that is overwritten, where that is a terminal; nothing elsewhere. */
class ProgressLine
{
  public:
    ProgressLine(const std::string& what, double total)
        : m_what(what),
          m_total(total),
          m_terminal(isatty(STDERR_FILENO) == 1),
          m_start(std::chrono::steady_clock::now())
    {
    }

    ~ProgressLine()
    {
        if (m_terminal)
        {
            std::cerr << "\r\033[K" << std::flush;
        }
    }

    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void Show(double done)
    {
        if (!m_terminal)
        {
            return;
        }
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - m_start;
        std::ostringstream line;
        line << '\r' << m_what << ' ' << std::fixed << std::setprecision(0) << 100 * done / m_total
             << " %";
        if (done > 0)
        {
            line << ", " << passed.count() * (m_total - done) / done << " s left";
        }
        std::cerr << line.str() << "\033[K" << std::flush;
    }

  private:
    std::string m_what;
    double m_total;
    bool m_terminal;
    std::chrono::steady_clock::time_point m_start;
};

void
ShowSimulationProgress(ProgressLine* line, Time step)
{
    line->Show(Simulator::Now().GetSeconds());
    Simulator::Schedule(step, &ShowSimulationProgress, line, step);
}

} // namespace

OffloadingScenario::OffloadingScenario(limitnet::ScenarioValues values,
                                       std::vector<std::unique_ptr<OffloadingLink>> links)
    : m_values(std::move(values)),
      m_times(limitnet::CurveTimes(m_values.Reals("accuracy.times_s"),
                                   m_values.Real("accuracy.step_s"),
                                   m_values.Real("accuracy.limit_s"))),
      m_durationS(m_values.Real("scenario.duration_s")),
      m_folder(m_values.Text("out"),
               m_values.Text("scenario.name"),
               static_cast<uint64_t>(m_values.Int("run"))),
      m_links(std::move(links))
{
    const std::string& dataset = m_values.Text("images.dataset");
    m_dataset = limitnet::OpenDataset(limitnet::DatasetOnDisk(dataset, m_values.Text("data")),
                                      limitnet::Split::TEST,
                                      m_values.Text("data"));
    if (m_dataset->ClassCount() == 0)
    {
        throw limitnet::Error("images.dataset = " + dataset +
                              ": its pictures have no classes, so no answer could be right");
    }
    const auto first = static_cast<std::size_t>(m_values.Int("images.first"));
    if (first >= m_dataset->Size())
    {
        throw limitnet::Error("images.first = " + std::to_string(first) + ": " + dataset + " has " +
                              std::to_string(m_dataset->Size()) + " test pictures");
    }
    const std::string& classifier = m_values.Text("codec.classifier");
    const std::string classes = limitnet::ClassesOf(*m_dataset);
    if (classes.empty())
    {
        throw limitnet::Error("images.dataset = " + dataset +
                              ": no classifier knows its classes; they are neither those of CIFAR "
                              "nor the 1000 of ImageNet");
    }
    m_classifier =
        limitnet::OpenClassifier(classifier, classifier == "auto" ? classes : std::string{});
    if (m_classifier->DatasetName() != classes)
    {
        throw limitnet::Error("codec.classifier = " + classifier + ": knows the classes of " +
                              m_classifier->DatasetName() + ", not of " + m_dataset->Name());
    }
    limitnet::EvaluatorOptions options;
    // What only explains the run leaves nothing.
    options.cache =
        CacheFile(m_values.CheckWanted() ? std::string("none") : m_values.Text("cloud.cache"));
    options.cacheLimitBytes = static_cast<uint64_t>(m_values.Int("cloud.cache_limit_mib")) << 20;
    m_evaluator = std::make_unique<limitnet::Evaluator>(m_classifier, options);
    m_pictured = DevicesAndImages(m_values.Text("cloud.pictures_of"));
    OpenGroups();
    std::vector<AttributeBindings> attributes{OwnAttributes()};
    for (const auto& link : m_links)
    {
        attributes.push_back(link->GetAttributes());
    }
    BeginRun(m_values, attributes);
}

void
OffloadingScenario::OpenGroups()
{
    for (const auto& entry : m_values.Groups())
    {
        const std::string& name = entry.first;
        const limitnet::ScenarioValues& values = entry.second;
        GroupRecord group;
        group.name = name;
        group.values = values;
        group.isMeters = values.Text("devices.role") == "meter";
        group.profile = limitnet::ProfileOfGroup(values);
        const bool unmarked = name.empty();
        const std::string prefix = unmarked ? "" : "group " + name + ": ";
        const auto fail = [&](const std::string& key, const std::string& what) {
            throw limitnet::Error(values.Where(key) + prefix + what);
        };
        for (const auto& link : m_links)
        {
            const auto levels = link->GetLevels();
            if (std::find(levels.begin(), levels.end(), name) != levels.end())
            {
                throw limitnet::Error(m_values.Where("group." + name) + "group." + name +
                                      ": has the name of a level of " + link->GetName() +
                                      " in the result files; a group needs another name than " +
                                      levels.front() + " .. " + levels.back());
            }
        }
        if (values.Bool("strategy.fit_deadline") && values.Real("strategy.deadline_s") == 0)
        {
            fail("strategy.fit_deadline",
                 "strategy.fit_deadline = true needs a strategy.deadline_s above 0");
        }
        if (values.Bool("strategy.fit_deadline") && !values.Bool("codec.progressive"))
        {
            fail("strategy.fit_deadline",
                 "strategy.fit_deadline = true needs codec.progressive = true: otherwise the cloud "
                 "has to know when all is there");
        }
        const bool isElsewhere =
            std::any_of(m_links.begin(), m_links.end(), [&values](const auto& link) {
                return link->GetName() != "lora" && IsOnLink(values, link->GetName());
            });
        if (values.Bool("strategy.confirm_map") && !group.isMeters &&
            (values.Text("codec.name") != "limitnet" || isElsewhere))
        {
            fail("strategy.confirm_map",
                 "strategy.confirm_map = true needs codec.name = limitnet and a LoRaWAN link");
        }
        if (values.Real("faults.cloud_down_from_s") > 0 && values.Real("faults.cloud_down_s") == 0)
        {
            fail("faults.cloud_down_from_s",
                 "faults.cloud_down_from_s needs a faults.cloud_down_s above 0");
        }
        if (!group.isMeters)
        {
            try
            {
                group.codec = limitnet::OpenCodec(ChoiceOf(values));
            }
            catch (const limitnet::Error& error)
            {
                fail("", error.what());
            }
            group.codec.encoder =
                std::make_shared<EncoderOfKeys>(group.codec.encoder, prefix + SizeKeys(values));
            group.decoder = m_evaluator->AddDecoder(group.codec.decoder);
        }
        m_groups.push_back(std::move(group));
    }
}

OffloadingScenario::~OffloadingScenario()
{
    Simulator::Destroy();
}

void
OffloadingScenario::BuildLinks()
{
    m_cloud = CreateObject<CloudApplication>();
    for (const auto& link : m_links)
    {
        uint32_t indexOnLink = 0;
        for (const auto& built : link->Build(m_values, m_folder))
        {
            const auto number = static_cast<uint32_t>(m_devices.size());
            const auto address = built.device->GetDeviceAddress();
            const bool isNew = m_deviceByAddress.emplace(address, number).second;
            NS_ABORT_MSG_UNLESS(isNew, "two devices of a run have the address " << address);
            DeviceRecord record;
            record.link = link.get();
            record.indexOnLink = indexOnLink++;
            record.group = built.group;
            record.indexInGroup = m_groups[built.group].deviceCount++;
            record.device = built.device;
            m_devices.push_back(std::move(record));
        }
        link->Connect(MakeCallback(&OffloadingScenario::OnDelivery, this),
                      MakeCallback(&OffloadingScenario::OnFate, this));
    }
    m_cloud->TraceConnectWithoutContext("Arrival",
                                        MakeCallback(&OffloadingScenario::OnArrival, this));
    m_cloud->TraceConnectWithoutContext("Lost",
                                        MakeCallback(&OffloadingScenario::OnCloudDown, this));
    m_cloud->SetOutage(Seconds(m_values.Real("faults.cloud_down_from_s")),
                       Seconds(m_values.Real("faults.cloud_down_s")));
    m_cloud->SetSendCallback([this](uint32_t address, const std::vector<uint8_t>& payload) {
        SendFeedback(address, payload);
    });
    // The cloud is on no node of a radio network: the links hand it what they deliver.
    const auto cloudNode = CreateObject<Node>();
    cloudNode->AddApplication(m_cloud);
}

void
OffloadingScenario::Build()
{
    BuildLinks();
    m_phase = CreateObject<UniformRandomVariable>();
    m_phase->SetStream(PHASE_STREAM);
    for (auto& group : m_groups)
    {
        const std::string& times = group.values.Text("images.times");
        const bool isTrace = group.values.Text("images.traffic") == "trace";
        if (isTrace == times.empty() && !group.isMeters)
        {
            const std::string prefix = group.name.empty() ? "" : "group " + group.name + ": ";
            const auto where = group.values.Where(isTrace ? "images.traffic" : "images.times");
            throw limitnet::Error(
                where + prefix +
                (isTrace ? "images.traffic = trace needs images.times, a CSV file with columns "
                           "device and time_s"
                         : "images.times is for images.traffic = trace"));
        }
        if (isTrace && !group.isMeters)
        {
            try
            {
                group.captureTimes = limitnet::ReadCaptureTimes(times, group.deviceCount);
            }
            catch (const limitnet::Error& error)
            {
                throw limitnet::Error(group.values.Where("images.times") +
                                      "images.times: " + error.what());
            }
        }
    }
    for (uint32_t i = 0; i < m_devices.size(); ++i)
    {
        DeviceRecord& record = m_devices[i];
        const auto& values = m_groups[record.group].values;
        if (values.Real("devices.battery_j") > 0)
        {
            record.battery = AddBattery(record.device, values);
            record.battery->TraceConnectWithoutContext(
                "Depleted",
                MakeCallback(&OffloadingScenario::OnDepleted, this).Bind(i));
            record.battery->SetMcuPower(m_groups[record.group].profile.sleepPowerW);
        }
        m_groups[record.group].isMeters ? BuildMeter(i) : BuildCamera(i);
    }
    for (const auto& [device, image] : m_pictured)
    {
        if (device >= m_devices.size() || !m_devices[device].source)
        {
            throw limitnet::Error("cloud.pictures_of = " + m_values.Text("cloud.pictures_of") +
                                  ": there is no camera " + std::to_string(device));
        }
    }
}

void
OffloadingScenario::BuildMeter(uint32_t number)
{
    DeviceRecord& record = m_devices[number];
    GroupRecord& group = m_groups[record.group];
    const auto payload = static_cast<uint32_t>(group.values.Int("meter.payload_bytes"));
    if (payload > record.device->GetMtu())
    {
        throw limitnet::Error("meter.payload_bytes = " + std::to_string(payload) + ": device " +
                              std::to_string(number) + " can send " +
                              std::to_string(record.device->GetMtu()) + " bytes in a frame");
    }
    if (!group.readings)
    {
        group.readings = CreateObject<PeriodicTraffic>();
        SetOwnAttributes("ns3::lpwan::PeriodicTraffic", group.values, group.readings);
        group.readings->AssignStreams(READING_STREAM + static_cast<int64_t>(record.group));
    }
    group.readings->Add(record.device);
    record.device->TraceConnectWithoutContext(
        "TxEnd",
        MakeCallback(&OffloadingScenario::OnReading, this).Bind(number));
}

void
OffloadingScenario::SetTraffic(uint32_t number)
{
    DeviceRecord& record = m_devices[number];
    const GroupRecord& group = m_groups[record.group];
    const double period = group.values.Real("images.period_s");
    const std::string& traffic = group.values.Text("images.traffic");
    const auto& times = group.captureTimes;
    const auto images = traffic == "trace"
                            ? times[record.indexInGroup].size()
                            : static_cast<std::size_t>(group.values.Int("images.per_device"));
    record.source->SetAttribute("ImageCount", UintegerValue(images));
    if (images == 0)
    {
        return;
    }
    double first = 0;
    Ptr<RandomVariableStream> interval;
    if (traffic == "poisson")
    {
        const auto exponential = CreateObject<ExponentialRandomVariable>();
        exponential->SetAttribute("Mean", DoubleValue(period));
        exponential->SetStream(INTERVAL_STREAM + number);
        first = exponential->GetValue();
        interval = exponential;
    }
    else if (traffic == "trace")
    {
        const auto& own = times[record.indexInGroup];
        first = own.front();
        std::vector<double> gaps;
        for (std::size_t i = 1; i < own.size(); ++i)
        {
            gaps.push_back(own[i] - own[i - 1]);
        }
        gaps.push_back(1); // never used, but there has to be one
        const auto listed = CreateObject<DeterministicRandomVariable>();
        listed->SetValueArray(gaps.data(), gaps.size());
        interval = listed;
    }
    else
    {
        const auto constant = CreateObject<ConstantRandomVariable>();
        constant->SetAttribute("Constant", DoubleValue(period));
        interval = constant;
        first = m_phase->GetValue(0, period);
    }
    record.source->SetAttribute("Interval", PointerValue(interval));
    record.source->SetStartTime(Seconds(first));
}

void
OffloadingScenario::BuildCamera(uint32_t number)
{
    DeviceRecord& record = m_devices[number];
    const GroupRecord& group = m_groups[record.group];
    const auto& values = group.values;
    const double stopConfidence = values.Real("strategy.stop_confidence");
    const auto maxReports = static_cast<uint64_t>(values.Int("strategy.max_reports"));

    CloudApplication::Subscription subscription;
    subscription.imageIdOf = [decoder = group.codec.decoder](const limitnet::Bytes& fragment) {
        return decoder->ImageIdOf(fragment);
    };
    subscription.reports = maxReports > 0;
    subscription.maxAnswerBytes = record.link->GetMaxDownlinkBytes();
    if (stopConfidence > 0)
    {
        subscription.judge = [this](std::size_t arrival) { return IsEnough(arrival); };
    }
    m_cloud->Subscribe(record.device->GetDeviceAddress(), subscription);

    const auto source = CreateObject<ImageSource>();
    record.source = source;
    SetOwnAttributes("ns3::lpwan::ImageSource", values, source);
    source->SetDevice(record.device);
    source->SetEncoder(group.codec.encoder);
    source->SetDeviceProfile(group.profile);
    if (record.battery)
    {
        source->SetEnergyModel(record.battery);
    }
    // So many pictures belong to each device.
    auto perDevice = static_cast<std::size_t>(values.Int("images.per_device"));
    for (const auto& times : group.captureTimes)
    {
        perDevice = std::max(perDevice, times.size());
    }
    const auto firstPicture = static_cast<std::size_t>(values.Int("images.first"));
    const bool keepsOriginals = m_values.Bool("cloud.quality");
    source->SetPictures([this, number, perDevice, firstPicture, keepsOriginals](uint32_t image) {
        DeviceRecord& device = m_devices[number];
        // The same for each group, so that groups can be compared image by image.
        const std::size_t index =
            (firstPicture + std::size_t{device.indexInGroup} * perDevice + image) %
            m_dataset->Size();
        ImageRecord& imageRecord = device.images.at(image);
        imageRecord.datasetIndex = index;
        imageRecord.label = m_dataset->Label(index);
        auto picture = m_dataset->At(index);
        if (keepsOriginals)
        {
            imageRecord.original = std::make_shared<const limitnet::Image>(picture);
        }
        return picture;
    });
    SetTraffic(number);
    record.device->GetNode()->AddApplication(source);
    const double reboots = values.Real("faults.reboots_per_day");
    if (reboots > 0)
    {
        constexpr double DAY_S = 86400;
        const auto interval = CreateObject<ExponentialRandomVariable>();
        interval->SetAttribute("Mean", DoubleValue(DAY_S / reboots));
        interval->SetStream(REBOOT_STREAM + number);
        ScheduleReboot(number, interval);
    }

    const auto bind = [&](auto method) { return MakeCallback(method, this).Bind(number); };
    source->TraceConnectWithoutContext("Captured", bind(&OffloadingScenario::OnCaptured));
    source->TraceConnectWithoutContext("Encoded", bind(&OffloadingScenario::OnEncoded));
    source->TraceConnectWithoutContext("FragmentQueued",
                                       bind(&OffloadingScenario::OnFragmentQueued));
    source->TraceConnectWithoutContext("Discarded", bind(&OffloadingScenario::OnDiscarded));
    record.device->TraceConnectWithoutContext("TxStart", bind(&OffloadingScenario::OnTxStart));
    record.device->TraceConnectWithoutContext("TxEnd", bind(&OffloadingScenario::OnTxEnd));
    record.device->TraceConnectWithoutContext("Drop", bind(&OffloadingScenario::OnDrop));
}

void
OffloadingScenario::ScheduleReboot(uint32_t number, Ptr<RandomVariableStream> interval)
{
    Simulator::Schedule(Seconds(interval->GetValue()), [this, number, interval] {
        m_devices[number].source->Reboot();
        ScheduleReboot(number, interval);
    });
}

void
OffloadingScenario::Simulate()
{
    ProgressLine line("simulating", m_durationS);
    const Time step = Seconds(m_durationS / 100);
    Simulator::Schedule(step, &ShowSimulationProgress, &line, step);
    Simulator::Stop(Seconds(m_durationS));
    Simulator::Run();
    auto record = m_devices.begin();
    for (const auto& link : m_links)
    {
        link->Finish();
        for (uint32_t i = 0; record != m_devices.end() && record->link == link.get(); ++i, ++record)
        {
            record->state = link->GetDeviceState(i);
        }
    }
}

FragmentRecord&
OffloadingScenario::FragmentOf(uint32_t device, Ptr<const Packet> packet)
{
    const auto [image, fragment] = m_devices[device].packets.at(packet->GetUid());
    return m_devices[device].images.at(image).fragments.at(fragment);
}

void
OffloadingScenario::OnCaptured(uint32_t device, uint32_t)
{
    ImageRecord record;
    record.capturedS = Simulator::Now().GetSeconds();
    m_devices[device].images.push_back(std::move(record));
}

void
OffloadingScenario::OnEncoded(uint32_t device,
                              uint32_t image,
                              const limitnet::EncodedImage& encoded)
{
    ImageRecord& record = m_devices[device].images.at(image);
    record.encodedS = Simulator::Now().GetSeconds();
    const GroupRecord& group = m_groups[m_devices[device].group];
    const std::size_t label = LabelBytes(group.values);
    for (const auto& fragment : encoded.fragments)
    {
        // Made in place: of a moved one GCC 16 believes that its empty transmission is read.
        record.fragments.emplace_back();
        record.fragments.back().bytes = static_cast<uint32_t>(label + fragment.size());
    }
    record.encodingEnergyJ = group.profile.EncodingEnergyJ(encoded.work);
    record.encodingTimeS = group.profile.EncodingSeconds(encoded.work);
}

void
OffloadingScenario::OnFragmentQueued(uint32_t device,
                                     uint32_t image,
                                     uint32_t fragment,
                                     Ptr<const Packet> packet)
{
    m_devices[device].packets[packet->GetUid()] = {image, fragment};
    FragmentRecord& record = m_devices[device].images.at(image).fragments.at(fragment);
    record.queuedS = record.queuedS.value_or(Simulator::Now().GetSeconds());
}

void
OffloadingScenario::OnTxStart(uint32_t device,
                              Ptr<const Packet> packet,
                              const LpwanTransmission& transmission)
{
    FragmentRecord& record = FragmentOf(device, packet);
    if (record.transmission && record.transmission->frameCounter != transmission.frameCounter)
    {
        record.fate = "not_sent"; // again, from the beginning
    }
    record.transmission = transmission;
    record.sentS = record.sentS.value_or(transmission.start.GetSeconds());
    const auto [image, fragment] = m_devices[device].packets.at(packet->GetUid());
    ImageRecord& sent = m_devices[device].images.at(image);
    if (!sent.sentAt)
    {
        sent.sentAt = m_devices[device].link->GetDeviceState(m_devices[device].indexOnLink);
    }
    m_frames[FrameKey(transmission.deviceAddress, transmission.frameCounter)] = {device,
                                                                                 image,
                                                                                 fragment};
}

void
OffloadingScenario::OnTxEnd(uint32_t device,
                            Ptr<const Packet> packet,
                            const LpwanTransmission& transmission)
{
    FragmentRecord& record = FragmentOf(device, packet);
    ++record.transmissions;
    record.transmission = transmission; // a link may not know the end any earlier
    if (transmission.spreadingFactor == 0)
    {
        return; // the frame's span has waiting in it: its fate tells the time on air
    }
    record.txEnergyJ += (transmission.end - transmission.start).GetSeconds() *
                        m_devices[device].device->GetPowerWatt(RadioState::TX);
}

void
OffloadingScenario::OnReading(uint32_t device,
                              Ptr<const Packet> packet,
                              const LpwanTransmission& /* transmission */)
{
    DeviceRecord& record = m_devices[device];
    record.packetsSent += record.lastPacket == packet->GetUid() ? 0 : 1; // repetitions are one
    record.lastPacket = packet->GetUid();
}

void
OffloadingScenario::OnDelivery(const UplinkDelivery& delivery)
{
    DeviceRecord& record = m_devices[m_deviceByAddress.at(delivery.deviceAddress)];
    if (!record.source)
    {
        const Time outage = Seconds(m_values.Real("faults.cloud_down_from_s"));
        const bool isDown =
            Simulator::Now() >= outage &&
            Simulator::Now() < outage + Seconds(m_values.Real("faults.cloud_down_s"));
        record.packetsDelivered += isDown ? 0 : 1;
        return;
    }
    m_cloud->Receive(delivery);
}

void
OffloadingScenario::OnCloudDown(const UplinkDelivery& delivery)
{
    const auto found = m_frames.find(FrameKey(delivery.deviceAddress, delivery.frameCounter));
    if (found != m_frames.end())
    {
        const auto [device, image, fragment] = found->second;
        m_devices[device].images.at(image).fragments.at(fragment).fate = CLOUD_DOWN;
    }
}

void
OffloadingScenario::OnDrop(uint32_t device, Ptr<const Packet> packet, DropReason reason)
{
    std::string& fate = FragmentOf(device, packet).fate;
    fate = fate == CLOUD_DOWN ? fate : ToString(reason);
}

void
OffloadingScenario::OnDepleted(uint32_t device, Ptr<LpwanNetDevice> /* netDevice */)
{
    m_devices[device].offAtS = Simulator::Now().GetSeconds();
}

void
OffloadingScenario::OnFate(const OffloadingFate& fate)
{
    const auto found = m_frames.find(FrameKey(fate.deviceAddress, fate.frameCounter));
    if (found == m_frames.end())
    {
        return; // a frame of the link alone, without a fragment
    }
    const auto [device, image, fragment] = found->second;
    FragmentRecord& record = m_devices[device].images.at(image).fragments.at(fragment);
    if (record.fate == CLOUD_DOWN)
    {
        return; // a repetition: the network does not deliver it a second time
    }
    if (fate.airtimeS)
    {
        record.airtimeS = record.airtimeS.value_or(0) + *fate.airtimeS;
        record.txEnergyJ += fate.txEnergyJ;
    }
    if (fate.fate.empty())
    {
        return; // whatever is said of it already
    }
    // A received frame is delivered when it reaches the cloud, which the arrivals tell; one that
    // is still on its way there when the simulation ends is in the backhaul.
    record.fate = fate.fate;
    record.latency = fate.latency;
    record.interferer.reset();
    if (fate.interfererAddress)
    {
        const auto interferer = m_deviceByAddress.find(*fate.interfererAddress);
        if (interferer != m_deviceByAddress.end())
        {
            record.interferer = interferer->second;
        }
    }
}

ImageRecord&
OffloadingScenario::ImageOf(const CloudApplication::Arrival& arrival)
{
    const auto [device, image, fragment] =
        m_frames.at(FrameKey(arrival.deviceAddress, arrival.frameCounter));
    return m_devices[device].images.at(image);
}

bool
OffloadingScenario::IsEvaluated(const std::vector<std::size_t>& arrivals, std::size_t i)
{
    if (m_values.Text("cloud.moments") == "all")
    {
        return true;
    }
    // The state after arrival i shows at a time t of the curve if t is not before this arrival and
    // before the next one.
    const auto& log = m_cloud->GetArrivals();
    const double capturedS = ImageOf(log[arrivals.front()]).capturedS;
    const auto elapsed = [&](std::size_t k) {
        return log[arrivals[k]].time.GetSeconds() - capturedS;
    };
    const auto time = std::lower_bound(m_times.begin(), m_times.end(), elapsed(i));
    return time != m_times.end() && *time < elapsed(i + 1);
}

void
OffloadingScenario::RequestEvaluation(const std::vector<std::size_t>& arrivals, std::size_t i)
{
    std::vector<limitnet::Bytes> fragments;
    for (std::size_t k = 0; k <= i; ++k)
    {
        fragments.push_back(m_cloud->GetArrivals()[arrivals[k]].bytes);
    }
    const auto& last = m_cloud->GetArrivals()[arrivals[i]];
    const auto device = m_deviceByAddress.at(last.deviceAddress);
    m_evaluations[arrivals[i]] =
        m_evaluator->Request(fragments,
                             m_groups[m_devices[device].group].decoder,
                             ImageOf(m_cloud->GetArrivals()[arrivals.front()]).original);
}

void
OffloadingScenario::OnArrival(std::size_t arrival)
{
    const auto& log = m_cloud->GetArrivals();
    m_received.resize(m_cloud->GetImages().size());
    auto& arrivals = m_received[log[arrival].image];
    const auto fragmentOf = [&](std::size_t index) {
        return m_frames.at(FrameKey(log[index].deviceAddress, log[index].frameCounter));
    };
    const auto fragment = fragmentOf(arrival);
    if (std::any_of(arrivals.begin(), arrivals.end(), [&](std::size_t other) {
            return fragmentOf(other) == fragment;
        }))
    {
        return; // sent again although it was there: nothing changes
    }
    arrivals.push_back(arrival);
    // Now it is known how long the state before this one has shown.
    if (arrivals.size() > 1 && IsEvaluated(arrivals, arrivals.size() - 2))
    {
        RequestEvaluation(arrivals, arrivals.size() - 2);
    }
}

void
OffloadingScenario::OnDiscarded(uint32_t device,
                                uint32_t image,
                                uint32_t fragment,
                                ImageSource::Discard reason)
{
    FragmentRecord& record = m_devices[device].images.at(image).fragments.at(fragment);
    if (record.fate == "not_sent") // one that was to be sent again keeps its fate
    {
        record.fate = reason == ImageSource::Discard::ENOUGH   ? "not_needed"
                      : reason == ImageSource::Discard::REBOOT ? "device_reboot"
                                                               : "expired";
    }
}

bool
OffloadingScenario::IsEnough(std::size_t arrival)
{
    const auto& arrivals = m_received[m_cloud->GetArrivals()[arrival].image];
    RequestEvaluation(arrivals, arrivals.size() - 1);
    const auto prediction = m_evaluator->Get(m_evaluations.at(arrivals.back()));
    const auto device = m_deviceByAddress.at(m_cloud->GetArrivals()[arrival].deviceAddress);
    const auto& values = m_groups[m_devices[device].group].values;
    return prediction.label >= 0 &&
           prediction.confidence >= values.Real("strategy.stop_confidence");
}

void
OffloadingScenario::SendFeedback(uint32_t address, const std::vector<uint8_t>& payload)
{
    const DeviceRecord& record = m_devices[m_deviceByAddress.at(address)];
    record.link->SendDownlink(record.indexOnLink, payload, FEEDBACK_PORT);
}

void
OffloadingScenario::Evaluate()
{
    // Which image the cloud's images are in truth: only for scoring, the cloud never sees it.
    for (const auto& received : m_received)
    {
        RequestEvaluation(received, received.size() - 1);
    }
    const auto& arrivals = m_cloud->GetArrivals();
    ProgressLine line("decoding and classifying", static_cast<double>(m_evaluations.size()));
    std::size_t done = 0;
    for (const auto& received : m_received)
    {
        ImageRecord& record = ImageOf(arrivals[received.front()]);
        const bool mixed = !record.arrivals.empty() ||
                           std::any_of(received.begin(), received.end(), [&](std::size_t i) {
                               return &ImageOf(arrivals[i]) != &record;
                           });
        m_mixedImages += mixed ? 1 : 0;
        record.arrivals.insert(record.arrivals.end(), received.begin(), received.end());
        std::vector<limitnet::Bytes> bytes;
        for (const std::size_t index : received)
        {
            const auto& arrival = arrivals[index];
            bytes.push_back(arrival.bytes);
            const auto [device, image, fragment] =
                m_frames.at(FrameKey(arrival.deviceAddress, arrival.frameCounter));
            FragmentRecord& fragmentRecord =
                m_devices[device].images.at(image).fragments.at(fragment);
            fragmentRecord.fate = "delivered"; // whatever became of it when it was sent again
            fragmentRecord.interferer.reset();
            fragmentRecord.arrival = {arrival.time.GetSeconds(),
                                      arrival.gatewayCount,
                                      arrival.snrDb};
            const auto evaluation = m_evaluations.find(index);
            if (evaluation != m_evaluations.end())
            {
                record.last = m_evaluator->Get(evaluation->second);
                fragmentRecord.evaluation = record.last;
                line.Show(static_cast<double>(++done));
            }
        }
        const auto device = m_deviceByAddress.at(arrivals[received.front()].deviceAddress);
        const auto& codec = m_groups[m_devices[device].group].codec;
        if (codec.model)
        {
            limitnet::Reassembler reassembler(codec.model->Tables(), codec.order);
            for (const auto& fragment : codec.erasure ? codec.erasure->Recover(bytes) : bytes)
            {
                reassembler.Add(fragment.data(), fragment.size());
            }
            record.valuesReceived = reassembler.ValueCount();
            record.mapReceived = reassembler.HasMap();
        }
    }
}

void
OffloadingScenario::AddImagesToCurves()
{
    // Every group that a device could be in, so that each file has the same groups.
    m_curves["all"];
    // Cameras that stand at one place are one source of chance, as where groups see the same
    // pictures from the same places; to the millimetre, as nodes.csv says it.
    std::map<std::tuple<uint32_t, int64_t, int64_t>, uint64_t> places;
    for (const auto& device : m_devices)
    {
        const Vector position = device.device->GetNode()->GetObject<MobilityModel>()->GetPosition();
        const auto key = std::make_tuple(device.indexInGroup,
                                         std::llround(1000 * position.x),
                                         std::llround(1000 * position.y));
        const auto place = places.emplace(key, places.size()).first->second;
        std::vector<limitnet::AccuracyCurve*> curves{&m_curves["all"]};
        if (device.source && device.images.empty())
        {
            m_curves[device.state.level];
        }
        const std::string& group = m_groups[device.group].name;
        if (device.source && !group.empty())
        {
            curves.push_back(&m_curves[group]);
        }
        for (const auto& image : device.images)
        {
            std::vector<limitnet::AccuracyCurve::Prediction> predictions;
            for (const auto index : image.arrivals)
            {
                const auto evaluation = m_evaluations.find(index);
                if (evaluation != m_evaluations.end())
                {
                    predictions.push_back(
                        {m_cloud->GetArrivals()[index].time.GetSeconds() - image.capturedS,
                         m_evaluator->Get(evaluation->second).label == image.label});
                }
            }
            for (auto* curve : curves)
            {
                curve->AddImage(m_durationS - image.capturedS,
                                predictions,
                                image.datasetIndex,
                                place);
            }
            m_curves[image.sentAt.value_or(device.state).level].AddImage(m_durationS -
                                                                             image.capturedS,
                                                                         predictions);
        }
    }
}

void
OffloadingScenario::WritePictures(uint32_t device, uint32_t image) const
{
    const DeviceRecord& record = m_devices[device];
    const auto folder = m_folder.File("pictures");
    const auto name = std::to_string(device) + '-' + std::to_string(image) + '-';
    std::filesystem::create_directories(folder);
    if (image >= record.images.size())
    {
        return; // the simulation ended before
    }
    limitnet::WritePng(folder / (name + "original.png"),
                       limitnet::ResizePicture(m_dataset->At(record.images[image].datasetIndex),
                                               limitnet::INT8_PICTURE_SIDE));
    std::vector<limitnet::Bytes> bytes;
    for (const std::size_t index : record.images[image].arrivals)
    {
        const auto& arrival = m_cloud->GetArrivals()[index];
        bytes.push_back(arrival.bytes);
        const auto fragment = m_frames.at(FrameKey(arrival.deviceAddress, arrival.frameCounter))[2];
        if (const auto picture = m_groups[record.group].codec.decoder->Decode(bytes))
        {
            limitnet::WritePng(folder / (name + std::to_string(fragment) + ".png"),
                               limitnet::ResizePicture(*picture, limitnet::INT8_PICTURE_SIDE));
        }
    }
}

void
OffloadingScenario::WriteFiles()
{
    {
        limitnet::CsvWriter csv(m_folder.File("accuracy.csv"), limitnet::AccuracyTable().Names());
        limitnet::AddAccuracyRows(csv, "all", m_curves.at("all").At(m_times));
        std::vector<std::string> names;
        for (const auto& group : m_groups)
        {
            names.push_back(group.name);
        }
        for (const auto& link : m_links)
        {
            const auto levels = link->GetLevels();
            names.insert(names.end(), levels.begin(), levels.end());
        }
        for (const auto& name : names)
        {
            const auto curve = m_curves.find(name);
            if (curve != m_curves.end())
            {
                limitnet::AddAccuracyRows(csv, name, curve->second.At(m_times));
            }
        }
        csv.Close();
    }
    WriteOffloadingTables({m_groups, m_devices, m_links, m_durationS}, m_folder);
    for (const auto& [device, image] : m_pictured)
    {
        WritePictures(device, image);
    }
    std::ofstream ini(m_folder.File("scenario.ini"));
    m_values.WriteIni(ini);
    std::set<std::size_t> used;
    for (const auto& record : m_devices)
    {
        for (const auto& image : record.images)
        {
            used.insert(image.datasetIndex);
        }
    }
    limitnet::WriteInputs(ini, m_values, *m_dataset, used);
    ini << "\n# Result files: schema version " << limitnet::RESULT_SCHEMA << " of docs/csv.md\n";
    ini.close();
    if (!ini)
    {
        limitnet::FailWriting(m_folder.File("scenario.ini"), errno);
    }
}

void
OffloadingScenario::PrintSummary(std::ostream& out) const
{
    std::map<std::string, uint32_t> devicesByLevel;
    std::map<std::string, uint64_t> fates;
    std::set<std::string> profiles;
    uint64_t images = 0;
    uint64_t meters = 0;
    double airtime = 0;
    double energy = 0;
    for (const auto& device : m_devices)
    {
        ++devicesByLevel[device.state.level];
        if (!device.source)
        {
            ++meters;
            continue;
        }
        profiles.insert(m_groups[device.group].values.Text("devices.profile"));
        airtime += device.device->GetTxAirtimeSeconds();
        energy +=
            device.device->GetTotalEnergyJoule() - device.device->GetEnergyJoule(RadioState::SLEEP);
        images += device.images.size();
        for (const auto& image : device.images)
        {
            const double pictureJ = m_groups[device.group].profile.pictureEnergyJ;
            energy += image.encodingEnergyJ + (image.encodedS ? pictureJ : 0);
            for (const auto& fragment : image.fragments)
            {
                ++fates[fragment.fate];
            }
        }
    }
    out << m_devices.size() << " devices (";
    const char* separator = "";
    std::size_t gateways = 0;
    for (const auto& link : m_links)
    {
        for (auto level : link->GetLevels())
        {
            const auto count = devicesByLevel.find(level);
            if (count != devicesByLevel.end())
            {
                // "sf7" is SF7 in a text
                std::transform(level.begin(), level.end(), level.begin(), [](unsigned char c) {
                    return static_cast<char>(std::toupper(c));
                });
                out << separator << count->second << " at " << level;
                separator = ", ";
            }
        }
        gateways += link->GetGateways().size();
    }
    out << "), ";
    if (meters > 0)
    {
        out << meters << " of them meters, ";
    }
    out << gateways << " gateway(s), " << images << " images in " << m_durationS
        << " s of simulated time";
    for (const auto& profile : profiles)
    {
        out << ", microcontroller " << profile;
    }
    out << "\nfragments:";
    separator = " ";
    for (const auto& [fate, count] : fates)
    {
        out << separator << count << ' ' << fate;
        separator = ", ";
    }
    if (images == 0)
    {
        out << (meters == m_devices.size()
                    ? "\nall devices are meters: nodes.csv has what they sent\n"
                    : "\nno image was captured: scenario.duration_s or a battery ends before the "
                      "first one\n");
        return;
    }
    out << std::fixed << std::setprecision(2) << "\nper image: " << airtime / images
        << " s time on air, " << energy / images << " J for encoding, sending and listening\n\n"
        << "  elapsed s   accuracy   95 % interval    correct/images\n";

    // About a dozen rows of the curve, the first and the last among them.
    const auto points = m_curves.at("all").At(m_times);
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

uint64_t
OffloadingScenario::ImagesInTime(const DeviceRecord& record) const
{
    if (!record.source)
    {
        return 0;
    }
    const GroupRecord& group = m_groups[record.group];
    if (group.values.Text("images.traffic") == "trace")
    {
        const auto& times = group.captureTimes[record.indexInGroup];
        return static_cast<uint64_t>(
            std::count_if(times.begin(), times.end(), [this](double timeS) {
                return timeS < m_durationS;
            }));
    }
    const double periods = std::ceil(m_durationS / group.values.Real("images.period_s"));
    return static_cast<uint64_t>(
        std::min(periods, static_cast<double>(group.values.Int("images.per_device"))));
}

void
OffloadingScenario::ExplainCameras(std::ostream& out, const std::vector<uint32_t>& devices) const
{
    // Images differ by a few fragments; a few of them show what to expect.
    constexpr std::size_t PICTURES = 4;
    const DeviceRecord& first = m_devices[devices.front()];
    const GroupRecord& group = m_groups[first.group];
    const std::size_t mtu = first.device->GetMtu();
    const std::size_t label = LabelBytes(group.values);
    std::size_t fitting = 0; // bytes until the deadline, where images are made to fit it
    if (group.values.Bool("strategy.fit_deadline"))
    {
        const auto deadline = Seconds(group.values.Real("strategy.deadline_s"));
        fitting = std::max(mtu, first.device->EstimateBytesUntil(deadline).value_or(0)) / mtu *
                  (mtu - label);
    }
    double fragments = 0;
    double bytes = 0;
    double encodingS = 0;
    double airtimeS = 0;
    double untilS = 0; // the last fragment is sent
    double eachS = 0;  // an image takes, of many
    bool isKnown = true;
    for (std::size_t i = 0; i < PICTURES; ++i)
    {
        const auto picture = m_dataset->At(
            (static_cast<std::size_t>(group.values.Int("images.first")) + i) % m_dataset->Size());
        const auto encoded = group.codec.encoder->Encode(picture, 0, {mtu - label, fitting});
        encodingS += group.profile.EncodingSeconds(encoded.work) / PICTURES;
        fragments += static_cast<double>(encoded.fragments.size()) / PICTURES;
        std::vector<uint32_t> sizes;
        for (const auto& fragment : encoded.fragments)
        {
            sizes.push_back(static_cast<uint32_t>(fragment.size() + label));
            bytes += static_cast<double>(sizes.back()) / PICTURES;
            const auto airtime = first.device->EstimateTimeOnAir(sizes.back());
            airtimeS += airtime.value_or(Time(0)).GetSeconds() / PICTURES;
        }
        const auto one = first.device->EstimateSendingTime(sizes);
        const std::vector<uint32_t> next = sizes;
        sizes.insert(sizes.end(), next.begin(), next.end());
        const auto two = first.device->EstimateSendingTime(sizes);
        isKnown = isKnown && one && two;
        if (isKnown)
        {
            untilS += one->GetSeconds() / PICTURES;
            eachS += (*two - *one).GetSeconds() / PICTURES;
        }
    }
    out << ": an image is " << fragments << " fragments of at most " << mtu - label << " bytes, "
        << bytes << " bytes in all, encoded in " << encodingS << " s";
    if (!isKnown)
    {
        out << "; the network says when they are sent\n";
        return;
    }
    const double periodS = group.values.Real("images.period_s");
    out << "; " << airtimeS << " s on air, sent after " << untilS << " s at the earliest";
    if (group.values.Text("images.traffic") != "trace")
    {
        out << "; one after the other each takes " << eachS << " s, which is "
            << 100 * eachS / periodS << " % of the time between two images"
            << (eachS > periodS ? ": MORE THAN THERE IS, they queue" : "");
    }
    out << '\n';
}

void
OffloadingScenario::ExplainMeters(std::ostream& out, const std::vector<uint32_t>& devices) const
{
    const DeviceRecord& first = m_devices[devices.front()];
    const auto& values = m_groups[first.group].values;
    const auto bytes = static_cast<uint32_t>(values.Int("meter.payload_bytes"));
    const double periodS = values.Real("meter.period_s");
    out << ": a reading of " << bytes << " bytes each " << periodS << " s";
    if (const auto airtime = first.device->EstimateTimeOnAir(bytes))
    {
        out << ", " << airtime->GetSeconds() << " s on air; all of them send "
            << 100 * airtime->GetSeconds() * static_cast<double>(devices.size()) / periodS
            << " % of the time";
    }
    out << '\n';
}

void
OffloadingScenario::Explain(std::ostream& out)
{
    Build();
    std::map<std::pair<std::size_t, std::string>, std::vector<uint32_t>> kinds;
    uint64_t images = 0;
    bool isRandom = false;
    for (uint32_t i = 0; i < m_devices.size(); ++i)
    {
        DeviceRecord& record = m_devices[i];
        record.state = record.link->GetDeviceState(record.indexOnLink);
        kinds[{record.group, record.state.level}].push_back(i);
        images += ImagesInTime(record);
        isRandom = isRandom || (record.source &&
                                m_groups[record.group].values.Text("images.traffic") == "poisson");
    }
    std::size_t gateways = 0;
    for (const auto& link : m_links)
    {
        gateways += link->GetGateways().size();
    }
    std::ostringstream text; // all or nothing: what follows may find what is wrong
    text << "one run of " << m_durationS << " s of simulated time: " << m_devices.size()
         << " devices, " << gateways << " gateway(s), " << (isRandom ? "about " : "at most ")
         << images << " images of " << m_dataset->Name() << ", classified by "
         << m_values.Text("codec.classifier") << "\nresults would go to "
         << m_folder.FinalPath().string() << '\n'
         << std::fixed << std::setprecision(1);
    std::vector<std::string> levels; // in the links' order
    for (const auto& link : m_links)
    {
        const auto own = link->GetLevels();
        levels.insert(levels.end(), own.begin(), own.end());
    }
    for (std::size_t i = 0; i < m_groups.size(); ++i)
    {
        const GroupRecord& group = m_groups[i];
        for (const auto& level : levels)
        {
            const auto found = kinds.find({i, level});
            if (found == kinds.end())
            {
                continue;
            }
            const auto& devices = found->second;
            text << (group.name.empty() ? "" : group.name + ", ") << level << ": " << devices.size()
                 << (group.isMeters ? " meter" : " camera") << (devices.size() > 1 ? "s" : "");
            group.isMeters ? ExplainMeters(text, devices) : ExplainCameras(text, devices);
        }
    }
    out << text.str();
}

bool
OffloadingScenario::HasImages() const
{
    return std::any_of(m_devices.begin(), m_devices.end(), [](const DeviceRecord& device) {
        return !device.images.empty();
    });
}

void
OffloadingScenario::Run(std::ostream& out)
{
    Build();
    Simulate();
    Evaluate();
    AddImagesToCurves();
    WriteFiles();
    limitnet::PlotResult plot;
    const bool isPlotted = m_values.Bool("plot") && HasImages();
    if (isPlotted)
    {
        plot = limitnet::PlotAccuracy(m_folder.File("accuracy.csv"),
                                      m_folder.File("accuracy.png"),
                                      m_values.Text("scenario.name"));
    }
    m_folder.Commit();
    PrintSummary(out);
    PrintEnergies({m_groups, m_devices, m_links, m_durationS}, out);
    out << "\nresults in " << m_folder.FinalPath().string() << '\n';
    if (m_cloud->GetEnoughAnswers() + m_cloud->GetMissingAnswers() > 0)
    {
        out << "cloud's answers: " << m_cloud->GetEnoughAnswers() << " that an image is enough, "
            << m_cloud->GetMissingAnswers() << " about what is missing\n";
    }
    const auto counts = m_evaluator->Counts();
    std::cerr << "cloud: " << counts.requests << " receptions to evaluate, " << counts.known
              << " of them asked before, " << counts.cached << " kept from other runs, "
              << counts.evaluated << " decoded and classified";
    if (counts.evaluated > 0)
    {
        std::cerr << ": " << std::fixed << std::setprecision(1)
                  << static_cast<double>(counts.evaluated) / counts.busyS << " images/s";
    }
    std::cerr << '\n';
    if (m_mixedImages > 0)
    {
        std::cerr << "warning: the cloud mixed up " << m_mixedImages
                  << " images: nothing arrived of a device for 32 images, more than their ids tell "
                     "apart\n";
    }
    if (!m_evaluator->Problem().empty())
    {
        std::cerr << "warning: " << m_evaluator->Problem() << '\n';
    }
    if (isPlotted && !plot.done)
    {
        std::cerr << "warning: no accuracy.png: " << plot.reason << '\n';
    }
}

} // namespace lpwan
} // namespace ns3
