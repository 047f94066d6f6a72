// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_JOIN_H
#define LPWAN_LORA_JOIN_H

#include "lpwan-lora-crypto.h"
#include "lpwan-lora-frame.h"
#include "lpwan-lora-region.h"

#include "ns3/nstime.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * Joining over the air, as a device does it: requests, their data rates and nonces, the answer, and
 * the join duty cycle of LoRaWAN 1.0.4, section 7: 1 % of the first hour, 0.1 % of the next ten,
 * 0.01 % of each 24 hours after, counted from the first request on.
 */
class LoraJoin
{
  public:
    /**
     * \param joinEui of the join server
     * \param appKey root key of the device
     */
    LoraJoin(uint64_t joinEui, const AesBlock& appKey);

    /** \param region the device's \return data rate of the next request; they take turns */
    uint8_t NextDataRate(const LoraRegion& region) const;

    /**
     * \param now the present time
     * \param airtime of the next request
     * \return from when on it may start: the sum of each period is kept, and the requests of one
     *         are spread over it evenly
     */
    Time OpenFrom(Time now, Time airtime) const;

    /** \param devEui of the device \return the next request, whose nonce is one above the last's */
    std::vector<uint8_t> MakeRequest(uint64_t devEui);

    /** \return nonce of the last request */
    uint16_t GetNonce() const;

    /** A request starts. \param start when \param end its end */
    void Book(Time start, Time end);

    /** \return the answer to a request, or nothing when it is none to this device */
    std::optional<LoraJoinAccept> Read(const std::vector<uint8_t>& bytes) const;

    /** \param accept the answer to the last request \return keys of the session */
    LoraSessionKeys DeriveKeys(const LoraJoinAccept& accept) const;

    /** \return requests since the device joined last */
    uint32_t GetRequests() const;

    /** The device has joined: requests are counted anew. */
    void Finish();

  private:
    /** A span of time with its own limit for join requests. */
    struct Period
    {
        Time begin;    //!< its begin
        Time end;      //!< its end
        int64_t share; //!< at most 1 / share of it on air
    };

    /** \return the period at a time */
    Period PeriodAt(Time at) const;

    uint64_t m_joinEui;
    AesBlock m_appKey;
    uint16_t m_nextNonce{0};
    uint32_t m_requests{0};
    std::optional<Time> m_begun; //!< first request
    Time m_openFrom;             //!< as far as the even spread goes
    Time m_periodBegin;          //!< of the period that m_airtime is of
    Time m_airtime;              //!< of the requests of that period
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_JOIN_H
