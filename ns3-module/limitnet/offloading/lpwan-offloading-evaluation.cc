// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-evaluation.h"

#include "limitnet/codec/reassembler.h"
#include "limitnet/evaluation/erasure-codec.h"

#include "ns3/log.h"
#include "ns3/lpwan-progress-line.h"
#include "ns3/mobility-model.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanOffloadingEvaluation");

OffloadingEvaluation::OffloadingEvaluation(const OffloadingSettings& settings,
                                           const OffloadingNetwork& network,
                                           OffloadingRecorder& recorder,
                                           limitnet::Evaluator& evaluator)
    : m_settings(settings),
      m_network(network),
      m_recorder(recorder),
      m_evaluator(evaluator)
{
    m_network.GetCloud()->TraceConnectWithoutContext(
        "Arrival",
        MakeCallback(&OffloadingEvaluation::OnArrival, this));
}

const CloudApplication::Arrival&
OffloadingEvaluation::At(std::size_t arrival) const
{
    return m_network.GetCloud()->GetArrivals()[arrival];
}

const OffloadingGroup&
OffloadingEvaluation::GroupOf(const CloudApplication::Arrival& arrival) const
{
    return m_network.GroupOf(m_network.GetMembers()[m_network.NumberOf(arrival.deviceAddress)]);
}

bool
OffloadingEvaluation::IsEvaluated(const Received& arrivals, std::size_t i) const
{
    if (m_settings.evaluatesAll)
    {
        return true;
    }
    // The state after arrival i shows at a time t of the curve if t is not before this arrival and
    // before the next one.
    const double capturedS = m_recorder.ImageAt(m_recorder.PlaceOf(At(arrivals.front()))).capturedS;
    const auto elapsed = [&](std::size_t k) {
        return At(arrivals[k]).time.GetSeconds() - capturedS;
    };
    const auto& times = m_settings.curveTimesS;
    const auto time = std::lower_bound(times.begin(), times.end(), elapsed(i));
    return time != times.end() && *time < elapsed(i + 1);
}

void
OffloadingEvaluation::Request(const Received& arrivals, std::size_t i)
{
    std::vector<limitnet::Bytes> fragments;
    for (std::size_t k = 0; k <= i; ++k)
    {
        fragments.push_back(At(arrivals[k]).bytes);
    }
    NS_LOG_LOGIC("asks for the state after arrival " << arrivals[i] << ", " << fragments.size()
                                                     << " fragments");
    m_evaluations[arrivals[i]] =
        m_evaluator.Request(fragments,
                            GroupOf(At(arrivals[i])).decoder,
                            m_recorder.ImageAt(m_recorder.PlaceOf(At(arrivals.front()))).original);
}

void
OffloadingEvaluation::OnArrival(std::size_t arrival)
{
    m_received.resize(m_network.GetCloud()->GetImages().size());
    Received& arrivals = m_received[At(arrival).image];
    const FragmentPlace place = m_recorder.PlaceOf(At(arrival));
    if (std::any_of(arrivals.begin(), arrivals.end(), [&](std::size_t other) {
            return m_recorder.PlaceOf(At(other)) == place;
        }))
    {
        return; // sent again although it was there: nothing changes
    }
    arrivals.push_back(arrival);
    // Now it is known how long the state before this one has shown.
    if (arrivals.size() > 1 && IsEvaluated(arrivals, arrivals.size() - 2))
    {
        Request(arrivals, arrivals.size() - 2);
    }
}

bool
OffloadingEvaluation::IsEnough(std::size_t arrival)
{
    const Received& arrivals = m_received[At(arrival).image];
    Request(arrivals, arrivals.size() - 1);
    const auto prediction = m_evaluator.Get(m_evaluations.at(arrivals.back()));
    const double wanted = GroupOf(At(arrival)).settings.stopConfidence;
    NS_LOG_LOGIC("after arrival " << arrival << " the class is " << prediction.label
                                  << " with confidence " << prediction.confidence << ", wanted is "
                                  << wanted);
    return prediction.label >= 0 && prediction.confidence >= wanted;
}

void
OffloadingEvaluation::Finish()
{
    for (const Received& received : m_received)
    {
        Request(received, received.size() - 1);
    }
    ProgressLine line("decoding and classifying", static_cast<double>(m_evaluations.size()));
    std::size_t done = 0;
    for (const Received& received : m_received)
    {
        done += Score(received);
        line.Show(static_cast<double>(done));
    }
}

std::size_t
OffloadingEvaluation::Score(const Received& received)
{
    // Which image the cloud's image is in truth: only for scoring, the cloud never sees it.
    ImageRecord& record = m_recorder.ImageAt(m_recorder.PlaceOf(At(received.front())));
    const bool mixed = !record.arrivals.empty() ||
                       std::any_of(received.begin(), received.end(), [&](std::size_t index) {
                           return &m_recorder.ImageAt(m_recorder.PlaceOf(At(index))) != &record;
                       });
    m_mixedImages += mixed ? 1 : 0;
    record.arrivals.insert(record.arrivals.end(), received.begin(), received.end());
    std::vector<limitnet::Bytes> bytes;
    std::size_t predictions = 0;
    for (const std::size_t index : received)
    {
        bytes.push_back(At(index).bytes);
        FragmentRecord& fragment = m_recorder.AddArrival(At(index));
        const auto evaluation = m_evaluations.find(index);
        if (evaluation != m_evaluations.end())
        {
            record.last = m_evaluator.Get(evaluation->second);
            fragment.evaluation = record.last;
            ++predictions;
        }
    }
    CountValues(GroupOf(At(received.front())), bytes, record);
    return predictions;
}

void
OffloadingEvaluation::CountValues(const OffloadingGroup& group,
                                  const std::vector<limitnet::Bytes>& bytes,
                                  ImageRecord& record) const
{
    const auto& codec = group.codec;
    if (!codec.model)
    {
        return;
    }
    limitnet::Reassembler reassembler(codec.model->Tables(), codec.order);
    for (const auto& fragment : codec.erasure ? codec.erasure->Recover(bytes) : bytes)
    {
        reassembler.Add(fragment.data(), fragment.size());
    }
    record.valuesReceived = reassembler.ValueCount();
    record.mapReceived = reassembler.HasMap();
}

uint64_t
OffloadingEvaluation::CountMixedImages() const
{
    return m_mixedImages;
}

std::vector<limitnet::AccuracyCurve::Prediction>
OffloadingEvaluation::PredictionsOf(const ImageRecord& image) const
{
    std::vector<limitnet::AccuracyCurve::Prediction> predictions;
    for (const auto index : image.arrivals)
    {
        const auto evaluation = m_evaluations.find(index);
        if (evaluation != m_evaluations.end())
        {
            predictions.push_back({At(index).time.GetSeconds() - image.capturedS,
                                   m_evaluator.Get(evaluation->second).label == image.label});
        }
    }
    return predictions;
}

AccuracyCurves
OffloadingEvaluation::MakeCurves() const
{
    AccuracyCurves made;
    made["all"];
    // Cameras that stand at one place are one source of chance, as where groups see the same
    // pictures from the same places; to the millimetre, as nodes.csv says it.
    std::map<std::tuple<uint32_t, int64_t, int64_t>, uint64_t> places;
    const auto& records = m_recorder.GetRecords();
    for (std::size_t i = 0; i < records.size(); ++i)
    {
        const OffloadingMember& member = m_network.GetMembers()[i];
        const DeviceRecord& record = records[i];
        const Vector position = member.device->GetNode()->GetObject<MobilityModel>()->GetPosition();
        const auto key = std::make_tuple(member.indexInGroup,
                                         std::llround(1000 * position.x),
                                         std::llround(1000 * position.y));
        const auto place = places.emplace(key, places.size()).first->second;
        std::vector<limitnet::AccuracyCurve*> curves{&made["all"]};
        // Every level and group that a camera could be in, so that each file has the same ones.
        if (member.source && record.images.empty())
        {
            made[record.state.level];
        }
        const std::string& group = m_network.GroupOf(member).settings.name;
        if (member.source && !group.empty())
        {
            curves.push_back(&made[group]);
        }
        for (const auto& image : record.images)
        {
            const auto predictions = PredictionsOf(image);
            const double observedS = m_settings.durationS - image.capturedS;
            const auto add = [&](limitnet::AccuracyCurve& curve) {
                curve.AddImage(observedS, predictions, image.datasetIndex, place);
            };
            for (auto* curve : curves)
            {
                add(*curve);
            }
            add(made[image.sentAt.value_or(record.state).level]);
        }
    }
    return made;
}

} // namespace lpwan
} // namespace ns3
