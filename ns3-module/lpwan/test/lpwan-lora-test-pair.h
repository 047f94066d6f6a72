// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_LORA_TEST_PAIR_H
#define LPWAN_LORA_TEST_PAIR_H

#include "ns3/lpwan-lora-crypto.h"
#include "ns3/lpwan-lora-device-mac.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/lpwan-lora-region.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Address of the device. */
constexpr uint32_t ADDRESS = 0x02000001;

/** \return keys of its session */
inline LoraSessionKeys
Keys()
{
    return DeriveSessionKeys({7}, ADDRESS);
}

/** A device and its network, who talk in bytes. */
class Pair
{
  public:
    explicit Pair(const LoraRegion& region = LoraRegion::Eu868())
        : m_mac(region)
    {
        m_mac.BeginSession(ADDRESS, Keys());
    }

    /** A downlink. \return what it brought; nothing when it was refused */
    std::optional<LoraDownlinkContent> Down(LoraDataFrame frame,
                                            bool inWindow = true,
                                            LoraDeviceClass deviceClass = LoraDeviceClass::A)
    {
        frame.devAddr = ADDRESS;
        frame.frameCounter = m_downlinks++;
        const auto bytes = frame.Serialize(Keys());
        const auto opened = m_mac.Open(bytes, m_snrDb, inWindow);
        if (!opened)
        {
            return std::nullopt;
        }
        return m_mac.Take(*opened, deviceClass);
    }

    /** A downlink of commands. */
    void Ask(const std::vector<LoraDownlinkCommand>& commands)
    {
        LoraDataFrame frame;
        frame.type = LoraMessageType::UNCONFIRMED_DOWN;
        for (const auto& command : commands)
        {
            AppendCommand(command, frame.fOpts);
        }
        Down(frame);
    }

    /** The next uplink. \param payload bytes for it; 0: none waits */
    LoraFrameView Up(std::size_t payload = 0)
    {
        std::optional<LoraDeviceMac::Payload> carried;
        if (m_mac.ChooseAnswers(payload > 0 ? std::optional<std::size_t>(payload) : std::nullopt))
        {
            carried = LoraDeviceMac::Payload{1, false, std::vector<uint8_t>(payload)};
        }
        m_bytes = m_mac.BuildFrame(carried);
        return *LoraFrameView::Parse(m_bytes.data(), m_bytes.size());
    }

    /** \return the commands of the next uplink */
    std::vector<LoraUplinkCommand> Answers()
    {
        const auto view = Up();
        return ParseUplinkCommands(view.bytes + view.fOptsOffset, view.fOptsSize);
    }

    /** Asks and \return the only answer */
    template <typename Answer>
    Answer AnswerTo(const LoraDownlinkCommand& command)
    {
        Ask({command});
        const auto answers = Answers();
        const auto answer = std::get<Answer>(answers.at(0));
        Ask({}); // ends what is repeated
        return answer;
    }

    LoraDeviceMac m_mac;
    double m_snrDb{0};
    uint32_t m_downlinks{0};

  private:
    std::vector<uint8_t> m_bytes;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_LORA_TEST_PAIR_H
