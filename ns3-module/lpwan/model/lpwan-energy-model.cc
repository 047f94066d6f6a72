// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-energy-model.h"

#include "ns3/abort.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace ns3
{
namespace lpwan
{

NS_LOG_COMPONENT_DEFINE("LpwanEnergyModel");

NS_OBJECT_ENSURE_REGISTERED(LpwanEnergyModel);

TypeId
LpwanEnergyModel::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::lpwan::LpwanEnergyModel")
            .SetParent<DeviceEnergyModel>()
            .SetGroupName("Limitnet")
            .AddConstructor<LpwanEnergyModel>()
            .AddAttribute("BasePower",
                          "What draws the same all the time beside radio and microcontroller: "
                          "sensors, converters, self-discharge; watt.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&LpwanEnergyModel::SetBasePower,
                                             &LpwanEnergyModel::GetBasePower),
                          MakeDoubleChecker<double>(0))
            .AddTraceSource("Depleted",
                            "The energy source is empty and the device has been turned off.",
                            MakeTraceSourceAccessor(&LpwanEnergyModel::m_depletedTrace),
                            "ns3::lpwan::LpwanEnergyModel::DepletedTracedCallback");
    return tid;
}

LpwanEnergyModel::LpwanEnergyModel() = default;

LpwanEnergyModel::~LpwanEnergyModel() = default;

void
LpwanEnergyModel::DoDispose()
{
    m_empty.Cancel();
    m_device = nullptr;
    m_source = nullptr;
    DeviceEnergyModel::DoDispose();
}

void
LpwanEnergyModel::SetDevice(Ptr<LpwanNetDevice> device)
{
    NS_ABORT_MSG_IF(m_device, "an LpwanEnergyModel serves one device");
    m_device = device;
    m_begin = Simulator::Now();
    m_since = m_begin;
    m_state = device->GetRadioState(); // class C listens already
    m_powerW = PresentPowerWatt();
    device->SetRadioStateCallback(MakeCallback(&LpwanEnergyModel::FollowRadio, this));
}

void
LpwanEnergyModel::SetEnergySource(Ptr<EnergySource> source)
{
    m_source = source;
}

double
LpwanEnergyModel::PresentPowerWatt() const
{
    return m_depleted || !m_device ? 0
                                   : m_basePowerW + m_mcuPowerW + m_device->GetPowerWatt(m_state);
}

void
LpwanEnergyModel::ChangePower()
{
    // The source settles by the power so far, which it asks for; it may turn the device off.
    if (m_source)
    {
        m_source->UpdateEnergySource();
    }
    if (m_depleted)
    {
        return; // for good; m_since stays when that was
    }
    const Time now = Simulator::Now();
    m_joule += m_powerW * (now - m_since).GetSeconds();
    m_since = now;
    m_powerW = PresentPowerWatt();
    LookWhenEmpty();
}

double
LpwanEnergyModel::EmptyJoule() const
{
    // ns-3's sources count energy in whole nanojoule and time in whole nanoseconds, so what is left
    // cannot be told more exactly than this; and they end the program when less is there than
    // drawn.
    constexpr double LEAST_J = 4e-9;
    constexpr double LEAST_S = 4e-9;
    return std::max({EMPTY_FRACTION * m_source->GetInitialEnergy(), LEAST_J, LEAST_S * m_powerW});
}

void
LpwanEnergyModel::LookWhenEmpty()
{
    m_empty.Cancel();
    if (!m_source || !(m_powerW > 0))
    {
        return;
    }
    const double emptyJ = EmptyJoule();
    const double leftJ = m_source->GetRemainingEnergy() - emptyJ;
    if (leftJ <= 0)
    {
        if (Simulator::Now() == m_begin)
        {
            // Whoever installs the model has had no time to listen to Depleted.
            m_empty = Simulator::ScheduleNow(&LpwanEnergyModel::HandleEnergyDepletion, this);
            return;
        }
        HandleEnergyDepletion();
        return;
    }
    // A little later, so that rounding leaves no time to go.
    const double delayS = (leftJ + emptyJ / 2) / m_powerW;
    // Later than ns-3's time can tell, a simulation has ended.
    if (delayS < Time::Max().GetSeconds() / 2)
    {
        m_empty = Simulator::Schedule(Seconds(delayS), &LpwanEnergyModel::ChangePower, this);
    }
}

void
LpwanEnergyModel::SetBasePower(double watt)
{
    m_basePowerW = watt;
    ChangePower();
}

double
LpwanEnergyModel::GetBasePower() const
{
    return m_basePowerW;
}

void
LpwanEnergyModel::SetMcuPower(double watt)
{
    m_mcuPowerW = watt;
    ChangePower();
}

void
LpwanEnergyModel::ChangeState(int newState)
{
    m_state = static_cast<RadioState>(newState);
    ChangePower();
}

void
LpwanEnergyModel::FollowRadio(RadioState state)
{
    ChangeState(static_cast<int>(state));
}

double
LpwanEnergyModel::GetTotalEnergyConsumption() const
{
    return m_joule + m_powerW * (Simulator::Now() - m_since).GetSeconds();
}

double
LpwanEnergyModel::EstimateLifetimeSeconds() const
{
    const double joule = GetTotalEnergyConsumption();
    const Time until = m_depleted ? m_since : Simulator::Now();
    const double passedS = (until - m_begin).GetSeconds();
    NS_ABORT_MSG_UNLESS(m_source, "an LpwanEnergyModel without a source has no lifetime");
    if (joule > 0)
    {
        return m_source->GetInitialEnergy() / joule * passedS;
    }
    return m_depleted ? passedS : std::numeric_limits<double>::infinity();
}

void
LpwanEnergyModel::HandleEnergyDepletion()
{
    if (m_depleted)
    {
        return;
    }
    NS_LOG_INFO("device " << m_device->GetDeviceAddress() << " has no energy left");
    const Time now = Simulator::Now();
    m_joule += m_powerW * (now - m_since).GetSeconds();
    m_since = now;
    m_depleted = true;
    m_powerW = 0;
    m_device->TurnOff();
    m_depletedTrace(m_device);
}

void
LpwanEnergyModel::HandleEnergyRecharged()
{
    // A device that has been turned off stays so.
}

void
LpwanEnergyModel::HandleEnergyChanged()
{
    if (m_source && !m_depleted)
    {
        m_device->NotifyBattery(m_source->GetEnergyFraction());
    }
}

double
LpwanEnergyModel::DoGetCurrentA() const
{
    return m_source ? m_powerW / m_source->GetSupplyVoltage() : 0;
}

namespace
{

/**
 * Disposes of energy sources with the node that it sits on. A source and its models hold one
 * another until somebody does. ns-3's EnergySourceContainer would do that too, but it initialises
 * its sources without end where one of them is aggregated to the same node.
 */
class EnergySourceKeeper : public Object
{
  public:
    static TypeId GetTypeId()
    {
        static TypeId tid = TypeId("ns3::lpwan::EnergySourceKeeper")
                                .SetParent<Object>()
                                .SetGroupName("Limitnet")
                                .AddConstructor<EnergySourceKeeper>();
        return tid;
    }

    /** \param node of a device \param source that it draws from */
    static void Keep(Ptr<Node> node, Ptr<EnergySource> source)
    {
        NS_ABORT_MSG_UNLESS(node, "a device that draws from an energy source sits on no node");
        auto keeper = node->GetObject<EnergySourceKeeper>();
        if (!keeper)
        {
            keeper = CreateObject<EnergySourceKeeper>();
            node->AggregateObject(keeper);
        }
        keeper->m_sources.push_back(source);
    }

  protected:
    void DoDispose() override
    {
        for (const auto& source : m_sources)
        {
            // One that is aggregated to the node is disposed of with it.
            if (PeekPointer(source->GetObject<EnergySourceKeeper>()) != this)
            {
                source->Dispose();
            }
        }
        m_sources.clear();
        Object::DoDispose();
    }

  private:
    std::vector<Ptr<EnergySource>> m_sources;
};

} // namespace

Ptr<LpwanEnergyModel>
InstallEnergyModel(Ptr<LpwanNetDevice> device, Ptr<EnergySource> source)
{
    EnergySourceKeeper::Keep(device->GetNode(), source);
    Ptr<LpwanEnergyModel> model = CreateObject<LpwanEnergyModel>();
    model->SetDevice(device);
    model->SetEnergySource(source);
    source->AppendDeviceEnergyModel(model);
    model->SetMcuPower(0); // it looks when the source will be empty, should nothing else happen
    return model;
}

} // namespace lpwan
} // namespace ns3
