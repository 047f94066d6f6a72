// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-scenario.h"

#include "limitnet/codec/error.h"
#include "limitnet/codec/reassembler.h"
#include "limitnet/data/fetch.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/plot.h"
#include "limitnet/results/result-tables.h"
#include "lpwan-scenario-setup.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/lpwan-feedback.h"
#include "ns3/mobility-model.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <unistd.h>

namespace ns3
{
namespace lpwan
{

namespace
{

/** Stream of the phases of the devices' captures; OffloadingLink says which are the links'. */
constexpr int64_t PHASE_STREAM = 3;

/** Adds a number, or an empty field for 0: the link has none. */
void
AddUnlessZero(limitnet::CsvWriter& csv, uint32_t number)
{
    number != 0 ? csv.Add(number) : csv.AddEmpty();
}

/** Adds a level that only devices of one link have. */
void
AddLevel(limitnet::CsvWriter& csv, const std::optional<uint8_t>& level)
{
    level ? csv.Add(int{*level}) : csv.AddEmpty();
}

/** Adds class and confidence, or two empty fields for none. */
void
AddPrediction(limitnet::CsvWriter& csv, const limitnet::Prediction& prediction)
{
    constexpr int PROBABILITY_DECIMALS = 6;
    if (prediction.label < 0)
    {
        csv.AddEmpty().AddEmpty();
        return;
    }
    csv.Add(prediction.label).Add(prediction.confidence, PROBABILITY_DECIMALS);
}

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
    return choice;
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

uint64_t
FrameKey(uint32_t deviceAddress, uint32_t frameCounter)
{
    return uint64_t{deviceAddress} << 32 | frameCounter;
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
    m_dataset = limitnet::OpenDataset(dataset, limitnet::Split::TEST, m_values.Text("data"));
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
    m_codec = limitnet::OpenCodec(ChoiceOf(m_values));
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
    options.cache = CacheFile(m_values.Text("cloud.cache"));
    options.cacheLimitBytes = static_cast<uint64_t>(m_values.Int("cloud.cache_limit_mib")) << 20;
    m_evaluator = std::make_unique<limitnet::Evaluator>(m_codec.decoder, m_classifier, options);
    BeginRun(m_values);
}

OffloadingScenario::~OffloadingScenario()
{
    Simulator::Destroy();
}

void
OffloadingScenario::BuildLinks()
{
    m_cloud = CreateObject<CloudApplication>();
    m_cloud->SetImageIdOf([decoder = m_codec.decoder](const limitnet::Bytes& fragment) {
        return decoder->ImageIdOf(fragment);
    });
    for (const auto& link : m_links)
    {
        uint32_t indexOnLink = 0;
        for (const auto& device : link->Build(m_values, m_folder))
        {
            const auto number = static_cast<uint32_t>(m_devices.size());
            const auto address = device->GetDeviceAddress();
            const bool isNew = m_deviceByAddress.emplace(address, number).second;
            NS_ABORT_MSG_UNLESS(isNew, "two devices of a run have the address " << address);
            DeviceRecord record;
            record.link = link.get();
            record.indexOnLink = indexOnLink++;
            record.device = device;
            m_devices.push_back(std::move(record));
        }
        link->Connect(MakeCallback(&CloudApplication::Receive, m_cloud),
                      MakeCallback(&OffloadingScenario::OnFate, this));
    }
    m_cloud->TraceConnectWithoutContext("Arrival",
                                        MakeCallback(&OffloadingScenario::OnArrival, this));
    m_cloud->SetAttribute("Reports", BooleanValue(m_values.Int("strategy.max_reports") > 0));
    if (m_values.Real("strategy.stop_confidence") > 0)
    {
        m_cloud->SetJudge([this](std::size_t arrival) { return IsEnough(arrival); });
    }
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
    const auto& profile = limitnet::DeviceProfile::Get(m_values.Text("devices.profile"));
    const auto perDevice = static_cast<uint32_t>(m_values.Int("images.per_device"));
    const double period = m_values.Real("images.period_s");
    const auto firstPicture = static_cast<std::size_t>(m_values.Int("images.first"));
    const auto phase = CreateObject<UniformRandomVariable>();
    phase->SetStream(PHASE_STREAM);

    for (uint32_t i = 0; i < m_devices.size(); ++i)
    {
        DeviceRecord& record = m_devices[i];
        record.source = CreateObject<ImageSource>();
        record.source->SetAttribute("Period", TimeValue(Seconds(period)));
        record.source->SetAttribute("ImageCount", UintegerValue(perDevice));
        record.source->SetAttribute("Deadline",
                                    TimeValue(Seconds(m_values.Real("strategy.deadline_s"))));
        record.source->SetAttribute("NewestFirst",
                                    BooleanValue(m_values.Text("strategy.queue") == "newest"));
        record.source->SetAttribute(
            "MaxReports",
            UintegerValue(static_cast<uint64_t>(m_values.Int("strategy.max_reports"))));
        record.source->SetAttribute("ReportTimeout",
                                    TimeValue(Seconds(m_values.Real("strategy.report_timeout_s"))));
        record.source->SetDevice(record.device);
        record.source->SetEncoder(m_codec.encoder);
        record.source->SetDeviceProfile(profile);
        if (m_values.Real("devices.battery_j") > 0)
        {
            record.battery = AddBattery(record.device,
                                        m_values.Real("devices.battery_j"),
                                        m_values.Real("devices.base_power_w"));
            record.battery->TraceConnectWithoutContext(
                "Depleted",
                MakeCallback(&OffloadingScenario::OnDepleted, this).Bind(i));
            record.source->SetEnergyModel(record.battery);
        }
        record.source->SetPictures([this, i, perDevice, firstPicture](uint32_t image) {
            const std::size_t index =
                (firstPicture + std::size_t{i} * perDevice + image) % m_dataset->Size();
            ImageRecord& imageRecord = m_devices[i].images.at(image);
            imageRecord.datasetIndex = index;
            imageRecord.label = m_dataset->Label(index);
            return m_dataset->At(index);
        });
        record.source->SetStartTime(Seconds(phase->GetValue(0, period)));
        record.device->GetNode()->AddApplication(record.source);

        record.source->TraceConnectWithoutContext(
            "Captured",
            MakeCallback(&OffloadingScenario::OnCaptured, this).Bind(i));
        record.source->TraceConnectWithoutContext(
            "Encoded",
            MakeCallback(&OffloadingScenario::OnEncoded, this).Bind(i));
        record.source->TraceConnectWithoutContext(
            "FragmentQueued",
            MakeCallback(&OffloadingScenario::OnFragmentQueued, this).Bind(i));
        record.source->TraceConnectWithoutContext(
            "Discarded",
            MakeCallback(&OffloadingScenario::OnDiscarded, this).Bind(i));
        record.device->TraceConnectWithoutContext(
            "TxStart",
            MakeCallback(&OffloadingScenario::OnTxStart, this).Bind(i));
        record.device->TraceConnectWithoutContext(
            "TxEnd",
            MakeCallback(&OffloadingScenario::OnTxEnd, this).Bind(i));
        record.device->TraceConnectWithoutContext(
            "Drop",
            MakeCallback(&OffloadingScenario::OnDrop, this).Bind(i));
    }
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
        for (uint32_t i = 0; record != m_devices.end() && record->link == link.get(); ++i, ++record)
        {
            record->state = link->GetDeviceState(i);
        }
    }
}

OffloadingScenario::FragmentRecord&
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
    for (const auto& fragment : encoded.fragments)
    {
        FragmentRecord fragmentRecord;
        fragmentRecord.bytes = static_cast<uint32_t>(fragment.size());
        record.fragments.push_back(std::move(fragmentRecord));
    }
    m_devices[device].encodingEnergyJ +=
        limitnet::DeviceProfile::Get(m_values.Text("devices.profile"))
            .EncodingEnergyJ(encoded.work);
}

void
OffloadingScenario::OnFragmentQueued(uint32_t device,
                                     uint32_t image,
                                     uint32_t fragment,
                                     Ptr<const Packet> packet)
{
    m_devices[device].packets[packet->GetUid()] = {image, fragment};
    FragmentRecord& record = m_devices[device].images.at(image).fragments.at(fragment);
    record.queued = true;
    record.queuedS = Simulator::Now().GetSeconds();
}

void
OffloadingScenario::OnTxStart(uint32_t device,
                              Ptr<const Packet> packet,
                              const LpwanTransmission& transmission)
{
    FragmentOf(device, packet).transmission = transmission;
    const auto [image, fragment] = m_devices[device].packets.at(packet->GetUid());
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
}

void
OffloadingScenario::OnDrop(uint32_t device, Ptr<const Packet> packet, DropReason reason)
{
    FragmentOf(device, packet).fate = ToString(reason);
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

OffloadingScenario::ImageRecord&
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
    m_evaluations[arrivals[i]] = m_evaluator->Request(fragments);
}

void
OffloadingScenario::OnArrival(std::size_t arrival)
{
    // Now it is known how long the state before this one has shown.
    const auto& arrivals = m_cloud->GetImages()[m_cloud->GetArrivals()[arrival].image].arrivals;
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
        record.fate = reason == ImageSource::Discard::ENOUGH ? "not_needed" : "expired";
    }
}

bool
OffloadingScenario::IsEnough(std::size_t arrival)
{
    const auto& arrivals = m_cloud->GetImages()[m_cloud->GetArrivals()[arrival].image].arrivals;
    RequestEvaluation(arrivals, arrivals.size() - 1);
    const auto prediction = m_evaluator->Get(m_evaluations.at(arrival));
    return prediction.label >= 0 &&
           prediction.confidence >= m_values.Real("strategy.stop_confidence");
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
    for (const auto& received : m_cloud->GetImages())
    {
        RequestEvaluation(received.arrivals, received.arrivals.size() - 1);
    }
    const auto& arrivals = m_cloud->GetArrivals();
    std::unique_ptr<limitnet::Reassembler> reassembler;
    if (m_codec.model)
    {
        reassembler =
            std::make_unique<limitnet::Reassembler>(m_codec.model->Tables(), m_codec.order);
    }
    ProgressLine line("decoding and classifying", static_cast<double>(m_evaluations.size()));
    std::size_t done = 0;
    for (const auto& received : m_cloud->GetImages())
    {
        ImageRecord& record = ImageOf(arrivals[received.arrivals.front()]);
        const bool mixed =
            !record.arrivals.empty() ||
            std::any_of(received.arrivals.begin(), received.arrivals.end(), [&](std::size_t i) {
                return &ImageOf(arrivals[i]) != &record;
            });
        m_mixedImages += mixed ? 1 : 0;
        record.arrivals.insert(record.arrivals.end(),
                               received.arrivals.begin(),
                               received.arrivals.end());
        if (reassembler)
        {
            reassembler->Reset();
        }
        for (const std::size_t index : received.arrivals)
        {
            const auto& arrival = arrivals[index];
            if (reassembler)
            {
                reassembler->Add(arrival.bytes.data(), arrival.bytes.size());
            }
            const auto [device, image, fragment] =
                m_frames.at(FrameKey(arrival.deviceAddress, arrival.frameCounter));
            FragmentRecord& fragmentRecord =
                m_devices[device].images.at(image).fragments.at(fragment);
            fragmentRecord.fate = "delivered";
            fragmentRecord.interferer.reset();
            fragmentRecord.arrival = index;
            const auto evaluation = m_evaluations.find(index);
            if (evaluation != m_evaluations.end())
            {
                record.last = m_evaluator->Get(evaluation->second);
                fragmentRecord.prediction = record.last;
                line.Show(static_cast<double>(++done));
            }
        }
        if (reassembler)
        {
            record.valuesReceived = reassembler->ValueCount();
            record.mapReceived = reassembler->HasMap();
        }
    }
}

void
OffloadingScenario::AddImagesToCurves()
{
    // Every group that a device could be in, so that each file has the same groups.
    m_curves["all"];
    for (const auto& device : m_devices)
    {
        auto& group = m_curves[device.state.group];
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
            m_curves["all"].AddImage(m_durationS - image.capturedS, predictions);
            group.AddImage(m_durationS - image.capturedS, predictions);
        }
    }
}

void
OffloadingScenario::WriteNodes(const std::string& path) const
{
    limitnet::CsvWriter csv(path, limitnet::NodesTable().Names());
    const auto& profile = limitnet::DeviceProfile::Get(m_values.Text("devices.profile"));
    for (uint32_t i = 0; i < m_devices.size(); ++i)
    {
        const DeviceRecord& record = m_devices[i];
        const auto& device = record.device;
        uint64_t sent = 0;
        uint64_t delivered = 0;
        for (const auto& image : record.images)
        {
            for (const auto& fragment : image.fragments)
            {
                sent += fragment.transmissions > 0 ? 1 : 0;
                delivered += fragment.fate == "delivered" ? 1 : 0;
            }
        }
        const Vector position = device->GetNode()->GetObject<MobilityModel>()->GetPosition();
        const double encodingS =
            std::min(record.source->GetEncodingTime().GetSeconds(), m_durationS);
        const double onS = record.offAtS.value_or(m_durationS);
        constexpr int METRE_DECIMALS = 3;
        constexpr int DB_DECIMALS = 4;
        constexpr int RATIO_DECIMALS = 8;
        constexpr int JOULE_DECIMALS = 9;
        csv.Add(i)
            .Add(record.link->GetName())
            .Add(position.x, METRE_DECIMALS)
            .Add(position.y, METRE_DECIMALS);
        AddLevel(csv, record.state.spreadingFactor);
        AddLevel(csv, record.state.ceLevel);
        csv.Add(record.state.pathLossDb, DB_DECIMALS)
            .Add(record.images.size())
            .Add(sent)
            .Add(delivered)
            .Add(device->GetTxAirtimeSeconds())
            .Add(device->GetTxAirtimeSeconds() / m_durationS, RATIO_DECIMALS)
            .Add(encodingS, JOULE_DECIMALS)
            .Add(record.encodingEnergyJ, JOULE_DECIMALS)
            .Add(profile.sleepPowerW * std::max(0.0, onS - encodingS), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::TX), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::RX), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::LIGHT_SLEEP), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::DRX), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::SLEEP), JOULE_DECIMALS);
        record.offAtS ? csv.Add(*record.offAtS) : csv.AddEmpty();
        constexpr double DAY_S = 86400;
        record.battery
            ? csv.Add(record.battery->EstimateLifetime().GetSeconds() / DAY_S, DB_DECIMALS)
            : csv.AddEmpty();
        csv.EndRow();
    }
    csv.Close();
}

void
OffloadingScenario::WriteImages(const std::string& path) const
{
    limitnet::CsvWriter csv(path, limitnet::ImagesTable().Names());
    for (uint32_t d = 0; d < m_devices.size(); ++d)
    {
        for (uint32_t i = 0; i < m_devices[d].images.size(); ++i)
        {
            const ImageRecord& image = m_devices[d].images[i];
            uint64_t bytes = 0;
            uint64_t sent = 0;
            for (const auto& fragment : image.fragments)
            {
                bytes += fragment.bytes;
                sent += fragment.transmissions > 0 ? 1 : 0;
            }
            csv.Add(d)
                .Add(m_devices[d].link->GetName())
                .Add(i)
                .Add(image.datasetIndex)
                .Add(image.label);
            AddLevel(csv, m_devices[d].state.spreadingFactor);
            AddLevel(csv, m_devices[d].state.ceLevel);
            csv.Add(image.capturedS);
            image.encodedS ? csv.Add(*image.encodedS) : csv.AddEmpty();
            csv.Add(m_durationS - image.capturedS)
                .Add(image.fragments.size())
                .Add(bytes)
                .Add(sent)
                .Add(image.arrivals.size());
            if (m_codec.model)
            {
                csv.Add(image.valuesReceived.value_or(0)).Add(image.mapReceived);
            }
            else
            {
                csv.AddEmpty().AddEmpty();
            }
            if (image.arrivals.empty())
            {
                csv.AddEmpty().AddEmpty();
            }
            else
            {
                const auto& log = m_cloud->GetArrivals();
                csv.Add(log[image.arrivals.front()].time.GetSeconds())
                    .Add(log[image.arrivals.back()].time.GetSeconds());
            }
            AddPrediction(csv, image.last);
            csv.Add(image.last.label == image.label).EndRow();
        }
    }
    csv.Close();
}

void
OffloadingScenario::WriteFragments(const std::string& path) const
{
    limitnet::CsvWriter csv(path, limitnet::FragmentsTable().Names());
    for (uint32_t d = 0; d < m_devices.size(); ++d)
    {
        for (uint32_t i = 0; i < m_devices[d].images.size(); ++i)
        {
            const ImageRecord& image = m_devices[d].images[i];
            for (uint32_t f = 0; f < image.fragments.size(); ++f)
            {
                const FragmentRecord& fragment = image.fragments[f];
                csv.Add(d).Add(i).Add(f).Add(fragment.bytes);
                fragment.queued ? csv.Add(fragment.queuedS) : csv.AddEmpty();
                if (fragment.transmission)
                {
                    const auto& t = *fragment.transmission;
                    csv.Add(t.start.GetSeconds())
                        .Add(fragment.latency ? fragment.latency->transmissionS
                                              : (t.end - t.start).GetSeconds());
                    AddUnlessZero(csv, t.spreadingFactor);
                    AddUnlessZero(csv, t.frequencyHz);
                }
                else
                {
                    csv.AddEmpty().AddEmpty().AddEmpty().AddEmpty();
                }
                csv.Add(fragment.transmissions).Add(fragment.fate);
                fragment.interferer ? csv.Add(*fragment.interferer) : csv.AddEmpty();
                if (fragment.arrival)
                {
                    constexpr int DB_DECIMALS = 4;
                    const auto& arrival = m_cloud->GetArrivals()[*fragment.arrival];
                    csv.Add(arrival.time.GetSeconds())
                        .Add(arrival.gatewayCount)
                        .Add(arrival.snrDb, DB_DECIMALS);
                }
                else
                {
                    csv.AddEmpty().AddEmpty().AddEmpty();
                }
                const auto& prediction = fragment.prediction;
                AddPrediction(csv, prediction.value_or(limitnet::Prediction{}));
                prediction ? csv.Add(prediction->label == image.label) : csv.AddEmpty();
                if (fragment.latency)
                {
                    csv.Add(fragment.latency->accessWaitS)
                        .Add(fragment.latency->accessS)
                        .Add(fragment.latency->schedulingS)
                        .Add(fragment.latency->transmissionS)
                        .Add(fragment.latency->retransmissionS);
                }
                else
                {
                    csv.AddEmpty().AddEmpty().AddEmpty().AddEmpty().AddEmpty();
                }
                csv.EndRow();
            }
        }
    }
    csv.Close();
}

void
OffloadingScenario::WriteFiles()
{
    {
        limitnet::CsvWriter csv(m_folder.File("accuracy.csv"), limitnet::AccuracyTable().Names());
        limitnet::AddAccuracyRows(csv, "all", m_curves.at("all").At(m_times));
        for (const auto& link : m_links)
        {
            for (const auto& group : link->GetGroups())
            {
                const auto curve = m_curves.find(group);
                if (curve != m_curves.end())
                {
                    limitnet::AddAccuracyRows(csv, group, curve->second.At(m_times));
                }
            }
        }
        csv.Close();
    }
    WriteNodes(m_folder.File("nodes.csv"));
    WriteImages(m_folder.File("images.csv"));
    WriteFragments(m_folder.File("fragments.csv"));
    std::ofstream ini(m_folder.File("scenario.ini"));
    m_values.WriteIni(ini);
    ini.close();
    if (!ini)
    {
        throw limitnet::Error(m_folder.File("scenario.ini").string() + ": cannot be written");
    }
}

void
OffloadingScenario::PrintSummary(std::ostream& out) const
{
    std::map<std::string, uint32_t> devicesByGroup;
    std::map<std::string, uint64_t> fates;
    uint64_t images = 0;
    double airtime = 0;
    double energy = 0;
    const auto& profile = limitnet::DeviceProfile::Get(m_values.Text("devices.profile"));
    for (const auto& device : m_devices)
    {
        ++devicesByGroup[device.state.group];
        airtime += device.device->GetTxAirtimeSeconds();
        energy += device.encodingEnergyJ + device.device->GetTotalEnergyJoule() -
                  device.device->GetEnergyJoule(RadioState::SLEEP);
        images += device.images.size();
        for (const auto& image : device.images)
        {
            for (const auto& fragment : image.fragments)
            {
                ++fates[fragment.fate];
            }
        }
    }
    out << m_devices.size() << " devices (";
    const char* separator = "";
    uint32_t gateways = 0;
    for (const auto& link : m_links)
    {
        for (auto group : link->GetGroups())
        {
            const auto count = devicesByGroup.find(group);
            if (count != devicesByGroup.end())
            {
                // "sf7" is SF7 in a text
                std::transform(group.begin(), group.end(), group.begin(), [](unsigned char c) {
                    return static_cast<char>(std::toupper(c));
                });
                out << separator << count->second << " at " << group;
                separator = ", ";
            }
        }
        gateways += link->GetGatewayCount();
    }
    out << "), " << gateways << " gateway(s), " << images << " images in " << m_durationS
        << " s of simulated time, microcontroller " << profile.name << "\nfragments:";
    separator = " ";
    for (const auto& [fate, count] : fates)
    {
        out << separator << count << ' ' << fate;
        separator = ", ";
    }
    if (images == 0)
    {
        out << "\nno image was captured: scenario.duration_s ends before the first one\n";
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

void
OffloadingScenario::Run(std::ostream& out)
{
    Build();
    Simulate();
    Evaluate();
    AddImagesToCurves();
    WriteFiles();
    limitnet::PlotResult plot;
    if (m_values.Bool("plot"))
    {
        plot = limitnet::PlotAccuracy(m_folder.File("accuracy.csv"),
                                      m_folder.File("accuracy.png"),
                                      m_values.Text("scenario.name"));
    }
    m_folder.Commit();
    PrintSummary(out);
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
    if (m_values.Bool("plot") && !plot.done)
    {
        std::cerr << "warning: no accuracy.png: " << plot.reason << '\n';
    }
}

} // namespace lpwan
} // namespace ns3
