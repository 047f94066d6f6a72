// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-frame.h"

#include "ns3/abort.h"

#include <algorithm>

namespace ns3
{
namespace lpwan
{

namespace
{

constexpr std::size_t HEADER_SIZE = 8; //!< MHDR to FCnt
constexpr std::size_t MIC_SIZE = 4;
constexpr std::size_t MAX_FOPTS = 15;
constexpr std::size_t MAX_FRAME = 255; //!< longest PHY payload of LoRa

LoraDirection
DirectionOf(LoraMessageType type)
{
    return type == LoraMessageType::UNCONFIRMED_UP || type == LoraMessageType::CONFIRMED_UP
               ? LoraDirection::UPLINK
               : LoraDirection::DOWNLINK;
}

} // namespace

LoraDirection
LoraDataFrame::Direction() const
{
    return DirectionOf(type);
}

std::vector<uint8_t>
LoraDataFrame::Serialize(const LoraSessionKeys& keys) const
{
    NS_ABORT_MSG_IF(fOpts.size() > MAX_FOPTS,
                    "FOpts has " << fOpts.size() << " bytes, LoRaWAN allows " << MAX_FOPTS);
    NS_ABORT_MSG_IF(!payload.empty() && !port, "a LoRaWAN frame with a payload needs a port");
    const std::size_t size =
        HEADER_SIZE + fOpts.size() + (port ? 1 : 0) + payload.size() + MIC_SIZE;
    NS_ABORT_MSG_IF(size > MAX_FRAME,
                    "a LoRaWAN frame of " << size << " bytes is longer than " << MAX_FRAME);

    std::vector<uint8_t> bytes;
    bytes.reserve(size);
    bytes.push_back(static_cast<uint8_t>(static_cast<uint8_t>(type) << 5)); // major version 0
    for (int i = 0; i < 4; ++i)
    {
        bytes.push_back(static_cast<uint8_t>(devAddr >> (8 * i)));
    }
    bytes.push_back(static_cast<uint8_t>((fCtrl & 0xf0) | fOpts.size()));
    bytes.push_back(static_cast<uint8_t>(frameCounter));
    bytes.push_back(static_cast<uint8_t>(frameCounter >> 8));
    bytes.insert(bytes.end(), fOpts.begin(), fOpts.end());
    if (port)
    {
        bytes.push_back(*port);
        const std::size_t offset = bytes.size();
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        LoraCryptPayload(*port == 0 ? keys.nwkSKey : keys.appSKey,
                         Direction(),
                         devAddr,
                         frameCounter,
                         bytes.data() + offset,
                         payload.size());
    }
    const auto mic =
        LoraMic(keys.nwkSKey, Direction(), devAddr, frameCounter, bytes.data(), bytes.size());
    bytes.insert(bytes.end(), mic.begin(), mic.end());
    return bytes;
}

std::optional<LoraFrameView>
LoraFrameView::Parse(const uint8_t* bytes, std::size_t size)
{
    if (size < HEADER_SIZE + MIC_SIZE || size > MAX_FRAME)
    {
        return std::nullopt;
    }
    const uint8_t type = bytes[0] >> 5;
    if (type < static_cast<uint8_t>(LoraMessageType::UNCONFIRMED_UP) ||
        type > static_cast<uint8_t>(LoraMessageType::CONFIRMED_DOWN) || (bytes[0] & 0x03) != 0)
    {
        return std::nullopt;
    }
    LoraFrameView view;
    view.type = static_cast<LoraMessageType>(type);
    for (int i = 0; i < 4; ++i)
    {
        view.devAddr |= static_cast<uint32_t>(bytes[1 + i]) << (8 * i);
    }
    view.fCtrl = bytes[5];
    view.frameCounter16 = static_cast<uint16_t>(bytes[6] | bytes[7] << 8);
    view.bytes = bytes;
    view.size = size;
    view.fOptsOffset = HEADER_SIZE;
    view.fOptsSize = view.fCtrl & 0x0f;
    view.payloadOffset = HEADER_SIZE + view.fOptsSize;
    const std::size_t end = size - MIC_SIZE;
    if (view.payloadOffset > end)
    {
        return std::nullopt;
    }
    if (view.payloadOffset < end)
    {
        view.port = bytes[view.payloadOffset];
        ++view.payloadOffset;
    }
    view.payloadSize = end - view.payloadOffset;
    return view;
}

LoraDirection
LoraFrameView::Direction() const
{
    return DirectionOf(type);
}

bool
LoraFrameView::CheckMic(const AesBlock& nwkSKey, uint32_t frameCounter) const
{
    const std::size_t length = size - MIC_SIZE;
    const auto mic = LoraMic(nwkSKey, Direction(), devAddr, frameCounter, bytes, length);
    return std::equal(mic.begin(), mic.end(), bytes + length);
}

std::vector<uint8_t>
LoraFrameView::DecryptPayload(const LoraSessionKeys& keys, uint32_t frameCounter) const
{
    std::vector<uint8_t> clear(bytes + payloadOffset, bytes + payloadOffset + payloadSize);
    LoraCryptPayload(port.value_or(0) == 0 ? keys.nwkSKey : keys.appSKey,
                     Direction(),
                     devAddr,
                     frameCounter,
                     clear.data(),
                     clear.size());
    return clear;
}

} // namespace lpwan
} // namespace ns3
