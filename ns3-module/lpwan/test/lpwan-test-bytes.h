// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_TEST_BYTES_H
#define LPWAN_TEST_BYTES_H

#include "ns3/lpwan-lora-crypto.h"
#include "ns3/packet.h"
#include "ns3/ptr.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** \param text hexadecimal digits \return the bytes */
inline std::vector<uint8_t>
Hex(const std::string& text)
{
    std::vector<uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    {
        bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/** \param text 32 hexadecimal digits \return the block */
inline AesBlock
HexBlock(const std::string& text)
{
    const auto bytes = Hex(text);
    AesBlock block{};
    std::copy(bytes.begin(), bytes.end(), block.begin());
    return block;
}

/** \param bytes any bytes \return them as hexadecimal digits in lower case */
inline std::string
ToHex(const std::vector<uint8_t>& bytes)
{
    const char* const digits = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes)
    {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

/**
 * \param size number of bytes
 * \param first value of the first byte
 * \return a packet of counting bytes
 */
inline Ptr<Packet>
CountingPacket(uint32_t size, uint8_t first = 0)
{
    std::vector<uint8_t> bytes(size);
    for (uint32_t i = 0; i < size; ++i)
    {
        bytes[i] = static_cast<uint8_t>(first + i);
    }
    return Create<Packet>(bytes.data(), size);
}

/**
 * \param packet a packet
 * \return its bytes
 */
inline std::vector<uint8_t>
BytesOf(Ptr<const Packet> packet)
{
    std::vector<uint8_t> bytes(packet->GetSize());
    packet->CopyData(bytes.data(), packet->GetSize());
    return bytes;
}

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_TEST_BYTES_H
