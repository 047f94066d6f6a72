// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-crypto.h"

#include <algorithm>
#include <nettle/aes.h>
#include <nettle/cmac.h>
#include <nettle/version.h>

namespace ns3
{
namespace lpwan
{

namespace
{

/** Ends a CMAC; nettle 4 takes no length. */
AesBlock
Digest(cmac_aes128_ctx& context)
{
    AesBlock tag;
#if NETTLE_VERSION_MAJOR >= 4
    cmac_aes128_digest(&context, tag.data());
#else
    cmac_aes128_digest(&context, tag.size(), tag.data());
#endif
    return tag;
}

/** The block that LoRaWAN's MIC (B0) and encryption (Ai) start from; they differ in two bytes. */
AesBlock
MakeBlock(uint8_t first,
          LoraDirection direction,
          uint32_t devAddr,
          uint32_t frameCounter,
          uint8_t last)
{
    AesBlock block{};
    block[0] = first;
    block[5] = static_cast<uint8_t>(direction);
    for (int i = 0; i < 4; ++i)
    {
        block[6 + i] = static_cast<uint8_t>(devAddr >> (8 * i));
        block[10 + i] = static_cast<uint8_t>(frameCounter >> (8 * i));
    }
    block[15] = last;
    return block;
}

} // namespace

AesBlock
AesCmac(const AesBlock& key, const uint8_t* bytes, std::size_t size)
{
    cmac_aes128_ctx context;
    cmac_aes128_set_key(&context, key.data());
    cmac_aes128_update(&context, size, bytes);
    return Digest(context);
}

std::array<uint8_t, 4>
LoraMic(const AesBlock& nwkSKey,
        LoraDirection direction,
        uint32_t devAddr,
        uint32_t frameCounter,
        const uint8_t* message,
        std::size_t size)
{
    const AesBlock b0 =
        MakeBlock(0x49, direction, devAddr, frameCounter, static_cast<uint8_t>(size));
    cmac_aes128_ctx context;
    cmac_aes128_set_key(&context, nwkSKey.data());
    cmac_aes128_update(&context, b0.size(), b0.data());
    cmac_aes128_update(&context, size, message);
    const AesBlock tag = Digest(context);
    return {tag[0], tag[1], tag[2], tag[3]};
}

void
LoraCryptPayload(const AesBlock& key,
                 LoraDirection direction,
                 uint32_t devAddr,
                 uint32_t frameCounter,
                 uint8_t* bytes,
                 std::size_t size)
{
    aes128_ctx context;
    aes128_set_encrypt_key(&context, key.data());
    AesBlock block = MakeBlock(0x01, direction, devAddr, frameCounter, 0);
    AesBlock stream;
    for (std::size_t offset = 0; offset < size; offset += stream.size())
    {
        ++block[15]; // blocks are numbered from 1
        aes128_encrypt(&context, stream.size(), stream.data(), block.data());
        const std::size_t length = std::min(stream.size(), size - offset);
        for (std::size_t i = 0; i < length; ++i)
        {
            bytes[offset + i] ^= stream[i];
        }
    }
}

AesBlock
AesEncrypt(const AesBlock& key, const AesBlock& block)
{
    aes128_ctx context;
    aes128_set_encrypt_key(&context, key.data());
    AesBlock result;
    aes128_encrypt(&context, block.size(), result.data(), block.data());
    return result;
}

AesBlock
AesDecrypt(const AesBlock& key, const AesBlock& block)
{
    aes128_ctx context;
    aes128_set_decrypt_key(&context, key.data());
    AesBlock result;
    aes128_decrypt(&context, block.size(), result.data(), block.data());
    return result;
}

namespace
{

/** Both keys, from the same block but for its first byte. */
LoraSessionKeys
DeriveKeys(const AesBlock& root, AesBlock block)
{
    LoraSessionKeys keys;
    block[0] = 1;
    keys.nwkSKey = AesEncrypt(root, block);
    block[0] = 2;
    keys.appSKey = AesEncrypt(root, block);
    return keys;
}

} // namespace

LoraSessionKeys
DeriveSessionKeys(const AesBlock& master, uint32_t devAddr)
{
    AesBlock block{};
    for (int i = 0; i < 4; ++i)
    {
        block[1 + i] = static_cast<uint8_t>(devAddr >> (8 * i));
    }
    return DeriveKeys(master, block);
}

LoraSessionKeys
DeriveJoinKeys(const AesBlock& appKey, uint32_t joinNonce, uint32_t netId, uint16_t devNonce)
{
    AesBlock block{};
    for (int i = 0; i < 3; ++i)
    {
        block[1 + i] = static_cast<uint8_t>(joinNonce >> (8 * i));
        block[4 + i] = static_cast<uint8_t>(netId >> (8 * i));
    }
    block[7] = static_cast<uint8_t>(devNonce);
    block[8] = static_cast<uint8_t>(devNonce >> 8);
    return DeriveKeys(appKey, block);
}

} // namespace lpwan
} // namespace ns3
