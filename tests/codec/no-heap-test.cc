// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/int8-encoder.h"
#include "tests/codec/codec-test-data.h"
#include "tests/codec/int8-reference.h"

#include <array>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <vector>

namespace
{

/// Calls of operator new in this program; the only way to see a hidden allocation.
size_t g_allocations = 0;

} // namespace

// not inlined: GCC would otherwise see malloc and delete, or new and free, as a mismatch
[[gnu::noinline]] void*
operator new(size_t size)
{
    ++g_allocations;
    if (void* memory = std::malloc(size > 0 ? size : 1))
    {
        return memory;
    }
    throw std::bad_alloc();
}

[[gnu::noinline]] void*
operator new(size_t size, const std::nothrow_t& /* tag */) noexcept
{
    ++g_allocations;
    return std::malloc(size > 0 ? size : 1);
}

[[gnu::noinline]] void
operator delete(void* memory) noexcept
{
    std::free(memory);
}

[[gnu::noinline]] void
operator delete(void* memory, size_t /* size */) noexcept
{
    std::free(memory);
}

namespace limitnet::test
{
namespace
{

TEST(NoHeap, EncodingAndReassemblyAllocateNothing)
{
    const CodecTables tables = MakeTables();
    Random random(61);
    const std::vector<float> latent = MakeLatent(random);
    const std::vector<float> saliency = MakeSaliency(random);
    std::vector<uint8_t> symbols(LATENT_SIZE);
    std::vector<float> decoded(LATENT_SIZE);
    const auto fragmenter = std::make_unique<Fragmenter>(tables);
    const auto reassembler = std::make_unique<Reassembler>(tables);
    const auto int8 = MakeInt8Model(62);
    const auto encoder = std::make_unique<Int8Encoder>(int8.model);
    const std::vector<uint8_t> picture = MakePicture(63);
    FragmentOptions options;
    options.mapCopies = 2;
    std::array<uint8_t, 51> buffer{};

    const size_t before = g_allocations;
    const SaliencyMap map = QuantiseSaliency(saliency.data());
    QuantiseLatent(tables, latent.data(), symbols.data());
    encoder->Begin();
    for (size_t at = 0; at < picture.size(); at += picture.size() / INT8_PICTURE_SIDE)
    {
        encoder->AddRow(picture.data() + at);
    }
    fragmenter->Begin(encoder->Map(), encoder->Symbols(), options);
    fragmenter->Begin(map, symbols.data(), options);
    fragmenter->Next(buffer.data()); // the first map is lost: what follows has to be stored
    while (const size_t size = fragmenter->Next(buffer.data()))
    {
        reassembler->Add(buffer.data(), size);
    }
    reassembler->Latent(decoded.data());
    const size_t after = g_allocations;

    EXPECT_GT(before, 0U);
    EXPECT_EQ(after, before);
    EXPECT_EQ(reassembler->ValueCount(), static_cast<size_t>(LATENT_SIZE));
}

} // namespace
} // namespace limitnet::test
