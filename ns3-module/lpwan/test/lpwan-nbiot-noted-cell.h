// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_NOTED_CELL_H
#define LPWAN_NBIOT_NOTED_CELL_H

#include "lpwan-nbiot-test-cell.h"

#include "ns3/double.h"
#include "ns3/string.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Subcarriers that were given away, ms. */
struct NotedUplink
{
    uint32_t first;
    uint32_t count;
    double start;
    double end;
    double duration;
};

/** Subframes that were given away, ms. */
struct NotedDownlink
{
    double start;
    double end;
};

/** A cell whose schedule is noted. */
class NbiotNotedCell : public NbiotTestCell
{
  public:
    std::vector<NotedUplink> m_up;
    std::vector<NotedDownlink> m_down;
    std::vector<double> m_sendsFrom; // times at which the first device begins to send, ms
    std::vector<NbiotFormat> m_formats;
    std::vector<bool> m_decoded;

    /** Builds it and follows it. \param lossesDb one for each device */
    void BuildNoted(const std::vector<double>& lossesDb)
    {
        Build(lossesDb);
        Enb()->TraceConnectWithoutContext("Uplink", MakeCallback(&NbiotNotedCell::OnUplink, this));
        Enb()->TraceConnectWithoutContext("Downlink",
                                          MakeCallback(&NbiotNotedCell::OnDownlink, this));
        Enb()->TraceConnectWithoutContext("Block",
                                          MakeCallback(&NbiotNotedCell::OnNotedBlock, this));
        Ue(0)->SetRadioStateCallback(MakeCallback(&NbiotNotedCell::OnState, this));
    }

    void Set(const std::string& name, const std::string& value)
    {
        m_helper.SetEnbAttribute(name, StringValue(value));
    }

    void Set(const std::string& name, double value)
    {
        m_helper.SetEnbAttribute(name, DoubleValue(value));
    }

  private:
    void OnUplink(uint32_t first, uint32_t count, Time start, Time end, Time duration)
    {
        m_up.push_back({first,
                        count,
                        1e3 * start.GetSeconds(),
                        1e3 * end.GetSeconds(),
                        1e3 * duration.GetSeconds()});
    }

    void OnDownlink(Time start, Time end)
    {
        m_down.push_back({1e3 * start.GetSeconds(), 1e3 * end.GetSeconds()});
    }

    void OnNotedBlock(uint32_t, const NbiotFormat& format, Time, Time, bool received)
    {
        m_formats.push_back(format);
        m_decoded.push_back(received);
    }

    void OnState(RadioState state)
    {
        if (state == RadioState::TX)
        {
            m_sendsFrom.push_back(1e3 * Simulator::Now().GetSeconds());
        }
    }
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_NOTED_CELL_H
