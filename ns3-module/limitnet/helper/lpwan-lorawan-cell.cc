// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lorawan-cell.h"

#include "limitnet/codec/error.h"
#include "limitnet/results/accuracy-curve.h"
#include "limitnet/results/csv-writer.h"
#include "limitnet/results/result-tables.h"
#include "lpwan-scenario-setup.h"

#include "ns3/mobility-model.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <limits>
#include <map>
#include <nettle/sha2.h>
#include <numeric>
#include <sstream>
#include <sys/resource.h>
#include <system_error>

namespace ns3
{
namespace lpwan
{

namespace
{

/** Stream of the phases; 1 and 2, and 1000 and up, are the network's. */
constexpr int64_t PHASE_STREAM = 3;

uint64_t
Sum(const std::array<uint64_t, LORA_FATE_COUNT>& counts)
{
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

const AttributeBindings&
TrafficAttributes()
{
    const std::string traffic = "ns3::lpwan::PeriodicTraffic::";
    static const AttributeBindings table{
        {},
        {BindSeconds(traffic + "Period", "traffic.period_s"),
         BindWhole(traffic + "PayloadBytes", "traffic.payload_bytes")}};
    return table;
}

constexpr auto RECEIVED = static_cast<std::size_t>(LoraFate::RECEIVED);

/** Writes the checksum of each file that a key names, as a comment of a scenario file. The library
 * limitnet's WriteInputs() does the same for programs that link it. */
void
WriteInputs(std::ostream& out, const limitnet::ScenarioValues& values)
{
    for (const char* key : {"devices.positions", "lora.gateway_positions"})
    {
        const std::filesystem::path file = values.Text(key);
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(file, ignored))
        {
            continue; // a list of places
        }
        std::ifstream in(file, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        sha256_ctx context;
        sha256_init(&context);
        sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
        std::array<uint8_t, SHA256_DIGEST_SIZE> sum;
        sha256_digest(&context, sum.size(), sum.data());
        out << "\n# " << key << ": " << file.filename().string() << ' ' << std::hex
            << std::setfill('0');
        for (const int byte : sum)
        {
            out << std::setw(2) << byte;
        }
        out << std::dec << std::setfill(' ') << '\n';
    }
}

} // namespace

LorawanCell::LorawanCell(limitnet::ScenarioValues values)
    : m_values(std::move(values)),
      m_durationS(m_values.Real("scenario.duration_s")),
      m_folder(m_values.Text("out"),
               m_values.Text("scenario.name"),
               static_cast<uint64_t>(m_values.Int("run")))
{
    const auto& traffic = TrafficAttributes();
    BeginRun(m_values, {LoraAttributes(), traffic});
    m_lora = std::make_unique<LoraHelper>();
    m_network = BuildLoraNetwork(m_values, *m_lora);
    const auto payload = static_cast<uint32_t>(m_values.Int("traffic.payload_bytes"));
    m_traffic = CreateObject<PeriodicTraffic>();
    SetBoundAttributes(traffic,
                       "ns3::lpwan::PeriodicTraffic",
                       m_values,
                       [this](const std::string& name, const AttributeValue& value) {
                           m_traffic->SetAttribute(name, value);
                       });
    m_traffic->AssignStreams(PHASE_STREAM);
    m_sent.resize(m_network.devices.GetN());
    m_received.resize(m_network.devices.GetN());
    for (uint32_t i = 0; i < m_network.devices.GetN(); ++i)
    {
        const auto device = DynamicCast<LoraEndDevice>(m_network.devices.Get(i));
        if (i == 0)
        {
            m_firstAddress = device->GetDeviceAddress();
        }
        if (payload > device->GetMtu())
        {
            throw limitnet::Error("traffic.payload_bytes = " + std::to_string(payload) +
                                  ": device " + std::to_string(i) + " is at SF" +
                                  std::to_string(int{device->GetSpreadingFactor()}) +
                                  ", which takes " + std::to_string(device->GetMtu()) +
                                  " bytes at most");
        }
        m_traffic->Add(device);
        if (m_values.Real("devices.battery_j") > 0)
        {
            AddBattery(device);
        }
    }
    if (m_values.Bool("frames"))
    {
        m_frames = std::make_unique<limitnet::CsvWriter>(m_folder.File("frames.csv"),
                                                         limitnet::CellFramesTable().Names());
    }
    if (m_values.Bool("lora.pcap"))
    {
        m_lora->EnablePcap(m_folder.File("lora").string());
    }
    m_lora->GetChannel()->TraceConnectWithoutContext(
        "UplinkFate",
        MakeCallback(&LorawanCell::OnUplinkFate, this));
}

LorawanCell::~LorawanCell()
{
    if (m_traffic)
    {
        m_traffic->Dispose();
    }
    Simulator::Destroy();
}

void
LorawanCell::AddBattery(Ptr<LoraEndDevice> device)
{
    const auto model = lpwan::AddBattery(device, m_values);
    model->TraceConnectWithoutContext("Depleted",
                                      MakeCallback(&LorawanCell::OnDepleted, this)
                                          .Bind(static_cast<uint32_t>(m_batteries.size())));
    m_batteries.push_back(model);
    m_offAtS.emplace_back();
    model->SetMcuPower(m_values.Real("devices.sleep_power_w"));
}

void
LorawanCell::OnDepleted(uint32_t device, Ptr<LpwanNetDevice> /* netDevice */)
{
    m_offAtS[device] = Simulator::Now().GetSeconds();
}

void
LorawanCell::OnUplinkFate(const LoraUplink& uplink)
{
    ++m_bySf[uplink.transmission.spreadingFactor - LORA_MIN_SF]
            [static_cast<std::size_t>(uplink.fate)];
    ++m_sent[DeviceOf(uplink.transmission.deviceAddress)];
    if (uplink.fate == LoraFate::RECEIVED)
    {
        ++m_received[DeviceOf(uplink.transmission.deviceAddress)];
    }
    if (m_frames)
    {
        WriteFrame(uplink);
    }
}

void
LorawanCell::WriteFrame(const LoraUplink& uplink)
{
    const LpwanTransmission& t = uplink.transmission;
    m_frames->Add(t.start.GetSeconds())
        .Add((t.end - t.start).GetSeconds())
        .Add(DeviceOf(t.deviceAddress))
        .Add(t.frameCounter)
        .Add(int{t.spreadingFactor})
        .Add(t.frequencyHz)
        .Add(t.frameBytes)
        .Add(ToString(uplink.fate));
    if (uplink.fate == LoraFate::INTERFERENCE)
    {
        m_frames->Add(DeviceOf(uplink.interferer.deviceAddress))
            .Add(uplink.interferer.frameCounter);
    }
    else
    {
        m_frames->AddEmpty().AddEmpty();
    }
    m_frames->EndRow();
}

double
LorawanCell::OnSeconds(uint32_t device) const
{
    return m_batteries.empty() ? m_durationS : m_offAtS[device].value_or(m_durationS);
}

uint64_t
LorawanCell::GetCount(LoraFate fate) const
{
    uint64_t count = 0;
    for (const auto& counts : m_bySf)
    {
        count += counts[static_cast<std::size_t>(fate)];
    }
    return count;
}

uint64_t
LorawanCell::GetFrames() const
{
    uint64_t count = 0;
    for (const auto& counts : m_bySf)
    {
        count += Sum(counts);
    }
    return count;
}

void
LorawanCell::WriteFiles()
{
    constexpr int RATIO_DECIMALS = 6;
    {
        limitnet::CsvWriter csv(m_folder.File("cell.csv"), limitnet::CellTable().Names());
        const auto addRow = [&](const std::string& group, const Counts& counts) {
            const uint64_t frames = Sum(counts);
            csv.Add(group).Add(frames);
            for (std::size_t fate = LORA_FATE_COUNT; fate-- > 0;)
            {
                csv.Add(counts[fate]);
            }
            if (frames == 0)
            {
                csv.AddEmpty().AddEmpty().AddEmpty().EndRow();
                return;
            }
            const auto interval = limitnet::WilsonInterval(counts[RECEIVED], frames);
            csv.Add(static_cast<double>(counts[RECEIVED]) / static_cast<double>(frames),
                    RATIO_DECIMALS)
                .Add(interval.low, RATIO_DECIMALS)
                .Add(interval.high, RATIO_DECIMALS)
                .EndRow();
        };
        Counts all{};
        for (const auto& counts : m_bySf)
        {
            std::transform(all.begin(), all.end(), counts.begin(), all.begin(), std::plus<>());
        }
        addRow("all", all);
        for (std::size_t i = 0; i < LORA_SF_COUNT; ++i)
        {
            addRow("sf" + std::to_string(i + LORA_MIN_SF), m_bySf[i]);
        }
        csv.Close();
    }
    {
        limitnet::CsvWriter csv(m_folder.File("devices.csv"), limitnet::CellDevicesTable().Names());
        const auto channel = m_lora->GetChannel();
        for (uint32_t i = 0; i < m_network.devices.GetN(); ++i)
        {
            constexpr int METRE_DECIMALS = 3;
            constexpr int DB_DECIMALS = 4;
            constexpr int JOULE_DECIMALS = 9;
            const auto device = DynamicCast<LoraEndDevice>(m_network.devices.Get(i));
            double lossDb = std::numeric_limits<double>::infinity();
            for (uint32_t g = 0; g < channel->GetGatewayCount(); ++g)
            {
                if (channel->GetGateway(g)->GetNetId() != device->GetNetId())
                {
                    continue;
                }
                lossDb = std::min(lossDb, channel->GetPathLossDb(device->GetChannelIndex(), g));
            }
            const Vector position = device->GetNode()->GetObject<MobilityModel>()->GetPosition();
            csv.Add(i)
                .Add(position.x, METRE_DECIMALS)
                .Add(position.y, METRE_DECIMALS)
                .Add(int{device->GetSpreadingFactor()})
                .Add(device->GetTxPowerDbm(), DB_DECIMALS)
                .Add(lossDb, DB_DECIMALS)
                .Add(m_sent[i])
                .Add(m_received[i])
                .Add(device->GetDroppedPackets(DropReason::PAYLOAD_TOO_LONG))
                .Add(device->GetDroppedPackets(DropReason::QUEUE_FULL))
                .Add(device->GetDroppedPackets(DropReason::BATTERY_EMPTY))
                .Add(device->GetDroppedPackets(DropReason::NOT_ACKNOWLEDGED))
                .Add(device->GetTxAirtimeSeconds())
                .Add(device->GetEnergyJoule(RadioState::TX), JOULE_DECIMALS)
                .Add(device->GetEnergyJoule(RadioState::RX), JOULE_DECIMALS)
                .Add(device->GetEnergyJoule(RadioState::SLEEP), JOULE_DECIMALS)
                .Add(m_values.Real("devices.sleep_power_w") * OnSeconds(i), JOULE_DECIMALS);
            if (m_batteries.empty())
            {
                csv.AddEmpty().AddEmpty().EndRow();
                continue;
            }
            constexpr double DAY_S = 86400;
            m_offAtS[i] ? csv.Add(*m_offAtS[i]) : csv.AddEmpty();
            csv.Add(m_batteries[i]->EstimateLifetimeSeconds() / DAY_S, DB_DECIMALS).EndRow();
        }
        csv.Close();
    }
    if (m_frames)
    {
        m_frames->Close();
    }
    const auto path = m_folder.File("scenario.ini");
    std::ofstream ini(path);
    m_values.WriteIni(ini);
    WriteInputs(ini, m_values);
    ini.close();
    if (!ini)
    {
        limitnet::FailWriting(path, errno);
    }
}

void
LorawanCell::PrintSummary(std::ostream& out) const
{
    std::array<uint64_t, LORA_SF_COUNT> devices{};
    double joule = 0;
    EnergyOfDevices energy;
    energy.batteryJ = m_values.Real("devices.battery_j");
    uint64_t dropped = 0;
    for (uint32_t i = 0; i < m_network.devices.GetN(); ++i)
    {
        const auto device = DynamicCast<LoraEndDevice>(m_network.devices.Get(i));
        ++devices[device->GetSpreadingFactor() - LORA_MIN_SF];
        joule += device->GetTotalEnergyJoule();
        energy.AddRadio(device);
        energy.onS += OnSeconds(i);
        dropped += device->GetDroppedPackets();
    }
    energy.sleepingMcuJ = energy.onS * m_values.Real("devices.sleep_power_w");
    energy.baseJ = energy.onS * m_values.Real("devices.base_power_w");
    out << m_network.devices.GetN() << " devices, " << m_network.gateways.GetN() << " gateway(s), "
        << m_traffic->GetPackets() << " packets in " << m_durationS << " s of simulated time";
    if (m_network.plan.outOfRange > 0)
    {
        out << "; " << m_network.plan.outOfRange << " devices out of range";
    }
    out << "\n\n group   devices      frames   received  interfered  no demod.  gw sending   "
           "too weak     random   delivered %\n";
    const auto row = [&](const std::string& group, uint64_t count, const Counts& c) {
        const uint64_t frames = Sum(c);
        out << std::setw(6) << group << std::setw(10) << count << std::setw(12) << frames
            << std::setw(11) << c[RECEIVED] << std::setw(12)
            << c[static_cast<std::size_t>(LoraFate::INTERFERENCE)] << std::setw(11)
            << c[static_cast<std::size_t>(LoraFate::NO_DEMODULATOR)] << std::setw(12)
            << c[static_cast<std::size_t>(LoraFate::GATEWAY_SENDING)] << std::setw(11)
            << c[static_cast<std::size_t>(LoraFate::UNDER_SENSITIVITY)] << std::setw(11)
            << c[static_cast<std::size_t>(LoraFate::RANDOM_LOSS)];
        if (frames > 0)
        {
            out << std::setw(14) << std::fixed << std::setprecision(2)
                << 100 * static_cast<double>(c[RECEIVED]) / static_cast<double>(frames);
        }
        out << '\n';
    };
    Counts all{};
    for (std::size_t i = 0; i < LORA_SF_COUNT; ++i)
    {
        std::transform(all.begin(), all.end(), m_bySf[i].begin(), all.begin(), std::plus<>());
        row("SF" + std::to_string(i + LORA_MIN_SF), devices[i], m_bySf[i]);
    }
    row("all", m_network.devices.GetN(), all);
    out << '\n';
    if (dropped > 0)
    {
        out << dropped << " packets were given up by the devices (queue, length, battery, "
            << "acknowledgement)\n";
    }
    const DownlinkCounts& down = m_lora->GetServer()->GetDownlinkCounts();
    if (down.rx1 + down.rx2 + down.classC + down.missed > 0)
    {
        out << "downlinks: " << down.rx1 << " in RX1, " << down.rx2 << " in RX2, " << down.classC
            << " between (class C), " << down.missed << " that no gateway could send in time\n";
    }
    out << "radio energy: " << joule / m_network.devices.GetN() << " J per device\n";
    PrintEnergyOfADay("device", energy, out);
}

void
LorawanCell::Explain(std::ostream& out) const
{
    const auto payload = static_cast<uint32_t>(m_values.Int("traffic.payload_bytes"));
    const double periodS = m_values.Real("traffic.period_s");
    std::map<uint8_t, std::vector<Ptr<LoraEndDevice>>> bySf;
    for (uint32_t i = 0; i < m_network.devices.GetN(); ++i)
    {
        const auto device = DynamicCast<LoraEndDevice>(m_network.devices.Get(i));
        bySf[device->GetSpreadingFactor()].push_back(device);
    }
    std::ostringstream text;
    text << "one run of " << m_durationS << " s of simulated time: " << m_network.devices.GetN()
         << " devices, " << m_network.gateways.GetN() << " gateway(s), about "
         << std::llround(m_network.devices.GetN() * m_durationS / periodS) << " packets";
    if (m_network.plan.outOfRange > 0)
    {
        text << "; " << m_network.plan.outOfRange << " devices are out of range";
    }
    text << "\nresults would go to " << m_folder.FinalPath().string() << '\n';
    for (const auto& [sf, devices] : bySf)
    {
        const auto& first = devices.front();
        const double airtimeS = first->EstimateTimeOnAir(payload).value_or(Time(0)).GetSeconds();
        text << "sf" << int{sf} << ": " << devices.size() << " device"
             << (devices.size() > 1 ? "s" : "") << ": a packet of " << payload << " bytes each "
             << periodS << " s, " << std::fixed << std::setprecision(3) << airtimeS
             << " s on air; all of them send " << std::setprecision(1)
             << 100 * airtimeS * static_cast<double>(devices.size()) / periodS << " % of the time";
        // What the second of two packets adds to the first: the shortest time between two.
        const auto one = first->EstimateSendingTime({payload});
        const auto two = first->EstimateSendingTime({payload, payload});
        if (one && two && (*two - *one).GetSeconds() > periodS)
        {
            text << "; one begins " << (*two - *one).GetSeconds()
                 << " s after the other at the earliest: MORE THAN THERE IS, they queue";
        }
        text << std::defaultfloat << std::setprecision(6) << '\n';
    }
    out << text.str();
}

void
LorawanCell::Run(std::ostream& out, std::ostream& log)
{
    const std::clock_t begin = std::clock();
    Simulator::Stop(Seconds(m_durationS));
    Simulator::Run();
    const double cpuS = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    WriteFiles();
    m_folder.Commit();
    PrintSummary(out);
    out << "\nresults in " << m_folder.FinalPath().string() << '\n';
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    constexpr double KIB_PER_MIB = 1024;
    log << "simulation: " << std::fixed << std::setprecision(2) << cpuS << " s of processor time, "
        << std::setprecision(0) << static_cast<double>(GetFrames()) / cpuS
        << " frames per second of it; peak memory "
        << static_cast<double>(usage.ru_maxrss) / KIB_PER_MIB << " MiB\n";
}

} // namespace lpwan
} // namespace ns3
