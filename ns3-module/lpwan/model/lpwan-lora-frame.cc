// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-frame.h"

#include "ns3/abort.h"

#include <algorithm>
#include <tuple>

namespace ns3
{
namespace lpwan
{

namespace
{

constexpr std::size_t HEADER_SIZE = 8; //!< MHDR to FCnt
constexpr std::size_t MIC_SIZE = 4;
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
    NS_ABORT_MSG_IF(fOpts.size() > LORA_MAX_FOPTS,
                    "FOpts has " << fOpts.size() << " bytes, LoRaWAN allows " << LORA_MAX_FOPTS);
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

uint32_t
FullFrameCounter(std::optional<uint32_t> last, uint16_t received)
{
    const uint32_t from = last.value_or(0);
    return from + static_cast<uint16_t>(received - static_cast<uint16_t>(from));
}

namespace
{

constexpr uint8_t JOIN_REQUEST_MHDR = 0x00;
constexpr uint8_t JOIN_ACCEPT_MHDR = 0x20;
constexpr std::size_t JOIN_ACCEPT_SIZE = 17;      //!< without CFList
constexpr std::size_t JOIN_ACCEPT_LONG_SIZE = 33; //!< with it
constexpr std::size_t CFLIST_CHANNELS = 5;
constexpr uint32_t FREQUENCY_STEP_HZ = 100;

void
AppendLittleEndian(uint64_t value, int size, std::vector<uint8_t>& bytes)
{
    for (int i = 0; i < size; ++i)
    {
        bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
    }
}

uint64_t
LittleEndianAt(const uint8_t* bytes, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; ++i)
    {
        value |= uint64_t{bytes[i]} << (8 * i);
    }
    return value;
}

/** Appends the first four bytes of the CMAC of all there is so far. */
void
AppendMic(const AesBlock& key, std::vector<uint8_t>& bytes)
{
    const AesBlock tag = AesCmac(key, bytes.data(), bytes.size());
    bytes.insert(bytes.end(), tag.begin(), tag.begin() + MIC_SIZE);
}

bool
EndsWithMic(const AesBlock& key, const uint8_t* bytes, std::size_t size)
{
    const AesBlock tag = AesCmac(key, bytes, size - MIC_SIZE);
    return std::equal(tag.begin(), tag.begin() + MIC_SIZE, bytes + size - MIC_SIZE);
}

/** Each block of `bytes` after the first byte by a function of blocks. */
template <typename Function>
void
ForBlocks(std::vector<uint8_t>& bytes, const Function& function)
{
    for (std::size_t i = 1; i + std::tuple_size<AesBlock>::value <= bytes.size();
         i += std::tuple_size<AesBlock>::value)
    {
        AesBlock block;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i), block.size(), block.begin());
        block = function(block);
        std::copy(block.begin(), block.end(), bytes.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

} // namespace

std::vector<uint8_t>
LoraJoinRequest::Serialize(const AesBlock& appKey) const
{
    std::vector<uint8_t> bytes{JOIN_REQUEST_MHDR};
    AppendLittleEndian(joinEui, 8, bytes);
    AppendLittleEndian(devEui, 8, bytes);
    AppendLittleEndian(devNonce, 2, bytes);
    AppendMic(appKey, bytes);
    return bytes;
}

std::optional<LoraJoinRequest>
LoraJoinRequest::Parse(const uint8_t* bytes, std::size_t size)
{
    if (size != LORA_JOIN_REQUEST_SIZE || bytes[0] != JOIN_REQUEST_MHDR)
    {
        return std::nullopt;
    }
    return LoraJoinRequest{LittleEndianAt(bytes + 1, 8),
                           LittleEndianAt(bytes + 9, 8),
                           static_cast<uint16_t>(LittleEndianAt(bytes + 17, 2))};
}

bool
LoraJoinRequest::CheckMic(const AesBlock& appKey, const uint8_t* bytes)
{
    return EndsWithMic(appKey, bytes, LORA_JOIN_REQUEST_SIZE);
}

std::vector<uint8_t>
LoraJoinAccept::Serialize(const AesBlock& appKey) const
{
    NS_ABORT_MSG_IF(channels.size() > CFLIST_CHANNELS,
                    "a join accept carries " << CFLIST_CHANNELS << " channels at most, not "
                                             << channels.size());
    std::vector<uint8_t> bytes{JOIN_ACCEPT_MHDR};
    AppendLittleEndian(joinNonce, 3, bytes);
    AppendLittleEndian(netId, 3, bytes);
    AppendLittleEndian(devAddr, 4, bytes);
    bytes.push_back(static_cast<uint8_t>((rx1DataRateOffset & 7) << 4 | (rx2DataRate & 0xf)));
    bytes.push_back(rxDelayS);
    if (!channels.empty())
    {
        for (std::size_t i = 0; i < CFLIST_CHANNELS; ++i)
        {
            AppendLittleEndian(i < channels.size() ? channels[i] / FREQUENCY_STEP_HZ : 0, 3, bytes);
        }
        bytes.push_back(0); // type
    }
    AppendMic(appKey, bytes);
    // Section 6.2.3: the network uses the decryption, so that devices need none.
    ForBlocks(bytes, [&](const AesBlock& block) { return AesDecrypt(appKey, block); });
    return bytes;
}

std::optional<LoraJoinAccept>
LoraJoinAccept::Parse(const AesBlock& appKey, const uint8_t* bytes, std::size_t size)
{
    if ((size != JOIN_ACCEPT_SIZE && size != JOIN_ACCEPT_LONG_SIZE) || bytes[0] != JOIN_ACCEPT_MHDR)
    {
        return std::nullopt;
    }
    std::vector<uint8_t> clear(bytes, bytes + size);
    ForBlocks(clear, [&](const AesBlock& block) { return AesEncrypt(appKey, block); });
    if (!EndsWithMic(appKey, clear.data(), size))
    {
        return std::nullopt;
    }
    LoraJoinAccept accept;
    accept.joinNonce = static_cast<uint32_t>(LittleEndianAt(&clear[1], 3));
    accept.netId = static_cast<uint32_t>(LittleEndianAt(&clear[4], 3));
    accept.devAddr = static_cast<uint32_t>(LittleEndianAt(&clear[7], 4));
    accept.rx1DataRateOffset = (clear[11] >> 4) & 7;
    accept.rx2DataRate = clear[11] & 0xf;
    accept.rxDelayS = clear[12];
    if (size == JOIN_ACCEPT_LONG_SIZE && clear[28] == 0)
    {
        for (std::size_t i = 0; i < CFLIST_CHANNELS; ++i)
        {
            const auto steps = static_cast<uint32_t>(LittleEndianAt(&clear[13 + 3 * i], 3));
            if (steps > 0)
            {
                accept.channels.push_back(steps * FREQUENCY_STEP_HZ);
            }
        }
    }
    return accept;
}

} // namespace lpwan
} // namespace ns3
