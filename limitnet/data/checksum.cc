// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/data/checksum.h"

#include "limitnet/codec/error.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <nettle/md5.h>
#include <nettle/sha2.h>

namespace limitnet
{

namespace
{

/** Gives a file to \p update piece by piece. */
template <class Update>
void
ForEachBlock(const std::filesystem::path& path, Update update)
{
    std::ifstream in(path, std::ios::binary);
    std::vector<char> block(1 << 20);
    while (in)
    {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        update(static_cast<std::size_t>(in.gcount()),
               reinterpret_cast<const std::uint8_t*>(block.data()));
    }
    if (!in.eof())
    {
        throw Error(path.string() + ": cannot be read");
    }
}

template <std::size_t SIZE>
std::string
Hex(const std::array<std::uint8_t, SIZE>& digest)
{
    std::string text;
    for (const std::uint8_t byte : digest)
    {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

} // namespace

std::string
Md5OfFile(const std::filesystem::path& path)
{
    md5_ctx context;
    md5_init(&context);
    ForEachBlock(path, [&](std::size_t size, const std::uint8_t* bytes) {
        md5_update(&context, size, bytes);
    });
    std::array<std::uint8_t, MD5_DIGEST_SIZE> digest;
    md5_digest(&context, digest.size(), digest.data());
    return Hex(digest);
}

std::string
Sha256OfFiles(const std::vector<std::filesystem::path>& paths)
{
    sha256_ctx context;
    sha256_init(&context);
    for (const auto& path : paths)
    {
        ForEachBlock(path, [&](std::size_t size, const std::uint8_t* bytes) {
            sha256_update(&context, size, bytes);
        });
    }
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
    sha256_digest(&context, digest.size(), digest.data());
    return Hex(digest);
}

std::array<std::uint8_t, 32>
Sha256Of(const std::string& bytes)
{
    static_assert(SHA256_DIGEST_SIZE == 32);
    sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
    sha256_digest(&context, digest.size(), digest.data());
    return digest;
}

} // namespace limitnet
