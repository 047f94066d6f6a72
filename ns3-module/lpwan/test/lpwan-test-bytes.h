// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_TEST_BYTES_H
#define LPWAN_TEST_BYTES_H

#include "ns3/lpwan-lora-crypto.h"

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

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_TEST_BYTES_H
