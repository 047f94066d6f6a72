// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_ENERGY_MODEL_H
#define LPWAN_ENERGY_MODEL_H

#include "lpwan-net-device.h"

#include "ns3/device-energy-model.h"
#include "ns3/energy-source.h"
#include "ns3/event-id.h"
#include "ns3/nstime.h"

namespace ns3
{

// Where ns-3 keeps these classes since release 3.43; empty before.
namespace energy
{
} // namespace energy

namespace lpwan
{

using namespace ::ns3::energy;

/**
 * \ingroup lpwan
 *
 * What an LPWAN device draws from an energy source of ns-3: its radio by state (and so by transmit
 * power; receive windows are billed as receive), its microcontroller, and everything else that
 * draws the same all the time. When the source is depleted, the device is turned off for good.
 *
 * Powers are divided by the source's voltage, so the device's attribute SupplyVoltage need not be
 * that of the battery (a converter without loss).
 */
class LpwanEnergyModel : public DeviceEnergyModel
{
  public:
    /**
     * Part of its initial energy at which a source is taken for empty. The model asks the source to
     * look at the moment at which it comes to that; a source that lets itself be emptied further
     * than it looks by itself, as BasicEnergySource does, needs no short interval then. More than
     * nothing, as ns-3 asserts that a source is never asked for more than it has.
     */
    static constexpr double EMPTY_FRACTION = 1e-6;

    /**
     * Signature of the trace source Depleted.
     * \param device the device that has been turned off
     */
    typedef void (*DepletedTracedCallback)(Ptr<LpwanNetDevice> device);

    /** \return the TypeId */
    static TypeId GetTypeId();

    LpwanEnergyModel();
    ~LpwanEnergyModel() override;

    /** \param device whose radio this is; before its first frame, and once */
    void SetDevice(Ptr<LpwanNetDevice> device);

    /** \param watt what the microcontroller draws from now on */
    void SetMcuPower(double watt);

    /**
     * \return how long the source lasts from full, when the device goes on drawing what it has
     * drawn on average so far, seconds; infinity when it has drawn nothing, and the time it took to
     * be found empty when that was so from the beginning. It may be more than Time can hold, 292
     * years.
     */
    double EstimateLifetimeSeconds() const;

    // --- DeviceEnergyModel ---
    void SetEnergySource(Ptr<EnergySource> source) override;
    /** \return joule so far */
    double GetTotalEnergyConsumption() const override;
    /** \param newState a RadioState */
    void ChangeState(int newState) override;
    void HandleEnergyDepletion() override;
    void HandleEnergyRecharged() override;
    void HandleEnergyChanged() override;

  protected:
    void DoDispose() override;

  private:
    double DoGetCurrentA() const override;

    /** \param state what the device's radio enters */
    void FollowRadio(RadioState state);

    /** \param watt attribute BasePower */
    void SetBasePower(double watt);
    /** \return attribute BasePower */
    double GetBasePower() const;

    /** Settles what was drawn up to now and goes on with another power. */
    void ChangePower();

    /** \return at how much a source is taken for empty, joule: EMPTY_FRACTION, or what can be told
     */
    double EmptyJoule() const;

    /** Has the source look when it is empty, should the power not change before. */
    void LookWhenEmpty();

    /** \return what is drawn in the present states, watt */
    double PresentPowerWatt() const;

    Ptr<LpwanNetDevice> m_device;
    Ptr<EnergySource> m_source;
    double m_basePowerW{0};
    double m_mcuPowerW{0};
    RadioState m_state{RadioState::SLEEP};
    bool m_depleted{false};
    double m_powerW{0}; //!< since m_since
    double m_joule{0};  //!< up to m_since
    Time m_begin;       //!< when the device was set
    Time m_since;       //!< last change
    EventId m_empty;    //!< when the source is empty

    TracedCallback<Ptr<LpwanNetDevice>> m_depletedTrace;
};

/**
 * Makes a device draw from an energy source, which is disposed of with the device's node.
 * \param device the device, on a node
 * \param source a source, on the device's node
 * \return the model between them
 */
Ptr<LpwanEnergyModel> InstallEnergyModel(Ptr<LpwanNetDevice> device, Ptr<EnergySource> source);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_ENERGY_MODEL_H
