// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-results.h"

#include "limitnet/results/csv-writer.h"
#include "limitnet/results/result-tables.h"

#include "ns3/lpwan-scenario-setup.h"
#include "ns3/mobility-model.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>

namespace ns3
{
namespace lpwan
{

namespace
{

constexpr int METRE_DECIMALS = 3;
constexpr int DB_DECIMALS = 4;
constexpr int RATIO_DECIMALS = 8;
constexpr int JOULE_DECIMALS = 9;
// What LibTorch computes differs by some 1e-6 between its versions; these are the digits that stay.
constexpr int PROBABILITY_DECIMALS = 4;
constexpr int SSIM_DECIMALS = 4;

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

void
AddNumber(limitnet::CsvWriter& csv, const std::optional<double>& number)
{
    number ? csv.Add(*number) : csv.AddEmpty();
}

void
AddNumber(limitnet::CsvWriter& csv, const std::optional<double>& number, int decimals)
{
    number ? csv.Add(*number, decimals) : csv.AddEmpty();
}

/** Adds class and confidence, or two empty fields for none. */
void
AddPrediction(limitnet::CsvWriter& csv, const limitnet::Prediction& prediction)
{
    if (prediction.label < 0)
    {
        csv.AddEmpty().AddEmpty();
        return;
    }
    csv.Add(prediction.label).Add(prediction.confidence, PROBABILITY_DECIMALS);
}

void
AddQuality(limitnet::CsvWriter& csv, const limitnet::Evaluation& evaluation)
{
    AddNumber(csv, evaluation.psnrDb, DB_DECIMALS);
    AddNumber(csv, evaluation.ssim, SSIM_DECIMALS);
}

void
AddPosition(limitnet::CsvWriter& csv, Ptr<Node> node)
{
    const Vector position = node->GetObject<MobilityModel>()->GetPosition();
    csv.Add(position.x, METRE_DECIMALS).Add(position.y, METRE_DECIMALS);
}

/** Frames of a device that were sent, and that arrived. */
std::pair<uint64_t, uint64_t>
CountFrames(const DeviceRecord& record)
{
    uint64_t sent = record.readingsSent;
    uint64_t delivered = record.readingsDelivered;
    for (const auto& image : record.images)
    {
        for (const auto& fragment : image.fragments)
        {
            sent += fragment.transmissions > 0 ? 1 : 0;
            delivered += fragment.arrival ? 1 : 0;
        }
    }
    return {sent, delivered};
}

void
WriteNodes(const OffloadingResults& results, const limitnet::RunFolder& folder)
{
    limitnet::CsvWriter csv(folder.File("nodes.csv"), limitnet::NodesTable().Names());
    for (uint32_t i = 0; i < results.records.size(); ++i)
    {
        const DeviceRecord& record = results.records[i];
        const OffloadingMember& member = results.network.GetMembers()[i];
        const OffloadingGroupSettings& group = results.network.GroupOf(member).settings;
        const auto& device = member.device;
        const auto [sent, delivered] = CountFrames(record);
        const McuWork mcu = McuWorkOf(results, i);
        csv.Add(i)
            .Add(member.link->GetName())
            .Add(group.name)
            .Add(group.isMeters ? "meter" : "camera");
        AddPosition(csv, device->GetNode());
        AddLevel(csv, record.state.spreadingFactor);
        AddLevel(csv, record.state.ceLevel);
        csv.Add(record.state.pathLossDb, DB_DECIMALS)
            .Add(record.images.size())
            .Add(sent)
            .Add(delivered)
            .Add(device->GetTxAirtimeSeconds())
            .Add(device->GetTxAirtimeSeconds() / results.durationS, RATIO_DECIMALS);
        AddNumber(csv, record.state.signallingS);
        csv.Add(mcu.encodingS, JOULE_DECIMALS)
            .Add(mcu.encodingJ, JOULE_DECIMALS)
            .Add(mcu.pictureJ, JOULE_DECIMALS)
            .Add(mcu.sleepJ, JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::TX), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::RX), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::LIGHT_SLEEP), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::DRX), JOULE_DECIMALS)
            .Add(device->GetEnergyJoule(RadioState::SLEEP), JOULE_DECIMALS);
        AddNumber(csv, record.offAtS);
        constexpr double DAY_S = 86400;
        member.battery ? csv.Add(member.battery->EstimateLifetimeSeconds() / DAY_S, DB_DECIMALS)
                       : csv.AddEmpty();
        csv.EndRow();
    }
    csv.Close();
}

void
WriteImages(const OffloadingResults& results, const limitnet::RunFolder& folder)
{
    limitnet::CsvWriter csv(folder.File("images.csv"), limitnet::ImagesTable().Names());
    for (uint32_t d = 0; d < results.records.size(); ++d)
    {
        const DeviceRecord& record = results.records[d];
        const OffloadingMember& member = results.network.GetMembers()[d];
        const OffloadingGroup& group = results.network.GroupOf(member);
        for (uint32_t i = 0; i < record.images.size(); ++i)
        {
            const ImageRecord& image = record.images[i];
            uint64_t bytes = 0;
            uint64_t sent = 0;
            uint64_t received = 0;
            double radioJ = 0;
            std::optional<double> firstArrivalS;
            std::optional<double> lastArrivalS;
            for (const auto& fragment : image.fragments)
            {
                bytes += fragment.bytes;
                sent += fragment.transmissions > 0 ? 1 : 0;
                radioJ += fragment.txEnergyJ;
                received += fragment.arrival ? 1 : 0;
                if (fragment.arrival)
                {
                    const double timeS = fragment.arrival->timeS;
                    firstArrivalS = std::min(firstArrivalS.value_or(timeS), timeS);
                    lastArrivalS = std::max(lastArrivalS.value_or(timeS), timeS);
                }
            }
            csv.Add(d)
                .Add(member.link->GetName())
                .Add(group.settings.name)
                .Add(i)
                .Add(image.datasetIndex)
                .Add(image.label);
            const OffloadingDeviceState& state = image.sentAt ? *image.sentAt : record.state;
            AddLevel(csv, state.spreadingFactor);
            AddLevel(csv, state.ceLevel);
            csv.Add(image.capturedS);
            AddNumber(csv, image.encodedS);
            csv.Add(results.durationS - image.capturedS)
                .Add(image.fragments.size())
                .Add(bytes)
                .Add(sent)
                .Add(received)
                .Add(image.encodingEnergyJ, JOULE_DECIMALS)
                .Add(radioJ, JOULE_DECIMALS);
            if (group.codec.model)
            {
                csv.Add(image.valuesReceived.value_or(0)).Add(image.mapReceived);
            }
            else
            {
                csv.AddEmpty().AddEmpty();
            }
            AddNumber(csv, firstArrivalS);
            AddNumber(csv, lastArrivalS);
            AddPrediction(csv, image.last);
            csv.Add(image.last.label == image.label);
            AddQuality(csv, image.last);
            csv.EndRow();
        }
    }
    csv.Close();
}

void
AddFragment(limitnet::CsvWriter& csv,
            const FragmentRecord& fragment,
            int label,
            const OffloadingLink& link)
{
    csv.Add(fragment.bytes);
    AddNumber(csv, fragment.queuedS);
    if (fragment.transmission)
    {
        const auto& t = *fragment.transmission;
        csv.Add(fragment.sentS.value_or(t.start.GetSeconds()));
        AddNumber(csv, link.IsScheduled() ? fragment.airtimeS : (t.end - t.start).GetSeconds());
        AddUnlessZero(csv, t.spreadingFactor);
        AddUnlessZero(csv, t.frequencyHz);
    }
    else
    {
        csv.AddEmpty().AddEmpty().AddEmpty().AddEmpty();
    }
    csv.Add(fragment.transmissions)
        .Add(fragment.txEnergyJ, JOULE_DECIMALS)
        .Add(ToString(fragment.fate, fragment.cause));
    fragment.interferer ? csv.Add(*fragment.interferer) : csv.AddEmpty();
    if (fragment.arrival)
    {
        csv.Add(fragment.arrival->timeS)
            .Add(fragment.arrival->gatewayCount)
            .Add(fragment.arrival->snrDb, DB_DECIMALS);
    }
    else
    {
        csv.AddEmpty().AddEmpty().AddEmpty();
    }
    const auto evaluation = fragment.evaluation.value_or(limitnet::Evaluation{});
    AddPrediction(csv, evaluation);
    fragment.evaluation ? csv.Add(evaluation.label == label) : csv.AddEmpty();
    AddQuality(csv, evaluation);
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

void
WriteFragments(const OffloadingResults& results, const limitnet::RunFolder& folder)
{
    limitnet::CsvWriter csv(folder.File("fragments.csv"), limitnet::FragmentsTable().Names());
    for (uint32_t d = 0; d < results.records.size(); ++d)
    {
        const auto& images = results.records[d].images;
        const OffloadingLink& link = *results.network.GetMembers()[d].link;
        for (uint32_t i = 0; i < images.size(); ++i)
        {
            for (uint32_t f = 0; f < images[i].fragments.size(); ++f)
            {
                csv.Add(d).Add(i).Add(f);
                AddFragment(csv, images[i].fragments[f], images[i].label, link);
            }
        }
    }
    csv.Close();
}

void
WriteGateways(const OffloadingResults& results, const limitnet::RunFolder& folder)
{
    limitnet::CsvWriter csv(folder.File("gateways.csv"), limitnet::GatewaysTable().Names());
    uint32_t number = 0;
    for (const auto& link : results.network.GetLinks())
    {
        for (const auto& gateway : link->GetGateways())
        {
            csv.Add(number++).Add(link->GetName()).Add(gateway.operatorNumber);
            AddPosition(csv, gateway.node);
            csv.EndRow();
        }
    }
    csv.Close();
}

} // namespace

McuWork
McuWorkOf(const OffloadingResults& results, std::size_t device)
{
    const DeviceRecord& record = results.records[device];
    const auto& profile =
        results.network.GroupOf(results.network.GetMembers()[device]).settings.profile;
    McuWork work;
    for (const auto& image : record.images)
    {
        work.encodingS += image.encodingTimeS;
        work.encodingJ += image.encodingEnergyJ;
        work.pictureJ += image.encodedS ? profile.pictureEnergyJ : 0;
    }
    work.onS = record.offAtS.value_or(results.durationS);
    work.sleepJ = profile.sleepPowerW * std::max(0.0, work.onS - work.encodingS);
    return work;
}

void
WriteOffloadingTables(const OffloadingResults& results, const limitnet::RunFolder& folder)
{
    WriteNodes(results, folder);
    WriteImages(results, folder);
    WriteFragments(results, folder);
    WriteGateways(results, folder);
}

void
PrintEnergies(const OffloadingResults& results, std::ostream& out)
{
    const auto& groups = results.network.GetGroups();
    const auto& members = results.network.GetMembers();
    for (std::size_t g = 0; g < groups.size(); ++g)
    {
        const OffloadingGroupSettings& group = groups[g].settings;
        EnergyOfDevices energy;
        energy.batteryJ = group.batteryJ;
        for (std::size_t i = 0; i < members.size(); ++i)
        {
            if (members[i].group != g)
            {
                continue;
            }
            const McuWork mcu = McuWorkOf(results, i);
            energy.onS += mcu.onS;
            energy.sleepingMcuJ += mcu.sleepJ;
            energy.encodingJ += mcu.encodingJ;
            energy.picturesJ += mcu.pictureJ;
            energy.baseJ += group.basePowerW * mcu.onS;
            energy.AddRadio(members[i].device);
        }
        const std::string role = group.isMeters ? "meter" : "camera";
        PrintEnergyOfADay(group.name.empty() ? role : role + " of group " + group.name,
                          energy,
                          out);
    }
}

} // namespace lpwan
} // namespace ns3
